package actra_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"actra"
)

// guardSchema and the policies below are what the tests of the runtime decide with.
const guardSchema = `
version: 1
actions:
  refund:
    fields:
      amount: {type: number, required: true, min: 0}
      tenant: string
actor:
  fields: {role: string}
snapshot:
  fields: {fraud_flag: boolean}
`

// guardPolicy allows by default, so that whatever fails open is seen.
const guardPolicy = `
version: 2
evaluation: {default: allow}
rules:
  - id: fraud
    scope: {action: refund}
    when: snapshot.fraud_flag == true
    effect: block
    message: Payments are stopped.
  - id: large
    scope: {action: refund}
    when: {all: [action.amount > 1000, actor.role != manager]}
    effect: require_approval
    message: Amounts over 1000 need a manager.
    required_actions: [{type: human_approval, role: manager}]
`

// lockedPolicy blocks every refund, by a rule of another name.
const lockedPolicy = `
version: 2
evaluation: {default: allow}
rules:
  - {id: locked, scope: {action: refund}, effect: block}
`

// writePolicy writes a policy directory.
func writePolicy(t testing.TB, policy string) string {
	t.Helper()
	directory := t.TempDir()
	for name, text := range map[string]string{"schema.yaml": guardSchema, "policy.yaml": policy} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// compilePolicy compiles a policy, and closes it after the test.
func compilePolicy(t testing.TB, policy string) *actra.Policy {
	t.Helper()
	compiled, err := actra.FromDirectory(writePolicy(t, policy))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { compiled.Close() })
	return compiled
}

// recorder is an observer that keeps what it is told.
type recorder struct {
	mu     sync.Mutex
	events []actra.DecisionEvent
}

func (r *recorder) observe(_ context.Context, event actra.DecisionEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event)
}

// take gives the events since the last time.
func (r *recorder) take() []actra.DecisionEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

// one gives the only event since the last time.
func (r *recorder) one(t testing.TB) actra.DecisionEvent {
	t.Helper()
	events := r.take()
	if len(events) != 1 {
		t.Fatalf("%d events, not 1", len(events))
	}
	return events[0]
}

// actorOf and snapshotOf are resolvers that always tell the same.
func actorOf(role string) actra.RuntimeOption {
	return actra.WithActorResolver(func(context.Context) (map[string]any, error) {
		return map[string]any{"role": role}, nil
	})
}

func snapshotOf(fraud bool) actra.RuntimeOption {
	return actra.WithSnapshotResolver(func(context.Context) (map[string]any, error) {
		return map[string]any{"fraud_flag": fraud}, nil
	})
}

func refund(amount any) actra.Action {
	return actra.Action{"type": "refund", "amount": amount}
}

type key string

// saveArtifact writes a policy's `.actra` file.
func saveArtifact(t testing.TB, policy *actra.Policy, path string) {
	t.Helper()
	if err := policy.Save(path); err != nil {
		t.Fatal(err)
	}
}
