"""Outside /v1: liveness, readiness and metrics."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daemon.errors import PosternError
from daemon.service.services import Services
from daemon.service.status import Queues
from daemon.web.server import SERVICES

DNS_COUNTS_MAX_SECONDS = 1.0
FRONTS = ("udp", "tcp")
UNANSWERED = ("dropped", "limited", "slipped", "faults")


def add_routes(app: web.Application) -> None:
    """Register them."""
    registry, services = CollectorRegistry(), app[SERVICES]
    collector = _Collector(services)
    registry.register(collector)

    async def metrics(request: web.Request) -> web.Response:
        await collector.look()
        body = generate_latest(services.meters.registry) + generate_latest(registry)
        return web.Response(body=body, content_type="text/plain", charset="utf-8")

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
    """Reads what others count, at each scrape."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._queues = Queues()
        self._dns: list[dict[str, Any]] = []

    async def look(self) -> None:
        """Ask the store and the name servers; one that does not answer keeps nobody from the rest."""
        stats = self._services.stats
        with contextlib.suppress(PosternError):
            self._queues = await stats.queues()
        if stats.name_servers is not None:
            with contextlib.suppress(Exception):
                self._dns = await asyncio.wait_for(stats.name_servers(), DNS_COUNTS_MAX_SECONDS)

    def collect(self) -> Iterator[Metric]:
        queues, stats = self._queues, self._services.stats
        yield _gauge("postern_waits_active", "Waits in progress.", stats.waits_active)
        counts = queues.outbox.model_dump()
        oldest_seconds = counts.pop("oldest_queued_seconds") or 0
        yield _family(GaugeMetricFamily("postern_outbox_messages", "Mails sent, by state.", labels=["state"]), counts)
        yield _gauge("postern_outbox_oldest_queued_seconds", "Age of the oldest mail not handed over.", oldest_seconds)
        deliveries = GaugeMetricFamily("postern_webhook_deliveries", "Deliveries kept, by state.", labels=["state"])
        yield _family(deliveries, queues.deliveries)
        told = "Age of the oldest delivery not settled."
        yield _gauge("postern_webhook_oldest_pending_seconds", told, queues.oldest_delivery_seconds)
        told = "Tenants whose sending complaints have stopped."
        yield _gauge("postern_sending_stopped_tenants", told, queues.stopped_tenants)
        yield _gauge("postern_audit_sequence", "The number of the last audit line.", queues.audit_seq)
        behind = self._services.shipping.behind
        yield _gauge("postern_audit_checkpoints_unshipped", "Signed checkpoints not kept elsewhere yet.", behind)
        noise = CounterMetricFamily("postern_noise", "What strangers did that was refused.", labels=["kind"])
        yield _family(noise, stats.counters.values)
        yield from self._of_dns()

    def _of_dns(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "postern_dns_answers",
            "Questions answered, by transport, type and code.",
            labels=["over", "type", "code"],
        )
        others = CounterMetricFamily(
            "postern_dns_unanswered", "Questions without a whole answer, by why.", labels=["over", "why"]
        )
        totals: dict[tuple[str, str, str], int] = {}
        missing: dict[tuple[str, str], int] = {}
        for counts in self._dns:
            for over in FRONTS:
                front = counts.get(over, {})
                for name, count in front.get("answers", {}).items():
                    kind, _, code = name.partition("/")
                    totals[over, kind, code] = totals.get((over, kind, code), 0) + count
                for why in UNANSWERED:
                    missing[over, why] = missing.get((over, why), 0) + front.get(why, 0)
        for labels, count in sorted(totals.items()):
            answers.add_metric(labels, count)
        for pair, count in sorted(missing.items()):
            others.add_metric(pair, count)
        yield answers
        yield others
        zones = max((counts.get("zones", 0) for counts in self._dns), default=0)
        yield _gauge("postern_dns_zones", "Zones that are answered for.", zones)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _family(family: Any, values: Any) -> Metric:
    for name, value in sorted(values.items()):
        family.add_metric([name], value)
    return family  # type: ignore[no-any-return]  # as it came
