from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cli.support import data
from tests.support import RunningDaemon


@dataclass(frozen=True)
class World:
    """A tenant, its enrollment key, an agent with its key, and the agent's mailbox."""

    tenant: str
    key: str
    enrollment_token: str
    agent: str
    agent_key: str
    address: str
    inbox: str


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    tenant = data(daemon.ctl("tenant", "create", "acme", "--json"))["id"]
    mint = ["key", "mint", "--tenant", "acme", "--label", "ci", "--scope", "create,read", "--max-mailboxes", "50"]
    minted = data(daemon.ctl(*mint, "--reusable", "--reveal", "--json"))
    token = minted["enrollment_token"]
    enrolled = data(daemon.ctl("enroll", "--token-stdin", "--handle", "one", "--reveal", "--json", input=token))
    daemon.ctl("suppression", "add", "someone@example.org", "--tenant", "acme")
    daemon.ctl("domain", "add", "bought.example", "--tenant", "acme", "--mode", "purchased")
    inbox = data(daemon.ctl("inbox", "create", "--json", key=enrolled["agent_key"]))
    return World(
        tenant, minted["id"], token, enrolled["agent_id"], enrolled["agent_key"], inbox["address"], inbox["id"]
    )
