"""Checkpoints are kept elsewhere: in a file and at a URL, each once and in order, whatever happens meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import data, posternctl
from tests.edges.support import a_world, metric, until
from tests.receiver import Receiver
from tests.support import RunningDaemon


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def daemon(tmp_path: Path, receiver: Receiver) -> Iterator[RunningDaemon]:
    settings = {
        "CHECKPOINT_FILE": str(tmp_path / "kept.jsonl"),
        "CHECKPOINT_URL": receiver.url,
        "WEBHOOK_ALLOW": "loopback",
    }
    running = RunningDaemon(tmp_path / "data", settings).start()
    yield running
    running.stop()


def signed(daemon: RunningDaemon) -> int:
    return int(daemon.operator("POST", "/v1/audit/checkpoints").json["size"])


def kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_each_checkpoint_is_kept_and_proves(daemon: RunningDaemon, receiver: Receiver, tmp_path: Path) -> None:
    a_world(daemon)
    sizes = [signed(daemon), signed(daemon)]
    file = tmp_path / "kept.jsonl"
    until(lambda: daemon.operator("GET", "/v1/stats").status == 200 and len(kept(file)) == 2)
    assert [one["size"] for one in kept(file)] == sizes
    assert file.stat().st_mode & 0o777 == 0o600
    arrived = [receiver.arrivals.get(timeout=30) for _ in sizes]
    assert [json.loads(one.body)["size"] for one in arrived] == sizes
    assert {one.headers["X-Postern-Event"] for one in arrived} == {"audit.checkpoint"}
    (last := tmp_path / "last.json").write_text(json.dumps(kept(file)[-1]))
    words = ("audit", "verify", "--checkpoint", str(last), "--data-dir", str(daemon.data_dir), "--json")
    assert data(posternctl(*words))["ok"]


def test_a_torn_line_is_written_again_and_none_twice(daemon: RunningDaemon, tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    a_world(daemon)
    first = signed(daemon)
    until(lambda: daemon.operator("GET", "/v1/stats").status == 200 and len(kept(file)) == 1)
    daemon.kill()
    whole = file.read_text()
    file.write_text(whole + whole[:40])
    daemon.start()
    second = signed(daemon)
    until(lambda: daemon.operator("GET", "/v1/stats").status == 200 and file.read_text().count("\n") == 3)
    lines = file.read_text().splitlines()
    assert [json.loads(lines[0])["size"], json.loads(lines[2])["size"]] == [first, second]


def test_what_does_not_arrive_is_told(daemon: RunningDaemon, receiver: Receiver) -> None:
    a_world(daemon)
    receiver.reply = 500
    size = signed(daemon)
    until(lambda: metric(daemon, "postern_audit_checkpoints_unshipped") == 1)
    receiver.reply = 200
    signed(daemon)  # which has it look again
    until(lambda: metric(daemon, "postern_audit_checkpoints_unshipped") == 0)
    arrived = [json.loads(receiver.arrivals.get(timeout=30).body)["size"] for _ in range(2)]
    assert arrived[0] == size
