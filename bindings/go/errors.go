package actra

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrClosed is what a policy gives once it has been closed.
	ErrClosed = errors.New("actra: the policy is closed")
	// ErrNoSuchField is what Slot and Bind give for names that the schema does not have. They wrap
	// it with the name.
	ErrNoSuchField = errors.New("actra: the schema has no such field")
	// ErrNoCompiler is what compiling gives where libactra is a runtime-only build, which loads
	// artifacts only.
	ErrNoCompiler = errors.New("actra: this build of libactra has no compiler: it loads .actra files only")
	// ErrWrongBuilder is what a Builder gives whose slots came from another policy.
	ErrWrongBuilder = errors.New("actra: a slot belongs to another policy")
	// ErrInternal is what a fault of libactra's or of this package's own gives. Please report it.
	ErrInternal = errors.New("actra: internal error")
)

// The codes of an InputError. docs/errors.md explains each.
const (
	WrongType       = "wrong_type"       // the value is not of the declared type
	NotFinite       = "not_finite"       // NaN or an infinity
	OutOfRange      = "out_of_range"     // an integer outside 64 bits
	MissingRequired = "missing_required" // a required field is missing
	NotInEnum       = "not_in_enum"      // the value is none of those allowed
	BelowMin        = "below_min"        // the number is below its minimum
	AboveMax        = "above_max"        // the number is above its maximum
	TooLong         = "too_long"         // the string or list is longer than it may be
	NotUnique       = "not_unique"       // the list's items are not unique
	NotUTF8         = "not_utf8"         // the text is not UTF-8
	UnknownAction   = "unknown_action"   // the schema has no such action
	UnknownField    = "unknown_field"    // the schema has no such field, and they are refused
	DuplicateKey    = "duplicate_key"    // one object holds the same key twice
	TooDeep         = "too_deep"         // the input nests deeper than 64 levels
	TooLarge        = "too_large"        // a string, a list or the text is over its limit
	Malformed       = "malformed"        // the text is not JSON, or a domain is not an object
)

// InputError says why an input cannot be decided. It is no decision: whoever enforces decisions
// blocks on it.
//
// errors.Is compares it with another *InputError by those of Code and Field that the other sets:
//
//	errors.Is(err, &actra.InputError{Code: actra.WrongType})
type InputError struct {
	// Code is one of the constants: WrongType, NotFinite and so on.
	Code string
	// Field is the field that it is about, as the short form writes it (action.amount); empty: the
	// input as a whole.
	Field string
	// Message is a sentence for people. It never quotes the value.
	Message string
}

// Error gives the code and the message.
func (e *InputError) Error() string {
	return "actra: input error[" + e.Code + "]: " + e.Message
}

// Is reports whether the target is an *InputError that leaves open what it does not say.
func (e *InputError) Is(target error) bool {
	other, ok := target.(*InputError)
	return ok && (other.Code == "" || other.Code == e.Code) &&
		(other.Field == "" || other.Field == e.Field) &&
		(other.Message == "" || other.Message == e.Message)
}

// CompileError says why documents do not compile: everything at once.
//
// errors.As finds the first Diagnostic in it.
type CompileError struct {
	// Diagnostics are the errors, and the warnings found on the way, by document and place.
	Diagnostics []Diagnostic
	// Rendered is the same as text of several lines, with the source lines and help.
	Rendered string
}

// Error gives the first error with its place, and how many there are.
func (e *CompileError) Error() string {
	var text strings.Builder
	text.WriteString("actra: ")
	count := 0
	for i := range e.Diagnostics {
		if d := &e.Diagnostics[i]; d.Severity == "error" {
			if count == 0 {
				text.WriteString(d.Error())
			}
			count++
		}
	}
	switch {
	case count == 0:
		text.WriteString("the documents do not compile")
	case count > 1:
		fmt.Fprintf(&text, " (the first of %d errors)", count)
	}
	return text.String()
}

// Unwrap gives the errors among the diagnostics, each as a *Diagnostic.
func (e *CompileError) Unwrap() []error {
	var found []error
	for i := range e.Diagnostics {
		if e.Diagnostics[i].Severity == "error" {
			found = append(found, &e.Diagnostics[i])
		}
	}
	return found
}

// Diagnostic is an error or a warning of the compiler's. docs/diagnostics.md describes its JSON.
type Diagnostic struct {
	// Code is stable, such as undeclared_field. docs/errors.md explains each.
	Code string `json:"code"`
	// Severity is error or warning.
	Severity string `json:"severity"`
	// Message is one sentence for people.
	Message string `json:"message"`
	Place
	// Help says what to do, where there is something to suggest.
	Help string `json:"help"`
	// Related are other places that matter.
	Related []RelatedPlace `json:"related"`
}

// Place is a place in a document. Lines and columns count from 1, columns in characters; offsets
// are bytes, from 0. Where there is no place, all is zero.
type Place struct {
	// File is the document: its path as it was given, or schema.yaml, policy.yaml, governance.yaml
	// for documents from memory.
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Offset    int    `json:"offset"`
	EndOffset int    `json:"end_offset"`
}

// RelatedPlace is another place that matters, and why.
type RelatedPlace struct {
	Message string `json:"message"`
	Place
}

// Error gives place, code and message in one line.
func (d *Diagnostic) Error() string {
	switch {
	case d.File == "":
		return fmt.Sprintf("%s[%s]: %s", d.Severity, d.Code, d.Message)
	case d.Line == 0:
		return fmt.Sprintf("%s: %s[%s]: %s", d.File, d.Severity, d.Code, d.Message)
	default:
		return fmt.Sprintf("%s:%d:%d: %s[%s]: %s", d.File, d.Line, d.Column, d.Severity, d.Code, d.Message)
	}
}

// ArtifactError says why bytes are no artifact that can be loaded.
type ArtifactError struct {
	// Code is not_an_artifact or bad_artifact; with [WithTrustedKeys] and [WithMinRevision] not_signed,
	// unknown_key, wrong_signature, old_revision, or bad_key where a trusted key is none.
	Code string
	// Message is a sentence for people: what is wrong, or which version can read it.
	Message string
}

// Error gives the code and the message.
func (e *ArtifactError) Error() string {
	return "actra: artifact error[" + e.Code + "]: " + e.Message
}

// RefusedError says why a policy that loads does not come into force.
type RefusedError struct {
	// Code is tests where its own tests fail, untestable where they cannot be run, or unsettled where its
	// files went on changing while they were read.
	Code string
	// Message is a sentence for people.
	Message string
}

// Error gives the code and the message.
func (e *RefusedError) Error() string {
	return "actra: policy refused[" + e.Code + "]: " + e.Message
}

// The codes of a [LogError]. docs/decision-log.md explains each.
const (
	LogIO          = "io"                 // the system says no
	LogLocked      = "locked"             // another log or process writes it
	LogNotALog     = "not_a_decision_log" // the file is something else
	LogOtherFormat = "other_format"       // another release has written it
	LogBroken      = "broken_log"         // its lines are not those that were written
	LogBadOptions  = "bad_options"        // the options do not go together
	LogBadEntry    = "bad_entry"          // what is to be recorded is no entry
	LogClosed      = "closed"             // it has been closed
	LogForked      = "forked"             // the process was forked after it was opened
	LogNotWritten  = "not_written"        // lines cannot be written
)

// LogError says why a decision log cannot be opened, or does not take or write a decision.
//
// errors.Is compares it with another *LogError by its Code:
//
//	errors.Is(err, &actra.LogError{Code: actra.LogLocked})
type LogError struct {
	// Code is one of the constants: LogIO, LogLocked and so on.
	Code string
	// Message is a sentence for people.
	Message string
}

// Error gives the code and the message.
func (e *LogError) Error() string {
	return "actra: decision log error[" + e.Code + "]: " + e.Message
}

// Is reports whether the target is a *LogError of the same code, or of none.
func (e *LogError) Is(target error) bool {
	other, ok := target.(*LogError)
	return ok && (other.Code == "" || other.Code == e.Code)
}

// The codes of an [AnalysisError]. docs/analysis.md tells of documents.
const (
	AnalysisBadQuestion    = "bad_question"    // the question is none, or names an action that there is not
	AnalysisBadAssumption  = "bad_assumption"  // what is assumed is no condition over the schema
	AnalysisNoDocuments    = "no_documents"    // the policy comes from an artifact without them
	AnalysisOtherDocuments = "other_documents" // the artifact's documents are not those of its program
	AnalysisDocuments      = "documents"       // the artifact's documents do not compile
	AnalysisTooLarge       = "too_large"       // the policy is too large to be asked
)

// AnalysisError says why a question about a policy has no answer.
//
// errors.Is compares it with another *AnalysisError by its Code:
//
//	errors.Is(err, &actra.AnalysisError{Code: actra.AnalysisNoDocuments})
type AnalysisError struct {
	// Code is one of the constants: AnalysisBadQuestion, AnalysisBadAssumption and so on.
	Code string
	// Message is a sentence for people.
	Message string
	// Rendered is the same as text of several lines, with the place in what is assumed and help; empty where
	// there is no more than the message.
	Rendered string
}

// Error gives the code and the message.
func (e *AnalysisError) Error() string {
	return "actra: analysis error[" + e.Code + "]: " + e.Message
}

// Is reports whether the target is an *AnalysisError of the same code, or of none.
func (e *AnalysisError) Is(target error) bool {
	other, ok := target.(*AnalysisError)
	return ok && (other.Code == "" || other.Code == e.Code)
}
