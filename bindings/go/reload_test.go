package actra_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"actra"
)

// swapPolicy writes another policy in the place of a directory's.
func swapPolicy(t testing.TB, directory, policy string) {
	t.Helper()
	// At once: who watches would otherwise see the file empty now and then, which is a failure more.
	written := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(written, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(written, filepath.Join(directory, "policy.yaml")); err != nil {
		t.Fatal(err)
	}
}

// openReloading opens a source, and closes it after the test.
func openReloading(t testing.TB, path string, options ...actra.ReloadOption) *actra.Reloading {
	t.Helper()
	source, err := actra.OpenReloading(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	return source
}

func ruleOf(t testing.TB, source *actra.Reloading) string {
	t.Helper()
	decision, err := source.Evaluate(actra.Input{Action: refund(5)})
	if err != nil {
		t.Fatal(err)
	}
	return decision.MatchedRule
}

func TestAReloadBringsTheNewPolicyIntoForce(t *testing.T) {
	directory := writePolicy(t, guardPolicy)
	var events []actra.ReloadEvent
	source := openReloading(t, directory, actra.OnReload(func(event actra.ReloadEvent) { events = append(events, event) }))
	first := source.Hash()
	if rule := ruleOf(t, source); rule != "fraud" {
		t.Errorf("decided by %q", rule)
	}
	swapPolicy(t, directory, lockedPolicy)
	if rule := ruleOf(t, source); rule != "fraud" {
		t.Errorf("decided by %q before the reload", rule)
	}
	if err := source.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rule := ruleOf(t, source); rule != "locked" {
		t.Errorf("decided by %q after the reload", rule)
	}
	if second := source.Hash(); second == first || len(second) != 64 || len(events) != 1 ||
		events[0].OldHash != first || events[0].NewHash != second || events[0].Err != nil ||
		events[0].Duration <= 0 || events[0].Time.Location() != time.UTC {
		t.Errorf("hash %s, then %s; events %+v", first, second, events)
	}
}

func TestAPolicyThatIsRefusedReplacesNothing(t *testing.T) {
	errCheck := errors.New("it does not know refunds")
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, directory string)
		check func(*actra.Policy) error
		want  error
	}{
		{name: "a policy that does not compile", spoil: func(t *testing.T, directory string) {
			swapPolicy(t, directory, "version: 2\nrules: [{id: a}]\n")
		}},
		{name: "a policy that is gone", spoil: func(t *testing.T, directory string) {
			if err := os.RemoveAll(directory); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a policy that the check refuses", want: errCheck, spoil: func(t *testing.T, directory string) {
			swapPolicy(t, directory, lockedPolicy)
		}, check: func(policy *actra.Policy) error {
			if decision, err := policy.Evaluate(actra.Input{Action: refund(5)}); err != nil || decision.MatchedRule == "locked" {
				return errCheck
			}
			return nil
		}},
		{name: "a check that panics", spoil: func(t *testing.T, directory string) {
			swapPolicy(t, directory, lockedPolicy)
		}, check: func() func(*actra.Policy) error {
			asked := 0
			return func(*actra.Policy) error {
				if asked++; asked > 1 {
					panic("not again")
				}
				return nil
			}
		}()},
	} {
		t.Run(test.name, func(t *testing.T) {
			directory := writePolicy(t, guardPolicy)
			var events []actra.ReloadEvent
			source := openReloading(t, directory, actra.WithCheck(test.check), nil,
				actra.OnReload(func(event actra.ReloadEvent) { events = append(events, event) }))
			hash := source.Hash()
			test.spoil(t, directory)
			err := source.Reload(t.Context())
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("error %v", err)
			}
			if rule := ruleOf(t, source); rule != "fraud" || source.Hash() != hash {
				t.Errorf("decided by %q, hash %s", rule, source.Hash())
			}
			if len(events) != 1 || !errors.Is(events[0].Err, err) || events[0].OldHash != hash || events[0].NewHash != hash {
				t.Errorf("events %+v", events)
			}
		})
	}
}

func TestAnArtifactThatIsCutShortReplacesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refund.actra")
	saveArtifact(t, compilePolicy(t, guardPolicy), path)
	source := openReloading(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := source.Reload(t.Context()); err == nil {
			t.Errorf("%d of %d bytes were loaded", length, len(whole))
		}
		if rule := ruleOf(t, source); rule != "fraud" {
			t.Errorf("decided by %q", rule)
		}
	}
}

func TestThereIsNoSourceWithoutAFirstPolicy(t *testing.T) {
	errCheck := errors.New("the wrong one")
	var refused *actra.Policy
	for name, open := range map[string]func() (*actra.Reloading, error){
		"no file": func() (*actra.Reloading, error) { return actra.OpenReloading(filepath.Join(t.TempDir(), "none.actra")) },
		"check": func() (*actra.Reloading, error) {
			return actra.OpenReloading(writePolicy(t, guardPolicy), actra.WithCheck(func(policy *actra.Policy) error {
				refused = policy
				return errCheck
			}))
		},
		"no function": func() (*actra.Reloading, error) { return actra.NewReloading(t.Context(), nil) },
		"no policy": func() (*actra.Reloading, error) {
			return actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) { return nil, nil })
		},
		"panic": func() (*actra.Reloading, error) {
			return actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) { panic("no network") })
		},
		"closed": func() (*actra.Reloading, error) {
			return actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) {
				policy, err := actra.FromDirectory(writePolicy(t, guardPolicy))
				if err == nil {
					policy.Close()
				}
				return policy, err
			})
		},
	} {
		if source, err := open(); err == nil || source != nil {
			t.Errorf("%s: source %v, error %v", name, source, err)
		}
	}
	if _, err := refused.Evaluate(actra.Input{Action: refund(5)}); err == nil {
		t.Error("a refused policy was not closed")
	}
}

func TestAReplacedPolicyIsClosedWhenItsLastUserIsDone(t *testing.T) {
	directory := writePolicy(t, guardPolicy)
	source := openReloading(t, directory)
	var old *actra.Policy
	err := source.Use(t.Context(), func(policy *actra.Policy) error {
		old = policy
		swapPolicy(t, directory, lockedPolicy)
		if err := source.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rule := ruleOf(t, source); rule != "locked" {
			t.Errorf("the new policy is not in force while the old one is used: %q", rule)
		}
		decision, err := policy.Evaluate(actra.Input{Action: refund(5)})
		if err != nil || decision.MatchedRule != "fraud" {
			t.Errorf("the old policy: %v, %v", decision, err)
		}
		return errLookup
	})
	if err != errLookup {
		t.Errorf("error %v", err)
	}
	if _, err := old.Evaluate(actra.Input{Action: refund(5)}); err == nil {
		t.Error("the old policy was not closed")
	}
}

func TestAPanicOfAUserGivesThePolicyBack(t *testing.T) {
	directory := writePolicy(t, guardPolicy)
	source := openReloading(t, directory)
	var old *actra.Policy
	func() {
		defer func() { _ = recover() }()
		_ = source.Use(t.Context(), func(policy *actra.Policy) error {
			old = policy
			panic("mine")
		})
	}()
	if err := source.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Evaluate(actra.Input{Action: refund(5)}); err == nil {
		t.Error("the old policy was not closed")
	}
}

func TestALoaderMayGiveThePolicyInForceAgain(t *testing.T) {
	policy := compilePolicy(t, guardPolicy)
	var refuse error
	source, err := actra.NewReloading(t.Context(),
		func(context.Context) (*actra.Policy, error) { return policy, nil },
		actra.WithCheck(func(*actra.Policy) error { return refuse }))
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if err := source.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	refuse = errLookup
	if err := source.Reload(t.Context()); !errors.Is(err, errLookup) {
		t.Errorf("error %v", err)
	}
	if rule := ruleOf(t, source); rule != "fraud" {
		t.Errorf("decided by %q", rule)
	}
}

func TestAClosedSourceGivesNoPolicy(t *testing.T) {
	source := openReloading(t, writePolicy(t, guardPolicy))
	err := source.Use(t.Context(), func(policy *actra.Policy) error {
		source.Close()
		source.Close()
		if decision, err := policy.Evaluate(actra.Input{Action: refund(5)}); err != nil || !decision.Blocked() {
			t.Errorf("a call under way: %v, %v", decision, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := source.Evaluate(actra.Input{Action: refund(5)}); !errors.Is(err, actra.ErrReloadingClosed) {
		t.Errorf("error %v", err)
	}
	if err := source.Reload(t.Context()); !errors.Is(err, actra.ErrReloadingClosed) || source.Hash() != "" {
		t.Errorf("error %v, hash %s", err, source.Hash())
	}
	ran := false
	err = actra.NewRuntime(source).Admit(t.Context(), refund(5), func(context.Context) error { ran = true; return nil })
	if !errors.Is(err, actra.ErrReloadingClosed) || ran {
		t.Errorf("ran %v, error %v", ran, err)
	}
}

func TestClosingWhileAReloadLoadsLeavesNothingOpen(t *testing.T) {
	var policies []*actra.Policy
	var source *actra.Reloading
	source, err := actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) {
		if source != nil {
			source.Close()
		}
		policy, err := actra.FromDirectory(writePolicy(t, guardPolicy))
		policies = append(policies, policy)
		return policy, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Reload(t.Context()); !errors.Is(err, actra.ErrReloadingClosed) {
		t.Errorf("error %v", err)
	}
	for i, policy := range policies {
		if _, err := policy.Evaluate(actra.Input{Action: refund(5)}); err == nil {
			t.Errorf("policy %d is open", i)
		}
	}
}

func TestAFunctionThatIsToldOfReloadsMayPanic(t *testing.T) {
	source := openReloading(t, writePolicy(t, guardPolicy), actra.OnReload(func(actra.ReloadEvent) { panic("no log") }))
	for range 2 {
		if err := source.Reload(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestAReloadWhoseContextIsDoneLoadsNothing(t *testing.T) {
	directory := writePolicy(t, guardPolicy)
	source := openReloading(t, directory)
	swapPolicy(t, directory, lockedPolicy)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := source.Reload(ctx); !errors.Is(err, context.Canceled) || ruleOf(t, source) != "fraud" {
		t.Errorf("error %v", err)
	}
}

func TestEveryDecisionBelongsToOnePolicyWhilePoliciesAreSwapped(t *testing.T) {
	one, two := writePolicy(t, guardPolicy), writePolicy(t, lockedPolicy)
	rules := map[string]string{}
	for directory, rule := range map[string]string{one: "fraud", two: "locked"} {
		source := openReloading(t, directory)
		rules[source.Hash()] = rule
	}
	var loads atomic.Int64
	source, err := actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) {
		if loads.Add(1)%2 == 0 {
			return actra.FromDirectory(two)
		}
		return actra.FromDirectory(one)
	})
	if err != nil {
		t.Fatal(err)
	}
	var decisions, failures atomic.Int64
	seen := sync.Map{}
	runtime := actra.NewRuntime(source, snapshotOf(true),
		actra.WithObserver(func(_ context.Context, event actra.DecisionEvent) {
			decisions.Add(1)
			seen.Store(event.MatchedRule(), true)
			if event.Err != nil || rules[event.PolicyHash] != event.MatchedRule() {
				failures.Add(1)
				t.Errorf("policy %.8s decided by %q: %v", event.PolicyHash, event.MatchedRule(), event.Err)
			}
		}))
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for failures.Load() == 0 {
				select {
				case <-stop:
					return
				default:
					_ = runtime.Admit(t.Context(), refund(5), func(context.Context) error {
						t.Error("it was allowed")
						return nil
					})
				}
			}
		}()
	}
	var reloads sync.WaitGroup
	for range 2 {
		reloads.Add(1)
		go func() {
			defer reloads.Done()
			for range 50 {
				if err := source.Reload(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	reloads.Wait()
	close(stop)
	group.Wait()
	source.Close()
	_, fraud := seen.Load("fraud")
	_, locked := seen.Load("locked")
	if decisions.Load() < 100 || !fraud || !locked {
		t.Errorf("%d decisions; by fraud: %v, by locked: %v", decisions.Load(), fraud, locked)
	}
}

func TestClosingASourceWhileItIsUsedAndReloadedClosesNoPolicyInUse(t *testing.T) {
	directory := writePolicy(t, guardPolicy)
	for range 20 {
		var made sync.Map
		source, err := actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) {
			policy, err := actra.FromDirectory(directory)
			made.Store(policy, true)
			return policy, err
		})
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		decided := make(chan struct{}, 1000)
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					decision, err := source.Evaluate(actra.Input{Action: refund(5)})
					if errors.Is(err, actra.ErrReloadingClosed) {
						return
					}
					if err != nil || decision.MatchedRule != "fraud" {
						t.Errorf("%v, %v", decision, err)
						return
					}
					select {
					case decided <- struct{}{}:
					default:
					}
				}
			}()
		}
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				if err := source.Reload(t.Context()); err != nil {
					if !errors.Is(err, actra.ErrReloadingClosed) {
						t.Error(err)
					}
					return
				}
			}
		}()
		<-decided
		source.Close()
		group.Wait()
		made.Range(func(policy, _ any) bool {
			if _, err := policy.(*actra.Policy).Evaluate(actra.Input{}); !errors.Is(err, actra.ErrClosed) {
				t.Errorf("a policy was left open: %v", err)
			}
			return true
		})
	}
}
