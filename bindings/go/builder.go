package actra

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Limits of inputs, in every version of the language.
const (
	maxStringBytes = 1 << 20
	maxListItems   = 65_536
	maxDepth       = 64
	// maxItems bounds all items and entries of one input together, as libactra does.
	maxItems = 8 << 20
)

// Slot is the place of a field in a policy's inputs: what a Builder is filled by. It comes from
// Policy.Slot, once, and belongs to that policy.
type Slot struct {
	policy uint32
	number uint32
}

// Builder takes an input value by value, and decides it: the way with the least cost per decision.
// Nothing is allocated per decision once its buffers have grown to the largest input, unless the
// decision itself lists something (several approval rules, missing fields).
//
//	amount, err := policy.Slot("action.amount")   // once
//	...
//	b := policy.NewBuilder()                      // once per goroutine
//	for request := range requests {
//		b.Reset()
//		b.SetString(kind, "refund")
//		b.SetInt(amount, request.Amount)
//		decision, err := b.Evaluate()
//	}
//
// Values are copied, and stay until Reset: a changed input may be decided by setting what changed.
// A field that is not set is missing, and an object is there when any field in it is. What was wrong
// with an input stays wrong until Reset, too.
//
// A Builder belongs to one goroutine at a time. It keeps its policy alive, but not open: after
// Policy.Close it gives ErrClosed.
type Builder struct {
	policy *Policy
	stripe *stripe
	// slots is zero from used on.
	slots []slot
	used  int
	// arena holds the texts, lists and maps that slots point into by offsets.
	arena []byte
	// misuse is what a setter was called with that no input can say.
	misuse error
	odd    oddities
	// tree is where the values came from, if hasTree says that they came as maps.
	tree    Input
	hasTree bool
	// originals are values with more to them than slots hold.
	originals []original
	out       outcome
	// Room for the second look at a decision.
	rules, missing []uint32
	// number spreads builders over stripes.
	number uint32
}

var builders atomic.Uint32

// idle keeps builders between inputs that come as maps, structs or text. They belong to no policy
// there, so a policy that is done with is not kept.
var idle = sync.Pool{New: func() any { return &Builder{number: builders.Add(1)} }}

// keptArena and keptSlots bound what an idle builder keeps.
const (
	keptArena = 64 << 10
	keptSlots = 4 << 10
)

func (p *Policy) borrow() *Builder {
	b := idle.Get().(*Builder)
	b.take(p)
	return b
}

func (b *Builder) giveBack() {
	b.Reset()
	b.policy, b.stripe, b.tree, b.hasTree = nil, nil, Input{}, false
	if cap(b.arena) <= keptArena && cap(b.slots) <= keptSlots {
		idle.Put(b)
	}
}

func (b *Builder) take(p *Policy) {
	count := len(p.facts.slots)
	if cap(b.slots) < count {
		b.slots = make([]slot, count)
	}
	b.slots = b.slots[:count]
	b.policy = p
	b.stripe = p.handle.stripe(b.number)
}

// NewBuilder gives a builder of inputs for this policy.
func (p *Policy) NewBuilder() *Builder {
	b := &Builder{number: builders.Add(1)}
	b.take(p)
	return b
}

// Slot gives the slot of a field, by its name as the short form writes it: action.amount,
// action.customer.tier, action.labels["app/name"]. Keys of maps have a slot if some rule reads
// them; it is enough to set the map.
//
// Where there is none the error wraps ErrNoSuchField.
func (p *Policy) Slot(name string) (Slot, error) {
	domain, path := splitDomain(name)
	if domain == 0 {
		return Slot{}, fmt.Errorf("%w: %q is in none of the domains action, actor and snapshot", ErrNoSuchField, name)
	}
	var found Slot
	err := p.handle.with(func(policy policyPointer) error {
		number, ok, err := policy.slot(domain, path)
		if err == nil && !ok {
			err = fmt.Errorf("%w: %q", ErrNoSuchField, name)
		}
		found = Slot{policy: p.facts.id, number: number}
		return err
	})
	if err != nil {
		return Slot{}, err
	}
	return found, nil
}

type original struct {
	slot  uint32
	value any
}

// Reset takes every value out. Room is kept.
func (b *Builder) Reset() *Builder {
	clear(b.slots[:b.used])
	b.used = 0
	b.arena = b.arena[:0]
	b.misuse = nil
	b.odd.visited = 0
	if b.odd.any {
		b.odd = oddities{}
		clear(b.originals)
		b.originals = b.originals[:0]
	}
	return b
}

// place gives the slot to be set; of a slot that belongs to another policy it gives a place that
// nobody reads, and remembers.
func (b *Builder) place(s Slot) *slot {
	if s.policy != b.policy.facts.id || int(s.number) >= len(b.slots) {
		b.misuse = ErrWrongBuilder
		return &slot{}
	}
	if int(s.number) >= b.used {
		b.used = int(s.number) + 1
	}
	return &b.slots[s.number]
}

// SetString sets a string. A timestamp may be set as its text in RFC 3339, too.
func (b *Builder) SetString(s Slot, value string) {
	*b.place(s) = b.text(value)
}

// SetInt sets an integer.
func (b *Builder) SetInt(s Slot, value int64) {
	*b.place(s) = integer(b, value)
}

// SetUint sets an integer. Outside of int64 it is an input error (out_of_range), as in every door.
func (b *Builder) SetUint(s Slot, value uint64) {
	*b.place(s) = unsigned(value)
}

// SetFloat sets a number. NaN and infinities are no values: an input error (not_finite) but in
// version 1 of the language.
func (b *Builder) SetFloat(s Slot, value float64) {
	*b.place(s) = floating(b, value)
}

// SetBool sets a boolean.
func (b *Builder) SetBool(s Slot, value bool) {
	*b.place(s) = boolean(value)
}

// SetTime sets a timestamp, to the microsecond: what is below is cut off. Years are 1 to 9999;
// others make Evaluate fail.
func (b *Builder) SetTime(s Slot, value time.Time) {
	place := b.place(s)
	if !isInstant(value) {
		unfit := unfitValue{slot: s.number, what: "is " + typeName(value)}
		b.misuse = &InputError{Code: WrongType, Field: b.policy.name(s.number), Message: unfit.message(b.policy)}
		return
	}
	*place = instant(value)
}

// SetNull sets a field to null, which is as good as missing, except that version 1 of the language
// refuses it in scalar fields.
func (b *Builder) SetNull(s Slot) {
	*b.place(s) = slot{tag: tagNull}
}

// SetObject says that an object is there, even if no field in it is set.
func (b *Builder) SetObject(s Slot) {
	*b.place(s) = slot{tag: tagObject}
}

// Unset takes a field's value out.
func (b *Builder) Unset(s Slot) {
	*b.place(s) = slot{}
}

// SetStrings sets a list of strings. An empty or nil slice is an empty list.
func (b *Builder) SetStrings(s Slot, values []string) {
	*b.place(s) = setList(b, values, (*Builder).text)
}

// SetInts sets a list of integers. An empty or nil slice is an empty list.
func (b *Builder) SetInts(s Slot, values []int64) {
	*b.place(s) = setList(b, values, integer)
}

// SetFloats sets a list of numbers. An empty or nil slice is an empty list.
func (b *Builder) SetFloats(s Slot, values []float64) {
	*b.place(s) = setList(b, values, floating)
}

// SetStringMap sets a map of strings. A nil map is an empty one.
func (b *Builder) SetStringMap(s Slot, values map[string]string) {
	setMap(b, s, values, (*Builder).text)
}

// SetIntMap sets a map of integers. A nil map is an empty one.
func (b *Builder) SetIntMap(s Slot, values map[string]int64) {
	setMap(b, s, values, integer)
}

// SetFloatMap sets a map of numbers. A nil map is an empty one.
func (b *Builder) SetFloatMap(s Slot, values map[string]float64) {
	setMap(b, s, values, floating)
}

// SetBoolMap sets a map of booleans. A nil map is an empty one.
func (b *Builder) SetBoolMap(s Slot, values map[string]bool) {
	setMap(b, s, values, func(_ *Builder, value bool) slot { return boolean(value) })
}

// Set sets any value that Policy.Evaluate takes in a map, and takes the time to find out what it
// is. Objects and maps set the fields and keys in them, too.
func (b *Builder) Set(s Slot, value any) {
	b.place(s)
	if b.misuse == nil {
		b.fillAny(s.number, value)
	}
}

// fillAny fills a slot with a value that is not part of a tree of the builder's.
func (b *Builder) fillAny(number uint32, value any) {
	b.fillSlot(number, value, b.policy.facts.depth(number))
	if b.odd.any {
		// Slots do not hold all of it.
		b.originals = append(b.originals, original{number, value})
	}
}

func setList[T any](b *Builder, values []T, scalar func(*Builder, T) slot) slot {
	list, at := b.list(len(values))
	for _, value := range values[:list.len] {
		b.put(at, scalar(b, value))
		at += slotBytes
	}
	return list
}

func setMap[T any](b *Builder, s Slot, values map[string]T, scalar func(*Builder, T) slot) {
	pairs, at := b.pairs(len(values))
	for key, value := range values {
		b.put(at, b.text(key))
		b.put(at+slotBytes, scalar(b, value))
		at += 2 * slotBytes
	}
	*b.place(s) = pairs
}

// list makes room for a list in the arena. Of a list over its limit it takes one item more than
// the limit, which is enough to refuse it.
func (b *Builder) list(count int) (list slot, at int) {
	count = min(count, maxListItems+1)
	at = b.room(count * slotBytes)
	return slot{tag: tagList, len: uint32(count), value: uint64(at)}, at
}

// pairs makes room for a map in the arena.
func (b *Builder) pairs(count int) (pairs slot, at int) {
	at = b.room(count * 2 * slotBytes)
	return slot{tag: tagMap, len: uint32(count), value: uint64(at)}, at
}

// room makes room for so many bytes in the arena, and gives their offset.
func (b *Builder) room(bytes int) int {
	at := len(b.arena)
	if need := at + bytes; need <= cap(b.arena) {
		b.arena = b.arena[:need]
	} else {
		b.arena = append(b.arena, make([]byte, bytes)...)
	}
	return at
}

// put writes a slot into the arena.
func (b *Builder) put(at int, value slot) {
	bytes := b.arena[at : at+slotBytes : at+slotBytes]
	putSlot((*[slotBytes]byte)(bytes), value)
}

// text copies a string into the arena. Of one over its limit it takes what is enough to refuse it.
func (b *Builder) text(value string) slot {
	if len(value) > maxStringBytes {
		value = value[:overLimit(value)]
	}
	at := len(b.arena)
	b.arena = append(b.arena, value...)
	return slot{tag: tagString, len: uint32(len(value)), value: uint64(at)}
}

// overLimit gives a length over the limit of strings at which a string may be cut without cutting
// a character.
func overLimit(value string) int {
	end := maxStringBytes + 1
	for end < len(value) && end <= maxStringBytes+utf8.UTFMax && !utf8.RuneStart(value[end]) {
		end++
	}
	return end
}

func boolean(value bool) slot {
	if value {
		return slot{tag: tagBoolean, value: 1}
	}
	return slot{tag: tagBoolean}
}

func integer(_ *Builder, value int64) slot {
	return slot{tag: tagInteger, value: uint64(value)}
}

func floating(_ *Builder, value float64) slot {
	return slot{tag: tagDouble, value: math.Float64bits(value)}
}

func unsigned(value uint64) slot {
	if value > math.MaxInt64 {
		return slot{tag: tagBigInteger, value: math.Float64bits(float64(value))}
	}
	return slot{tag: tagInteger, value: value}
}

func instant(value time.Time) slot {
	return slot{tag: tagTimestamp, value: uint64(value.UnixMicro())}
}

// isInstant reports whether RFC 3339 can write the time.
func isInstant(value time.Time) bool {
	year := value.Year()
	return year >= 1 && year <= 9999
}

// Evaluate decides the input. The values stay until Reset.
//
// An error is an *InputError, ErrClosed, ErrWrongBuilder or ErrInternal, and comes with a zero
// Decision.
func (b *Builder) Evaluate() (Decision, error) {
	if b.misuse != nil {
		return Decision{}, b.misuse
	}
	handle := b.policy.handle
	if !handle.enter(b.stripe) {
		return Decision{}, ErrClosed
	}
	handle.policy.evaluate(b.slots[:b.used], b.arena, &b.out)
	decision := Decision{}
	var err error
	if c := &b.out; c.status == statusOK && c.flags == 0 && !b.odd.any && !b.policy.refusesUnknown {
		err = b.policy.facts.decide(handle.policy, &b.out, &decision)
	} else {
		decision, err = b.lookCloser(handle)
	}
	handle.leave(b.stripe)
	// The policy's cleanup would close it, had this been the last use of it.
	runtime.KeepAlive(b.policy)
	return decision, err
}
