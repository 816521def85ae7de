//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything here may take before it counts as never.
const patience = 20 * time.Second

// binaries is the directory that binary builds into.
var binaries string

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "refund-service-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(binaries)
	os.Exit(status)
}

// binary builds the service, once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaries, "refund-service")
	if output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return path, nil
})

// process is a service in a process of its own.
type process struct {
	t       *testing.T
	command *exec.Cmd
	address string
	policy  string
	log     *testLog
	exited  chan error
}

// start starts the service on a free port of loopback and waits until it listens.
func start(t *testing.T, arguments ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, policy: filepath.Join(t.TempDir(), "refund.actra"), log: &testLog{}, exited: make(chan error, 1)}
	writeArtifact(t, p.policy, "")
	p.command = exec.Command(path, append([]string{"-listen", "127.0.0.1:0", "-policy", p.policy}, arguments...)...)
	errors, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		if t.Failed() {
			t.Logf("the service's log:\n%s", p.log)
		}
	})
	listening := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(errors)
		for lines.Scan() {
			fmt.Fprintln(p.log, lines.Text())
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
				listening <- line.Address
			}
		}
		p.exited <- p.command.Wait()
	}()
	select {
	case p.address = <-listening:
	case err := <-p.exited:
		t.Fatalf("the service ended: %v\n%s", err, p.log)
	case <-time.After(patience):
		t.Fatal("the service does not listen")
	}
	return p
}

func (p *process) signal(signal os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// wait gives the status that the process ends with.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.command.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("the service does not end")
		return -1
	}
}

// request sends a request; a status of 0 stands for one that was not answered.
func (p *process) request(method, path, token, body string) answer {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	// Each on a connection of its own, so that a service that listens no more is seen.
	r.Close = true
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{text: err.Error()}
	}
	defer got.Body.Close()
	return read(p.t, got.StatusCode, got.Header, got.Body)
}

func (p *process) admission(token, body string) answer {
	p.t.Helper()
	return p.request(http.MethodPost, "/v1/refunds/admission", token, body)
}

// until waits for something to come true.
func (p *process) until(what string, holds func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("never: %s", what)
		}
	}
}

// untilMetric waits for a line of the metrics.
func (p *process) untilMetric(line string) {
	p.t.Helper()
	p.until(line, func() bool {
		return strings.Contains(p.request(http.MethodGet, "/metrics", "", "").text, "\n"+line+"\n")
	})
}

func (p *process) wantAdmission(status int, rule string) {
	p.t.Helper()
	if got := p.admission("support-token", small); got.status != status || got.body["matched_rule"] != rule {
		p.t.Errorf("status %d, body %s", got.status, got.text)
	}
}

func TestTheServiceReloadsOnSIGHUPAndKeepsTheLastGoodPolicy(t *testing.T) {
	p := start(t)
	p.wantAdmission(200, "refund_by_support")
	for path, text := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if got := p.request(http.MethodGet, path, "", ""); got.status != 200 || got.text != text {
			t.Errorf("%s: status %d, %s", path, got.status, got.text)
		}
	}

	hash := writeArtifact(t, p.policy, lowLimit)
	p.wantAdmission(200, "refund_by_support")
	p.signal(syscall.SIGHUP)
	p.untilMetric(`actra_policy_reloads_total{result="ok"} 1`)
	p.untilMetric(`actra_policy_info{hash="` + hash + `"} 1`)
	p.wantAdmission(403, "daily_limit")

	if err := os.WriteFile(p.policy, []byte("no artifact"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.untilMetric(`actra_policy_reloads_total{result="failed"} 1`)
	p.wantAdmission(403, "daily_limit")

	writeOther(t, p.policy)
	p.signal(syscall.SIGHUP)
	p.untilMetric(`actra_policy_reloads_total{result="failed"} 2`)
	if err := os.Remove(p.policy); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.untilMetric(`actra_policy_reloads_total{result="failed"} 3`)
	p.wantAdmission(403, "daily_limit")
	if got := p.request(http.MethodGet, "/readyz", "", ""); got.status != 200 {
		t.Errorf("status %d", got.status)
	}

	writeArtifact(t, p.policy, "")
	p.signal(syscall.SIGHUP)
	p.untilMetric(`actra_policy_reloads_total{result="ok"} 2`)
	p.wantAdmission(200, "refund_by_support")

	metrics := p.request(http.MethodGet, "/metrics", "", "").text
	for _, want := range []string{
		`actra_decisions_total{effect="allow",rule="refund_by_support"} 3`,
		`actra_decisions_total{effect="block",rule="daily_limit"} 3`,
		`actra_decision_duration_seconds_count 6`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	if n := strings.Count(metrics, "\nactra_policy_info{"); n != 1 {
		t.Errorf("%d policies in force", n)
	}
	p.signal(syscall.SIGTERM)
	if status := p.wait(); status != 0 {
		t.Errorf("status %d", status)
	}
	if text := p.log.String(); strings.Count(text, "the policy was refused") != 3 || strings.Contains(text, "-token") {
		t.Error("the log does not tell of three refused policies, or it tells tokens")
	}
}

// begun is a request of which half has been sent.
type begun struct {
	net.Conn
	answers *bufio.Reader
	rest    string
}

// begin sends half of a request and waits until the service reads it: it says so by 100 Continue.
func (p *process) begin() begun {
	p.t.Helper()
	connection, err := net.Dial("tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	fmt.Fprintf(connection, "POST /v1/refunds/admission HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer support-token\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(small))
	answers := bufio.NewReader(connection)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		p.t.Fatalf("answer %q, error %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.WriteString(connection, small[:10]); err != nil {
		p.t.Fatal(err)
	}
	return begun{connection, answers, small[10:]}
}

// finish sends the rest and reads the answer.
func (b begun) finish(t *testing.T) answer {
	t.Helper()
	if _, err := io.WriteString(b, b.rest); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(b.answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	return read(t, got.StatusCode, got.Header, got.Body)
}

func (p *process) listens() bool {
	connection, err := net.DialTimeout("tcp", p.address, patience)
	if err == nil {
		connection.Close()
	}
	return err == nil
}

func TestTheServiceAnswersRequestsUnderWayBeforeItEnds(t *testing.T) {
	p := start(t)
	request := p.begin()
	p.signal(syscall.SIGTERM)
	p.until("it listens no more", func() bool { return !p.listens() })
	if got := request.finish(t); got.status != 200 || got.body["effect"] != "allow" {
		t.Errorf("status %d, body %s", got.status, got.text)
	}
	if status := p.wait(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestTheServiceSaysThatItIsNotReadyWhileItDrains(t *testing.T) {
	p := start(t, "-drain-delay", "15s")
	p.signal(syscall.SIGINT)
	p.until("it is not ready", func() bool { return p.request(http.MethodGet, "/readyz", "", "").status == 503 })
	p.wantAdmission(200, "refund_by_support")
	// A second signal ends the waiting.
	begin := time.Now()
	p.signal(syscall.SIGTERM)
	p.wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestTheServiceCutsOffRequestsThatTakeTooLongAtTheEnd(t *testing.T) {
	p := start(t, "-shutdown-timeout", "100ms")
	request := p.begin()
	p.signal(syscall.SIGTERM)
	if status := p.wait(); status != 1 {
		t.Errorf("status %d", status)
	}
	if answer, err := request.answers.ReadString('\n'); err == nil && strings.Contains(answer, "200") {
		t.Errorf("answer %q", answer)
	}
	if !strings.Contains(p.log.String(), "cut off") {
		t.Error("the log does not tell of it")
	}
}

func TestTheServiceDoesNotStartWithoutAPolicy(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(path, "-listen", "127.0.0.1:0", "-policy", filepath.Join(t.TempDir(), "none.actra")).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(string(output), "no such file") {
		t.Errorf("%v: %s", err, output)
	}
}
