package actra

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

type isoTime time.Time

type base struct {
	Type   string  `actra:"type"`
	Amount float32 `actra:"amount"`
	hidden int
}

type boundInput struct {
	Action struct {
		base
		Currency namedString       `actra:"currency,omitzero"`
		Tags     []namedString     `actra:"tags"`
		Labels   map[string]string `actra:"labels"`
		Due      *isoTime          `actra:"due"`
		Customer struct {
			Tier any `actra:"tier"`
		} `actra:"customer"`
		Trace chan int `actra:"-"`
		note  string
	}
	Actor *struct {
		Role *string `actra:"role"`
	}
	Snapshot map[string]any
	Request  chan int `actra:"-"`
	context  string
}

func TestStructsDecideAsMapsOfTheSameValues(t *testing.T) {
	policy := compileRefunds(t)
	binding, err := Bind[boundInput](policy)
	if err != nil {
		t.Fatal(err)
	}
	role := "agent"
	at := isoTime(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC))
	for name, change := range map[string]func(*boundInput, Input){
		"nothing more": func(*boundInput, Input) {},
		"a currency":   func(b *boundInput, in Input) { b.Action.Currency, in.Action["currency"] = "EUR", "EUR" },
		"no such one":  func(b *boundInput, in Input) { b.Action.Currency, in.Action["currency"] = "XXX", "XXX" },
		"tags": func(b *boundInput, in Input) {
			b.Action.Tags, in.Action["tags"] = []namedString{"vip"}, []string{"vip"}
		},
		"no tags": func(b *boundInput, in Input) { b.Action.Tags, in.Action["tags"] = []namedString{}, []string{} },
		"labels": func(b *boundInput, in Input) {
			b.Action.Labels = map[string]string{"tier": "gold"}
			in.Action["labels"] = b.Action.Labels
		},
		"due": func(b *boundInput, in Input) { b.Action.Due, in.Action["due"] = &at, time.Time(at) },
		"a tier": func(b *boundInput, in Input) {
			b.Action.Customer.Tier, in.Action["customer"] = "gold", map[string]any{"tier": "gold"}
		},
		"odd tier": func(b *boundInput, in Input) {
			b.Action.Customer.Tier, in.Action["customer"] = 5, map[string]any{"tier": 5}
		},
		"a role":   func(b *boundInput, in Input) { b.Actor.Role, in.Actor["role"] = &role, role },
		"no actor": func(b *boundInput, in Input) { b.Actor = nil },
		"a flag": func(b *boundInput, in Input) {
			b.Snapshot, in.Snapshot["fraud_flag"] = map[string]any{"fraud_flag": true}, true
		},
		"unfit": func(b *boundInput, in Input) {
			b.Action.Customer.Tier, in.Action["customer"] = make(chan int), map[string]any{"tier": make(chan int)}
		},
		"negative": func(b *boundInput, in Input) { b.Action.Amount, in.Action["amount"] = -0.5, -0.5 },
		"no number": func(b *boundInput, in Input) {
			b.Action.Amount = float32(zero) / float32(zero)
			in.Action["amount"] = b.Action.Amount
		},
	} {
		bound := &boundInput{}
		bound.Action.Type, bound.Action.Amount = "refund", 20.5
		bound.Actor = &struct {
			Role *string `actra:"role"`
		}{}
		input := Input{Action: map[string]any{"type": "refund", "amount": 20.5, "customer": map[string]any{}}, Actor: map[string]any{}, Snapshot: map[string]any{}}
		change(bound, input)
		found, err := binding.Evaluate(bound)
		wanted, wantedErr := policy.Evaluate(input)
		if told(found, err, true) != told(wanted, wantedErr, true) {
			t.Errorf("%s: %s, and maps give %s", name, told(found, err, true), told(wanted, wantedErr, true))
		}
		explained, err := binding.Explain(bound)
		switch {
		case err != nil && wantedErr == nil, err == nil && (explained.Decision == nil) != (wantedErr != nil):
			t.Errorf("%s explained: %v, %v", name, explained, err)
		case err == nil && wantedErr == nil && !reflect.DeepEqual(*explained.Decision, wanted):
			t.Errorf("%s explained: %+v, and not %+v", name, explained.Decision, wanted)
		}
	}
	if decision, err := binding.Evaluate(nil); !errors.Is(err, &InputError{Code: Malformed}) || decision.Effect != Invalid {
		t.Errorf("nil: %v, %v", decision, err)
	}
	if _, err := binding.Explain(nil); !errors.Is(err, &InputError{Code: Malformed}) {
		t.Errorf("nil: %v", err)
	}
}

var zero = 0.0

func bindError[T any](t *testing.T, policy *Policy, wanted string, is error) {
	t.Helper()
	binding, err := Bind[T](policy)
	if binding != nil || err == nil || !strings.Contains(err.Error(), wanted) || (is != nil && !errors.Is(err, is)) {
		t.Errorf("%v, and not %s", err, wanted)
	}
}

func TestBindSaysWhatATypeLacks(t *testing.T) {
	policy := compileRefunds(t)
	type pointer *pointer
	bindError[int](t, policy, "int is no struct", nil)
	bindError[struct{}](t, policy, "has none of the fields", nil)
	bindError[struct{ Action int }](t, policy, "a domain is a struct, a pointer to one, or a map[string]any", nil)
	bindError[struct{ Action map[string]string }](t, policy, "a domain is", nil)
	bindError[struct {
		Action struct{}
		Other  int
	}](t, policy, "Other is none of Action, Actor and Snapshot", nil)
	bindError[struct{ Action struct{ Amount int } }](t, policy, "Amount has no tag", nil)
	bindError[struct {
		Action struct {
			Amount int `actra:"amout"`
		}
	}](t, policy, "`action.amout`", ErrNoSuchField)
	bindError[struct {
		Action struct {
			Amount int `actra:"amount,omitempty"`
		}
	}](t, policy, `"omitempty"`, nil)
	bindError[struct {
		Action struct {
			A int `actra:"amount"`
			B int `actra:"amount"`
		}
	}](t, policy, "are both `action.amount`", nil)
	bindError[struct {
		Action struct {
			Customer struct {
				Teir string `actra:"teir"`
			} `actra:"customer"`
		}
	}](t, policy, "`action.customer.teir`", ErrNoSuchField)
	bindError[struct {
		Action struct {
			amount int `actra:"amount"`
		}
	}](t, policy, "not exported", nil)
	bindError[struct {
		Action struct {
			Amount pointer `actra:"amount"`
		}
	}](t, policy, "cannot be", nil)
	for _, wrong := range []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[[]int](), reflect.TypeFor[map[string]int](), reflect.TypeFor[time.Time](), reflect.TypeFor[struct{}](),
		reflect.TypeFor[chan int](), reflect.TypeFor[[]byte](), reflect.TypeFor[**int](), reflect.TypeFor[complex64](), reflect.TypeFor[map[int]int](), reflect.TypeFor[func()](),
	} {
		if _, err := policy.facts.bindType(slotOf(t, policy, "action.amount").number, wrong, "it"); err == nil {
			t.Errorf("%v is a number", wrong)
		}
	}
	for _, right := range []reflect.Type{
		reflect.TypeFor[int8](), reflect.TypeFor[uint](), reflect.TypeFor[uintptr](), reflect.TypeFor[float32](), reflect.TypeFor[*int](), reflect.TypeFor[any](), reflect.TypeFor[json.Number](), reflect.TypeFor[namedFloat](),
	} {
		if _, err := policy.facts.bindType(slotOf(t, policy, "action.amount").number, right, "it"); err != nil {
			t.Error(err)
		}
	}
	if _, err := Bind[boundInput](nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestEveryKindOfFieldIsRead(t *testing.T) {
	policy, err := Compile(Sources{
		Schema: "version: 1\nactions: {t: {fields: {n: number, s: string, l: {type: list, items: number}, b: boolean, at: timestamp}}}\n",
		Policy: "version: 2\nrules:\n  - {id: n, scope: {action: t}, when: action.n == 7, effect: allow}\n  - {id: s, scope: {action: t}, when: action.s == x, effect: allow}\n  - {id: l, scope: {action: t}, when: action.l contains 7, effect: allow}\n  - {id: b, scope: {action: t}, when: action.b == true, effect: allow}\n  - {id: at, scope: {action: t}, when: 'action.at == \"2024-02-29T00:00:00Z\"', effect: allow}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	seven := 7
	at := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	for rule, values := range map[string][]any{
		"n":  {7, int8(7), int16(7), int32(7), int64(7), uint(7), uint8(7), uint16(7), uint32(7), uint64(7), uintptr(7), float32(7), 7.0, json.Number("7"), namedInt(7), &seven},
		"s":  {"x", namedString("x")},
		"l":  {[]int{7}, []int64{7}, []float64{7}, []uint16{7}, []float32{7}, [2]int{1, 7}, []any{7}, []*int{&seven}, []json.Number{"7"}},
		"b":  {true, namedBool(true)},
		"at": {at, &at, isoTime(at)},
	} {
		for _, value := range values {
			for _, boxed := range []bool{false, true} {
				typeOf := reflect.TypeOf(value)
				if boxed {
					typeOf = reflect.TypeFor[any]()
				}
				action := reflect.StructOf([]reflect.StructField{
					{Name: "Type", Type: reflect.TypeFor[string](), Tag: `actra:"type"`},
					{Name: "V", Type: typeOf, Tag: reflect.StructTag(`actra:"` + rule + `"`)},
				})
				input := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Action", Type: action}}))
				input.Elem().Field(0).Field(0).SetString("t")
				input.Elem().Field(0).Field(1).Set(reflect.ValueOf(value))
				steps, err := policy.facts.bindInput(input.Type().Elem())
				if err != nil {
					t.Errorf("%T: %v", value, err)
					continue
				}
				b := policy.NewBuilder()
				fillSteps(b, steps, input.UnsafePointer())
				if decision, err := b.Evaluate(); err != nil || decision.MatchedRule != rule {
					t.Errorf("%T: %v, %v", value, decision, err)
				}
			}
		}
	}
}
