package actra

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
	"unsafe"
)

// step fills a slot, or several, from a place in a struct.
type step struct {
	// offset is where the value stands in the struct that the step is of.
	offset uintptr
	slot   uint32
	fill   func(b *Builder, s *step, at unsafe.Pointer)
	// inner are the steps of a struct's fields, or the one of what a pointer points to.
	inner []step
	// of is the value's type, where fill has to know.
	of reflect.Type
}

func fillSteps(b *Builder, steps []step, at unsafe.Pointer) {
	for i := range steps {
		s := &steps[i]
		s.fill(b, s, unsafe.Add(at, s.offset))
	}
}

// bindType gives the step for a type, or says that the slot cannot be of it.
func (f *facts) bindType(number uint32, t reflect.Type, path string) (step, error) {
	place := &f.slots[number]
	take := func(types typeBits, found step) (step, error) {
		if place.types&types == 0 {
			return step{}, fmt.Errorf("actra: %s is of type %v, which `%s` cannot be in the schema", path, t, place.name)
		}
		found.slot = number
		return found, nil
	}
	if t.Kind() != reflect.Pointer && t.ConvertibleTo(timeType) {
		return take(mayBeTimestamp, step{fill: fillTime})
	}
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			return take(0, step{})
		}
		inner, err := f.bindType(number, t.Elem(), path)
		return step{slot: number, fill: fillPointee, inner: []step{inner}}, err
	case reflect.Interface:
		return step{slot: number, fill: fillAny, of: t}, nil
	case reflect.Struct:
		if place.types&mayBeMap != 0 || place.types&mayBeObject == 0 {
			return take(0, step{})
		}
		inner, err := f.bindStruct(&place.members, place.name, t, path)
		return step{slot: number, fill: fillObject, inner: inner}, err
	case reflect.Slice, reflect.Array:
		if elem := t.Elem().Kind(); elem == reflect.Uint8 {
			return take(0, step{})
		}
		return take(mayBeList, step{fill: fillerOf(t), of: t})
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return take(0, step{})
		}
		return take(mayBeMap|mayBeObject, step{fill: fillerOf(t), of: t})
	case reflect.String:
		if t == numberType {
			return take(mayBeNumber, step{fill: fillNumber})
		}
		return take(mayBeString|mayBeTimestamp, step{fill: fillString})
	case reflect.Bool:
		return take(mayBeBoolean, step{fill: fillBool})
	}
	if fill := numericFillers[t.Kind()]; fill != nil {
		return take(mayBeNumber, step{fill: fill})
	}
	return take(0, step{})
}

type filler = func(b *Builder, s *step, at unsafe.Pointer)

var numericFillers = map[reflect.Kind]filler{
	reflect.Int:     fillSigned[int],
	reflect.Int8:    fillSigned[int8],
	reflect.Int16:   fillSigned[int16],
	reflect.Int32:   fillSigned[int32],
	reflect.Int64:   fillSigned[int64],
	reflect.Uint:    fillUnsigned[uint],
	reflect.Uint8:   fillUnsigned[uint8],
	reflect.Uint16:  fillUnsigned[uint16],
	reflect.Uint32:  fillUnsigned[uint32],
	reflect.Uint64:  fillUnsigned[uint64],
	reflect.Uintptr: fillUnsigned[uintptr],
	reflect.Float32: fillFloat[float32],
	reflect.Float64: fillFloat[float64],
}

// fillerOf gives the filler of a list or a map. Those of the most common types do without
// reflection and without allocating.
func fillerOf(t reflect.Type) filler {
	switch t {
	case reflect.TypeFor[[]string]():
		return func(b *Builder, s *step, at unsafe.Pointer) {
			if values := *(*[]string)(at); values != nil {
				*b.at(s.slot) = setList(b, values, (*Builder).text)
			}
		}
	case reflect.TypeFor[[]int64]():
		return fillNumbers[int64](integer)
	case reflect.TypeFor[[]int]():
		return fillNumbers[int](func(_ *Builder, value int) slot { return integer(nil, int64(value)) })
	case reflect.TypeFor[[]float64]():
		return fillNumbers[float64](floating)
	}
	return fillReflected
}

func fillNumbers[T any](scalar func(*Builder, T) slot) filler {
	return func(b *Builder, s *step, at unsafe.Pointer) {
		if values := *(*[]T)(at); values != nil {
			*b.at(s.slot) = setList(b, values, scalar)
		}
	}
}

func fillString(b *Builder, s *step, at unsafe.Pointer) {
	*b.at(s.slot) = b.text(*(*string)(at))
}

func fillBool(b *Builder, s *step, at unsafe.Pointer) {
	*b.at(s.slot) = boolean(*(*bool)(at))
}

func fillSigned[T int | int8 | int16 | int32 | int64](b *Builder, s *step, at unsafe.Pointer) {
	*b.at(s.slot) = integer(b, int64(*(*T)(at)))
}

func fillUnsigned[T uint | uint8 | uint16 | uint32 | uint64 | uintptr](b *Builder, s *step, at unsafe.Pointer) {
	*b.at(s.slot) = unsigned(uint64(*(*T)(at)))
}

func fillFloat[T float32 | float64](b *Builder, s *step, at unsafe.Pointer) {
	*b.at(s.slot) = floating(b, float64(*(*T)(at)))
}

func fillTime(b *Builder, s *step, at unsafe.Pointer) {
	// Types that convert to time.Time have its layout.
	value := *(*time.Time)(at)
	if !isInstant(value) {
		b.noteUnfit(s.slot, "is "+typeName(value))
		return
	}
	*b.at(s.slot) = instant(value)
}

func fillNumber(b *Builder, s *step, at unsafe.Pointer) {
	b.fillAny(s.slot, *(*json.Number)(at))
}

// fillAny fills what an interface holds; nothing: it is missing.
func fillAny(b *Builder, s *step, at unsafe.Pointer) {
	fillValue(b, s, reflect.NewAt(s.of, at).Elem())
}

func fillReflected(b *Builder, s *step, at unsafe.Pointer) {
	fillValue(b, s, reflect.NewAt(s.of, at).Elem())
}

func fillValue(b *Builder, s *step, value reflect.Value) {
	switch value.Kind() {
	case reflect.Interface, reflect.Slice, reflect.Map:
		if value.IsNil() {
			return
		}
	}
	b.fillAny(s.slot, value.Interface())
}

func fillPointee(b *Builder, s *step, at unsafe.Pointer) {
	if pointee := *(*unsafe.Pointer)(at); pointee != nil {
		fillSteps(b, s.inner, pointee)
	}
}

func fillUnlessZero(b *Builder, s *step, at unsafe.Pointer) {
	if !reflect.NewAt(s.of, at).Elem().IsZero() {
		fillSteps(b, s.inner, at)
	}
}

// fillObject fills an object: it is there, whatever is in it.
func fillObject(b *Builder, s *step, at unsafe.Pointer) {
	*b.at(s.slot) = slot{tag: tagObject}
	fillSteps(b, s.inner, at)
}

func fillInner(b *Builder, s *step, at unsafe.Pointer) {
	fillSteps(b, s.inner, at)
}
