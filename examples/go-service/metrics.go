package main

import (
	"context"
	"errors"
	"net/http"

	"actra"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus is told.
type metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.CounterVec
	failures  *prometheus.CounterVec
	duration  prometheus.Histogram
	reloads   *prometheus.CounterVec
	answers   *prometheus.CounterVec
}

// newMetrics makes metrics that name the policy in force by what hash gives.
func newMetrics(hash func() string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actra_decisions_total",
			Help: "Decisions by effect and by the rule that decided; the rule is empty where the default did.",
		}, []string{"effect", "rule"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actra_decision_errors_total",
			Help: "Requests that came to no decision and were refused, by reason: the code of an input error, or what failed.",
		}, []string{"reason"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "actra_decision_duration_seconds",
			Help:    "Time to a decision, with looking up who asks and what is known.",
			Buckets: prometheus.ExponentialBuckets(10e-6, 4, 10), // 10 microseconds to 2.6 seconds
		}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actra_policy_reloads_total",
			Help: "Reloads of the policy by result: ok, or failed (the policy in force stayed).",
		}, []string{"result"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "refund_admission_answers_total",
			Help: "Answers of the admission endpoint by HTTP status.",
		}, []string{"code"}),
	}
	m.registry.MustRegister(m.decisions, m.failures, m.duration, m.reloads, m.answers, policyInfo(hash),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	// A counter that is there from the start can be seen to rise.
	m.reloads.WithLabelValues("ok")
	m.reloads.WithLabelValues("failed")
	return m
}

// handler serves the metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// counted counts a handler's answers.
func (m *metrics) counted(next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerCounter(m.answers, next)
}

// policyInfo names the policy that is in force when it is collected: there is never none, and never
// two.
type policyInfo func() string

var policyInfoDesc = prometheus.NewDesc("actra_policy_info", "The policy in force, by its hash. Always 1.",
	[]string{"hash"}, nil)

func (policyInfo) Describe(descs chan<- *prometheus.Desc) { descs <- policyInfoDesc }

func (hash policyInfo) Collect(found chan<- prometheus.Metric) {
	found <- prometheus.MustNewConstMetric(policyInfoDesc, prometheus.GaugeValue, 1, hash())
}

// observe counts a decision, or that there was none.
func (m *metrics) observe(_ context.Context, event actra.DecisionEvent) {
	m.duration.Observe(event.Duration.Seconds())
	if event.Err != nil {
		m.failures.WithLabelValues(reasonOf(event.Err)).Inc()
		return
	}
	m.decisions.WithLabelValues(event.Effect(), event.MatchedRule()).Inc()
}

// reasonOf names an error by few words, so that there are few series.
func reasonOf(err error) string {
	var input *actra.InputError
	var panicked *actra.PanicError
	var resolver *actra.ResolverError
	switch {
	case errors.As(err, &input):
		return input.Code
	case errors.As(err, &panicked):
		return "panic"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &resolver):
		return resolver.Domain + "_resolver"
	}
	return "policy"
}

// reloaded counts a reload.
func (m *metrics) reloaded(event actra.ReloadEvent) {
	result := "ok"
	if event.Err != nil {
		result = "failed"
	}
	m.reloads.WithLabelValues(result).Inc()
}
