package actra_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"actra"
)

// watch watches until the test ends, and gives what ends it sooner.
func watch(t testing.TB, source *actra.Reloading) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- source.Watch(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func TestChangesAreNoticedUntilNobodyWatches(t *testing.T) {
	one, two := writePolicy(t, guardPolicy), writePolicy(t, guardPolicy)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(one, link); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	source := openReloading(t, link, actra.LogReloads(slog.New(slog.NewTextHandler(&log, nil))))
	stop := watch(t, source)
	swapPolicy(t, one, lockedPolicy)
	eventually(t, "the change is not noticed", func() bool { return ruleOf(t, source) == "locked" })
	locked := source.Hash()
	swapPolicy(t, one, "rules: [")
	eventually(t, "the failure is not noticed", func() bool { return source.Status().Failure != nil })
	status := source.Status()
	var failed *actra.CompileError
	if status.Failures != 1 || !errors.As(status.Failure, &failed) || status.Hash != locked ||
		status.Generation < 2 || status.FailureTime.IsZero() || source.Hash() != locked {
		t.Errorf("status %+v", status)
	}
	// As volumes are mounted: the name stays, and what it leads to is replaced.
	beside := link + ".beside"
	if err := os.Symlink(two, beside); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(beside, link); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other link is not noticed", func() bool { return ruleOf(t, source) == "fraud" })
	if status := source.Status(); status.Failure != nil || status.Hash != source.Hash() || status.Failures != 1 {
		t.Errorf("status %+v", status)
	}
	stop()
	swapPolicy(t, two, lockedPolicy)
	time.Sleep(200 * time.Millisecond)
	if rule := ruleOf(t, source); rule != "fraud" {
		t.Errorf("decided by %q, though nobody watches", rule)
	}
	for _, told := range []string{"the policy stays as it was", "another policy is in force", "path=" + link} {
		if !strings.Contains(log.String(), told) {
			t.Errorf("%q is not logged: %s", told, log.String())
		}
	}
}

func TestWatchingEndsWithItsSource(t *testing.T) {
	source := openReloading(t, writePolicy(t, guardPolicy))
	ended := make(chan error)
	go func() { ended <- source.Watch(context.Background()) }()
	source.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	elsewhere, err := actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) {
		return actra.Open(writePolicy(t, guardPolicy))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	if err := elsewhere.Watch(t.Context()); !errors.Is(err, actra.ErrNotWatchable) {
		t.Errorf("Watch: %v", err)
	}
	if status := elsewhere.Status(); status.Generation != 1 || status.Hash != elsewhere.Hash() {
		t.Errorf("status %+v", status)
	}
}

func TestThePolicysOwnTestsHaveToPass(t *testing.T) {
	directory := writePolicy(t, guardPolicy)
	test := "name: refunds\ntests:\n  - {name: nobody pays, input: {action: {type: refund, amount: 5}}, expect: allow}\n"
	if err := os.WriteFile(filepath.Join(directory, "policy_test.yaml"), []byte(test), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := actra.OpenReloading(directory)
	var refused *actra.RefusedError
	if !errors.As(err, &refused) || refused.Code != "tests" || !strings.Contains(refused.Message, "nobody pays") {
		t.Errorf("OpenReloading: %v", err)
	}
	openReloading(t, directory, actra.WithoutTests())
}

func TestAnOlderOrUntrustedPolicyReplacesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.actra")
	put := func(name string) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("../../conformance/signing", name))
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("signed.actra")
	key, err := os.ReadFile("../../conformance/signing/a.pub")
	if err != nil {
		t.Fatal(err)
	}
	older, err := actra.Open(writePolicy(t, guardPolicy))
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	strict := openReloading(t, path, actra.WithNeverOlder())
	trusting := openReloading(t, path, actra.WithLoadOptions(actra.WithTrustedKeys(key), actra.WithMinRevision(7)))
	usual := openReloading(t, path)
	if err := older.Save(path); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		source *actra.Reloading
		code   string
	}{{strict, "old_revision"}, {trusting, "not_signed"}, {usual, ""}} {
		err := test.source.Reload(t.Context())
		var found *actra.ArtifactError
		if test.code == "" {
			if err != nil || test.source.Status().Revision != 0 {
				t.Errorf("Reload: %v", err)
			}
		} else if !errors.As(err, &found) || found.Code != test.code || test.source.Status().Revision != 7 ||
			test.source.Status().Failure == nil {
			t.Errorf("Reload: %v, status %+v", err, test.source.Status())
		}
	}
}

func TestAFileThatIsLostReplacesNothing(t *testing.T) {
	directory := writePolicy(t, guardPolicy)
	source := openReloading(t, directory)
	if err := os.Remove(filepath.Join(directory, "policy.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := source.Reload(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Reload: %v", err)
	}
	if rule := ruleOf(t, source); rule != "fraud" {
		t.Errorf("decided by %q", rule)
	}
}

func TestAThousandPoliciesAreWatchedUnderLoadAndEachDecisionIsOfOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.actra")
	policies := make([]*actra.Policy, 2)
	rules := map[string]string{}
	for at, text := range []string{guardPolicy, lockedPolicy} {
		policy, err := actra.Open(writePolicy(t, text))
		if err != nil {
			t.Fatal(err)
		}
		defer policy.Close()
		policies[at] = policy
		rules[policy.Hash()] = []string{"fraud", "locked"}[at]
	}
	if err := policies[0].Save(path); err != nil {
		t.Fatal(err)
	}
	source := openReloading(t, path)
	watch(t, source)
	var over atomic.Bool
	var workers sync.WaitGroup
	for range 3 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for !over.Load() {
				err := source.Use(t.Context(), func(policy *actra.Policy) error {
					decision, err := policy.Evaluate(actra.Input{Action: refund(5)})
					if err == nil && decision.MatchedRule != rules[policy.Hash()] {
						t.Errorf("%q decides under %s", decision.MatchedRule, policy.Hash())
					}
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	for at := range 1000 {
		if err := policies[at%2].Save(path); err != nil {
			t.Fatal(err)
		}
		if err := source.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if source.Hash() != policies[at%2].Hash() {
			t.Fatalf("reload %d has brought nothing", at)
		}
	}
	over.Store(true)
	workers.Wait()
	if status := source.Status(); status.Generation < 1001 || status.Failures != 0 {
		t.Errorf("status %+v", status)
	}
}
