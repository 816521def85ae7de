package actra

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"unsafe"
)

// Binding decides inputs that are structs of one type. It comes from Bind, and any number of
// goroutines may use it.
type Binding[T any] struct {
	policy *Policy
	// domains are the steps that fill the three domains.
	steps []step
}

// Bind prepares a struct type as the inputs of a policy: what can be worked out of the type is not
// worked out again per decision. T has fields Action, Actor and Snapshot, of which some may be
// left out; each is a struct, a pointer to one, or a map[string]any.
//
//	type Refund struct {
//		Action struct {
//			Type     string   `actra:"type"`
//			Amount   int64    `actra:"amount"`
//			Currency string   `actra:"currency,omitzero"`
//			Tags     []string `actra:"tags"`
//		}
//		Actor struct {
//			Role string `actra:"role"`
//		}
//	}
//
// Every exported field of such a struct has a tag with its name in the schema, or "-" to leave it
// out; fields of embedded structs without a tag count as the struct's own. A field may be whatever
// Policy.Evaluate takes in a map, and a struct where the schema has an object. Nil pointers,
// interfaces, slices and maps are missing; so is the zero value of a field with omitzero.
//
// A name that the schema does not have gives an error that wraps ErrNoSuchField; so is a type that
// cannot be what the schema says an error. Both are found here, and not at the first decision.
func Bind[T any](p *Policy) (*Binding[T], error) {
	if p == nil {
		return nil, ErrClosed
	}
	steps, err := p.facts.bindInput(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return &Binding[T]{policy: p, steps: steps}, nil
}

// Evaluate decides an input. It gives the decision that Policy.Evaluate gives for the same values
// in maps, without what is missing.
//
// An error is an *InputError, ErrClosed or ErrInternal, and comes with a zero Decision.
func (t *Binding[T]) Evaluate(input *T) (Decision, error) {
	if input == nil {
		return Decision{}, &InputError{Code: Malformed, Message: "the input is nil"}
	}
	b := t.policy.borrow()
	fillSteps(b, t.steps, unsafe.Pointer(input))
	decision, err := b.Evaluate()
	b.giveBack()
	runtime.KeepAlive(input)
	runtime.KeepAlive(t.policy)
	return decision, err
}

// Explain decides an input, and tells why: see Policy.Explain.
func (t *Binding[T]) Explain(input *T) (*Explanation, error) {
	if input == nil {
		return nil, &InputError{Code: Malformed, Message: "the input is nil"}
	}
	b := t.policy.borrow()
	defer b.giveBack()
	fillSteps(b, t.steps, unsafe.Pointer(input))
	runtime.KeepAlive(input)
	if found := b.following(); found != nil {
		return nil, found
	}
	return b.Explain()
}

// bindInput gives the steps of a type with domains.
func (f *facts) bindInput(t reflect.Type) ([]step, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("actra: %v is no struct with fields Action, Actor and Snapshot", t)
	}
	var steps []step
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() || field.Tag.Get("actra") == "-" {
			continue
		}
		domain := -1
		for number, name := range domainNames {
			if strings.EqualFold(field.Name, name) {
				domain = number
			}
		}
		if domain < 0 {
			return nil, fmt.Errorf("actra: %v.%s is none of Action, Actor and Snapshot: tag it `actra:\"-\"` to leave it out", t, field.Name)
		}
		found, err := f.bindDomain(domain, field.Type, t.String()+"."+field.Name)
		if err != nil {
			return nil, err
		}
		found.offset = field.Offset
		steps = append(steps, found)
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("actra: %v has none of the fields Action, Actor and Snapshot", t)
	}
	return steps, nil
}

func (f *facts) bindDomain(domain int, t reflect.Type, path string) (step, error) {
	switch {
	case t == reflect.TypeFor[map[string]any]():
		return step{fill: func(b *Builder, _ *step, at unsafe.Pointer) {
			b.fillDomain(domain, *(*map[string]any)(at))
		}}, nil
	case t.Kind() == reflect.Struct:
		inner, err := f.bindStruct(&f.domains[domain], domainNames[domain], t, path)
		return step{fill: fillInner, inner: inner}, err
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		inner, err := f.bindDomain(domain, t.Elem(), path)
		return step{fill: fillPointee, inner: []step{inner}}, err
	}
	return step{}, fmt.Errorf("actra: %s is of type %v: a domain is a struct, a pointer to one, or a map[string]any", path, t)
}

// bindStruct gives the steps of the fields of a struct that stands for a domain or an object. Of
// the names that it has the object's are `names`, and `outer` is its own.
func (f *facts) bindStruct(names *names, outer string, t reflect.Type, path string) ([]step, error) {
	var steps []step
	taken := make(map[uint32]string)
	var bind func(t reflect.Type, offset uintptr, path string) error
	bind = func(t reflect.Type, offset uintptr, path string) error {
		for i := range t.NumField() {
			field := t.Field(i)
			tag, tagged := field.Tag.Lookup("actra")
			at := path + "." + field.Name
			switch {
			case tag == "-":
				continue
			case field.Anonymous && !tagged && field.Type.Kind() == reflect.Struct:
				if err := bind(field.Type, offset+field.Offset, at); err != nil {
					return err
				}
				continue
			case !field.IsExported() && !tagged:
				continue
			case !field.IsExported():
				return fmt.Errorf("actra: %s has a tag, and is not exported", at)
			case !tagged:
				return fmt.Errorf("actra: %s has no tag: `actra:\"name\"` says which field of the schema it is, `actra:\"-\"` leaves it out", at)
			}
			found, err := f.bindField(names, outer, tag, field.Type, at)
			if err != nil {
				return err
			}
			if other, twice := taken[found.slot]; twice {
				return fmt.Errorf("actra: %s and %s are both `%s`", other, at, f.slots[found.slot].name)
			}
			taken[found.slot] = at
			found.offset = offset + field.Offset
			steps = append(steps, found)
		}
		return nil
	}
	return steps, bind(t, 0, path)
}

func (f *facts) bindField(names *names, outer, tag string, t reflect.Type, path string) (step, error) {
	name, options, _ := strings.Cut(tag, ",")
	number, ok := names.find(name)
	if !ok {
		return step{}, fmt.Errorf("%w: `%s.%s`, which %s is tagged as", ErrNoSuchField, outer, name, path)
	}
	found, err := f.bindType(number, t, path)
	if err != nil {
		return step{}, err
	}
	found.slot = number
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "omitzero":
			inner := found
			found = step{slot: number, fill: fillUnlessZero, inner: []step{inner}, of: t}
		default:
			return step{}, fmt.Errorf("actra: %s has the option %q: there is omitzero only", path, option)
		}
	}
	return found, nil
}
