package actra

import (
	"encoding/json"
	"fmt"
)

// Rule is a rule of a policy, as data.
type Rule struct {
	// ID is the rule's id.
	ID string `json:"id"`
	// Effect is what it decides when it fires.
	Effect Effect `json:"effect"`
	// Mode is enforce or shadow.
	Mode string `json:"mode"`
	// Position is its place in the documents' order, from 0.
	Position int `json:"position"`
	// Message is for people, if it has one.
	Message string `json:"message"`
	// RequiredActions are JSON values, data for the host.
	RequiredActions []json.RawMessage `json:"required_actions"`
	// Description is for people, if it has one.
	Description string `json:"description"`
	// File, Line and Column say where it stands in the documents, where that is known. Lines and
	// columns count from 1.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Schema is what a policy's inputs may hold, as data.
type Schema struct {
	// Language is the version of the policy language, 1 or 2.
	Language int `json:"language"`
	// Evaluation are the settings that rules are combined by.
	Evaluation Evaluation `json:"evaluation"`
	// Actions are the fields of each action, by its name. Those of Common go with each.
	Actions map[string][]Field `json:"actions"`
	// Common are the fields that every action has.
	Common []Field `json:"common"`
	// State are the fields of the actor and of the snapshot.
	State []Field `json:"state"`

	text json.RawMessage
}

// Evaluation are the settings that rules are combined by, as policies spell them.
type Evaluation struct {
	// Combine is most_restrictive or first_match.
	Combine string `json:"combine"`
	// Default is the effect when no rule fires.
	Default Effect `json:"default"`
	// Missing is fail_closed or no_match.
	Missing string `json:"missing"`
	// Inputs is checked or unchecked.
	Inputs string `json:"inputs"`
}

// Field is a field that the schema declares, or a key of a map that some rule reads.
type Field struct {
	// Name is its name as the short form writes it, such as action.amount.
	Name string `json:"name"`
	// Type is its type: string, number, integer, boolean, timestamp, object, "list of string",
	// "map of number" and so on.
	Type string `json:"type"`
	// Required says that an input without it is in error.
	Required bool `json:"required"`
	// Default stands in for it where it is missing: a JSON value, or nil.
	Default json.RawMessage `json:"default"`
	// Enum are the values allowed: JSON values, or nil.
	Enum []json.RawMessage `json:"enum"`
	// Min and Max bound a number, both inclusive: JSON numbers, or empty.
	Min json.Number `json:"min"`
	Max json.Number `json:"max"`
	// MaxLength bounds a string, or the strings of a list, in code points; nil: no bound.
	MaxLength *uint64 `json:"max_length"`
	// MaxItems bounds a list; nil: no bound.
	MaxItems *uint64 `json:"max_items"`
	// Unique says that no item of the list may stand twice.
	Unique bool `json:"unique"`
}

// Fields gives the fields of the domain action for an action: its own and those of every action.
// Of an action that the schema does not have it gives nil.
func (s *Schema) Fields(action string) []Field {
	own, ok := s.Actions[action]
	if !ok {
		return nil
	}
	return append(append(make([]Field, 0, len(s.Common)+len(own)), s.Common...), own...)
}

// MarshalJSON gives the schema as libactra describes it, slots included.
func (s *Schema) MarshalJSON() ([]byte, error) { return s.text, nil }

// layout is what libactra tells of a policy's slots, beside the schema.
type layout struct {
	ActionTypeSlot uint32     `json:"action_type_slot"`
	Slots          []slotJSON `json:"slots"`
	Language       int
	Evaluation     Evaluation
	Actions        map[string]fieldsJSON
	Common, State  fieldsJSON
}

type slotJSON struct {
	Name, Domain, Kind, Key string
	Parent                  *uint32
}

type fieldsJSON []struct {
	Field
	Slot uint32 `json:"slot"`
}

func (f fieldsJSON) fields() []Field {
	fields := make([]Field, len(f))
	for i := range f {
		fields[i] = f[i].Field
	}
	return fields
}

func parseSchema(text []byte) (*Schema, *layout, error) {
	found := &layout{}
	if err := json.Unmarshal(text, found); err != nil {
		return nil, nil, fmt.Errorf("%w: a schema that does not parse: %w", ErrInternal, err)
	}
	schema := &Schema{
		Language:   found.Language,
		Evaluation: found.Evaluation,
		Actions:    make(map[string][]Field, len(found.Actions)),
		Common:     found.Common.fields(),
		State:      found.State.fields(),
		text:       text,
	}
	for action, fields := range found.Actions {
		schema.Actions[action] = fields.fields()
	}
	return schema, found, nil
}

func parseRules(text []byte) ([]Rule, error) {
	var rules []Rule
	if err := json.Unmarshal(text, &rules); err != nil {
		return nil, fmt.Errorf("%w: rules that do not parse: %w", ErrInternal, err)
	}
	return rules, nil
}
