//go:build !race

package actra

const isRaced = false
