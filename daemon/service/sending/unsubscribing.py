"""One-click unsubscription (RFC 8058): the header fields of subscribed mail, and what a press of the button does.

The token is a link's, signed under a key of its own purpose. It names a row and so tells nobody the address; there is
one for each address that a tenant writes to, and it never ends: mail is opened late.
"""

from __future__ import annotations

from daemon.audit import append, keyed_hash
from daemon.errors import not_found
from daemon.ids import Ids
from daemon.keys import Keyring
from daemon.service.addresses import correspondent
from daemon.service.context import Call, Principal
from daemon.service.link_tokens import (
    EXPIRES_NEVER_MS,
    LINK_ID_BYTES,
    LinkClaim,
    Purpose,
    link_id,
    read_token,
    write_token,
)
from daemon.service.mutations import entry
from daemon.service.sending.suppressions import Reason, suppress
from daemon.service.tools import Service
from daemon.store import suppressions
from daemon.store.database import Tx
from daemon.store.suppressions import TokenRow


class Unsubscribing(Service):
    """What whoever holds a token may do."""

    def known(self, token: str) -> str:
        """Return the id in a genuine token, without touching anything. Raises `not_found` for a forged one."""
        claim = read_token(self._keyring, token)
        if claim is None or claim.purpose is not Purpose.UNSUBSCRIBE:
            self._count("unsubscribes_forged")
            raise not_found("link")
        return claim.link_id

    async def unsubscribe(self, call: Call, token: str) -> None:
        """Suppress the token's address for its tenant's subscribed mail; once is as good as twice.

        Raises `not_found` for a forged token. A genuine one of a tenant that is gone is obeyed already.
        """
        token_id = self.known(token)
        holder = call.as_(Principal(type="link", id=token_id))

        def change(tx: Tx) -> None:
            row = suppressions.token(tx.conn, token_id)
            had = None if row is None else suppressions.get(tx.conn, row.tenant_id, row.address)
            if row is None or (had is not None and had.unsubscribed_ms is not None):
                return  # no line either: else whoever holds a token could fill the log
            suppress(tx, row.tenant_id, row.address, Reason.UNSUBSCRIBE)
            value = keyed_hash(self._keyring, row.address)
            append(tx, entry(holder, "suppression:unsubscribe", row.tenant_id, row.tenant_id, value=value))

        await self._database.write(change)


def headers_for(
    tx: Tx, keyring: Keyring, ids: Ids, public_url: str, tenant_id: str, recipient: str
) -> tuple[tuple[str, str], ...]:
    """Return List-Unsubscribe and List-Unsubscribe-Post (RFC 8058 section 3.1).

    One-click needs https. Without it the page is still offered (RFC 2369 section 3.2), and one-click is not promised.
    """
    address = correspondent(recipient)
    row = suppressions.token_of(tx.conn, tenant_id, address)
    if row is None:
        new_id = link_id(ids.random_bytes(LINK_ID_BYTES))
        row = TokenRow(id=new_id, tenant_id=tenant_id, address=address, created_ms=tx.now_ms)
        suppressions.add_token(tx, row)
    token = write_token(keyring, LinkClaim(row.id, Purpose.UNSUBSCRIBE, EXPIRES_NEVER_MS))
    page = ("List-Unsubscribe", f"<{public_url}/u/{token}>")
    one_click = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    return (page, one_click) if public_url.startswith("https://") else (page,)
