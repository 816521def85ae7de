package httpmw

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"actra"
)

// StatusError is an error of a mapper or a resolver that chooses the answer to the client.
type StatusError struct {
	// Status is the answer's status, 400 to 599; anything else is answered by 500.
	Status int
	// Code is a word for programs, which the client sees as the member `code`. It may be empty.
	Code string
	// Err is the cause. It is for the log: the client does not see it. It may be nil.
	Err error
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("status %d", e.Status)
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// problem is the body of an answer, as RFC 9457 has it.
type problem struct {
	Type     string          `json:"type"`
	Title    string          `json:"title"`
	Status   int             `json:"status"`
	Detail   string          `json:"detail,omitempty"`
	Code     string          `json:"code,omitempty"`
	Decision *actra.Decision `json:"decision,omitempty"`
}

// deny answers a request whose action the policy does not allow.
func (g *guard) deny(w http.ResponseWriter, r *http.Request, denied *actra.PolicyError) {
	answer := &watched{ResponseWriter: w}
	if g.onDenial != nil {
		g.onDenial(answer, r, denied)
	}
	if answer.written {
		return
	}
	status := http.StatusForbidden
	if denied.Decision.NeedsApproval() {
		status = g.approvalStatus
	}
	write(w, problem{Status: status, Detail: denied.Decision.Message, Decision: &denied.Decision})
}

// fail answers a request that came to no decision.
func (g *guard) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, code := statusOf(err)
	g.log(r, status, err)
	answer := &watched{ResponseWriter: w}
	if g.onError != nil {
		g.onError(answer, r, err)
	}
	if !answer.written {
		write(w, problem{Status: status, Code: code})
	}
}

// statusOf chooses status and code of a request that came to no decision. Nothing of an error's text
// goes into them.
func statusOf(err error) (status int, code string) {
	var chosen *StatusError
	var tooLarge *http.MaxBytesError
	var input *actra.InputError
	var panicked *actra.PanicError
	var mapper *mapperError
	switch {
	case errors.As(err, &panicked):
		return http.StatusInternalServerError, ""
	case errors.As(err, &chosen):
		if chosen.Status < 400 || chosen.Status > 599 {
			return http.StatusInternalServerError, ""
		}
		return chosen.Status, chosen.Code
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "too_large"
	case errors.As(err, &input):
		if input.Field == "action" || strings.HasPrefix(input.Field, "action.") {
			return http.StatusBadRequest, input.Code
		}
		return http.StatusInternalServerError, ""
	case errors.Is(err, actra.ErrNoAction):
		return http.StatusInternalServerError, ""
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, ""
	case errors.As(err, &mapper):
		return http.StatusInternalServerError, ""
	}
	return http.StatusServiceUnavailable, ""
}

func (g *guard) log(r *http.Request, status int, err error) {
	logger, level := g.logger, slog.LevelDebug
	if logger == nil {
		logger = slog.Default()
	}
	// A client that went away is no error of the service's.
	if status >= 500 && !errors.Is(r.Context().Err(), context.Canceled) {
		level = slog.LevelError
	}
	attributes := []slog.Attr{
		slog.Int("status", status),
		slog.String("method", r.Method),
		slog.String("pattern", r.Pattern),
		slog.String("error", err.Error()),
	}
	var panicked *actra.PanicError
	if errors.As(err, &panicked) {
		attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
	}
	logger.LogAttrs(r.Context(), level, "actra: a guarded request came to no decision", attributes...)
}

// write answers by a problem.
func write(w http.ResponseWriter, p problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	if p.Title == "" {
		p.Title = "Refused"
	}
	body, err := json.Marshal(p)
	if err != nil {
		// Required actions that are no JSON. What stays is an answer of the same status.
		p.Decision = nil
		body, _ = json.Marshal(p)
	}
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	if p.Status < 300 {
		header.Set("Content-Type", "application/json")
	}
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// watched tells whether an answer was begun: net/http answers by 200 where a handler writes nothing,
// which would read as if the operation had run.
type watched struct {
	http.ResponseWriter
	written bool
}

func (w *watched) WriteHeader(status int) {
	// Informational ones come before the answer.
	w.written = w.written || status >= 200 || status == http.StatusSwitchingProtocols
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(p []byte) (int, error) {
	w.written = true
	return w.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
