package actra_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"actra"
)

func TestAdmitRunsAnAllowedFunctionOnceAndGivesItsError(t *testing.T) {
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false))
	errLedger := errors.New("the ledger is full")
	for _, want := range []error{nil, errLedger} {
		ran := 0
		err := guard.Admit(t.Context(), refund(5), func(ctx context.Context) error {
			ran++
			if decision, ok := actra.DecisionFrom(ctx); !ok || !decision.Allowed() {
				t.Errorf("decision %v, %v", decision, ok)
			}
			return want
		})
		if err != want || ran != 1 {
			t.Errorf("ran %d times, error %v", ran, err)
		}
	}
	value, err := actra.AdmitValue(t.Context(), guard, refund(5), func(context.Context) (string, error) {
		return "receipt", errLedger
	})
	if value != "receipt" || err != errLedger {
		t.Errorf("value %q, error %v", value, err)
	}
}

func TestAdmitOfABlockedActionIsAPolicyError(t *testing.T) {
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy), actorOf("clerk"), snapshotOf(true))
	value, err := actra.AdmitValue(t.Context(), guard, refund(5), func(context.Context) (int, error) {
		t.Error("a blocked function ran")
		return 7, nil
	})
	var denied *actra.PolicyError
	if !errors.As(err, &denied) || value != 0 {
		t.Fatalf("value %d, error %v", value, err)
	}
	if denied.ActionType != "refund" || denied.MatchedRule() != "fraud" || denied.Effect() != "block" ||
		!denied.Decision.Blocked() || denied.Input.Actor["role"] != "clerk" || len(denied.RequiredActions()) != 0 {
		t.Errorf("%+v", denied)
	}
	var approval *actra.ApprovalRequired
	if errors.As(err, &approval) || errors.Is(err, actra.ErrApprovalRequired) || !errors.Is(err, actra.ErrBlocked) {
		t.Error("a block is no approval")
	}
	if got, want := err.Error(), "actra: action `refund` is blocked by rule `fraud`: Payments are stopped."; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestAdmitOfAnActionThatNeedsApprovalIsAKindOfPolicyError(t *testing.T) {
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy), actorOf("clerk"), snapshotOf(false))
	err := guard.Admit(t.Context(), refund(5000), func(context.Context) error {
		t.Error("a function that needs approval ran")
		return nil
	})
	err = fmt.Errorf("refunding: %w", err)
	var approval *actra.ApprovalRequired
	var denied *actra.PolicyError
	if !errors.As(err, &approval) || !errors.As(err, &denied) {
		t.Fatal(err)
	}
	if !errors.Is(err, actra.ErrApprovalRequired) || errors.Is(err, actra.ErrBlocked) {
		t.Error("an approval is no block")
	}
	if denied.Effect() != "require_approval" || denied.MatchedRule() != "large" {
		t.Errorf("%+v", denied)
	}
	var required struct{ Type, Role string }
	if actions := denied.RequiredActions(); len(actions) != 1 || json.Unmarshal(actions[0], &required) != nil ||
		required.Type != "human_approval" || required.Role != "manager" {
		t.Errorf("required actions %s", denied.RequiredActions())
	}
	want := "refunding: actra: action `refund` needs approval by rule `large`: Amounts over 1000 need a manager."
	if err.Error() != want {
		t.Errorf("%q, not %q", err, want)
	}
}

func TestAPolicyErrorOfTheDefaultSaysSo(t *testing.T) {
	denyAll := compilePolicy(t, "version: 2\nrules: []\n")
	err := actra.NewRuntime(denyAll).Admit(t.Context(), refund(1), func(context.Context) error { return nil })
	if want := "actra: action `refund` is blocked by default: no rule fired"; err == nil || err.Error() != want {
		t.Errorf("%v, not %q", err, want)
	}
}

func TestAPolicyErrorIsDataAsJSON(t *testing.T) {
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy), actorOf("clerk"), snapshotOf(false))
	for _, test := range []struct {
		amount int
		fraud  bool
		want   string
	}{
		{5, true, `{"action":"refund","decision":{"effect":"block","matched_rule":"fraud",` +
			`"message":"Payments are stopped."},"context":{"action":{"amount":5,"type":"refund"},` +
			`"actor":{"role":"clerk"},"snapshot":{"fraud_flag":true}}}`},
		{5000, false, `{"action":"refund","decision":{"effect":"require_approval","matched_rule":"large",` +
			`"message":"Amounts over 1000 need a manager.","required_actions":` +
			`[{"role":"manager","type":"human_approval"}]},"context":{"action":{"amount":5000,"type":"refund"},` +
			`"actor":{"role":"clerk"},"snapshot":{"fraud_flag":false}}}`},
	} {
		err := guard.With(snapshotOf(test.fraud)).
			Admit(t.Context(), refund(test.amount), func(context.Context) error { return nil })
		text, marshalErr := json.Marshal(err)
		if marshalErr != nil || string(text) != test.want {
			t.Errorf("%s\nnot\n%s\n%v", text, test.want, marshalErr)
		}
	}
}

func TestPanicsOfTheGuardedFunctionAreItsCallersAndItRunsOnce(t *testing.T) {
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false))
	for name, call := range map[string]func(func(context.Context) error) error{
		"admit": func(fn func(context.Context) error) error { return guard.Admit(t.Context(), refund(5), fn) },
		"audit": func(fn func(context.Context) error) error { return guard.Audit(t.Context(), refund(5), fn) },
	} {
		ran := 0
		value := func() (value any) {
			defer func() { value = recover() }()
			_ = call(func(context.Context) error { ran++; panic("mine") })
			return nil
		}()
		if value != "mine" || ran != 1 {
			t.Errorf("%s: ran %d times, panic %v", name, ran, value)
		}
	}
}

func TestAuditRunsWhateverIsDecidedAndTellsTheObservers(t *testing.T) {
	var events recorder
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy), actorOf("clerk"), actra.WithObserver(events.observe))
	errLedger := errors.New("the ledger is full")
	for _, test := range []struct {
		amount int
		fraud  bool
		effect string
	}{{5, false, "allow"}, {5, true, "block"}, {5000, false, "require_approval"}} {
		ran := 0
		audited := guard.With(snapshotOf(test.fraud))
		value, err := actra.AuditValue(t.Context(), audited, refund(test.amount), func(ctx context.Context) (int, error) {
			ran++
			if decision, ok := actra.DecisionFrom(ctx); !ok || decision.Effect.String() != test.effect {
				t.Errorf("decision %v, %v", decision, ok)
			}
			return 7, errLedger
		})
		if ran != 1 || value != 7 || err != errLedger {
			t.Errorf("%s: ran %d times, value %d, error %v", test.effect, ran, value, err)
		}
		if event := events.one(t); event.Effect() != test.effect {
			t.Errorf("the observer was told %s, not %s", event.Effect(), test.effect)
		}
	}
}

func TestAuditRunsOnceEvenWhereTheGoroutineIsEnded(t *testing.T) {
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy),
		actra.WithActorResolver(func(context.Context) (map[string]any, error) {
			runtime.Goexit()
			return nil, nil
		}),
	)
	ran := map[string]int{}
	for name, call := range map[string]func(context.Context, actra.Action, func(context.Context) error) error{
		"admit": guard.Admit, "audit": guard.Audit,
	} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = call(t.Context(), refund(5), func(context.Context) error { ran[name]++; return nil })
			t.Error("the call returned")
		}()
		<-ended
	}
	if ran["audit"] != 1 || ran["admit"] != 0 {
		t.Errorf("ran %v", ran)
	}
}

func TestAnInnerGuardWithoutADecisionHidesTheOuterOnes(t *testing.T) {
	outer := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false))
	inner := outer.With(actra.WithActorResolver(func(context.Context) (map[string]any, error) { return nil, errLookup }))
	err := outer.Admit(t.Context(), refund(5), func(ctx context.Context) error {
		return inner.Audit(ctx, refund(5), func(ctx context.Context) error {
			if decision, ok := actra.DecisionFrom(ctx); ok {
				t.Errorf("decision %v of another call", decision)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	if _, ok := actra.DecisionFrom(t.Context()); ok {
		t.Error("a decision outside of any call")
	}
}

func TestGuardingNothingIsAnError(t *testing.T) {
	var events recorder
	guard := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false), actra.WithObserver(events.observe))
	_, admitValue := actra.AdmitValue[int](t.Context(), guard, refund(5), nil)
	_, auditValue := actra.AuditValue[int](t.Context(), guard, refund(5), nil)
	for _, err := range []error{
		guard.Admit(t.Context(), refund(5), nil), guard.Audit(t.Context(), refund(5), nil), admitValue, auditValue,
	} {
		if err == nil || !strings.Contains(err.Error(), "no function") {
			t.Errorf("error %v", err)
		}
	}
}
