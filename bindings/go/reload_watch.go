package actra

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// ErrNotWatchable is what [Reloading.Watch] gives where policies come from no path.
var ErrNotWatchable = errors.New("actra: the policies of this source come from no path that could be watched")

// errUnchanged is a reload of files that are as they were.
var errUnchanged = errors.New("actra: unchanged")

// turn is how long a watching goroutine stays inside libactra at most; it is woken before that.
const turn = time.Minute

// ReloadStatus tells how a [Reloading] is doing: for health checks and metrics.
type ReloadStatus struct {
	// Generation is how many policies have come into force, the first one included.
	Generation uint64
	// Hash, Digest and Revision are those of the policy in force: see [Policy.Hash].
	Hash, Digest string
	Revision     uint64
	// Since is when it came into force, in UTC.
	Since time.Time
	// Failures is how many reloads have failed.
	Failures uint64
	// Failure is why the newest attempt failed, and FailureTime when it began; nil where it did not.
	Failure     error
	FailureTime time.Time
}

// Status tells how the source is doing. It waits for no reload.
func (r *Reloading) Status() ReloadStatus {
	r.telling.Lock()
	defer r.telling.Unlock()
	return r.status
}

// keep brings a reload's outcome into the status.
func (r *Reloading) keep(policy *Policy, err error, start time.Time) {
	r.telling.Lock()
	defer r.telling.Unlock()
	if err != nil {
		r.status.Failures++
		r.status.Failure, r.status.FailureTime = err, start.UTC()
		return
	}
	r.status = ReloadStatus{
		Generation: r.status.Generation + 1,
		Hash:       policy.Hash(),
		Digest:     policy.Digest(),
		Revision:   policy.Revision(),
		Since:      start.UTC(),
		Failures:   r.status.Failures,
	}
}

// Watch reloads when files change, until ctx is done or the source is closed, which is nil: as the operating
// system tells, and after a look every two seconds. What is refused is in [Reloading.Status], told to
// [OnReload] and logged. Links are followed, so that a mounted volume whose link is moved is noticed.
//
//	go source.Watch(ctx)
func (r *Reloading) Watch(ctx context.Context) error {
	if r.path == "" {
		return ErrNotWatchable
	}
	changes, err := r.files.changes()
	if err != nil {
		return err
	}
	defer changes.free()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.closing, cancel)()
	// It is woken by nobody any more when it is freed.
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		changes.wake()
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	for ctx.Err() == nil {
		if changes.wait(turn) && ctx.Err() == nil {
			_ = r.reloadBy(ctx, r.loadChanged, true)
		}
	}
	return nil
}

// openFiles opens the policy of a path for the first time.
func (r *Reloading) openFiles(context.Context) (*Policy, error) {
	if err := checkPath(r.path); err != nil {
		return nil, err
	}
	options := optionsOf(r.options)
	files, err := openStore(r.path, &options, !r.leavesTests)
	if err != nil {
		return nil, r.ofFiles(err)
	}
	r.files = files
	return r.opened(nil)
}

// loadAgain reads the files again.
func (r *Reloading) loadAgain(context.Context) (*Policy, error) { return r.opened(r.files.reload()) }

// loadChanged does where they have changed.
func (r *Reloading) loadChanged(context.Context) (*Policy, error) {
	changed, err := r.files.reloadIfChanged()
	if !changed {
		return nil, errUnchanged
	}
	return r.opened(err)
}

func (r *Reloading) opened(err error) (*Policy, error) {
	if err != nil {
		return nil, r.ofFiles(err)
	}
	pointer := r.files.policy()
	if pointer == 0 {
		return nil, fmt.Errorf("%w: a store without a policy", ErrInternal)
	}
	return newPolicyWith(r.options)(pointer, nil)
}

// ofFiles gives Go's own error where a file is not there or cannot be read: it says what errors.Is can tell
// apart.
func (r *Reloading) ofFiles(err error) error {
	var ofFile *ioError
	var ofDocuments *CompileError
	if !errors.As(err, &ofFile) && !errors.As(err, &ofDocuments) {
		return err
	}
	needed := []string{r.path}
	if info, found := os.Stat(r.path); found == nil && info.IsDir() {
		needed = append(needed, filepath.Join(r.path, "schema.yaml"), filepath.Join(r.path, "policy.yaml"))
	}
	for _, path := range needed {
		info, found := os.Stat(path)
		if found == nil && info.Mode().IsRegular() {
			var file *os.File
			if file, found = os.Open(path); found == nil {
				file.Close()
			}
		}
		var failed *fs.PathError
		if errors.As(found, &failed) {
			return fmt.Errorf("actra: %w", found)
		}
	}
	return err
}

// log tells of a reload where it was asked for, or where nobody else would hear of it.
func (r *Reloading) log(event ReloadEvent, isWatching bool) {
	logger := r.logger
	if logger == nil {
		if !isWatching || r.onReload != nil {
			return
		}
		logger = slog.Default()
	}
	_ = protect(func() error {
		switch {
		case event.Err != nil:
			logger.Error("actra: the policy stays as it was", "path", r.path, "policy", event.OldHash, "error", event.Err)
		case event.OldHash != event.NewHash:
			logger.Info("actra: another policy is in force", "path", r.path, "policy", event.NewHash)
		}
		return nil
	})
}
