package actra

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"unicode/utf8"
)

// Policy is a compiled policy: it never changes, and any number of goroutines may use it at the
// same time.
//
// Close frees the memory that it takes outside of Go. A policy that is garbage is closed, too, but
// nobody knows when.
type Policy struct {
	handle         *handle
	facts          *facts
	refusesUnknown bool
}

// Sources are the documents of a policy, as YAML.
type Sources struct {
	// Schema says what may be asked about.
	Schema string
	// Policy has the rules.
	Policy string
	// Governance has rules about the rules; empty: there are none.
	Governance string
}

// LoadOption is an option of Load and Open.
type LoadOption func(*loadOptions)

// RefuseUnknownFields makes fields that the schema does not name input errors (unknown_field),
// instead of ignoring them.
func RefuseUnknownFields() LoadOption {
	return func(o *loadOptions) { o.refusesUnknown = true }
}

// Compile compiles a policy from documents in memory. Documents that do not compile give a
// *CompileError with everything that is wrong with them.
func Compile(sources Sources) (*Policy, error) {
	texts := [...]struct{ file, text string }{
		{"schema.yaml", sources.Schema}, {"policy.yaml", sources.Policy}, {"governance.yaml", sources.Governance},
	}
	for _, document := range texts {
		if !utf8.ValidString(document.text) {
			return nil, unreadable(document.file)
		}
	}
	return newPolicy(compileSources(sources.Schema, sources.Policy, sources.Governance))
}

// unreadable says of a document what the compiler says of files.
func unreadable(file string) error {
	found := Diagnostic{Code: "unreadable_file", Severity: "error", Message: "`" + file + "` is not UTF-8", Place: Place{File: file}}
	return &CompileError{Diagnostics: []Diagnostic{found}, Rendered: "error[unreadable_file]: " + found.Message + "\n"}
}

// FromDirectory compiles a policy directory: schema.yaml, policy.yaml, and governance.yaml and
// policies/*.yaml where they are there. A directory or document that is not there gives an error
// that is fs.ErrNotExist.
func FromDirectory(path string) (*Policy, error) {
	for _, needed := range []string{path, filepath.Join(path, "schema.yaml"), filepath.Join(path, "policy.yaml")} {
		if _, err := os.Stat(needed); err != nil {
			return nil, fmt.Errorf("actra: %w", err)
		}
	}
	if err := checkPath(path); err != nil {
		return nil, err
	}
	return newPolicy(compileDirectory(path))
}

// FromFiles compiles a policy from files. governancePath may be empty. A file that is not there
// gives an error that is fs.ErrNotExist.
func FromFiles(schemaPath, policyPath, governancePath string) (*Policy, error) {
	paths := []string{schemaPath, policyPath}
	if governancePath != "" {
		paths = append(paths, governancePath)
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("actra: %w", err)
		}
		if err := checkPath(path); err != nil {
			return nil, err
		}
	}
	return newPolicy(compileFiles(schemaPath, policyPath, governancePath))
}

// checkPath refuses paths that libactra cannot take.
func checkPath(path string) error {
	if utf8.ValidString(path) {
		return nil
	}
	return fmt.Errorf("actra: %w", &fs.PathError{Op: "open", Path: path, Err: errors.New("the path is not UTF-8")})
}

// Load loads a compiled policy from the bytes of an .actra file. Bytes from anyone may be tried:
// what is not a verified program gives an *ArtifactError. They are not kept.
func Load(artifact []byte, options ...LoadOption) (*Policy, error) {
	asked := optionsOf(options)
	return newPolicyWith(options)(loadArtifact(artifact, &asked))
}

// Open loads an .actra file, or compiles a policy directory: whichever the path leads to. What is
// not there gives an error that is fs.ErrNotExist.
func Open(path string, options ...LoadOption) (*Policy, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("actra: %w", err)
	}
	asked := optionsOf(options)
	if info.IsDir() && !asked.asksWhoMadeIt() {
		policy, err := FromDirectory(path)
		if err == nil {
			policy.apply(options)
		}
		return policy, err
	}
	if err := checkPath(path); err != nil {
		return nil, err
	}
	policy, err := newPolicyWith(options)(openPath(path, &asked))
	if failed := (*ioError)(nil); errors.As(err, &failed) {
		// Go's own error says what errors.Is can tell apart.
		if file, err := os.Open(path); err != nil {
			return nil, fmt.Errorf("actra: %w", err)
		} else {
			file.Close()
		}
	}
	return policy, err
}

func newPolicy(pointer policyPointer, err error) (*Policy, error) {
	return newPolicyWith(nil)(pointer, err)
}

func newPolicyWith(options []LoadOption) func(policyPointer, error) (*Policy, error) {
	return func(pointer policyPointer, err error) (*Policy, error) {
		if err != nil {
			return nil, err
		}
		facts, err := newFacts(pointer)
		if err != nil {
			pointer.free()
			return nil, err
		}
		policy := own(pointer, facts)
		policy.apply(options)
		return policy, nil
	}
}

// own gives a policy that holds a reference.
func own(pointer policyPointer, facts *facts) *Policy {
	policy := &Policy{handle: newHandle(pointer), facts: facts}
	runtime.AddCleanup(policy, (*handle).close, policy.handle)
	return policy
}

func (p *Policy) apply(options []LoadOption) {
	p.refusesUnknown = p.refusesUnknown || optionsOf(options).refusesUnknown
}

// RefuseUnknownFields gives the same policy, but for one thing: fields that the schema does not
// name are input errors (unknown_field) instead of being ignored. It has a Close of its own, and
// slots of either are slots of both.
func (p *Policy) RefuseUnknownFields() (*Policy, error) {
	var strict *Policy
	err := p.handle.with(func(pointer policyPointer) error {
		strict = own(pointer.retain(), p.facts)
		strict.refusesUnknown = true
		return nil
	})
	runtime.KeepAlive(p)
	return strict, err
}

// Close frees what the policy takes outside of Go. Evaluations that are under way end as they
// would have; later ones give ErrClosed. Closing twice is fine. It never fails: the error is there
// for io.Closer.
//
// Decisions, schema and hashes stay good.
func (p *Policy) Close() error {
	p.handle.close()
	runtime.KeepAlive(p)
	return nil
}

// Hash gives the policy hash in hexadecimal digits: what the policy means, the same in every
// process, binding and release. Of a loaded artifact it is the file's claim.
func (p *Policy) Hash() string { return p.facts.hash }

// Digest gives the program digest in hexadecimal digits: exactly what runs. It is always computed.
func (p *Policy) Digest() string { return p.facts.digest }

// Rules gives the rules, in the order in which they decide; after Close it gives nil.
func (p *Policy) Rules() []Rule {
	var rules []Rule
	err := p.handle.with(func(pointer policyPointer) error {
		text, err := pointer.rulesJSON()
		if err == nil {
			rules, err = parseRules(text)
		}
		return err
	})
	runtime.KeepAlive(p)
	if err != nil {
		return nil
	}
	return rules
}

// Schema gives what inputs may hold. It is the policy's own: read it, do not write to it.
func (p *Policy) Schema() *Schema { return p.facts.schema }

// Warnings gives what the compiler warned of; of a loaded artifact there are none.
func (p *Policy) Warnings() []Diagnostic { return slices.Clone(p.facts.warnings) }

// Artifact gives the bytes of an .actra file: the same for the same documents, wherever they are
// compiled.
func (p *Policy) Artifact() (artifact []byte, err error) {
	err = p.handle.with(func(pointer policyPointer) error {
		artifact, err = pointer.artifact()
		return err
	})
	runtime.KeepAlive(p)
	return artifact, err
}

// Save writes the artifact to a file, beside it first and then in its place: whoever reads it sees
// the old file or the new one.
func (p *Policy) Save(path string) error {
	if err := checkPath(path); err != nil {
		return err
	}
	err := p.handle.with(func(pointer policyPointer) error { return pointer.save(path) })
	runtime.KeepAlive(p)
	return err
}

// String names the policy by its hash.
func (p *Policy) String() string {
	return fmt.Sprintf("actra.Policy(%s, %d rules)", p.facts.hash[:12], len(p.facts.rules))
}

func (p *Policy) inputFlags() uint32 {
	if p.refusesUnknown {
		return inputRefuseUnknown
	}
	return 0
}

func parseWarnings(text []byte) ([]Diagnostic, error) {
	var warnings []Diagnostic
	if err := json.Unmarshal(text, &warnings); err != nil {
		return nil, fmt.Errorf("%w: warnings that do not parse: %w", ErrInternal, err)
	}
	return warnings, nil
}
