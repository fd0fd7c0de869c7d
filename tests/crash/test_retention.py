from __future__ import annotations

import smtplib
import sqlite3
from pathlib import Path

from daemon.service.housekeeping import BATCH_MESSAGES
from tests.crash.launcher import SWEEPING, launcher
from tests.crash.load import World
from tests.crash.proof import prove_file
from tests.support import REQUEST_MAX_SECONDS, STOP_MAX_SECONDS, RunningDaemon, mail

REST = 50
OLD = BATCH_MESSAGES + REST  # two batches
DAYS_LATER = 3
LOOKS_MAX = 2_000


def test_a_sweep_cut_short_between_two_batches_is_finished_by_the_next_and_blocks_no_mail(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data", {"RETENTION_DAYS": "1"}).start()
    world = World.settle(daemon, mailboxes=1)
    address = world.addresses[0]
    with smtplib.SMTP(*daemon.smtp, timeout=REQUEST_MAX_SECONDS) as server:
        for _ in range(OLD):
            server.sendmail("a@foreign.test", [address], mail(address, text="A curlew called.\n"))
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
