"""From the receiving server's 250 to the code in the agent's hand, for each receive backend; and what watching costs.

    python -m benchmarks.backends [--samples 20] [--mailboxes 200] [embedded] [imap] [wildduck]

`ours` is the part after the moment in which somebody else who watches the same mailbox, by IDLE or by the stream of
changes, is told of the mail: what comes before it is the server's own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from imapclient import IMAPClient

from benchmarks.rig import workshop
from tests.edges.support import background, until, waits_active
from tests.interop.dovecot import PASSWORD
from tests.interop.receive_rigs import CatchAll, Ducks, Rig, rig
from tests.interop.wildduck_server import TOKEN
from tests.support import RunningDaemon, mail

BACKENDS = ("embedded", "imap", "wildduck")
CREATORS = 8
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Sample:
    """Seconds from the server's 250: until the agent has its code, and the part of it that is ours."""

    whole: float
    ours: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--mailboxes", type=int, default=200)
    parser.add_argument("backends", nargs="*", default=BACKENDS)
    given = parser.parse_args()
    print(f"{'backend':10} {'whole p50':>10} {'p90':>8} {'ours p50':>10} {'p90':>8}   {'a mailbox':>10}")
    for name in given.backends:
        with workshop() as home:
            _measure(name, home, given.samples, given.mailboxes)


def _measure(name: str, home: Path, samples: int, mailboxes: int) -> None:
    with rig(name, home) as server:
        daemon = RunningDaemon(home / "data", server.settings()).start()
        try:
            key = str(daemon.agent(max_mailboxes=mailboxes + samples + 1)["agent_key"])
            taken = [_sample(daemon, server, key) for _ in range(samples)]
            kib = _per_mailbox_kib(daemon, key, mailboxes)
        finally:
            daemon.stop()
    told = [f"{_percentile([getattr(one, part) for one in taken], at) * 1000:8.1f}" for part, at in _COLUMNS]
    print(f"{name:10} {told[0]:>8}ms {told[1]}ms {told[2]:>8}ms {told[3]}ms {kib:8.1f}KiB", flush=True)


_COLUMNS = (("whole", 50), ("whole", 90), ("ours", 50), ("ours", 90))


def _sample(daemon: RunningDaemon, server: Rig, key: str) -> Sample:
    address = str(daemon.inbox(key)["address"])
    told = _observer(server, address)
    waiting = background(lambda: _waited(daemon, address, key))
    until(lambda: waits_active(daemon) == 1)
    server.deliver(daemon, address, mail(address))
    accepted = time.perf_counter()
    woken = waiting.result(WAIT_SECONDS)
    noticed = told()
    return Sample(max(0.0, woken - accepted), max(0.0, woken - (noticed or accepted)))


def _waited(daemon: RunningDaemon, address: str, key: str) -> float:
    body = {"timeout_seconds": WAIT_SECONDS}
    found = daemon.call("POST", f"/v1/inboxes/{address}/wait", body, key=key)
    woken = time.perf_counter()
    assert found.json["extracted"]["otp_code"] == "482913"
    return woken


def _observer(server: Rig, address: str) -> Callable[[], float | None]:
    """Watch as somebody else would; return what tells when that one was told of the mail, None where nobody can."""
    if isinstance(server, CatchAll):
        return _idling(server.server.imap)
    if isinstance(server, Ducks):
        return _streaming(server, address)
    return lambda: None


def _idling(port: int) -> Callable[[], float]:
    client = IMAPClient("127.0.0.1", port, ssl=False)
    client.login("catchall", PASSWORD)
    client.select_folder("INBOX")
    client.idle()

    def watch() -> float:
        while not any(b"EXISTS" in told for told in client.idle_check(WAIT_SECONDS)):
            pass
        return time.perf_counter()

    noticed = background(watch)

    def told() -> float:
        moment = noticed.result(WAIT_SECONDS)
        client.idle_done()
        client.logout()
        return moment

    return told


def _streaming(server: Ducks, address: str) -> Callable[[], float]:
    user = server.server.ask("GET", f"/addresses/resolve/{address}")["user"]
    connection = HTTPConnection("127.0.0.1", server.server.ports["api"], timeout=WAIT_SECONDS)
    connection.request("GET", f"/users/{user}/updates", headers={"X-Access-Token": TOKEN})
    stream, listening = connection.getresponse(), threading.Event()

    def watch() -> float:
        for line in stream:
            listening.set()
            if json.dumps("EXISTS").encode() in line:
                return time.perf_counter()
        raise AssertionError("the stream ended")

    noticed = background(watch)
    listening.wait(WAIT_SECONDS)

    def told() -> float:
        moment = noticed.result(WAIT_SECONDS)
        connection.close()
        return moment

    return told


def _per_mailbox_kib(daemon: RunningDaemon, key: str, count: int) -> float:
    before = _rss_kib(daemon)
    with ThreadPoolExecutor(CREATORS) as pool:
        list(pool.map(lambda _: daemon.inbox(key), range(count)))
    return (_rss_kib(daemon) - before) / count


def _rss_kib(daemon: RunningDaemon) -> int:
    words = ["ps", "-o", "rss=", "-p", str(daemon.ready["pid"])]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main()
