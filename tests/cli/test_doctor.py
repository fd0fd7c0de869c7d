"""`posternctl doctor`: what is wrong is found, and what to do about it is said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import ManualClock
from daemon.doctor import Health, examine
from daemon.settings import Settings
from tests.cli.support import document, environment, posternctl
from tests.edges.support import a_world
from tests.standins.acs import Azure
from tests.support import RunningDaemon


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningDaemon]:
    running = RunningDaemon(tmp_path / "data", {"DNS_WORKERS": "1"}).start()
    yield running
    if running.process is not None:
        running.stop()


def found(daemon: RunningDaemon, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run it; return its exit code, and the findings by what was looked at."""
    own = {f"POSTERN_{name}": value for name, value in daemon.settings.items()}
    done = posternctl("doctor", "--json", *words, env=environment(POSTERN_DATA_DIR=str(daemon.data_dir), **own))
    return done.returncode, {one["check"]: one for one in document(done)["data"]}


def test_a_healthy_house_is_told_to_be_one(house: RunningDaemon) -> None:
    a_world(house)
    code, findings = found(house)
    assert code == 0
    bad = {check for check, one in findings.items() if one["status"] != "ok"}
    # A test's house has neither, and nobody outside knows of its customer's domain.
    assert bad == {"certificate", "base domain", "delegation of world.customer.test"}
    assert all(findings[check]["fix"] for check in bad)
    assert {"http", "smtp", "dns", "sending", "database", "audit chain"} <= findings.keys()
    assert {"master key", "clock", "disk"} <= findings.keys()


def test_a_daemon_that_is_down_is_told_with_what_to_do(house: RunningDaemon) -> None:
    house.stop()
    code, findings = found(house)
    assert (code, findings["daemon"]["status"]) == (1, "failed")
    assert findings["daemon"]["fix"] == "Start it: posternctl daemon run"
    assert findings["database"]["status"] == "ok"


def test_damage_is_found(house: RunningDaemon) -> None:
    a_world(house)
    house.stop()
    home = house.data_dir
    with closing(sqlite3.connect(home / "postern.db")) as conn:
        conn.execute("DROP TRIGGER audit_no_update")
        conn.execute("UPDATE audit SET line = replace(line, 'ok', 'oK') WHERE seq = 2")
        conn.commit()
    assert "broken at line 2" in found(house)[1]["audit chain"]["detail"]
    home.chmod(0o755)
    (home / "master.key").chmod(0o644)
    findings = found(house)[1]
    assert findings["data directory"]["fix"] == f"chmod 700 {home}"
    assert findings["master.key"]["fix"] == f"chmod 600 {home / 'master.key'}"
    (home / "master.key").unlink()
    assert "keyring recover" in found(house)[1]["master key"]["fix"]
    database = home / "postern.db"
    database.write_bytes(database.read_bytes()[:4096] + b"\xff" * 8192)
    code, findings = found(house)
    assert (code, findings["database"]["status"]) == (1, "failed")
    assert "backup restore" in findings["database"]["fix"]


async def test_a_clock_that_was_put_back_is_found(house: RunningDaemon) -> None:
    a_world(house)
    house.stop()
    told = {one.check: one for one in await examine(Settings(data_dir=house.data_dir), ManualClock(1_600_000_000_000))}
    assert told["clock"].status is Health.FAILED


def test_isolation_tries_every_operation_and_leaves_nothing(house: RunningDaemon) -> None:
    before = house.operator("GET", "/v1/tenants").json["data"]
    code, findings = found(house, "--isolation")
    assert (code, set(findings)) == (0, {"isolation"})
    assert int(findings["isolation"]["detail"].split()[0]) > 20
    assert house.operator("GET", "/v1/tenants").json["data"] == before


def test_the_send_backend_is_tried(tmp_path: Path) -> None:
    with Azure() as azure:
        settings = {"SEND_BACKEND": "acs", "ACS_CONNECTION_STRING": azure.connection_string}
        assert found(RunningDaemon(tmp_path / "data", settings))[1]["sending"]["status"] == "ok"
        settings["ACS_DEFAULT_SENDER"] = "agents@example.com"
        warned = found(RunningDaemon(tmp_path / "data", settings))[1]["sending"]
        assert (warned["status"], "agents@example.com" in warned["detail"]) == ("warning", True)
        azure.key = "AAAA"
        code, findings = found(RunningDaemon(tmp_path / "data", settings))
        assert (code, findings["sending"]["status"]) == (1, "failed")
        assert "POSTERN_ACS_CONNECTION_STRING" in findings["sending"]["detail"]
    settings |= {"ACS_EMAIL_SERVICE": "/subscriptions/x"}
    assert "unset one" in found(RunningDaemon(tmp_path / "data", settings))[1]["sending"]["detail"]
