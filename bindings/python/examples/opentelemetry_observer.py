"""Decisions as OpenTelemetry spans and metrics. Needs `opentelemetry-sdk`."""

from pathlib import Path

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from actra import Actra, ActraError, ActraRuntime, DecisionEvent

POLICIES = Path(__file__).parent / "policies"

# A program has exporters that send; these keep what they are given.
spans = InMemorySpanExporter()
tracing = TracerProvider()
tracing.add_span_processor(SimpleSpanProcessor(spans))
reader = InMemoryMetricReader()

tracer = trace.get_tracer("actra", tracer_provider=tracing)
meter = metrics.get_meter("actra", meter_provider=MeterProvider([reader]))
decisions = meter.create_counter("actra.decisions", description="Decisions by action and effect")
duration = meter.create_histogram("actra.duration", unit="ms")


def observe(event: DecisionEvent) -> None:
    """Record a decision. No value of an input is written down."""
    attributes = {"actra.action": event.action_type, "actra.effect": event.effect or "none"}
    decisions.add(1, attributes)
    duration.record(event.duration_ms, attributes)
    ended = int(event.timestamp.timestamp() * 1e9)
    span = tracer.start_span(
        "actra.decide",
        start_time=ended - int(event.duration_ms * 1e6),
        attributes={**attributes, "actra.rule": event.matched_rule or ""},
    )
    if event.error is not None:
        span.set_status(StatusCode.ERROR, type(event.error).__name__)
    span.end(ended)


runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_actor_resolver(lambda ctx: {"role": "support"})
runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})
runtime.set_decision_observer(observe)


@runtime.admit()
def refund(amount: object) -> str:
    """Pay money back."""
    return f"refunded {amount}"


def main() -> None:
    """Decide a few refunds inside of a request's span, and read what was recorded."""
    with tracer.start_as_current_span("POST /refunds"):
        for amount in (20, 30, 2000, "20"):
            try:
                refund(amount)
            except ActraError as error:
                print(error)
    for span in spans.get_finished_spans():
        attributes = dict(span.attributes or {})
        is_inside = span.parent is not None
        print(span.name, attributes.get("actra.effect"), "inside" if is_inside else "outside")
    told = reader.get_metrics_data()
    assert told is not None
    for metric in told.resource_metrics[0].scope_metrics[0].metrics:
        print(metric.name, len(list(metric.data.data_points)), "series")


if __name__ == "__main__":
    main()
