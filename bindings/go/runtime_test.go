package actra_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"actra"
)

func TestRuntimeBuildsTheInputFromItsResolvers(t *testing.T) {
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy),
		actra.WithActionResolver(func(ctx context.Context, action actra.Action) (actra.Action, error) {
			action["tenant"] = ctx.Value(key("tenant"))
			return action, nil
		}),
		actra.WithActorResolverFor(func(_ context.Context, action actra.Action) (map[string]any, error) {
			return map[string]any{"role": "clerk of " + action["tenant"].(string)}, nil
		}),
		actra.WithSnapshotResolverFor(func(_ context.Context, action actra.Action) (map[string]any, error) {
			return map[string]any{"fraud_flag": action["amount"] == 13}, nil
		}),
	)
	ctx := context.WithValue(t.Context(), key("tenant"), "acme")
	asked := refund(13)
	input, err := runtime.BuildInput(ctx, asked)
	if err != nil {
		t.Fatal(err)
	}
	want := actra.Input{
		Action:   map[string]any{"type": "refund", "amount": 13, "tenant": "acme"},
		Actor:    map[string]any{"role": "clerk of acme"},
		Snapshot: map[string]any{"fraud_flag": true},
	}
	if !reflect.DeepEqual(input, want) {
		t.Errorf("input %v, not %v", input, want)
	}
	if _, changed := asked["tenant"]; changed {
		t.Error("the action resolver changed the caller's map")
	}
	if decision, err := runtime.Evaluate(ctx, asked); err != nil || decision.MatchedRule != "fraud" {
		t.Errorf("decision %v, error %v", decision, err)
	}
	if decision, err := runtime.Evaluate(ctx, refund(14)); err != nil || !decision.Allowed() {
		t.Errorf("decision %v, error %v", decision, err)
	}
}

func TestHelpersAnswerForEachEffect(t *testing.T) {
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), actorOf("clerk"), snapshotOf(false))
	stopped := runtime.With(snapshotOf(true))
	for _, test := range []struct {
		name    string
		runtime *actra.Runtime
		amount  float64
		want    [3]bool
	}{
		{"allow", runtime, 20, [3]bool{true, false, false}},
		{"block", stopped, 20, [3]bool{false, true, false}},
		{"require_approval", runtime, 2000, [3]bool{false, false, true}},
	} {
		var got [3]bool
		for i, ask := range []func(context.Context, actra.Action) (bool, error){
			test.runtime.Allow, test.runtime.Block, test.runtime.RequiresApproval,
		} {
			var err error
			if got[i], err = ask(t.Context(), refund(test.amount)); err != nil {
				t.Fatal(err)
			}
		}
		if got != test.want {
			t.Errorf("%s: %v, not %v", test.name, got, test.want)
		}
	}
}

func TestResolversRunOncePerCallThroughEveryDoor(t *testing.T) {
	var action, actor, snapshot int
	count := func(n *int) (map[string]any, error) {
		*n++
		return nil, nil
	}
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy),
		actra.WithActionResolver(func(_ context.Context, a actra.Action) (actra.Action, error) {
			action++
			return a, nil
		}),
		actra.WithActorResolver(func(context.Context) (map[string]any, error) { return count(&actor) }),
		actra.WithSnapshotResolver(func(context.Context) (map[string]any, error) { return count(&snapshot) }),
		actra.WithObserver(func(context.Context, actra.DecisionEvent) {}),
	)
	for name, call := range doors(runtime) {
		action, actor, snapshot = 0, 0, 0
		call(t.Context(), refund(1))
		if action != 1 || actor != 1 || snapshot != 1 {
			t.Errorf("%s: the resolvers ran %d, %d and %d times", name, action, actor, snapshot)
		}
	}
}

// called is what one door did.
type called struct {
	err     error
	allowed bool
	ran     int
}

// doors are all ways to ask a runtime.
func doors(runtime *actra.Runtime) map[string]func(context.Context, actra.Action) called {
	answer := func(ask func(context.Context, actra.Action) (bool, error)) func(context.Context, actra.Action) called {
		return func(ctx context.Context, action actra.Action) called {
			yes, err := ask(ctx, action)
			return called{err: err, allowed: yes}
		}
	}
	return map[string]func(context.Context, actra.Action) called{
		"evaluate": func(ctx context.Context, action actra.Action) called {
			decision, err := runtime.Evaluate(ctx, action)
			answered := decision.Allowed() || decision.Blocked() || decision.NeedsApproval()
			return called{err: err, allowed: answered}
		},
		"allow":    answer(runtime.Allow),
		"block":    answer(runtime.Block),
		"approval": answer(runtime.RequiresApproval),
		"admit": func(ctx context.Context, action actra.Action) (c called) {
			c.err = runtime.Admit(ctx, action, func(context.Context) error { c.ran++; return nil })
			return c
		},
		"admit value": func(ctx context.Context, action actra.Action) (c called) {
			_, c.err = actra.AdmitValue(ctx, runtime, action, func(context.Context) (int, error) { c.ran++; return 1, nil })
			return c
		},
		"audit": func(ctx context.Context, action actra.Action) (c called) {
			c.err = runtime.Audit(ctx, action, func(context.Context) error { c.ran++; return nil })
			return c
		},
		"audit value": func(ctx context.Context, action actra.Action) (c called) {
			_, c.err = actra.AuditValue(ctx, runtime, action, func(context.Context) (int, error) { c.ran++; return 1, nil })
			return c
		},
	}
}

// source is a source of policies made of a function.
type source func(context.Context, func(*actra.Policy) error) error

func (s source) Use(ctx context.Context, use func(*actra.Policy) error) error { return s(ctx, use) }

// resolverOf is an actor resolver that does what it is told to.
func resolverOf(resolve func(context.Context) (map[string]any, error)) actra.RuntimeOption {
	return actra.WithActorResolver(resolve)
}

var errLookup = errors.New("the directory does not answer")

func TestWhatGoesWrongIsAnErrorThroughEveryDoorAndNeverAnAnswer(t *testing.T) {
	policy := compilePolicy(t, guardPolicy)
	closed := compilePolicy(t, guardPolicy)
	closed.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	var nothing *actra.Policy
	var withoutContext context.Context

	var inputError *actra.InputError
	var resolverError *actra.ResolverError
	var panicError *actra.PanicError
	is := func(target error) func(error) bool {
		return func(err error) bool { return errors.Is(err, target) }
	}
	as := func(target any) func(error) bool {
		return func(err error) bool { return errors.As(err, target) }
	}
	anyError := func(err error) bool { return err != nil }

	for _, test := range []struct {
		name    string
		source  actra.PolicySource
		options []actra.RuntimeOption
		ctx     context.Context
		action  actra.Action
		want    func(error) bool
	}{
		{name: "a resolver's error", want: is(errLookup), options: []actra.RuntimeOption{
			resolverOf(func(context.Context) (map[string]any, error) { return nil, errLookup }),
		}},
		{name: "a resolver's error beside a map", want: as(&resolverError), options: []actra.RuntimeOption{
			resolverOf(func(context.Context) (map[string]any, error) {
				return map[string]any{"role": "manager"}, errLookup
			}),
		}},
		{name: "a resolver's panic", want: as(&panicError), options: []actra.RuntimeOption{
			resolverOf(func(context.Context) (map[string]any, error) { panic("lost") }),
		}},
		{name: "a resolver's panic with an error", want: is(errLookup), options: []actra.RuntimeOption{
			resolverOf(func(context.Context) (map[string]any, error) { panic(errLookup) }),
		}},
		{name: "a resolver's panic with nil", want: as(&panicError), options: []actra.RuntimeOption{
			resolverOf(func(context.Context) (map[string]any, error) { panic(nil) }),
		}},
		{name: "the snapshot resolver", want: is(errLookup), options: []actra.RuntimeOption{
			actra.WithSnapshotResolver(func(context.Context) (map[string]any, error) { return nil, errLookup }),
		}},
		{name: "the action resolver", want: is(errLookup), options: []actra.RuntimeOption{
			actra.WithActionResolver(func(context.Context, actra.Action) (actra.Action, error) { return nil, errLookup }),
		}},
		{name: "an action resolver that drops the action", want: is(actra.ErrNoAction), options: []actra.RuntimeOption{
			actra.WithActionResolver(func(context.Context, actra.Action) (actra.Action, error) { return nil, nil }),
		}},
		{name: "no action", action: actra.Action{}, want: is(actra.ErrNoAction)},
		{name: "no action, and a resolver that completes it", action: actra.Action{}, want: is(actra.ErrNoAction),
			options: []actra.RuntimeOption{
				actra.WithActionResolver(func(_ context.Context, action actra.Action) (actra.Action, error) {
					action["type"], action["amount"] = "refund", 5
					return action, nil
				}),
			}},
		{name: "an action without a name", action: actra.Action{"amount": 5}, want: as(&inputError)},
		{name: "an unknown action", action: actra.Action{"type": "refnd"}, want: as(&inputError)},
		{name: "a wrong type", action: refund("20"), want: as(&inputError)},
		{name: "a value that no schema knows", action: refund(make(chan int)), want: anyError},
		{name: "a closed policy", source: closed, want: anyError},
		{name: "no source", source: noSource{}, want: is(actra.ErrNoPolicy)},
		{name: "a nil policy", source: nothing, want: is(actra.ErrNoPolicy)},
		{name: "a source that is nil inside", source: (*actra.Reloading)(nil), want: as(&panicError)},
		{name: "a source that calls nothing", want: is(actra.ErrNoPolicy),
			source: source(func(context.Context, func(*actra.Policy) error) error { return nil })},
		{name: "a source that gives no policy", want: is(actra.ErrNoPolicy),
			source: source(func(_ context.Context, use func(*actra.Policy) error) error { return use(nil) })},
		{name: "a source that drops the error", action: refund("20"), want: as(&inputError),
			source: source(func(_ context.Context, use func(*actra.Policy) error) error {
				_ = use(policy)
				return nil
			})},
		{name: "a source that fails after the decision", want: is(errLookup),
			source: source(func(_ context.Context, use func(*actra.Policy) error) error {
				_ = use(policy)
				return errLookup
			})},
		{name: "a source that panics after the decision", want: as(&panicError),
			source: source(func(_ context.Context, use func(*actra.Policy) error) error {
				_ = use(policy)
				panic("late")
			})},
		{name: "a cancelled context", ctx: cancelled, want: is(context.Canceled)},
		{name: "a nil context", ctx: withoutContext, want: anyError},
	} {
		t.Run(test.name, func(t *testing.T) {
			var events recorder
			if test.source == nil {
				test.source = policy
			}
			if test.source == (noSource{}) {
				test.source = nil
			}
			if test.action == nil {
				test.action = refund(5)
			}
			if test.ctx == nil && test.name != "a nil context" {
				test.ctx = t.Context()
			}
			runtime := actra.NewRuntime(test.source, test.options...).With(actra.WithObserver(events.observe))
			for door, call := range doors(runtime) {
				got := call(test.ctx, test.action)
				if strings.HasPrefix(door, "audit") {
					if got.err != nil || got.ran != 1 {
						t.Errorf("%s: ran %d times, error %v", door, got.ran, got.err)
					}
				} else if !test.want(got.err) || got.allowed || got.ran != 0 {
					t.Errorf("%s: answered %v, ran %d times, error %v", door, got.allowed, got.ran, got.err)
				}
				event := events.one(t)
				if !test.want(event.Err) || event.Effect() != "" || event.MatchedRule() != "" || event.Blocked() ||
					event.Decision.Allowed() {
					t.Errorf("%s: event %+v", door, event)
				}
			}
		})
	}
}

// noSource stands for nil in the table above.
type noSource struct{}

func (noSource) Use(context.Context, func(*actra.Policy) error) error { panic("never asked") }

func TestAContextThatEndsWhileResolversWorkRunsNothing(t *testing.T) {
	var cancel context.CancelFunc
	cancels := func(context.Context) (map[string]any, error) {
		cancel()
		return map[string]any{}, nil
	}
	policy := compilePolicy(t, guardPolicy)
	for _, runtime := range []*actra.Runtime{
		actra.NewRuntime(policy, snapshotOf(false), actra.WithActorResolver(cancels)),
		actra.NewRuntime(policy, actorOf("clerk"), actra.WithSnapshotResolver(cancels)),
	} {
		for door, call := range doors(runtime) {
			ctx, stop := context.WithCancel(t.Context())
			cancel = stop
			got := call(ctx, refund(5))
			stop()
			if strings.HasPrefix(door, "audit") {
				if got.err != nil || got.ran != 1 {
					t.Errorf("%s: ran %d times, error %v", door, got.ran, got.err)
				}
			} else if !errors.Is(got.err, context.Canceled) || got.ran != 0 || got.allowed {
				t.Errorf("%s: ran %d times, error %v", door, got.ran, got.err)
			}
		}
	}
}

func TestAContextThatEndsWhileObserversWorkRunsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false),
		actra.WithObserver(func(context.Context, actra.DecisionEvent) { cancel() }),
	)
	ran := false
	err := runtime.Admit(ctx, refund(5), func(context.Context) error { ran = true; return nil })
	if !errors.Is(err, context.Canceled) || ran {
		t.Errorf("ran %v, error %v", ran, err)
	}
}

func TestResolversCannotChangeWhatIsAskedNorLaterWhatWasDecided(t *testing.T) {
	shared := map[string]any{"role": "clerk"}
	var events recorder
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false),
		actra.WithActorResolverFor(func(_ context.Context, action actra.Action) (map[string]any, error) {
			action["amount"] = 1
			return shared, nil
		}),
		actra.WithObserver(events.observe),
	)
	asked := refund(5000)
	var denied *actra.ApprovalRequired
	err := runtime.Admit(t.Context(), asked, func(context.Context) error { return nil })
	if !errors.As(err, &denied) {
		t.Fatalf("the resolver changed the amount: %v", err)
	}
	shared["role"] = "manager"
	asked["amount"] = 2
	event := events.one(t)
	for name, input := range map[string]actra.Input{"event": event.Input, "error": denied.Input} {
		if input.Action["amount"] != 5000 || input.Actor["role"] != "clerk" {
			t.Errorf("the %s changed afterwards: %v", name, input)
		}
	}
}

func TestResolveActorAndSnapshotAlone(t *testing.T) {
	runtime := actra.NewRuntime(nil, actorOf("clerk"))
	actor, err := runtime.ResolveActor(t.Context(), refund(1))
	if err != nil || actor["role"] != "clerk" {
		t.Errorf("actor %v, error %v", actor, err)
	}
	snapshot, err := runtime.ResolveSnapshot(t.Context(), refund(1))
	if err != nil || snapshot == nil || len(snapshot) != 0 {
		t.Errorf("snapshot %v, error %v", snapshot, err)
	}
}

func TestNewActionCopiesTheFields(t *testing.T) {
	fields := map[string]any{"amount": 5, "type": "payout"}
	action := actra.NewAction("refund", fields)
	fields["amount"] = 6
	if !reflect.DeepEqual(action, refund(5)) || fields["type"] != "payout" {
		t.Errorf("action %v, fields %v", action, fields)
	}
}

func TestRuntimesThatComeFromOneKeepApart(t *testing.T) {
	var base, first, second recorder
	nothing := func(context.Context, actra.DecisionEvent) {}
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false), actra.WithObserver(base.observe), nil,
		actra.WithObserver(nothing), actra.WithObserver(nothing), actra.WithObserver(nil))
	one := runtime.With(actra.WithObserver(first.observe))
	two := runtime.With(actra.WithObserver(second.observe), snapshotOf(true))
	for _, r := range []*actra.Runtime{runtime, one, two} {
		if _, err := r.Evaluate(t.Context(), refund(1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(base.take()); n != 3 {
		t.Errorf("the first runtime's observer was told of %d decisions", n)
	}
	if event := first.one(t); event.Effect() != "allow" {
		t.Errorf("effect %s", event.Effect())
	}
	if event := second.one(t); event.Effect() != "block" {
		t.Errorf("effect %s", event.Effect())
	}
}

func TestExplainAsksTheResolversAndTellsNobody(t *testing.T) {
	var events recorder
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(true), actra.WithObserver(events.observe))
	explanation, err := runtime.Explain(t.Context(), refund(1))
	if err != nil || explanation == nil {
		t.Fatalf("explanation %v, error %v", explanation, err)
	}
	if told := events.take(); len(told) != 0 {
		t.Errorf("observers were told: %v", told)
	}
	failing := runtime.With(actra.WithActorResolver(func(context.Context) (map[string]any, error) { return nil, errLookup }))
	if explanation, err := failing.Explain(t.Context(), refund(1)); !errors.Is(err, errLookup) || explanation != nil {
		t.Errorf("explanation %v, error %v", explanation, err)
	}
}

func TestOneRuntimeServesManyGoroutines(t *testing.T) {
	// Every call gets the same maps, as from a cache.
	actor, snapshot := map[string]any{"role": "clerk"}, map[string]any{"fraud_flag": false}
	var events recorder
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy),
		actra.WithActorResolver(func(context.Context) (map[string]any, error) { return actor, nil }),
		actra.WithSnapshotResolver(func(context.Context) (map[string]any, error) { return snapshot, nil }),
		actra.WithActionResolver(func(_ context.Context, action actra.Action) (actra.Action, error) {
			action["tenant"] = "acme"
			return action, nil
		}),
		actra.WithObserver(events.observe),
	)
	small, large := refund(5), refund(5000)
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 200 {
				if err := runtime.Admit(t.Context(), small, func(context.Context) error { return nil }); err != nil {
					t.Error(err)
				}
				err := runtime.Admit(t.Context(), large, func(context.Context) error { return nil })
				if !errors.Is(err, actra.ErrApprovalRequired) {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	if n := len(events.take()); n != 8*200*2 {
		t.Errorf("%d events", n)
	}
}
