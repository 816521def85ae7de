package actra

import (
	"context"
	"encoding/json"
	"log/slog"
	"reflect"
	"time"
)

// DecisionEvent is what observers are told: one per call of [Runtime.Evaluate], [Runtime.Allow],
// [Runtime.Block], [Runtime.RequiresApproval], [Runtime.Admit] and [Runtime.Audit].
//
// Its maps are shared between the observers of a call and its [PolicyError]: they are to be read
// only. It holds values of the input; its [DecisionEvent.LogValue] does not.
type DecisionEvent struct {
	// Input is what was decided. With an error it is what there was of it.
	Input Input
	// Decision is what was decided; with an error the zero Decision, which has no effect.
	Decision Decision
	// Err says why there is no decision.
	Err error
	// Time is when the call began, in UTC.
	Time time.Time
	// Duration is how long it took to the decision, resolvers included.
	Duration time.Duration
	// PolicyHash is the hash of the policy that was asked; empty where none was.
	PolicyHash string
	// Revision is its revision; 0 where it has none.
	Revision uint64
}

// ActionType is the action's name; empty where it has none.
func (e DecisionEvent) ActionType() string { return actionType(e.Input.Action) }

// Effect is `allow`, `block` or `require_approval`; empty where there is no decision.
func (e DecisionEvent) Effect() string {
	if e.Err != nil {
		return ""
	}
	return e.Decision.Effect.String()
}

// MatchedRule is the id of the rule that decided; empty where the default did, and where there is
// no decision.
func (e DecisionEvent) MatchedRule() string { return e.Decision.MatchedRule }

// Blocked tells whether the decision is to block. It is false where there is no decision: then
// [DecisionEvent.Err] is set, and the operation was not run either, unless it was only audited.
func (e DecisionEvent) Blocked() bool { return e.Decision.Blocked() }

// MarshalJSON writes the whole event, values of the input included: `action`, `decision` (null
// where there is none), `context`, `timestamp` (RFC 3339, UTC), `duration_ms`, `error` (a text, or
// null) and `policy_hash` (or null).
func (e DecisionEvent) MarshalJSON() ([]byte, error) {
	event := struct {
		Action     Action      `json:"action"`
		Decision   *Decision   `json:"decision"`
		Context    jsonContext `json:"context"`
		Timestamp  time.Time   `json:"timestamp"`
		DurationMS float64     `json:"duration_ms"`
		Error      *string     `json:"error"`
		PolicyHash *string     `json:"policy_hash"`
	}{
		Action:     orEmpty(e.Input.Action),
		Context:    contextOf(e.Input),
		Timestamp:  e.Time.UTC(),
		DurationMS: float64(e.Duration) / float64(time.Millisecond),
	}
	if e.Err != nil {
		text := e.Err.Error()
		event.Error = &text
	} else {
		event.Decision = &e.Decision
	}
	if e.PolicyHash != "" {
		event.PolicyHash = &e.PolicyHash
	}
	return json.Marshal(event)
}

// LogValue is what a log should say of an event: no values of the input, but the name of the
// action. An error's text is there; resolvers word theirs themselves.
func (e DecisionEvent) LogValue() slog.Value {
	attributes := make([]slog.Attr, 0, 6)
	attributes = append(attributes, slog.String("action_type", e.ActionType()))
	if e.Err != nil {
		attributes = append(attributes, slog.String("error", e.Err.Error()))
	} else {
		attributes = append(attributes, slog.String("effect", e.Effect()))
		if rule := e.MatchedRule(); rule != "" {
			attributes = append(attributes, slog.String("matched_rule", rule))
		}
		if len(e.Decision.Missing) > 0 {
			attributes = append(attributes, slog.Any("missing", e.Decision.Missing))
		}
	}
	attributes = append(attributes, slog.Duration("duration", e.Duration))
	if e.PolicyHash != "" {
		attributes = append(attributes, slog.String("policy_hash", e.PolicyHash))
	}
	return slog.GroupValue(attributes...)
}

// jsonContext is an input in the form that every door reads.
type jsonContext struct {
	Action   Action         `json:"action"`
	Actor    map[string]any `json:"actor"`
	Snapshot map[string]any `json:"snapshot"`
}

func contextOf(input Input) jsonContext {
	return jsonContext{orEmpty(input.Action), orEmpty(input.Actor), orEmpty(input.Snapshot)}
}

func orEmpty(domain map[string]any) map[string]any {
	if domain == nil {
		return map[string]any{}
	}
	return domain
}

// actionType reads an action's name, which may be of a string type of the host's.
func actionType(action Action) string {
	switch name := action["type"].(type) {
	case nil:
		return ""
	case string:
		return name
	default:
		if value := reflect.ValueOf(name); value.Kind() == reflect.String {
			return value.String()
		}
		return ""
	}
}

// tell tells the observers. None of them can change what was decided, nor keep the others from
// being told.
func (r *Runtime) tell(ctx context.Context, event DecisionEvent) {
	for _, observe := range r.observers {
		err := protect(func() error {
			observe(ctx, event)
			return nil
		})
		if err == nil {
			continue
		}
		var stack []byte
		if panicked, ok := err.(*PanicError); ok {
			stack = panicked.Stack
		}
		r.log(ctx, slog.LevelError, "a decision observer panicked", event,
			slog.String("error", err.Error()), slog.String("stack", string(stack)))
	}
}

// log survives a handler that panics: logging is no reason to fail a call.
func (r *Runtime) log(
	ctx context.Context, level slog.Level, message string, event DecisionEvent, attributes ...slog.Attr,
) {
	_ = protect(func() error {
		logger := r.logger
		if logger == nil {
			logger = slog.Default()
		}
		logger.LogAttrs(ctx, level, "actra: "+message, append(attributes, slog.Any("decision", event))...)
		return nil
	})
}
