package actra_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"actra"
)

var _ io.Closer = (*actra.DecisionLog)(nil)

func openLog(t testing.TB, options ...actra.LogOption) (*actra.DecisionLog, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	log, err := actra.OpenDecisionLog(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log, path
}

type logLine struct {
	Kind     string                     `json:"actra"`
	Seq      int                        `json:"seq"`
	ID       string                     `json:"id"`
	Hash     string                     `json:"policy_hash"`
	Input    map[string]json.RawMessage `json:"input"`
	Masked   []string                   `json:"masked"`
	Decision json.RawMessage            `json:"decision"`
	Count    uint64                     `json:"count"`
	text     string
}

// verified gives the lines of a log's file, verified as docs/decision-log.md has another program do it.
func verified(t testing.TB, path string) []logLine {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	chain := sha256.Sum256([]byte("actra decision log, format 1\n"))
	var lines []logLine
	for line := range strings.Lines(string(text)) {
		body, tail, ok := strings.Cut(line, `,"chain":"`)
		chain = sha256.Sum256(append(chain[:], body...))
		found := logLine{text: line}
		if !ok || tail != hex.EncodeToString(chain[:])+"\"}\n" || json.Unmarshal([]byte(line), &found) != nil || found.Seq != len(lines)+1 {
			t.Fatalf("line %d does not verify: %s", len(lines)+1, line)
		}
		lines = append(lines, found)
	}
	return lines
}

func decisionsOf(t testing.TB, path string) (found []logLine) {
	t.Helper()
	for _, line := range verified(t, path) {
		if line.Kind == "decision" {
			found = append(found, line)
		}
	}
	return found
}

func isLogError(t testing.TB, err error, code string) {
	t.Helper()
	var failure *actra.LogError
	if !errors.As(err, &failure) || failure.Code != code || !errors.Is(err, &actra.LogError{Code: code}) ||
		errors.Is(err, &actra.LogError{Code: "other"}) || !strings.Contains(err.Error(), failure.Message) {
		t.Errorf("the error is %v, not %s", err, code)
	}
}

func TestTheLineOfAllDoorsIsWrittenByteForByte(t *testing.T) {
	text, err := os.ReadFile("../../conformance/decision_log/case.json")
	if err != nil {
		t.Skip("the case is not part of the module")
	}
	var test struct {
		Schema, Policy, ID, Line string
		Options                  struct {
			Mask, Hash []string
			HashKey    string `json:"hash_key"`
		}
		Time      int64           `json:"time_us"`
		Input     json.RawMessage `json:"input"`
		ErrorLine string          `json:"error_line"`
		Error     struct{ Code, Field string }
	}
	if err := json.Unmarshal(text, &test); err != nil {
		t.Fatal(err)
	}
	var input actra.Input
	decoder := json.NewDecoder(bytes.NewReader(test.Input))
	decoder.UseNumber()
	if err := decoder.Decode(&input); err != nil {
		t.Fatal(err)
	}
	policy, err := actra.Compile(actra.Sources{Schema: test.Schema, Policy: test.Policy})
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	decision, err := policy.Evaluate(input)
	if err != nil {
		t.Fatal(err)
	}
	entry := actra.LogEntry{
		ID: test.ID, Time: time.UnixMicro(test.Time), Input: input, Decision: decision,
		PolicyHash: policy.Hash(), Revision: policy.Revision(),
	}
	for _, expected := range []string{test.Line, test.ErrorLine} {
		log, path := openLog(t, actra.WithMask(test.Options.Mask...), actra.WithHash(test.Options.HashKey, test.Options.Hash...))
		if id, err := log.Record(entry); err != nil || id != test.ID {
			t.Fatal(id, err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		line := decisionsOf(t, path)[0].text
		found := line[strings.Index(line, `"id":`):strings.Index(line, `,"duration_ms"`)]
		if found != expected {
			t.Errorf("expected %s\nfound    %s", expected, found)
		}
		entry.Err = &actra.InputError{Code: test.Error.Code, Field: test.Error.Field, Message: "secret"}
	}
}

func noFraud(context.Context) (map[string]any, error) {
	return map[string]any{"fraud_flag": false}, nil
}

func TestALogObservesARuntime(t *testing.T) {
	log, path := openLog(t, actra.WithMask("actor.role"), actra.WithFsyncAlways())
	policy := compilePolicy(t, guardPolicy)
	fails := errors.New("the secret")
	runtime := actra.NewRuntime(policy,
		actra.WithActorResolver(func(ctx context.Context) (map[string]any, error) {
			if ctx.Value(fails) != nil {
				return nil, fails
			}
			return map[string]any{"role": "support"}, nil
		}),
		actra.WithSnapshotResolver(noFraud), actra.WithObserver(log.Observer()))
	ctx := t.Context()
	for _, amount := range []any{20, 2000, "20"} {
		_, _ = runtime.Evaluate(ctx, actra.NewAction("refund", map[string]any{"amount": amount}))
	}
	_, _ = runtime.Evaluate(context.WithValue(ctx, fails, true), actra.NewAction("refund", nil))
	if err := log.Flush(); err != nil {
		t.Fatal(err)
	}
	if status, err := log.Status(); err != nil || status.Synced != 4 || status.Closed || status.Path != path {
		t.Error(status, err)
	}
	lines := decisionsOf(t, path)
	expected := []string{
		`{"effect":"allow","matched_rule":null}`,
		`{"effect":"require_approval","matched_rule":"large","message":"Amounts over 1000 need a manager.","required_actions":[{"role":"manager","type":"human_approval"}]}`,
		`{"error":{"code":"wrong_type","field":"action.amount"}}`,
		`{"error":{"code":"resolver","field":"actor"}}`,
	}
	for i, line := range lines {
		if string(line.Decision) != expected[i] || line.Hash != policy.Hash() && i < 3 {
			t.Errorf("%d: %s", i, line.text)
		}
	}
	if len(lines) != 4 || string(lines[0].Input["actor"]) != "{}" || lines[0].Masked[0] != "actor.role" {
		t.Errorf("%d lines: %s", len(lines), lines[0].text)
	}
	for _, secret := range []string{"support", "secret"} {
		if strings.Contains(lines[0].text+lines[3].text, secret) {
			t.Errorf("%s is there", secret)
		}
	}
}

func TestMasksHideWhatStandsInItself(t *testing.T) {
	log, path := openLog(t, actra.WithMask("action.token", "*.card.number"))
	type card struct {
		Number string `json:"number"`
	}
	circle := map[string]any{"type": "x", "token": "4111", "struct": card{"4111"}, "bytes": []byte("4111")}
	list := []any{nil}
	list[0] = list
	circle["self"], circle["list"], circle["half"] = circle, list, "\xff"
	typed := map[string]map[string]string{"card": {"number": "4111", "holder": "Ada"}}
	_, err := log.Record(actra.LogEntry{
		Input:    actra.Input{Action: circle, Actor: map[string]any{"pay": 1.5, "card": typed["card"]}, Snapshot: map[string]any{"x": typed}},
		Decision: actra.Decision{Effect: actra.Block},
	})
	if err != nil || log.Close() != nil {
		t.Fatal(err)
	}
	line := decisionsOf(t, path)[0]
	if string(line.Input["action"]) != `{"bytes":null,"half":"�","list":[null],"self":null,"struct":null,"type":"x"}` ||
		string(line.Input["actor"]) != `{"card":{"holder":"Ada"},"pay":1.5}` {
		t.Error(line.text)
	}
}

func TestOverflowDropsAndCounts(t *testing.T) {
	log, path := openLog(t, actra.WithOverflowDrop(), actra.WithQueue(1, 1<<20), actra.WithFsyncAlways())
	var group sync.WaitGroup
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 1000 {
				if _, err := log.Record(actra.LogEntry{Decision: actra.Decision{Effect: actra.Block}}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	status, _ := log.Status()
	var told uint64
	for _, line := range verified(t, path) {
		told += line.Count
	}
	written := uint64(len(decisionsOf(t, path)))
	if status.Dropped == 0 || told != status.Dropped || written != status.Written || written+told != 4000 {
		t.Errorf("%d lines, %d told as dropped: %+v", written, told, status)
	}
}

func TestALogIsClosedOnceAndHasOneWriter(t *testing.T) {
	log, path := openLog(t)
	_, err := actra.OpenDecisionLog(path)
	isLogError(t, err, actra.LogLocked)
	if _, err := log.Record(actra.LogEntry{Decision: actra.Decision{Effect: actra.Block}}); err != nil {
		t.Error(err)
	}
	if err := log.Rotate(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err = log.Record(actra.LogEntry{Decision: actra.Decision{Effect: actra.Block}})
	isLogError(t, err, actra.LogClosed)
	isLogError(t, log.Rotate(), actra.LogClosed)
	if status, err := log.Status(); err != nil || !status.Closed || status.File != 2 {
		t.Error(status, err)
	}

	var told bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&told, nil)))
	defer slog.SetDefault(before)
	runtime := actra.NewRuntime(compilePolicy(t, guardPolicy), actra.WithSnapshotResolver(noFraud), actra.WithObserver(log.Observer()))
	for range 3 {
		if allowed, err := runtime.Allow(t.Context(), actra.NewAction("refund", map[string]any{"amount": 5})); !allowed {
			t.Error(err)
		}
	}
	if strings.Count(told.String(), "a decision is not recorded") != 1 {
		t.Error(told.String())
	}
	for _, none := range []*actra.DecisionLog{nil, new(actra.DecisionLog)} {
		isLogError(t, none.Close(), actra.LogClosed)
		isLogError(t, none.Flush(), actra.LogClosed)
		_, err := none.Status()
		isLogError(t, err, actra.LogClosed)
		none.Observer()(t.Context(), actra.DecisionEvent{})
	}
}

func TestHostileOptionsAndEntriesAreErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	for _, test := range []struct {
		path, code string
		option     actra.LogOption
	}{
		{path + "\x00x", actra.LogIO, nil},
		{filepath.Join(path, "x"), actra.LogIO, nil},
		{"", actra.LogBadOptions, nil},
		{path + "\xff", actra.LogBadOptions, nil},
		{path, actra.LogBadOptions, actra.WithMask("nowhere.x")},
		{path, actra.LogBadOptions, actra.WithMask("")},
		{path, actra.LogBadOptions, actra.WithHash("short", "actor.name")},
		{path, actra.LogBadOptions, actra.WithHash(strings.Repeat("\xff", 16), "actor.name")},
		{path, actra.LogBadOptions, actra.WithFsyncInterval(-time.Second)},
		{path, actra.LogBadOptions, actra.WithFsyncInterval(0)},
		{path, actra.LogBadOptions, actra.WithQueue(0, 0)},
		{path, actra.LogBadOptions, actra.WithQueue(-1, 5)},
		{path, actra.LogBadOptions, actra.WithMaxFileBytes(1)},
		{path, actra.LogBadOptions, actra.WithKeepFiles(-1)},
	} {
		_, err := actra.OpenDecisionLog(test.path, test.option)
		isLogError(t, err, test.code)
	}
	if err := os.WriteFile(path, []byte("not a log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := actra.OpenDecisionLog(path)
	isLogError(t, err, actra.LogNotALog)

	log, _ := openLog(t, actra.WithErrorRefuse(), actra.WithFsyncNever(), actra.WithKeepFiles(2), actra.WithMaxFileBytes(0))
	block := actra.Decision{Effect: actra.Block}
	for _, entry := range []actra.LogEntry{
		{},
		{Decision: actra.Decision{Effect: 99}},
		{Decision: block, ID: strings.Repeat("x", 129)},
		{Decision: block, PolicyHash: "00"},
		{Decision: block, Time: time.Unix(-5, 0)},
		{Err: &actra.InputError{Code: "a text"}},
	} {
		_, err := log.Record(entry)
		isLogError(t, err, actra.LogBadEntry)
	}
}
