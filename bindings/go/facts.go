package actra

import (
	"strings"
	"sync/atomic"
)

// facts are what is known of a policy on Go's side, made once: names of slots in the shape of an
// input, and the strings of decisions.
type facts struct {
	// id tells policies apart, so that a slot is not taken for one of another policy.
	id           uint32
	hash, digest string
	rules        []Rule
	// shadows are what decisions say of each rule, were it enforced.
	shadows  []Shadow
	schema   *Schema
	warnings []Diagnostic
	slots    []place
	domains  [3]names
	// own has, by action, which slots belong to it; common has those that belong to every action.
	own    map[string]map[uint32]bool
	common map[uint32]bool
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

func (n *names) empty() bool { return len(n.few) == 0 }

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
	text, err := policy.schemaJSON()
	if err != nil {
		return nil, err
	}
	if f.schema, err = parseSchema(text); err != nil {
		return nil, err
	}
	if text, err = policy.rulesJSON(); err != nil {
		return nil, err
	}
	if f.rules, err = parseRules(text); err != nil {
		return nil, err
	}
	if text, err = policy.warningsJSON(); err != nil {
		return nil, err
	}
	if f.warnings, err = parseWarnings(text); err != nil {
		return nil, err
	}
	f.shadows = make([]Shadow, len(f.rules))
	for i := range f.rules {
		f.shadows[i] = Shadow{Effect: f.rules[i].Effect, MatchedRule: f.rules[i].ID}
	}
	f.place()
	return f, nil
}

// place lays the slots out.
func (f *facts) place() {
	f.slots = make([]place, len(f.schema.slots))
	for i, slot := range f.schema.slots {
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
	f.own = make(map[string]map[uint32]bool, len(f.schema.Actions))
	for action, fields := range f.schema.Actions {
		f.own[action] = f.declare(fields)
	}
	f.common = f.declare(f.schema.Common)
	f.common[f.schema.actionTypeSlot] = true
	f.slots[f.schema.actionTypeSlot].types |= mayBeString
	f.declare(f.schema.State)
}

func (f *facts) declare(fields []Field) map[uint32]bool {
	own := make(map[uint32]bool, len(fields))
	for i := range fields {
		own[fields[i].slot] = true
		f.slots[fields[i].slot].types |= typesOf(fields[i].Type)
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

// outcome tables

// decide spells out an outcome that lists nothing.
func (f *facts) decide(out *outcome, d *Decision) error {
	c := out
	if c.effect < uint32(Allow) || c.effect > uint32(Block) {
		return statusError(uint32(c.status))
	}
	if c.rule != noRule {
		if int64(c.rule) >= int64(len(f.rules)) {
			return statusError(uint32(c.status))
		}
		rule := &f.rules[c.rule]
		d.MatchedRule, d.Message, d.RequiredActions = rule.ID, rule.Message, rule.RequiredActions
	}
	// Last, so that nothing that went wrong leaves an effect behind.
	d.Effect = Effect(c.effect)
	return nil
}
