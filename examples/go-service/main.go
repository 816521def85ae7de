// Command refund-service answers over HTTP whether a refund may be paid: it maps a request to an
// action, adds who asks and what is known, and has a compiled Actra policy decide.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run gives the status of the process: 0 after an orderly end, 2 for wrong flags, 1 otherwise.
func run(arguments []string, stdout, stderr io.Writer) int {
	settings, err := parseFlags(arguments, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "refund-service: %v\ntry refund-service -help\n", err)
		return 2
	}
	logger := settings.logger(stderr)
	slog.SetDefault(logger)

	// Before anything takes time: a signal that comes early must not end the process in its way.
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	end := make(chan os.Signal, 2)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)

	service, err := newService(context.Background(), settings, logger)
	if err != nil {
		logger.Error("cannot start", "error", err)
		return 1
	}
	defer service.close()
	if err := service.serve(reload, end); err != nil {
		logger.Error("ended", "error", err)
		return 1
	}
	logger.Info("ended")
	return 0
}
