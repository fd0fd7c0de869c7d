"""The one way anything is changed: change, audit line, link and idempotency record, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from daemon.api.common import AuditRef, LinkRef, Model
from daemon.audit import Entry, append, keyed_hash, ref
from daemon.clock import HOUR_MS, MINUTE_MS, iso
from daemon.errors import Code, PosternError
from daemon.ids import Ids
from daemon.keys import Keyring, Place
from daemon.service.context import Call, Done
from daemon.service.link_tokens import LINK_ID_BYTES, LinkClaim, Purpose, link_id, write_token
from daemon.store import audit as audit_table
from daemon.store import idempotency, links
from daemon.store.database import Database, Tx

M = TypeVar("M", bound=Model)

LINK_LIFE_MS = {
    Purpose.RECEIPT: 24 * HOUR_MS,
    Purpose.REVEAL: 10 * MINUTE_MS,
    Purpose.DOWNLOAD: 10 * MINUTE_MS,
}
RECORDED_REFUSALS = frozenset(
    {
        Code.SCOPE_DENIED,
        Code.DOMAIN_NOT_ALLOWED,
        Code.ENROLLMENT_TOKEN_EXHAUSTED,
        Code.ENROLLMENT_TOKEN_REVOKED,
        Code.ENROLLMENT_TOKEN_EXPIRED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[M]):
    """What a mutation did: its answer, what its audit line names, and the secret that its link is to reveal."""

    data: M
    target: str
    tenant: str | None
    value: str | None = None  # an address or key, put into the line as a keyed hash
    secret: str | None = None
    remembered: M | None = None  # what a repeated request is answered, where `data` holds what is shown only once
    reason: str | None = None  # what the line says beside the outcome
    link: LinkRef | None = None  # the mutation's answer is itself a link: no further one is made


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be made outside, as its line names it; `value` is put into the line as a keyed hash."""

    target: str
    tenant: str | None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Once(Generic[M]):
    """A request that is to take effect once: its key, what was asked and of what, and the form of the answer."""

    operation: str
    key: str
    request: Model
    answer: type[M]
    of: str = ""

    @property
    def request_hash(self) -> str:
        asked = self.request.model_dump_json(exclude={"client_id", "idempotency_key"}, exclude_none=True)
        return hashlib.sha256((self.of + asked).encode()).hexdigest()


class Mutations:
    """Runs changes."""

    def __init__(self, database: Database, keyring: Keyring, ids: Ids) -> None:
        self._database = database
        self._keyring = keyring
        self._ids = ids
        self.public_url = ""  # known once the listeners are

    async def run(
        self, call: Call, effect: str, change: Callable[[Tx], Change[M]], *, once: Once[M] | None = None
    ) -> Done[M]:
        """Run `change` with its audit line. The refusal of a known caller gets a line of its own."""

        def whole(tx: Tx) -> Done[M]:
            if once is not None:
                earlier = self._earlier(tx, call, once)
                if earlier is not None:
                    return earlier
            changed = change(tx)
            value = None if changed.value is None else keyed_hash(self._keyring, changed.value)
            told = entry(call, effect, changed.tenant, changed.target, value=value)
            line = append(tx, replace(told, reason=changed.reason))
            if once is not None:
                self._remember(tx, call, once, changed, line)
            link = changed.link
            if link is None and call.wants_receipt:
                link = self.issue(tx, call, line.seq, changed.tenant, changed.target, secret=changed.secret)
            return Done(changed.data, line, link)

        try:
            return await self._database.write(whole)
        except PosternError as refusal:
            await self.refused(call, effect, refusal)
            raise

    async def intend(
        self, call: Call, effect: str, reserve: Callable[[Tx], Intent], *, once: Once[M] | None = None
    ) -> Done[M] | None:
        """Run `reserve` with the line of an intent; what comes of it is `run` under the same call.

        Returns the answer of an earlier request, if this one repeats it: then there is nothing to be done.
        """

        def whole(tx: Tx) -> Done[M] | None:
            earlier = None if once is None else self._earlier(tx, call, once)
            if earlier is None:
                intent = reserve(tx)
                value = None if intent.value is None else keyed_hash(self._keyring, intent.value)
                append(tx, replace(entry(call, effect, intent.tenant, intent.target, value=value), outcome="intent"))
            return earlier

        try:
            return await self._database.write(whole)
        except PosternError as refusal:
            await self.refused(call, effect, refusal)
            raise

    async def refused(self, call: Call, effect: str, refusal: PosternError) -> None:
        """Write the line of a refusal, if it is of the kind and the caller of the sort that gets one."""
        if refusal.code not in RECORDED_REFUSALS or call.principal.type == "anonymous":
            return
        line = entry(call, effect, call.principal.tenant_id, None, refused=refusal.code.value)
        await self._database.write(lambda tx: append(tx, line))

    def issue(
        self,
        tx: Tx,
        call: Call,
        audit_seq: int,
        tenant: str | None,
        target: str,
        *,
        secret: str | None = None,
        purpose: Purpose | None = None,
        life_ms: int | None = None,
    ) -> LinkRef:
        """Make a link: for `purpose`, to `secret`, sealed, or to the receipt of the audit line."""
        purpose = purpose or (Purpose.RECEIPT if secret is None else Purpose.REVEAL)
        expires_ms = tx.now_ms + (LINK_LIFE_MS[purpose] if life_ms is None else life_ms)
        new_id = link_id(self._ids.random_bytes(LINK_ID_BYTES))
        sealed = None if secret is None else self._keyring.seal(sealed_place(tenant, new_id), secret.encode())
        row = links.LinkRow(
            id=new_id,
            tenant_id=tenant,
            purpose=purpose,
            target=target,
            audit_seq=audit_seq,
            issuer=str(call.principal.actor),
            issuer_key_id=call.principal.key_id,
            sealed=sealed,
            expires_ms=expires_ms,
            created_ms=tx.now_ms,
        )
        links.add(tx, row)
        token = write_token(self._keyring, LinkClaim(new_id, purpose, expires_ms))
        return LinkRef(id=new_id, url=f"{self.public_url}/l/{token}", purpose=purpose, expires_at=iso(expires_ms))

    def _earlier(self, tx: Tx, call: Call, once: Once[M]) -> Done[M] | None:
        row = idempotency.find(tx.conn, call.principal.id, once.operation, once.key)
        if row is None:
            return None
        if row.request_hash != once.request_hash:
            raise PosternError(
                Code.IDEMPOTENCY_CONFLICT,
                "This key was used for another request. Use a new key, or repeat the first body.",
            )
        line = audit_table.get(tx.conn, row.audit_seq)
        if line is None:
            raise PosternError(Code.INTERNAL_ERROR, "The audit line of the first answer is missing. Run audit verify.")
        return Done(once.answer.model_validate_json(row.answer), ref(line), replayed=True)

    def _remember(self, tx: Tx, call: Call, once: Once[M], changed: Change[M], line: AuditRef) -> None:
        row = idempotency.IdempotencyRow(
            principal=call.principal.id,
            operation=once.operation,
            key=once.key,
            request_hash=once.request_hash,
            subject_id=changed.target,
            answer=(changed.remembered or changed.data).model_dump_json(),
            audit_seq=line.seq,
            created_ms=tx.now_ms,
        )
        idempotency.add(tx, row)


def sealed_place(tenant: str | None, link: str) -> Place:
    """Return where the secret of a link lives."""
    return Place(tenant or "", "links", link, "sealed")


def entry(
    call: Call,
    effect: str,
    tenant: str | None,
    target: str | None,
    *,
    refused: str | None = None,
    value: str | None = None,
) -> Entry:
    """Return what the log tells of a call; `refused` is why it was not done, `value` a keyed hash."""
    return Entry(
        request_id=call.request_id,
        tenant=tenant,
        actor=call.principal.actor,
        source=call.source,
        effect=effect,
        target=target,
        outcome="ok" if refused is None else "refused",
        reason=refused,
        src_ip=call.src_ip,
        value=value,
    )
