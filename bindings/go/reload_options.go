package actra

import "log/slog"

// ReloadOption is an option of [OpenReloading] and [NewReloading].
type ReloadOption func(*Reloading)

// WithCheck has every new policy checked, the first one included, before it comes into force: an
// error refuses it. A valid policy may still be the wrong one; a check can look for the actions that
// the host asks about, or decide some inputs whose answer is known. A panic refuses it, too.
//
// The policy is closed if it is refused; check must not keep it.
func WithCheck(check func(*Policy) error) ReloadOption {
	return func(r *Reloading) { r.check = check }
}

// WithNeverOlder lets only what has the revision of the policy in force, or a later one, take its place.
// What is refused gives an *ArtifactError with the code old_revision. Nothing is kept for the next start:
// for that, [WithMinRevision] tells the lowest one.
func WithNeverOlder() ReloadOption {
	return func(r *Reloading) { r.neverOlder = true }
}

// WithoutTests leaves a directory's *_test.yaml alone, which otherwise have to pass before a policy comes
// into force: a *[RefusedError]. It is an option of [OpenReloading].
func WithoutTests() ReloadOption {
	return func(r *Reloading) { r.leavesTests = true }
}

// WithLoadOptions are options of [Open]: who must have signed a policy, and how old it may be. It is an
// option of [OpenReloading].
func WithLoadOptions(options ...LoadOption) ReloadOption {
	return func(r *Reloading) { r.options = append(r.options, options...) }
}

// OnReload is told of every reload, refused ones included, after it and before [Reloading.Reload]
// returns. It must not reload or close the source. A panic in it is logged and changes nothing.
func OnReload(tell func(ReloadEvent)) ReloadOption {
	return func(r *Reloading) { r.onReload = tell }
}

// LogReloads logs every reload: one that is refused as an error, with the reason, and another policy in
// force as information. Without it, and without [OnReload], what [Reloading.Watch] does is logged to
// [slog.Default].
func LogReloads(logger *slog.Logger) ReloadOption {
	return func(r *Reloading) { r.logger = logger }
}
