"""The audit log as operators read and prove it."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from daemon.api.audit import (
    AuditCheckpoint,
    AuditHash,
    AuditHashRequest,
    AuditLine,
    AuditQuery,
    AuditVerification,
)
from daemon.api.common import PageQuery
from daemon.audit import GENESIS, Verdict, checkpoint, keyed_hash, verify
from daemon.clock import iso, parse_iso
from daemon.errors import Code, PosternError, not_found
from daemon.events import Event
from daemon.keys import KeyringError, load_keyring
from daemon.service.context import Call, Done, Listed
from daemon.service.mutations import Change
from daemon.service.tools import Service, Tools
from daemon.store import audit
from daemon.store import keyring as keyring_table
from daemon.store.audit import AuditRow, CheckpointRow
from daemon.store.database import Tx, connect_read_only

WATCH_EVERY_SECONDS = 3600
CHECKPOINTS = "checkpoints"  # the topic that tells of one more

log = logging.getLogger("postern.audit")


class Auditing(Service):
    """The noun `audit`."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.last_verdict: Verdict | None = None

    async def list(self, call: Call, query: AuditQuery) -> Listed[AuditLine]:
        """List lines newest first, or upwards from `after_seq`."""
        position = self._cursors.before("audit", query)
        upwards = query.after_seq is not None
        filters = {"tenant": query.tenant, "action": query.action, "value": query.value}
        before = None if upwards else position
        after = position if upwards and position is not None else query.after_seq
        rows = await self._database.read(
            lambda conn: audit.listing(conn, filters, before_seq=before, after_seq=after, limit=query.limit + 1)
        )
        return self._cursors.listed("audit", query, rows, lambda row: row.seq, shown_line)

    async def get(self, call: Call, seq: str) -> AuditLine:
        number = int(seq) if seq.isascii() and seq.isdecimal() and len(seq) < 19 else 0
        row = await self._database.read(lambda conn: audit.get(conn, number))
        if row is None:
            raise not_found("audit line")
        return shown_line(row)

    async def verify(self, call: Call) -> AuditVerification:
        """Check the whole chain, on a thread and a connection of its own."""
        verdict = await asyncio.to_thread(self._verify)
        return shown_verdict(verdict)

    async def watch(self) -> None:
        """Check the chain at the start and every hour after, for `/readyz` and the log to tell of."""
        while True:
            try:
                verdict = await asyncio.to_thread(self._verify)
            except Exception:
                log.exception("audit check failed")
                verdict = None
            if verdict is not None and not verdict.ok:
                log.error("audit chain broken", extra={"seq": verdict.first_bad_seq, "reason": verdict.reason})
            await asyncio.sleep(WATCH_EVERY_SECONDS)

    async def hash(self, call: Call, request: AuditHashRequest) -> AuditHash:
        """Return the keyed hash under which the log names an address or a key."""
        return AuditHash(hash=keyed_hash(self._keyring, request.value))

    async def checkpoints(self, call: Call, query: PageQuery) -> Listed[AuditCheckpoint]:
        before = self._cursors.before("checkpoints", query)
        rows = await self._database.read(lambda conn: audit.checkpoints(conn, before, query.limit + 1))
        return self._cursors.listed("checkpoints", query, rows, lambda row: row.id, shown_checkpoint)

    async def checkpoint(self, call: Call) -> Done[AuditCheckpoint]:
        """Sign the log as it stands; the line that tells of it comes after."""

        def change(tx: Tx) -> Change[AuditCheckpoint]:
            row = checkpoint(tx, self._keyring)
            if row is None:
                raise PosternError(Code.CONFLICT, "The audit log is empty: there is nothing to sign yet.")
            tx.on_commit(lambda: self._bus.publish(Event(CHECKPOINTS, "signed")))
            return Change(data=shown_checkpoint(row), target=f"checkpoint:{row.id}", tenant=None)

        return await self._mutations.run(call, "audit:checkpoint", change)

    async def checkpoint_if_grown(self, by_lines: int) -> None:
        """Sign a checkpoint when the log has grown by so many lines since the last one."""

        def change(tx: Tx) -> None:
            last, head = audit.last_checkpoint(tx.conn), audit.head(tx.conn)
            if head is not None and head.seq - (last.size if last else 0) >= by_lines:
                checkpoint(tx, self._keyring)
                tx.on_commit(lambda: self._bus.publish(Event(CHECKPOINTS, "signed")))

        await self._database.write(change)

    def _verify(self) -> Verdict:
        conn = connect_read_only(self._database.path)
        try:
            self.last_verdict = verify(conn, self._keyring)
        finally:
            conn.close()
        return self.last_verdict


def verify_offline(home: Path, database: Path, kept: Path | None) -> AuditVerification:
    """Check the log of a data directory without a daemon. Raises `OSError` or `ValueError` when it cannot be read."""
    if not database.exists():
        raise FileNotFoundError(f"{database} is not there. Name the data directory with --data-dir.")
    conn = connect_read_only(database)
    try:
        keyring = load_keyring(home, keyring_table.check_values(conn))
        return shown_verdict(verify(conn, keyring, None if kept is None else _kept_checkpoint(kept)))
    except (sqlite3.DatabaseError, KeyringError) as problem:
        raise ValueError(f"{database} cannot be checked: {problem}") from None
    finally:
        conn.close()


def _kept_checkpoint(path: Path) -> CheckpointRow:
    try:
        shown = AuditCheckpoint.model_validate_json(path.read_bytes())
    except ValidationError:
        raise ValueError(
            f"{path} is no checkpoint: it holds one as `posternctl audit checkpoint --json` prints it"
        ) from None
    return CheckpointRow(
        size=shown.size,
        head=shown.head,
        created_ms=parse_iso(shown.time),
        key_id=shown.key_id,
        public_key=shown.public_key,
        signature=shown.signature,
    )


def shown_verdict(verdict: Verdict) -> AuditVerification:
    """Return a verdict as it is told."""
    return AuditVerification(
        ok=verdict.ok,
        lines=verdict.lines,
        head=verdict.head or GENESIS,
        checkpoints=verdict.checkpoints,
        first_bad_seq=verdict.first_bad_seq,
        reason=verdict.reason,
    )


def shown_line(row: AuditRow) -> AuditLine:
    return AuditLine(seq=row.seq, line=row.line, prev=row.prev, hash=row.hash, entry=_entry(row.line))


def _entry(line: str) -> dict[str, Any]:
    """Return a line's fields; one that somebody mangled is still shown, as far as it can be."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def shown_checkpoint(row: CheckpointRow) -> AuditCheckpoint:
    """Return a checkpoint as it is told."""
    return AuditCheckpoint(
        id=row.id or 0,
        size=row.size,
        head=row.head,
        time=iso(row.created_ms),
        key_id=row.key_id,
        public_key=row.public_key,
        signature=row.signature,
    )
