from __future__ import annotations

import http.client
import json
import smtplib
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from daemon.app import SHUTDOWN_GRACE_SECONDS
from daemon.backends.receive.embedded import STOP_GRACE_SECONDS
from tests.crash.launcher import launcher
from tests.crash.load import Kept, Load, World
from tests.crash.proof import prove
from tests.support import REQUEST_MAX_SECONDS, RunningDaemon, mail

GRACE_MAX_SECONDS = SHUTDOWN_GRACE_SECONDS + STOP_GRACE_SECONDS


def test_sigterm_under_load_ends_within_its_grace_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data").start()
    world, kept = World.settle(daemon), Kept()
    process, control = daemon.process, Path(daemon.ready["socket"])
    assert process is not None
    Load(daemon, world, kept, seed=11, strike=process.terminate, after=40).run()
    assert process.wait(GRACE_MAX_SECONDS) == 0
    assert not control.exists()
    assert not daemon.database.with_name("postern.db-wal").exists()
    daemon.kill()
    daemon.start()
    prove(daemon, world, kept)
    assert kept.mails
    assert kept.mailboxes
    assert daemon.stop() == 0


def test_a_mail_in_hand_when_the_stop_comes_is_kept_and_answered(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data").start()
    world = World.settle(daemon, mailboxes=1)
    address = world.addresses[0]
    slow = mail(address, text="x" * 3_000_000 + "\r\n")  # parsed in a process of its own: some tenths of a second
    with closing(smtplib.SMTP(*daemon.smtp, timeout=REQUEST_MAX_SECONDS)) as server:  # whose end may be said twice
        server.helo()
        for command in ("MAIL FROM:<a@foreign.test>", f"RCPT TO:<{address}>", "DATA"):
            server.docmd(command)
        server.send(slow + b".\r\n")
        assert daemon.process is not None
        daemon.process.terminate()
        code, _ = server.getreply()
    assert daemon.process.wait(GRACE_MAX_SECONDS) == 0
    daemon.kill()
    daemon.start()
    listed = daemon.call("GET", f"/v1/inboxes/{address}/messages", key=world.wide).json["data"]
    assert (code, len(listed)) in ((250, 1), (421, 0))
    assert daemon.stop() == 0


@pytest.fixture
def stopping(tmp_path: Path) -> RunningDaemon:
    return RunningDaemon(tmp_path / "data", launcher=launcher()).start()


def test_a_stop_answers_every_wait_and_says_goodbye_to_idle_sessions(stopping: RunningDaemon) -> None:
    world = World.settle(stopping, mailboxes=1)
    answers: list[tuple[int, str]] = []
    connection = stopping.connection()
    body = json.dumps({"timeout_seconds": 60})
    headers = {"Authorization": f"Bearer {world.wide}", "Content-Type": "application/json"}
    connection.request("POST", f"/v1/inboxes/{world.addresses[0]}/wait", body, headers)

    def answered(waiting: http.client.HTTPConnection) -> None:
        response = waiting.getresponse()
        answers.append((response.status, json.loads(response.read())["error"]["code"]))

    waiter = threading.Thread(target=answered, args=(connection,))
    waiter.start()
    with socket.create_connection(stopping.smtp, timeout=REQUEST_MAX_SECONDS) as idle:
        lines = idle.makefile("rb")
        assert lines.readline().startswith(b"220 ")
        while stopping.operator("GET", "/v1/stats").json["waits_active"] < 1:
            pass
        assert stopping.stop() == 0
        assert lines.readline().startswith(b"421 ")
        assert lines.readline() == b""
        lines.close()
    waiter.join(REQUEST_MAX_SECONDS)
    connection.close()
    assert answers == [(503, "backend_unavailable")]
