package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"
)

// settings are what the flags say.
type settings struct {
	listen          string
	policy          string
	callers         string
	facts           string
	maxBody         int64
	requestTimeout  time.Duration
	drainDelay      time.Duration
	shutdownTimeout time.Duration
	logFormat       string
	logLevel        slog.Level
}

const usage = `refund-service answers over HTTP whether a refund may be paid.

  POST /v1/refunds/admission   decides: 200 for an allow, 403 for a block or an approval
  GET  /healthz                200 as long as the process serves
  GET  /readyz                 200 when there is a policy, 503 while the service ends
  GET  /metrics                for Prometheus

SIGHUP loads the policy again and keeps the one in force if the new one is refused.
SIGTERM and SIGINT end the service when the requests under way are answered.

Flags:
`

// parseFlags reads the flags. Where help is asked for it is printed to out, with flag.ErrHelp.
func parseFlags(arguments []string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("refund-service", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`address` to serve on; port 0 takes a free one")
	flags.StringVar(&s.policy, "policy", "refund.actra", "`path` of the compiled policy, or of a policy directory")
	flags.StringVar(&s.callers, "callers", "callers.json", "`file` with who may ask")
	flags.StringVar(&s.facts, "facts", "facts.json", "`file` with what is known of each tenant, read for each request")
	flags.Int64Var(&s.maxBody, "max-body", 64<<10, "largest body of a request, in `bytes`")
	flags.DurationVar(&s.requestTimeout, "request-timeout", 5*time.Second, "how long a request may take to be decided")
	flags.DurationVar(&s.drainDelay, "drain-delay", 0, "how long /readyz says 503 before the service stops to listen")
	flags.DurationVar(&s.shutdownTimeout, "shutdown-timeout", 15*time.Second, "how long requests under way may take at the end")
	flags.StringVar(&s.logFormat, "log-format", "json", "`format` of the log on standard error: json or text")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "least `level` to log: DEBUG, INFO, WARN or ERROR")
	err := flags.Parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return s, err
	}
	if err != nil {
		return s, err
	}
	return s, s.check(flags.Args())
}

func (s settings) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument `%s`", rest[0])
	}
	if s.logFormat != "json" && s.logFormat != "text" {
		return fmt.Errorf("-log-format is json or text, not `%s`", s.logFormat)
	}
	if s.maxBody <= 0 {
		return errors.New("-max-body is at least 1")
	}
	if s.requestTimeout <= 0 || s.shutdownTimeout <= 0 || s.drainDelay < 0 {
		return errors.New("-request-timeout and -shutdown-timeout are more than 0, -drain-delay is not less")
	}
	return nil
}

func (s settings) logger(out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.logLevel}
	if s.logFormat == "text" {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}

// isLoopback tells whether only this machine reaches an address.
func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
