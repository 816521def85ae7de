package actra

import "errors"

// Binding decides inputs that are structs.
type Binding[T any] struct{ policy *Policy }

// Bind prepares a struct type as the inputs of a policy.
func Bind[T any](p *Policy) (*Binding[T], error) {
	return nil, errors.New("actra: not there yet")
}

// Evaluate decides an input given as a struct.
func (b *Binding[T]) Evaluate(input *T) (Decision, error) {
	return Decision{}, errors.New("actra: not there yet")
}
