package actra

import (
	"encoding/json"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxTextBytes is the limit of inputs as text.
const maxTextBytes = 16 << 20

// EvaluateJSON decides an input given as JSON text: {"action": {...}, "actor": {...}, "snapshot":
// {...}}. The text is read during the call only.
//
// An error is an *InputError, ErrClosed or ErrInternal, and comes with a zero Decision.
func (p *Policy) EvaluateJSON(text []byte) (Decision, error) {
	if p == nil {
		return Decision{}, ErrClosed
	}
	b := p.borrow()
	decision, err := b.evaluateJSON(text)
	b.giveBack()
	runtime.KeepAlive(p)
	return decision, err
}

func (b *Builder) evaluateJSON(text []byte) (Decision, error) {
	h, flags := b.policy.handle, b.policy.inputFlags()
	if !h.enter(b.stripe) {
		return Decision{}, ErrClosed
	}
	defer h.leave(b.stripe)
	_, failure := h.policy.evaluateText(text, flags, false, &b.out)
	switch c := &b.out; {
	case c.status == statusInputError && failure != nil:
		return Decision{}, failure.inputError()
	case c.status != statusOK:
		return Decision{}, statusError(uint32(c.status))
	case c.flags&(flagUnknown|flagSeveralRules) == 0:
		return b.decision(h)
	}
	// It lists something: that is asked for when there is something to list.
	spelled, _ := h.policy.evaluateText(text, flags, true, &b.out)
	if b.out.status != statusOK {
		return Decision{}, statusError(uint32(b.out.status))
	}
	var d Decision
	if err := d.UnmarshalJSON(spelled); err != nil || d.Effect != Effect(b.out.effect) {
		return Decision{}, statusError(uint32(b.out.status))
	}
	return d, nil
}

// asText gives the input as text for the door that tells more of errors, and the flags that say
// what text it is. Not every input has a text.
func (b *Builder) asText() (text []byte, flags uint32, ok bool) {
	var input Input
	if b.hasTree {
		input = b.tree
	} else if input, ok = b.input(); !ok {
		return nil, 0, false
	}
	if text, ok = encodeInput(input, asJSON); !ok && HasCompiler() {
		flags = inputYAML
		text, ok = encodeInput(input, asYAML)
	}
	return text, flags, ok
}

// textForm is a language that inputs are written in.
type textForm uint8

const (
	asJSON textForm = iota
	// asYAML writes what JSON cannot: NaN and infinities.
	asYAML
	// asLogged is JSON that says something of every value, escapes as decision logs do, and leaves out what
	// stands in itself: it would have other paths there than masks name.
	asLogged
)

// encoder writes values as classify sees them. Keys are sorted, so that a text says nothing of the
// order of maps.
type encoder struct {
	text []byte
	form textForm
	// failed: the value has no such text, or one over the limit.
	failed bool
	// around are the maps and slices that a value stands in, in a log.
	around []uintptr
}

func encodeInput(input Input, form textForm) (text []byte, ok bool) {
	e := &encoder{form: form}
	for domain, values := range [3]map[string]any{input.Action, input.Actor, input.Snapshot} {
		if values == nil {
			continue
		}
		e.separate(len(e.text) == 0, '{')
		e.key(domainNames[domain])
		e.value(mapClass, scalar{}, values, 2)
	}
	if len(e.text) == 0 {
		e.text = append(e.text, '{')
	}
	e.text = append(e.text, '}')
	return e.text, !e.failed
}

func (e *encoder) separate(first bool, open byte) {
	if first {
		e.text = append(e.text, open)
	} else {
		e.text = append(e.text, ',')
	}
}

func (e *encoder) key(key string) {
	e.string(key)
	e.text = append(e.text, ':', ' ')
}

func (e *encoder) value(is class, value scalar, container any, depth int) {
	// What is deeper than the limit is refused whatever it is, and maps may hold themselves.
	if len(e.text) > maxTextBytes || depth > maxDepth+2 {
		e.failed = e.failed || len(e.text) > maxTextBytes
		e.text = append(e.text, "null"...)
		return
	}
	if e.form == asLogged && (is == listClass || is == mapClass) && length(container) > 0 {
		at := addressOf(container)
		if at != 0 && slices.Contains(e.around, at) {
			e.text = append(e.text, "null"...)
			return
		}
		e.around = append(e.around, at)
		defer func() { e.around = e.around[:len(e.around)-1] }()
	}
	switch is {
	case scalarClass:
		e.scalar(value)
	case listClass:
		first := true
		eachItem(container, func(is class, value scalar, inner any) bool {
			e.separate(first, '[')
			first = false
			e.value(is, value, inner, depth+1)
			return !e.failed
		})
		e.end(first, "[]")
	case mapClass:
		e.object(container, depth)
	default:
		// Nobody asks for it, or it has been refused already.
		e.text = append(e.text, "null"...)
	}
}

func (e *encoder) object(container any, depth int) {
	type entry struct {
		key   string
		is    class
		value scalar
		inner any
	}
	entries := make([]entry, 0, length(container))
	eachEntry(container, func(key string, is class, value scalar, inner any) bool {
		entries = append(entries, entry{key, is, value, inner})
		return true
	})
	slices.SortFunc(entries, func(a, b entry) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	for i, entry := range entries {
		e.separate(i == 0, '{')
		e.key(entry.key)
		e.value(entry.is, entry.value, entry.inner, depth+1)
		if e.failed {
			return
		}
	}
	e.end(len(entries) == 0, "{}")
}

func (e *encoder) end(empty bool, brackets string) {
	if empty {
		e.text = append(e.text, brackets[0])
	}
	e.text = append(e.text, brackets[1])
}

func (e *encoder) scalar(value scalar) {
	switch value.tag {
	case tagNull:
		e.text = append(e.text, "null"...)
	case tagBoolean:
		e.text = strconv.AppendBool(e.text, value.value != 0)
	case tagInteger:
		e.text = strconv.AppendInt(e.text, int64(value.value), 10)
	case tagDouble:
		e.double(math.Float64frombits(value.value))
	case tagBigInteger:
		e.bigInteger(math.Float64frombits(value.value))
	case tagTimestamp:
		at := time.UnixMicro(int64(value.value)).UTC()
		e.text = at.AppendFormat(e.text, `"2006-01-02T15:04:05.999999Z"`)
	case tagString:
		e.string(value.text)
	default:
		e.failed = true
	}
}

func (e *encoder) double(value float64) {
	switch {
	case e.form == asJSON && (math.IsNaN(value) || math.IsInf(value, 0)):
		e.failed = true
	case e.form == asLogged && math.IsNaN(value):
		e.text = append(e.text, `"NaN"`...)
	case e.form == asLogged && math.IsInf(value, 0):
		e.text = append(e.text, '"')
		e.text = append(e.text, strings.TrimLeft(strings.ToLower(strconv.FormatFloat(value, 'g', -1, 64)), "+")...)
		e.text = append(e.text, '"')
	case math.IsNaN(value):
		e.text = append(e.text, ".nan"...)
	case math.IsInf(value, 1):
		e.text = append(e.text, ".inf"...)
	case math.IsInf(value, -1):
		e.text = append(e.text, "-.inf"...)
	default:
		at := len(e.text)
		e.text = strconv.AppendFloat(e.text, value, 'g', -1, 64)
		// Without a point or an exponent it would be an integer.
		if !slices.ContainsFunc(e.text[at:], func(c byte) bool { return c == '.' || c == 'e' }) {
			e.text = append(e.text, ".0"...)
		}
	}
}

func (e *encoder) bigInteger(value float64) {
	if math.IsInf(value, 0) {
		if value < 0 {
			e.text = append(e.text, '-')
		}
		e.text = append(e.text, '1')
		for range 400 {
			e.text = append(e.text, '0')
		}
		return
	}
	e.text = strconv.AppendFloat(e.text, value, 'f', -1, 64)
}

func (e *encoder) string(text string) {
	const hex = "0123456789abcdef"
	if e.form == asLogged {
		e.loggedString(text)
		return
	}
	if !utf8.ValidString(text) {
		e.failed = true
		return
	}
	e.text = append(e.text, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			e.text = append(e.text, '\\', byte(r))
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			e.text = append(e.text, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			e.text = utf8.AppendRune(e.text, r)
		}
	}
	e.text = append(e.text, '"')
}

// loggedString escapes what JSON asks for, and no more. What is not UTF-8 is replaced.
func (e *encoder) loggedString(text string) {
	const hex = "0123456789abcdef"
	e.text = append(e.text, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			e.text = append(e.text, '\\', byte(r))
		case r == '\b':
			e.text = append(e.text, `\b`...)
		case r == '\f':
			e.text = append(e.text, `\f`...)
		case r == '\n':
			e.text = append(e.text, `\n`...)
		case r == '\r':
			e.text = append(e.text, `\r`...)
		case r == '\t':
			e.text = append(e.text, `\t`...)
		case r < 0x20:
			e.text = append(e.text, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			e.text = utf8.AppendRune(e.text, r)
		}
	}
	e.text = append(e.text, '"')
}

// addressOf gives where a map or a slice is kept.
func addressOf(container any) uintptr {
	value, ok := container.(reflect.Value)
	if !ok {
		value = reflect.ValueOf(container)
	}
	switch value.Kind() {
	case reflect.Map, reflect.Slice:
		return value.Pointer()
	default:
		// An array is a value, and holds itself only by way of one of these.
		return 0
	}
}

// input gives the values of a builder as maps; whole: all of them, which may be in each other's way.
func (b *Builder) input() (input Input, whole bool) {
	whole = true
	domains := [3]map[string]any{}
	objects := make(map[uint32]map[string]any)
	// into gives the object that a slot's value belongs into; nil: there is none.
	var into func(place *place, create bool) map[string]any
	into = func(place *place, create bool) map[string]any {
		if place.parent == noSlot {
			if domains[place.domain] == nil {
				domains[place.domain] = make(map[string]any)
			}
			return domains[place.domain]
		}
		if object, known := objects[place.parent]; known || !create {
			return object
		}
		// It is there because something in it is, unless it is something else.
		parent := &b.policy.facts.slots[place.parent]
		if int(place.parent) < b.used && b.slots[place.parent].tag != tagMissing {
			return nil
		}
		outer := into(parent, true)
		if outer == nil {
			return nil
		}
		object := make(map[string]any)
		objects[place.parent], outer[parent.key] = object, object
		return object
	}
	fill := func(nulls bool) {
		for number := range b.used {
			value := b.slots[number]
			if value.tag == tagMissing || (value.tag == tagNull) != nulls {
				continue
			}
			place := &b.policy.facts.slots[number]
			object := into(place, !nulls)
			if object == nil {
				whole = whole && (nulls || b.isInOriginal(uint32(number)))
			} else {
				if value, ok := b.original(uint32(number)); ok {
					object[place.key] = value
					continue
				}
				spelled := b.spell(value)
				object[place.key] = spelled
				if inner, ok := spelled.(map[string]any); ok {
					objects[uint32(number)] = inner
				}
			}
		}
	}
	fill(false)
	// A null does not bring the object that it is in.
	fill(true)
	return Input{Action: domains[0], Actor: domains[1], Snapshot: domains[2]}, whole
}

func (b *Builder) original(slot uint32) (any, bool) {
	for i := range b.originals {
		if b.originals[i].slot == slot {
			return b.originals[i].value, true
		}
	}
	return nil, false
}

// isInOriginal reports whether the value of a slot that a slot is in has an entry for it.
func (b *Builder) isInOriginal(slot uint32) bool {
	if _, ok := b.original(slot); ok {
		// Set by itself, it may be another one.
		return false
	}
	_, ok := b.inOriginal(slot)
	return ok
}

// inOriginal gives what stands for a slot in the value of one that it is in.
func (b *Builder) inOriginal(slot uint32) (found any, ok bool) {
	if value, ok := b.original(slot); ok {
		_, _, container := classify(value)
		return container, true
	}
	place := &b.policy.facts.slots[slot]
	if place.parent == noSlot {
		return nil, false
	}
	outer, ok := b.inOriginal(place.parent)
	if !ok {
		return nil, false
	}
	ok = false
	eachEntry(outer, func(key string, _ class, _ scalar, inner any) bool {
		found, ok = inner, key == place.key
		return !ok
	})
	return found, ok
}

// spell gives a slot's value as Go has it.
func (b *Builder) spell(value slot) any {
	at := int(value.value)
	next := func() slot {
		item := slotAt((*[slotBytes]byte)(b.arena[at : at+slotBytes]))
		at += slotBytes
		return item
	}
	switch value.tag {
	case tagBoolean:
		return value.value != 0
	case tagInteger:
		return int64(value.value)
	case tagDouble:
		return math.Float64frombits(value.value)
	case tagBigInteger:
		e := encoder{}
		e.bigInteger(math.Float64frombits(value.value))
		return json.Number(e.text)
	case tagTimestamp:
		return time.UnixMicro(int64(value.value)).UTC()
	case tagString:
		return string(b.arena[at : at+int(value.len)])
	case tagList:
		items := make([]any, value.len)
		for i := range items {
			items[i] = b.spell(next())
		}
		return items
	case tagMap:
		entries := make(map[string]any, value.len)
		for range value.len {
			key := next()
			entries[string(b.arena[key.value:key.value+uint64(key.len)])] = b.spell(next())
		}
		return entries
	case tagObject:
		return make(map[string]any)
	default:
		return nil
	}
}
