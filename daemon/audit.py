"""The audit log: a chained line inside the caller's transaction, signed checkpoints, and the proof.

`hash = SHA-256(domain tag ‖ prev ‖ line bytes)`, over the bytes that are stored. The log shows any change to a line,
any removal in the middle and any reordering. That lines were cut off its end, or that the whole of it was rewritten,
shows only against a checkpoint that was kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass

from daemon.api.common import AuditRef
from daemon.clock import iso
from daemon.keys import Keyring, signature_holds
from daemon.store import audit as table
from daemon.store.audit import AuditRow, CheckpointRow
from daemon.store.database import Tx

LINE_TAG = b"postern audit line 1\x00"
CHECKPOINT_TAG = b"postern audit checkpoint 1\x00"
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it."""

    type: str
    id: str
    key_id: str | None = None

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a line tells. `value` is the keyed hash of an address or key; never a body."""

    request_id: str
    tenant: str | None
    actor: Actor
    source: str
    effect: str
    target: str | None
    outcome: str = "ok"
    reason: str | None = None
    src_ip: str | None = None
    value: str | None = None

    @property
    def action(self) -> str:
        """Return `source:subject:verb`."""
        return f"{self.source}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check of the chain."""

    lines: int
    head: str
    checkpoints: int
    first_bad_seq: int | None = None
    reason: str | None = None

    @property
    def ok(self) -> bool:
        return self.reason is None


def append(tx: Tx, entry: Entry) -> AuditRef:
    """Write the line of a mutation in the mutation's own transaction."""
    last = table.head(tx.conn)
    seq, prev = (1, GENESIS) if last is None else (last.seq + 1, last.hash)
    time = iso(tx.now_ms)
    fields = {
        "seq": seq,
        "time": time,
        "request_id": entry.request_id,
        "tenant": entry.tenant,
        "actor": {"type": entry.actor.type, "id": entry.actor.id, "key_id": entry.actor.key_id},
        "action": entry.action,
        "target": entry.target,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "src_ip": entry.src_ip,
        "value": entry.value,
    }
    line = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    digest = chained(prev, line)
    table.add(tx, AuditRow(seq=seq, line=line, prev=prev, hash=digest))
    return AuditRef(
        seq=seq,
        time=time,
        actor=str(entry.actor),
        action=entry.action,
        target=entry.target,
        outcome=entry.outcome,
        hash=digest,
    )


def ref(row: AuditRow) -> AuditRef:
    """Return the short form of a stored line."""
    fields = json.loads(row.line)
    actor = Actor(type=fields["actor"]["type"], id=fields["actor"]["id"])
    return AuditRef(
        seq=row.seq,
        time=fields["time"],
        actor=str(actor),
        action=fields["action"],
        target=fields["target"],
        outcome=fields["outcome"],
        hash=row.hash,
    )


def chained(prev: str, line: str) -> str:
    """Return the hash of a line that follows `prev`."""
    return hashlib.sha256(LINE_TAG + prev.encode() + line.encode("utf-8", "surrogateescape")).hexdigest()


def keyed_hash(keyring: Keyring, value: str) -> str:
    """Return the name under which the log knows an address or a key."""
    return f"{keyring.current}:{keyring.mac('audit-value', value.strip().lower().encode()).hex()[:32]}"


def checkpoint(tx: Tx, keyring: Keyring) -> CheckpointRow | None:
    """Sign the log as it stands in this transaction; None when it is empty."""
    last = table.head(tx.conn)
    if last is None:
        return None
    signature, public_key = keyring.sign(checkpoint_bytes(last.seq, last.hash, tx.now_ms))
    row = CheckpointRow(
        size=last.seq,
        head=last.hash,
        created_ms=tx.now_ms,
        key_id=keyring.current,
        public_key=public_key,
        signature=signature,
    )
    row_id = table.add_checkpoint(tx, row)
    return CheckpointRow(
        id=row_id,
        size=row.size,
        head=row.head,
        created_ms=row.created_ms,
        key_id=row.key_id,
        public_key=row.public_key,
        signature=row.signature,
    )


def checkpoint_bytes(size: int, head: str, created_ms: int) -> bytes:
    """Return what a checkpoint signs."""
    return CHECKPOINT_TAG + f"{size}\n{head}\n{created_ms}".encode()


def verify(conn: sqlite3.Connection, keyring: Keyring | None, kept: CheckpointRow | None = None) -> Verdict:
    """Recompute the whole chain and check every checkpoint, and `kept`, one that was stored elsewhere.

    Without a keyring a checkpoint is checked by the public key that it names, whosever that is.
    """
    checkpoints = table.every_checkpoint(conn)
    trusted = None if keyring is None else keyring.public_keys()
    claims: dict[int, list[CheckpointRow]] = {}
    for row in [*checkpoints, *([kept] if kept else [])]:
        claims.setdefault(row.size, []).append(row)
    prev, count = GENESIS, 0
    for line in table.every(conn):
        count += 1
        wrong = _wrong_line(line, count, prev)
        for claim in claims.pop(count, ()) if wrong is None else ():
            wrong = wrong or _wrong_claim(claim, line.hash, trusted)
        if wrong is not None:
            return Verdict(count, prev, len(checkpoints), count, wrong)
        prev = line.hash
    if claims:
        reason = f"a checkpoint was signed over {max(claims)} lines, but there are {count}: lines were cut off"
        return Verdict(count, prev, len(checkpoints), count + 1, reason)
    return Verdict(count, prev, len(checkpoints))


def _wrong_line(row: AuditRow, expected_seq: int, prev: str) -> str | None:
    if row.seq != expected_seq:
        return f"line {expected_seq} is missing"
    if row.prev != prev:
        return f"line {row.seq} does not follow the line before it"
    # The schema says text, but a file that was tampered with may hold anything.
    if type(row.line) is not str or row.hash != chained(prev, row.line):
        return f"line {row.seq} was altered"
    return None


def _wrong_claim(claim: CheckpointRow, head: str, trusted: set[str] | None) -> str | None:
    signed = checkpoint_bytes(claim.size, claim.head, claim.created_ms)
    known = trusted is None or claim.public_key in trusted
    if not known or not signature_holds(claim.public_key, claim.signature, signed):
        return f"the checkpoint at line {claim.size} has no valid signature"
    if claim.head != head:
        return f"line {claim.size} is not the one that was signed: the log was rewritten"
    return None
