package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"actra"
	"actra/httpmw"
)

// actionType is the action that the service asks the policy about.
const actionType = "refund"

// newRuntime joins the policy with what the service knows.
func newRuntime(source actra.PolicySource, known facts, observe actra.Observer) *actra.Runtime {
	return actra.NewRuntime(source,
		// The tenant is the caller's: a request cannot choose it.
		actra.WithActionResolver(func(ctx context.Context, action actra.Action) (actra.Action, error) {
			caller, err := callerFrom(ctx)
			action["tenant"] = caller.Tenant
			return action, err
		}),
		actra.WithActorResolver(func(ctx context.Context) (map[string]any, error) {
			caller, err := callerFrom(ctx)
			return caller.Actor, err
		}),
		actra.WithSnapshotResolver(func(ctx context.Context) (map[string]any, error) {
			caller, err := callerFrom(ctx)
			if err != nil {
				return nil, err
			}
			return known.of(ctx, caller.Tenant)
		}),
		actra.WithObserver(observe),
	)
}

// admission answers with the decision: 200 if the refund is allowed, else 403. A client that looks at
// nothing but the status pays out nothing that is not allowed.
func admission(runtime *actra.Runtime, maxBody int64) http.Handler {
	guard := httpmw.New(runtime,
		func(r *http.Request) (actra.Action, error) { return refundOf(r, maxBody) },
		httpmw.WithDenialHandler(func(w http.ResponseWriter, _ *http.Request, denied *actra.PolicyError) {
			writeJSON(w, http.StatusForbidden, denied.Decision)
		}),
		httpmw.WithErrorHandler(answerInputError),
	)
	return guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		decision, ok := actra.DecisionFrom(r.Context())
		if !ok {
			writeProblem(w, http.StatusInternalServerError, "", "")
			return
		}
		writeJSON(w, http.StatusOK, decision)
	}))
}

// refundOf maps a request to an action. The body's members are the action's fields, and the policy's
// schema says which there are and what they may hold: it is the validation.
func refundOf(r *http.Request, maxBody int64) (actra.Action, error) {
	body, err := httpmw.ReadJSON[map[string]any](r, maxBody)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"type", "tenant"} {
		if _, there := body[name]; there {
			return nil, &actra.InputError{
				Code: actra.UnknownField, Field: "action." + name,
				Message: "the body sets `" + name + "`, which is the service's to set",
			}
		}
	}
	return actra.NewAction(actionType, body), nil
}

// answerInputError names the field where the client can do something about it; the guard answers the
// rest.
func answerInputError(w http.ResponseWriter, _ *http.Request, err error) {
	var input *actra.InputError
	if !errors.As(err, &input) {
		return
	}
	if field, ok := strings.CutPrefix(input.Field, "action."); ok {
		writeProblem(w, http.StatusBadRequest, input.Code, field)
	}
}

// writeProblem answers by a problem of RFC 9457.
func writeProblem(w http.ResponseWriter, status int, code, field string) {
	w.Header().Set("Content-Type", "application/problem+json")
	writeJSON(w, status, struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Code   string `json:"code,omitempty"`
		Field  string `json:"field,omitempty"`
	}{"about:blank", http.StatusText(status), status, code, field})
}

// writeJSON answers by a value as JSON.
func writeJSON(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	header := w.Header()
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
