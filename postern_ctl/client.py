"""The Python client: one method for each operation of the contract, over HTTP or the control socket.

    postern = Postern("https://mail.example.org", api_key)
    inbox = postern.inboxes.create().data
    code = postern.waits.wait(inbox["address"]).data["extracted"]["otp_code"]

A method `noun.verb` is the operation of that name; its parameters are the operation's fields, and what is None is not
sent. Refusals are `daemon.errors.PosternError`; when nobody answers it is `Unreachable`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from postern_ctl.answers import Answer, Document, Listing, Page, Refused, Unreachable
from postern_ctl.calls import Group, answer
from postern_ctl.client_audit import Audit, SettingsInForce, Stats
from postern_ctl.client_domains import Domains, Secondaries, Zones
from postern_ctl.client_keeping import Backups, MasterKeys
from postern_ctl.client_mail import Lists, Messages, Search, Threads
from postern_ctl.client_suppressions import Suppressions
from postern_ctl.client_webhooks import Activity, Events, Webhooks
from postern_ctl.transport import DOWNLOAD_PATH, TIMEOUT_SECONDS, Transport, link_path

__all__ = ["Answer", "Listing", "Page", "Postern", "Refused", "Unreachable"]

MOCK = "mock"
WAIT_DEFAULT_SECONDS = 120.0
WAIT_MARGIN_SECONDS = 15.0  # the server answers at the end of its own wait; the connection has to outlive that


class Enrollment(Group):
    """Redemption of enrollment keys."""

    def redeem(self, enrollment_token: str, agent_handle: str | None = None) -> Answer:
        """Redeem an enrollment key for an agent key."""
        return self._do("enrollment.redeem", enrollment_token=enrollment_token, agent_handle=agent_handle)


class Inboxes(Group):
    """Mailboxes."""

    def create(
        self,
        *,
        username: str | None = None,
        domain: str | None = None,
        display_name: str | None = None,
        client_id: str | None = None,
        inbound_webhook_url: str | None = None,
        agent_id: str | None = None,
    ) -> Answer:
        """Create a mailbox; with neither username nor domain, an instant address.

        With `inbound_webhook_url` the answer shows the secret of its webhook once, as `webhook.secret`.
        """
        return self._do(
            "inboxes.create",
            username=username,
            domain=domain,
            display_name=display_name,
            client_id=client_id,
            inbound_webhook_url=inbound_webhook_url,
            agent_id=agent_id,
        )

    def list(
        self,
        *,
        tenant: str | None = None,
        agent: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Listing:
        """List mailboxes, `limit` to a page."""
        return self._list("inboxes.list", tenant=tenant, agent=agent, limit=limit, cursor=cursor)

    def get(self, addr: str) -> Answer:
        """Show a mailbox by its address or id."""
        return self._do("inboxes.get", addr)

    def delete(self, addr: str) -> Answer:
        """Delete a mailbox and all mail in it."""
        return self._do("inboxes.delete", addr)

    def credentials(self, addr: str) -> Answer:
        """Show how a mail program reads a mailbox: `imap` with a password, or null where it cannot."""
        return self._do("inboxes.credentials", addr)


class Waits(Group):
    """wait_for_email."""

    def wait(
        self,
        addr: str,
        *,
        from_: str | None = None,
        subject: str | None = None,
        regex: str | None = None,
        since: str | None = None,
        timeout_seconds: float = WAIT_DEFAULT_SECONDS,
        min_confidence: float | None = None,
        require_aligned: bool | None = None,
        wait_id: str | None = None,
        claim: bool | None = None,
    ) -> Answer:
        """Wait for a mail that matches; `timed_out` tells whether one came. With `wait_id` it can be resumed."""
        return self._do(
            "waits.wait",
            addr,
            from_=from_,
            subject=subject,
            regex=regex,
            since=since,
            timeout_seconds=timeout_seconds,
            min_confidence=min_confidence,
            require_aligned=require_aligned,
            wait_id=wait_id,
            claim=claim,
            within_seconds=timeout_seconds + WAIT_MARGIN_SECONDS,
            receipt=bool(claim),
        )

    def resume(self, wait_id: str, *, timeout_seconds: float = WAIT_DEFAULT_SECONDS) -> Answer:
        """Go on with a durable wait: what came since it was begun counts."""
        within_seconds = timeout_seconds + WAIT_MARGIN_SECONDS
        query = {"timeout_seconds": timeout_seconds}
        return self._do("waits.resume", wait_id, query=query, within_seconds=within_seconds, receipt=True)

    def list(self, *, tenant: str | None = None, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List the waits in progress, the newest first, `limit` to a page: for operators."""
        return self._list("waits.list", tenant=tenant, limit=limit, cursor=cursor)

    def drop(self, wait_id: str) -> Answer:
        """Forget a durable wait."""
        return self._do("waits.drop", wait_id)


class Access(Group):
    """Who calls."""

    def whoami(self) -> Answer:
        """Show who you are and what you may do."""
        return self._do("access.whoami")


class Tenants(Group):
    """Tenants."""

    def create(self, name: str, *, label: str | None = None) -> Answer:
        """Create a tenant; `label` names its shared subdomain."""
        return self._do("tenants.create", name=name, label=label)

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List tenants, `limit` to a page."""
        return self._list("tenants.list", limit=limit, cursor=cursor)

    def get(self, id: str) -> Answer:
        """Show a tenant."""
        return self._do("tenants.get", id)

    def update(
        self, id: str, *, name: str | None = None, suspended: bool | None = None, limits: Document | None = None
    ) -> Answer:
        """Rename, suspend, resume or limit a tenant."""
        return self._do("tenants.update", id, name=name, suspended=suspended, limits=limits)

    def lift_brake(self, id: str) -> Answer:
        """Let a tenant send again that complaints have stopped."""
        return self._do("tenants.lift_brake", id)

    def delete(self, id: str, *, confirm: str) -> Answer:
        """Delete a tenant and all that is its own; `confirm` is its name."""
        return self._do("tenants.delete", id, query={"confirm": confirm})


class Keys(Group):
    """Enrollment keys."""

    def mint(
        self,
        *,
        tenant_id: str,
        label: str,
        scopes: Sequence[str],
        max_mailboxes: int,
        allowed_domains: Sequence[str] | None = None,
        reusable: bool | None = None,
        expires_at: str | None = None,
    ) -> Answer:
        """Mint an enrollment key; the answer shows it once, as `enrollment_token`."""
        return self._do(
            "keys.mint",
            tenant_id=tenant_id,
            label=label,
            scopes=list(scopes),
            max_mailboxes=max_mailboxes,
            allowed_domains=None if allowed_domains is None else list(allowed_domains),
            reusable=reusable,
            expires_at=expires_at,
        )

    def list(self, *, tenant: str | None = None, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List enrollment keys, `limit` to a page."""
        return self._list("keys.list", tenant=tenant, limit=limit, cursor=cursor)

    def get(self, id: str) -> Answer:
        """Show an enrollment key without its secret."""
        return self._do("keys.get", id)

    def revoke(self, id: str) -> Answer:
        """Revoke an enrollment key."""
        return self._do("keys.revoke", id)


class Agents(Group):
    """Agents and their keys."""

    def list(self, *, tenant: str | None = None, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List agents, `limit` to a page."""
        return self._list("agents.list", tenant=tenant, limit=limit, cursor=cursor)

    def get(self, id: str) -> Answer:
        """Show an agent."""
        return self._do("agents.get", id)

    def update(self, id: str, *, disabled: bool | None = None, enrollment_key_id: str | None = None) -> Answer:
        """Disable or enable an agent, or bind it to another enrollment key."""
        return self._do("agents.update", id, disabled=disabled, enrollment_key_id=enrollment_key_id)

    def list_keys(self, id: str, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List an agent's keys, `limit` to a page."""
        return self._list("agents.list_keys", id, limit=limit, cursor=cursor)

    def mint_key(self, id: str, *, expires_at: str | None = None) -> Answer:
        """Mint a further key for an agent; the answer shows it once, as `agent_key`."""
        return self._do("agents.mint_key", id, expires_at=expires_at)

    def revoke_key(self, id: str) -> Answer:
        """Revoke one agent key by its id."""
        return self._do("agents.revoke_key", id)


class Operators(Group):
    """Remote operators."""

    def create(self, name: str, *, expires_at: str | None = None) -> Answer:
        """Create a remote operator; the answer shows its key once, as `operator_key`."""
        return self._do("operators.create", name=name, expires_at=expires_at)

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List remote operators, `limit` to a page."""
        return self._list("operators.list", limit=limit, cursor=cursor)

    def get(self, id: str) -> Answer:
        """Show a remote operator."""
        return self._do("operators.get", id)

    def revoke(self, id: str) -> Answer:
        """Revoke a remote operator's key."""
        return self._do("operators.revoke", id)


class Links(Group):
    """One-time links."""

    def create(self, audit_seq: int, *, expires_in_seconds: int | None = None) -> Answer:
        """Make a link to the signed receipt of one audit line."""
        return self._do("links.create", audit_seq=audit_seq, expires_in_seconds=expires_in_seconds)

    def list(self, *, tenant: str | None = None, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List links, `limit` to a page."""
        return self._list("links.list", tenant=tenant, limit=limit, cursor=cursor)

    def get(self, id: str) -> Answer:
        """Show a link without its token."""
        return self._do("links.get", id)

    def revoke(self, id: str) -> Answer:
        """Revoke a link."""
        return self._do("links.revoke", id)

    def open(self, url_or_token: str) -> Answer:
        """Spend a link and return what it yields. A whole URL is asked of its own host, which gets no key."""
        base, path = link_path(url_or_token)
        transport = self._transport if base is None else Transport(base_url=base)
        return answer(transport.request("POST", path).json())

    def download(self, url_or_token: str, opened: Document) -> bytes:
        """Fetch what a link to a download yielded, from where the link was opened, within a minute of that."""
        base, _ = link_path(url_or_token)
        transport = self._transport if base is None else Transport(base_url=base)
        return transport.request("GET", DOWNLOAD_PATH + opened["download"]["url"].rpartition(DOWNLOAD_PATH)[2]).body


class Postern:
    """The whole contract. Without a URL or a socket it asks whom the environment and the configuration file name.

    A configured key is used with a configured target only: it is never sent to a URL that was given here. The URL
    `mock` is a daemon on fixtures, offline, that lives as long as this process: an agent is enrolled in it, any
    enrollment key can be redeemed, and every wait gets its mail.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        socket_path: str | os.PathLike[str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        given_key = api_key
        if base_url is None and socket_path is None:
            from daemon.settings import load

            settings = load().settings
            base_url, api_key = settings.api_base_url, api_key or settings.api_key
            socket_path = None if base_url else settings.socket_path
        if base_url == MOCK:
            from postern_ctl.mock import mock

            base_url, socket_path, api_key = None, mock().socket, given_key or mock().agent_key
        transport = Transport(
            base_url=base_url, socket_path=socket_path, api_key=api_key, timeout_seconds=timeout_seconds
        )
        self._use(transport)

    def with_key(self, api_key: str) -> Postern:
        """Return a client of the same daemon for another caller."""
        other = object.__new__(type(self))
        other._use(self.transport.with_key(api_key))
        return other

    def _use(self, transport: Transport) -> None:
        self.transport = transport
        self.target = transport.target
        self.enrollment = Enrollment(transport)
        self.inboxes = Inboxes(transport)
        self.waits = Waits(transport)
        self.messages = Messages(transport)
        self.threads = Threads(transport)
        self.lists = Lists(transport)
        self.search = Search(transport)
        self.access = Access(transport)
        self.webhooks = Webhooks(transport)
        self.events = Events(transport)
        self.tenants = Tenants(transport)
        self.keys = Keys(transport)
        self.agents = Agents(transport)
        self.operators = Operators(transport)
        self.suppressions = Suppressions(transport)
        self.domains = Domains(transport)
        self.zones = Zones(transport)
        self.secondaries = Secondaries(transport)
        self.links = Links(transport)
        self.audit = Audit(transport)
        self.stats = Stats(transport)
        self.settings = SettingsInForce(transport)
        self.backups = Backups(transport)
        self.keyring = MasterKeys(transport)
        self.activity = Activity(transport)

    def __repr__(self) -> str:
        return f"Postern({self.target!r})"
