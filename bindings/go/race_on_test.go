//go:build race

package actra

// isRaced says that the race detector is on, which makes sync.Pool forget on purpose.
const isRaced = true
