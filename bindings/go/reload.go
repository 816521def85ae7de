package actra

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// ErrReloadingClosed is the error of calls to a [Reloading] that was closed.
var ErrReloadingClosed = errors.New("actra: the policy source is closed")

// Reloading is a [PolicySource] whose policy can be replaced while others decide. A new policy that
// cannot be loaded, or that the check refuses, replaces nothing: the last good one goes on deciding.
//
// Each decision belongs to one policy, the old or the new one. The old one is closed when the last
// call that uses it has returned. A Reloading is safe for use by several goroutines.
type Reloading struct {
	load     func(context.Context) (*Policy, error)
	check    func(*Policy) error
	onReload func(ReloadEvent)
	logger   *slog.Logger

	neverOlder  bool
	leavesTests bool
	options     []LoadOption
	// path and files are where policies are read; empty and nil where load finds them elsewhere.
	path  string
	files *store

	// current is nil once the source is closed.
	current atomic.Pointer[loaded]
	// reloading makes loads follow one another, so that none replaces what a later one has loaded.
	reloading sync.Mutex

	telling sync.Mutex
	// status is what has become of the reloads until now.
	status ReloadStatus
	// closing is done when the source is closed.
	closing context.Context
	close   context.CancelFunc
}

// ReloadEvent is what became of a reload.
type ReloadEvent struct {
	// Err says why the policy in force stays; nil where the new one has replaced it.
	Err error
	// OldHash and NewHash are the hashes of the policy that was in force and of the one that is now.
	// They are equal where Err is set, and where the same policy was loaded again.
	OldHash, NewHash string
	// Time is when the reload began, in UTC.
	Time time.Time
	// Duration is how long loading and checking took.
	Duration time.Duration
}

// OpenReloading opens the `.actra` file or policy directory at path, as [Open] does, now and at each
// reload. Tests in the directory have to pass, and files that change while they are read are read again,
// so that no policy is made of two states of them. Without a first policy there is no source: it gives
// [Open]'s error, or the check's.
//
// Whoever writes the file should write another one beside it and rename it. A file that is read
// half written is refused, so that the policy in force stays.
func OpenReloading(path string, options ...ReloadOption) (*Reloading, error) {
	r := newReloading(options)
	r.path = path
	r.load = r.openFiles
	if err := r.begin(context.Background()); err != nil {
		return nil, err
	}
	r.load = r.loadAgain
	return r, nil
}

// NewReloading is [OpenReloading] for policies that come from elsewhere. load gives a new policy,
// which the source owns from then on; it is called with ctx now, and with [Reloading.Reload]'s later.
func NewReloading(
	ctx context.Context,
	load func(context.Context) (*Policy, error),
	options ...ReloadOption,
) (*Reloading, error) {
	r := newReloading(options)
	r.load = load
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

func newReloading(options []ReloadOption) *Reloading {
	r := &Reloading{}
	r.closing, r.close = context.WithCancel(context.Background())
	for _, option := range options {
		if option != nil {
			option(r)
		}
	}
	return r
}

// begin loads the first policy.
func (r *Reloading) begin(ctx context.Context) error {
	start := time.Now()
	policy, err := r.next(ctx, r.load)
	if err != nil {
		return err
	}
	r.current.Store(newLoaded(policy))
	r.keep(policy, nil, start)
	return nil
}

// Reload loads the policy again and brings it into force. On an error the policy that is in force
// stays. Reloads at the same time follow one another.
func (r *Reloading) Reload(ctx context.Context) error { return r.reloadBy(ctx, r.load, false) }

func (r *Reloading) reloadBy(ctx context.Context, load func(context.Context) (*Policy, error), isWatching bool) error {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	start := time.Now()
	old := r.Hash()
	event := ReloadEvent{Time: start.UTC(), OldHash: old}
	policy, err := r.reload(ctx, load)
	if errors.Is(err, errUnchanged) {
		return nil
	}
	event.Err = err
	event.NewHash = old
	if err == nil {
		event.NewHash = policy.Hash()
	}
	r.keep(policy, err, start)
	event.Duration = time.Since(start)
	r.log(event, isWatching)
	r.tell(event)
	return event.Err
}

// reload gives the policy that is in force now. It is called by one goroutine at a time.
func (r *Reloading) reload(ctx context.Context, load func(context.Context) (*Policy, error)) (*Policy, error) {
	old := r.current.Load()
	if old == nil {
		return nil, ErrReloadingClosed
	}
	policy, err := r.next(ctx, load)
	if err != nil {
		return nil, err
	}
	if policy == old.policy {
		return policy, nil
	}
	fresh := newLoaded(policy)
	// Only Close can have been here meanwhile.
	if !r.current.CompareAndSwap(old, fresh) {
		fresh.release()
		return nil, ErrReloadingClosed
	}
	old.release()
	return policy, nil
}

// next loads and checks a policy.
func (r *Reloading) next(ctx context.Context, load func(context.Context) (*Policy, error)) (*Policy, error) {
	if load == nil {
		return nil, ErrNoPolicy
	}
	if err := done(ctx); err != nil {
		return nil, err
	}
	var policy *Policy
	err := protect(func() (err error) {
		policy, err = load(ctx)
		return err
	})
	if err == nil && policy == nil {
		err = ErrNoPolicy
	}
	if err == nil {
		// One that is closed already would refuse every call, in the place of one that decides.
		if _, closed := policy.Evaluate(Input{}); errors.Is(closed, ErrClosed) {
			err = ErrClosed
		}
	}
	current := r.current.Load()
	if err == nil && r.neverOlder && current != nil && policy.Revision() < current.policy.Revision() {
		err = oldRevision(policy.Revision(), current.policy.Revision())
	}
	if err == nil && r.check != nil {
		err = protect(func() error { return r.check(policy) })
	}
	if err != nil {
		// A host that gives the same policy again has not asked for the one in force to be closed.
		if current := r.current.Load(); policy != nil && (current == nil || policy != current.policy) {
			policy.Close()
		}
		return nil, err
	}
	return policy, nil
}

// oldRevision is libactra's own error, in its words.
func oldRevision(found, wanted uint64) error {
	message := fmt.Sprintf("the policy is of revision %d, and at least %d is asked for", found, wanted)
	return &ArtifactError{Code: "old_revision", Message: message}
}

func (r *Reloading) tell(event ReloadEvent) {
	if r.onReload == nil {
		return
	}
	err := protect(func() error {
		r.onReload(event)
		return nil
	})
	if err != nil {
		_ = protect(func() error {
			slog.Error("actra: the function that is told of reloads panicked", "error", err)
			return nil
		})
	}
}

// Use calls use with the policy in force, which stays open until use returns, even if it is replaced
// meanwhile. See [PolicySource].
func (r *Reloading) Use(_ context.Context, use func(*Policy) error) error {
	current := r.acquire()
	if current == nil {
		return ErrReloadingClosed
	}
	defer current.release()
	return use(current.policy)
}

// Evaluate decides with the policy in force. See [Policy.Evaluate].
func (r *Reloading) Evaluate(input Input) (decision Decision, err error) {
	err = r.Use(context.Background(), func(policy *Policy) (err error) {
		decision, err = policy.Evaluate(input)
		return err
	})
	return decision, err
}

// Hash is the policy hash of the policy in force; empty once the source is closed.
func (r *Reloading) Hash() string {
	if current := r.current.Load(); current != nil {
		return current.hash
	}
	return ""
}

// Close ends the source: later calls get [ErrReloadingClosed]. Calls that are under way end as
// usual, and the last of them closes the policy. Closing again does nothing.
func (r *Reloading) Close() error {
	if r.close != nil {
		r.close()
	}
	if old := r.current.Swap(nil); old != nil {
		old.release()
	}
	return nil
}

// acquire takes a reference to the policy in force.
func (r *Reloading) acquire() *loaded {
	for {
		current := r.current.Load()
		if current == nil || current.acquire() {
			return current
		}
		// It was replaced and closed between the two: the next one is there already.
	}
}

// loaded is a policy with a count of those who use it, of which the source is one as long as the
// policy is in force.
type loaded struct {
	policy *Policy
	hash   string
	users  atomic.Int64
}

func newLoaded(policy *Policy) *loaded {
	l := &loaded{policy: policy, hash: policy.Hash()}
	l.users.Store(1)
	return l
}

// acquire fails where the last user has left: the policy is closed, or about to be.
func (l *loaded) acquire() bool {
	for {
		users := l.users.Load()
		if users == 0 {
			return false
		}
		if l.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

func (l *loaded) release() {
	if l.users.Add(-1) == 0 {
		l.policy.Close()
	}
}
