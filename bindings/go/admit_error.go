package actra

import (
	"encoding/json"
	"errors"
	"strings"
)

var (
	// ErrBlocked is what a *[PolicyError] is (errors.Is) where the policy blocks the action.
	ErrBlocked = errors.New("actra: the policy blocks the action")

	// ErrApprovalRequired is what a *[PolicyError] is (errors.Is) where the action waits for an
	// approval.
	ErrApprovalRequired = errors.New("actra: the action waits for an approval")
)

// PolicyError says that a guarded function did not run because the policy does not allow its
// action. Approvals are a kind of it: errors.As finds *PolicyError in an *[ApprovalRequired], too.
//
// It holds the input: what may not be logged of an input may not be logged of its JSON. Its text
// holds nothing of the input but the action's name.
type PolicyError struct {
	// ActionType is the action's name.
	ActionType string
	// Decision is what was decided.
	Decision Decision
	// Input is what was decided about.
	Input Input
}

// ApprovalRequired is the [PolicyError] of an action that waits for an approval. Who gives it is in
// the required actions; the host records it where the policy can read it, and asks again.
type ApprovalRequired struct {
	PolicyError
}

// Unwrap gives the error as a *[PolicyError].
func (e *ApprovalRequired) Unwrap() error { return &e.PolicyError }

func denial(input Input, decision Decision) error {
	err := PolicyError{ActionType: actionType(input.Action), Decision: decision, Input: input}
	if decision.NeedsApproval() {
		return &ApprovalRequired{err}
	}
	return &err
}

// MatchedRule is the id of the rule that decided; empty where the default did.
func (e *PolicyError) MatchedRule() string { return e.Decision.MatchedRule }

// Effect is `block` or `require_approval`.
func (e *PolicyError) Effect() string { return e.Decision.Effect.String() }

// RequiredActions is what the policy asks for, as JSON values. They are data for the host.
func (e *PolicyError) RequiredActions() []json.RawMessage { return e.Decision.RequiredActions }

// Error says what was decided by which rule, and the rule's message.
func (e *PolicyError) Error() string {
	var text strings.Builder
	text.WriteString("actra: action `" + e.ActionType + "` ")
	if e.Decision.NeedsApproval() {
		text.WriteString("needs approval")
	} else {
		text.WriteString("is blocked")
	}
	if rule := e.Decision.MatchedRule; rule != "" {
		text.WriteString(" by rule `" + rule + "`")
	} else {
		text.WriteString(" by default: no rule fired")
	}
	if message := e.Decision.Message; message != "" {
		text.WriteString(": " + message)
	}
	return text.String()
}

// Is makes it [ErrApprovalRequired] or [ErrBlocked]. What is neither an approval nor an allow is a
// block.
func (e *PolicyError) Is(target error) bool {
	if e.Decision.NeedsApproval() {
		return target == ErrApprovalRequired
	}
	return target == ErrBlocked
}

// MarshalJSON writes `action` (its name), `decision` and `context` (the input).
func (e *PolicyError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Action   string      `json:"action"`
		Decision Decision    `json:"decision"`
		Context  jsonContext `json:"context"`
	}{e.ActionType, e.Decision, contextOf(e.Input)})
}
