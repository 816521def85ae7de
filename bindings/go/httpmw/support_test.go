package httpmw_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"actra"
	"actra/httpmw"
)

const schema = `
version: 1
actions:
  export:
    fields:
      rows: {type: number, required: true}
      format: {type: string, enum: [csv, json]}
actor:
  fields: {role: {type: string, required: true}}
snapshot:
  fields: {frozen: boolean}
`

// Allowed by default, so that whatever fails open is seen.
const openPolicy = `
version: 2
evaluation: {default: allow}
rules:
  - {id: frozen, scope: {action: export}, when: snapshot.frozen == true, effect: block, message: Nothing leaves now.}
  - id: many
    scope: {action: export}
    when: action.rows > 1000
    effect: require_approval
    message: A steward looks at large exports.
    required_actions: [{type: human_approval, role: steward}]
`

const closedPolicy = `
version: 2
rules:
  - {id: closed, scope: {action: export}, effect: block}
`

func writePolicy(t testing.TB, policy string) string {
	t.Helper()
	directory := t.TempDir()
	for name, text := range map[string]string{"schema.yaml": schema, "policy.yaml": policy} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// newRuntime is a runtime whose snapshot is not frozen.
func newRuntime(t testing.TB, policy string, options ...actra.RuntimeOption) *actra.Runtime {
	t.Helper()
	compiled, err := actra.FromDirectory(writePolicy(t, policy))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { compiled.Close() })
	return actra.NewRuntime(compiled, actor("clerk"), frozen(false)).With(options...)
}

func actor(role string) actra.RuntimeOption {
	return actra.WithActorResolver(func(context.Context) (map[string]any, error) {
		return map[string]any{"role": role}, nil
	})
}

func frozen(yes bool) actra.RuntimeOption {
	return actra.WithSnapshotResolver(func(context.Context) (map[string]any, error) {
		return map[string]any{"frozen": yes}, nil
	})
}

// export maps every request to one action.
func export(rows any) httpmw.ActionFunc {
	return func(*http.Request) (actra.Action, error) {
		return actra.Action{"type": "export", "rows": rows}, nil
	}
}

// handler counts how often it ran.
type handler struct{ ran int }

func (h *handler) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h.ran++
	_, _ = io.WriteString(w, "done")
}

// answer is what a client got.
type answer struct {
	*httptest.ResponseRecorder
	problem struct {
		Type, Title, Detail, Code string
		Status                    int
		Decision                  map[string]any
	}
}

// send sends a request to a guarded handler.
func send(t testing.TB, guarded http.Handler, r *http.Request) answer {
	t.Helper()
	got := answer{ResponseRecorder: httptest.NewRecorder()}
	guarded.ServeHTTP(got, r)
	if strings.Contains(got.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(got.Body.Bytes(), &got.problem); err != nil {
			t.Fatalf("%v: %s", err, got.Body)
		}
	}
	return got
}

func get() *http.Request { return httptest.NewRequest(http.MethodGet, "/export", nil) }

func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/export", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// logTo keeps a log for the test to read.
func logTo(log io.Writer) httpmw.Option {
	return httpmw.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
}
