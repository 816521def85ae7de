package actra_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"actra"
)

const schema = `
version: 1
actions:
  refund:
    fields:
      amount: {type: number, min: 0}
      currency: {type: string, enum: [USD, EUR]}
      labels: {type: map, values: string}
actor: {fields: {role: string}}
snapshot: {fields: {fraud_flag: boolean, as_of: timestamp}}
`

const rules = `
version: 2
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
  - {id: small, scope: {action: refund}, when: action.amount <= 1000, effect: allow}
`

// mustCompile is what the other examples start with.
func mustCompile() *actra.Policy {
	policy, err := actra.Compile(actra.Sources{Schema: schema, Policy: rules})
	if err != nil {
		log.Fatal(err)
	}
	return policy
}

func Example() {
	policy, err := actra.Compile(actra.Sources{Schema: schema, Policy: rules})
	if err != nil {
		log.Fatal(err)
	}
	defer policy.Close()

	decision, err := policy.Evaluate(actra.Input{
		Action:   map[string]any{"type": "refund", "amount": 20, "currency": "EUR"},
		Actor:    map[string]any{"type": "ai_agent", "role": "support"},
		Snapshot: map[string]any{"fraud_flag": false},
	})
	switch {
	case err != nil:
		fmt.Println("no decision, so blocked:", err)
	case decision.Allowed():
		fmt.Println("paid, by", decision.MatchedRule)
	case decision.NeedsApproval():
		fmt.Println("waits:", decision.Message)
	default:
		fmt.Println("refused:", decision.Message)
	}
	// Output: paid, by small
}

func ExampleCompile() {
	_, err := actra.Compile(actra.Sources{
		Schema: schema,
		Policy: "version: 2\nrules:\n  - {id: r, scope: {action: refund}, when: action.amout > 5, effect: block}\n",
	})
	fmt.Println(err)
	var failure *actra.CompileError
	if errors.As(err, &failure) {
		fmt.Println(failure.Diagnostics[0].Help)
	}
	// Output:
	// actra: policy.yaml:3:51: error[undeclared_field]: the schema does not declare `action.amout`
	// did you mean `amount`?
}

func ExampleFromDirectory() {
	directory, err := os.MkdirTemp("", "policy")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	os.WriteFile(filepath.Join(directory, "schema.yaml"), []byte(schema), 0o644)
	os.WriteFile(filepath.Join(directory, "policy.yaml"), []byte(rules), 0o644)

	policy, err := actra.FromDirectory(directory)
	if err != nil {
		log.Fatal(err)
	}
	defer policy.Close()
	fmt.Println(len(policy.Rules()), "rules")

	_, err = actra.FromDirectory(filepath.Join(directory, "elsewhere"))
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output:
	// 3 rules
	// true
}

func ExampleFromFiles() {
	_, err := actra.FromFiles("no/schema.yaml", "no/policy.yaml", "")
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output: true
}

func ExampleLoad() {
	compiled := mustCompile()
	defer compiled.Close()
	artifact, err := compiled.Artifact()
	if err != nil {
		log.Fatal(err)
	}

	// Elsewhere, from bytes that need not be trusted to be well-formed:
	policy, err := actra.Load(artifact)
	if err != nil {
		log.Fatal(err)
	}
	defer policy.Close()
	fmt.Println(policy.Hash() == compiled.Hash())

	_, err = actra.Load([]byte("something else"))
	var failure *actra.ArtifactError
	fmt.Println(errors.As(err, &failure), failure.Code)
	// Output:
	// true
	// true not_an_artifact
}

func ExampleOpen() {
	compiled := mustCompile()
	defer compiled.Close()
	path := filepath.Join(os.TempDir(), "example_open.actra")
	defer os.Remove(path)
	if err := compiled.Save(path); err != nil {
		log.Fatal(err)
	}
	policy, err := actra.Open(path, actra.RefuseUnknownFields())
	if err != nil {
		log.Fatal(err)
	}
	defer policy.Close()
	_, err = policy.Evaluate(actra.Input{Action: map[string]any{"type": "refund", "amount": 5, "amuont": 5}})
	fmt.Println(err)
	// Output: actra: input error[unknown_field]: the schema does not name `action.amuont` here
}

func ExamplePolicy_Evaluate() {
	policy := mustCompile()
	defer policy.Close()
	decision, err := policy.Evaluate(actra.Input{
		Action:   map[string]any{"type": "refund", "amount": 5000, "labels": map[string]string{"team": "web"}},
		Snapshot: map[string]any{"fraud_flag": false, "as_of": time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(decision)
	fmt.Println(string(decision.RequiredActions[0]))
	// Output:
	// require_approval by large: Refunds over 1000 need a finance manager.
	// {"role":"finance_manager","type":"human_approval"}
}

// What a rule needs to know and the input does not say makes restricting rules fire, and the
// decision says what it was.
func ExamplePolicy_Evaluate_missing() {
	policy := mustCompile()
	defer policy.Close()
	decision, err := policy.Evaluate(actra.Input{Action: map[string]any{"type": "refund", "amount": 5}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(decision.Effect, decision.MatchedRule, decision.Missing)
	// Output: block fraud [snapshot.fraud_flag]
}

// An input error is no decision, and says so by its type.
func ExampleInputError() {
	policy := mustCompile()
	defer policy.Close()
	decision, err := policy.Evaluate(actra.Input{Action: map[string]any{"type": "refund", "amount": "many"}})
	var failure *actra.InputError
	if errors.As(err, &failure) {
		fmt.Println(failure.Code, failure.Field)
		fmt.Println(failure.Message)
	}
	fmt.Println(errors.Is(err, &actra.InputError{Code: actra.WrongType}))
	fmt.Println(decision.Effect, decision.Allowed())
	// Output:
	// wrong_type action.amount
	// `action.amount` is a string, and the schema says number
	// true
	// invalid false
}

func ExamplePolicy_EvaluateJSON() {
	policy := mustCompile()
	defer policy.Close()
	decision, err := policy.EvaluateJSON([]byte(`{
		"action": {"type": "refund", "amount": 20},
		"snapshot": {"fraud_flag": false}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(decision)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	// Output: {"effect":"allow","matched_rule":"small"}
}

func ExamplePolicy_Explain() {
	policy := mustCompile()
	defer policy.Close()
	explanation, err := policy.Explain(actra.Input{
		Action:   map[string]any{"type": "refund", "amount": 1200},
		Snapshot: map[string]any{"fraud_flag": false},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(explanation)
	// Output:
	// require_approval by large
	//   message          Refunds over 1000 need a finance manager.
	//   required action  {"role":"finance_manager","type":"human_approval"}
	//
	// input
	//   action.type          refund
	//   action.amount        1200
	//   snapshot.fraud_flag  false
	//
	// fired
	//   require_approval large: decided  policy.yaml:9
	//     ✓ action.amount > 1000  1200
	//
	// did not fire, nearest first
	//   block fraud: lacks 1 test  policy.yaml:4
	//     ✗ snapshot.fraud_flag == true  false
	//   allow small: lacks 1 test  policy.yaml:15
	//     ✗ action.amount <= 1000  1200
}

func ExamplePolicy_Ask() {
	policy := mustCompile()
	defer policy.Close()
	// Whatever else an input says: what is under suspicion of fraud is never allowed.
	answer, err := policy.Ask(actra.Question{
		Never:   actra.Allow,
		Actions: []string{"refund"},
		Assume:  "snapshot.fraud_flag == true",
	})
	if err != nil {
		log.Fatal(err)
	}
	if answer.Holds != actra.Proved {
		log.Fatal("refunds may be allowed in spite of fraud")
	}

	answer, err = policy.Ask(actra.Question{Never: actra.Allow, Assume: "action.amount > 500"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Question, answer.Holds)
	shown := answer.Actions[0].Counterexample
	decision, err := policy.EvaluateJSON(shown.Input)
	fmt.Println(decision, err)
	// Output:
	// never allow refuted
	// allow by small <nil>
}

func ExamplePolicy_Analyze() {
	policy, err := actra.Compile(actra.Sources{Schema: schema, Policy: rules +
		"  - {id: tiny, scope: {action: refund}, when: action.amount <= 10, effect: allow}\n"})
	if err != nil {
		log.Fatal(err)
	}
	defer policy.Close()
	analysis, err := policy.Analyze()
	if err != nil {
		log.Fatal(err)
	}
	for _, rule := range analysis.Rules {
		fmt.Println(rule.ID, rule.Verdict, rule.ShadowedBy)
	}
	// Output:
	// fraud effective []
	// large effective []
	// small effective []
	// tiny shadowed [small]
}

func ExampleDiff() {
	old := mustCompile()
	defer old.Close()
	new, err := actra.Compile(actra.Sources{Schema: schema, Policy: strings.ReplaceAll(rules, "1000", "2000")})
	if err != nil {
		log.Fatal(err)
	}
	defer new.Close()
	difference, err := actra.Diff(old, new)
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range difference.Changes {
		fmt.Println(change.Direction, change.Old.Effect, change.New.Effect, string(change.Input))
	}
	// Output:
	// weaker require_approval allow {"action": {"type": "refund", "amount": 1001}, "actor": {}, "snapshot": {"fraud_flag": false}}
}

func ExamplePolicy_NewBuilder() {
	policy := mustCompile()
	defer policy.Close()

	// Once: where the fields stand.
	var fields struct{ kind, amount, fraud actra.Slot }
	for name, slot := range map[string]*actra.Slot{
		"action.type": &fields.kind, "action.amount": &fields.amount, "snapshot.fraud_flag": &fields.fraud,
	} {
		var err error
		if *slot, err = policy.Slot(name); err != nil {
			log.Fatal(err)
		}
	}

	// Once per goroutine.
	b := policy.NewBuilder()

	for _, amount := range []int64{20, 2000} {
		b.Reset()
		b.SetString(fields.kind, "refund")
		b.SetInt(fields.amount, amount)
		b.SetBool(fields.fraud, false)
		decision, err := b.Evaluate()
		fmt.Println(amount, decision.Effect, err)
	}
	// Output:
	// 20 allow <nil>
	// 2000 require_approval <nil>
}

func ExampleBind() {
	type Refund struct {
		Action struct {
			Type     string            `actra:"type"`
			Amount   float64           `actra:"amount"`
			Currency string            `actra:"currency,omitzero"`
			Labels   map[string]string `actra:"labels"`
			TraceID  string            `actra:"-"`
		}
		Snapshot struct {
			FraudFlag bool `actra:"fraud_flag"`
		}
	}

	policy := mustCompile()
	defer policy.Close()
	refunds, err := actra.Bind[Refund](policy)
	if err != nil {
		log.Fatal(err)
	}

	var refund Refund
	refund.Action.Type, refund.Action.Amount = "refund", 120
	decision, err := refunds.Evaluate(&refund)
	fmt.Println(decision.Effect, err)

	_, err = actra.Bind[struct {
		Action struct {
			Amount string `actra:"amount"`
		}
	}](policy)
	fmt.Println(err != nil)
	// Output:
	// allow <nil>
	// true
}

func ExamplePolicy_Rules() {
	policy := mustCompile()
	defer policy.Close()
	for _, rule := range policy.Rules() {
		fmt.Printf("%s:%d %s %v\n", rule.File, rule.Line, rule.ID, rule.Effect)
	}
	// Output:
	// policy.yaml:4 fraud block
	// policy.yaml:9 large require_approval
	// policy.yaml:15 small allow
}

func ExampleSchema_Fields() {
	policy := mustCompile()
	defer policy.Close()
	for _, field := range policy.Schema().Fields("refund") {
		fmt.Println(field.Name, field.Type)
	}
	// Output:
	// action.amount number
	// action.currency string
	// action.labels map of string
}
