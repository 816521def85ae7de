package actra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"actra"
)

func TestObserversAreToldOncePerCallThroughEveryDoor(t *testing.T) {
	policy := compilePolicy(t, guardPolicy)
	var events recorder
	runtime := actra.NewRuntime(policy, actorOf("clerk"), snapshotOf(true), actra.WithObserver(events.observe))
	for name, call := range doors(runtime) {
		before := time.Now()
		call(t.Context(), refund(5))
		event := events.one(t)
		if event.ActionType() != "refund" || event.Effect() != "block" || event.MatchedRule() != "fraud" ||
			!event.Blocked() || event.Err != nil || event.PolicyHash != policy.Hash() {
			t.Errorf("%s: %+v", name, event)
		}
		if event.Input.Action["amount"] != 5 || event.Input.Actor["role"] != "clerk" ||
			event.Input.Snapshot["fraud_flag"] != true {
			t.Errorf("%s: input %v", name, event.Input)
		}
		if event.Time.Location() != time.UTC || event.Time.Before(before.Add(-time.Second)) || event.Duration <= 0 ||
			event.Duration > time.Since(before) {
			t.Errorf("%s: time %v, duration %v", name, event.Time, event.Duration)
		}
	}
}

func TestTheDurationCoversTheResolvers(t *testing.T) {
	var events recorder
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), actra.WithObserver(events.observe),
		actra.WithActorResolver(func(context.Context) (map[string]any, error) {
			time.Sleep(20 * time.Millisecond)
			return nil, nil
		}))
	if _, err := runtime.Evaluate(t.Context(), refund(5)); err != nil {
		t.Fatal(err)
	}
	if event := events.one(t); event.Duration < 20*time.Millisecond {
		t.Errorf("duration %v", event.Duration)
	}
}

func TestAnObserverThatPanicsIsLoggedAndChangesNothing(t *testing.T) {
	var log bytes.Buffer
	var events recorder
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false),
		actra.WithObserver(func(context.Context, actra.DecisionEvent) { panic("no disk") }),
		actra.WithObserver(func(_ context.Context, event actra.DecisionEvent) {
			event.Decision = actra.Decision{}
		}),
		actra.WithObserver(events.observe),
		actra.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
	)
	for name, call := range doors(runtime) {
		log.Reset()
		got := call(t.Context(), refund(5))
		if got.err != nil {
			t.Errorf("%s: %v", name, got.err)
		}
		if event := events.one(t); event.Effect() != "allow" {
			t.Errorf("%s: the next observer was told %q", name, event.Effect())
		}
		text := log.String()
		if !strings.Contains(text, "observer panicked") || !strings.Contains(text, "no disk") ||
			!strings.Contains(text, "events_test.go") || strings.Contains(text, "amount") {
			t.Errorf("%s: log %s", name, text)
		}
	}
}

// brokenHandler is a log that panics.
type brokenHandler struct{ slog.Handler }

func (brokenHandler) Enabled(context.Context, slog.Level) bool { panic("no log") }

func TestALogThatPanicsChangesNothingEither(t *testing.T) {
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(false),
		actra.WithObserver(func(context.Context, actra.DecisionEvent) { panic("no disk") }),
		actra.WithLogger(slog.New(brokenHandler{})),
	)
	ran := 0
	if err := runtime.Admit(t.Context(), refund(5), func(context.Context) error { ran++; return nil }); err != nil || ran != 1 {
		t.Errorf("ran %d times, error %v", ran, err)
	}
}

func TestAnAuditWithoutADecisionIsLoggedWhereNobodyObserves(t *testing.T) {
	var log bytes.Buffer
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), actra.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		actra.WithActorResolver(func(context.Context) (map[string]any, error) { return nil, errLookup }))
	nothing := func(context.Context) error { return nil }
	if err := runtime.Audit(t.Context(), refund(5), nothing); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, errLookup.Error()) ||
		!strings.Contains(text, "decision.action_type=refund") || strings.Contains(text, "amount") {
		t.Errorf("log %s", text)
	}
	log.Reset()
	observed := runtime.With(actra.WithObserver(func(context.Context, actra.DecisionEvent) {}))
	if err := observed.Audit(t.Context(), refund(5), nothing); err != nil || log.Len() > 0 {
		t.Errorf("error %v, log %s", err, &log)
	}
}

func TestAnEventAsJSONHasEverything(t *testing.T) {
	event := actra.DecisionEvent{
		Input:      actra.Input{Action: refund(5), Actor: map[string]any{"role": "clerk"}},
		Err:        errLookup,
		Time:       time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600)),
		Duration:   1500 * time.Microsecond,
		PolicyHash: "",
	}
	text, err := json.Marshal(event)
	want := `{"action":{"amount":5,"type":"refund"},"decision":null,"context":{"action":{"amount":5,"type":"refund"},` +
		`"actor":{"role":"clerk"},"snapshot":{}},"timestamp":"2026-03-01T12:00:00Z","duration_ms":1.5,` +
		`"error":"the directory does not answer","policy_hash":null}`
	if err != nil || string(text) != want {
		t.Errorf("%s\nnot\n%s\n%v", text, want, err)
	}

	var events recorder
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), snapshotOf(true), actra.WithObserver(events.observe))
	if _, err := runtime.Evaluate(t.Context(), refund(5)); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Decision   map[string]any
		Error      *string
		PolicyHash string `json:"policy_hash"`
	}
	if text, err = json.Marshal(events.one(t)); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil || read.Decision["effect"] != "block" || read.Error != nil ||
		len(read.PolicyHash) != 64 {
		t.Errorf("%s, %v", text, err)
	}
}

func TestTheLogOfAnEventHasNoValuesOfTheInput(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), actorOf("s3cret"),
		actra.WithObserver(func(ctx context.Context, event actra.DecisionEvent) {
			logger.InfoContext(ctx, "decided", "decision", event)
		}))
	for _, test := range []struct {
		action actra.Action
		want   []string
	}{
		{refund(4711), []string{`"effect":"block"`, `"matched_rule":"fraud"`, `"missing":["snapshot.fraud_flag"]`}},
		{refund("4711"), []string{`"error":`}},
		{actra.Action{"type": "refund", "amount": 4711, "tenant": 4711}, []string{`"error":`}},
	} {
		log.Reset()
		_, _ = runtime.Evaluate(t.Context(), test.action)
		text := log.String()
		for _, want := range append(test.want, `"action_type":"refund"`, `"policy_hash":"`, `"duration":`) {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
		if strings.Contains(text, "4711") || strings.Contains(text, "s3cret") {
			t.Errorf("values of the input in %s", text)
		}
	}
}

func TestAnActionsNameMayBeOfAnyStringType(t *testing.T) {
	type name string
	for _, test := range []struct {
		action actra.Action
		want   string
	}{{actra.Action{"type": name("refund")}, "refund"}, {actra.Action{"type": 5}, ""}, {nil, ""}} {
		event := actra.DecisionEvent{Input: actra.Input{Action: test.action}}
		if got := event.ActionType(); got != test.want {
			t.Errorf("%v: %q", test.action, got)
		}
	}
}
