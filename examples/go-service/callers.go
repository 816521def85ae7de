package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// caller is who asks, as the service knows it. Nothing of it comes from the request but the token.
type caller struct {
	// Name is for the log.
	Name string `json:"name"`
	// TokenSHA256 is the digest of the caller's token in hexadecimal digits. The file has no tokens.
	TokenSHA256 string `json:"token_sha256"`
	// Tenant is whose refunds the caller asks about.
	Tenant string `json:"tenant"`
	// Actor are the fields of the domain `actor`.
	Actor map[string]any `json:"actor"`
}

// callers finds callers by the digest of their token: comparing digests tells nothing of a token, so
// that a map will do.
type callers map[[sha256.Size]byte]caller

// readCallers reads the file of callers.
func readCallers(path string) (callers, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("callers: %w", err)
	}
	var file struct {
		Callers []caller `json:"callers"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("callers: %s: %w", path, err)
	}
	known := make(callers, len(file.Callers))
	for _, c := range file.Callers {
		digest, err := hex.DecodeString(c.TokenSHA256)
		if err != nil || len(digest) != sha256.Size {
			return nil, fmt.Errorf("callers: %s: `%s` has no SHA-256 for a token", path, c.Name)
		}
		if c.Tenant == "" {
			return nil, fmt.Errorf("callers: %s: `%s` has no tenant", path, c.Name)
		}
		key := [sha256.Size]byte(digest)
		if other, twice := known[key]; twice {
			return nil, fmt.Errorf("callers: %s: `%s` and `%s` have one token", path, other.Name, c.Name)
		}
		known[key] = c
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("callers: %s: there are none", path)
	}
	return known, nil
}

type callerKey struct{}

// authenticate lets only known callers through.
func (known callers) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		found, ok := known[sha256.Sum256([]byte(strings.TrimSpace(token)))]
		if !ok || token == "" || !strings.EqualFold(scheme, "Bearer") {
			w.Header().Set("WWW-Authenticate", `Bearer realm="refunds"`)
			writeProblem(w, http.StatusUnauthorized, "", "")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, found)))
	})
}

var errNoCaller = errors.New("the request has no caller")

// callerFrom gives the caller that authenticate found.
func callerFrom(ctx context.Context) (caller, error) {
	found, ok := ctx.Value(callerKey{}).(caller)
	if !ok {
		return caller{}, errNoCaller
	}
	return found, nil
}
