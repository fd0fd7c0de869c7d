"""The same little world each time: a mock with two more tenants, a mailbox with mail, a webhook and an operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from postern_ctl.client import Postern
from postern_ctl.mock import Mock, begun, stop

MAILS = (
    ("noreply@github.com", "[GitHub] Your verification code"),
    ("hello@linear.app", "Confirm your address"),
    ("receipts@stripe.com", "Your receipt #2931"),
    ("no-reply@accounts.example", "Sign in to your account"),
)


@dataclass(frozen=True)
class Stage:
    """Who is there."""

    operator: Postern
    agent: Postern
    address: str

    def mail(self, sender: str, subject: str) -> None:
        """Have a mail come."""
        self.agent.waits.wait(self.address, from_=sender, subject=subject, timeout_seconds=20)


@contextmanager
def staged() -> Iterator[Stage]:
    """Set the stage, and clear it away."""
    process, told = begun()
    try:
        yield _furnished(told)
    finally:
        stop(process)


def _furnished(told: Mock) -> Stage:
    operator = Postern(socket_path=told.socket)
    agent = Postern(socket_path=told.socket, api_key=told.agent_key)
    tenant = operator.tenants.create("Northwind Traders").data["id"]
    operator.tenants.update(operator.tenants.create("umbrella").data["id"], suspended=True)
    operator.keys.mint(tenant_id=tenant, label="sign-up bots", scopes=["mailbox:otp"], max_mailboxes=25, reusable=True)
    spent = operator.keys.mint(tenant_id=tenant, label="trial", scopes=["mailbox:read"], max_mailboxes=1).data["id"]
    operator.keys.revoke(spent)
    operator.operators.create("laptop")
    address = agent.inboxes.create(username="sam", display_name="Sam").data["address"]
    agent.inboxes.create(username="billing", display_name="Billing")
    stage = Stage(operator, agent, address)
    for sender, subject in MAILS:
        stage.mail(sender, subject)
    return stage
