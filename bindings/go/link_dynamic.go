//go:build actra_dynamic

package actra

// With the build tag actra_dynamic the library is the system's: pkg-config says where it is.

/*
#cgo pkg-config: actra
*/
import "C"
