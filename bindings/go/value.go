package actra

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// class is what kind of a value a Go value is, to an input.
type class uint8

const (
	// unfit: no input can hold it.
	unfit class = iota
	scalarClass
	listClass
	mapClass
)

// scalar is a value that is no list and no object: a slot, but that its text, if it is one, has
// not been copied yet.
type scalar struct {
	slot
	text string
}

// classify tells what a value is. It follows pointers. Lists and maps come back as eachItem and
// eachEntry take them, and what is unfit as typeName does.
func classify(value any) (class, scalar, any) {
	switch v := value.(type) {
	case nil:
		return scalarClass, scalar{slot: slot{tag: tagNull}}, nil
	case string:
		return textual(v)
	case bool:
		return scalarClass, scalar{slot: boolean(v)}, nil
	case int:
		return integral(int64(v))
	case int64:
		return integral(v)
	case int32:
		return integral(int64(v))
	case float64:
		return double(v)
	case uint64:
		return scalarClass, scalar{slot: unsigned(v)}, nil
	case json.Number:
		return number(v)
	case time.Time:
		if !isInstant(v) {
			return unfit, scalar{}, value
		}
		return scalarClass, scalar{slot: instant(v)}, nil
	case map[string]any:
		return container(mapClass, v == nil, value)
	case map[string]string:
		return container(mapClass, v == nil, value)
	case []any:
		return container(listClass, v == nil, value)
	case []string:
		return container(listClass, v == nil, value)
	case []int:
		return container(listClass, v == nil, value)
	case []int64:
		return container(listClass, v == nil, value)
	case []float64:
		return container(listClass, v == nil, value)
	}
	return reflected(reflect.ValueOf(value))
}

func textual(v string) (class, scalar, any) {
	return scalarClass, scalar{slot: slot{tag: tagString}, text: v}, nil
}

func integral(v int64) (class, scalar, any) {
	return scalarClass, scalar{slot: slot{tag: tagInteger, value: uint64(v)}}, nil
}

func double(v float64) (class, scalar, any) {
	return scalarClass, scalar{slot: slot{tag: tagDouble, value: math.Float64bits(v)}}, nil
}

// A nil map or slice is null, as in encoding/json.
func container(is class, isNil bool, value any) (class, scalar, any) {
	if isNil {
		return scalarClass, scalar{slot: slot{tag: tagNull}}, nil
	}
	return is, scalar{}, value
}

// number reads a json.Number as the door for text reads a number: without a fraction and an
// exponent it is an integer, of whatever size.
func number(value json.Number) (class, scalar, any) {
	text := string(value)
	if !isNumber(text) {
		return unfit, scalar{}, value
	}
	isInteger := !strings.ContainsAny(text, ".eE")
	if isInteger {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return integral(v)
		}
	}
	// Out of range it is an infinity, which is what is wanted.
	v, _ := strconv.ParseFloat(text, 64)
	if isInteger {
		return scalarClass, scalar{slot: slot{tag: tagBigInteger, value: math.Float64bits(v)}}, nil
	}
	return double(v)
}

// isNumber reports whether the text is a number of JSON's.
func isNumber(text string) bool {
	digits := func() bool {
		before := len(text)
		text = strings.TrimLeft(text, "0123456789")
		return len(text) < before
	}
	text = strings.TrimPrefix(text, "-")
	if rest, ok := strings.CutPrefix(text, "0"); ok {
		text = rest
	} else if !digits() {
		return false
	}
	if rest, ok := strings.CutPrefix(text, "."); ok {
		if text = rest; !digits() {
			return false
		}
	}
	if text != "" && (text[0] == 'e' || text[0] == 'E') {
		text = text[1:]
		if text != "" && (text[0] == '+' || text[0] == '-') {
			text = text[1:]
		}
		if !digits() {
			return false
		}
	}
	return text == ""
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	numberType = reflect.TypeFor[json.Number]()
)

// reflected classifies what the list of common types does not have: other sizes of numbers, named
// types, pointers.
func reflected(v reflect.Value) (class, scalar, any) {
	// A pointer may point to itself.
	for range maxDepth {
		if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
			break
		}
		if v.IsNil() {
			return scalarClass, scalar{slot: slot{tag: tagNull}}, nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		if v.Type() == numberType {
			return number(json.Number(v.String()))
		}
		return textual(v.String())
	case reflect.Bool:
		return scalarClass, scalar{slot: boolean(v.Bool())}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integral(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return scalarClass, scalar{slot: unsigned(v.Uint())}, nil
	case reflect.Float32, reflect.Float64:
		return double(v.Float())
	case reflect.Struct:
		if v.Type().ConvertibleTo(timeType) {
			return classify(v.Convert(timeType).Interface())
		}
	case reflect.Slice, reflect.Array:
		// Bytes are no text and no list of numbers: encoding/json takes them for neither.
		if v.Type().Elem().Kind() == reflect.Uint8 {
			break
		}
		return container(listClass, v.Kind() == reflect.Slice && v.IsNil(), v)
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			break
		}
		return container(mapClass, v.IsNil(), v)
	}
	return unfit, scalar{}, v
}

// typeName says what a value is that classify calls unfit.
func typeName(value any) string {
	t := reflect.TypeOf(value)
	if v, ok := value.(reflect.Value); ok {
		t = v.Type()
	}
	switch {
	case t == numberType:
		return "a json.Number that is no number"
	case t.ConvertibleTo(timeType):
		return "a time outside of the years 1 to 9999"
	}
	return "of Go's type " + t.String() + ", which no input holds"
}

// length gives how many items or entries there are in what classify calls a list or a map.
func length(value any) int {
	switch v := value.(type) {
	case map[string]any:
		return len(v)
	case map[string]string:
		return len(v)
	case []any:
		return len(v)
	case []string:
		return len(v)
	case []int:
		return len(v)
	case []int64:
		return len(v)
	case []float64:
		return len(v)
	case reflect.Value:
		return v.Len()
	}
	return 0
}

// eachItem gives the items of what classify calls a list, until yield says false.
func eachItem(value any, yield func(class, scalar, any) bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if !yield(classify(item)) {
				return
			}
		}
	case []string:
		for _, item := range v {
			if !yield(textual(item)) {
				return
			}
		}
	case []int:
		for _, item := range v {
			if !yield(integral(int64(item))) {
				return
			}
		}
	case []int64:
		for _, item := range v {
			if !yield(integral(item)) {
				return
			}
		}
	case []float64:
		for _, item := range v {
			if !yield(double(item)) {
				return
			}
		}
	case reflect.Value:
		for i := range v.Len() {
			if !yield(reflected(v.Index(i))) {
				return
			}
		}
	}
}

// eachEntry gives the entries of what classify calls a map, in no order, until yield says false.
func eachEntry(value any, yield func(string, class, scalar, any) bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, value := range v {
			is, scalar, container := classify(value)
			if !yield(key, is, scalar, container) {
				return
			}
		}
	case map[string]string:
		for key, value := range v {
			is, scalar, container := textual(value)
			if !yield(key, is, scalar, container) {
				return
			}
		}
	case reflect.Value:
		for entry := v.MapRange(); entry.Next(); {
			is, scalar, container := reflected(entry.Value())
			if !yield(entry.Key().String(), is, scalar, container) {
				return
			}
		}
	}
}
