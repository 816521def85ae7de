package actra

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"
)

// Action is an operation that is asked for: its "type" and its fields, as the schema names them.
//
//	actra.Action{"type": "refund", "amount": 20, "currency": "EUR"}
type Action = map[string]any

// NewAction names an action: fields with "type" set to actionType. The fields are copied, so that
// one map can serve many calls.
func NewAction(actionType string, fields map[string]any) Action {
	action := make(Action, len(fields)+1)
	maps.Copy(action, fields)
	action["type"] = actionType
	return action
}

// PolicySource gives the policy that decides. *[Policy] is one, which always gives itself;
// *[Reloading] is another. A host with a policy per tenant finds the tenant in ctx.
type PolicySource interface {
	// Use calls use once, with a policy that stays open until use returns, and gives its error.
	// Where there is no policy it gives an error and does not call use. It must be safe for use by
	// several goroutines.
	Use(ctx context.Context, use func(*Policy) error) error
}

// Use calls use with the policy itself, which makes a policy a [PolicySource].
func (p *Policy) Use(_ context.Context, use func(*Policy) error) error {
	if p == nil {
		return ErrNoPolicy
	}
	return use(p)
}

var (
	// ErrNoPolicy is the error of calls that found no policy to ask.
	ErrNoPolicy = errors.New("actra: there is no policy to ask")

	// ErrNoAction is the error of calls with an action that is nil or empty: a guard that sees
	// nothing.
	ErrNoAction = errors.New("actra: the action is empty: name it by its `type`")
)

// Runtime stands between operations and the policy that decides about them. It builds the input of
// a decision from the action and from what its resolvers tell about actor and snapshot, asks the
// policy, tells its observers, and, in [Runtime.Admit], runs the operation only if it is allowed.
//
// A runtime does not change after [NewRuntime], and is safe for use by several goroutines; its
// resolvers and observers have to be, too.
//
// Everything that goes wrong on the way (a resolver's error or panic, an input error, a closed
// policy, a context that is done) is an error, and never an answer.
//
// The maps of the action and of what resolvers return are copied, so that adding, replacing or
// removing keys later changes neither decisions nor events nor errors. Values inside of them (maps,
// slices, pointers) are shared: whoever changes these while a call uses them has a data race.
type Runtime struct {
	source    PolicySource
	action    resolver
	actor     resolver
	snapshot  resolver
	observers []Observer
	logger    *slog.Logger
}

// NewRuntime makes a runtime over a policy, or over another source of policies. Without options,
// actor and snapshot are empty and nobody observes.
func NewRuntime(source PolicySource, options ...RuntimeOption) *Runtime {
	return (&Runtime{source: source}).With(options...)
}

// With gives a runtime with further options: what they set replaces what r has, except for
// observers, who join those of r. r itself stays as it is.
func (r *Runtime) With(options ...RuntimeOption) *Runtime {
	derived := *r
	// Or two runtimes that come from r would append to one array.
	derived.observers = append([]Observer(nil), r.observers...)
	for _, option := range options {
		if option != nil {
			option(&derived)
		}
	}
	return &derived
}

// Source gives what the runtime asks.
func (r *Runtime) Source() PolicySource { return r.source }

// Evaluate decides about an action. Observers see the decision, or the error.
//
// Errors: *[ResolverError], *[InputError], *[PanicError], [ErrNoAction], [ErrNoPolicy], [ErrClosed],
// [ErrReloadingClosed], and that of ctx.
func (r *Runtime) Evaluate(ctx context.Context, action Action) (Decision, error) {
	event := r.decide(ctx, action)
	return event.Decision, event.Err
}

// Allow tells whether an action is allowed. On an error, it is not: check the error first.
func (r *Runtime) Allow(ctx context.Context, action Action) (bool, error) {
	decision, err := r.Evaluate(ctx, action)
	return err == nil && decision.Allowed(), err
}

// Block tells whether an action is blocked. An error is no answer: false with an error does not
// mean that the action may run.
func (r *Runtime) Block(ctx context.Context, action Action) (bool, error) {
	decision, err := r.Evaluate(ctx, action)
	return err == nil && decision.Blocked(), err
}

// RequiresApproval tells whether an action waits for an approval. An error is no answer: false with
// an error does not mean that the action may run.
func (r *Runtime) RequiresApproval(ctx context.Context, action Action) (bool, error) {
	decision, err := r.Evaluate(ctx, action)
	return err == nil && decision.NeedsApproval(), err
}

// Explain decides about an action and tells why: see [Policy.Explain]. It asks the resolvers as
// [Runtime.Evaluate] does; observers are not told. An explanation holds values of the input.
func (r *Runtime) Explain(ctx context.Context, action Action) (*Explanation, error) {
	input, err := r.BuildInput(ctx, action)
	if err != nil {
		return nil, err
	}
	var explanation *Explanation
	err = r.use(ctx, func(policy *Policy) (err error) {
		explanation, err = policy.Explain(input)
		return err
	})
	if err != nil {
		return nil, err
	}
	return explanation, nil
}

// decide is the one way to a decision: every door goes through it, so that all of them agree and
// observers miss none.
func (r *Runtime) decide(ctx context.Context, action Action) DecisionEvent {
	start := time.Now()
	event := DecisionEvent{Time: start.UTC()}
	event.Input, event.Err = r.buildInput(ctx, action)
	if event.Err == nil {
		event.Err = r.use(ctx, func(policy *Policy) (err error) {
			if len(r.observers) > 0 {
				event.PolicyHash, event.Revision = policy.Hash(), policy.Revision()
			}
			event.Decision, err = policy.Evaluate(event.Input)
			return err
		})
	}
	if event.Err != nil {
		event.Decision = Decision{}
	}
	event.Duration = time.Since(start)
	r.tell(ctx, event)
	return event
}

// use asks the source for its policy. It relies on nothing that a source of the host's should do:
// one that calls nothing, or that drops the error, gives no decision.
func (r *Runtime) use(ctx context.Context, ask func(*Policy) error) error {
	if r.source == nil {
		return ErrNoPolicy
	}
	asked := ErrNoPolicy
	err := protect(func() error {
		return r.source.Use(ctx, func(policy *Policy) error {
			if policy == nil {
				return ErrNoPolicy
			}
			asked = ask(policy)
			return asked
		})
	})
	if err != nil {
		return err
	}
	return asked
}
