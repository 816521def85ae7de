package actra_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"actra"
)

// As docs/analysis.md has them: the limit rises, and the rule for leads goes.
const askedSchema = `version: 1
actions:
  refund: {fields: {amount: {type: integer, required: true, min: 0}}}
  close_account: {fields: {}}
actor: {fields: {role: {type: string, enum: [agent, lead]}}}
snapshot: {fields: {fraud_flag: boolean}}
`

const askedOld = `version: 2
rules:
  - {id: fraud, scope: {action: refund}, when: snapshot.fraud_flag == true, effect: block}
  - {id: large, scope: {action: refund}, when: action.amount >= 1000, effect: require_approval}
  - {id: small, scope: {action: refund}, when: action.amount < 1000, effect: allow}
  - {id: leads, scope: {action: refund}, when: actor.role == lead, effect: allow}
`

const askedNew = `version: 2
rules:
  - {id: fraud, scope: {action: refund}, when: snapshot.fraud_flag == true, effect: block}
  - {id: large, scope: {action: refund}, when: action.amount >= 2000, effect: require_approval}
  - {id: small, scope: {action: refund}, when: action.amount < 2000, effect: allow}
`

func compileAsked(t testing.TB, rules string) *actra.Policy {
	t.Helper()
	policy, err := actra.Compile(actra.Sources{Schema: askedSchema, Policy: rules})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { policy.Close() })
	return policy
}

func isAnalysisError(t testing.TB, err error, code string) *actra.AnalysisError {
	t.Helper()
	var failure *actra.AnalysisError
	if !errors.As(err, &failure) {
		t.Fatalf("the error is %v, not %s", err, code)
	}
	if failure.Code != code || !errors.Is(err, &actra.AnalysisError{Code: code}) || !errors.Is(err, &actra.AnalysisError{}) ||
		errors.Is(err, &actra.AnalysisError{Code: "other"}) || !strings.Contains(err.Error(), failure.Message) {
		t.Errorf("the error is %v, not %s", err, code)
	}
	return failure
}

// isDecidedSo has the policy decide about a witness.
func isDecidedSo(t testing.TB, policy *actra.Policy, input []byte, expected actra.Outcome) {
	t.Helper()
	decision, err := policy.EvaluateJSON(input)
	if err != nil || decision.Effect != expected.Effect || decision.MatchedRule != expected.MatchedRule || expected.Error != "" {
		t.Errorf("%s: %v %v, not %v", input, decision, err, expected)
	}
}

func TestQuestionsAreAnswered(t *testing.T) {
	policy := compileAsked(t, askedOld)
	refund := []string{"refund"}
	for _, test := range []struct {
		question actra.Question
		holds    actra.Proof
		vacuous  bool
	}{
		{actra.Question{Never: actra.Allow, Actions: refund, Assume: "snapshot.fraud_flag == true"}, actra.Proved, false},
		{actra.Question{Never: actra.Allow, Actions: refund, Assume: "action.amount > 500"}, actra.Refuted, false},
		{actra.Question{Always: actra.Block}, actra.Refuted, false},
		{actra.Question{Always: actra.Block, Actions: []string{}}, actra.Refuted, false},
		{actra.Question{Never: actra.Block, Actions: refund, Assume: "action.amount < 0"}, actra.Proved, true},
		// Without Complete, a flag that is missing blocks.
		{actra.Question{Never: actra.Block, Actions: refund, Assume: "snapshot.fraud_flag == false"}, actra.Refuted, false},
		{actra.Question{Never: actra.Block, Actions: refund, Assume: "snapshot.fraud_flag == false", Complete: true}, actra.Proved, false},
		{actra.Question{Always: actra.RequireApproval, Actions: refund, Complete: true, Assume: map[string]any{
			"all": []any{"snapshot.fraud_flag == false", "action.amount >= 1000"},
		}}, actra.Proved, false},
	} {
		answer, err := policy.Ask(test.question)
		if err != nil {
			t.Errorf("%+v: %v", test.question, err)
			continue
		}
		if answer.Holds != test.holds || answer.Vacuous != test.vacuous || answer.Question != test.question.String() {
			t.Errorf("%+v: %+v", test.question, answer)
		}
		refuted := false
		for _, action := range answer.Actions {
			refuted = refuted || action.Holds == actra.Refuted
			if (action.Holds == actra.Refuted) != (action.Counterexample != nil) || action.Undecided != nil {
				t.Errorf("%+v: %+v", test.question, action)
			}
			if shown := action.Counterexample; shown != nil {
				isDecidedSo(t, policy, shown.Input, shown.Outcome)
			}
		}
		if refuted != (test.holds == actra.Refuted) {
			t.Errorf("%+v: %+v", test.question, answer.Actions)
		}
	}
}

func TestAnUndecidedAnswerIsNeitherProvedNorAnError(t *testing.T) {
	policy := compileAsked(t, askedOld)
	answer, err := policy.Ask(actra.Question{Always: actra.Block, Actions: []string{"refund"}, Budget: 1})
	if err != nil {
		t.Fatal(err)
	}
	why := answer.Actions[0].Undecided
	if answer.Holds != actra.Undecided || why == nil || why.Code != "budget" || why.Help == "" || answer.Actions[0].Counterexample != nil {
		t.Errorf("%+v", answer)
	}
	difference, err := actra.Diff(policy, compileAsked(t, askedNew), actra.WithBudget(0))
	if err != nil {
		t.Fatal(err)
	}
	if difference.Same == actra.Proved || len(difference.Undecided) == 0 || difference.Undecided[0].Reason.Code != "budget" {
		t.Errorf("%+v", difference)
	}
	var zero actra.Answer
	if zero.Holds == actra.Proved || zero.Holds.String() != "undecided" {
		t.Error("an answer that nobody has given is proved")
	}
}

func TestAnAnalysisTellsOfEveryRuleAndAction(t *testing.T) {
	policy := compileAsked(t, askedOld)
	analysis, err := policy.Analyze()
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]actra.RuleVerdict{}
	for _, rule := range analysis.Rules {
		verdicts[rule.ID] = rule.Verdict
		if rule.Verdict == actra.RuleEffective {
			isDecidedSo(t, policy, rule.Example.Input, rule.Example.Outcome)
		}
	}
	expected := map[string]actra.RuleVerdict{
		"fraud": actra.RuleEffective, "large": actra.RuleEffective, "small": actra.RuleEffective, "leads": actra.RuleShadowed,
	}
	if !reflect.DeepEqual(verdicts, expected) || !reflect.DeepEqual(analysis.Rules[3].ShadowedBy, []string{"large", "small"}) {
		t.Errorf("%+v", analysis.Rules)
	}
	var effects, fields []string
	for _, action := range analysis.Actions {
		for _, field := range action.Fields {
			if field.IsRead {
				fields = append(fields, action.Action+" "+field.Field+" "+string(field.Influence))
			}
			if (len(field.Examples) == 2) != (field.Influence != actra.InfluenceNothing) || field.Undecided != nil {
				t.Errorf("%+v", field)
			}
		}
		for _, effect := range action.Effects {
			effects = append(effects, action.Action+" "+effect.Effect.String()+" "+effect.Possible.String())
			if (effect.Example != nil) != (effect.Possible == actra.Proved) {
				t.Errorf("%+v", effect)
			}
		}
	}
	if strings.Join(effects, ", ") != "close_account allow refuted, close_account require_approval refuted, close_account block proved, "+
		"refund allow proved, refund require_approval proved, refund block proved" {
		t.Error(effects)
	}
	if strings.Join(fields, ", ") != "refund action.amount effect, refund actor.role nothing, refund snapshot.fraud_flag effect" {
		t.Error(fields)
	}
	found := false
	for _, diagnostic := range analysis.Diagnostics {
		found = found || diagnostic.Code == "shadowed_rule" && diagnostic.Line == 6
	}
	if !found || analysis.Steps == 0 || analysis.Silenced != 0 {
		t.Errorf("%+v", analysis)
	}
}

func TestADifferenceHasAnInputForEachWay(t *testing.T) {
	old, next := compileAsked(t, askedOld), compileAsked(t, askedNew)
	difference, err := actra.Diff(old, next)
	if err != nil {
		t.Fatal(err)
	}
	if difference.Same != actra.Refuted || !difference.Weaker || len(difference.Changes) == 0 || difference.HasMore ||
		len(difference.Undecided)+len(difference.AddedActions)+len(difference.RemovedActions) != 0 {
		t.Errorf("%+v", difference)
	}
	for _, change := range difference.Changes {
		if change.Action != "refund" || change.Direction != actra.ChangeWeaker {
			t.Errorf("%+v", change)
		}
		isDecidedSo(t, old, change.Input, change.Old)
		isDecidedSo(t, next, change.Input, change.New)
	}
	back, err := actra.Diff(next, old, actra.WithBudget(math.MaxUint64))
	if err != nil || back.Weaker || back.Changes[0].Direction != actra.ChangeStricter {
		t.Error(back, err)
	}
	same, err := actra.Diff(old, old)
	if err != nil || same.Same != actra.Proved || len(same.Changes) != 0 {
		t.Error(same, err)
	}
}

func TestAnswersMarshalAsTheyCame(t *testing.T) {
	policy := compileAsked(t, askedOld)
	answer, err := policy.Ask(actra.Question{Never: actra.Allow, Actions: []string{"refund"}, Assume: "snapshot.fraud_flag == true"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(answer)
	if err != nil || string(text) != `{"question":"never allow","holds":true,"vacuous":false,"actions":[{"action":"refund",`+
		`"holds":true,"vacuous":false,"counterexample":null,"undecided":null}]}` {
		t.Error(string(text), err)
	}
	for _, proof := range []actra.Proof{actra.Undecided, actra.Proved, actra.Refuted} {
		text, err := json.Marshal(proof)
		read := actra.Proof(9)
		if err != nil || json.Unmarshal(text, &read) != nil || read != proof {
			t.Error(proof, string(text), err)
		}
	}
	var proof actra.Proof
	if _, err := json.Marshal(actra.Proof(9)); err == nil || json.Unmarshal([]byte("5"), &proof) == nil || actra.Proof(9).String() != "Proof(9)" {
		t.Error("9 is a proof")
	}
}

func TestQuestionsThatAreNoneAreRefused(t *testing.T) {
	policy := compileAsked(t, askedOld)
	for _, test := range []struct {
		question actra.Question
		code     string
	}{
		{actra.Question{}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Always: actra.Block}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Effect(9)}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Actions: []string{"refnd"}}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Actions: []string{"\xff"}}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Assume: "\xff"}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Assume: json.RawMessage("\"\xff\"")}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Assume: math.NaN()}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Assume: func() {}}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Assume: json.RawMessage("{")}, actra.AnalysisBadQuestion},
		{actra.Question{Never: actra.Allow, Assume: ""}, actra.AnalysisBadAssumption},
		{actra.Question{Never: actra.Allow, Assume: 5}, actra.AnalysisBadAssumption},
		{actra.Question{Never: actra.Allow, Assume: map[string]any{"all": 5}}, actra.AnalysisBadAssumption},
	} {
		answer, err := policy.Ask(test.question)
		if answer != nil {
			t.Errorf("%+v: %+v", test.question, answer)
		}
		isAnalysisError(t, err, test.code)
	}
	_, err := policy.Ask(actra.Question{Never: actra.Allow, Actions: []string{"refund"}, Assume: "action.amout > 5"})
	if failure := isAnalysisError(t, err, actra.AnalysisBadAssumption); !strings.Contains(failure.Rendered, "did you mean `amount`?") {
		t.Error(failure.Rendered)
	}
}

func TestArtifactsWithoutDocumentsAreNotAsked(t *testing.T) {
	compiled := compileAsked(t, askedOld)
	artifact, err := compiled.Artifact()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := actra.Load(artifact)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	_, err = loaded.Ask(actra.Question{Never: actra.Allow})
	isAnalysisError(t, err, actra.AnalysisNoDocuments)
	_, err = loaded.Analyze()
	isAnalysisError(t, err, actra.AnalysisNoDocuments)
	_, err = actra.Diff(loaded, compiled)
	isAnalysisError(t, err, actra.AnalysisNoDocuments)
	_, err = actra.Diff(compiled, loaded)
	isAnalysisError(t, err, actra.AnalysisNoDocuments)
}

// `actra compile --with-documents` has written it.
func TestAnArtifactWithDocumentsAnswersAsTheyDo(t *testing.T) {
	artifact, err := os.ReadFile("../../conformance/golden/format-1.1.actra")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := actra.Load(artifact)
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	answer, err := policy.Ask(actra.Question{Never: actra.Allow, Assume: "snapshot.fraud_flag == true"})
	if err != nil || answer.Holds != actra.Proved || answer.Vacuous {
		t.Errorf("%+v %v", answer, err)
	}
	answer, err = policy.Ask(actra.Question{Always: actra.Block, Actions: []string{"refund"}})
	if err != nil || answer.Holds != actra.Refuted || len(answer.Actions) != 1 || answer.Actions[0].Counterexample == nil {
		t.Fatalf("%+v %v", answer, err)
	}
	example := answer.Actions[0].Counterexample
	isDecidedSo(t, policy, example.Input, example.Outcome)
	analysis, err := policy.Analyze()
	if err != nil || len(analysis.Rules) != 7 {
		t.Errorf("%+v %v", analysis, err)
	}
	difference, err := actra.Diff(policy, policy)
	if err != nil || difference.Same != actra.Proved {
		t.Errorf("%+v %v", difference, err)
	}
	_, err = policy.Ask(actra.Question{Never: actra.Allow, Assume: "snapshot.froud_flag == true"})
	isAnalysisError(t, err, actra.AnalysisBadAssumption)
}

func TestAClosedPolicyIsNotAsked(t *testing.T) {
	open, closed := compileAsked(t, askedOld), compileAsked(t, askedNew)
	closed.Close()
	for name, ask := range map[string]func() error{
		"ask":     func() error { _, err := closed.Ask(actra.Question{Never: actra.Allow}); return err },
		"analyze": func() error { _, err := closed.Analyze(nil); return err },
		"old":     func() error { _, err := actra.Diff(closed, open); return err },
		"new":     func() error { _, err := actra.Diff(open, closed); return err },
		"nil":     func() error { _, err := (*actra.Policy)(nil).Ask(actra.Question{Never: actra.Allow}); return err },
		"nil old": func() error { _, err := actra.Diff(nil, open); return err },
		"nil new": func() error { _, err := actra.Diff(open, nil); return err },
	} {
		if err := ask(); !errors.Is(err, actra.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGoroutinesAskWhileThePolicyIsClosed(t *testing.T) {
	next := compileAsked(t, askedNew)
	for range 5 {
		policy := compileAsked(t, askedOld)
		var group sync.WaitGroup
		for i := range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				var err error
				if i%2 == 0 {
					var difference *actra.Difference
					if difference, err = actra.Diff(policy, next); err == nil && !difference.Weaker {
						t.Errorf("%+v", difference)
					}
				} else {
					var answer *actra.Answer
					if answer, err = policy.Ask(actra.Question{Always: actra.Block}); err == nil && answer.Holds != actra.Refuted {
						t.Errorf("%+v", answer)
					}
				}
				if err != nil && !errors.Is(err, actra.ErrClosed) {
					t.Error(err)
				}
			}()
		}
		policy.Close()
		group.Wait()
	}
}
