package actra

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestGoValuesThatNoInputHoldsAreRefusedWhereTheSchemaDeclaresThem(t *testing.T) {
	type pointer *pointer
	var cycle pointer
	cycle = &cycle
	for _, inputs := range []string{"checked", "unchecked"} {
		policy, err := Compile(Sources{Schema: refundSchema, Policy: strings.Replace(refundPolicy, "rules:", "evaluation: {inputs: "+inputs+", missing: no_match, default: allow}\nrules:", 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer policy.Close()
		for _, value := range []any{
			make(chan int), func() {}, struct{ X int }{5}, &struct{}{}, []byte("bytes"), [2]byte{}, complex(1, 2), map[int]string{1: "x"},
			json.RawMessage("5"), json.Number("five"), json.Number(""), json.Number("0x5"), json.Number("05"), json.Number("1."), json.Number("+1"), json.Number("1e"),
			time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), netip.Addr{}, cycle, []any{make(chan int)}, [][]byte{nil}, []time.Time{time.Now()},
		} {
			for _, field := range []string{"amount", "currency", "tags", "labels", "customer", "due"} {
				input := refund(20)
				input.Action[field] = value
				decision, err := policy.Evaluate(input)
				if !errors.Is(err, &InputError{Code: WrongType, Field: "action." + field}) || !reflect.DeepEqual(decision, Decision{}) {
					t.Errorf("%s, %s: %T: %v, %v", inputs, field, value, decision, err)
				}
				if explained, err := policy.Explain(input); err == nil && explained.Error == nil {
					t.Errorf("%s, %s: %T is explained: %v", inputs, field, value, explained)
				}
			}
			// Nobody asks for this one.
			input := refund(20)
			input.Action["unknown"] = value
			input.Action["unknowns"] = map[string]any{"x": []any{value}}
			if decision, err := policy.Evaluate(input); err != nil || decision.MatchedRule != "small" {
				t.Errorf("%s: unknown %T: %v, %v", inputs, value, decision, err)
			}
		}
		for _, field := range []string{"labels", "customer"} {
			input := refund(20)
			input.Action[field] = map[string]any{"tier": make(chan int)}
			if _, err := policy.Evaluate(input); !errors.Is(err, &InputError{Code: WrongType}) {
				t.Errorf("%s, in %s: %v", inputs, field, err)
			}
		}
		input := refund(20)
		input.Action["amount"] = time.Now()
		if _, err := policy.Evaluate(input); !errors.Is(err, &InputError{Code: WrongType, Field: "action.amount"}) {
			t.Errorf("%s: a time for a number: %v", inputs, err)
		}
	}
}

func TestMessagesNameTheTypeAndNotTheValue(t *testing.T) {
	policy := compileRefunds(t)
	tags := refund(20)
	tags.Action["tags"] = []any{"a", func() {}}
	if _, err := policy.Evaluate(tags); !errors.Is(err, &InputError{Message: "`action.tags` holds a value of Go's type func(), which no input holds"}) {
		t.Error(err)
	}
	for value, wanted := range map[any]string{
		struct{ Secret string }{"secret"}: "`action.amount` is of Go's type struct { Secret string }, which no input holds",
		"secret":                          "`action.amount` is a string, and the schema says number",
		math.Inf(1):                       "`action.amount` is an infinity, which is no value",
		-5:                                "`action.amount` is below its `min`",
		time.Time{}:                       "`action.amount` is a time, and the schema says no timestamp",
		json.Number("0x5"):                "`action.amount` is a json.Number that is no number",
		[1]any{make(chan int)}:            "`action.amount` holds a value of Go's type chan int, which no input holds",
	} {
		_, err := policy.Evaluate(refund(value))
		failure := (*InputError)(nil)
		if !errors.As(err, &failure) || failure.Message != wanted {
			t.Errorf("%v: %v", value, err)
		}
	}
}

func TestAMapThatHoldsItselfIsTooDeep(t *testing.T) {
	policy := compileRefunds(t)
	for _, field := range []string{"unknown", "customer", "labels", "tags", "amount"} {
		inner := map[string]any{}
		inner["tier"], inner["self"] = inner, inner
		input := refund(20)
		input.Action[field] = inner
		if _, err := policy.Evaluate(input); !errors.Is(err, &InputError{Code: TooDeep}) {
			t.Errorf("%s: %v", field, err)
		}
		list := []any{nil}
		list[0] = list
		input.Action[field] = list
		if _, err := policy.Evaluate(input); !errors.Is(err, &InputError{Code: TooDeep}) {
			t.Errorf("%s: %v", field, err)
		}
		if explained, err := policy.Explain(input); err != nil || !errors.Is(explained.Error, &InputError{Code: TooDeep}) {
			t.Errorf("%s: %v, %v", field, explained, err)
		}
	}
	// One that stands in two places of itself, on each of 40 levels, is as many values as no memory
	// holds.
	wide := map[string]any{"x": 1}
	for range 40 {
		wide = map[string]any{"a": wide, "b": wide}
	}
	input := refund(20)
	input.Action["unknown"] = wide
	start := time.Now()
	if _, err := policy.Evaluate(input); !errors.Is(err, &InputError{Code: TooLarge}) {
		t.Error(err)
	}
	if _, err := policy.Explain(input); !errors.Is(err, &InputError{Code: TooLarge}) {
		t.Error(err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestLimitsAreThoseOfOneInput(t *testing.T) {
	policy := compileRefunds(t)
	slot, kind := slotOf(t, policy, "action.tags"), slotOf(t, policy, "action.type")
	input := refund(20)
	input.Action["tags"] = make([]any, maxListItems)
	for i := range maxListItems {
		input.Action["tags"].([]any)[i] = ""
	}
	builder := policy.NewBuilder()
	for range maxItems/maxListItems + 2 {
		if _, err := policy.Evaluate(input); err != nil {
			t.Fatal(err)
		}
		builder.Reset().SetString(kind, "refund")
		builder.Set(slot, input.Action["tags"])
		if _, err := builder.Evaluate(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoNumberIsRounded(t *testing.T) {
	policy, err := Compile(Sources{
		Schema: "version: 1\nactions: {t: {fields: {n: number, i: integer}}}\n",
		Policy: "version: 2\nrules:\n  - {id: exact, scope: {action: t}, when: action.n == 9007199254740993, effect: allow}\n  - {id: tenth, scope: {action: t}, when: action.n == 0.1, effect: allow}\n  - {id: least, scope: {action: t}, when: action.i == -9223372036854775808, effect: allow}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	for _, one := range []struct {
		field string
		value any
		rule  string
	}{
		{"n", int64(9007199254740993), "exact"}, {"n", uint64(9007199254740993), "exact"}, {"n", json.Number("9007199254740993"), "exact"},
		{"n", float64(9007199254740993), ""}, {"n", 0.1, "tenth"}, {"n", float32(0.1), ""}, {"i", int64(math.MinInt64), "least"},
		{"i", json.Number("-9223372036854775808"), "least"}, {"i", json.Number("-9223372036854775808.0"), "least"}, {"n", json.Number("1e-1"), "tenth"},
	} {
		decision, err := policy.Evaluate(Input{Action: map[string]any{"type": "t", one.field: one.value}})
		if err != nil || decision.MatchedRule != one.rule {
			t.Errorf("%T(%v): %v, %v", one.value, one.value, decision, err)
		}
	}
}

func TestNumbersOfJSONAreRecognised(t *testing.T) {
	for _, text := range []string{"0", "-0", "5", "-5", "10", "0.5", "-0.5e3", "1E+2", "1e-2", "123456789012345678901234567890"} {
		if !isNumber(text) {
			t.Errorf("%q is no number", text)
		}
	}
	for _, text := range []string{"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.e1", "0x1", "1_000", "NaN", "Infinity", " 1", "1 ", "--1", "1e1.5"} {
		if isNumber(text) {
			t.Errorf("%q is a number", text)
		}
		if json.Valid([]byte(text)) && strings.TrimSpace(text) == text {
			t.Errorf("%q is one to encoding/json", text)
		}
	}
}

func TestTimesAreCutToMicroseconds(t *testing.T) {
	policy, err := Compile(Sources{
		Schema: "version: 1\nactions: {t: {fields: {at: timestamp, m: {type: map, values: timestamp}}}}\n",
		Policy: "version: 2\nrules:\n  - {id: at, scope: {action: t}, when: 'action.at == \"1969-12-31T23:59:59.999999Z\"', effect: allow}\n  - {id: first, scope: {action: t}, when: 'action.at == \"0001-01-01T00:00:00Z\"', effect: allow}\n  - {id: last, scope: {action: t}, when: 'action.at == \"9999-12-31T23:59:59.999999Z\"', effect: allow}\n  - {id: m, scope: {action: t}, when: 'action.m[\"k\"] == \"1969-12-31T23:59:59.999999Z\"', effect: allow}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	before := time.Unix(0, -1)
	for rule, action := range map[string]map[string]any{
		"at":    {"at": before},
		"first": {"at": time.Time{}},
		"last":  {"at": time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)},
		"m":     {"m": map[string]time.Time{"k": before}},
	} {
		action["type"] = "t"
		decision, err := policy.Evaluate(Input{Action: action})
		if err != nil || decision.MatchedRule != rule {
			t.Errorf("%s: %v, %v", rule, decision, err)
		}
		if explained, err := policy.Explain(Input{Action: action}); err != nil || explained.Decision == nil || explained.Decision.MatchedRule != rule {
			t.Errorf("%s explained: %v, %v", rule, explained, err)
		}
	}
}

func TestExplanationsAreDataAndText(t *testing.T) {
	policy := compileRefunds(t)
	input := refund(2000)
	input.Action["amuont"] = 3
	explained, err := policy.Explain(input)
	if err != nil {
		t.Fatal(err)
	}
	decision, err := policy.Evaluate(input)
	if err != nil || explained.Decision == nil || !reflect.DeepEqual(*explained.Decision, decision) {
		t.Errorf("%+v, and %+v, %v", explained.Decision, decision, err)
	}
	if explained.Settings != (ExplainedSettings{2, "most_restrictive", Block, "fail_closed", "checked"}) {
		t.Errorf("%+v", explained.Settings)
	}
	if len(explained.Ignored) != 1 || explained.Ignored[0] != (IgnoredField{"action.amuont", "action.amount"}) {
		t.Errorf("%+v", explained.Ignored)
	}
	if string(explained.Input["action.amount"]) != "2000" || len(explained.Rules) == 0 || explained.Rules[0].Place == nil {
		t.Errorf("%+v", explained)
	}
	if text := fmt.Sprint(explained); !strings.HasPrefix(text, "require_approval by large") || !strings.Contains(text, "✓ action.amount > 1000") {
		t.Errorf("%s", text)
	}
	text, err := json.Marshal(explained)
	var again map[string]any
	if err != nil || json.Unmarshal(text, &again) != nil || again["decision"] == nil || again["other_rules"] == nil {
		t.Errorf("%s, %v", text, err)
	}
	// An input error is part of the answer.
	explained, err = policy.Explain(refund("many"))
	if err != nil || explained.Decision != nil || !errors.Is(explained.Error, &InputError{Code: WrongType, Field: "action.amount"}) {
		t.Errorf("%+v, %v", explained, err)
	}
	explained, err = policy.ExplainJSON([]byte("{"))
	if err != nil || explained.Decision != nil || !errors.Is(explained.Error, &InputError{Code: Malformed}) {
		t.Errorf("%+v, %v", explained, err)
	}
	explained, err = policy.Explain(refund(math.NaN()))
	if err != nil || !errors.Is(explained.Error, &InputError{Code: NotFinite, Field: "action.amount"}) {
		t.Errorf("%+v, %v", explained, err)
	}
	if _, err = policy.Explain(refund("\xff")); err == nil {
		t.Error("text that is not UTF-8 is explained")
	}
}
