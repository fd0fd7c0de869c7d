"""Somebody who sends: an agent with a mailbox, over REST, and what is heard of its mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from daemon.service.sending.rules import Outcome
from daemon.store import inboxes
from daemon.store.database import Tx
from tests.inside import DaemonInside
from tests.support import Answer, RunningDaemon


@dataclass(frozen=True)
class Desk:
    """An agent and its mailbox."""

    daemon: RunningDaemon
    tenant: str
    agent: str
    key: str
    address: str

    def send(self, *to: str, **more: Any) -> Answer:
        """Send a mail."""
        body = {"to": list(to), "subject": "Hello", "text": "Hello.\n", **more}
        return self.daemon.call("POST", f"/v1/inboxes/{self.address}/send", body, key=self.key)

    def sent(self, *to: str, **more: Any) -> str:
        """Send a mail that is taken; return its id."""
        answer = self.send(*to, **more)
        assert answer.status == 202, answer.body
        return str(answer.json["id"])

    def sending(self) -> dict[str, Any]:
        """Return what the agent is told of its sending, the mailbox's share of it included."""
        told = self.daemon.call("GET", "/v1/whoami", key=self.key).json["sending"]
        (own,) = (one for one in told["mailboxes"] if one["address"] == self.address)
        return {**told, **own}

    def karma(self) -> float:
        return float(self.daemon.operator("GET", f"/v1/agents/{self.agent}").json["karma"])

    def raw(self, message: str) -> bytes:
        return self.daemon.call("GET", f"/v1/messages/{message}/raw", key=self.key).body


def a_desk(daemon: RunningDaemon, tenant: str | None = None, **limits: int) -> Desk:
    """Make one, in a tenant of its own unless one is given."""
    tenant = tenant or daemon.tenant()
    if limits:
        assert daemon.operator("PATCH", f"/v1/tenants/{tenant}", {"limits": limits}).status == 200
    agent = daemon.agent(tenant)
    return Desk(daemon, tenant, agent["agent_id"], agent["agent_key"], daemon.inbox(agent["agent_key"])["address"])


def heard(daemon: DaemonInside, desk: Desk, message: str, address: str, outcome: Outcome) -> None:
    """Have the daemon learn what became of a recipient, as from a backend's report."""

    def change(tx: Tx) -> None:
        inbox = inboxes.find(tx.conn, desk.address)
        assert inbox is not None
        daemon.services.rules.outcome(tx, inbox, message, address, outcome)

    daemon.run(daemon.services.rules._database.write(change))
