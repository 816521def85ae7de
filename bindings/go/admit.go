package actra

import (
	"context"
	"errors"
	"log/slog"
)

// errNoFunction is for those who guard nothing.
var errNoFunction = errors.New("actra: there is no function to run")

// Admit runs fn only if the policy allows the action, and gives fn's error. Otherwise fn does not
// run, and the error is a *[PolicyError] (*[ApprovalRequired] where the action waits for an
// approval), or what [Runtime.Evaluate] gives where there is no decision.
//
// The context that fn gets carries the decision: see [DecisionFrom].
func (r *Runtime) Admit(ctx context.Context, action Action, fn func(ctx context.Context) error) error {
	if fn == nil {
		return errNoFunction
	}
	ctx, err := r.admit(ctx, action)
	if err != nil {
		return err
	}
	return fn(ctx)
}

// AdmitValue is [Runtime.Admit] for a function that returns a value. Where fn does not run, the
// value is T's zero.
func AdmitValue[T any](
	ctx context.Context,
	r *Runtime,
	action Action,
	fn func(ctx context.Context) (T, error),
) (T, error) {
	var none T
	if fn == nil {
		return none, errNoFunction
	}
	ctx, err := r.admit(ctx, action)
	if err != nil {
		return none, err
	}
	return fn(ctx)
}

// admit gives a context to run the action in, or the reason why it may not run. There is one way
// to a nil error: an allow.
func (r *Runtime) admit(ctx context.Context, action Action) (context.Context, error) {
	event := r.decide(ctx, action)
	if event.Err != nil {
		return nil, event.Err
	}
	if !event.Decision.Allowed() {
		return nil, denial(event.Input, event.Decision)
	}
	// Observers may have taken the time that there was.
	if err := done(ctx); err != nil {
		return nil, err
	}
	return withDecision(ctx, &event.Decision), nil
}

// Audit decides about the action for the observers' sake, then runs fn, whatever was decided, and
// gives fn's error. fn runs exactly once, whatever happens on the way to the decision: errors and
// panics of resolvers, a closed policy, a context that is done. Where nobody observes, a call that
// comes to no decision is logged.
//
// The context that fn gets carries the decision, if there is one: see [DecisionFrom].
func (r *Runtime) Audit(ctx context.Context, action Action, fn func(ctx context.Context) error) error {
	if fn == nil {
		return errNoFunction
	}
	var err error
	r.audit(ctx, action, func(ctx context.Context) { err = fn(ctx) })
	return err
}

// AuditValue is [Runtime.Audit] for a function that returns a value.
func AuditValue[T any](
	ctx context.Context,
	r *Runtime,
	action Action,
	fn func(ctx context.Context) (T, error),
) (value T, err error) {
	if fn == nil {
		return value, errNoFunction
	}
	r.audit(ctx, action, func(ctx context.Context) { value, err = fn(ctx) })
	return value, err
}

func (r *Runtime) audit(ctx context.Context, action Action, run func(context.Context)) {
	inner := withDecision(ctx, nil)
	// Deferred, since a resolver or an observer can end the goroutine (runtime.Goexit), which no
	// recover sees.
	defer func() { run(inner) }()
	event := r.decide(ctx, action)
	if event.Err == nil {
		inner = withDecision(ctx, &event.Decision)
	} else if len(r.observers) == 0 {
		r.log(ctx, slog.LevelWarn, "an audited call came to no decision", event)
	}
}

type decisionKey struct{}

// withDecision hides an outer guard's decision even where there is none: it was about something
// else.
func withDecision(ctx context.Context, decision *Decision) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithValue(ctx, decisionKey{}, decision)
}

// DecisionFrom gives the decision about the innermost guarded call that ctx belongs to: the one
// that let it run or, in an audited call, the one that would not have. It is false outside of
// guarded calls, and where the call came to no decision.
func DecisionFrom(ctx context.Context) (Decision, bool) {
	decision, _ := ctx.Value(decisionKey{}).(*Decision)
	if decision == nil {
		return Decision{}, false
	}
	return *decision, true
}
