"""How long things take and how often they happen, for the metrics: kept in memory, from the start of the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Meters:
    """One of each, registered. Labels have few values: routes, never paths; kinds, never addresses."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.http_seconds = Histogram(
            "postern_http_request_seconds",
            "Time to answer a request, by route; waits and streams take as long as they are asked to.",
            ("method", "route", "status"),
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.received_seconds = Histogram(
            "postern_mail_received_seconds",
            "Time from the whole mail to its commit: sender checked, parsed, stored.",
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.woken_seconds = Histogram(
            "postern_wait_woken_seconds",
            "Time from a mail's commit to the answer of a wait that it woke.",
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.handed_over_seconds = Histogram(
            "postern_mail_handed_over_seconds",
            "Time that one hand-over of a mail took.",
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.posted_seconds = Histogram(
            "postern_webhook_posted_seconds",
            "Time that one post to a webhook took, by how it ended.",
            ("outcome",),
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.waits = Counter(
            "postern_waits", "Waits that ended, by whether a mail came.", ("outcome",), registry=self.registry
        )
        for outcome in ("matched", "timed_out"):  # so that both are there from the start
            self.waits.labels(outcome)


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe how long the block takes, however it ends."""
    began = perf_counter()
    try:
        yield
    finally:
        histogram.observe(perf_counter() - began)
