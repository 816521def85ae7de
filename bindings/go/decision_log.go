package actra

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// DecisionLog is a log of decisions that is open for writing: each decision a line of JSON, each line chained to
// those before it. docs/decision-log.md describes it. It is safe for use by several goroutines; lines are made
// by the goroutine that decides, with masks heeded, and written by a thread of libactra's.
type DecisionLog struct {
	log  *decisionLog
	path string
	// told has the codes of failures that were logged.
	told sync.Map
}

// LogEntry is what is to be recorded of a decision.
type LogEntry struct {
	// ID is the decision's id, of 1 to 128 bytes; empty: it gets one, a UUID of version 7.
	ID string
	// Time is when deciding began; zero: now.
	Time time.Time
	// Input is what was decided about. Keys are written in their order; what no input can hold is null.
	Input Input
	// Decision is what was decided, where Err is nil.
	Decision Decision
	// Err says why there is no decision: code and field of an [InputError], the domain of a [ResolverError],
	// or that there was one. Its text is not recorded.
	Err error
	// Duration is how long deciding took.
	Duration time.Duration
	// PolicyHash is the hash of the policy that was asked; empty: none was.
	PolicyHash string
	// Revision is its revision; 0: it has none.
	Revision uint64
}

// LogStatus tells how a log is doing.
type LogStatus struct {
	// Path is the file that is written, and Log the log's id.
	Path string `json:"path"`
	Log  string `json:"log"`
	// File is the number of the file that is written, and FileBytes its size.
	File      uint64 `json:"file"`
	FileBytes uint64 `json:"file_bytes"`
	// Seq and Chain are those of the last line that was written.
	Seq   uint64 `json:"seq"`
	Chain string `json:"chain"`
	// Accepted, Written and Synced count decisions that were taken, written, and brought to the disk.
	Accepted uint64 `json:"accepted"`
	Written  uint64 `json:"written"`
	Synced   uint64 `json:"synced"`
	// Dropped counts those for which there was no room, Lost those that could not be written, Refused those that
	// were not taken for that.
	Dropped uint64 `json:"dropped"`
	Lost    uint64 `json:"lost"`
	Refused uint64 `json:"refused"`
	// Queued waits to be written, and has QueuedBytes.
	Queued      uint64 `json:"queued"`
	QueuedBytes uint64 `json:"queued_bytes"`
	// Errors counts failures to write, to sync and to begin a file. Failure is why lines cannot be written now;
	// empty: they can. LastError is what the last failure said.
	Errors    uint64 `json:"errors"`
	Failure   string `json:"failure"`
	LastError string `json:"last_error"`
	// Closed tells whether the log has been closed.
	Closed bool `json:"closed"`
}

// OpenDecisionLog opens the log at path: a new one, or the one that is there, which is verified and continued.
// Errors are *[LogError]. Nothing is written over that is no log.
//
// A log that nobody refers to any more is closed in time; [DecisionLog.Close] tells whether all was written.
func OpenDecisionLog(path string, options ...LogOption) (*DecisionLog, error) {
	var asked logOptions
	for _, option := range options {
		if option != nil {
			option(&asked)
		}
	}
	text, err := asked.text()
	if err != nil {
		return nil, err
	}
	log, err := openDecisionLog(path, text)
	if err != nil {
		return nil, err
	}
	return &DecisionLog{log: log, path: path}, nil
}

// Observer gives what records every decision of a runtime: see [WithObserver]. What it cannot record changes
// nothing; it is logged to [slog.Default] once for each reason, and counted in the status. A host that is to
// refuse what it cannot record asks the policy itself, and calls [DecisionLog.Record] before the operation.
//
// With a full queue it waits for room, unless the log was opened with [WithOverflowDrop].
func (l *DecisionLog) Observer() Observer {
	return func(_ context.Context, event DecisionEvent) {
		input := event.Input
		if event.Err == nil {
			// As it was decided: a domain that is absent is empty.
			input = Input{Action: orEmpty(input.Action), Actor: orEmpty(input.Actor), Snapshot: orEmpty(input.Snapshot)}
		}
		_, err := l.Record(LogEntry{
			Time: event.Time, Input: input, Decision: event.Decision, Err: event.Err, Duration: event.Duration,
			PolicyHash: event.PolicyHash, Revision: event.Revision,
		})
		if err != nil {
			l.tell(err)
		}
	}
}

func (l *DecisionLog) tell(err error) {
	var code string
	var failure *LogError
	if errors.As(err, &failure) {
		code = failure.Code
	}
	if l == nil {
		return
	}
	if _, known := l.told.LoadOrStore(code, true); known {
		return
	}
	_ = protect(func() error {
		slog.Error("actra: a decision is not recorded", "path", l.path, "error", err)
		return nil
	})
}

// Record records a decision, and gives its id, also where it was dropped for want of room. Errors are
// *[LogError].
func (l *DecisionLog) Record(entry LogEntry) (id string, err error) {
	if l == nil || l.log == nil {
		return "", errLogClosed()
	}
	text, err := entry.text()
	if err != nil {
		return "", err
	}
	return l.log.record(text)
}

// Flush waits until all that was recorded before is on the disk.
func (l *DecisionLog) Flush() error { return l.ask((*decisionLog).flush) }

// Rotate ends the file and begins another, once all that was recorded before is written.
func (l *DecisionLog) Rotate() error { return l.ask((*decisionLog).rotate) }

// Close writes what waits, brings it to the disk and closes the log. Closing again changes nothing.
func (l *DecisionLog) Close() error { return l.ask((*decisionLog).close) }

func (l *DecisionLog) ask(what func(*decisionLog) error) error {
	if l == nil || l.log == nil {
		return errLogClosed()
	}
	return what(l.log)
}

// Status tells how the log is doing.
func (l *DecisionLog) Status() (LogStatus, error) {
	if l == nil || l.log == nil {
		return LogStatus{Closed: true}, errLogClosed()
	}
	text, err := l.log.status()
	if err != nil {
		return LogStatus{}, err
	}
	var status LogStatus
	if err := json.Unmarshal(text, &status); err != nil {
		return LogStatus{}, errors.Join(ErrInternal, err)
	}
	return status, nil
}

func errLogClosed() error { return &LogError{Code: LogClosed, Message: "the log is not open"} }

// text is the entry as libactra reads it.
func (e LogEntry) text() ([]byte, error) {
	spelled := struct {
		ID         *string      `json:"id,omitempty"`
		Time       int64        `json:"time_us"`
		PolicyHash string       `json:"policy_hash,omitempty"`
		Revision   uint64       `json:"revision,omitempty"`
		Decision   *Decision    `json:"decision,omitempty"`
		Error      *loggedError `json:"error,omitempty"`
		Duration   int64        `json:"duration_ns"`
	}{
		PolicyHash: e.PolicyHash, Revision: e.Revision, Duration: max(0, e.Duration.Nanoseconds()),
	}
	if e.ID != "" {
		spelled.ID = &e.ID
	}
	at := e.Time
	if at.IsZero() {
		at = time.Now()
	}
	spelled.Time = at.UnixMicro()
	if e.Err == nil {
		spelled.Decision = &e.Decision
	} else {
		spelled.Error = toLog(e.Err)
	}
	text, err := json.Marshal(spelled)
	if err != nil {
		return nil, &LogError{Code: LogBadEntry, Message: "the entry cannot be recorded: " + err.Error()}
	}
	if e.Input.Action == nil && e.Input.Actor == nil && e.Input.Snapshot == nil {
		return text, nil
	}
	// An input over the limit of texts is no input.
	if input, ok := encodeInput(e.Input, asLogged); ok {
		text = append(text[:len(text)-1], `,"input":`...)
		text = append(text, input...)
		text = append(text, '}')
	}
	return text, nil
}

// loggedError has no text, which may hold what is masked.
type loggedError struct {
	Code  string `json:"code"`
	Field string `json:"field,omitempty"`
}

func toLog(err error) *loggedError {
	var resolver *ResolverError
	if errors.As(err, &resolver) {
		return &loggedError{Code: "resolver", Field: resolver.Domain}
	}
	var input *InputError
	if errors.As(err, &input) {
		return &loggedError{Code: input.Code, Field: input.Field}
	}
	return &loggedError{Code: "host"}
}
