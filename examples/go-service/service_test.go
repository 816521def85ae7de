package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

const small = `{"amount": 20, "currency": "EUR"}`

func TestAdmissionAnswersWithTheDecision(t *testing.T) {
	s, log := newTestService(t, nil)
	for _, test := range []struct {
		name, token, body string
		status            int
		want              map[string]any
	}{
		{"an allow", "support-token", small, 200, map[string]any{"effect": "allow", "matched_rule": "refund_by_support"}},
		{"an allow, with everything", "support-token",
			`{"amount": 20.5, "currency": "EUR", "reason": "broken", "customer": {"tier": "basic", "email": "a@example.com"}, "labels": {"shop": "7"}}`,
			200, map[string]any{"effect": "allow", "matched_rule": "refund_by_support"}},
		{"an approval", "agent-token", `{"amount": 5000.25, "currency": "EUR", "customer": {"tier": "basic"}}`, 403, map[string]any{
			"effect": "require_approval", "matched_rule": "large_ai_refund",
			"message":          "Amounts over 1000 need a finance manager.",
			"required_actions": []any{map[string]any{"role": "finance_manager", "type": "human_approval"}}}},
		{"a tenant of whom nothing is known", "newcomer-token", small, 403, map[string]any{
			"effect": "block", "matched_rule": "block_fraud", "missing": []any{"snapshot.fraud_flag"},
			"message": "Payments are stopped while fraud is being looked into."}},
	} {
		got := ask(t, s, test.token, test.body)
		if got.status != test.status || !reflect.DeepEqual(got.body, test.want) {
			t.Errorf("%s: status %d, body %s", test.name, got.status, got.text)
		}
		if got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", test.name, got.header)
		}
	}
	// The times and the digests of the log have digits of their own: the amount looked for is one that none of them can spell.
	if text := log.String(); strings.Contains(text, "5000.25") || strings.Contains(text, "-token") ||
		strings.Contains(text, "example.com") || strings.Count(text, `"msg":"decided"`) != 4 {
		t.Errorf("log %s", text)
	}
}

func TestWhatIsNoRefundIsRefusedAndNeverAllowed(t *testing.T) {
	s, _ := newTestService(t, func(s *settings) { s.maxBody = 1000 })
	for _, test := range []struct {
		body        string
		status      int
		code, field string
	}{
		{`{"amount": "20", "currency": "EUR"}`, 400, "wrong_type", "amount"},
		{`{"amount": -1, "currency": "EUR"}`, 400, "below_min", "amount"},
		{`{"amount": 1e999, "currency": "EUR"}`, 400, "not_finite", "amount"},
		{`{"currency": "EUR"}`, 400, "missing_required", "amount"},
		{`{"amount": null, "currency": "EUR"}`, 400, "missing_required", "amount"},
		{`{"amount": 20, "currency": "GBP"}`, 400, "not_in_enum", "currency"},
		{`{"amount": 20, "currency": "EUR", "ammount": 5}`, 400, "unknown_field", "ammount"},
		{`{"amount": 20, "currency": "EUR", "tenant": "newcomer"}`, 400, "unknown_field", "tenant"},
		{`{"amount": 20, "currency": "EUR", "type": "payout"}`, 400, "unknown_field", "type"},
		{`{"amount": 20, "currency": "EUR", "customer": "vip"}`, 400, "wrong_type", "customer"},
		{`{"amount": 20, "amount": 5000, "currency": "EUR"}`, 400, "duplicate_key", ""},
		{`{"amount": 20, "Amount": 5000, "currency": "EUR"}`, 400, "duplicate_key", ""},
		{`[]`, 400, "wrong_type", ""},
		{`null`, 400, "missing_required", "amount"},
		{`{}`, 400, "missing_required", "amount"},
		{``, 400, "malformed", ""},
		{`{"amount": 20`, 400, "malformed", ""},
		{small + small, 400, "malformed", ""},
		{"{\"amount\": 20, \"currency\": \"\xff\"}", 400, "not_utf8", ""},
		{strings.Repeat("[", 500), 400, "too_deep", ""},
		{small + strings.Repeat(" ", 1000), 413, "too_large", ""},
	} {
		got := ask(t, s, "support-token", test.body)
		if got.status != test.status || got.body["code"] != test.code || test.field != "" && got.body["field"] != test.field {
			t.Errorf("%.60s: status %d, body %s", test.body, got.status, got.text)
		}
		if got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.60s: %v", test.body, got.header)
		}
	}
}

func TestOnlyKnownCallersMayAsk(t *testing.T) {
	s, _ := newTestService(t, nil)
	for authorization, status := range map[string]int{
		"Bearer support-token": 200, "bearer  support-token": 200,
		"": 401, "Bearer": 401, "Bearer ": 401, "Bearer other": 401, "Basic support-token": 401, "support-token": 401,
		// The digest of a token is no token.
		"Bearer 8fdf8e3e1ee9a6cc0a9cf3a4b0a2d41a33b7b6b5f0f5e9d1a0f9cbb3f4c7e2a1": 401,
	} {
		r := httptest.NewRequest(http.MethodPost, "/v1/refunds/admission", strings.NewReader(small))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", authorization)
		if got := send(t, s, r); got.status != status || (status == 401) != (got.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%q: status %d", authorization, got.status)
		}
	}
}

func TestOtherRequestsAreNotFoundOrNotAllowed(t *testing.T) {
	s, _ := newTestService(t, nil)
	for _, test := range []struct {
		method, path, contentType string
		status                    int
	}{
		{"GET", "/v1/refunds/admission", "", 405},
		{"PUT", "/v1/refunds/admission", "application/json", 405},
		{"POST", "/v1/refunds/admission", "text/plain", 415},
		{"POST", "/v1/refunds/admission", "", 415},
		{"POST", "/v1/refunds/admission/", "application/json", 404},
		{"POST", "/healthz", "", 405},
		{"GET", "/", "", 404},
		{"GET", "/healthz", "", 200},
		{"GET", "/readyz", "", 200},
		{"HEAD", "/readyz", "", 200},
	} {
		r := httptest.NewRequest(test.method, test.path, strings.NewReader(small))
		r.Header.Set("Authorization", "Bearer support-token")
		r.Header.Set("Content-Type", test.contentType)
		if got := send(t, s, r); got.status != test.status {
			t.Errorf("%s %s: status %d", test.method, test.path, got.status)
		}
	}
}

func TestFactsThatCannotBeReadBlock(t *testing.T) {
	for name, text := range map[string]string{"broken": "{", "of another form": `{"acme": [1]}`} {
		path := filepath.Join(t.TempDir(), "facts.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, log := newTestService(t, func(s *settings) { s.facts = path })
		if got := ask(t, s, "support-token", small); got.status != 503 || strings.Contains(got.text, path) {
			t.Errorf("%s: status %d, body %s", name, got.status, got.text)
		}
		if !strings.Contains(log.String(), path) {
			t.Errorf("%s: the log does not say why: %s", name, log)
		}
	}
	s, _ := newTestService(t, func(s *settings) { s.facts = filepath.Join(t.TempDir(), "none.json") })
	if got := ask(t, s, "support-token", small); got.status != 503 {
		t.Errorf("status %d", got.status)
	}
}

func TestFactsOfAWrongTypeBlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts.json")
	if err := os.WriteFile(path, []byte(`{"acme": {"fraud_flag": "no"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := newTestService(t, func(s *settings) { s.facts = path })
	if got := ask(t, s, "support-token", small); got.status != 500 || got.body["code"] != nil || got.body["field"] != nil {
		t.Errorf("status %d, body %s", got.status, got.text)
	}
}

func TestARequestThatTakesTooLongIsRefused(t *testing.T) {
	s, _ := newTestService(t, func(s *settings) { s.requestTimeout = time.Nanosecond })
	if got := ask(t, s, "support-token", small); got.status != 503 {
		t.Errorf("status %d, body %s", got.status, got.text)
	}
	if text := metricsOf(t, s); !strings.Contains(text, `actra_decision_errors_total{reason="timeout"} 1`) {
		t.Errorf("metrics %s", text)
	}
}

func metricsOf(t testing.TB, s *service) string {
	t.Helper()
	got := send(t, s, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if got.status != 200 {
		t.Fatalf("status %d", got.status)
	}
	return got.text
}

func TestMetricsCountDecisionsAndReasons(t *testing.T) {
	s, _ := newTestService(t, nil)
	ask(t, s, "support-token", small)
	ask(t, s, "support-token", small)
	ask(t, s, "newcomer-token", small)
	ask(t, s, "support-token", `{}`)
	ask(t, s, "nobody", small)
	text := metricsOf(t, s)
	for _, want := range []string{
		`actra_decisions_total{effect="allow",rule="refund_by_support"} 2`,
		`actra_decisions_total{effect="block",rule="block_fraud"} 1`,
		`actra_decision_errors_total{reason="missing_required"} 1`,
		`actra_decision_duration_seconds_count 4`,
		`actra_policy_reloads_total{result="failed"} 0`,
		`actra_policy_reloads_total{result="ok"} 0`,
		`actra_policy_info{hash="` + s.source.Hash() + `"} 1`,
		`refund_admission_answers_total{code="200"} 2`,
		`refund_admission_answers_total{code="401"} 1`,
		`go_goroutines `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestReloadsWhileRequestsAreDecided(t *testing.T) {
	s, _ := newTestService(t, nil)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				got := ask(t, s, "support-token", small)
				rule := got.body["matched_rule"]
				if !(got.status == 200 && rule == "refund_by_support") && !(got.status == 403 && rule == "daily_limit") {
					t.Errorf("status %d, body %s", got.status, got.text)
					return
				}
			}
		}()
	}
	for i := range 20 {
		which := ""
		if i%2 == 0 {
			which = lowLimit
		}
		hash := writeArtifact(t, s.settings.policy, which)
		if err := s.source.Reload(context.Background()); err != nil || s.source.Hash() != hash {
			t.Errorf("error %v, hash %s", err, s.source.Hash())
		}
	}
	close(stop)
	clients.Wait()
}

func TestAServiceThatLacksSomethingDoesNotStart(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "file.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const digest = `"8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"`
	other := filepath.Join(t.TempDir(), "other.actra")
	writeOther(t, other)
	policy := filepath.Join(t.TempDir(), "refund.actra")
	writeArtifact(t, policy, "")
	for _, test := range []struct{ policy, callers, listen, want string }{
		{filepath.Join(t.TempDir(), "none.actra"), "callers.json", "", "no such file"},
		{write("no artifact"), "callers.json", "", "artifact"},
		{other, "callers.json", "", "no action `refund`"},
		{policy, filepath.Join(t.TempDir(), "none.json"), "", "no such file"},
		{policy, write("{"), "", "JSON"},
		{policy, write(`{"callers": []}`), "", "there are none"},
		{policy, write(`{"callers": [{"name": "a", "token_sha256": "abc", "tenant": "t"}]}`), "", "`a` has no SHA-256"},
		{policy, write(`{"callers": [{"name": "a", "token_sha256": ` + digest + `}]}`), "", "`a` has no tenant"},
		{policy, write(`{"callers": [{"name": "a", "token_sha256": ` + digest + `, "tenant": "t"}, {"name": "b", "token_sha256": ` +
			digest + `, "tenant": "t"}]}`), "", "`a` and `b` have one token"},
		{policy, "callers.json", "127.0.0.1:99999", "99999"},
	} {
		s := settings{listen: "127.0.0.1:0", policy: test.policy, callers: test.callers, facts: "facts.json", logFormat: "text"}
		if test.listen != "" {
			s.listen = test.listen
		}
		made, err := newService(t.Context(), s, s.logger(io.Discard))
		if err == nil || made != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for _, arguments := range [][]string{
		{"-max-body", "0"}, {"-request-timeout", "0"}, {"-shutdown-timeout", "-1s"}, {"-drain-delay", "-1s"},
		{"-log-format", "xml"}, {"-log-level", "LOUD"}, {"-nothing"}, {"rest"}, {"-max-body", "many"},
	} {
		var out, failure bytes.Buffer
		if status := run(arguments, &out, &failure); status != 2 || failure.Len() == 0 || out.Len() > 0 {
			t.Errorf("%q: status %d, output %s, error %s", arguments, status, &out, &failure)
		}
	}
	s, err := parseFlags(nil, io.Discard)
	if err != nil || !strings.HasPrefix(s.listen, "127.0.0.1:") {
		t.Errorf("listens on %s, %v", s.listen, err)
	}
	var help bytes.Buffer
	if _, err := parseFlags([]string{"-help"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "SIGHUP") ||
		!strings.Contains(help.String(), "-listen") {
		t.Errorf("help %s, %v", &help, err)
	}
}
