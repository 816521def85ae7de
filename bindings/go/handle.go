package actra

import (
	"runtime"
	"sync/atomic"
)

// handle is a reference to a policy of libactra's, freed once: when it is closed and nobody is
// inside the library with it.
//
// Who goes in counts itself in a stripe, and then looks whether the handle is closed. Who closes
// says so, and then looks at all stripes. Both orders are those that the atomics promise, so one
// of the two sees the other. A stripe that reads 0 after the handle was closed stays 0 but for
// those that turn back at once. Stripes are many, and each on cache lines of its own, so that
// threads do not write to the same memory.
type handle struct {
	policy  policyPointer
	closed  atomic.Bool
	freed   atomic.Bool
	stripes []stripe
}

type stripe struct {
	users atomic.Int64
	// Processors fetch lines in pairs.
	_ [120]byte
}

// maxStripes bounds the memory of a handle: 128 bytes for each.
const maxStripes = 64

func newHandle(policy policyPointer) *handle {
	count := 1
	for count < runtime.GOMAXPROCS(0) && count < maxStripes {
		count *= 2
	}
	return &handle{policy: policy, stripes: make([]stripe, count)}
}

// stripe gives the stripe of whoever has that number.
func (h *handle) stripe(number uint32) *stripe {
	return &h.stripes[int(number)&(len(h.stripes)-1)]
}

// enter reports whether the policy may be used until leave.
func (h *handle) enter(s *stripe) bool {
	s.users.Add(1)
	if h.closed.Load() {
		h.leave(s)
		return false
	}
	return true
}

func (h *handle) leave(s *stripe) {
	s.users.Add(-1)
	if h.closed.Load() {
		h.freeUnused()
	}
}

func (h *handle) close() {
	h.closed.Store(true)
	h.freeUnused()
}

// freeUnused frees a closed policy unless somebody is still inside, who will do it then.
func (h *handle) freeUnused() {
	for i := range h.stripes {
		if h.stripes[i].users.Load() != 0 {
			return
		}
	}
	if h.freed.CompareAndSwap(false, true) {
		h.policy.free()
	}
}

// with runs something on the cold path with the policy, which stays until it is done.
func (h *handle) with(use func(policyPointer) error) error {
	s := h.stripe(0)
	if !h.enter(s) {
		return ErrClosed
	}
	defer h.leave(s)
	return use(h.policy)
}
