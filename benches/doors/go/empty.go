package main

/*
#cgo noescape nothing
#cgo nocallback nothing

// Not inlined: an empty call is a call.
__attribute__((noinline)) static void nothing(void) { __asm__ volatile(""); }
*/
import "C"

import "actra-bench-door/guard"

// empty is what crossing into C and back costs, whatever is done there.
func empty(int) (guard.Decision, error) {
	C.nothing()
	return guard.Decision{}, nil
}
