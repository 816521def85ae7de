// Command actra-bench-door is the Go door of the benchmarks: the workload W1 decided by package
// actra and by other engines. What a door is asked, and how it answers, `benches/src/door.rs` says;
// what each engine is given, the README beside this file.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"actra"

	"actra-bench-door/guard"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: actra-bench-door FOLDER")
		os.Exit(2)
	}
	if err := open(os.Args[1], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

func open(folder string, commands io.Reader, answers, tell io.Writer) error {
	workload, err := guard.Read(folder)
	if err != nil {
		return err
	}
	policy, err := actra.Load(workload.Artifact)
	if err != nil {
		return err
	}
	defer policy.Close()
	all, err := operations(policy, workload, tell)
	if err != nil {
		return err
	}
	return (&door{all: all, count: len(workload.Inputs)}).serve(commands, answers)
}

// door answers commands.
type door struct {
	all []operation
	// count is how many inputs there are.
	count int
	// at is the input that is next in a run.
	at int
}

func (d *door) serve(commands io.Reader, answers io.Writer) error {
	out := bufio.NewWriter(answers)
	lines := bufio.NewScanner(commands)
	for lines.Scan() {
		if err := d.answer(strings.Fields(lines.Text()), out); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (d *door) answer(words []string, out io.Writer) error {
	switch {
	case len(words) == 1 && words[0] == "operations":
		var names []string
		for _, one := range d.all {
			names = append(names, one.name)
		}
		fmt.Fprintln(out, strings.Join(names, " "))
	case len(words) == 2 && words[0] == "decide":
		decide, err := d.operation(words[1])
		if err != nil {
			return err
		}
		decided, err := decisions(decide, d.count)
		if err != nil {
			return fmt.Errorf("%s: %w", words[1], err)
		}
		for _, decision := range decided {
			rule := decision.Rule
			if rule == "" {
				rule = "-"
			}
			fmt.Fprintf(out, "%s\t%s\n", decision.Effect, rule)
		}
	case len(words) == 3 && words[0] == "run":
		decide, err := d.operation(words[1])
		if err != nil {
			return err
		}
		turns, err := strconv.ParseUint(words[2], 10, 32)
		if err != nil {
			return err
		}
		taken, err := d.run(decide, int(turns))
		if err != nil {
			return fmt.Errorf("%s: %w", words[1], err)
		}
		fmt.Fprintln(out, taken.Nanoseconds())
	default:
		return fmt.Errorf("there is no command `%s`", strings.Join(words, " "))
	}
	return nil
}

func (d *door) operation(name string) (guard.Operation, error) {
	for _, one := range d.all {
		if one.name == name {
			return one.decide, nil
		}
	}
	return nil, fmt.Errorf("there is no operation `%s`", name)
}

// run goes on where the run before ended.
func (d *door) run(decide guard.Operation, turns int) (time.Duration, error) {
	at := d.at
	start := time.Now()
	for range turns {
		if _, err := decide(at); err != nil {
			return 0, fmt.Errorf("input %d: %w", at, err)
		}
		if at++; at == d.count {
			at = 0
		}
	}
	taken := time.Since(start)
	d.at = at
	return taken, nil
}
