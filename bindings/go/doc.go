// Package actra decides, before an operation runs, whether it is allowed, blocked or needs
// approval, by policies written in YAML. It is libactra, called through cgo.
//
// A [Policy] comes from documents ([Compile], [FromDirectory], [FromFiles]) or from a compiled
// .actra file ([Load], [Open]). It never changes, any number of goroutines may use it, and there are
// four ways to ask it, which decide alike:
//
//   - [Policy.Evaluate] takes maps: what is at hand, and easiest.
//   - [Policy.EvaluateJSON] takes text as it came over the network, without a detour through maps.
//   - [Bind] prepares a struct type once, and takes values of it.
//   - [Policy.NewBuilder] takes values one by one: the least cost per decision, and no allocation.
//
// Each gives a [Decision], or an error and a zero Decision, which is never an allow. So a caller
// that runs an operation only if Decision.Allowed says so fails closed, whatever happens:
//
//	decision, err := policy.Evaluate(input)
//	if err != nil || !decision.Allowed() {
//		return refuse(decision, err)
//	}
//
// Errors: documents that do not compile give a [*CompileError] with every error and its place; bytes
// that are no artifact an [*ArtifactError]; inputs that cannot be decided an [*InputError] with a
// code and a field; files that are not there what [io/fs.ErrNotExist] is; a closed policy
// [ErrClosed].
//
// [Policy.Ask], [Policy.Analyze] and [Diff] tell what policies do for all inputs that their schemas admit: it
// is proved, or there is an input that shows the opposite. What cannot be asked is an [*AnalysisError].
//
// # Guarding operations
//
// A [Runtime] finds out who asks and what is known, asks the policy, tells observers, and runs an
// operation only if it is allowed: [Runtime.Admit]. [Reloading] replaces policies while they decide,
// and package actra/httpmw guards handlers of net/http. A [DecisionLog] is an observer that writes every
// decision down, in lines that cannot be changed unseen.
//
// # Linking
//
// By default the package links the static library libactra_GOOS_GOARCH.a in its own folder, where
// scripts/go-lib.sh of the project puts it; with the build tag actra_dynamic it asks pkg-config for
// the shared one. docs/go.md of the project tells how programs are shipped.
package actra
