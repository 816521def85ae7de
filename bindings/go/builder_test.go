package actra

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSettersSayWhatTheyAreCalled(t *testing.T) {
	policy, err := Compile(Sources{
		Schema: `version: 1
actions:
  t:
    fields:
      s: string
      n: number
      b: boolean
      at: timestamp
      ss: {type: list, items: string}
      ns: {type: list, items: number}
      o: {type: object, fields: {x: {type: string, required: true}}}
      ms: {type: map, values: string}
      mi: {type: map, values: integer}
      mf: {type: map, values: number}
      mb: {type: map, values: boolean}
`,
		Policy: `version: 2
evaluation: {default: block}
rules:
  - {id: s, scope: {action: t}, when: action.s == "ü", effect: allow}
  - {id: n, scope: {action: t}, when: action.n == -3, effect: allow}
  - {id: u, scope: {action: t}, when: action.n == 9007199254740993, effect: allow}
  - {id: f, scope: {action: t}, when: action.n == 2.5, effect: allow}
  - {id: b, scope: {action: t}, when: action.b == true, effect: allow}
  - {id: at, scope: {action: t}, when: 'action.at == "2024-02-29T12:00:00.123456Z"', effect: allow}
  - {id: ss, scope: {action: t}, when: 'action.ss contains_all [a, b]', effect: allow}
  - {id: no_ss, scope: {action: t}, when: action.ss length_less_than 1, effect: allow}
  - {id: ns, scope: {action: t}, when: 'action.ns contains_all [1, 2.5]', effect: allow}
  - {id: is, scope: {action: t}, when: action.ns contains 7, effect: allow}
  - {id: ms, scope: {action: t}, when: 'action.ms["k"] == "v"', effect: allow}
  - {id: mi, scope: {action: t}, when: 'action.mi["k"] == 3', effect: allow}
  - {id: mf, scope: {action: t}, when: 'action.mf["k"] == 2.5', effect: allow}
  - {id: mb, scope: {action: t}, when: 'action.mb["k"] == true', effect: allow}
`,
	})
	if err != nil {
		failure := (*CompileError)(nil)
		errors.As(err, &failure)
		t.Fatal(failure.Rendered)
	}
	defer policy.Close()
	kind := slotOf(t, policy, "action.type")
	at := time.Date(2024, 2, 29, 14, 0, 0, 123456789, time.FixedZone("", 2*60*60))
	b := policy.NewBuilder()
	for rule, set := range map[string]func(){
		"s":     func() { b.SetString(slotOf(t, policy, "action.s"), "ü") },
		"n":     func() { b.SetInt(slotOf(t, policy, "action.n"), -3) },
		"u":     func() { b.SetUint(slotOf(t, policy, "action.n"), 9007199254740993) },
		"f":     func() { b.SetFloat(slotOf(t, policy, "action.n"), 2.5) },
		"b":     func() { b.SetBool(slotOf(t, policy, "action.b"), true) },
		"at":    func() { b.SetTime(slotOf(t, policy, "action.at"), at) },
		"ss":    func() { b.SetStrings(slotOf(t, policy, "action.ss"), []string{"b", "x", "a"}) },
		"no_ss": func() { b.SetStrings(slotOf(t, policy, "action.ss"), nil) },
		"ns":    func() { b.SetFloats(slotOf(t, policy, "action.ns"), []float64{1, 2.5}) },
		"is":    func() { b.SetInts(slotOf(t, policy, "action.ns"), []int64{1, 7}) },
		"ms":    func() { b.SetStringMap(slotOf(t, policy, "action.ms"), map[string]string{"k": "v", "l": ""}) },
		"mi":    func() { b.SetIntMap(slotOf(t, policy, "action.mi"), map[string]int64{"k": 3, "l": 4}) },
		"mf":    func() { b.SetFloatMap(slotOf(t, policy, "action.mf"), map[string]float64{"k": 2.5}) },
		"mb":    func() { b.SetBoolMap(slotOf(t, policy, "action.mb"), map[string]bool{"k": true}) },
	} {
		b.Reset().SetString(kind, "t")
		if decision, err := b.Evaluate(); err != nil || decision.MatchedRule != "" {
			t.Errorf("before %s: %v, %v", rule, decision, err)
		}
		set()
		decision, err := b.Evaluate()
		if err != nil || decision.MatchedRule != rule {
			t.Errorf("%s: %v, %v", rule, decision, err)
		}
		// What a builder holds explains as what it decides.
		explained, err := b.Explain()
		if err != nil || explained.Decision == nil || !reflect.DeepEqual(*explained.Decision, decision) {
			t.Errorf("%s explained: %v, %v", rule, explained, err)
		}
	}
	// An object that is there has to have what it requires.
	b.Reset().SetString(kind, "t")
	b.SetObject(slotOf(t, policy, "action.o"))
	if _, err := b.Evaluate(); !errors.Is(err, &InputError{Code: MissingRequired, Field: "action.o.x"}) {
		t.Errorf("an empty object: %v", err)
	}
	number := slotOf(t, policy, "action.n")
	b.Reset().SetString(kind, "t")
	b.SetInt(number, -3)
	b.Unset(number)
	if decision, err := b.Evaluate(); err != nil || decision.MatchedRule != "" {
		t.Errorf("unset: %v, %v", decision, err)
	}
	b.SetNull(number)
	if decision, err := b.Evaluate(); err != nil || decision.MatchedRule != "" {
		t.Errorf("null: %v, %v", decision, err)
	}
	b.SetInt(number, 5)
	b.SetInt(number, -3)
	if decision, err := b.Evaluate(); err != nil || decision.MatchedRule != "n" {
		t.Errorf("set twice: %v, %v", decision, err)
	}
}

func TestABuilderRefusesWhatNoInputSays(t *testing.T) {
	policy, other := compileRefunds(t), compileRefunds(t)
	kind, amount, due := slotOf(t, policy, "action.type"), slotOf(t, policy, "action.amount"), slotOf(t, policy, "action.due")
	b := policy.NewBuilder()
	check := func(name string, wanted error, set func()) {
		t.Helper()
		b.Reset()
		b.SetString(kind, "refund")
		set()
		for range 2 {
			decision, err := b.Evaluate()
			if !errors.Is(err, wanted) || !reflect.DeepEqual(decision, Decision{}) {
				t.Errorf("%s: %v, %v", name, decision, err)
			}
		}
		// The builder is as good as new.
		b.Reset()
		b.SetString(kind, "refund")
		if decision, err := b.Evaluate(); err != nil || decision.Effect != Block {
			t.Errorf("after %s: %v, %v", name, decision, err)
		}
	}
	of := func(code, field string) error { return &InputError{Code: code, Field: field} }
	check("another policy's slot", ErrWrongBuilder, func() { b.SetInt(slotOf(t, other, "action.amount"), 5) })
	check("no slot at all", ErrWrongBuilder, func() { b.SetInt(Slot{}, 5) })
	check("a slot out of range", ErrWrongBuilder, func() { b.Set(Slot{policy.facts.id, 1 << 20}, 5) })
	check("NaN", of(NotFinite, "action.amount"), func() { b.SetFloat(amount, math.NaN()) })
	check("infinity", of(NotFinite, "action.amount"), func() { b.SetFloat(amount, math.Inf(-1)) })
	check("a large integer", of(OutOfRange, "action.amount"), func() { b.SetUint(amount, math.MaxUint64) })
	check("a string for a number", of(WrongType, "action.amount"), func() { b.SetString(amount, "5") })
	check("a list for a number", of(WrongType, "action.amount"), func() { b.SetStrings(amount, []string{"5"}) })
	check("a map for a number", of(WrongType, "action.amount"), func() { b.SetStringMap(amount, map[string]string{"5": "5"}) })
	check("no UTF-8", of(NotUTF8, "action.type"), func() { b.SetString(kind, "\xff") })
	check("a year 0", of(WrongType, "action.due"), func() { b.SetTime(due, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)) })
	check("a year 10000", of(WrongType, "action.due"), func() { b.SetTime(due, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) })
	check("a time for a number", of(WrongType, "action.amount"), func() { b.SetTime(amount, time.Now()) })
	check("a channel", of(WrongType, "action.amount"), func() { b.Set(amount, make(chan int)) })
	check("a long string", of(TooLarge, "action.currency"), func() { b.SetString(slotOf(t, policy, "action.currency"), strings.Repeat("x", maxStringBytes+1)) })
	check("a long list", of(TooLarge, "action.tags"), func() { b.SetStrings(slotOf(t, policy, "action.tags"), make([]string, maxListItems+1)) })
	check("no UTF-8 in a map", of(NotUTF8, "action.labels"), func() { b.SetStringMap(slotOf(t, policy, "action.labels"), map[string]string{"\xff": "x"}) })
}

func TestSlotsAreFoundByTheirNames(t *testing.T) {
	policy := compileRefunds(t)
	for number, place := range policy.facts.slots {
		if slot, err := policy.Slot(place.name); err != nil || slot != (Slot{policy.facts.id, uint32(number)}) {
			t.Errorf("%s: %v, %v", place.name, slot, err)
		}
	}
	for _, name := range []string{"", "amount", "action", "action.", "action.amout", "actions.amount", "action.\xff", `action.labels["other"]`, "action.labels['tier']", "action.amount ", strings.Repeat("action.", 1000)} {
		if slot, err := policy.Slot(name); !errors.Is(err, ErrNoSuchField) || slot != (Slot{}) {
			t.Errorf("%q: %v, %v", name, slot, err)
		}
	}
}

func TestAStringIsCutWhereItIsStillText(t *testing.T) {
	for _, piece := range []string{"a", "ä", "日", "😀", "\x80"} {
		text := strings.Repeat(piece, maxStringBytes)
		for shift := range 4 {
			text := text[:len(text)-shift%len(piece)]
			text = strings.Repeat("x", shift) + text
			if len(text) <= maxStringBytes {
				continue
			}
			at := overLimit(text)
			if at <= maxStringBytes || at > maxStringBytes+5 || (piece != "\x80" && !strings.HasSuffix(strings.TrimLeft(text[:at], "x"), piece)) {
				t.Errorf("%q, %d: %d", piece, shift, at)
			}
		}
	}
}
