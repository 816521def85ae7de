package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"actra"
)

// refundPolicy is the policy that the service is shown with.
const refundPolicy = "../refund"

// lowLimit is the same policy, but that the tenant's limit of the day is used up.
const lowLimit = "limit lowered"

// writeArtifact compiles a policy and writes its `.actra` file: that of the refund example, or it
// with a limit lowered.
func writeArtifact(t testing.TB, path, which string) string {
	t.Helper()
	directory := t.TempDir()
	for _, name := range []string{"schema.yaml", "policy.yaml", "governance.yaml"} {
		text, err := os.ReadFile(filepath.Join(refundPolicy, name))
		if err != nil {
			t.Fatal(err)
		}
		if which == lowLimit {
			text = bytes.ReplaceAll(text, []byte("snapshot.refunded_today > 20000"), []byte("snapshot.refunded_today > 200"))
		}
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return save(t, directory, path)
}

// writeOther writes the `.actra` file of a policy that knows no refunds.
func writeOther(t testing.TB, path string) {
	t.Helper()
	directory := t.TempDir()
	for name, text := range map[string]string{
		"schema.yaml": "version: 1\nactions: {other: {fields: }}\nactor: {fields: }\nsnapshot: {fields: }\n",
		"policy.yaml": "version: 2\nevaluation: {default: allow}\nrules: []\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save(t, directory, path)
}

// save gives the hash of what it saves.
func save(t testing.TB, directory, path string) string {
	t.Helper()
	policy, err := actra.FromDirectory(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Close()
	if err := policy.Save(path); err != nil {
		t.Fatal(err)
	}
	return policy.Hash()
}

// testLog is a log that a test reads while others write.
type testLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *testLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newTestService is a service in this process, with changes to its settings.
func newTestService(t testing.TB, change func(*settings)) (*service, *testLog) {
	t.Helper()
	s := settings{
		listen:          "127.0.0.1:0",
		policy:          filepath.Join(t.TempDir(), "refund.actra"),
		callers:         "callers.json",
		facts:           "facts.json",
		maxBody:         64 << 10,
		requestTimeout:  5 * time.Second,
		shutdownTimeout: 5 * time.Second,
		logFormat:       "json",
		logLevel:        slog.LevelDebug,
	}
	writeArtifact(t, s.policy, "")
	if change != nil {
		change(&s)
	}
	log := &testLog{}
	made, err := newService(t.Context(), s, s.logger(log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		made.listener.Close()
		made.close()
	})
	return made, log
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func read(t testing.TB, status int, header http.Header, body io.Reader) answer {
	t.Helper()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	got := answer{status: status, header: header, text: string(text)}
	if strings.Contains(header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &got.body); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return got
}

// ask sends a request for a refund to a service in this process.
func ask(t testing.TB, s *service, token, body string) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v1/refunds/admission", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	return send(t, s, r)
}

func send(t testing.TB, s *service, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(w, r)
	return read(t, w.Code, w.Header(), w.Body)
}
