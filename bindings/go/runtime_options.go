package actra

import (
	"context"
	"log/slog"
	"maps"
)

type (
	// ActionResolver completes an action before anything else is asked: with a tenant that is known
	// from ctx, for example. It gets a copy, which it may change and return.
	ActionResolver func(ctx context.Context, action Action) (Action, error)

	// ActorResolver tells who asks: the fields of the domain `actor`. action is a copy.
	ActorResolver func(ctx context.Context, action Action) (map[string]any, error)

	// SnapshotResolver tells the state of the world: the fields of the domain `snapshot`. action is
	// a copy. A total "after this" needs it.
	SnapshotResolver func(ctx context.Context, action Action) (map[string]any, error)

	// Observer is told of every decision and of every call that came to none. It is called on the
	// goroutine of the call, before the guarded function runs: one that is slow slows the call. A
	// panic in it is logged and changes nothing. ctx is the call's, and may be done.
	Observer func(ctx context.Context, event DecisionEvent)
)

// RuntimeOption is an option of [NewRuntime] and [Runtime.With].
type RuntimeOption func(*Runtime)

// WithActionResolver completes each action by resolve. It is asked once per call, first.
func WithActionResolver(resolve ActionResolver) RuntimeOption {
	return func(r *Runtime) { r.action = withCopy(resolver(resolve)) }
}

// WithActorResolver finds the actor in the context of a call. It is asked once per call. A nil map
// is an empty actor.
func WithActorResolver(resolve func(ctx context.Context) (map[string]any, error)) RuntimeOption {
	return func(r *Runtime) { r.actor = withoutAction(resolve) }
}

// WithActorResolverFor is [WithActorResolver] for a resolver that looks at the action, too.
func WithActorResolverFor(resolve ActorResolver) RuntimeOption {
	return func(r *Runtime) { r.actor = withCopy(resolver(resolve)) }
}

// WithSnapshotResolver finds the state of the world in the context of a call. It is asked once per
// call, after the actor's. A nil map is an empty snapshot.
func WithSnapshotResolver(resolve func(ctx context.Context) (map[string]any, error)) RuntimeOption {
	return func(r *Runtime) { r.snapshot = withoutAction(resolve) }
}

// WithSnapshotResolverFor is [WithSnapshotResolver] for a resolver that looks at the action, too.
func WithSnapshotResolverFor(resolve SnapshotResolver) RuntimeOption {
	return func(r *Runtime) { r.snapshot = withCopy(resolver(resolve)) }
}

// WithObserver adds an observer. Observers are told in the order in which they were added.
func WithObserver(observe Observer) RuntimeOption {
	return func(r *Runtime) {
		if observe != nil {
			r.observers = append(r.observers, observe)
		}
	}
}

// WithLogger says where panics of observers are logged, and audits that came to no decision while
// nobody observes. Without it, that is [slog.Default].
func WithLogger(logger *slog.Logger) RuntimeOption {
	return func(r *Runtime) { r.logger = logger }
}

// resolver is what the runtime has of any resolver. It must not change the action.
type resolver func(ctx context.Context, action Action) (map[string]any, error)

// withCopy gives a resolver of the host's a copy of the action: what is decided is what was asked.
func withCopy(resolve resolver) resolver {
	if resolve == nil {
		return nil
	}
	return func(ctx context.Context, action Action) (map[string]any, error) {
		return resolve(ctx, maps.Clone(action))
	}
}

func withoutAction(resolve func(context.Context) (map[string]any, error)) resolver {
	if resolve == nil {
		return nil
	}
	return func(ctx context.Context, _ Action) (map[string]any, error) { return resolve(ctx) }
}
