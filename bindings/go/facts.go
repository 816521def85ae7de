package actra

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
)

// facts are what is known of a policy on Go's side, made once: names of slots in the shape of an
// input, and the strings of decisions.
type facts struct {
	// id tells policies apart, so that a slot is not taken for one of another policy.
	id           uint32
	hash, digest string
	revision     uint64
	// rules are filled in as they come up: what decisions say of each, made once.
	rules    []atomic.Pointer[ruleFacts]
	schema   *Schema
	warnings []Diagnostic
	slots    []place
	domains  [3]names
	// actionType is the slot of action.type.
	actionType uint32
	// own has, by action, which slots belong to it; common has those that belong to every action.
	own    map[string]map[uint32]bool
	common map[uint32]bool
}

// ruleFacts is what decisions say of a rule.
type ruleFacts struct {
	id string
	// shadow is what they say of it where they differ with shadow rules enforced.
	shadow Shadow
	// Where isWhole says that it has been read: what decisions say that the rule made.
	isWhole bool
	message string
	actions []json.RawMessage
}

// place is a slot in the shape of an input.
type place struct {
	name string
	// key is its name in the object or map that it is in.
	key    string
	domain int
	// parent is the slot that it is in, or noSlot.
	parent  uint32
	isEntry bool
	// members are the fields of it as an object, entries the keys of it as a map.
	members, entries names
	// types has the bits of what it is under any action.
	types typeBits
}

const noSlot = ^uint32(0)

type typeBits uint8

const (
	mayBeString typeBits = 1 << iota
	mayBeNumber
	mayBeBoolean
	mayBeTimestamp
	mayBeList
	mayBeObject
	mayBeMap
	// mayMapTimestamps: a map whose values are timestamps.
	mayMapTimestamps
)

var typesByName = map[string]typeBits{
	"string":    mayBeString,
	"number":    mayBeNumber,
	"integer":   mayBeNumber,
	"boolean":   mayBeBoolean,
	"timestamp": mayBeTimestamp,
	"object":    mayBeObject,
}

func typesOf(name string) typeBits {
	switch {
	case strings.HasPrefix(name, "list of "):
		return mayBeList
	case name == "map of timestamp":
		return mayBeMap | mayMapTimestamps
	case strings.HasPrefix(name, "map of "):
		return mayBeMap
	default:
		return typesByName[name]
	}
}

// names leads from a key to a slot. Few are compared one by one.
type names struct {
	few  []name
	many map[string]uint32
}

type name struct {
	key  string
	slot uint32
}

const fewNames = 8

func (n *names) add(key string, slot uint32) {
	if n.many == nil && len(n.few) < fewNames {
		n.few = append(n.few, name{key, slot})
		return
	}
	if n.many == nil {
		n.many = make(map[string]uint32)
		for _, known := range n.few {
			n.many[known.key] = known.slot
		}
	}
	n.many[key] = slot
}

func (n *names) find(key string) (uint32, bool) {
	if n.many != nil {
		slot, ok := n.many[key]
		return slot, ok
	}
	for i := range n.few {
		if n.few[i].key == key {
			return n.few[i].slot, true
		}
	}
	return noSlot, false
}

var domainNames = [3]string{"action", "actor", "snapshot"}

// splitDomain splits a field's name into the number of its domain, as libactra counts them, and
// the rest; 0: it does not begin with one.
func splitDomain(name string) (domain uint32, path string) {
	for i, known := range domainNames {
		if path, ok := strings.CutPrefix(name, known+"."); ok {
			return uint32(i + 1), path
		}
	}
	return 0, name
}

func domainOf(name string) int {
	for i, known := range domainNames {
		if name == known {
			return i
		}
	}
	return 0
}

var policies atomic.Uint32

func newFacts(policy policyPointer) (*facts, error) {
	f := &facts{id: policies.Add(1)}
	var err error
	if f.hash, f.digest, err = policy.hashes(); err != nil {
		return nil, err
	}
	if f.revision, err = policy.revision(); err != nil {
		return nil, err
	}
	text, err := policy.schemaJSON()
	if err != nil {
		return nil, err
	}
	schema, layout, err := parseSchema(text)
	if err != nil {
		return nil, err
	}
	f.schema = schema
	f.rules = make([]atomic.Pointer[ruleFacts], policy.ruleCount())
	if text, err = policy.warningsJSON(); err != nil {
		return nil, err
	}
	if f.warnings, err = parseWarnings(text); err != nil {
		return nil, err
	}
	f.place(layout)
	return f, nil
}

// rule gives what decisions say of a rule that they only name. Like all that reads rules, it is
// called between handle.enter and handle.leave.
func (f *facts) rule(policy policyPointer, number uint32) (*ruleFacts, error) {
	if int64(number) >= int64(len(f.rules)) {
		return nil, fmt.Errorf("%w: there is no rule %d", ErrInternal, number)
	}
	if known := f.rules[number].Load(); known != nil {
		return known, nil
	}
	id, err := policy.ruleID(number)
	if err != nil {
		return nil, err
	}
	found := &ruleFacts{id: id}
	f.rules[number].CompareAndSwap(nil, found)
	return found, nil
}

// deciding gives what decisions say of the rule that decided. It is read when it first decides:
// reading all rules would take longer than loading the policy does.
func (f *facts) deciding(policy policyPointer, out *outcome) (*ruleFacts, error) {
	known, err := f.rule(policy, out.rule)
	if err != nil || known.isWhole {
		return known, err
	}
	actions, err := policy.requiredActions([]uint32{out.rule})
	if err != nil {
		return nil, err
	}
	found := &ruleFacts{id: known.id, isWhole: true, message: out.message(), actions: actions}
	f.rules[out.rule].Store(found)
	return found, nil
}

// shadow gives what a decision says would have been decided with shadow rules enforced.
func (f *facts) shadow(policy policyPointer, out *outcome) (*Shadow, error) {
	known, err := f.rule(policy, out.shadowRule)
	if err != nil {
		return nil, err
	}
	if known.shadow.Effect == Effect(out.shadowEffect) {
		return &known.shadow, nil
	}
	found := *known
	found.shadow = Shadow{Effect: Effect(out.shadowEffect), MatchedRule: known.id}
	f.rules[out.shadowRule].Store(&found)
	return &found.shadow, nil
}

// place lays the slots out.
func (f *facts) place(layout *layout) {
	f.slots = make([]place, len(layout.Slots))
	for i, slot := range layout.Slots {
		number := uint32(i)
		p := &f.slots[i]
		p.name, p.key, p.parent = slot.Name, slot.Key, noSlot
		p.domain, p.isEntry = domainOf(slot.Domain), slot.Kind == "entry"
		switch {
		case slot.Parent == nil:
			f.domains[p.domain].add(p.key, number)
		case p.isEntry:
			p.parent = *slot.Parent
			f.slots[p.parent].entries.add(p.key, number)
		default:
			p.parent = *slot.Parent
			f.slots[p.parent].members.add(p.key, number)
		}
	}
	f.own = make(map[string]map[uint32]bool, len(layout.Actions))
	for action, fields := range layout.Actions {
		f.own[action] = f.declare(fields)
	}
	f.common = f.declare(layout.Common)
	f.actionType = layout.ActionTypeSlot
	f.common[f.actionType] = true
	f.slots[f.actionType].types |= mayBeString
	f.declare(layout.State)
}

func (f *facts) declare(fields fieldsJSON) map[uint32]bool {
	own := make(map[uint32]bool, len(fields))
	for i := range fields {
		own[fields[i].Slot] = true
		f.slots[fields[i].Slot].types |= typesOf(fields[i].Type)
	}
	return own
}

// depth gives how many objects a field's value is in: the input, the domain, and so on.
func (f *facts) depth(slot uint32) int {
	depth := 2
	for parent := f.slots[slot].parent; parent != noSlot; parent = f.slots[parent].parent {
		depth++
	}
	return depth
}
