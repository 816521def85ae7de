package actra

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"unicode/utf8"
)

// Question asks of a policy whether decisions never have, or always have, an effect: of every input that
// the schema admits. One of Never and Always is set.
type Question struct {
	// Never asks whether no input gets the effect.
	Never Effect
	// Always asks whether every input gets it.
	Always Effect
	// Actions are those that the question is about; without any, it is about every action of the schema,
	// and, where inputs are unchecked and nothing is assumed, about those that it does not name: "(any other)".
	Actions []string
	// Assume is a condition. The question is about inputs for which it is true or unknown; nil: about all. In
	// its short form it is a string, such as "action.amount > 500", and in its long form whatever
	// [json.Marshal] makes an object of.
	Assume any
	// Complete asks about inputs with every declared field only.
	Complete bool
	// Budget is how many steps the search may take for each action, before the answer is that it is
	// undecided; 0: as many as libactra allows by itself.
	Budget uint64
}

// String gives the question in words, such as never allow.
func (q Question) String() string {
	switch {
	case q.Never != Invalid && q.Always == Invalid:
		return "never " + q.Never.String()
	case q.Always != Invalid && q.Never == Invalid:
		return "always " + q.Always.String()
	default:
		return "no question"
	}
}

// Proof is what is known of a claim about every input. The zero value is Undecided, so that nothing that
// nobody has proved reads as proved.
type Proof uint8

const (
	// Undecided says that neither it nor its opposite could be shown.
	Undecided Proof = iota
	// Proved says that it is so.
	Proved
	// Refuted says that it is not so: there is an input that shows it, where one can.
	Refuted
)

var proofNames = [...]string{"undecided", "proved", "refuted"}

// String gives undecided, proved or refuted.
func (p Proof) String() string {
	if int(p) < len(proofNames) {
		return proofNames[p]
	}
	return fmt.Sprintf("Proof(%d)", uint8(p))
}

// MarshalJSON gives true for Proved, false for Refuted, and null.
func (p Proof) MarshalJSON() ([]byte, error) {
	switch p {
	case Undecided:
		return []byte("null"), nil
	case Proved:
		return []byte("true"), nil
	case Refuted:
		return []byte("false"), nil
	default:
		return nil, fmt.Errorf("actra: %d is no proof", uint8(p))
	}
}

// UnmarshalJSON reads true, false and null.
func (p *Proof) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "null":
		*p = Undecided
	case "true":
		*p = Proved
	case "false":
		*p = Refuted
	default:
		return fmt.Errorf("actra: %s is neither true nor false nor null", text)
	}
	return nil
}

// Outcome is what is decided about an input.
type Outcome struct {
	// Effect is Invalid where the input is in error.
	Effect Effect `json:"effect"`
	// MatchedRule is the rule that decides; empty: the default does.
	MatchedRule string `json:"matched_rule"`
	// Error is the code of the input error: WrongType and so on; empty: there is none.
	Error string `json:"error"`
}

// Witness is an input that shows something.
type Witness struct {
	// Input is as EvaluateJSON takes it; a string of YAML where it holds NaN or an infinity, which only
	// version 1 of the language admits.
	Input json.RawMessage `json:"input"`
	Outcome
}

// Reason says why something is undecided.
type Reason struct {
	// Code is budget, conditions, declared, too_large or not_confirmed.
	Code string `json:"code"`
	// Help says what to do about it.
	Help string `json:"help"`
	// Conditions are those that are not looked into exactly, and in the way.
	Conditions []ReasonPlace `json:"conditions"`
}

// ReasonPlace is a condition that is in the way. Line and column count from 1.
type ReasonPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Reason says why it is not looked into exactly.
	Reason string `json:"reason"`
}

// Answer answers a [Question].
type Answer struct {
	// Question is what was asked, in words.
	Question string `json:"question"`
	// Holds says whether it is so for every action that was asked about.
	Holds Proof `json:"holds"`
	// Vacuous says that there is no input that the question is about: what is assumed is never so.
	Vacuous bool `json:"vacuous"`
	// Actions are the answers by action, in order of name.
	Actions []ActionAnswer `json:"actions"`

	text json.RawMessage
}

// ActionAnswer is the answer for one action.
type ActionAnswer struct {
	Action  string `json:"action"`
	Holds   Proof  `json:"holds"`
	Vacuous bool   `json:"vacuous"`
	// Counterexample is an input for which it is not so; nil unless Holds is Refuted.
	Counterexample *Witness `json:"counterexample"`
	// Undecided says why Holds is Undecided; nil: it is not.
	Undecided *Reason `json:"undecided"`
}

// Analysis is what was found about a policy: see [Policy.Analyze].
type Analysis struct {
	// Rules has every rule, in the order of the policy.
	Rules []RuleAnalysis `json:"rules"`
	// Actions has every action, in order of name.
	Actions []ActionAnalysis `json:"actions"`
	// Diagnostics are what was found, and what lints say, as warnings about the documents.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// Silenced counts the warnings that comments in the documents silence.
	Silenced int `json:"silenced"`
	// Steps is what the searches took.
	Steps uint64 `json:"steps"`

	text json.RawMessage
}

// RuleVerdict is what a rule is good for.
type RuleVerdict string

const (
	// RuleEffective: it decides some inputs, which would get another effect without it.
	RuleEffective RuleVerdict = "effective"
	// RuleNeverFires: no input lets it fire.
	RuleNeverFires RuleVerdict = "never_fires"
	// RuleShadowed: others always decide before it.
	RuleShadowed RuleVerdict = "shadowed"
	// RuleRedundant: without it every input would get the same effect.
	RuleRedundant RuleVerdict = "redundant"
	// RuleUndecided: this could not be decided.
	RuleUndecided RuleVerdict = "undecided"
)

// RuleAnalysis is what was found about a rule.
type RuleAnalysis struct {
	ID      string      `json:"id"`
	Verdict RuleVerdict `json:"verdict"`
	// ShadowedBy are the rules that decide before it, where it is shadowed.
	ShadowedBy []string `json:"shadowed_by"`
	// AlwaysFires says that every input in its scope meets its condition.
	AlwaysFires bool `json:"always_fires"`
	// Example is an input that it decides, or else for which it fires; nil: there is none.
	Example *Witness `json:"example"`
	// Undecided says why something is undecided; nil: nothing is.
	Undecided *Reason `json:"undecided"`
}

// ActionAnalysis tells which effects an action can get.
type ActionAnalysis struct {
	// Action is its name; empty: those that the schema does not name, where inputs are unchecked.
	Action string `json:"action"`
	// Effects are all of them, from Allow to Block.
	Effects []EffectAnalysis `json:"effects"`
	// Fields are those of the schema, and entries of maps that are read, in order of name.
	Fields []FieldAnalysis `json:"fields"`
	// Undecided says why something about its effects is undecided; nil: nothing is.
	Undecided *Reason `json:"undecided"`
}

// EffectAnalysis tells whether an action can get an effect.
type EffectAnalysis struct {
	Effect Effect `json:"effect"`
	// Possible is Refuted where no input gets it.
	Possible Proof `json:"possible"`
	// Example is an input that gets it; nil: there is none.
	Example *Witness `json:"example"`
}

// Influence is what a field can do to a decision.
type Influence string

const (
	// InfluenceEffect: the effect may change with it.
	InfluenceEffect Influence = "effect"
	// InfluenceRule: which rule decides, or asks for approval, may change with it, but never the
	// effect.
	InfluenceRule Influence = "rule"
	// InfluenceNothing: nothing changes with it.
	InfluenceNothing Influence = "nothing"
)

// FieldAnalysis tells whether a field can matter for an action: whether there are two inputs without
// an error that differ in it only, and are not decided alike.
type FieldAnalysis struct {
	// Field is its name; or that of an object or a map, in which everything may change together.
	Field string `json:"field"`
	// IsRead says that some rule for the action reads it.
	IsRead bool `json:"is_read"`
	// Influence is what it can do; empty: undecided.
	Influence Influence `json:"influence"`
	// Examples are two inputs that differ in it only, and show it; none where nothing changes.
	Examples []Witness `json:"examples"`
	// Undecided says why it is undecided; nil: it is not.
	Undecided *Reason `json:"undecided"`
}

// Difference tells how a new policy differs from an old one: see [Diff].
type Difference struct {
	// Same says whether every input gets the same effect, and the same required actions.
	Same Proof `json:"same"`
	// Weaker says that the new policy lets some input through that the old one does not.
	Weaker bool `json:"weaker"`
	// Changes has an input for each pair of rules that decide otherwise, what lets more through first.
	Changes []Change `json:"changes"`
	// HasMore says that there are more changes than were looked for.
	HasMore bool `json:"has_more"`
	// AddedActions and RemovedActions are actions that only one of the schemas has.
	AddedActions   []string `json:"added_actions"`
	RemovedActions []string `json:"removed_actions"`
	// AddedMaps are maps that only the new schema has: entries of other types are input errors now.
	AddedMaps []string `json:"added_maps"`
	// Undecided are actions about which something is undecided.
	Undecided []UndecidedAction `json:"undecided"`
	// Steps is what the searches took.
	Steps uint64 `json:"steps"`

	text json.RawMessage
}

// Direction is which way a decision changes. An input error counts as a block.
type Direction string

const (
	// ChangeWeaker: the new policy lets more through, or requires less of an approval.
	ChangeWeaker Direction = "weaker"
	// ChangeStricter: it lets less through, or requires more.
	ChangeStricter Direction = "stricter"
	// ChangeLevel: from a block to an input error, or back.
	ChangeLevel Direction = "level"
)

// Change is one way in which decisions change.
type Change struct {
	// Action is its name; empty: one that the schemas do not name.
	Action    string    `json:"action"`
	Direction Direction `json:"direction"`
	// Old and New are what the policies decide about the input.
	Old Outcome `json:"old"`
	New Outcome `json:"new"`
	// Input is that of a [Witness].
	Input json.RawMessage `json:"input"`
	// RemovedRequiredActions are, where both ask for approval, what only the old policy's rules
	// require; AddedRequiredActions what only the new policy's rules require.
	RemovedRequiredActions []json.RawMessage `json:"removed_required_actions"`
	AddedRequiredActions   []json.RawMessage `json:"added_required_actions"`
}

// UndecidedAction is an action about which something is undecided.
type UndecidedAction struct {
	// Action is its name; empty: those that the schemas do not name.
	Action string `json:"action"`
	Reason Reason `json:"reason"`
}

// MarshalJSON gives the answer as every door of Actra does.
func (a *Answer) MarshalJSON() ([]byte, error) { return a.text, nil }

// MarshalJSON gives the analysis as every door of Actra does.
func (a *Analysis) MarshalJSON() ([]byte, error) { return a.text, nil }

// MarshalJSON gives the difference as every door of Actra does.
func (d *Difference) MarshalJSON() ([]byte, error) { return d.text, nil }

// AnalysisOption is an option of [Policy.Analyze] and [Diff].
type AnalysisOption func(*askedQuestion)

// WithBudget sets how many steps each question may take before its answer is that it is undecided. Searches
// count steps and ask no clock: the same question has the same answer on every machine.
func WithBudget(steps uint64) AnalysisOption {
	return func(a *askedQuestion) { a.Budget = &steps }
}

// askedQuestion is a question as libactra reads it.
type askedQuestion struct {
	Question string   `json:"question"`
	Actions  []string `json:"actions,omitempty"`
	Assume   any      `json:"assume,omitempty"`
	Inputs   string   `json:"inputs,omitempty"`
	Budget   *uint64  `json:"budget,omitempty"`
}

// Ask answers a question about the policy: it is proved for every input that the schema admits, or there is
// an input that shows the opposite, or it is undecided. docs/analysis.md tells what is proved and how.
//
// Errors are *[AnalysisError]; that the answer is no, or undecided, is no error. It takes from milliseconds to
// minutes, cannot be interrupted, and holds a thread of the operating system meanwhile.
func (p *Policy) Ask(question Question) (*Answer, error) {
	if (question.Never == Invalid) == (question.Always == Invalid) {
		return nil, badQuestion("a question has either Never or Always")
	}
	spelled := askedQuestion{Question: question.String(), Actions: question.Actions, Assume: question.Assume}
	if question.Complete {
		spelled.Inputs = "complete"
	}
	if question.Budget != 0 {
		spelled.Budget = &question.Budget
	}
	answer := &Answer{}
	type plain Answer
	text, err := p.ask(&spelled, nil, (*plain)(answer))
	if err != nil {
		return nil, err
	}
	answer.text = text
	return answer, nil
}

// Analyze asks everything that can be asked of every rule and every action: which rules never fire, never decide
// or change nothing, and which effects an action can get. As [Policy.Ask].
func (p *Policy) Analyze(options ...AnalysisOption) (*Analysis, error) {
	analysis := &Analysis{}
	type plain Analysis
	text, err := p.ask(askedWith("analyze", options), nil, (*plain)(analysis))
	if err != nil {
		return nil, err
	}
	analysis.text = text
	return analysis, nil
}

// Diff tells how a new policy differs from an old one, with an input for each way. As [Policy.Ask].
func Diff(old, new *Policy, options ...AnalysisOption) (*Difference, error) {
	if new == nil {
		return nil, ErrClosed
	}
	difference := &Difference{}
	type plain Difference
	text, err := old.ask(askedWith("diff", options), new, (*plain)(difference))
	if err != nil {
		return nil, err
	}
	difference.text = text
	return difference, nil
}

func askedWith(question string, options []AnalysisOption) *askedQuestion {
	spelled := &askedQuestion{Question: question}
	for _, option := range options {
		if option != nil {
			option(spelled)
		}
	}
	return spelled
}

// ask gives an answer's text, and reads it into `into`. Of an other policy that is nil the question is about
// one only.
func (p *Policy) ask(question *askedQuestion, other *Policy, into any) (answer []byte, err error) {
	if p == nil {
		return nil, ErrClosed
	}
	text, err := question.text()
	if err != nil {
		return nil, err
	}
	err = p.handle.with(func(policy policyPointer) error {
		if other == nil {
			answer, err = policy.ask(text, 0)
			return err
		}
		return other.handle.with(func(second policyPointer) error {
			answer, err = policy.ask(text, second)
			return err
		})
	})
	runtime.KeepAlive(p)
	runtime.KeepAlive(other)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return nil, fmt.Errorf("%w: an answer that does not parse: %w", ErrInternal, err)
	}
	return answer, nil
}

func (a *askedQuestion) text() ([]byte, error) {
	// Its bytes would be replaced, and another question asked.
	if assumed, ok := a.Assume.(string); ok && !utf8.ValidString(assumed) {
		return nil, badQuestion("what is assumed is not UTF-8")
	}
	text, err := json.Marshal(a)
	if err != nil {
		var failure *json.MarshalerError
		if errors.As(err, &failure) {
			err = failure.Err
		}
		return nil, badQuestion("what is assumed has no JSON: " + err.Error())
	}
	if !utf8.Valid(text) {
		return nil, badQuestion("what is assumed is not UTF-8")
	}
	return text, nil
}

func badQuestion(message string) error {
	return &AnalysisError{Code: AnalysisBadQuestion, Message: message}
}
