package httpmw

import (
	"errors"
	"net/http"
	"testing"

	"actra"
)

func TestResolversOfRequestsAskedOutsideOfOneAreAnError(t *testing.T) {
	s := settings{runtime: actra.NewRuntime(nil)}
	WithActor(func(*http.Request) (map[string]any, error) { return nil, nil })(&s)
	WithSnapshot(func(*http.Request, actra.Action) (map[string]any, error) { return nil, nil })(&s)
	action := actra.Action{"type": "export"}
	if _, err := s.runtime.ResolveActor(t.Context(), action); !errors.Is(err, errNoRequest) {
		t.Errorf("actor: %v", err)
	}
	if _, err := s.runtime.ResolveSnapshot(t.Context(), action); !errors.Is(err, errNoRequest) {
		t.Errorf("snapshot: %v", err)
	}
}
