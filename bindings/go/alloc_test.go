package actra

import (
	"testing"
	"time"
)

// hot gives what fills and decides one input, per door, and how often it may allocate.
func hot(t testing.TB, policy *Policy) []hotDoor {
	kind, amount, currency := slotOf(t, policy, "action.type"), slotOf(t, policy, "action.amount"), slotOf(t, policy, "action.currency")
	tags, labels, due := slotOf(t, policy, "action.tags"), slotOf(t, policy, "action.labels"), slotOf(t, policy, "action.due")
	tier, role, flag := slotOf(t, policy, "action.customer.tier"), slotOf(t, policy, "actor.role"), slotOf(t, policy, "snapshot.fraud_flag")
	builder := policy.NewBuilder()
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	words, pairs := []string{"new", "web"}, map[string]string{"tier": "gold"}
	full := func(amountOf float64) func() (Decision, error) {
		return func() (Decision, error) {
			builder.Reset()
			builder.SetString(kind, "refund")
			builder.SetFloat(amount, amountOf)
			builder.SetString(currency, "EUR")
			builder.SetStrings(tags, words)
			builder.SetStringMap(labels, pairs)
			builder.SetTime(due, at)
			builder.SetString(tier, "gold")
			builder.SetString(role, "agent")
			builder.SetBool(flag, false)
			return builder.Evaluate()
		}
	}
	strict, err := policy.RefuseUnknownFields()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { strict.Close() })
	text := []byte(`{"action": {"type": "refund", "amount": 20, "currency": "EUR", "tags": ["new", "web"]}, "actor": {"role": "agent"}, "snapshot": {"fraud_flag": false}}`)
	input := refund(20)
	input.Action["tags"], input.Action["labels"] = []string{"new", "web"}, map[string]any{"tier": "gold"}
	return []hotDoor{
		{"builder", 0, full(20)},
		{"builder, one approval", 0, full(2000)},
		{"map", 0, func() (Decision, error) { return policy.Evaluate(input) }},
		{"map, strict", 0, func() (Decision, error) { return strict.Evaluate(input) }},
		{"json", 0, func() (Decision, error) { return policy.EvaluateJSON(text) }},
	}
}

type hotDoor struct {
	name   string
	allocs float64
	decide func() (Decision, error)
}

func TestDecidingAllocatesNothing(t *testing.T) {
	policy := compileRefunds(t)
	type action struct {
		Type     string   `actra:"type"`
		Amount   float64  `actra:"amount"`
		Currency string   `actra:"currency,omitzero"`
		Tags     []string `actra:"tags"`
		Customer *struct {
			Tier string `actra:"tier"`
		} `actra:"customer"`
	}
	type bound struct {
		Action action
		Actor  *struct {
			Role string `actra:"role"`
		}
		Snapshot struct {
			FraudFlag bool `actra:"fraud_flag"`
		}
	}
	binding, err := Bind[bound](policy)
	if err != nil {
		t.Fatal(err)
	}
	value := &bound{Action: action{Type: "refund", Amount: 20, Currency: "EUR", Tags: []string{"new"}}}
	value.Action.Customer = &struct {
		Tier string `actra:"tier"`
	}{"gold"}
	value.Actor = &struct {
		Role string `actra:"role"`
	}{"agent"}
	all := append(hot(t, policy), hotDoor{"struct", 0, func() (Decision, error) { return binding.Evaluate(value) }})
	for _, door := range all {
		if isRaced && door.name != "builder" {
			continue // The race detector makes pools forget; scripts/test-go.sh runs this without it, too.
		}
		if decision, err := door.decide(); err != nil || decision.MatchedRule == "" {
			t.Errorf("%s: %v, %v", door.name, decision, err)
		}
		if allocs := testing.AllocsPerRun(1000, func() { _, _ = door.decide() }); allocs != door.allocs {
			t.Errorf("%s: %v allocations, and not %v", door.name, allocs, door.allocs)
		}
	}
}

func BenchmarkCrossing(b *testing.B) {
	for b.Loop() {
		crossing()
	}
}

func BenchmarkDoors(b *testing.B) {
	policy := compileRefunds(b)
	for _, door := range hot(b, policy) {
		b.Run(door.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := door.decide(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
