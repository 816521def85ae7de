// Package guard is the workload W1 as an application has it: a guard's inputs in Go's own types.
package guard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Input is what is asked about. A pointer that is nil is a field that is missing.
type Input struct {
	Action   Action   `json:"action"`
	Actor    Actor    `json:"actor"`
	Snapshot Snapshot `json:"snapshot"`
}

// Action is the operation.
type Action struct {
	Type     string `actra:"type" json:"type"`
	Amount   int64  `actra:"amount" json:"amount"`
	Currency string `actra:"currency" json:"currency"`
	Target   string `actra:"target" json:"target"`
	Express  *bool  `actra:"express" json:"express,omitempty"`
}

// Actor is who asks for it.
type Actor struct {
	Type   *string `actra:"type" json:"type,omitempty"`
	Role   string  `actra:"role" json:"role"`
	Level  int64   `actra:"level" json:"level"`
	OnCall *bool   `actra:"on_call" json:"on_call,omitempty"`
}

// Snapshot is the state of the world.
type Snapshot struct {
	FraudFlag  bool    `actra:"fraud_flag" json:"fraud_flag"`
	DailyTotal float64 `actra:"daily_total" json:"daily_total"`
	Region     *string `actra:"region" json:"region,omitempty"`
}

// Actions are the operations that there are.
var Actions = []string{"delete", "export", "payout", "refund", "transfer"}

// Effects, as doors tell them.
const (
	Allow           = "allow"
	Block           = "block"
	RequireApproval = "require_approval"
)

// Decision is an effect and the id of the rule that decided, empty where none did.
type Decision struct {
	Effect string
	Rule   string
}

// Operation decides the input at a place in the list of inputs.
type Operation func(at int) (Decision, error)

// Workload is what a door is given.
type Workload struct {
	// Artifact is the policy, compiled.
	Artifact []byte
	// Lines are the inputs as JSON texts.
	Lines [][]byte
	// Inputs are the same, parsed.
	Inputs []Input
}

// Read reads a workload's folder.
func Read(folder string) (*Workload, error) {
	artifact, err := os.ReadFile(filepath.Join(folder, "policy.actra"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "inputs.jsonl"))
	if err != nil {
		return nil, err
	}
	text = bytes.TrimRight(text, "\n")
	if len(text) == 0 {
		return nil, fmt.Errorf("`%s` holds no inputs", folder)
	}
	workload := &Workload{Artifact: artifact, Lines: bytes.Split(text, []byte("\n"))}
	workload.Inputs = make([]Input, len(workload.Lines))
	for at, line := range workload.Lines {
		if err := parse(line, &workload.Inputs[at]); err != nil {
			return nil, fmt.Errorf("input %d: %w", at, err)
		}
	}
	return workload, nil
}

// parse refuses fields that it does not know: what the workload gains is not to be left out of
// what is measured.
func parse(line []byte, into *Input) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
