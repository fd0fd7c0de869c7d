from __future__ import annotations

import smtplib
import sqlite3
from pathlib import Path

import pytest

from daemon.service.housekeeping import BATCH_MESSAGES
from daemon.service.mailboxes.inbox_removal import STEP_MESSAGES
from tests.crash.launcher import REMOVING, SWEEPING, launcher
from tests.crash.load import World
from tests.crash.proof import DELETED_COUNT, prove_file
from tests.support import REQUEST_MAX_SECONDS, STOP_MAX_SECONDS, RunningDaemon, mail

REST = 50
OLD = BATCH_MESSAGES + REST  # two batches
DAYS_LATER = 3
LOOKS_MAX = 2_000


def test_a_sweep_cut_short_between_two_batches_is_finished_by_the_next_and_blocks_no_mail(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data", {"RETENTION_DAYS": "1"}).start()
    world = World.settle(daemon, mailboxes=1)
    address = world.addresses[0]
    _fill(daemon, address, OLD)
    assert daemon.stop() == 0

    cut = RunningDaemon(tmp_path / "data", daemon.settings, launcher(SWEEPING, 2, DAYS_LATER))
    cut.start()
    assert cut.process is not None
    assert cut.process.wait(STOP_MAX_SECONDS) < 0
    cut.kill()
    assert _count(daemon.database, "messages") == REST

    later = RunningDaemon(tmp_path / "data", daemon.settings, launcher(days=DAYS_LATER)).start()
    later.deliver(address, mail(address, subject="New"))
    assert _settles(later, address, ["New"])
    assert _count(later.database, "raws") == 1
    assert _count(later.database, "messages_fts WHERE messages_fts MATCH 'curlew'") == 0
    lines = later.operator("GET", "/v1/audit?action=system:message:retire").json["data"]
    assert sorted(line["entry"]["target"] for line in lines) == [
        f"messages:{BATCH_MESSAGES}",
        f"messages:{REST}",
    ]
    prove_file(later)
    assert later.stop() == 0


@pytest.mark.parametrize("noun", ["inboxes", "tenants"])
def test_a_deletion_cut_short_is_visible_and_finished_after_the_next_start(tmp_path: Path, noun: str) -> None:
    daemon = RunningDaemon(tmp_path / "data", launcher=launcher(REMOVING, 3)).start()
    world = World.settle(daemon, mailboxes=1)
    address = world.addresses[0]
    _fill(daemon, address, 2 * STEP_MESSAGES + REST)
    tenant = daemon.operator("GET", "/v1/tenants").json["data"][0]["id"]
    path = f"/v1/inboxes/{address}" if noun == "inboxes" else f"/v1/tenants/{tenant}?confirm={tenant}"
    deleted = daemon.operator("DELETE", path, headers={"Prefer": "receipt"})
    assert (deleted.status, deleted.json["audit"]["outcome"]) == (200, "ok")
    assert daemon.process is not None
    assert daemon.process.wait(STOP_MAX_SECONDS) < 0
    daemon.kill()
    assert _count(daemon.database, "messages") == REST

    later = RunningDaemon(tmp_path / "data", daemon.settings).start()
    assert later.operator("GET", f"/v1/{noun}").json["data"] == []
    assert later.operator("DELETE", path).status == 404
    tables = ("messages", "raws", "threads", "inboxes", "messages_fts WHERE messages_fts MATCH 'curlew'")
    gone = tables if noun == "inboxes" else (*tables, "agents", "enrollment_keys", "tenants")
    assert any(not any(_count(later.database, one) for one in gone) for _ in range(LOOKS_MAX))
    action = f"socket:{'inbox' if noun == 'inboxes' else 'tenant'}:delete"
    lines = later.operator("GET", f"/v1/audit?action={action}").json["data"]
    assert [line["entry"]["outcome"] for line in lines] == ["ok"]
    prove_file(later, but=DELETED_COUNT)
    assert later.stop() == 0


def _fill(daemon: RunningDaemon, address: str, count: int) -> None:
    with smtplib.SMTP(*daemon.smtp, timeout=REQUEST_MAX_SECONDS) as server:
        for _ in range(count):
            server.sendmail("a@foreign.test", [address], mail(address, text="A curlew called.\n"))


def _settles(daemon: RunningDaemon, address: str, subjects: list[str]) -> bool:
    """Look until the mailbox holds just that."""
    for _ in range(LOOKS_MAX):
        listed = daemon.operator("GET", f"/v1/inboxes/{address}/messages").json["data"]
        if [one["subject"] for one in listed] == subjects:
            return True
    return False


def _count(database: Path, what: str) -> int:
    conn = sqlite3.connect(database)
    try:
        return int(conn.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
    finally:
        conn.close()
