package httpmw_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"actra"
	"actra/httpmw"
)

// serve serves a guarded handler on loopback.
func serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	server.Client().Timeout = 10 * time.Second
	t.Cleanup(server.Close)
	return server
}

func TestAnAnswerToHeadHasStatusAndHeadersOnly(t *testing.T) {
	inner := &handler{}
	server := serve(t, httpmw.New(newRuntime(t, openPolicy, frozen(true)), export(5))(inner))
	got, err := server.Client().Head(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || len(body) != 0 || got.StatusCode != http.StatusForbidden || inner.ran != 0 ||
		got.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("ran %d times, status %d, %v, body %q", inner.ran, got.StatusCode, got.Header, body)
	}
}

func TestRequestsAndAnswersAreStreamed(t *testing.T) {
	guarded := httpmw.New(newRuntime(t, openPolicy), export(5))(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			controller := http.NewResponseController(w)
			if err := controller.EnableFullDuplex(); err != nil {
				t.Error(err)
			}
			// The client waits for the status before it sends the first line.
			if err := controller.Flush(); err != nil {
				t.Error(err)
			}
			lines := bufio.NewScanner(r.Body)
			for lines.Scan() {
				_, _ = io.WriteString(w, "echo "+lines.Text()+"\n")
				if err := controller.Flush(); err != nil {
					t.Error(err)
				}
			}
		}))
	server := serve(t, guarded)
	reader, writer := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, reader)
	if err != nil {
		t.Fatal(err)
	}
	got, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	answers := bufio.NewReader(got.Body)
	// Each line is sent when the answer to the one before has come.
	for _, line := range []string{"one\n", "two\n", "three\n"} {
		if _, err := io.WriteString(writer, line); err != nil {
			t.Fatal(err)
		}
		if answer, err := answers.ReadString('\n'); err != nil || answer != "echo "+line {
			t.Fatalf("answer %q, error %v", answer, err)
		}
	}
	writer.Close()
	if rest, err := io.ReadAll(answers); err != nil || len(rest) != 0 {
		t.Errorf("rest %q, error %v", rest, err)
	}
}

func TestAServerAnswersTooLargeBodiesAndGoesOn(t *testing.T) {
	inner := &handler{}
	server := serve(t, httpmw.New(newRuntime(t, openPolicy), byBody(1000), logTo(io.Discard))(inner))
	for _, test := range []struct {
		size   int
		status int
	}{{5_000_000, 413}, {500, 200}, {1_001, 413}, {5_000_000, 413}} {
		body := `{"rows": 5, "format": "csv"` + strings.Repeat(" ", test.size-28) + "}"
		for name, reader := range map[string]io.Reader{
			"length": strings.NewReader(body), "chunks": io.MultiReader(strings.NewReader(body)),
		} {
			got, err := server.Client().Post(server.URL, "application/json", reader)
			if err != nil {
				// The server closes where it does not want the rest, maybe before the client has read.
				if test.size < 1_000_000 {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			got.Body.Close()
			if got.StatusCode != test.status {
				t.Errorf("%d bytes, %s: status %d", test.size, name, got.StatusCode)
			}
		}
	}
	if inner.ran != 2 {
		t.Errorf("ran %d times", inner.ran)
	}
}

func TestAHandlerThatSendsOnlyHintsLeavesTheAnswerToTheGuard(t *testing.T) {
	hints := httpmw.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusEarlyHints)
	})
	server := serve(t, httpmw.New(actra.NewRuntime(nil), export(5), hints, logTo(io.Discard))(&handler{}))
	got, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	if got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", got.StatusCode)
	}
}

func TestEveryRequestIsDecidedByOnePolicyWhilePoliciesAreSwapped(t *testing.T) {
	one, two := writePolicy(t, openPolicy), writePolicy(t, closedPolicy)
	var loads atomic.Int64
	source, err := actra.NewReloading(t.Context(), func(context.Context) (*actra.Policy, error) {
		if loads.Add(1)%2 == 0 {
			return actra.FromDirectory(two)
		}
		return actra.FromDirectory(one)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var ran, allowed, blocked atomic.Int64
	runtime := actra.NewRuntime(source, actor("clerk"), frozen(false))
	server := serve(t, httpmw.New(runtime, export(5))(http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			ran.Add(1)
			if decision, ok := actra.DecisionFrom(r.Context()); !ok || !decision.Allowed() {
				t.Errorf("it ran by decision %v", decision)
			}
		})))
	var clients, reloads sync.WaitGroup
	stop := make(chan struct{})
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
				got, err := server.Client().Get(server.URL)
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(got.Body)
				got.Body.Close()
				switch {
				case got.StatusCode == http.StatusOK:
					allowed.Add(1)
				case got.StatusCode == http.StatusForbidden && bytes.Contains(body, []byte(`"matched_rule":"closed"`)):
					blocked.Add(1)
				default:
					t.Errorf("status %d, body %s", got.StatusCode, body)
					return
				}
			}
		}()
	}
	reloads.Add(1)
	go func() {
		defer reloads.Done()
		for n := 0; n < 1000 && (n < 30 || allowed.Load() == 0 || blocked.Load() == 0); n++ {
			if err := source.Reload(t.Context()); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	reloads.Wait()
	close(stop)
	clients.Wait()
	if ran.Load() != allowed.Load() || allowed.Load() == 0 || blocked.Load() == 0 {
		t.Errorf("ran %d times; %d allowed, %d blocked", ran.Load(), allowed.Load(), blocked.Load())
	}
}
