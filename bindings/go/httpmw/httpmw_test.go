package httpmw_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"actra"
	"actra/httpmw"
)

func TestAnAllowedRequestRunsTheHandlerOnce(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, "BREW"} {
		inner := &handler{}
		guarded := httpmw.New(newRuntime(t, openPolicy), export(5), nil)(inner)
		got := send(t, guarded, httptest.NewRequest(method, "/export", nil))
		if inner.ran != 1 || got.Code != http.StatusOK || got.Body.String() != "done" {
			t.Errorf("%s: ran %d times, status %d, body %s", method, inner.ran, got.Code, got.Body)
		}
	}
}

func TestTheHandlersContextCarriesTheDecisionAndTheRequest(t *testing.T) {
	guarded := httpmw.New(newRuntime(t, openPolicy), export(5))(http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			decision, ok := actra.DecisionFrom(r.Context())
			if !ok || !decision.Allowed() {
				t.Errorf("decision %v, %v", decision, ok)
			}
			if seen, ok := httpmw.RequestFrom(r.Context()); !ok || seen.URL != r.URL {
				t.Error("the request is not in its context")
			}
		}))
	send(t, guarded, get())
	if _, ok := httpmw.RequestFrom(t.Context()); ok {
		t.Error("a request outside of any")
	}
}

func TestABlockedRequestIsForbiddenWithTheDecision(t *testing.T) {
	inner := &handler{}
	guarded := httpmw.New(newRuntime(t, openPolicy, frozen(true)), export(5), httpmw.WithApprovalAccepted())(inner)
	got := send(t, guarded, get())
	if inner.ran != 0 || got.Code != http.StatusForbidden {
		t.Errorf("ran %d times, status %d", inner.ran, got.Code)
	}
	want := `{"type":"about:blank","title":"Forbidden","status":403,"detail":"Nothing leaves now.",` +
		`"decision":{"effect":"block","matched_rule":"frozen","message":"Nothing leaves now."}}` + "\n"
	if got.Body.String() != want {
		t.Errorf("%s\nnot\n%s", got.Body, want)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := got.Header().Get(name); got != value {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAnApprovalIsForbiddenUnlessItIsSaidToBeAccepted(t *testing.T) {
	for _, test := range []struct {
		options     []httpmw.Option
		status      int
		contentType string
	}{
		{nil, http.StatusForbidden, "application/problem+json"},
		{[]httpmw.Option{httpmw.WithApprovalAccepted()}, http.StatusAccepted, "application/json"},
	} {
		inner := &handler{}
		got := send(t, httpmw.New(newRuntime(t, openPolicy), export(5000), test.options...)(inner), get())
		if inner.ran != 0 || got.Code != test.status || got.problem.Status != test.status ||
			got.Header().Get("Content-Type") != test.contentType {
			t.Errorf("ran %d times, status %d, body %s", inner.ran, got.Code, got.Body)
		}
		want := []any{map[string]any{"type": "human_approval", "role": "steward"}}
		if got.problem.Decision["effect"] != "require_approval" ||
			!reflect.DeepEqual(got.problem.Decision["required_actions"], want) {
			t.Errorf("decision %v", got.problem.Decision)
		}
	}
}

// errSecret stands for texts that no client may see.
var errSecret = errors.New("s3cret: no route to ledger-7.internal")

func TestWhatGoesWrongIsRefusedAndSaysNothingOfTheInput(t *testing.T) {
	fails := func(err error) httpmw.ActionFunc {
		return func(*http.Request) (actra.Action, error) { return nil, err }
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	closed := newRuntime(t, openPolicy)
	if err := closed.Source().Use(t.Context(), func(policy *actra.Policy) error {
		policy.Close()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	snapshotFails := func(err error) httpmw.Option {
		return httpmw.WithSnapshot(func(*http.Request, actra.Action) (map[string]any, error) { return nil, err })
	}
	for _, test := range []struct {
		name    string
		runtime *actra.Runtime
		action  httpmw.ActionFunc
		options []httpmw.Option
		ctx     context.Context
		status  int
		code    string
	}{
		{name: "a mapper's error", action: fails(errSecret), status: 500},
		{name: "a mapper's panic", action: func(*http.Request) (actra.Action, error) { panic(errSecret) }, status: 500},
		{name: "a mapper that aborts", action: func(*http.Request) (actra.Action, error) { panic(http.ErrAbortHandler) }, status: 500},
		{name: "a mapper that panics with nil", action: func(*http.Request) (actra.Action, error) { panic(nil) }, status: 500},
		{name: "a mapper's panic with a status", status: 500,
			action: func(*http.Request) (actra.Action, error) { panic(&httpmw.StatusError{Status: 404}) }},
		{name: "no mapper", action: nil, status: 500},
		{name: "no action", action: fails(nil), status: 500},
		{name: "a status that the mapper chooses", status: 404, code: "no_such_project",
			action: fails(fmt.Errorf("mapping: %w", &httpmw.StatusError{Status: 404, Code: "no_such_project", Err: errSecret}))},
		{name: "a status of success", action: fails(&httpmw.StatusError{Status: 200, Code: "fine"}), status: 500},
		{name: "a status that is none", action: fails(&httpmw.StatusError{Status: 99999}), status: 500},
		{name: "a body over a limit", action: fails(&http.MaxBytesError{Limit: 5}), status: 413, code: "too_large"},
		{name: "a field of the action", action: export("s3cret"), status: 400, code: "wrong_type"},
		{name: "a value of the action", status: 400, code: "not_in_enum", action: func(*http.Request) (actra.Action, error) {
			return actra.Action{"type": "export", "rows": 5, "format": "s3cret"}, nil
		}},
		{name: "an unknown action", status: 400, code: "unknown_action", action: func(*http.Request) (actra.Action, error) {
			return actra.Action{"type": "s3cret"}, nil
		}},
		{name: "a field of the actor", status: 500, options: []httpmw.Option{
			httpmw.WithActor(func(*http.Request) (map[string]any, error) { return map[string]any{"role": 5}, nil }),
		}},
		{name: "a resolver's error", status: 503, options: []httpmw.Option{snapshotFails(errSecret)}},
		{name: "a resolver that was denied something itself", status: 503, options: []httpmw.Option{
			snapshotFails(&actra.PolicyError{ActionType: "s3cret"}),
		}},
		{name: "a resolver that gave up", status: 503, options: []httpmw.Option{snapshotFails(context.Canceled)}},
		{name: "a resolver's choice", status: 401, options: []httpmw.Option{snapshotFails(&httpmw.StatusError{Status: 401})}},
		{name: "a resolver's panic", status: 500, options: []httpmw.Option{
			httpmw.WithActor(func(*http.Request) (map[string]any, error) { panic(errSecret) }),
		}},
		{name: "no resolver", status: 500, options: []httpmw.Option{httpmw.WithActor(nil)}},
		{name: "a closed policy", runtime: closed, status: 503},
		{name: "no policy", runtime: actra.NewRuntime(nil), status: 503},
		{name: "a client that went away", ctx: done, status: 503},
		{name: "a mapper that saw the client go", ctx: done, status: 503, action: func(r *http.Request) (actra.Action, error) {
			return nil, r.Context().Err()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.runtime == nil {
				test.runtime = newRuntime(t, openPolicy)
			}
			if test.action == nil && test.name != "no mapper" {
				test.action = export(5)
			}
			if test.ctx == nil {
				test.ctx = t.Context()
			}
			var log bytes.Buffer
			inner := &handler{}
			guarded := httpmw.New(test.runtime, test.action, append(test.options, logTo(&log))...)(inner)
			got := send(t, guarded, get().WithContext(test.ctx))
			if inner.ran != 0 || got.Code != test.status || got.problem.Status != test.status ||
				got.problem.Code != test.code || got.problem.Decision != nil || got.problem.Detail != "" {
				t.Errorf("ran %d times, status %d, body %s", inner.ran, got.Code, got.Body)
			}
			if got.Header().Get("Content-Type") != "application/problem+json" || got.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("header %v", got.Header())
			}
			if strings.Contains(got.Body.String(), "s3cret") || strings.Contains(got.Body.String(), "role") {
				t.Errorf("body %s", got.Body)
			}
			level := "level=ERROR"
			if test.status < 500 || test.ctx == done {
				level = "level=DEBUG"
			}
			if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, level) {
				t.Errorf("log %s", text)
			}
		})
	}
}

func TestResolversSeeTheRequestAndTheAction(t *testing.T) {
	var seen []string
	see := func(r *http.Request, what string) map[string]any {
		seen = append(seen, what+" of "+r.Header.Get("Tenant"))
		return map[string]any{"role": "clerk", "frozen": false}
	}
	guarded := httpmw.New(newRuntime(t, openPolicy), export(5),
		httpmw.WithActor(func(r *http.Request) (map[string]any, error) { return see(r, "actor"), nil }),
		httpmw.WithSnapshot(func(r *http.Request, action actra.Action) (map[string]any, error) {
			return see(r, fmt.Sprintf("%s of %v", action["type"], action["rows"])), nil
		}),
	)(&handler{})
	r := get()
	r.Header.Set("Tenant", "acme")
	if got := send(t, guarded, r); got.Code != http.StatusOK {
		t.Errorf("status %d", got.Code)
	}
	if want := []string{"actor of acme", "export of 5 of acme"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %v", seen)
	}
}

func TestObserversAreToldOncePerGuardedRequest(t *testing.T) {
	var events []actra.DecisionEvent
	runtime := newRuntime(t, openPolicy, actra.WithObserver(func(ctx context.Context, event actra.DecisionEvent) {
		if _, ok := httpmw.RequestFrom(ctx); !ok {
			t.Error("the observer does not find the request")
		}
		events = append(events, event)
	}))
	for _, rows := range []any{5, 5000, "many"} {
		send(t, httpmw.New(runtime, export(rows), logTo(&bytes.Buffer{}))(&handler{}), get())
	}
	if len(events) != 3 || events[0].Effect() != "allow" || events[1].Effect() != "require_approval" || events[2].Err == nil {
		t.Errorf("events %+v", events)
	}
}

func TestHandlersOfTheHostsAnswerInTheGuardsPlace(t *testing.T) {
	denial := httpmw.WithDenialHandler(func(w http.ResponseWriter, _ *http.Request, denied *actra.PolicyError) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, denied.MatchedRule())
	})
	failure := httpmw.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, err)
	})
	silentDenial := httpmw.WithDenialHandler(func(w http.ResponseWriter, _ *http.Request, _ *actra.PolicyError) {
		w.Header().Set("Retry-After", "60")
	})
	silentFailure := httpmw.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusEarlyHints)
	})
	runtime := newRuntime(t, openPolicy)
	broken := func(*http.Request) (actra.Action, error) { return nil, errSecret }
	for _, test := range []struct {
		name   string
		action httpmw.ActionFunc
		option httpmw.Option
		status int
		body   string
	}{
		{"denial", export(5000), denial, http.StatusTeapot, "many"},
		{"error", broken, failure, http.StatusTeapot, "httpmw: the request maps to no action: " + errSecret.Error()},
		{"silent denial", export(5000), silentDenial, http.StatusForbidden, ""},
		{"silent error", broken, silentFailure, http.StatusInternalServerError, ""},
	} {
		inner := &handler{}
		got := send(t, httpmw.New(runtime, test.action, test.option, logTo(&bytes.Buffer{}))(inner), get())
		// The recorder takes an informational status for the answer; a server does not.
		if got.Code == http.StatusEarlyHints {
			got.Code = got.problem.Status
		}
		if inner.ran != 0 || got.Code != test.status || test.body != "" && got.Body.String() != test.body {
			t.Errorf("%s: ran %d times, status %d, body %s", test.name, inner.ran, got.Code, got.Body)
		}
	}
}

func TestPanicsOfTheHandlerReachTheServer(t *testing.T) {
	ran := 0
	guarded := httpmw.New(newRuntime(t, openPolicy), export(5))(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) {
			ran++
			panic(http.ErrAbortHandler)
		}))
	defer func() {
		if value := recover(); value != http.ErrAbortHandler || ran != 1 {
			t.Errorf("ran %d times, panic %v", ran, value)
		}
	}()
	guarded.ServeHTTP(httptest.NewRecorder(), get())
}
