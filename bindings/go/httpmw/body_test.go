package httpmw_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"actra"
	"actra/httpmw"
)

type order struct {
	Rows   float64 `json:"rows"`
	Format string  `json:"format"`
}

// byBody maps a request to the action that its body describes.
func byBody(limit int64) httpmw.ActionFunc {
	return func(r *http.Request) (actra.Action, error) {
		body, err := httpmw.ReadJSON[order](r, limit)
		if err != nil {
			return nil, err
		}
		return actra.Action{"type": "export", "rows": body.Rows, "format": body.Format}, nil
	}
}

func TestTheHandlerGetsTheBodyThatThePolicySaw(t *testing.T) {
	const text = `{"rows": 7, "format": "csv"}`
	guarded := httpmw.New(newRuntime(t, openPolicy), byBody(0))(http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			if body, ok := httpmw.Body[order](r.Context()); !ok || body != (order{7, "csv"}) {
				t.Errorf("body %v, %v", body, ok)
			}
			if _, ok := httpmw.Body[string](r.Context()); ok {
				t.Error("a body of another type")
			}
			if again, err := io.ReadAll(r.Body); err != nil || string(again) != text || r.Body.Close() != nil {
				t.Errorf("read again: %s, %v", again, err)
			}
		}))
	if got := send(t, guarded, post(text)); got.Code != http.StatusOK {
		t.Errorf("status %d: %s", got.Code, got.Body)
	}
	if _, ok := httpmw.Body[order](t.Context()); ok {
		t.Error("a body outside of any request")
	}
}

func TestGuardsAroundEachOtherAllDecideAndHandTheBodyOn(t *testing.T) {
	inner := func(w http.ResponseWriter, r *http.Request) {
		if body, ok := httpmw.Body[order](r.Context()); !ok || body.Rows != 7 {
			t.Errorf("body %v, %v", body, ok)
		}
	}
	outer := httpmw.New(newRuntime(t, openPolicy), byBody(0))
	for _, test := range []struct{ rows, status int }{{5, 200}, {5000, 403}} {
		guarded := outer(httpmw.New(newRuntime(t, openPolicy), export(test.rows))(http.HandlerFunc(inner)))
		if got := send(t, guarded, post(`{"rows": 7, "format": "csv"}`)); got.Code != test.status {
			t.Errorf("status %d: %s", got.Code, got.Body)
		}
	}
}

func TestBodiesThatTwoReadersMayUnderstandDifferentlyAreRefused(t *testing.T) {
	deep := func(levels int) string {
		return `{"rows": 5, "x": ` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + "}"
	}
	for _, test := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"fine", `{"rows": 5, "format": "csv"}`, 200, ""},
		{"fine, with what nobody asks for", `{"rows": 5, "format": "csv", "a": [{"rows": 1}, {"rows": 2}, "rows", "rows"], "b": {"rows": "rows", "c": "c"}}`, 200, ""},
		{"deep", deep(64), 400, "not_in_enum"},
		{"deeper", deep(65), 400, "too_deep"},
		{"hostile depth", strings.Repeat(`[`, 100_000), 400, "too_deep"},
		{"a key twice", `{"rows": 5, "format": "csv", "rows": 5000}`, 400, "duplicate_key"},
		{"a key twice, in upper case", `{"rows": 5, "format": "csv", "ROWS": 5000}`, 400, "duplicate_key"},
		{"a key twice, with a long s", `{"rows": 5, "format": "csv", "row\u017f": 5000}`, 400, "duplicate_key"},
		{"a key twice, escaped", `{"rows": 5, "\u0072ows": 5000}`, 400, "duplicate_key"},
		{"a key twice, further in", `{"rows": 5, "a": [{"b": {"c": 1}, "b": 2}]}`, 400, "duplicate_key"},
		{"a key twice, around a container", `{"a": [], "rows": 5, "b": {}, "a": ""}`, 400, "duplicate_key"},
		{"not UTF-8", "{\"rows\": 5, \"format\": \"\xff\"}", 400, "not_utf8"},
		{"something behind it", `{"rows": 5} {"rows": 6}`, 400, "malformed"},
		{"rubbish behind it", `{"rows": 5}]`, 400, "malformed"},
		{"empty", ``, 400, "malformed"},
		{"cut short", `{"rows": 5`, 400, "malformed"},
		{"a comma too many", `{"rows": 5,}`, 400, "malformed"},
		{"no JSON", `rows=5`, 400, "malformed"},
		{"NaN", `{"rows": NaN}`, 400, "malformed"},
		{"a wrong type", `{"rows": "s3cret"}`, 400, "wrong_type"},
		{"a number that is none", `{"rows": 1e999}`, 400, "wrong_type"},
		{"no object", `"s3cret"`, 400, "wrong_type"},
		{"null", `null`, 400, "not_in_enum"},
	} {
		inner := &handler{}
		var log strings.Builder
		got := send(t, httpmw.New(newRuntime(t, openPolicy), byBody(1<<20), logTo(&log))(inner), post(test.body))
		if got.Code != test.status || got.problem.Code != test.code || (inner.ran == 1) != (test.status == 200) {
			t.Errorf("%s: ran %d times, status %d: %.200s", test.name, inner.ran, got.Code, got.Body)
		}
		if strings.Contains(got.Body.String()+log.String(), "s3cret") {
			t.Errorf("%s: body %s, log %s", test.name, got.Body, &log)
		}
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	body := `{"rows": 5, "format": "csv"}`
	for _, test := range []struct {
		name   string
		body   io.Reader
		length int64
		limit  int64
		status int
	}{
		{"at the limit", strings.NewReader(body), int64(len(body)), int64(len(body)), 200},
		{"over the limit", strings.NewReader(body), int64(len(body)), int64(len(body)) - 1, 413},
		{"over the limit, of unknown length", strings.NewReader(body), -1, int64(len(body)) - 1, 413},
		{"without end", endless{}, -1, 1 << 16, 413},
		{"over the usual limit", endless{}, httpmw.DefaultBodyLimit + 1, 0, 413},
		{"that cannot be read", failing{}, -1, 0, 400},
	} {
		r := httptest.NewRequest(http.MethodPost, "/export", test.body)
		r.ContentLength = test.length
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		inner := &handler{}
		var log strings.Builder
		got := send(t, httpmw.New(newRuntime(t, openPolicy), byBody(test.limit), logTo(&log))(inner), r)
		if got.Code != test.status || (inner.ran == 1) != (test.status == 200) {
			t.Errorf("%s: ran %d times, status %d: %s", test.name, inner.ran, got.Code, got.Body)
		}
	}
}

func TestABodyThatIsDeclaredTooLargeIsNotRead(t *testing.T) {
	body := &unread{}
	r := httptest.NewRequest(http.MethodPost, "/export", body)
	r.ContentLength = 1001
	r.Header.Set("Content-Type", "application/json")
	got := send(t, httpmw.New(newRuntime(t, openPolicy), byBody(1000), logTo(io.Discard))(&handler{}), r)
	if got.Code != 413 || body.reads != 0 {
		t.Errorf("status %d after %d reads", got.Code, body.reads)
	}
}

// unread counts how often it is read.
type unread struct{ reads int }

func (u *unread) Read([]byte) (int, error) {
	u.reads++
	return 0, io.EOF
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// failing is a body of a client that went away.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestBodiesAreDeclaredAsJSON(t *testing.T) {
	for contentType, status := range map[string]int{
		"application/json": 200, "application/json;charset=utf-8": 200, "Application/Merge-Patch+JSON": 200,
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json, text/plain": 415,
		"multipart/form-data; boundary=x": 415,
	} {
		r := post(`{"rows": 5, "format": "csv"}`)
		r.Header.Set("Content-Type", contentType)
		inner := &handler{}
		var log strings.Builder
		got := send(t, httpmw.New(newRuntime(t, openPolicy), byBody(0), logTo(&log))(inner), r)
		if got.Code != status || (inner.ran == 1) != (status == 200) {
			t.Errorf("%q: ran %d times, status %d", contentType, inner.ran, got.Code)
		}
	}
}

func TestReadJSONKeepsNumbersAndWorksWithoutAGuard(t *testing.T) {
	value, err := httpmw.ReadJSON[map[string]any](post(`{"id": 9007199254740993}`), 0)
	if err != nil || !reflect.DeepEqual(value, map[string]any{"id": json.Number("9007199254740993")}) {
		t.Errorf("%v, %v", value, err)
	}
	r := post("")
	r.Body = nil
	var refused *httpmw.StatusError
	if _, err := httpmw.ReadJSON[any](r, 0); !errors.As(err, &refused) || refused.Status != 400 ||
		refused.Error() != "status 400 malformed: the body is not one JSON value: see byte 0" {
		t.Errorf("error %v", err)
	}
}
