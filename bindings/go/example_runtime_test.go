package actra_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"actra"
)

var refundDocuments = actra.Sources{
	Schema: `
version: 1
actions:
  refund:
    fields: {amount: {type: number, required: true}}
actor:
  fields: {role: string}
snapshot:
  fields: {fraud_flag: boolean}
`,
	Policy: `
version: 2
rules:
  - id: fraud
    scope: {action: refund}
    when: snapshot.fraud_flag == true
    effect: block
    message: Payments are stopped while fraud is looked into.
  - id: large
    scope: {action: refund}
    when: action.amount > 1000
    effect: require_approval
    required_actions: [{type: human_approval, role: manager}]
  - {id: support, scope: {action: refund}, when: actor.role == support, effect: allow}
`,
}

// session is what the host knows of whoever calls.
type session struct{ role string }

type sessionKey struct{}

// refundRuntime is a runtime that finds the actor in the context, as services do.
func refundRuntime() *actra.Runtime {
	policy, err := actra.Compile(refundDocuments)
	if err != nil {
		panic(err)
	}
	return actra.NewRuntime(policy,
		actra.WithActorResolver(func(ctx context.Context) (map[string]any, error) {
			caller, ok := ctx.Value(sessionKey{}).(session)
			if !ok {
				return nil, errors.New("nobody is signed in")
			}
			return map[string]any{"role": caller.role}, nil
		}),
		actra.WithSnapshotResolver(func(context.Context) (map[string]any, error) {
			return map[string]any{"fraud_flag": false}, nil
		}),
	)
}

func ExampleRuntime_Admit() {
	runtime := refundRuntime()
	ctx := context.WithValue(context.Background(), sessionKey{}, session{role: "support"})

	for _, amount := range []int{20, 5000} {
		err := runtime.Admit(ctx, actra.Action{"type": "refund", "amount": amount}, func(context.Context) error {
			fmt.Println("refunded", amount)
			return nil
		})
		var approval *actra.ApprovalRequired
		switch {
		case errors.As(err, &approval):
			fmt.Printf("%d waits: %s\n", amount, approval.RequiredActions())
		case err != nil:
			fmt.Println(err)
		}
	}

	// Nobody is signed in: that is an error, and the function does not run.
	err := runtime.Admit(context.Background(), actra.Action{"type": "refund", "amount": 20}, func(context.Context) error {
		fmt.Println("never printed")
		return nil
	})
	fmt.Println(err)
	// Output:
	// refunded 20
	// 5000 waits: [{"role":"manager","type":"human_approval"}]
	// actra: the resolver of `actor` failed: nobody is signed in
}

func ExampleAdmitValue() {
	runtime := refundRuntime()
	ctx := context.WithValue(context.Background(), sessionKey{}, session{role: "guest"})

	receipt, err := actra.AdmitValue(ctx, runtime, actra.Action{"type": "refund", "amount": 20},
		func(context.Context) (string, error) { return "receipt 1", nil })
	fmt.Printf("%q %v\n", receipt, err)
	fmt.Println(errors.Is(err, actra.ErrBlocked))
	// Output:
	// "" actra: action `refund` is blocked by default: no rule fired
	// true
}

func ExampleRuntime_Audit() {
	// Before a policy is enforced, it can be watched.
	runtime := refundRuntime().With(actra.WithObserver(func(_ context.Context, event actra.DecisionEvent) {
		fmt.Println("would", event.Effect(), "by", event.MatchedRule())
	}))
	ctx := context.WithValue(context.Background(), sessionKey{}, session{role: "support"})

	err := runtime.Audit(ctx, actra.Action{"type": "refund", "amount": 5000}, func(context.Context) error {
		fmt.Println("refunded all the same")
		return nil
	})
	fmt.Println(err)
	// Output:
	// would require_approval by large
	// refunded all the same
	// <nil>
}

func ExampleOpenReloading() {
	directory, err := os.MkdirTemp("", "policy")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "refund.actra")
	policy, err := actra.Compile(refundDocuments)
	if err != nil {
		panic(err)
	}
	if err := policy.Save(path); err != nil {
		panic(err)
	}

	source, err := actra.OpenReloading(path)
	if err != nil {
		panic(err)
	}
	defer source.Close()
	runtime := actra.NewRuntime(source)

	// A file that is no policy is refused, and the policy in force goes on deciding.
	if err := os.WriteFile(path, []byte("half a file"), 0o600); err != nil {
		panic(err)
	}
	fmt.Println("refused:", source.Reload(context.Background()) != nil)
	decision, err := runtime.Evaluate(context.Background(), actra.Action{"type": "refund", "amount": 20})
	fmt.Println(decision.Effect, decision.MatchedRule, err)
	// Output:
	// refused: true
	// block fraud <nil>
}

func ExampleOpenDecisionLog() {
	directory, err := os.MkdirTemp("", "log")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "decisions.jsonl")
	policy, err := actra.Compile(refundDocuments)
	if err != nil {
		panic(err)
	}
	defer policy.Close()

	log, err := actra.OpenDecisionLog(path, actra.WithMask("actor.role"))
	if err != nil {
		panic(err)
	}
	defer log.Close()
	runtime := actra.NewRuntime(policy, actra.WithObserver(log.Observer()))

	_, err = runtime.Evaluate(context.Background(), actra.Action{"type": "refund", "amount": 20})
	fmt.Println(err, log.Flush())
	status, err := log.Status()
	fmt.Println(status.Written, err)
	// Output:
	// <nil> <nil>
	// 1 <nil>
}
