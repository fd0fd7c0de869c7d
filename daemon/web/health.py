"""Outside /v1: liveness, readiness and metrics."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daemon.api.sending import OutboxCounts
from daemon.errors import PosternError
from daemon.service.services import Services
from daemon.web.server import SERVICES


def add_routes(app: web.Application) -> None:
    """Register them."""
    registry = CollectorRegistry()
    collector = _Collector(app[SERVICES])
    registry.register(collector)

    async def metrics(request: web.Request) -> web.Response:
        with contextlib.suppress(PosternError):  # a store that cannot be read keeps nobody from the rest
            collector.outbox = await request.app[SERVICES].stats.outbox()
        return web.Response(body=generate_latest(registry), content_type="text/plain", charset="utf-8")

    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    app.router.add_get("/metrics", metrics)


async def _healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok"})


async def _readyz(request: web.Request) -> web.Response:
    """Mutations can be written and audited."""
    problems = (await request.app[SERVICES].stats.health()).problems
    body = {"status": "unready" if problems else "ready", "problems": problems}
    return web.json_response(body, status=503 if problems else 200)


class _Collector(Collector):
    """Reads the services' counts at each scrape."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.outbox = OutboxCounts()

    def collect(self) -> Iterator[Metric]:
        waits = GaugeMetricFamily("postern_waits_active", "Waits in progress.")
        waits.add_metric([], self._services.stats.waits_active)
        yield waits
        counts = self.outbox.model_dump()
        age = counts.pop("oldest_queued_seconds")
        mails = GaugeMetricFamily("postern_outbox_messages", "Mails sent, by state.", labels=["state"])
        for state, value in counts.items():
            mails.add_metric([state], value)
        yield mails
        oldest = GaugeMetricFamily("postern_outbox_oldest_queued_seconds", "Age of the oldest mail not handed over.")
        oldest.add_metric([], age or 0)
        yield oldest
        noise = CounterMetricFamily("postern_noise", "What strangers did that was refused.", labels=["kind"])
        for kind, value in sorted(self._services.stats.counters.values.items()):
            noise.add_metric([kind], value)
        yield noise
