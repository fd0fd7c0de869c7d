"""One example call for each row of the OPERATIONS table, aimed at the things of a `World`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from daemon.api.operations import BY_NAME
from tests.edges.support import BASE, NOWHERE, World
from tests.support import Answer, RunningDaemon


@dataclass(frozen=True)
class Example:
    """A call: the path's values, the query, the body. `as_operator` is what only operators give in the body."""

    path: tuple[str, ...] = ()
    query: str = ""
    body: dict[str, Any] | None = None
    as_operator: dict[str, Any] = field(default_factory=dict)

    def send(
        self,
        daemon: RunningDaemon,
        name: str,
        *,
        key: str | None = None,
        local: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make the call as somebody."""
        operation = BY_NAME[name]
        path = operation.path
        for placeholder, value in zip(operation.path_names, self.path, strict=True):
            path = path.replace(f"{{{placeholder}}}", quote(value, safe=""))
        operator = local and key is None
        body = None if self.body is None else self.body | (self.as_operator if operator else {})
        return daemon.call(
            operation.method,
            path + (f"?{self.query}" if self.query else ""),
            body,
            key=key,
            local=local,
            headers=headers,
        )


EXAMPLES: dict[str, Callable[[World], Example]] = {
    "enrollment.redeem": lambda w: Example(
        body={"enrollment_token": w.enrollment_token, "agent_handle": f"agent of {w.label}"}
    ),
    "inboxes.create": lambda w: Example(body={}, as_operator={"agent_id": w.agent}),
    "inboxes.list": lambda w: Example(query=f"tenant={w.tenant}&agent={w.agent}"),
    "inboxes.get": lambda w: Example((w.address,)),
    "inboxes.delete": lambda w: Example((w.address,)),
    "inboxes.credentials": lambda w: Example((w.address,)),
    "waits.wait": lambda w: Example((w.address,), body={"since": "2020-01-01T00:00:00Z", "timeout_seconds": 0}),
    "waits.resume": lambda w: Example((w.wait,), query="timeout_seconds=0"),
    "waits.drop": lambda w: Example((w.wait,)),
    "messages.list": lambda w: Example((w.inbox,)),
    "messages.get": lambda w: Example((w.message,), query="mark_read=true"),
    "messages.text": lambda w: Example((w.message,), query="max_chars=10"),
    "messages.raw": lambda w: Example((w.message,)),
    "messages.attachment": lambda w: Example((w.message, "0")),
    "messages.update": lambda w: Example((w.message,), body={"unread": False}),
    "messages.delete": lambda w: Example((w.message,)),
    "messages.send": lambda w: Example(
        (w.address,), body={"to": "somebody@foreign.test", "subject": "Hello", "text": "Hello.\n"}
    ),
    "messages.reply": lambda w: Example((w.message,), body={"text": "Thank you.\n"}),
    "threads.list": lambda w: Example((w.address,)),
    "threads.get": lambda w: Example((w.thread,)),
    "search.find": lambda w: Example(query=f"q=code+subject:subject&tenant={w.tenant}"),
    "lists.list": lambda w: Example(("block",), query=f"inbox={w.inbox}"),
    "lists.put": lambda w: Example(("allow",), body={"entry": "@foreign.test", "inbox": w.address}),
    "lists.delete": lambda w: Example(("block",), query=f"entry={quote(w.blocked)}&inbox={w.inbox}"),
    "access.whoami": lambda w: Example(),
    "webhooks.create": lambda w: Example(
        body={"url": NOWHERE, "events": ["message.received"]}, as_operator={"agent_id": w.agent}
    ),
    "webhooks.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "webhooks.get": lambda w: Example((w.webhook,)),
    "webhooks.delete": lambda w: Example((w.webhook,)),
    "webhooks.rotate": lambda w: Example((w.webhook,)),
    "webhooks.test": lambda w: Example((w.webhook,)),
    "webhooks.deliveries": lambda w: Example((w.webhook,), query="status=dead"),
    "webhooks.replay": lambda w: Example((w.delivery,)),
    "events.stream": lambda w: Example(query=f"tenant={w.tenant}"),
    "tenants.create": lambda w: Example(body={"name": "Another"}),
    "tenants.list": lambda w: Example(),
    "tenants.get": lambda w: Example((w.tenant,)),
    "tenants.update": lambda w: Example((w.tenant,), body={"name": "Renamed"}),
    "tenants.delete": lambda w: Example((w.tenant,), query=f"confirm={w.tenant}"),
    "tenants.lift_brake": lambda w: Example((w.tenant,)),
    "keys.mint": lambda w: Example(
        body={"tenant_id": w.tenant, "label": "x", "scopes": ["mailbox:read"], "max_mailboxes": 1}
    ),
    "keys.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "keys.get": lambda w: Example((w.enrollment_key,)),
    "keys.revoke": lambda w: Example((w.enrollment_key,)),
    "agents.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "agents.get": lambda w: Example((w.agent,)),
    "agents.update": lambda w: Example((w.agent,), body={"disabled": True}),
    "agents.list_keys": lambda w: Example((w.agent,)),
    "agents.mint_key": lambda w: Example((w.agent,), body={}),
    "agents.revoke_key": lambda w: Example((w.agent_key_id,)),
    "operators.create": lambda w: Example(body={"name": "remote"}),
    "operators.list": lambda w: Example(),
    "operators.get": lambda w: Example((w.operator,)),
    "operators.revoke": lambda w: Example((w.operator,)),
    "links.create": lambda w: Example(body={"audit_seq": w.audit_seq}),
    "links.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "links.get": lambda w: Example((w.link,)),
    "links.revoke": lambda w: Example((w.link,)),
    "suppressions.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "suppressions.get": lambda w: Example((w.suppressed,), query=f"tenant={w.tenant}"),
    "suppressions.put": lambda w: Example((w.suppressed,), query=f"tenant={w.tenant}", body={"reason": "manual"}),
    "suppressions.remove": lambda w: Example((w.suppressed,), query=f"tenant={w.tenant}"),
    "domains.create": lambda w: Example(
        body={"name": f"new.{w.label}.example", "tenant_id": w.tenant, "mode": "purchased"}
    ),
    "domains.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "domains.get": lambda w: Example((w.domain,)),
    "domains.verify": lambda w: Example((w.domain,)),
    "domains.rotate_dkim": lambda w: Example((f"{w.label}.{BASE}",)),
    "domains.advance": lambda w: Example((w.domain,)),
    "domains.delete": lambda w: Example((w.domain,)),
    "zones.list": lambda w: Example(),
    "zones.get": lambda w: Example((BASE,)),
    "zones.load": lambda w: Example((BASE,), body={"text": f"{w.label}.notes TXT hello\n", "add": True}),
    "zones.records": lambda w: Example((BASE,)),
    "zones.set_records": lambda w: Example(
        (BASE,), body={"name": f"{w.label}.hosts", "type": "AAAA", "data": ["2001:db8::80"]}
    ),
    "zones.delete_records": lambda w: Example((BASE,), query=f"name={w.label}.hosts&type=A"),
    "secondaries.list": lambda w: Example((BASE,)),
    "secondaries.put": lambda w: Example((BASE,), body={"name": f"other-{w.label}", "host": "192.0.2.54"}),
    "secondaries.delete": lambda w: Example((BASE,), query=f"name=ns-{w.label}"),
    "audit.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "audit.verify": lambda w: Example(),
    "audit.checkpoints": lambda w: Example(),
    "audit.checkpoint": lambda w: Example(),
    "audit.hash": lambda w: Example(body={"value": w.address}),
    "audit.get": lambda w: Example((str(w.audit_seq),)),
    "stats.get": lambda w: Example(),
    "settings.get": lambda w: Example(),
    "waits.list": lambda w: Example(query=f"tenant={w.tenant}"),
    "webhooks.follow": lambda w: Example((w.webhook,), query="limit=10"),
    "backups.create": lambda w: Example(body={}),
    "backups.list": lambda w: Example(),
    "backups.get": lambda w: Example((w.backup,)),
    "backups.content": lambda w: Example((w.backup,)),
    "backups.delete": lambda w: Example((w.backup,)),
    "keyring.get": lambda w: Example(),
    "keyring.rotate": lambda w: Example(),
    "activity.stream": lambda w: Example(),
}
