package actra

import (
	"fmt"
	"runtime"
	"unicode/utf8"
)

// Input is what a decision is asked about: the operation, who asks for it, and the state of the
// world. A nil domain is an empty one.
//
// A value may be a string, a boolean, a number of any size, a json.Number, a time.Time, nil, a
// slice or array of these, a map with strings as keys, a named type of these, or a pointer to
// one; nil pointers, maps and slices are null, as in encoding/json. A float32 is the number that
// it exactly is. Anything else in a field that the schema declares (a struct, bytes, a channel, a
// time where no timestamp is declared) is an *InputError. What the schema does not name is
// ignored, but for its limits.
type Input struct {
	Action, Actor, Snapshot map[string]any
}

// Evaluate decides an input given as maps. It gives the decision that EvaluateJSON gives for the
// same tree as JSON.
//
// An error is an *InputError, ErrClosed or ErrInternal, and comes with a zero Decision.
func (p *Policy) Evaluate(input Input) (Decision, error) {
	if p == nil {
		return Decision{}, ErrClosed
	}
	b := p.borrow()
	b.fillInput(input)
	decision, err := b.Evaluate()
	b.giveBack()
	runtime.KeepAlive(p)
	return decision, err
}

// oddities are what a walk finds that slots cannot say.
type oddities struct {
	any bool
	// tooDeep, tooLong and tooMany are faults that lead all others.
	tooDeep, longKey, tooMany bool
	// limit is the first field that the schema does not name and that breaks a limit.
	limit *InputError
	// unknown is the first field that the schema does not name.
	unknown string
	// unfit is the first declared field with a value that no input can hold.
	unfit unfitValue
	// visited counts values, so that maps that stand in many places do not take forever.
	visited int
}

// unfitValue says of a field what it is.
type unfitValue struct {
	slot uint32
	what string
}

func (u *unfitValue) message(p *Policy) string {
	return "`" + p.name(u.slot) + "` " + u.what
}

// leading gives the fault that leads whatever libactra says.
func (o *oddities) leading() error {
	switch {
	case o.tooDeep:
		return &InputError{Code: TooDeep, Message: describe(TooDeep, "")}
	case o.longKey:
		return &InputError{Code: TooLarge, Message: fmt.Sprintf("a key is longer than %d bytes", maxStringBytes)}
	case o.tooMany:
		return &InputError{Code: TooLarge, Message: fmt.Sprintf("the input holds more than %d values", maxItems)}
	}
	return nil
}

func (b *Builder) fillInput(input Input) {
	b.tree, b.hasTree = input, true
	b.fillDomain(0, input.Action)
	b.fillDomain(1, input.Actor)
	b.fillDomain(2, input.Snapshot)
}

func (b *Builder) fillDomain(domain int, values map[string]any) {
	names := &b.policy.facts.domains[domain]
	for key, value := range values {
		b.odd.visited++
		if number, ok := names.find(key); ok {
			b.fillSlot(number, value, 2)
			continue
		}
		b.checkKey(key)
		at := holder{domain: domain, key: key}
		is, scalar, container := classify(value)
		b.skim(at, is, scalar, container, 2)
		b.noteUnknown(at)
	}
}

// fillSlot puts a value into a slot, and what is in it into the slots of its members and keys. So
// many objects are open around it.
func (b *Builder) fillSlot(number uint32, value any, depth int) {
	is, scalar, container := classify(value)
	b.fillClassified(number, is, scalar, container, depth)
}

func (b *Builder) fillClassified(number uint32, is class, value scalar, container any, depth int) {
	place := &b.policy.facts.slots[number]
	switch is {
	case scalarClass:
		if value.tag == tagTimestamp && place.types&mayBeTimestamp == 0 {
			b.noteUnfit(number, "is a time, and the schema says no timestamp")
		}
		*b.at(number) = b.scalar(value)
	case listClass:
		*b.at(number) = b.fillList(number, container, depth)
	case mapClass:
		switch {
		case depth >= maxDepth:
			b.odd.any, b.odd.tooDeep = true, true
		case place.types&mayBeMap != 0:
			b.fillMap(number, place, container, depth)
		case place.types&mayBeObject != 0:
			*b.at(number) = slot{tag: tagObject}
			b.fillObject(number, place, container, depth)
		default:
			// The schema says that this is something else: what stands inside is no field.
			*b.at(number) = slot{tag: tagObject}
			b.skim(holder{slot: number, isSlot: true}, is, value, container, depth)
		}
	case unfit:
		b.noteUnfit(number, "is "+typeName(container))
		// Whatever is declared here, one of the two is wrong.
		wrong := slot{tag: tagObject}
		if place.types&(mayBeObject|mayBeMap) != 0 {
			wrong = boolean(false)
		}
		*b.at(number) = wrong
	}
}

// at gives the slot to be set.
func (b *Builder) at(number uint32) *slot {
	if int(number) >= b.used {
		b.used = int(number) + 1
	}
	return &b.slots[number]
}

func (b *Builder) scalar(value scalar) slot {
	if value.tag == tagString {
		return b.text(value.text)
	}
	return value.slot
}

func (b *Builder) fillList(number uint32, container any, depth int) slot {
	if depth >= maxDepth {
		b.odd.any, b.odd.tooDeep = true, true
		return slot{tag: tagObject}
	}
	list, at := b.list(length(container))
	left := list.len
	eachItem(container, func(is class, value scalar, inner any) bool {
		item := slot{tag: tagObject}
		switch is {
		case scalarClass:
			if value.tag == tagTimestamp {
				b.noteUnfit(number, "holds a time, and no list is one of timestamps")
			}
			item = b.scalar(value)
		case unfit:
			b.noteUnfit(number, "holds a value "+typeName(inner))
		default:
			b.skim(holder{slot: number, isSlot: true}, is, value, inner, depth+1)
		}
		if left > 0 {
			b.put(at, item)
			at += slotBytes
			left--
		}
		return b.visit()
	})
	// A map of Go's may not give what it promised; a list always does.
	return list
}

// fillMap fills what may be a map: its pairs, and the slots of the keys that rules read and, where
// it is an object under another action, of its members. libactra sets those of scalars itself.
func (b *Builder) fillMap(number uint32, place *place, container any, depth int) {
	count := length(container)
	if b.odd.visited+count > maxItems {
		b.odd.any, b.odd.tooMany = true, true
		return
	}
	pairs, at := b.pairs(count)
	*b.at(number) = pairs
	eachEntry(container, func(key string, is class, value scalar, inner any) bool {
		if at+2*slotBytes > int(pairs.value)+count*2*slotBytes {
			// Somebody writes to the map meanwhile.
			return false
		}
		b.checkKeyLength(key)
		b.put(at, b.text(key))
		entry := slot{tag: tagObject}
		switch is {
		case scalarClass:
			if value.tag == tagTimestamp && place.types&mayMapTimestamps == 0 {
				b.noteUnfit(number, "holds a time, and the schema says no timestamps")
			}
			entry = b.scalar(value)
		case unfit:
			b.noteUnfit(number, "holds a value "+typeName(inner))
		default:
			b.fillEntry(number, place, key, is, value, inner, depth+1)
		}
		b.put(at+slotBytes, entry)
		at += 2 * slotBytes
		return b.visit()
	})
}

// fillEntry fills what a list or an object in a map leads to.
func (b *Builder) fillEntry(number uint32, place *place, key string, is class, value scalar, container any, depth int) {
	isFilled := false
	for _, names := range []*names{&place.entries, &place.members} {
		if slot, ok := names.find(key); ok {
			b.fillClassified(slot, is, value, container, depth)
			isFilled = true
		}
	}
	if !isFilled {
		b.skim(holder{slot: number, isSlot: true}, is, value, container, depth)
	}
}

func (b *Builder) fillObject(number uint32, place *place, container any, depth int) {
	eachEntry(container, func(key string, is class, value scalar, inner any) bool {
		if member, ok := place.members.find(key); ok {
			b.fillClassified(member, is, value, inner, depth+1)
			return b.visit()
		}
		b.checkKey(key)
		inside := holder{slot: number, isSlot: true, key: key}
		b.skim(inside, is, value, inner, depth+1)
		b.noteUnknown(inside)
		return b.visit()
	})
}

func (b *Builder) visit() bool {
	b.odd.visited++
	if b.odd.visited > maxItems {
		b.odd.any, b.odd.tooMany = true, true
	}
	return !b.odd.tooMany && !b.odd.tooDeep
}

// holder is where something stands that no slot is for: in a domain, or in a slot.
type holder struct {
	domain int
	slot   uint32
	isSlot bool
	// key is its name there; empty: what is inside of a slot's value.
	key string
}

func (h holder) name(p *Policy) string {
	outer := domainNames[h.domain]
	if h.isSlot {
		outer = p.name(h.slot)
	}
	if h.key == "" {
		return outer
	}
	return outer + "." + h.key
}

// skim looks at what nobody asks for: limits bind it, too. So many objects and lists are open
// around it.
func (b *Builder) skim(at holder, is class, value scalar, container any, depth int) {
	switch is {
	case scalarClass:
		if value.tag == tagString {
			b.checkText(at, value.text)
		}
	case listClass:
		if depth >= maxDepth {
			b.odd.any, b.odd.tooDeep = true, true
			return
		}
		if length(container) > maxListItems {
			b.noteLimit(at, TooLarge)
		}
		eachItem(container, func(is class, value scalar, inner any) bool {
			b.skim(at, is, value, inner, depth+1)
			return b.visit()
		})
	case mapClass:
		if depth >= maxDepth {
			b.odd.any, b.odd.tooDeep = true, true
			return
		}
		eachEntry(container, func(key string, is class, value scalar, inner any) bool {
			b.checkKey(key)
			b.skim(at, is, value, inner, depth+1)
			return b.visit()
		})
	}
}

func (b *Builder) checkText(at holder, text string) {
	if len(text) > maxStringBytes {
		b.noteLimit(at, TooLarge)
	} else if !utf8.ValidString(text) {
		b.noteLimit(at, NotUTF8)
	}
}

// checkKey looks at a key that does not get to libactra.
func (b *Builder) checkKey(key string) {
	b.checkKeyLength(key)
	if !utf8.ValidString(key) {
		b.odd.any = true
		if b.odd.limit == nil {
			b.odd.limit = &InputError{Code: NotUTF8, Message: "a key is not UTF-8"}
		}
	}
}

func (b *Builder) checkKeyLength(key string) {
	if len(key) > maxStringBytes {
		b.odd.any, b.odd.longKey = true, true
	}
}

func (b *Builder) noteLimit(at holder, code string) {
	b.odd.any = true
	name := at.name(b.policy)
	if b.odd.limit == nil || name < b.odd.limit.Field {
		b.odd.limit = &InputError{Code: code, Field: name, Message: describe(code, name)}
	}
}

func (b *Builder) noteUnknown(at holder) {
	if !b.policy.refusesUnknown {
		return
	}
	b.odd.any = true
	if name := at.name(b.policy); b.odd.unknown == "" || name < b.odd.unknown {
		b.odd.unknown = name
	}
}

func (b *Builder) noteUnfit(number uint32, what string) {
	b.odd.any = true
	if b.odd.unfit.what == "" || number < b.odd.unfit.slot {
		b.odd.unfit = unfitValue{slot: number, what: what}
	}
}

// following gives the fault that follows whatever libactra says.
func (b *Builder) following() *InputError {
	if unfit := &b.odd.unfit; unfit.what != "" {
		return &InputError{Code: WrongType, Field: b.policy.name(unfit.slot), Message: unfit.message(b.policy)}
	}
	return b.odd.limit
}
