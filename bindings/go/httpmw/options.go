package httpmw

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"actra"
)

// Option is an option of [New].
type Option func(*settings)

var errNoRequest = errors.New("httpmw: the resolver was called outside of a guarded request")

// WithActor finds the actor in the request, in the place of the runtime's actor resolver. What the
// client could have written itself is no actor: take it from what an earlier middleware has verified.
func WithActor(resolve func(r *http.Request) (map[string]any, error)) Option {
	return func(s *settings) {
		s.runtime = s.runtime.With(actra.WithActorResolver(func(ctx context.Context) (map[string]any, error) {
			r, ok := RequestFrom(ctx)
			if !ok {
				return nil, errNoRequest
			}
			return resolve(r)
		}))
	}
}

// WithSnapshot finds the state of the world for a request and its action, in the place of the
// runtime's snapshot resolver.
func WithSnapshot(resolve func(r *http.Request, action actra.Action) (map[string]any, error)) Option {
	return func(s *settings) {
		s.runtime = s.runtime.With(actra.WithSnapshotResolverFor(
			func(ctx context.Context, action actra.Action) (map[string]any, error) {
				r, ok := RequestFrom(ctx)
				if !ok {
					return nil, errNoRequest
				}
				return resolve(r, action)
			}))
	}
}

// WithApprovalAccepted answers 202 Accepted where an action waits for an approval, for services that
// take the request in and go on with it later. The handler does not run: to record the request is the
// business of [WithDenialHandler] or of an observer.
//
// Without it the answer is 403, since a client that looks only at whether the status is one of
// success would take the operation for done.
func WithApprovalAccepted() Option {
	return func(s *settings) { s.approvalStatus = http.StatusAccepted }
}

// WithDenialHandler answers in the place of the guard where the policy does not allow the action. A
// handler that writes nothing leaves the answer to the guard.
func WithDenialHandler(handle func(w http.ResponseWriter, r *http.Request, denied *actra.PolicyError)) Option {
	return func(s *settings) { s.onDenial = handle }
}

// WithErrorHandler answers in the place of the guard where there is no decision. Texts of errors may
// hold what a client must not see. A handler that writes nothing leaves the answer to the guard.
func WithErrorHandler(handle func(w http.ResponseWriter, r *http.Request, err error)) Option {
	return func(s *settings) { s.onError = handle }
}

// WithLogger says where requests that came to no decision are logged: at level ERROR if they are
// answered by 5xx, else at DEBUG. Without it, that is [slog.Default].
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) { s.logger = logger }
}
