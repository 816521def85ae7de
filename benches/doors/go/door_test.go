package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"actra"

	"actra-bench-door/guard"
)

// everyOperation are the names that the door has where nothing is left out.
const everyOperation = "empty builder map bind json cedar cedar-ready rego rego-ready cel cel-ready casbin casbin-ready"

// operationsOf gives the operations on inputs, none of which may be left out.
func operationsOf(t testing.TB, policy *actra.Policy, inputs []guard.Input) []operation {
	t.Helper()
	var told strings.Builder
	all, err := operations(policy, workloadOf(t, policy, inputs), &told)
	if err != nil {
		t.Fatal(err)
	}
	if told.Len() != 0 {
		t.Fatal(told.String())
	}
	return all
}

func TestEveryOperationDecidesAlike(t *testing.T) {
	policy := policyOf(t)
	rules := []string{""}
	for _, rule := range policy.Rules() {
		rules = append(rules, rule.ID)
	}
	for name, inputs := range map[string][]guard.Input{
		"usual": usualInputs(2000, 7),
		"edges": edgeInputs(6000, 7),
	} {
		t.Run(name, func(t *testing.T) {
			all := operationsOf(t, policy, inputs)
			if len(all) != len(strings.Fields(everyOperation)) {
				t.Fatalf("there are %d operations", len(all))
			}
			expected, err := expectations(all, len(inputs))
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range all {
				if one.name == "empty" {
					continue
				}
				if err := agrees(one.decide, expected); err != nil {
					t.Errorf("%s: %v", one.name, err)
				}
			}
			reached := map[string]int{}
			for _, decision := range expected {
				reached[decision.Rule]++
			}
			for _, rule := range rules {
				if reached[rule] == 0 {
					t.Errorf("no input reaches `%s`", rule)
				}
			}
		})
	}
}

func TestPeersThatDecideOtherwiseAreLeftOut(t *testing.T) {
	policy := policyOf(t)
	inputs := usualInputs(300, 3)
	kept := peers
	t.Cleanup(func() { peers = kept })
	right := peers[2].make
	spoiled := func(spoil func(guard.Decision) (guard.Decision, error)) func([]guard.Input) (guard.Operation, guard.Operation, error) {
		return func(inputs []guard.Input) (guard.Operation, guard.Operation, error) {
			converted, ready, err := right(inputs)
			last := func(at int) (guard.Decision, error) {
				decision, err := ready(at)
				if err == nil && at == len(inputs)-1 {
					return spoil(decision)
				}
				return decision, err
			}
			return converted, last, err
		}
	}
	peers = []peer{
		{"right", right},
		{"effect", spoiled(func(d guard.Decision) (guard.Decision, error) { d.Effect = "permit"; return d, nil })},
		{"rule", spoiled(func(d guard.Decision) (guard.Decision, error) { d.Rule += "x"; return d, nil })},
		{"fails", spoiled(func(guard.Decision) (guard.Decision, error) { return guard.Decision{}, fmt.Errorf("no") })},
		{"unmade", func([]guard.Input) (guard.Operation, guard.Operation, error) {
			return nil, nil, fmt.Errorf("not today")
		}},
	}
	var told strings.Builder
	all, err := operations(policy, workloadOf(t, policy, inputs), &told)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range all {
		names = append(names, one.name)
	}
	if got := strings.Join(names, " "); got != "empty builder map bind json right right-ready" {
		t.Error(got)
	}
	for _, name := range []string{"effect", "rule", "fails", "unmade"} {
		if !strings.Contains(told.String(), name+" is left out: ") {
			t.Errorf("nothing is told of %s: %s", name, told.String())
		}
	}
}

func TestTheDoorAnswers(t *testing.T) {
	policy := policyOf(t)
	inputs := usualInputs(50, 5)
	folder := folderOf(t, policy, inputs)
	var answers strings.Builder
	commands := "operations\ndecide builder\ndecide rego-ready\nrun empty 1000\nrun builder 120\nrun casbin 3\n"
	if err := open(folder, strings.NewReader(commands), &answers, io.Discard); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(answers.String(), "\n"), "\n")
	if want := 1 + 2*len(inputs) + 3; len(lines) != want {
		t.Fatalf("%d lines, not %d", len(lines), want)
	}
	if lines[0] != everyOperation {
		t.Error(lines[0])
	}
	for at := range inputs {
		decision, err := policy.Evaluate(mapsOf(&inputs[at]))
		if err != nil {
			t.Fatal(err)
		}
		rule := decision.MatchedRule
		if rule == "" {
			rule = "-"
		}
		expected := decision.Effect.String() + "\t" + rule
		if lines[1+at] != expected || lines[1+len(inputs)+at] != expected {
			t.Errorf("input %d: %q, %q, not %q", at, lines[1+at], lines[1+len(inputs)+at], expected)
		}
	}
	for _, line := range lines[len(lines)-3:] {
		if taken, err := strconv.ParseUint(line, 10, 64); err != nil || taken == 0 {
			t.Errorf("%q are no nanoseconds", line)
		}
	}
}

func TestTheDoorRefusesWhatItDoesNotKnow(t *testing.T) {
	policy := policyOf(t)
	folder := folderOf(t, policy, usualInputs(3, 5))
	for _, command := range []string{"", "decide", "decide nothing", "run builder", "run builder -1", "run builder 1 2", "run nothing 1", "Operations"} {
		if err := open(folder, strings.NewReader(command+"\n"), io.Discard, io.Discard); err == nil {
			t.Errorf("%q is answered", command)
		}
	}
	if err := open(t.TempDir(), strings.NewReader("operations\n"), io.Discard, io.Discard); err == nil {
		t.Error("a folder without a workload is opened")
	}
}

func TestInputErrorsEndARun(t *testing.T) {
	policy := policyOf(t)
	inputs := usualInputs(3, 5)
	all := operationsOf(t, policy, inputs)
	workload := workloadOf(t, policy, inputs)
	workload.Inputs[2].Action.Type = "destroy"
	spoiled, err := ours(policy, workload)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range spoiled[:3] {
		d := &door{all: append(all, operation{"spoiled", one.decide}), count: 3}
		if err := d.answer(strings.Fields("run spoiled 3"), io.Discard); err == nil {
			t.Errorf("%s decides an action that there is not", one.name)
		}
	}
	for _, peer := range peers {
		pair, err := peer.operations(workload.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range pair {
			if decision, err := one.decide(2); err == nil && decision.Effect != guard.Block {
				t.Errorf("%s: %v", one.name, decision)
			}
		}
	}
}

// What lists something (here, the fields that are missing) makes room for the list: see the
// package's documentation of Builder.
func TestTheBuilderAllocatesNothing(t *testing.T) {
	policy := policyOf(t)
	var whole []guard.Input
	for _, input := range usualInputs(500, 11) {
		if input.Actor.OnCall != nil && input.Snapshot.Region != nil {
			whole = append(whole, input)
		}
	}
	all, err := ours(policy, workloadOf(t, policy, whole))
	if err != nil {
		t.Fatal(err)
	}
	decide := all[0].decide
	allocations := testing.AllocsPerRun(5, func() {
		for at := range whole {
			if _, err := decide(at); err != nil {
				t.Fatal(err)
			}
		}
	})
	if all[0].name != "builder" || allocations != 0 {
		t.Errorf("%s allocates %v times on %d inputs", all[0].name, allocations, len(whole))
	}
}

// BenchmarkDecide is for `-benchmem`; ratios come from `make bench`.
func BenchmarkDecide(b *testing.B) {
	policy := policyOf(b)
	inputs := usualInputs(1024, 13)
	for _, one := range operationsOf(b, policy, inputs) {
		b.Run(one.name, func(b *testing.B) {
			at := 0
			for b.Loop() {
				if _, err := one.decide(at); err != nil {
					b.Fatal(err)
				}
				if at++; at == len(inputs) {
					at = 0
				}
			}
		})
	}
}
