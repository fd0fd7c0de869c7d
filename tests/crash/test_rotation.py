"""A power cut in the middle of a key rotation: the next daemon goes on where this one was, and DNS agrees."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

from tests.crash.launcher import AROUND_A_ROTATION, launcher
from tests.crash.proof import prove_file
from tests.edges.support import looked_up, until
from tests.support import STOP_MAX_SECONDS, RunningDaemon

NAME = "bought.test"
SETTINGS = {"DNS_WORKERS": "1", "RESOLVER": "127.0.0.1:1"}
# After how many days a step is due, and how the keys stand when it was taken.
STEPS = (
    (0, ["signing", "signing"]),
    (91, ["published", "published", "signing", "signing"]),
    (92, ["kept", "kept", "signing", "signing"]),
    (100, ["signing", "signing"]),
)


def stored(daemon: RunningDaemon) -> list[tuple[str, str]]:
    return sorted(looked_up(daemon, "SELECT state, selector FROM dkim_keys"))


def states(daemon: RunningDaemon) -> list[str]:
    return [state for state, _ in stored(daemon)]


def is_answered(daemon: RunningDaemon, selector: str) -> bool:
    host, _, port = daemon.ready["dns"].rpartition(":")
    query = dns.message.make_query(f"{selector}._domainkey.{NAME}", "TXT")
    return bool(dns.query.tcp(query, host, port=int(port), timeout=10).answer)


def days_later(daemon: RunningDaemon, days: int, point: str = "nowhere") -> RunningDaemon:
    return RunningDaemon(daemon.data_dir, SETTINGS, launcher=launcher(point, 1, days))


@pytest.mark.parametrize(
    ("step", "point"),
    [*((1, point) for point in AROUND_A_ROTATION), (2, AROUND_A_ROTATION[1]), (3, AROUND_A_ROTATION[2])],
)
def test_a_rotation_that_was_cut_off_goes_on(tmp_path: Path, step: int, point: str) -> None:
    daemon = RunningDaemon(tmp_path / "data", SETTINGS).start()
    body = {"name": NAME, "tenant_id": daemon.tenant(), "mode": "purchased"}
    assert daemon.operator("POST", "/v1/domains", body).status == 201
    assert daemon.operator("POST", f"/v1/domains/{NAME}/advance").status == 200
    for days, wanted in STEPS[1:step]:
        daemon.kill()
        daemon = days_later(daemon, days).start()
        until(lambda: states(daemon) == wanted)  # noqa: B023
    before = {selector for _, selector in stored(daemon)}
    daemon.kill()

    days, wanted = STEPS[step]
    daemon = days_later(daemon, days, point)
    with contextlib.suppress(RuntimeError):  # it may die before it has said that it is ready
        daemon.start()
    assert daemon.process is not None
    assert daemon.process.wait(STOP_MAX_SECONDS) == -signal.SIGKILL
    daemon.kill()

    restarted = days_later(daemon, days).start()
    until(lambda: states(restarted) == wanted)
    now = {selector for _, selector in stored(restarted)}
    until(lambda: all(is_answered(restarted, selector) for selector in now))
    until(lambda: not any(is_answered(restarted, selector) for selector in before - now))
    sealed = looked_up(restarted, "SELECT state FROM dkim_keys WHERE sealed IS NOT NULL ORDER BY state")
    assert [state for (state,) in sealed] == [state for state in wanted if state != "kept"]
    prove_file(restarted)
    assert restarted.stop() == 0
