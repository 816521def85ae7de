package actra

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The conformance cases, through every door of this package. ACTRA_CONFORMANCE names the cases as
// one JSON file: conformance/README.md describes it, and scripts/test-go.sh makes it.
//
// How many checks each door took, and what a door could not say and why, is kept in
// testdata/corpus.txt; UPDATE=1 writes it. A runner that skips everything agrees with everyone.

type corpusCase struct {
	Name string
	corpusDocuments
	Compile   *corpusVerdict
	Hash      string
	SameHash  []corpusDocuments `json:"same_hash"`
	OtherHash []corpusDocuments `json:"other_hash"`
	Checks    []corpusCheck
}

type corpusDocuments struct {
	Schema, Policy, Governance corpusText
	Policies                   map[string]corpusText
}

type corpusVerdict struct{ Errors, Warnings []corpusDiagnosis }

type corpusDiagnosis struct {
	Code, Document string
	Line           int
	Names          []string
}

type corpusCheck struct {
	Input         json.RawMessage
	InputJSON     *corpusText `json:"input_json"`
	InputYAML     *corpusText `json:"input_yaml"`
	InputHex      *string     `json:"input_hex"`
	RefuseUnknown bool        `json:"refuse_unknown"`
	Expect        json.RawMessage
}

// corpusText is a string, or a list of strings and repetitions.
type corpusText string

func (t *corpusText) UnmarshalJSON(text []byte) error {
	if text[0] != '[' {
		return json.Unmarshal(text, (*string)(t))
	}
	var pieces []json.RawMessage
	if err := json.Unmarshal(text, &pieces); err != nil {
		return err
	}
	var joined strings.Builder
	for _, piece := range pieces {
		var repeated struct {
			Repeat corpusText
			Times  int
		}
		if piece[0] == '"' {
			repeated.Times = 1
			if err := json.Unmarshal(piece, (*string)(&repeated.Repeat)); err != nil {
				return err
			}
		} else if err := json.Unmarshal(piece, &repeated); err != nil {
			return err
		}
		joined.WriteString(strings.Repeat(string(repeated.Repeat), repeated.Times))
	}
	*t = corpusText(joined.String())
	return nil
}

func readCorpus(t *testing.T) map[string][]corpusCase {
	path := os.Getenv("ACTRA_CONFORMANCE")
	if path == "" {
		t.Skip("ACTRA_CONFORMANCE names no file with the conformance cases: scripts/test-go.sh makes it")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var files map[string][]corpusCase
	if err := json.Unmarshal(text, &files); err != nil {
		t.Fatal(err)
	}
	return files
}

// tally counts what was compared, and what could not be.
type tally map[string]int

func (c tally) String() string {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&text, "%s: %d\n", key, c[key])
	}
	return text.String()
}

func TestConformanceCasesHoldThroughEveryDoor(t *testing.T) {
	files := readCorpus(t)
	counts := tally{}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for i := range files[file] {
			one := &files[file][i]
			runCase(t, file+": "+one.Name, one, counts)
		}
	}
	checkKept(t, "corpus.txt", counts.String())
}

// checkKept compares with a file in testdata.
func checkKept(t *testing.T, file, found string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != found {
		t.Errorf("%s has\n%s\nand this is\n%s\nUPDATE=1 writes it", path, kept, found)
	}
}

func (d *corpusDocuments) compile(t *testing.T) (*Policy, error) {
	if len(d.Policies) == 0 {
		return Compile(Sources{Schema: string(d.Schema), Policy: string(d.Policy), Governance: string(d.Governance)})
	}
	directory := t.TempDir()
	files := map[string]corpusText{"schema.yaml": d.Schema, "policy.yaml": d.Policy}
	if d.Governance != "" {
		files["governance.yaml"] = d.Governance
	}
	for name, text := range d.Policies {
		files["policies/"+name] = text
	}
	for name, text := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return FromDirectory(directory)
}

func runCase(t *testing.T, name string, one *corpusCase, counts tally) {
	verdict := corpusVerdict{}
	if one.Compile != nil {
		verdict = *one.Compile
		counts["compile"]++
	}
	policy, err := one.compile(t)
	if err != nil {
		failure := (*CompileError)(nil)
		if !errors.As(err, &failure) {
			t.Fatalf("%s: %v", name, err)
		}
		var said []Diagnostic
		for _, diagnostic := range failure.Diagnostics {
			if diagnostic.Severity == "error" {
				said = append(said, diagnostic)
			}
		}
		for _, expected := range verdict.Errors {
			at := slices.IndexFunc(said, expected.matches)
			if at < 0 {
				t.Errorf("%s: no %+v among %v", name, expected, failure.Rendered)
				return
			}
			said = slices.Delete(said, at, at+1)
		}
		if len(said) > 0 {
			t.Errorf("%s: not expected: %v", name, said)
		}
		return
	}
	defer policy.Close()
	if len(verdict.Errors) > 0 {
		t.Errorf("%s: compiles, but %+v were to come", name, verdict.Errors)
		return
	}
	for _, expected := range verdict.Warnings {
		if !slices.ContainsFunc(policy.Warnings(), expected.matches) {
			t.Errorf("%s: no warning %+v among %+v", name, expected, policy.Warnings())
		}
	}
	one.checkHashes(t, name, policy, counts)
	if len(one.Checks) > 0 {
		one.checkInputs(t, name, policy, counts)
	}
}

func (d corpusDiagnosis) matches(said Diagnostic) bool {
	document := said.File
	if at := strings.LastIndex(document, "policies/"); at >= 0 {
		document = document[at:]
	} else {
		document = filepath.Base(document)
	}
	told := said.Message + "\n" + said.Help
	for _, related := range said.Related {
		told += "\n" + related.Message
	}
	for _, name := range d.Names {
		if !strings.Contains(told, name) {
			return false
		}
	}
	return d.Code == said.Code && (d.Document == "" || d.Document == document) && (d.Line == 0 || d.Line == said.Line)
}

func (one *corpusCase) checkHashes(t *testing.T, name string, policy *Policy, counts tally) {
	if one.Hash != "" {
		counts["hash"]++
		if policy.Hash() != one.Hash {
			t.Errorf("%s: the hash is %s", name, policy.Hash())
		}
	}
	compare := func(documents []corpusDocuments, same bool) {
		for i := range documents {
			counts["hash"]++
			other, err := documents[i].compile(t)
			if err != nil {
				t.Errorf("%s: hash %d: %v", name, i+1, err)
				continue
			}
			if (other.Hash() == policy.Hash()) != same {
				t.Errorf("%s: hash %d: same is not %v", name, i+1, same)
			}
			other.Close()
		}
	}
	compare(one.SameHash, true)
	compare(one.OtherHash, false)
}

// checkInputs holds each input against the policy and against what its artifact loads as.
func (one *corpusCase) checkInputs(t *testing.T, name string, policy *Policy, counts tally) {
	artifact, err := policy.Artifact()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(artifact)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	again, err := loaded.Artifact()
	if err != nil || !bytes.Equal(again, artifact) || loaded.Hash() != policy.Hash() || loaded.Digest() != policy.Digest() {
		t.Errorf("%s: loading and saving changes the artifact (%v)", name, err)
	}
	strict, err := policy.RefuseUnknownFields()
	if err != nil {
		t.Fatal(err)
	}
	defer strict.Close()
	strictLoaded, err := Load(artifact, RefuseUnknownFields())
	if err != nil {
		t.Fatal(err)
	}
	defer strictLoaded.Close()
	for i := range one.Checks {
		check := &one.Checks[i]
		checked, checkedLoaded := policy, loaded
		if check.RefuseUnknown {
			checked, checkedLoaded = strict, strictLoaded
		}
		place := fmt.Sprintf("%s: input %d", name, i+1)
		check.hold(t, place, checked, counts, "")
		check.hold(t, place, checkedLoaded, counts, "artifact ")
	}
}

// hold holds an input against a policy through every door that can take it.
func (c *corpusCheck) hold(t *testing.T, place string, policy *Policy, counts tally, prefix string) {
	compare := func(door string, decision Decision, err error) {
		counts[prefix+door]++
		if difference := differs(c.Expect, decision, err); difference != "" {
			t.Errorf("%s as %s%s: %s", place, prefix, door, difference)
		}
	}
	text, tree, why := c.read(t)
	if text == nil {
		counts[prefix+"json cannot say "+why]++
	} else {
		decision, err := policy.EvaluateJSON(text)
		compare("json", decision, err)
	}
	input, whyNot := inputOf(tree)
	if tree == nil && why != "" {
		whyNot = why
	}
	if len(text) > maxTextBytes {
		whyNot = "text over its limit"
	}
	if whyNot != "" {
		for _, door := range []string{"map", "builder", "struct"} {
			counts[prefix+door+" cannot say "+whyNot]++
		}
		return
	}
	decision, err := policy.Evaluate(input)
	compare("map", decision, err)
	if decision, whyNot, err := evaluateThroughBuilder(policy, input); whyNot != "" {
		counts[prefix+"builder cannot say "+whyNot]++
	} else {
		compare("builder", decision, err)
	}
	if decision, whyNot, err := evaluateThroughStruct(policy, input); whyNot != "" {
		counts[prefix+"struct cannot say "+whyNot]++
	} else {
		compare("struct", decision, err)
	}
}

// read gives the input as text and as a tree, as far as it has such forms, and why it has not.
func (c *corpusCheck) read(t *testing.T) (text []byte, tree any, why string) {
	switch {
	case c.InputYAML != nil:
		return nil, nil, "YAML text"
	case c.InputHex != nil:
		text, err := hex.DecodeString(*c.InputHex)
		if err != nil {
			t.Fatal(err)
		}
		return text, nil, "text that is not UTF-8"
	case c.InputJSON != nil:
		text = []byte(*c.InputJSON)
		tree, why = parseTree(text)
		return text, tree, why
	default:
		tree, why = parseTree(c.Input)
		if why != "" {
			t.Fatalf("%s: %s", c.Input, why)
		}
		text, ok := encodeTree(tree)
		if !ok {
			return nil, tree, "NaN and infinities"
		}
		return text, tree, ""
	}
}

// encodeTree writes a tree as JSON, by hand: this package's own writer is not to check itself.
func encodeTree(tree any) (text []byte, ok bool) {
	switch v := tree.(type) {
	case map[string]any:
		text = append(text, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				text = append(text, ',')
			}
			spelled, _ := encodeTree(key)
			value, ok := encodeTree(v[key])
			if !ok {
				return nil, false
			}
			text = append(append(append(text, spelled...), ':'), value...)
		}
		return append(text, '}'), true
	case []any:
		text = append(text, '[')
		for i, item := range v {
			if i > 0 {
				text = append(text, ',')
			}
			value, ok := encodeTree(item)
			if !ok {
				return nil, false
			}
			text = append(text, value...)
		}
		return append(text, ']'), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		// With an exponent it is no integer.
		return strconv.AppendFloat(nil, v, 'e', -1, 64), true
	default:
		text, err := json.Marshal(v)
		return text, err == nil
	}
}
