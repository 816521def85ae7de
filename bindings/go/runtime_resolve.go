package actra

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
)

// ResolverError says that a resolver gave an error or panicked, so that there is no decision.
type ResolverError struct {
	// Domain is that which the resolver is for: `action`, `actor` or `snapshot`.
	Domain string
	// Err is the resolver's error; a *[PanicError] where it panicked.
	Err error
}

func (e *ResolverError) Error() string {
	return fmt.Sprintf("actra: the resolver of `%s` failed: %v", e.Domain, e.Err)
}

// Unwrap gives the resolver's error.
func (e *ResolverError) Unwrap() error { return e.Err }

// PanicError is a panic of the host's code (a resolver, a source of policies, a value's method) that
// was caught on the way to a decision.
type PanicError struct {
	// Value is what panic was called with.
	Value any
	// Stack is the goroutine's stack, as [debug.Stack] gives it. It is not part of the text.
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v", e.Value)
}

// Unwrap gives the value of the panic where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// protect calls the host's code, and makes a panic an error. It does not rely on what recover gives:
// that is nil for panic(nil) under GODEBUG=panicnil=1.
func protect(call func() error) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = &PanicError{Value: recover(), Stack: debug.Stack()}
		}
	}()
	err = call()
	returned = true
	return err
}

// BuildInput gives the input that a call with this action would decide: the action, completed by
// the action resolver, the actor and the snapshot.
func (r *Runtime) BuildInput(ctx context.Context, action Action) (Input, error) {
	return r.buildInput(ctx, action)
}

// ResolveActor asks the actor resolver alone; without one, the actor is empty.
func (r *Runtime) ResolveActor(ctx context.Context, action Action) (map[string]any, error) {
	return resolve(ctx, "actor", r.actor, action)
}

// ResolveSnapshot asks the snapshot resolver alone; without one, the snapshot is empty.
func (r *Runtime) ResolveSnapshot(ctx context.Context, action Action) (map[string]any, error) {
	return resolve(ctx, "snapshot", r.snapshot, action)
}

// buildInput gives with an error what there was of the input: it goes into the event.
func (r *Runtime) buildInput(ctx context.Context, action Action) (input Input, err error) {
	input.Action = maps.Clone(action)
	if len(action) == 0 {
		return input, ErrNoAction
	}
	if r.action != nil {
		completed, err := resolve(ctx, "action", r.action, action)
		if err != nil {
			return input, err
		}
		if input.Action = completed; len(completed) == 0 {
			return input, ErrNoAction
		}
	}
	if input.Actor, err = r.ResolveActor(ctx, input.Action); err != nil {
		return input, err
	}
	if input.Snapshot, err = r.ResolveSnapshot(ctx, input.Action); err != nil {
		return input, err
	}
	// A resolver may have taken the time that there was.
	return input, done(ctx)
}

// resolve asks one resolver, and copies what it returns: it may well be a map that the host goes on to
// use.
func resolve(ctx context.Context, domain string, ask resolver, action Action) (map[string]any, error) {
	if err := done(ctx); err != nil {
		return nil, err
	}
	if ask == nil {
		return map[string]any{}, nil
	}
	var fields map[string]any
	err := protect(func() (err error) {
		fields, err = ask(ctx, action)
		return err
	})
	if err != nil {
		return nil, &ResolverError{Domain: domain, Err: err}
	}
	if fields == nil {
		return map[string]any{}, nil
	}
	return maps.Clone(fields), nil
}

// errNoContext is for those who pass nil: a mistake, and no reason to crash.
var errNoContext = errors.New("actra: the context is nil")

func done(ctx context.Context) error {
	if ctx == nil {
		return errNoContext
	}
	return ctx.Err()
}
