package actra

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Decision is what was decided about one input.
//
// The zero Decision is Invalid and never allowed, and every error comes with a zero Decision: a
// caller that looks at nothing but Allowed fails closed.
//
// Slices and raw messages may be shared between decisions of one policy: read them, do not write
// to them.
type Decision struct {
	// Effect is what the decision comes to.
	Effect Effect
	// MatchedRule is the id of the rule that decided; empty: none fired, and the policy's default
	// did.
	MatchedRule string
	// MatchedRules are all approval rules that fired, in order, where there are several; empty
	// otherwise.
	MatchedRules []string
	// Message is the deciding rule's message for people, if it has one.
	Message string
	// RequiredActions are those of all rules that matched, each once: JSON values, data for the
	// host that nothing here interprets.
	RequiredActions []json.RawMessage
	// Missing are the fields that left the deciding rule's condition unknown: missing, malformed
	// or unfit. They are sorted, and each stands once.
	Missing []string
	// Shadow is what would have been decided with shadow rules enforced, where that differs.
	Shadow *Shadow
}

// Shadow is what would have been decided with shadow rules enforced.
type Shadow struct {
	// Effect is what the decision would have come to.
	Effect Effect
	// MatchedRule is the id of the shadow rule that would have decided.
	MatchedRule string
}

// Allowed reports whether the operation may run.
func (d Decision) Allowed() bool { return d.Effect == Allow }

// Blocked reports whether the policy says that the operation may not run. It is no opposite of
// Allowed: a decision may wait for an approval, and one beside an error is invalid.
func (d Decision) Blocked() bool { return d.Effect == Block }

// NeedsApproval reports whether the operation waits for an approval.
func (d Decision) NeedsApproval() bool { return d.Effect == RequireApproval }

// String says in one line what was decided, by which rule and why: for logs and people.
func (d Decision) String() string {
	var text strings.Builder
	text.WriteString(d.Effect.String())
	switch {
	case len(d.MatchedRules) > 1:
		text.WriteString(" by " + strings.Join(d.MatchedRules, ", "))
	case d.MatchedRule != "":
		text.WriteString(" by " + d.MatchedRule)
	case d.Effect != Invalid:
		text.WriteString(" by default")
	}
	if d.Message != "" {
		text.WriteString(": " + d.Message)
	}
	if len(d.Missing) > 0 {
		text.WriteString(" (missing " + strings.Join(d.Missing, ", ") + ")")
	}
	return text.String()
}

// decisionJSON is the decision as the language page's table has it.
type decisionJSON struct {
	Effect          Effect            `json:"effect"`
	MatchedRule     *string           `json:"matched_rule"`
	MatchedRules    []string          `json:"matched_rules,omitempty"`
	Message         *string           `json:"message,omitempty"`
	RequiredActions []json.RawMessage `json:"required_actions,omitempty"`
	Missing         []string          `json:"missing,omitempty"`
	Shadow          *shadowJSON       `json:"shadow,omitempty"`
}

type shadowJSON struct {
	Effect      Effect `json:"effect"`
	MatchedRule string `json:"matched_rule"`
}

// MarshalJSON gives the decision as every other door of Actra does: "effect" and "matched_rule"
// (null where the default decided) are always there, "matched_rules", "message",
// "required_actions", "missing" and "shadow" where they are set.
func (d Decision) MarshalJSON() ([]byte, error) {
	spelled := decisionJSON{
		Effect:          d.Effect,
		MatchedRules:    d.MatchedRules,
		RequiredActions: d.RequiredActions,
		Missing:         d.Missing,
	}
	if d.MatchedRule != "" {
		spelled.MatchedRule = &d.MatchedRule
	}
	if d.Message != "" {
		spelled.Message = &d.Message
	}
	if d.Shadow != nil {
		spelled.Shadow = (*shadowJSON)(d.Shadow)
	}
	// As the other doors write it: nothing is escaped that JSON does not ask for.
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(spelled); err != nil {
		return nil, err
	}
	return bytes.TrimRight(text.Bytes(), "\n"), nil
}

// UnmarshalJSON reads what MarshalJSON and the other doors write.
func (d *Decision) UnmarshalJSON(text []byte) error {
	var spelled decisionJSON
	if err := json.Unmarshal(text, &spelled); err != nil {
		return err
	}
	*d = Decision{
		Effect:          spelled.Effect,
		MatchedRules:    spelled.MatchedRules,
		RequiredActions: spelled.RequiredActions,
		Missing:         spelled.Missing,
		Shadow:          (*Shadow)(spelled.Shadow),
	}
	if spelled.MatchedRule != nil {
		d.MatchedRule = *spelled.MatchedRule
	}
	if spelled.Message != nil {
		d.Message = *spelled.Message
	}
	return nil
}
