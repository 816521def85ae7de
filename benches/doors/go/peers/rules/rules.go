// Package rules reads rules for engines whose language has conditions only: which actions a
// condition is for, and what it means when it holds, stands beside it.
package rules

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// Rule is a line of a table with the columns id, effect, actions, condition.
type Rule struct {
	ID     string
	Effect string
	// Actions are the actions it is for; all of them, where it is empty.
	Actions []string
	// Condition is in the engine's own language.
	Condition string
}

// Read reads a table. Lines that begin with `#` are comments.
func Read(table []byte) ([]Rule, error) {
	reader := csv.NewReader(bytes.NewReader(table))
	reader.Comment = '#'
	reader.TrimLeadingSpace = true
	reader.FieldsPerRecord = 4
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) < 2 || !slices.Equal(lines[0], []string{"id", "effect", "actions", "condition"}) {
		return nil, fmt.Errorf("a table of rules has the columns id, effect, actions, condition")
	}
	var rules []Rule
	for _, line := range lines[1:] {
		rules = append(rules, Rule{line[0], line[1], strings.Fields(line[2]), line[3]})
	}
	return rules, nil
}

// For gives the rules for an action, in their order.
func For(rules []Rule, action string) []Rule {
	var some []Rule
	for _, rule := range rules {
		if len(rule.Actions) == 0 || slices.Contains(rule.Actions, action) {
			some = append(some, rule)
		}
	}
	return some
}
