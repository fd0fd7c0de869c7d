"""Metrics tell what happened, in Prometheus's text, and nothing that anybody could fill up with names."""

from __future__ import annotations

import socket
import struct

from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Start
from tests.edges.support import a_world, answer_of, audit_head, background, until, waiting
from tests.support import RunningDaemon

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(daemon: RunningDaemon) -> Samples:
    """Return every sample, by its name and labels."""
    answer = daemon.call("GET", "/metrics")
    assert answer.status == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def grown(after: Samples, before: Samples, name: str, **labels: str) -> float:
    at = name, tuple(sorted(labels.items()))
    return after.get(at, 0) - before.get(at, 0)


def asked(daemon: RunningDaemon, name: str) -> bytes:
    """Ask the daemon's name server for an address."""
    host, _, port = daemon.ready["dns"].rpartition(":")
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.sendto(
            struct.pack(">6H", 7, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1), (host, int(port))
        )
        return client.recv(512)


def test_what_happens_is_counted_and_timed(daemon: RunningDaemon) -> None:
    world, before = a_world(daemon), scraped(daemon)
    wait = waiting(daemon, world.address, world.agent_key)
    assert scraped(daemon)["postern_waits_active", ()] == before["postern_waits_active", ()] + 1
    daemon.deliver(world.address)
    assert not answer_of(wait).json["timed_out"]
    vain = {"timeout_seconds": 0}
    assert daemon.call("POST", f"/v1/inboxes/{world.address}/wait", vain, key=world.agent_key).json["timed_out"]
    after = scraped(daemon)
    assert grown(after, before, "postern_mail_received_seconds_count") == 1
    assert grown(after, before, "postern_wait_woken_seconds_count") == 1
    assert 0 <= grown(after, before, "postern_wait_woken_seconds_sum") < 60
    assert grown(after, before, "postern_waits_total", outcome="matched") == 1
    assert grown(after, before, "postern_waits_total", outcome="timed_out") == 1
    route = "/v1/inboxes/{addr}/wait"
    assert grown(after, before, "postern_http_request_seconds_count", method="POST", route=route, status="200") == 2
    assert after["postern_audit_sequence", ()] == audit_head(daemon)


def test_posts_to_webhooks_are_timed_and_their_queue_is_told(daemon: RunningDaemon) -> None:
    world = a_world(daemon)
    before = scraped(daemon)
    tested = background(lambda: daemon.call("POST", f"/v1/webhooks/{world.webhook}/test", key=world.agent_key))
    assert answer_of(tested).status in (200, 201, 202)
    until(lambda: grown(scraped(daemon), before, "postern_webhook_posted_seconds_count", outcome="failed") >= 1)
    daemon.deliver(world.address)
    until(lambda: scraped(daemon).get(("postern_webhook_deliveries", (("state", "pending"),)), 0) >= 1)


def test_dns_answers_are_counted(start: Start) -> None:
    daemon = start(DNS_WORKERS="1")
    before = scraped(daemon)
    assert before["postern_dns_zones", ()] >= 1
    asked(daemon, "mx.postern.test")
    asked(daemon, "elsewhere.example")
    after = scraped(daemon)
    assert grown(after, before, "postern_dns_answers_total", over="udp", type="A", code="NOERROR") == 1
    assert grown(after, before, "postern_dns_answers_total", over="udp", type="A", code="REFUSED") == 1


def test_strangers_make_no_names(daemon: RunningDaemon) -> None:
    """Neither paths nor methods that somebody made up become labels."""
    for number in range(20):
        daemon.call("GET", f"/nothing/{number}")
        daemon.call(f"METHOD{number}", "/v1/inboxes")
    names = {labels for name, labels in scraped(daemon) if name == "postern_http_request_seconds_count"}
    told = {dict(labels)["method"] for labels in names}
    assert not any(method.startswith("METHOD") for method in told)
    assert not any("nothing" in dict(labels)["route"] for labels in names)
