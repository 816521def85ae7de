// Package httpmw guards net/http handlers: a request is mapped to an action, the policy is asked, and
// the handler runs only if the action is allowed.
//
//	guard := httpmw.New(runtime, func(r *http.Request) (actra.Action, error) {
//		return actra.Action{"type": "export", "project": r.PathValue("project")}, nil
//	})
//	mux.Handle("POST /v1/projects/{project}/export", guard(export))
//
// What the guard answers where the handler does not run:
//
//	403  the policy blocks the action, or the action waits for an approval
//	202  it waits for an approval, and [WithApprovalAccepted] is set
//	4xx  the mapper or a resolver gave a [StatusError] that says so
//	400  a field of the action is an input error, such as a wrong type
//	500  something panicked, the mapper failed, or actor or snapshot are an input error
//	503  a resolver failed, there is no policy, or the request's context is done
//
// The body of an answer is a problem of RFC 9457, `application/problem+json`; with 403 and 202 it has
// the decision as its member `decision`. Of the input, no answer holds anything; texts of errors go to
// the log only.
package httpmw

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"actra"
)

// ActionFunc maps a request to the action that it asks for. A [StatusError] chooses the answer; any
// other error, a panic and an empty action are answered by 500. The handler does not run then.
//
// A mapper that needs the body reads it by [ReadJSON], which leaves it in place for the handler.
type ActionFunc func(r *http.Request) (actra.Action, error)

// New makes middleware that runs a handler only if the policy allows the request's action.
//
// It belongs inside of a mux, around single handlers, where path values and the pattern are known.
// The handler gets the writer as it is, so that streaming works; its context carries the decision
// ([actra.DecisionFrom]) and the decoded body ([Body]). Requests are decided one by one: the policy
// may change between them, and a request that runs goes on.
func New(runtime *actra.Runtime, action ActionFunc, options ...Option) func(http.Handler) http.Handler {
	settings := settings{runtime: runtime, action: action, approvalStatus: http.StatusForbidden}
	for _, option := range options {
		if option != nil {
			option(&settings)
		}
	}
	return func(next http.Handler) http.Handler {
		return &guard{settings: settings, next: next}
	}
}

type settings struct {
	runtime        *actra.Runtime
	action         ActionFunc
	approvalStatus int
	onDenial       func(http.ResponseWriter, *http.Request, *actra.PolicyError)
	onError        func(http.ResponseWriter, *http.Request, error)
	logger         *slog.Logger
}

type guard struct {
	settings
	next http.Handler
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = withCall(r)
	action, err := g.actionOf(r)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	// The function gives no error, so that an error says that it did not run.
	err = g.runtime.Admit(r.Context(), action, func(ctx context.Context) error {
		g.next.ServeHTTP(w, r.WithContext(ctx))
		return nil
	})
	// Not errors.As: a resolver's error may hold a denial, which is about something else.
	switch err := err.(type) {
	case nil:
	case *actra.PolicyError:
		g.deny(w, r, err)
	case *actra.ApprovalRequired:
		g.deny(w, r, &err.PolicyError)
	default:
		g.fail(w, r, err)
	}
}

// actionOf calls the mapper, whose panics are errors as those of resolvers are.
func (g *guard) actionOf(r *http.Request) (action actra.Action, err error) {
	returned := false
	defer func() {
		if !returned {
			action, err = nil, &actra.PanicError{Value: recover(), Stack: debug.Stack()}
		}
	}()
	action, err = g.action(r)
	returned = true
	if err != nil {
		return nil, &mapperError{err}
	}
	return action, nil
}

// mapperError keeps errors of the mapper apart from those of the runtime.
type mapperError struct{ err error }

func (e *mapperError) Error() string {
	return "httpmw: the request maps to no action: " + e.err.Error()
}
func (e *mapperError) Unwrap() error { return e.err }

// call is what belongs to one guarded request.
type call struct {
	request *http.Request
	body    any
}

type callKey struct{}

func withCall(r *http.Request) *http.Request {
	c := &call{}
	// Of guards around each other, the inner one's handler finds what the outer one decoded.
	if outer := callFrom(r.Context()); outer != nil {
		c.body = outer.body
	}
	c.request = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	return c.request
}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// RequestFrom gives the request that a resolver or an observer of the runtime is called for. It is
// false outside of guarded requests.
func RequestFrom(ctx context.Context) (*http.Request, bool) {
	if c := callFrom(ctx); c != nil {
		return c.request, true
	}
	return nil, false
}
