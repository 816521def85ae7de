package actra

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
)

// Explanation tells why an input was decided as it was. docs/explain.md describes it; String gives
// it as text for people.
//
// It holds values of the input: what may not be logged of an input may not be logged of its
// explanation.
type Explanation struct {
	// Decision is the same that Evaluate gives; nil: the input is in error.
	Decision *Decision `json:"decision"`
	// Error says why the input could not be decided.
	Error *InputError `json:"error"`
	// Settings are those that rules are combined by.
	Settings ExplainedSettings `json:"settings"`
	// Input has the fields that the schema names, by name as the short form writes it. Long strings
	// and lists are cut.
	Input map[string]json.RawMessage `json:"input"`
	// Ignored are fields that nothing reads.
	Ignored []IgnoredField `json:"ignored"`
	// Rules are the candidates for the input's action, in the order in which they decide.
	Rules []ExplainedRule `json:"rules"`
	// OtherRules is how many rules are about other actions.
	OtherRules int `json:"other_rules"`

	text     json.RawMessage
	rendered string
}

// ExplainedSettings are the settings of a policy, as their keywords.
type ExplainedSettings struct {
	Version int    `json:"version"`
	Combine string `json:"combine"`
	Default Effect `json:"default"`
	Missing string `json:"missing"`
	Inputs  string `json:"inputs"`
}

// IgnoredField is a field of the input that nothing reads.
type IgnoredField struct {
	Field string `json:"field"`
	// DidYouMean is a field of the schema that may have been meant.
	DidYouMean string `json:"did_you_mean"`
}

// ExplainedRule is what a rule did.
type ExplainedRule struct {
	ID     string `json:"id"`
	Effect Effect `json:"effect"`
	Shadow bool   `json:"shadow"`
	// Standing is decided, joined, would_fire, outranked or not_fired.
	Standing string `json:"standing"`
	// Condition is what its whole condition comes to: true, false or unknown.
	Condition string `json:"condition"`
	// Visited says whether the evaluation came to it.
	Visited bool `json:"visited"`
	// SkippedBy is the field whose index ruled it out.
	SkippedBy string `json:"skipped_by"`
	// Lacks is the fewest tests that would have to come out otherwise for it to fire.
	Lacks int `json:"lacks"`
	// Place says where it stands in the documents; nil: it is not known.
	Place *ExplainedPlace `json:"place"`
	// When is its condition: {"all": [...]}, {"any": [...]} or a test; nil: it has none.
	When json.RawMessage `json:"when"`
}

// ExplainedPlace is a place in the documents. Line and column count from 1.
type ExplainedPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String gives the explanation as lines of text for people.
func (e *Explanation) String() string { return e.rendered }

// MarshalJSON gives the explanation as every door of Actra does.
func (e *Explanation) MarshalJSON() ([]byte, error) { return e.text, nil }

// UnmarshalJSON reads an input error as the doors for text write it.
func (e *InputError) UnmarshalJSON(text []byte) error {
	var spelled struct {
		Code, Message string
		Field         *string
	}
	if err := json.Unmarshal(text, &spelled); err != nil {
		return err
	}
	*e = InputError{Code: spelled.Code, Message: spelled.Message}
	if spelled.Field != nil {
		e.Field = *spelled.Field
	}
	return nil
}

// MarshalJSON gives code, field (null: the input as a whole) and message, as every door does.
func (e *InputError) MarshalJSON() ([]byte, error) {
	spelled := struct {
		Code    string  `json:"code"`
		Field   *string `json:"field"`
		Message string  `json:"message"`
	}{Code: e.Code, Message: e.Message}
	if e.Field != "" {
		spelled.Field = &e.Field
	}
	return json.Marshal(spelled)
}

// ExplainJSON decides an input given as JSON text, and tells why. An input error is part of the
// answer, and no error of this function.
func (p *Policy) ExplainJSON(text []byte) (*Explanation, error) {
	return p.explain(text, 0)
}

// Explain decides an input, and tells why. An input error is part of the answer, and no error of
// this function, unless no text can say the input: a value that Evaluate does not take, or NaN
// where libactra has no compiler.
func (p *Policy) Explain(input Input) (*Explanation, error) {
	if p == nil {
		return nil, ErrClosed
	}
	b := p.borrow()
	defer b.giveBack()
	b.fillInput(input)
	if b.odd.unfit.what != "" {
		return nil, b.following()
	}
	if b.odd.tooMany {
		return nil, b.odd.leading()
	}
	if text, ok := encodeInput(input, asJSON); ok {
		return p.explain(text, 0)
	}
	if text, ok := encodeInput(input, asYAML); ok && HasCompiler() {
		return p.explain(text, inputYAML)
	}
	// The error that there is has a field at least.
	if _, err := b.Evaluate(); err != nil {
		return nil, err
	}
	return nil, errors.New("actra: the input has no text that could be explained")
}

// Explain decides the builder's input, and tells why: see Policy.Explain.
func (b *Builder) Explain() (*Explanation, error) {
	if b.misuse != nil {
		return nil, b.misuse
	}
	input, whole := b.input()
	if !whole {
		return nil, errors.New("actra: the builder has values that are in each other's way")
	}
	return b.policy.Explain(input)
}

func (p *Policy) explain(text []byte, flags uint32) (*Explanation, error) {
	if p == nil {
		return nil, ErrClosed
	}
	var found *Explanation
	flags |= p.inputFlags()
	err := p.handle.with(func(policy policyPointer) error {
		spelled, err := policy.explain(text, flags)
		if err != nil {
			return err
		}
		rendered, err := policy.explain(text, flags|explainRendered)
		if err != nil {
			return err
		}
		found, err = newExplanation(spelled, string(rendered))
		return err
	})
	runtime.KeepAlive(p)
	return found, err
}

func newExplanation(text []byte, rendered string) (*Explanation, error) {
	type plain Explanation
	found := &Explanation{}
	if err := json.Unmarshal(text, (*plain)(found)); err != nil {
		return nil, fmt.Errorf("%w: an explanation that does not parse: %w", ErrInternal, err)
	}
	found.text, found.rendered = text, rendered
	return found, nil
}
