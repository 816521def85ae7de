package actra

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestADecisionIsToldInFull(t *testing.T) {
	policy := compileRefunds(t)
	human := json.RawMessage(`{"role":"finance_manager","type":"human_approval"}`)
	note := json.RawMessage(`{"type":"note"}`)
	euros := refund(2000)
	euros.Action["currency"] = "EUR"
	unknown := refund(20)
	delete(unknown.Snapshot, "fraud_flag")
	nobody := refund(20)
	nobody.Actor["role"] = "nobody"
	shop := refund(20)
	shop.Action["type"] = "nothing"
	for name, one := range map[string]struct {
		input    Input
		expected Decision
	}{
		"one rule":       {refund(20), Decision{Effect: Allow, MatchedRule: "small"}},
		"several":        {refund(2000), Decision{Effect: RequireApproval, MatchedRule: "large", MatchedRules: []string{"large", "dollars"}, Message: "Refunds over 1000 need a finance manager.", RequiredActions: []json.RawMessage{human, note}}},
		"one approval":   {euros, Decision{Effect: RequireApproval, MatchedRule: "large", Message: "Refunds over 1000 need a finance manager.", RequiredActions: []json.RawMessage{human}}},
		"something less": {unknown, Decision{Effect: Block, MatchedRule: "fraud", Message: "The account is under review.", Missing: []string{"snapshot.fraud_flag"}}},
		"a shadow":       {nobody, Decision{Effect: Allow, MatchedRule: "small", Shadow: &Shadow{Effect: Block, MatchedRule: "nobody"}}},
	} {
		// Twice: rules are read when they first come up.
		for range 2 {
			found, err := policy.Evaluate(one.input)
			if err != nil || !reflect.DeepEqual(found, one.expected) {
				t.Errorf("%s: %+v, %v, and not %+v", name, found, err, one.expected)
			}
		}
		text, err := json.Marshal(one.expected)
		if err != nil {
			t.Fatal(err)
		}
		var again Decision
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, one.expected) {
			t.Errorf("%s: %s reads as %+v, %v", name, text, again, err)
		}
	}
	if decision, err := policy.Evaluate(shop); err == nil || !reflect.DeepEqual(decision, Decision{}) {
		t.Errorf("an unknown action: %v, %v", decision, err)
	}
}

func TestTheZeroDecisionIsNothing(t *testing.T) {
	var zero Decision
	if zero.Allowed() || zero.Blocked() || zero.NeedsApproval() || zero.Effect != Invalid || zero.String() != "invalid" {
		t.Errorf("%+v", zero)
	}
	for effect, methods := range map[Effect][3]bool{Allow: {true, false, false}, Block: {false, true, false}, RequireApproval: {false, false, true}} {
		d := Decision{Effect: effect}
		if found := [3]bool{d.Allowed(), d.Blocked(), d.NeedsApproval()}; found != methods {
			t.Errorf("%v: %v", effect, found)
		}
		text, err := effect.MarshalText()
		var again Effect
		if err != nil || again.UnmarshalText(text) != nil || again != effect || string(text) != effect.String() {
			t.Errorf("%v as text: %s, %v", effect, text, again)
		}
	}
	var effect Effect
	if err := effect.UnmarshalText([]byte("permit")); err == nil || effect != Invalid {
		t.Error("permit is an effect")
	}
	if _, err := Effect(9).MarshalText(); err == nil || Effect(9).String() != "Effect(9)" {
		t.Error("9 is an effect")
	}
}

func TestDecisionsAreWrittenAsEveryDoorWritesThem(t *testing.T) {
	policy, err := Compile(Sources{
		Schema: "version: 1\nactions: {pay: {fields: {n: number}}}\n",
		Policy: "version: 2\nrules:\n  - {id: a<b, scope: {action: pay}, when: action.n > 1, effect: require_approval, message: 'x & \"y\"', required_actions: [{to: <a>}]}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	text := []byte(`{"action": {"type": "pay", "n": 2}}`)
	decision, err := policy.EvaluateJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	found, err := decision.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var out outcome
	var expected []byte
	if err := policy.handle.with(func(p policyPointer) error {
		expected, _ = p.evaluateText(text, 0, true, &out)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(found, expected) {
		t.Errorf("%s\nand libactra %s", found, expected)
	}
}

func TestDocumentsThatDoNotCompileSayEverythingAtOnce(t *testing.T) {
	_, err := Compile(Sources{Schema: refundSchema, Policy: "version: 2\nrules:\n  - {id: a, scope: {action: refund}, when: action.amout > 5, effect: allow}\n  - {id: a, scope: {action: refnd}, effect: alow}\n"})
	failure := (*CompileError)(nil)
	if !errors.As(err, &failure) {
		t.Fatalf("%v", err)
	}
	if len(failure.Diagnostics) < 3 || !strings.Contains(failure.Rendered, "did you mean") {
		t.Errorf("%+v", failure)
	}
	first := (*Diagnostic)(nil)
	if !errors.As(err, &first) || first.Code != "undeclared_field" || first.File != "policy.yaml" || first.Line != 3 || first.Column != 51 || first.Help == "" {
		t.Errorf("%+v", first)
	}
	wanted := "actra: policy.yaml:3:51: error[undeclared_field]: the schema does not declare `action.amout` (the first of "
	if !strings.HasPrefix(err.Error(), wanted) {
		t.Errorf("%v", err)
	}
	for _, sources := range []Sources{{}, {Schema: refundSchema}, {Schema: "\xff", Policy: refundPolicy}, {Schema: refundSchema, Policy: refundPolicy, Governance: "\xff"}, {Schema: "\x00"}} {
		if policy, err := Compile(sources); policy != nil || !errors.As(err, &failure) || len(failure.Diagnostics) == 0 || failure.Rendered == "" || !strings.Contains(err.Error(), "error[") {
			t.Errorf("%q: %v, %v", sources, policy, err)
		}
	}
	if _, err := Compile(Sources{Schema: refundSchema, Policy: refundPolicy, Governance: "version: 2\ngovernance: {rules: [{id: g, select: {where: {id: none}}, must: {min_count: 1}, error: There must be one.}]}\n"}); err == nil || !strings.Contains(err.Error(), "There must be one.") {
		t.Errorf("governance: %v", err)
	}
}

func TestPoliciesComeFromFilesAndGoThere(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, path := range []string{filepath.Join(folder, "nothing"), folder} {
		if _, err := FromDirectory(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Open(filepath.Join(folder, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	schema, rules := write("schema.yaml", refundSchema), write("policy.yaml", refundPolicy)
	if _, err := FromFiles(schema, filepath.Join(folder, "nothing"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := FromFiles(schema, rules, filepath.Join(folder, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	from := map[string]func() (*Policy, error){
		"sources":   func() (*Policy, error) { return Compile(Sources{Schema: refundSchema, Policy: refundPolicy}) },
		"directory": func() (*Policy, error) { return FromDirectory(folder) },
		"open":      func() (*Policy, error) { return Open(folder) },
		"files":     func() (*Policy, error) { return FromFiles(schema, rules, "") },
	}
	saved := filepath.Join(t.TempDir(), "refunds.actra")
	first, err := from["sources"]()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if err := first.Save(saved); err != nil {
		t.Fatal(err)
	}
	if err := first.Save(filepath.Join(folder, "no", "such", "folder.actra")); err == nil {
		t.Error("saved into nothing")
	}
	artifact, err := first.Artifact()
	if err != nil {
		t.Fatal(err)
	}
	onDisk, err := os.ReadFile(saved)
	if err != nil || !bytes.Equal(onDisk, artifact) {
		t.Errorf("the file is not the artifact: %v", err)
	}
	from["artifact"] = func() (*Policy, error) { return Load(artifact) }
	from["saved"] = func() (*Policy, error) { return Open(saved) }
	for name, make := range from {
		policy, err := make()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		decision, err := policy.Evaluate(refund(20))
		if err != nil || !decision.Allowed() || policy.Hash() != first.Hash() || policy.Digest() != first.Digest() {
			t.Errorf("%s: %v, %v, %v", name, decision, err, policy)
		}
		policy.Close()
	}
}

func TestBytesThatAreNoArtifactAreRefused(t *testing.T) {
	policy := compileRefunds(t)
	artifact, err := policy.Artifact()
	if err != nil {
		t.Fatal(err)
	}
	failure := (*ArtifactError)(nil)
	for _, bytes := range [][]byte{nil, {}, []byte("PK\x03\x04"), artifact[:len(artifact)-1], append(artifact[:len(artifact):len(artifact)], 0)} {
		if policy, err := Load(bytes); policy != nil || !errors.As(err, &failure) || failure.Code == "" || failure.Message == "" {
			t.Errorf("%d bytes: %v, %v", len(bytes), policy, err)
		}
	}
	for at := range artifact {
		flipped := bytes.Clone(artifact)
		flipped[at] ^= 1 << (at % 8)
		policy, err := Load(flipped)
		if err == nil {
			// Metadata is for people, and may be anything.
			policy.Close()
		} else if !errors.As(err, &failure) {
			t.Errorf("byte %d: %v", at, err)
		}
	}
	path := filepath.Join(t.TempDir(), "no.actra")
	if err := os.WriteFile(path, []byte("nothing"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.As(err, &failure) || failure.Code != "not_an_artifact" {
		t.Errorf("%v", err)
	}
}

func TestAPolicyTellsOfItself(t *testing.T) {
	policy := compileRefunds(t)
	var ids []string
	for _, rule := range policy.Rules() {
		ids = append(ids, rule.ID)
	}
	if !reflect.DeepEqual(ids, []string{"fraud", "nobody", "large", "dollars", "small", "vip"}) {
		t.Errorf("%v", ids)
	}
	large := policy.Rules()[2]
	if large.Effect != RequireApproval || large.Mode != "enforce" || large.Position != 1 || large.Line != 8 || large.File != "policy.yaml" || len(large.RequiredActions) != 1 {
		t.Errorf("%+v", large)
	}
	schema := policy.Schema()
	if schema.Language != 2 || schema.Evaluation != (Evaluation{"most_restrictive", Block, "fail_closed", "checked"}) {
		t.Errorf("%+v", schema)
	}
	fields := map[string]Field{}
	for _, field := range schema.Fields("refund") {
		fields[field.Name] = field
	}
	if amount := fields["action.amount"]; amount.Type != "number" || amount.Min != "0" || amount.Max != "" || amount.Required {
		t.Errorf("%+v", amount)
	}
	if currency := fields["action.currency"]; len(currency.Enum) != 2 {
		t.Errorf("%+v", currency)
	}
	if schema.Fields("nothing") != nil || len(schema.State) == 0 {
		t.Errorf("%+v", schema)
	}
	text, err := json.Marshal(schema)
	if err != nil || !bytes.Contains(text, []byte(`"slots"`)) {
		t.Errorf("%s, %v", text, err)
	}
	warned, err := Compile(Sources{Schema: refundSchema, Policy: "version: 2\nrules: []\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer warned.Close()
	if warnings := warned.Warnings(); len(warnings) == 0 || warnings[0].Severity != "warning" {
		t.Errorf("%+v", warnings)
	}
	if len(policy.Hash()) != 64 || len(policy.Digest()) != 64 || Version() == "" || !HasCompiler() || !strings.Contains(policy.String(), policy.Hash()[:12]) {
		t.Errorf("%v of %s", policy, Version())
	}
}

func TestInputErrorsAreToldApart(t *testing.T) {
	policy := compileRefunds(t)
	_, err := policy.Evaluate(refund("many"))
	failure := (*InputError)(nil)
	if !errors.As(err, &failure) || failure.Code != WrongType || failure.Field != "action.amount" || failure.Message != "`action.amount` is a string, and the schema says number" {
		t.Fatalf("%+v", err)
	}
	for _, target := range []*InputError{{}, {Code: WrongType}, {Field: "action.amount"}, {Code: WrongType, Field: "action.amount"}} {
		if !errors.Is(err, target) {
			t.Errorf("%+v is not %+v", err, target)
		}
	}
	for _, target := range []error{&InputError{Code: NotFinite}, &InputError{Code: WrongType, Field: "action.type"}, &InputError{Message: "x"}, ErrClosed, fs.ErrNotExist} {
		if errors.Is(err, target) {
			t.Errorf("%+v is %+v", err, target)
		}
	}
	text, err := json.Marshal(failure)
	var again InputError
	if err != nil || json.Unmarshal(text, &again) != nil || again != *failure {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAClosedPolicySaysSo(t *testing.T) {
	policy := compileRefunds(t)
	builder := policy.NewBuilder()
	binding, err := Bind[struct {
		Action struct {
			Type string `actra:"type"`
		}
	}](policy)
	if err != nil {
		t.Fatal(err)
	}
	hash := policy.Hash()
	for range 3 {
		if err := policy.Close(); err != nil {
			t.Error(err)
		}
	}
	if policy.Hash() != hash || policy.Schema() == nil || policy.Rules() != nil {
		t.Error("what stays does not, or what goes does")
	}
	for name, use := range map[string]func() error{
		"evaluate":      func() error { _, err := policy.Evaluate(refund(20)); return err },
		"evaluate json": func() error { _, err := policy.EvaluateJSON([]byte(`{}`)); return err },
		"explain":       func() error { _, err := policy.Explain(refund(20)); return err },
		"explain json":  func() error { _, err := policy.ExplainJSON([]byte(`{}`)); return err },
		"builder":       func() error { _, err := builder.Evaluate(); return err },
		"binding": func() error {
			_, err := binding.Evaluate(&struct {
				Action struct {
					Type string `actra:"type"`
				}
			}{})
			return err
		},
		"artifact":    func() error { _, err := policy.Artifact(); return err },
		"save":        func() error { return policy.Save(filepath.Join(t.TempDir(), "x")) },
		"slot":        func() error { _, err := policy.Slot("action.type"); return err },
		"strict":      func() error { _, err := policy.RefuseUnknownFields(); return err },
		"nil":         func() error { _, err := (*Policy)(nil).Evaluate(Input{}); return err },
		"nil json":    func() error { _, err := (*Policy)(nil).EvaluateJSON(nil); return err },
		"nil explain": func() error { _, err := (*Policy)(nil).Explain(Input{}); return err },
	} {
		if err := use(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
