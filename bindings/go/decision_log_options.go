package actra

import (
	"encoding/json"
	"time"
	"unicode/utf8"
)

// LogOption is an option of [OpenDecisionLog].
type LogOption func(*logOptions)

// logOptions is what crosses, as JSON.
type logOptions struct {
	Fsync         string   `json:"fsync,omitempty"`
	FsyncInterval *int64   `json:"fsync_interval_ms,omitempty"`
	Overflow      string   `json:"overflow,omitempty"`
	OnError       string   `json:"on_error,omitempty"`
	QueueLines    *int     `json:"queue_lines,omitempty"`
	QueueBytes    *int     `json:"queue_bytes,omitempty"`
	MaxFileBytes  *int64   `json:"max_file_bytes,omitempty"`
	KeepFiles     *int     `json:"keep_files,omitempty"`
	Mask          []string `json:"mask,omitempty"`
	Hash          []string `json:"hash,omitempty"`
	HashKey       *string  `json:"hash_key,omitempty"`
}

func (o *logOptions) text() ([]byte, error) {
	if o.HashKey != nil && !utf8.ValidString(*o.HashKey) {
		return nil, &LogError{Code: LogBadOptions, Message: "the key of hashes is not UTF-8: give its hexadecimal digits"}
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, &LogError{Code: LogBadOptions, Message: err.Error()}
	}
	return text, nil
}

// WithMask leaves out of inputs what is at these paths, such as actor.email or action.card.*. The line names
// them.
func WithMask(paths ...string) LogOption {
	return func(o *logOptions) { o.Mask = append(o.Mask, paths...) }
}

// WithHash writes a keyed hash (HMAC-SHA256) in the place of what is at these paths: equal values have equal
// hashes. The key is UTF-8 of at least 16 bytes that nobody can guess; who has it can try values.
func WithHash(key string, paths ...string) LogOption {
	return func(o *logOptions) {
		o.HashKey = &key
		o.Hash = append(o.Hash, paths...)
	}
}

// WithFsyncAlways brings each batch of lines to the disk.
func WithFsyncAlways() LogOption {
	return func(o *logOptions) { o.Fsync, o.FsyncInterval = "always", nil }
}

// WithFsyncInterval brings lines to the disk so often; it is every second without it. Whole milliseconds count.
func WithFsyncInterval(interval time.Duration) LogOption {
	milliseconds := interval.Milliseconds()
	return func(o *logOptions) { o.Fsync, o.FsyncInterval = "interval", &milliseconds }
}

// WithFsyncNever leaves it to the system when lines come to the disk, but for [DecisionLog.Flush] and
// [DecisionLog.Close].
func WithFsyncNever() LogOption {
	return func(o *logOptions) { o.Fsync, o.FsyncInterval = "never", nil }
}

// WithOverflowDrop drops and counts decisions for which there is no room in the queue. Without it, their
// callers wait.
func WithOverflowDrop() LogOption {
	return func(o *logOptions) { o.Overflow = "drop" }
}

// WithErrorRefuse makes [DecisionLog.Record] fail while lines cannot be written. Without it, they are counted
// as lost.
func WithErrorRefuse() LogOption {
	return func(o *logOptions) { o.OnError = "refuse" }
}

// WithQueue says how many lines, and bytes of them, may wait to be written.
func WithQueue(lines, bytes int) LogOption {
	return func(o *logOptions) { o.QueueLines, o.QueueBytes = &lines, &bytes }
}

// WithMaxFileBytes says how large a file gets before another is begun; 0: there is no limit.
func WithMaxFileBytes(bytes int64) LogOption {
	return func(o *logOptions) { o.MaxFileBytes = &bytes }
}

// WithKeepFiles says how many full files are kept; all are without it.
func WithKeepFiles(files int) LogOption {
	return func(o *logOptions) { o.KeepFiles = &files }
}
