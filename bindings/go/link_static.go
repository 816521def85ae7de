//go:build !actra_dynamic

package actra

// The static library stands in the package's own folder, so that it is found wherever the package
// is: in a checkout, in `vendor/`, in the module cache.

/*
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/libactra_linux_amd64.a -lm -lpthread -ldl
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/libactra_linux_arm64.a -lm -lpthread -ldl
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/libactra_darwin_amd64.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/libactra_darwin_arm64.a
*/
import "C"

// linkedLibrary is the digest of the library, set by a file that scripts/go-lib.sh writes beside it:
// so this package changes with the library, and Go links again.
var linkedLibrary string
