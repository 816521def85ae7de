package main

import (
	"fmt"
	"io"

	"actra"

	"actra-bench-door/guard"
	"actra-bench-door/peers/casbin"
	"actra-bench-door/peers/cedar"
	"actra-bench-door/peers/cel"
	"actra-bench-door/peers/rego"
)

// operation is something that the door can do, by its name.
type operation struct {
	name   string
	decide guard.Operation
}

// peer is an engine that decides the same.
type peer struct {
	name string
	make func(inputs []guard.Input) (converted, ready guard.Operation, err error)
}

var peers = []peer{
	{"cedar", cedar.New},
	{"rego", rego.New},
	{"cel", cel.New},
	{"casbin", casbin.New},
}

// reference is the operation that peers are compared with.
const reference = "json"

// operations gives all that the door can do on a workload. Peers that do not decide as we do are
// left out; why is told.
func operations(policy *actra.Policy, workload *guard.Workload, tell io.Writer) ([]operation, error) {
	all, err := ours(policy, workload)
	if err != nil {
		return nil, err
	}
	expected, err := expectations(all, len(workload.Inputs))
	if err != nil {
		return nil, err
	}
	all = append([]operation{{"empty", empty}}, all...)
	for _, peer := range peers {
		pair, err := peer.operations(workload.Inputs)
		for _, one := range pair {
			if err == nil {
				err = agrees(one.decide, expected)
			}
		}
		if err != nil {
			fmt.Fprintf(tell, "%s is left out: %v\n", peer.name, err)
			continue
		}
		all = append(all, pair...)
	}
	return all, nil
}

// operations gives a peer's two: NAME makes the peer's form of an input in each decision, and
// NAME-ready has it made before.
func (p peer) operations(inputs []guard.Input) ([]operation, error) {
	converted, ready, err := p.make(inputs)
	if err != nil {
		return nil, err
	}
	return []operation{{p.name, converted}, {p.name + "-ready", ready}}, nil
}

// expectations gives what the reference decides.
func expectations(all []operation, count int) ([]guard.Decision, error) {
	for _, one := range all {
		if one.name == reference {
			return decisions(one.decide, count)
		}
	}
	return nil, fmt.Errorf("there is no `%s` to compare with", reference)
}

func decisions(decide guard.Operation, count int) ([]guard.Decision, error) {
	decided := make([]guard.Decision, count)
	for at := range decided {
		decision, err := decide(at)
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", at, err)
		}
		decided[at] = decision
	}
	return decided, nil
}

// agrees says where an operation does not decide as expected, if anywhere.
func agrees(decide guard.Operation, expected []guard.Decision) error {
	decided, err := decisions(decide, len(expected))
	if err != nil {
		return err
	}
	for at := range decided {
		if decided[at] != expected[at] {
			return fmt.Errorf("input %d is decided as %q, and by `%s` as %q", at, decided[at], reference, expected[at])
		}
	}
	return nil
}
