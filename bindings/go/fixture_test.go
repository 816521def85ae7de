package actra

import "testing"

// What the tests of this package decide about.
const refundSchema = `version: 1
actions:
  refund:
    fields:
      amount: {type: number, min: 0}
      currency: {type: string, enum: [USD, EUR]}
      tags: {type: list, items: string}
      customer: {type: object, fields: {tier: string}}
      labels: {type: map, values: string}
      due: timestamp
actor: {fields: {role: string}}
snapshot: {fields: {fraud_flag: boolean}}
`

const refundPolicy = `version: 2
rules:
  - id: fraud
    scope: {action: refund}
    when: snapshot.fraud_flag == true
    effect: block
    message: The account is under review.
  - id: large
    scope: {action: refund}
    when: action.amount > 1000
    effect: require_approval
    message: Refunds over 1000 need a finance manager.
    required_actions: [{type: human_approval, role: finance_manager}]
  - id: dollars
    scope: {action: refund}
    when: {all: [action.amount > 500, action.currency == USD]}
    effect: require_approval
    required_actions: [{type: note}, {type: human_approval, role: finance_manager}]
  - {id: small, scope: {action: refund}, when: action.amount <= 1000, effect: allow}
  - {id: nobody, scope: {action: refund}, when: actor.role == nobody, effect: block, mode: shadow}
  - {id: vip, scope: {action: refund}, when: {any: [action.tags contains vip, 'action.labels["tier"] == "gold"', action.customer.tier == gold, action.due > "2100-01-01T00:00:00Z"]}, effect: allow}
`

func compileRefunds(t testing.TB, options ...LoadOption) *Policy {
	t.Helper()
	policy, err := Compile(Sources{Schema: refundSchema, Policy: refundPolicy})
	if err != nil {
		t.Fatal(err)
	}
	policy.apply(options)
	t.Cleanup(func() { policy.Close() })
	return policy
}

// refund is an input in which nothing is missing.
func refund(amount any) Input {
	return Input{
		Action:   map[string]any{"type": "refund", "amount": amount, "currency": "USD"},
		Actor:    map[string]any{"type": "human", "role": "agent"},
		Snapshot: map[string]any{"fraud_flag": false},
	}
}
