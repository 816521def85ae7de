//go:build !actra_dynamic

package actra

// The static library stands in the package's own folder, so that it is found wherever the package
// is: in a checkout, in `vendor/`, in the module cache.

/*
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/libactra_linux_amd64.a -lm -lpthread -ldl -lgcc_s
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/libactra_linux_arm64.a -lm -lpthread -ldl -lgcc_s
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/libactra_darwin_amd64.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/libactra_darwin_arm64.a
*/
import "C"
