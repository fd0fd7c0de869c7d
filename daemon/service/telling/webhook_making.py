"""Making webhooks, and their secrets: minted, sealed at rest, two in force while they are exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from daemon.backends.protocols import PostSender
from daemon.clock import HOUR_MS
from daemon.errors import Code, PosternError, invalid
from daemon.ids import Ids
from daemon.keys import Keyring, Place
from daemon.service.telling.signatures import SECRET_BYTES, secret_text
from daemon.store import events, webhooks
from daemon.store.database import Tx
from daemon.store.rows import pack
from daemon.store.webhooks import WebhookRow

WEBHOOKS_PER_AGENT_MAX = 50
ROTATION_GRACE_MS = 24 * HOUR_MS
_PORTS = {"http": 80, "https": 443}


class WebhookMaker:
    """Makes webhooks inside the mutations of others."""

    def __init__(self, keyring: Keyring, ids: Ids, sender: PostSender) -> None:
        self._keyring = keyring
        self._ids = ids
        self._sender = sender

    def make(
        self, tx: Tx, field: str, url: str, kinds: Sequence[str], tenant_id: str, agent_id: str, inbox_id: str | None
    ) -> tuple[WebhookRow, str]:
        """Add a webhook for what happens from now on; return it with its secret.

        Raises `PosternError`: `validation_failed` on `field` for a URL that is not posted to, `conflict` when the agent
        has too many.
        """
        refused = self._sender.refusal(url)
        if refused is not None:
            raise invalid(field, refused)
        if webhooks.count_of_agent(tx.conn, agent_id) >= WEBHOOKS_PER_AGENT_MAX:
            raise PosternError(
                Code.CONFLICT, f"An agent has at most {WEBHOOKS_PER_AGENT_MAX} webhooks. Delete one that is not needed."
            )
        webhook_id, secret = self._ids.new("webhook"), self._secret()
        row = WebhookRow(
            id=webhook_id,
            tenant_id=tenant_id,
            agent_id=agent_id,
            inbox_id=inbox_id,
            url=url,
            target=_target(url),
            events=pack(list(kinds)),
            secret=self._keyring.seal(_place(tenant_id, webhook_id, "secret"), secret.encode()),
            after_n=events.last_n(tx.conn),
            created_ms=tx.now_ms,
        )
        webhooks.add(tx, row)
        return row, secret

    def rotated(self, tx: Tx, row: WebhookRow) -> tuple[WebhookRow, str]:
        """Give a webhook a new secret; the one before stays in force for the grace. Return it with the new one."""
        fresh = self._secret()
        before = self._keyring.unseal(_place(row.tenant_id, row.id, "secret"), row.secret)
        row = replace(
            row,
            secret=self._keyring.seal(_place(row.tenant_id, row.id, "secret"), fresh.encode()),
            old_secret=self._keyring.seal(_place(row.tenant_id, row.id, "old_secret"), before),
            old_until_ms=tx.now_ms + ROTATION_GRACE_MS,
        )
        webhooks.update(tx, row)
        return row, fresh

    def secrets(self, row: WebhookRow, now_ms: int) -> list[str]:
        """Return the secrets in force, the newest first."""
        sealed = [("secret", row.secret)]
        if row.old_secret is not None and row.old_until_ms is not None and now_ms < row.old_until_ms:
            sealed.append(("old_secret", row.old_secret))
        return [self._keyring.unseal(_place(row.tenant_id, row.id, column), value).decode() for column, value in sealed]

    def _secret(self) -> str:
        return secret_text(self._ids.random_bytes(SECRET_BYTES))


def _place(tenant_id: str, webhook_id: str, column: str) -> Place:
    return Place(tenant_id, "webhooks", webhook_id, column)


def _target(url: str) -> str:
    """Return the host and port that deliveries share, whoever's they are."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').rstrip('.')}:{parts.port or _PORTS[parts.scheme]}"
