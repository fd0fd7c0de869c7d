"""The proof that nothing acknowledged is lost and nothing is half-written, through the API and in the file."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.crash.load import Kept, World
from tests.support import RunningDaemon, as_sent

DELETED_COUNT = "keys that count wrongly"  # deleting a mailbox refunds nothing
ORPHANS = {
    "messages without raw bytes": "SELECT count(*) FROM messages WHERE raw_id NOT IN (SELECT id FROM raws)",
    "raw bytes without a message": "SELECT count(*) FROM raws WHERE id NOT IN (SELECT raw_id FROM messages)",
    "threads without a message": "SELECT count(*) FROM threads WHERE id NOT IN (SELECT thread_id FROM messages)",
    "messages without an event": (
        "SELECT count(*) FROM messages WHERE direction = 'inbound' AND id NOT IN (SELECT subject_id FROM events)"
    ),
    "sent mail without its place in the outbox": (
        "SELECT count(*) FROM messages WHERE direction = 'outbound' AND id NOT IN (SELECT message_id FROM outbox)"
    ),
    "recipients that count wrongly": (
        "SELECT count(*) FROM outbox WHERE NOT EXISTS"
        " (SELECT 1 FROM outbox_recipients WHERE message_id = outbox.message_id)"
    ),
    "mailboxes without a line": (
        "SELECT count(*) FROM inboxes WHERE id NOT IN"
        " (SELECT line ->> '$.target' FROM audit WHERE line ->> '$.action' LIKE '%:inbox:create')"
    ),
    DELETED_COUNT: (
        "SELECT count(*) FROM enrollment_keys AS k WHERE used_count > max_mailboxes OR used_count <>"
        " (SELECT count(*) FROM inboxes WHERE enrollment_key_id = k.id)"
    ),
}


def prove(daemon: RunningDaemon, world: World, kept: Kept) -> None:
    """Check a daemon that was started again against what its clients were told."""
    prove_file(daemon)
    stored = {item["id"]: item["subject"] for address in world.addresses for item in _messages(daemon, world, address)}
    times = Counter(stored.values())
    lost = {token: times[token] for token in kept.mails if times[token] != 1}
    assert not lost, f"acknowledged, and stored so many times: {lost}"
    stray = {token: count for token, count in times.items() if count != 1 or token not in kept.tried_mails}
    assert not stray, f"stored twice, or never sent: {stray}"
    assert kept.waited <= stored.keys()
    _prove_bytes(daemon, world, kept, stored)
    _prove_mailboxes(daemon, world, kept)


def prove_file(daemon: RunningDaemon, *, but: str = "") -> None:
    """Check the database file, its search index and the audit chain while the daemon runs, `but` one of the orphans."""
    conn = sqlite3.connect(daemon.database)
    try:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        conn.execute("INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)")
        counts = {what: conn.execute(query).fetchone()[0] for what, query in ORPHANS.items() if what != but}
        assert not any(counts.values()), counts
    finally:
        conn.close()
    checked = subprocess.run(
        [sys.executable, "-P", "-m", "daemon", "audit-verify"],
        env=daemon.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout)["ok"] is True


def pages(daemon: RunningDaemon, path: str, key: str) -> Iterator[dict[str, Any]]:
    """Yield every item of a list."""
    cursor = ""
    while True:
        answer = daemon.call("GET", f"{path}?limit=200{cursor}", key=key)
        assert answer.status == 200, answer.body
        yield from answer.json["data"]
        if answer.json["next_cursor"] is None:
            return
        cursor = f"&cursor={answer.json['next_cursor']}"


def _messages(daemon: RunningDaemon, world: World, address: str) -> Iterator[dict[str, Any]]:
    return pages(daemon, f"/v1/inboxes/{address}/messages", world.wide)


def _prove_bytes(daemon: RunningDaemon, world: World, kept: Kept, stored: dict[str, str]) -> None:
    """The last few: those that were near the crash."""
    last = set(list(kept.mails)[-10:])
    for message_id, token in stored.items():
        if token in last:
            raw = daemon.call("GET", f"/v1/messages/{message_id}/raw", key=world.wide)
            assert as_sent(raw.body) == kept.mails[token]


def _prove_mailboxes(daemon: RunningDaemon, world: World, kept: Kept) -> None:
    """Each acknowledged one is there with its line; asking again for one that was not makes it once."""
    for client_id, (mailbox_id, seq) in kept.mailboxes.items():
        line = daemon.operator("GET", f"/v1/audit/{seq}").json["entry"]
        assert (line["target"], line["outcome"], line["action"]) == (mailbox_id, "ok", "rest:inbox:create"), client_id
    for client_id in kept.tried_mailboxes.keys() - kept.mailboxes.keys():
        key = kept.tried_mailboxes[client_id]
        answer = daemon.call("POST", "/v1/inboxes", {"client_id": client_id}, key=key)
        if answer.status == 409:
            assert key == world.narrow
            continue
        assert answer.status in (200, 201), answer.body
        kept.mailboxes[client_id] = (answer.json["id"], int(answer.headers["X-Postern-Audit"]))
    narrow = {item["id"] for item in pages(daemon, "/v1/inboxes", world.narrow)}
    wide = {item["id"] for item in pages(daemon, "/v1/inboxes", world.wide)}
    assert len(narrow) <= world.narrow_max
    told = Counter(mailbox_id for mailbox_id, _ in kept.mailboxes.values())
    assert set(told.values()) <= {1}
    assert narrow | wide == told.keys() | {item["id"] for item in _settled(daemon, world)}


def _settled(daemon: RunningDaemon, world: World) -> Iterator[dict[str, Any]]:
    for address in world.addresses:
        yield daemon.call("GET", f"/v1/inboxes/{address}", key=world.wide).json
