package actra

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// parseTree reads JSON as a tree of strings, booleans, int64, float64, nil, []any and
// map[string]any; an integer outside of 64 bits is a json.Number. {"$number": ...} is a number that
// JSON cannot write. Or it says why there is no such tree.
func parseTree(text []byte) (tree any, why string) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	tree, err := parseValue(decoder)
	if err == nil {
		if _, more := decoder.Token(); more != io.EOF {
			err = errors.New("text that is no JSON")
		}
	}
	if err != nil {
		for _, known := range []string{"a key that stands twice", "half a surrogate pair"} {
			if err.Error() == known {
				return nil, known
			}
		}
		return nil, "text that is no JSON"
	}
	return tree, ""
}

func parseValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			items := []any{}
			for decoder.More() {
				item, err := parseValue(decoder)
				if err != nil {
					return nil, err
				}
				items = append(items, item)
			}
			_, err := decoder.Token()
			return items, err
		}
		return parseObject(decoder)
	case json.Number:
		return parseNumber(string(token)), nil
	case string:
		if strings.ContainsRune(token, '\uFFFD') {
			return nil, errors.New("half a surrogate pair")
		}
		return token, nil
	default:
		return token, nil
	}
}

func parseObject(decoder *json.Decoder) (any, error) {
	object := map[string]any{}
	for decoder.More() {
		key, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		value, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		if _, twice := object[key.(string)]; twice {
			return nil, errors.New("a key that stands twice")
		}
		object[key.(string)] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if number, ok := object["$number"].(string); ok && len(object) == 1 {
		switch number {
		case "nan":
			return math.NaN(), nil
		case "inf":
			return math.Inf(1), nil
		case "-inf":
			return math.Inf(-1), nil
		}
		return parseNumber(number), nil
	}
	return object, nil
}

func parseNumber(text string) any {
	if strings.ContainsAny(text, ".eE") {
		value, _ := strconv.ParseFloat(text, 64)
		return value
	}
	if value, err := strconv.ParseInt(text, 10, 64); err == nil {
		return value
	}
	return json.Number(text)
}

// inputOf gives a tree as an Input, or why there is none.
func inputOf(tree any) (Input, string) {
	object, ok := tree.(map[string]any)
	if !ok {
		return Input{}, "what is no object"
	}
	var domains [3]map[string]any
	for key, value := range object {
		at := slices.Index(domainNames[:], key)
		if at < 0 {
			return Input{}, "something beside the domains"
		}
		if domains[at], ok = value.(map[string]any); !ok {
			return Input{}, "a domain that is no object"
		}
	}
	return Input{Action: domains[0], Actor: domains[1], Snapshot: domains[2]}, ""
}

// differs says how a result is not the expected one; empty: it is.
func differs(expect json.RawMessage, decision Decision, err error) string {
	var wanted struct {
		Error string
		Field *string
		decisionJSON
	}
	if err := json.Unmarshal(expect, &wanted); err != nil {
		return err.Error()
	}
	if err != nil {
		failure := (*InputError)(nil)
		switch {
		case !reflect.DeepEqual(decision, Decision{}):
			return fmt.Sprintf("the error %v comes with %+v", err, decision)
		case !errors.As(err, &failure) || failure.Message == "":
			return fmt.Sprintf("expected %s, got %v", expect, err)
		case failure.Code != wanted.Error || (wanted.Field != nil && *wanted.Field != failure.Field):
			return fmt.Sprintf("expected %s, got %q of %q: %v", expect, failure.Code, failure.Field, err)
		}
		return ""
	}
	text, err := decision.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	var found decisionJSON
	if err := json.Unmarshal(text, &found); err != nil {
		return err.Error()
	}
	if wanted.Error != "" || !reflect.DeepEqual(plain(found), plain(wanted.decisionJSON)) {
		return fmt.Sprintf("expected %s, got %s", expect, text)
	}
	return ""
}

// plain gives a decision in a form that compares: null is empty, and required actions are values.
func plain(d decisionJSON) map[string]any {
	text, _ := json.Marshal(d)
	var fields map[string]any
	_ = json.Unmarshal(text, &fields)
	maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil })
	return fields
}

// isLarge reports whether a value breaks a limit that binds where the schema names nothing.
func isLarge(value any) bool {
	switch v := value.(type) {
	case string:
		return len(v) > maxStringBytes
	case []any:
		return len(v) > maxListItems || slices.ContainsFunc(v, isLarge)
	case map[string]any:
		for key, inner := range v {
			if len(key) > maxStringBytes || isLarge(inner) {
				return true
			}
		}
	}
	return false
}

func isDeep(value any, depth int) bool {
	switch v := value.(type) {
	case []any:
		return depth >= maxDepth || slices.ContainsFunc(v, func(item any) bool { return isDeep(item, depth+1) })
	case map[string]any:
		for _, inner := range v {
			if isDeep(inner, depth+1) {
				return true
			}
		}
		return depth >= maxDepth
	}
	return false
}

// unsaid says why a value that the schema does not name cannot just be left out.
func unsaid(p *Policy, key string, value any, depth int) string {
	switch {
	case p.refusesUnknown:
		return "what the schema does not name"
	case isLarge(value) || len(key) > maxStringBytes:
		return "limits of what the schema does not name"
	case isDeep(value, depth):
		return "depth of what the schema does not name"
	}
	return ""
}

func evaluateThroughBuilder(p *Policy, input Input) (decision Decision, whyNot string, err error) {
	b := p.NewBuilder()
	for domain, values := range [3]map[string]any{input.Action, input.Actor, input.Snapshot} {
		if why := setMembers(b, &p.facts.domains[domain], values, 2); why != "" {
			return Decision{}, why, nil
		}
	}
	decision, err = b.Evaluate()
	return decision, "", err
}

func setMembers(b *Builder, names *names, values map[string]any, depth int) string {
	for key, value := range values {
		number, ok := names.find(key)
		if !ok {
			if why := unsaid(b.policy, key, value, depth); why != "" {
				return why
			}
			continue
		}
		if why := setOne(b, Slot{b.policy.facts.id, number}, value, depth); why != "" {
			return why
		}
	}
	return ""
}

// setOne sets a value by the setter that is for it, if there is one.
func setOne(b *Builder, s Slot, value any, depth int) string {
	place := &b.policy.facts.slots[s.number]
	switch v := value.(type) {
	case nil:
		b.SetNull(s)
	case bool:
		b.SetBool(s, v)
	case int64:
		b.SetInt(s, v)
	case float64:
		b.SetFloat(s, v)
	case string:
		if at, ok := asTime(place, v); ok {
			b.SetTime(s, at)
		} else {
			b.SetString(s, v)
		}
	case json.Number:
		if large, err := strconv.ParseUint(string(v), 10, 64); err == nil {
			b.SetUint(s, large)
		} else {
			b.Set(s, v)
		}
	case []any:
		switch typed := typedList(v).(type) {
		case []string:
			b.SetStrings(s, typed)
		case []int64:
			b.SetInts(s, typed)
		case []float64:
			b.SetFloats(s, typed)
		default:
			b.Set(s, v)
		}
	case map[string]any:
		if place.types&mayBeMap == 0 && place.types&mayBeObject != 0 && depth < maxDepth {
			b.SetObject(s)
			return setMembers(b, &place.members, v, depth+1)
		}
		switch typed := typedMap(v).(type) {
		case map[string]string:
			b.SetStringMap(s, typed)
		case map[string]int64:
			b.SetIntMap(s, typed)
		case map[string]float64:
			b.SetFloatMap(s, typed)
		case map[string]bool:
			b.SetBoolMap(s, typed)
		default:
			b.Set(s, v)
		}
		if place.types&mayBeMap == 0 {
			// Nothing that is declared is a map here: only objects have what a setter of maps sets.
			b.Set(s, v)
		}
	}
	return ""
}

// asTime gives a timestamp's text as a time where that says the same.
func asTime(place *place, text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, text)
	// Go takes offsets of a day, which RFC 3339 does not have.
	_, offset := at.Zone()
	return at, err == nil && max(offset, -offset) < 24*60*60 && place.types == mayBeTimestamp && at.Format(time.RFC3339Nano) == text && isInstant(at)
}

func typedList(items []any) any {
	if typed, ok := typedItems[string](items); ok {
		return typed
	}
	if typed, ok := typedItems[int64](items); ok {
		return typed
	}
	if typed, ok := typedItems[float64](items); ok {
		return typed
	}
	return nil
}

func typedItems[T any](items []any) ([]T, bool) {
	typed := make([]T, 0, len(items))
	for _, item := range items {
		if item, ok := item.(T); ok {
			typed = append(typed, item)
		}
	}
	return typed, len(typed) == len(items)
}

func typedMap(entries map[string]any) any {
	if typed, ok := typedEntries[string](entries); ok {
		return typed
	}
	if typed, ok := typedEntries[int64](entries); ok {
		return typed
	}
	if typed, ok := typedEntries[float64](entries); ok {
		return typed
	}
	if typed, ok := typedEntries[bool](entries); ok {
		return typed
	}
	return nil
}

func typedEntries[T any](entries map[string]any) (map[string]T, bool) {
	typed := make(map[string]T, len(entries))
	for key, value := range entries {
		if value, ok := value.(T); ok {
			typed[key] = value
		}
	}
	return typed, len(typed) == len(entries)
}

// evaluateThroughStruct decides an input as a struct that is made for it: what Bind does with a
// type of a program's.
func evaluateThroughStruct(p *Policy, input Input) (decision Decision, whyNot string, err error) {
	var fields []reflect.StructField
	var values []reflect.Value
	for domain, entries := range [3]map[string]any{input.Action, input.Actor, input.Snapshot} {
		if entries == nil {
			continue
		}
		value, why := structOf(p, &p.facts.domains[domain], entries, 2)
		if why != "" {
			return Decision{}, why, nil
		}
		name := []string{"Action", "Actor", "Snapshot"}[domain]
		fields = append(fields, reflect.StructField{Name: name, Type: value.Type()})
		values = append(values, value)
	}
	if len(fields) == 0 {
		return Decision{}, "an input without domains", nil
	}
	t := reflect.StructOf(fields)
	steps, err := p.facts.bindInput(t)
	if err != nil {
		return Decision{}, "", err
	}
	at := reflect.New(t)
	for i, value := range values {
		at.Elem().Field(i).Set(value)
	}
	b := p.NewBuilder()
	fillSteps(b, steps, unsafe.Pointer(at.Pointer()))
	decision, err = b.Evaluate()
	return decision, "", err
}

// structOf gives a struct with the entries that the schema names.
func structOf(p *Policy, names *names, entries map[string]any, depth int) (reflect.Value, string) {
	var fields []reflect.StructField
	var values []reflect.Value
	for key, value := range entries {
		number, ok := names.find(key)
		switch {
		case !ok:
			if why := unsaid(p, key, value, depth); why != "" {
				return reflect.Value{}, why
			}
			continue
		case strings.Contains(key, ","):
			return reflect.Value{}, "names with a comma"
		case value == nil && p.facts.schema.Language == 1:
			return reflect.Value{}, "a null, which version 1 tells from a missing value"
		case value == nil && p.refusesUnknown:
			return reflect.Value{}, "a null in a field that may be refused"
		}
		fitting, why := fittingValue(p, number, value, depth)
		if why != "" {
			return reflect.Value{}, why
		}
		tag := reflect.StructTag("actra:" + strconv.Quote(key))
		name := fmt.Sprintf("F%d", len(fields))
		fields = append(fields, reflect.StructField{Name: name, Type: fitting.Type(), Tag: tag})
		values = append(values, fitting)
	}
	made := reflect.New(reflect.StructOf(fields)).Elem()
	for i, value := range values {
		made.Field(i).Set(value)
	}
	return made, ""
}

// fittingValue gives a value in a type that Bind takes for the slot: its own, or an interface.
func fittingValue(p *Policy, number uint32, value any, depth int) (reflect.Value, string) {
	place := &p.facts.slots[number]
	typed := value
	switch v := value.(type) {
	case string:
		if at, ok := asTime(place, v); ok {
			typed = at
		}
	case []any:
		if list := typedList(v); list != nil {
			typed = list
		}
	case map[string]any:
		if place.types&mayBeMap == 0 && place.types&mayBeObject != 0 && depth < maxDepth {
			return structOf(p, &place.members, v, depth+1)
		}
		if entries := typedMap(v); entries != nil {
			typed = entries
		}
	}
	if typed != nil {
		if _, err := p.facts.bindType(number, reflect.TypeOf(typed), "it"); err == nil {
			return reflect.ValueOf(typed), ""
		}
	}
	boxed := reflect.New(reflect.TypeFor[any]()).Elem()
	if value != nil {
		boxed.Set(reflect.ValueOf(value))
	}
	return boxed, ""
}
