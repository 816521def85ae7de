package httpmw

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// DefaultBodyLimit is the limit of [ReadJSON] in bytes where none is given.
	DefaultBodyLimit = 1 << 20

	// maxDepth is how deep JSON may nest: the limit of the language's inputs.
	maxDepth = 64
)

// ReadJSON reads a request's body, of at most limit bytes (0: [DefaultBodyLimit]), as one JSON value.
// Numbers that T does not type are [json.Number], so that none is rounded. A member that is not there is
// the zero of its field: give fields pointers where it should be missing to the policy, too.
//
// A guard is worth something only if the handler acts on what the policy saw. So the decoded value is
// kept: the handler finds it by [Body]. The body can still be read; but two readers of one text may
// understand it differently, and this one refuses what they would disagree about: a key twice in one
// object, or twice but for upper and lower case (which encoding/json does not tell apart in structs),
// text that is not UTF-8, and anything behind the value.
//
// After an error the body is not whole any more. Errors are a *[StatusError]: 413 with the code `too_large`, 415 `unsupported_media_type`, and 400
// with `malformed`, `duplicate_key`, `not_utf8`, `too_deep` or `wrong_type`. They hold no value of the
// body.
func ReadJSON[T any](r *http.Request, limit int64) (T, error) {
	var none, value T
	if !isJSON(r.Header.Get("Content-Type")) {
		return none, refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "the body is not declared as JSON")
	}
	text, err := readBody(r, limit)
	if err != nil {
		return none, err
	}
	if err := checkJSON(text); err != nil {
		return none, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return none, unfit(err)
	}
	if c := callFrom(r.Context()); c != nil {
		c.body = value
	}
	return value, nil
}

// Body gives a guarded handler what the mapper decoded by [ReadJSON]: what the policy saw. It is false
// where that was of another type, and where there was none.
func Body[T any](ctx context.Context) (T, bool) {
	if c := callFrom(ctx); c != nil {
		value, ok := c.body.(T)
		return value, ok
	}
	var none T
	return none, false
}

func refuse(status int, code, text string) error {
	return &StatusError{Status: status, Code: code, Err: errors.New(text)}
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}

// readBody reads the body and puts it back.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if limit <= 0 {
		limit = DefaultBodyLimit
	}
	tooLarge := refuse(http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the body is larger than %d bytes", limit))
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body := r.Body
	text, err := io.ReadAll(http.MaxBytesReader(nil, body, limit))
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, tooLarge
		}
		return nil, &StatusError{Status: http.StatusBadRequest, Code: "malformed", Err: fmt.Errorf("the body cannot be read: %w", err)}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(text), body}
	return text, nil
}

// checkJSON refuses texts that two readers may understand differently.
func checkJSON(text []byte) error {
	if !utf8.Valid(text) {
		return refuse(http.StatusBadRequest, "not_utf8", "the body is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	// Of each open object the keys, folded; of an array nil.
	var open []map[string]bool
	isKey := false
	for {
		token, err := decoder.Token()
		if err != nil {
			return malformed(decoder.InputOffset())
		}
		key, isString := token.(string)
		switch {
		case token == json.Delim('{'):
			open = append(open, map[string]bool{})
		case token == json.Delim('['):
			open = append(open, nil)
		case token == json.Delim('}'), token == json.Delim(']'):
			open = open[:len(open)-1]
		case isString && isKey && open[len(open)-1][fold(key)]:
			return refuse(http.StatusBadRequest, "duplicate_key", "an object of the body has the same key twice")
		case isString && isKey:
			open[len(open)-1][fold(key)] = true
		}
		if len(open) == 0 {
			break
		}
		if len(open) > maxDepth {
			return refuse(http.StatusBadRequest, "too_deep", fmt.Sprintf("the body nests deeper than %d levels", maxDepth))
		}
		// In an object, what follows anything but a key is the next key, or the end.
		isKey = open[len(open)-1] != nil && !(isString && isKey)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return malformed(decoder.InputOffset())
	}
	return nil
}

func malformed(offset int64) error {
	return refuse(http.StatusBadRequest, "malformed", fmt.Sprintf("the body is not one JSON value: see byte %d", offset))
}

// fold makes those keys one that encoding/json takes for one.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, key)
}

// unfit says where a value does not go into T, without the value, which encoding/json's text has.
func unfit(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return refuse(http.StatusBadRequest, "wrong_type", "the body does not fit at `"+wrongType.Field+"`")
	}
	return refuse(http.StatusBadRequest, "wrong_type", "the body does not fit")
}
