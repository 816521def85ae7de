package actra

import "fmt"

// Effect is what a decision comes to.
type Effect uint8

const (
	// Invalid is no effect: what a zero Decision has, and what stands beside an error. It is never
	// an allow.
	Invalid Effect = iota
	// Allow says that the operation may run.
	Allow
	// RequireApproval says that the operation waits for an approval.
	RequireApproval
	// Block says that the operation may not run.
	Block
)

var effectNames = [...]string{"invalid", "allow", "require_approval", "block"}

// String gives the effect's keyword: "allow", "require_approval", "block", or "invalid".
func (e Effect) String() string {
	if int(e) < len(effectNames) {
		return effectNames[e]
	}
	return fmt.Sprintf("Effect(%d)", uint8(e))
}

// MarshalText gives the effect's keyword.
func (e Effect) MarshalText() ([]byte, error) {
	if int(e) < len(effectNames) {
		return []byte(effectNames[e]), nil
	}
	return nil, fmt.Errorf("actra: %d is no effect", uint8(e))
}

// UnmarshalText reads an effect's keyword.
func (e *Effect) UnmarshalText(text []byte) error {
	for i, name := range effectNames {
		if string(text) == name {
			*e = Effect(i)
			return nil
		}
	}
	return fmt.Errorf("actra: %q is no effect", text)
}
