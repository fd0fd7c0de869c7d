"""One-time links: made by mutations, opened once by whoever holds them."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Collection

from daemon.api.common import TenantQuery
from daemon.api.links import Download, Link, LinkCreate, Opened
from daemon.audit import append
from daemon.clock import SECOND_MS, iso, iso_or_none
from daemon.errors import Code, PosternError, invalid, not_found
from daemon.service.context import Blob, Call, Done, Listed, Principal
from daemon.service.link_tokens import LinkClaim, Purpose, read_token, write_token
from daemon.service.mailboxes.downloads import Downloads, Target
from daemon.service.mutations import LINK_LIFE_MS, Change, entry, sealed_place
from daemon.service.tools import Service, Tools
from daemon.store import agents, audit, enrollment, links, operators, tenants
from daemon.store.database import Tx
from daemon.store.links import LinkRow

SESSION_MS = 60 * SECOND_MS
LINKS_REMEMBERED = 10_000
REFUSALS_TOLD = 100
RECEIPT_TAG = b"postern receipt 1\x00"


class Links(Service):
    """The noun `link`."""

    def __init__(self, tools: Tools, downloads: Downloads) -> None:
        super().__init__(tools)
        self._downloads = downloads
        self._told = _Told(self._count)

    async def create(self, call: Call, request: LinkCreate) -> Done[Link]:
        """Make a link to the receipt of an audit line."""

        def change(tx: Tx) -> Change[Link]:
            line = audit.get(tx.conn, request.audit_seq)
            if line is None:
                raise invalid("audit_seq", "there is no such audit line")
            life_ms = request.expires_in_seconds * SECOND_MS
            made = self._mutations.issue(
                tx, call, request.audit_seq, None, f"audit:{request.audit_seq}", life_ms=life_ms
            )
            row = links.get(tx.conn, made.id)
            if row is None:
                raise not_found("link")
            data = self._shown(row).model_copy(update={"url": made.url})
            return Change(data=data, target=made.id, tenant=None, link=made)

        return await self._mutations.run(call, "link:create", change)

    async def list(self, call: Call, query: TenantQuery) -> Listed[Link]:
        before = self._cursors.before("links", query)
        rows = await self._database.read(lambda conn: links.listing(conn, query.tenant, before, query.limit + 1))
        return self._cursors.listed("links", query, rows, lambda row: row.n, self._shown)

    async def get(self, call: Call, link: str) -> Link:
        row = await self._database.read(lambda conn: links.get(conn, link))
        if row is None:
            raise not_found("link")
        return self._shown(row)

    async def revoke(self, call: Call, link: str) -> Done[Link]:
        """Kill a link; what is sealed in it is erased."""

        def change(tx: Tx) -> Change[Link]:
            links.revoke(tx, link)
            row = links.get(tx.conn, link)
            if row is None:
                raise not_found("link")
            return Change(data=self._shown(row), target=row.id, tenant=row.tenant_id)

        return await self._mutations.run(call, "link:revoke", change)

    async def peek(self, token: str) -> Purpose:
        """Tell what a link would yield, without touching it. Raises `not_found` or `gone`."""
        claim = self._claim(token)

        def look(conn: sqlite3.Connection) -> str:
            row = links.get(conn, claim.link_id)
            return "purged" if row is None else self._standing(conn, row)

        if await self._database.read(look) != "live":
            raise _gone()
        return claim.purpose

    async def open(self, call: Call, token: str) -> Opened:
        """Spend a link and return what it yields. Raises `not_found` when forged, `gone` when spent or expired."""
        claim = self._claim(token)
        holder = call.as_(Principal(type="link", id=claim.link_id))

        def change(tx: Tx) -> Opened | None:
            row = links.get(tx.conn, claim.link_id)
            if row is None:  # genuine, but so long expired that its row was purged
                raise _gone()
            status = self._standing(tx.conn, row)
            if status != "live" or not links.spend(tx, row.id):
                links.erase_expired(tx)
                if self._told.add(row.id):
                    append(tx, entry(holder, "link:open", row.tenant_id, row.target, refused=status))
                return None
            append(tx, entry(holder, "link:open", row.tenant_id, row.target))
            return self._yield(tx, row)

        opened = await self._database.write(change)
        if opened is None:
            raise _gone()
        return opened

    async def download(self, token: str) -> Blob:
        """Return the bytes of a download in progress: for a minute after its link was spent, as often as it is asked.

        Raises `not_found` when forged, `gone` when it is over or what stood behind the link is no more.
        """
        claim = self._claim(token, {Purpose.SESSION})

        def look(conn: sqlite3.Connection) -> Target:
            row = links.get(conn, claim.link_id)
            over = claim.expires_ms <= self._clock.now_ms() or row is None or row.revoked_ms is not None
            if over or row is None or not _issuer_stands(conn, row) or not self._is_there(conn, row):
                raise _gone()
            return Target.read(row.target or "")

        return await self._downloads.blob(await self._database.read(look))

    def _claim(self, token: str, purposes: Collection[Purpose] = LINK_LIFE_MS) -> LinkClaim:
        claim = read_token(self._keyring, token)
        if claim is None or claim.purpose not in purposes:
            self._count("links_forged")
            raise not_found("link")
        return claim

    def _yield(self, tx: Tx, row: LinkRow) -> Opened:
        if row.sealed is not None:
            secret = self._keyring.unseal(sealed_place(row.tenant_id, row.id), row.sealed).decode()
            return Opened(purpose=row.purpose, link_id=row.id, target=row.target, secret=secret)
        if row.purpose == Purpose.DOWNLOAD:
            expires_ms = tx.now_ms + SESSION_MS
            session = write_token(self._keyring, LinkClaim(row.id, Purpose.SESSION, expires_ms))
            download = Download(url=f"{self._mutations.public_url}/d/{session}", expires_at=iso(expires_ms))
            return Opened(purpose=row.purpose, link_id=row.id, target=row.target, download=download)
        line = audit.get(tx.conn, row.audit_seq)
        if line is None:
            raise not_found("link")
        signature, public_key = self._keyring.sign(RECEIPT_TAG + line.hash.encode())
        receipt = {
            "seq": line.seq,
            "line": line.line,
            "prev": line.prev,
            "hash": line.hash,
            "signature": signature,
            "public_key": public_key,
        }
        return Opened(purpose=row.purpose, link_id=row.id, target=row.target, receipt=receipt)

    def _standing(self, conn: sqlite3.Connection, row: LinkRow) -> str:
        """Return the status of a link as it stands with its maker."""
        status = self._status(row)
        if status == "live" and not _issuer_stands(conn, row):
            return "issuer revoked"
        return status if status != "live" or self._is_there(conn, row) else "target deleted"

    def _is_there(self, conn: sqlite3.Connection, row: LinkRow) -> bool:
        """Tell whether there is still something to download, where a link is to that."""
        return row.purpose != Purpose.DOWNLOAD or self._downloads.is_there(conn, Target.read(row.target or ""))

    def _status(self, row: LinkRow) -> str:
        if row.used_ms is not None:
            return "spent"
        if row.revoked_ms is not None:
            return "revoked"
        return "live" if row.expires_ms > self._clock.now_ms() else "expired"

    def _shown(self, row: LinkRow) -> Link:
        return Link(
            id=row.id,
            tenant_id=row.tenant_id,
            purpose=row.purpose,
            target=row.target,
            issuer=row.issuer,
            status=self._status(row),
            created_at=iso(row.created_ms),
            expires_at=iso(row.expires_ms),
            used_at=iso_or_none(row.used_ms),
        )


class _Told:
    """How many refusals of each link the log was told: enough to see, not enough to fill it with a spent link."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._times: OrderedDict[str, int] = OrderedDict()

    def add(self, link: str) -> bool:
        """Tell whether the log is to be told of one more; what it is not told is counted."""
        times = self._times.pop(link, 0)
        self._times[link] = times + 1
        if len(self._times) > LINKS_REMEMBERED:
            self._times.popitem(last=False)
        if times >= REFUSALS_TOLD:
            self._count("links_refused_again")
        return times < REFUSALS_TOLD


def _gone() -> PosternError:
    return PosternError(Code.GONE, "This link was opened before, was revoked or has expired. Ask for a new one.")


def _issuer_stands(conn: sqlite3.Connection, row: LinkRow) -> bool:
    """Tell whether the credential that made a link is still in force: a link is no better than its maker."""
    kind, _, principal_id = row.issuer.partition(":")
    tenant = None if row.tenant_id is None else tenants.get(conn, row.tenant_id)
    if kind == "agent":
        return agents.in_force(conn, row.issuer_key_id or "")
    if kind == "enrollment":
        enrolled = enrollment.get(conn, principal_id)
        stands = enrolled is not None and enrolled.revoked_ms is None
        return stands and tenant is not None and tenant.suspended_ms is None
    if row.issuer_key_id is None:
        return True
    operator = operators.get(conn, row.issuer_key_id)
    return operator is not None and operator.revoked_ms is None
