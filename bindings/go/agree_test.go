package actra

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Random inputs, whose names come from the schema and from near it: as JSON, as maps of whatever
// Go types say the same, through the builder and as structs. All doors agree, in errors to the
// field and the message.

const agreeSchema = `
version: 1
common:
  fields: {tenant: string, at: timestamp}
actions:
  refund:
    fields:
      amount: {type: number, min: -1000, max: 1000000}
      cents: integer
      currency: {type: string, enum: [USD, EUR], required: true}
      express: {type: boolean%s}
      tags: {type: list, items: {type: string, max_length: 5}, unique: true, max_length: 4}
      sizes: {type: list, items: integer}
      customer: {type: object, fields: {tier: {type: string, required: true}, geo: {type: object, fields: {country: string}}}}
      labels: {type: map, values: string}
      counts: {type: map, values: number}
      due: {type: map, values: timestamp}
  other:
    fields:
      amount: string
      labels: {type: object, fields: {a: string, b: {type: object, fields: {c: integer}}}}
      customer: {type: map, values: string}
      tags: {type: list, items: number}
      at2: timestamp
      only: boolean
actor: {fields: {role: string, teams: {type: list, items: string}}}
snapshot: {fields: {flag: boolean, risk: number}}
`

const agreeRules = `
rules:
  - {id: big, scope: {action: refund}, when: action.amount > 100, effect: require_approval, message: big, required_actions: [{type: a}, {type: b}]}
  - {id: cents, scope: {action: refund}, when: action.cents >= 5, effect: require_approval, required_actions: [{type: b}]}
  - {id: tags, scope: {action: refund}, when: action.tags contains vip, effect: require_approval}
  - {id: label, scope: {action: refund}, when: 'action.labels["a"] == x', effect: block}
  - {id: count, scope: {action: refund}, when: 'action.counts["a"] > 3', effect: block}
  - {id: due, scope: {action: refund}, when: 'action.due["a"] > "2020-01-01T00:00:00Z"', effect: block}
  - {id: geo, scope: {action: refund}, when: action.customer.geo.country == NO, effect: block}
  - {id: sizes, scope: {action: refund}, when: action.sizes contains 3, effect: block}
  - {id: other_label, scope: {action: other}, when: action.labels.b.c > 3, effect: block}
  - {id: other_customer, scope: {action: other}, when: 'action.customer["tier"] == x', effect: require_approval}
  - {id: other_tags, scope: {action: other}, when: action.tags contains 3, effect: block}
  - {id: role, scope: {global: true}, when: actor.role == x, effect: allow}
  - {id: teams, scope: {global: true}, when: actor.teams contains x, effect: allow}
  - {id: risk, scope: {global: true}, when: snapshot.risk < 3, effect: block, mode: shadow}
  - {id: flag, scope: {global: true}, when: {all: [snapshot.flag == true, action.tenant exists]}, effect: allow}
  - {id: at, scope: {global: true}, when: 'action.at > "2020-01-01T00:00:00Z"', effect: block}
`

var agreePolicies = map[string][2]string{
	"version 2":             {", default: false", "version: 2\n" + agreeRules},
	"version 2, unchecked":  {"", "version: 2\nevaluation: {inputs: unchecked, missing: no_match, default: allow}\n" + agreeRules},
	"version 2, first":      {"", "version: 2\nevaluation: {combine: first_match, default: require_approval}\n" + agreeRules},
	"version 1":             {", default: true", "version: 1\nevaluation: {default: allow}\n" + agreeRules},
	"version 1, checked":    {"", "version: 1\nevaluation: {inputs: checked, missing: fail_closed}\n" + agreeRules},
	"version 1, restricted": {"", "version: 1\nevaluation: {combine: most_restrictive}\n" + agreeRules},
}

func agreePolicy(t testing.TB, name string) *Policy {
	texts := agreePolicies[name]
	policy, err := Compile(Sources{Schema: fmt.Sprintf(agreeSchema, texts[0]), Policy: texts[1]})
	if err != nil {
		failure := (*CompileError)(nil)
		errors.As(err, &failure)
		t.Fatalf("%s: %v\n%s", name, err, failure.Rendered)
	}
	t.Cleanup(func() { policy.Close() })
	return policy
}

func TestDoorsAgreeOnRandomInputs(t *testing.T) {
	cases := setting("ACTRA_CASES", 3000)
	first := uint64(setting("ACTRA_SEED", 1))
	all := tally{}
	for _, name := range slices.Sorted(maps.Keys(agreePolicies)) {
		t.Run(name, func(t *testing.T) {
			policy := agreePolicy(t, name)
			strict, err := policy.RefuseUnknownFields()
			if err != nil {
				t.Fatal(err)
			}
			defer strict.Close()
			seen := tally{}
			for seed := first; seed < first+uint64(cases); seed++ {
				r := rand.New(rand.NewPCG(seed, 0))
				generated := generator{Rand: r, policy: policy}.input()
				checked := policy
				if r.IntN(2) == 0 {
					checked = strict
				}
				agree(t, fmt.Sprintf("seed %d", seed), checked, generated, r, seen)
				if t.Failed() {
					t.FailNow()
				}
			}
			t.Log(seen)
			for what, count := range seen {
				all[what] += count
			}
		})
	}
	// What was never seen was not compared.
	for _, what := range []string{
		"allow", "block", "require_approval", "missing", "several", "shadow", "builder", "struct",
		WrongType, OutOfRange, MissingRequired, NotInEnum, BelowMin, AboveMax, TooLong, NotUnique, UnknownAction, UnknownField, TooDeep, TooLarge,
	} {
		if all[what] < 3 && cases >= 1000 {
			t.Errorf("%d inputs come to %s: %v", all[what], what, all)
		}
	}
}

func setting(variable string, otherwise int) int {
	if value, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return value
	}
	return otherwise
}

// agree holds the doors of one input against each other.
func agree(t *testing.T, place string, policy *Policy, tree map[string]any, r *rand.Rand, seen tally) {
	text, ok := encodeTree(tree)
	if !ok {
		t.Fatalf("%s has no text", place)
	}
	decision, err := policy.EvaluateJSON(text)
	expected := told(decision, err, true)
	note(seen, decision, err)
	if len(text) > 300 {
		text = text[:300]
	}
	compare := func(door string, found string, expected string) {
		if found != expected {
			t.Errorf("%s: JSON gives %s, %s gives %s\n%s", place, expected, door, found, text)
		}
	}
	input, _ := inputOf(tree)
	dressed := Input{}
	for i, domain := range []*map[string]any{&dressed.Action, &dressed.Actor, &dressed.Snapshot} {
		if values, ok := tree[domainNames[i]].(map[string]any); ok {
			*domain = make(map[string]any)
			for key, value := range values {
				(*domain)[key] = dress(r, value)
			}
		}
	}
	decision, err = policy.Evaluate(dressed)
	compare("maps", told(decision, err, true), expected)
	code := withoutMessage(expected)
	if decision, why, err := evaluateThroughBuilder(policy, input); why == "" {
		compare("the builder", told(decision, err, false), code)
		seen["builder"]++
	}
	if decision, why, err := evaluateThroughStruct(policy, input); why == "" {
		compare("a struct", told(decision, err, false), code)
		seen["struct"]++
	}
}

// told spells a result out, to the message or to the field.
func told(decision Decision, err error, wantsMessage bool) string {
	failure := (*InputError)(nil)
	switch {
	case errors.As(err, &failure):
		if !reflect.DeepEqual(decision, Decision{}) {
			return "an error with a decision"
		}
		if wantsMessage {
			return failure.Code + " of " + failure.Field + "\x00" + failure.Message
		}
		return failure.Code + " of " + failure.Field
	case err != nil:
		return err.Error()
	}
	text, _ := json.Marshal(decision)
	return string(text)
}

// withoutMessage takes the message out of what told gave.
func withoutMessage(told string) string {
	told, _, _ = strings.Cut(told, "\x00")
	return told
}

func note(seen tally, decision Decision, err error) {
	failure := (*InputError)(nil)
	if errors.As(err, &failure) {
		seen[failure.Code]++
		return
	}
	seen[decision.Effect.String()]++
	for what, is := range map[string]bool{
		"missing": len(decision.Missing) > 0, "several": len(decision.MatchedRules) > 0, "shadow": decision.Shadow != nil,
	} {
		if is {
			seen[what]++
		}
	}
}

// generator makes inputs.
type generator struct {
	*rand.Rand
	policy *Policy
	// wild inputs are seldom in order; tame ones mostly are.
	wild bool
	// small keeps strings and lists within their limits.
	small bool
}

func (g generator) input() map[string]any {
	g.wild = g.IntN(2) == 0
	tree := map[string]any{}
	for domain, name := range domainNames {
		if domain > 0 && g.IntN(4) == 0 {
			continue
		}
		tree[name] = g.members(&g.policy.facts.domains[domain], 2)
	}
	action := tree["action"].(map[string]any)
	if g.IntN(20) > 0 {
		action["type"] = pick(g, "refund", "refund", "refund", "other", "other", "refund", "nothing")
	}
	if !g.wild {
		g.tame(action)
	}
	if g.IntN(8) > 0 && action["type"] != "other" {
		action["currency"] = pick(g, "USD", "EUR")
	}
	return tree
}

// tame keeps what is declared otherwise for another action than the input's.
func (g generator) tame(action map[string]any) {
	switch action["type"] {
	case "refund":
		action["amount"] = pick[any](g, int64(3), 2.5, int64(500), int64(500))
		action["tags"] = pick(g, []any{}, []any{"vip"}, []any{"vip"}, []any{"x", "vip"}, []any{"vip", "vip"}, []any{"longer than 5"}, []any{"1", "2", "3", "4", "5"})
		action["labels"] = map[string]any{pick(g, "a", "b"): pick(g, "x", "y")}
		action["customer"] = map[string]any{"tier": "x", "geo": map[string]any{"country": pick(g, "NO", "SE")}}
		action["cents"] = pick(g, int64(3), int64(5))
		action["sizes"] = pick(g, []any{}, []any{int64(3)}, []any{int64(5), 4.0})
		action["counts"] = map[string]any{"a": pick[any](g, int64(3), 3.5)}
		action["due"] = map[string]any{"a": pick(g, "2019-01-01T00:00:00Z", "2020-01-01T00:00:00.000001Z")}
	case "other":
		action["amount"] = "x"
		action["tags"] = pick(g, []any{}, []any{int64(3)}, []any{2.5, int64(3)})
		action["labels"] = map[string]any{"a": "x", "b": map[string]any{"c": pick(g, int64(3), int64(7))}}
		action["customer"] = map[string]any{pick(g, "tier", "b"): pick(g, "x", "y")}
	}
	action["at"], action["tenant"] = pick(g, "2019-01-01T00:00:00Z", "2024-02-29T12:00:00Z"), "x"
	for _, key := range slices.Sorted(maps.Keys(action)) {
		if g.IntN(8) == 0 && key != "type" {
			delete(action, key)
		}
	}
}

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) members(names *names, depth int) map[string]any {
	object := map[string]any{}
	known := append([]name(nil), names.few...)
	for key, slot := range names.many {
		known = append(known, name{key, slot})
	}
	slices.SortFunc(known, func(a, b name) int { return strings.Compare(a.key, b.key) })
	for _, one := range known {
		switch {
		case g.IntN(2) == 0:
		case g.wild && g.IntN(12) == 0:
			object[one.key] = g.anything(depth + 1)
		default:
			object[one.key] = g.fitting(&g.policy.facts.slots[one.slot], depth)
		}
	}
	if g.IntN(8) == 0 {
		object[pick(g, "unknown", "amuont", "", "a.b", "ünï", "type", "a", "x")] = g.anything(depth + 1)
	}
	if g.IntN(4000) == 0 {
		object[strings.Repeat("k", maxStringBytes+1)] = nil
	}
	return object
}

func (g generator) fitting(place *place, depth int) any {
	kinds := []typeBits{}
	for bit := mayBeString; bit <= mayBeMap; bit <<= 1 {
		if place.types&bit != 0 {
			kinds = append(kinds, bit)
		}
	}
	switch pick(g, kinds...) {
	case mayBeString:
		return g.text()
	case mayBeNumber:
		return g.number()
	case mayBeBoolean:
		return g.IntN(2) == 0
	case mayBeTimestamp:
		return pick(g, "2024-02-29T12:00:00Z", "1999-12-31T23:59:59.123456+02:00", "2019-01-01T00:00:00-23:59", pick(g, "2019-01-01T00:00:00Z", "2024-02-30T00:00:00Z"))
	case mayBeList:
		return g.list(depth)
	case mayBeObject:
		return g.members(&place.members, depth+1)
	default:
		// The door for text takes what is over a limit in a list in a map, where inputs are
		// unchecked; that is a fault of its own.
		g.small = true
		entries := map[string]any{}
		for range g.IntN(4) {
			value := g.anything(depth + 2)
			if g.IntN(3) > 0 {
				value = pick[any](g, g.text(), g.text(), g.number(), "2024-02-29T12:00:00Z")
			}
			if !g.wild {
				value = map[typeBits]any{mayBeMap | mayMapTimestamps: "2024-02-29T12:00:00Z"}[place.types]
				if value == nil {
					value = g.number()
				}
			}
			entries[pick(g, "a", "b", "c", "tier", "geo", `"`, "'", `a"b`, "ü", "")] = value
		}
		return entries
	}
}

func (g generator) list(depth int) any {
	items := []any{}
	make := pick(g, func() any { return g.text() }, func() any { return int64(g.IntN(5)) }, func() any { return g.anything(depth + 1) })
	count := g.IntN(5)
	if !g.wild {
		return pick(g, []any{}, []any{int64(3)}, []any{int64(5), int64(3)}, []any{"x"}, []any{"y"})
	}
	if !g.small && g.IntN(2000) == 0 {
		count = maxListItems + g.IntN(3)
		make = pick(g, func() any { return "v" }, func() any { return int64(3) })
	}
	for range count {
		items = append(items, make())
	}
	return items
}

func (g generator) text() string {
	if !g.small && g.IntN(1500) == 0 {
		return strings.Repeat(pick(g, "a", "ä", "日"), maxStringBytes/pick(g, 1, 2, 3)+g.IntN(3))
	}
	return pick(g, "x", "vip", "NO", "USD", "", "long enough", "日本", "\x00", "\u2028", "a\"b\\", "refund", "2024-02-29T12:00:00Z")
}

func (g generator) number() any {
	if !g.wild {
		return pick[any](g, int64(3), int64(7), 2.5, 5.0, int64(500))
	}
	return pick[any](g, int64(0), int64(3), int64(7), int64(500), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), 0.0, 2.5, 5.0, math.Copysign(0, -1),
		1e300, 1e20, math.MaxFloat64, math.SmallestNonzeroFloat64, json.Number("9223372036854775808"), json.Number("18446744073709551616"),
		json.Number("-9223372036854775809"), json.Number("1"+strings.Repeat("0", 400)))
}

func (g generator) anything(depth int) any {
	if g.IntN(600) == 0 {
		return g.deep(maxDepth - depth + g.IntN(4))
	}
	switch g.IntN(9) {
	case 0:
		return nil
	case 1:
		return g.IntN(2) == 0
	case 2, 3:
		return g.number()
	case 4:
		return g.list(depth)
	case 5:
		if depth > 6 {
			return "deep"
		}
		entries := map[string]any{}
		for range g.IntN(4) {
			entries[pick(g, "a", "b", "c", "tier", "geo", "country", "x")] = g.anything(depth + 1)
		}
		return entries
	default:
		return g.text()
	}
}

func (g generator) deep(levels int) any {
	var value any = "bottom"
	for range levels {
		if g.IntN(2) == 0 {
			value = []any{value}
		} else {
			value = map[string]any{pick(g, "a", "b", "c"): value}
		}
	}
	return value
}

type (
	namedString string
	namedInt    int16
	namedFloat  float64
	namedBool   bool
	namedList   []string
	namedMap    map[namedString]any
)

// dress gives the same value in other types of Go.
func dress(r *rand.Rand, value any) any {
	if r.IntN(6) == 0 && value != nil {
		if _, isObject := value.(map[string]any); !isObject {
			inner := dress(r, value)
			pointer := reflect.New(reflect.TypeOf(&inner).Elem())
			pointer.Elem().Set(reflect.ValueOf(&inner).Elem())
			return pointer.Interface()
		}
	}
	switch v := value.(type) {
	case nil:
		return []any{nil, (*string)(nil), []string(nil), map[string]any(nil), (*int)(nil), error(nil)}[r.IntN(6)]
	case string:
		return []any{v, namedString(v), &v}[r.IntN(3)]
	case bool:
		return []any{v, namedBool(v)}[r.IntN(2)]
	case int64:
		return dressInteger(r, v)
	case float64:
		dressed := []any{v, namedFloat(v), json.Number(strconv.FormatFloat(v, 'e', -1, 64))}
		if float64(float32(v)) == v {
			dressed = append(dressed, float32(v))
		}
		return dressed[r.IntN(len(dressed))]
	case json.Number:
		if large, err := strconv.ParseUint(string(v), 10, 64); err == nil && r.IntN(2) == 0 {
			return []any{large, uint(large), uintptr(large)}[r.IntN(3)]
		}
		return v
	case []any:
		return dressList(r, v)
	case map[string]any:
		return dressMap(r, v)
	}
	return value
}

func dressInteger(r *rand.Rand, v int64) any {
	dressed := []any{v, int(v), json.Number(strconv.FormatInt(v, 10))}
	for _, candidate := range []any{int8(v), int16(v), int32(v), uint8(v), uint16(v), uint32(v), uint64(v), uint(v), namedInt(v)} {
		at := reflect.ValueOf(candidate)
		if (at.CanInt() && at.Int() == v) || (at.CanUint() && v >= 0 && at.Uint() == uint64(v)) {
			dressed = append(dressed, candidate)
		}
	}
	return dressed[r.IntN(len(dressed))]
}

func dressList(r *rand.Rand, v []any) any {
	typed := typedList(v)
	if strings, ok := typed.([]string); ok && r.IntN(4) == 0 {
		return namedList(strings)
	}
	if numbers, ok := typed.([]int64); ok && r.IntN(2) == 0 {
		ints := make([]int, len(numbers))
		for i, number := range numbers {
			ints[i] = int(number)
		}
		return ints
	}
	if typed != nil && r.IntN(2) == 0 {
		return typed
	}
	items := make([]any, len(v))
	for i, item := range v {
		items[i] = item
		if len(v) < 100 {
			items[i] = dress(r, item)
		}
	}
	if r.IntN(4) == 0 && len(v) < 100 {
		array := reflect.New(reflect.ArrayOf(len(items), reflect.TypeFor[any]())).Elem()
		reflect.Copy(array, reflect.ValueOf(items))
		return array.Interface()
	}
	return items
}

func dressMap(r *rand.Rand, v map[string]any) any {
	if typed := typedMap(v); typed != nil && r.IntN(2) == 0 && len(v) > 0 {
		return typed
	}
	entries, named := map[string]any{}, namedMap{}
	for key, value := range v {
		entries[key] = dress(r, value)
		named[namedString(key)] = entries[key]
	}
	if r.IntN(4) == 0 {
		return named
	}
	return entries
}
