package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"actra"
)

// service is everything that serves.
type service struct {
	settings settings
	logger   *slog.Logger
	source   *actra.Reloading
	metrics  *metrics
	listener net.Listener
	server   *http.Server
	ending   atomic.Bool
}

// newService reads what the service needs and listens; it serves nothing yet.
func newService(ctx context.Context, s settings, logger *slog.Logger) (*service, error) {
	known, err := readCallers(s.callers)
	if err != nil {
		return nil, err
	}
	made := &service{settings: s, logger: logger}
	made.metrics = newMetrics(func() string { return made.source.Hash() })
	made.source, err = actra.NewReloading(ctx,
		func(context.Context) (*actra.Policy, error) {
			// A field with a slip of the pen in its name would be a field that is missing.
			return actra.Open(s.policy, actra.RefuseUnknownFields())
		},
		actra.WithCheck(checkPolicy),
		actra.OnReload(made.reloaded),
	)
	if err != nil {
		return nil, err
	}
	made.listener, err = net.Listen("tcp", s.listen)
	if err != nil {
		made.source.Close()
		return nil, err
	}
	made.server = &http.Server{
		Handler:           made.routes(known),
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
		MaxHeaderBytes:    16 << 10,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10*time.Second + s.requestTimeout,
		IdleTimeout:       time.Minute,
	}
	return made, nil
}

// checkPolicy refuses policies that are not about refunds: each request would be an error.
func checkPolicy(policy *actra.Policy) error {
	if policy.Schema().Fields(actionType) == nil {
		return fmt.Errorf("the policy's schema has no action `%s`", actionType)
	}
	return nil
}

func (s *service) routes(known callers) http.Handler {
	runtime := newRuntime(s.source, facts{s.settings.facts}, s.metrics.observe).
		With(actra.WithLogger(s.logger), actra.WithObserver(s.logDecision))
	mux := http.NewServeMux()
	mux.Handle("POST /v1/refunds/admission", s.metrics.counted(s.limit(known.authenticate(admission(runtime, s.settings.maxBody)))))
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if s.ending.Load() {
			http.Error(w, "ending", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	return mux
}

type requestKey struct{}

// limit bounds the time of a request, and names it for the log and for the client.
func (s *service) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.settings.requestTimeout)
		defer cancel()
		id := rand.Text()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, requestKey{}, id)))
	})
}

// logDecision logs what was decided, without values of the input.
func (s *service) logDecision(ctx context.Context, event actra.DecisionEvent) {
	caller, _ := callerFrom(ctx)
	id, _ := ctx.Value(requestKey{}).(string)
	level, message := slog.LevelInfo, "decided"
	if event.Err != nil {
		level, message = slog.LevelWarn, "came to no decision"
	}
	s.logger.LogAttrs(ctx, level, message, slog.String("request", id), slog.String("caller", caller.Name),
		slog.Any("decision", event))
}

func (s *service) reloaded(event actra.ReloadEvent) {
	s.metrics.reloaded(event)
	if event.Err != nil {
		s.logger.Error("the policy was refused, and the one in force stays",
			"path", s.settings.policy, "policy_hash", event.NewHash, "error", event.Err)
		return
	}
	s.logger.Info("the policy was loaded", "path", s.settings.policy,
		"old_policy_hash", event.OldHash, "policy_hash", event.NewHash, "duration", event.Duration)
}

// serve serves until a signal of `end` comes, and the requests under way then are answered.
func (s *service) serve(reload, end <-chan os.Signal) error {
	s.logger.Info("listening", "address", s.listener.Addr().String(), "pid", os.Getpid(), "policy_hash", s.source.Hash())
	if !isLoopback(s.listener.Addr()) {
		s.logger.Warn("other machines reach this address, and nothing is encrypted: put a proxy with TLS in front")
	}
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(s.listener) }()
	for {
		select {
		case <-reload:
			// What it came to is told by reloaded.
			_ = s.source.Reload(context.Background())
		case err := <-served:
			return fmt.Errorf("serving: %w", err)
		case signal := <-end:
			s.logger.Info("ending", "signal", signal.String())
			return s.end(served, end)
		}
	}
}

// end stops listening and waits for the requests under way. A second signal ends the waiting.
func (s *service) end(served <-chan error, again <-chan os.Signal) error {
	s.ending.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.settings.drainDelay+s.settings.shutdownTimeout)
	defer cancel()
	go func() {
		select {
		case <-again:
			cancel()
		case <-ctx.Done():
		}
	}()
	select {
	case <-time.After(s.settings.drainDelay):
	case <-ctx.Done():
	}
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("requests under way were cut off: %w", errors.Join(err, s.server.Close()))
	}
	<-served
	return err
}

func (s *service) close() { s.source.Close() }
