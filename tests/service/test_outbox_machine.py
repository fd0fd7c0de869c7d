"""The outbox beside a model: whatever the other side does, every copy goes out once, or somebody is told why not."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.clock import ManualClock
from tests.service.harness import House, house
from tests.service.scripted import Does, Says, Scripted

CRASHES = {Does.SEES_A_CRASH_BEFORE, Does.SEES_A_CRASH_AFTER}
GOES_ON_SECONDS = 6 * 3600


@dataclass
class Mail:
    id: str
    deleted: bool = False


class OutboxMachine(RuleBasedStateMachine):
    """A mailbox that sends, a backend that misbehaves, a daemon that dies."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="postern-"))
        self.runner = asyncio.Runner()
        self.clock = ManualClock()
        self.backend = Scripted()
        self.mails: list[Mail] = []
        self.suspended = False
        self.crashes = 0
        self.open()

    def open(self) -> None:
        self.stack = AsyncExitStack()
        self.house: House = self.runner.run(self.stack.enter_async_context(house(self.home, self.clock)))

    def ask(self, name: str, *path: str, **more: Any) -> Any:
        return self.runner.run(self.house.ask(name, *path, **more))

    def look(self, statement: str, *values: object) -> list[Any]:
        return self.runner.run(self.house.look(statement, *values))

    @initialize()
    def begin(self) -> None:
        self.tenant = self.ask("tenants.create", body={"name": "Acme"}).id
        self.ask("tenants.update", self.tenant, body={"limits": {"send_cap_first": 1_000_000}})
        body = {"tenant_id": self.tenant, "label": "x", "scopes": ["mailbox:send"], "max_mailboxes": 9}
        minted = self.ask("keys.mint", body=body)
        agent = self.ask("enrollment.redeem", body={"enrollment_token": minted.enrollment_token}).agent_id
        self.inbox = self.ask("inboxes.create", body={"agent_id": agent}).id

    @rule(count=st.integers(1, 3))
    def send(self, count: int) -> None:
        # Nobody twice: who bounced is suppressed.
        to = [f"r{number}-of-{len(self.mails)}@foreign.test" for number in range(count)]
        body = {"to": to[:1], "bcc": to[1:], "subject": "x", "text": "y"}
        self.mails.append(Mail(self.ask("messages.send", self.inbox, body=body).id))

    @rule(does=st.lists(st.sampled_from(Does), max_size=3), says=st.lists(st.sampled_from(Says), max_size=2))
    def misbehave(self, does: list[Does], says: list[Says]) -> None:
        self.backend.does, self.backend.says = list(does), list(says)

    @rule(hours=st.sampled_from([0, 0, 1, 6, 30]))
    def work(self, hours: int) -> None:
        self.clock.advance(seconds=hours * 3600)
        handed = len(self.backend.mails)
        crashes = bool(CRASHES & set(self.backend.does))
        self.runner.run(self.step())
        if self.suspended:
            assert len(self.backend.mails) == handed, "handed over while its tenant was suspended"
        if crashes and len(self.backend.mails) > handed:
            self.restart()

    async def step(self) -> None:
        outbox = self.house.services.outbox
        await asyncio.gather(outbox.step(self.backend), return_exceptions=True)
        await asyncio.gather(*outbox._working.values(), return_exceptions=True)

    @rule()
    def restart(self) -> None:
        self.runner.run(self.stack.aclose())
        self.open()
        self.crashes += 1

    @precondition(lambda self: any(not mail.deleted for mail in self.mails))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        mail = data.draw(st.sampled_from([mail for mail in self.mails if not mail.deleted]))
        self.ask("messages.delete", mail.id)
        mail.deleted = True

    @rule()
    def suspend_or_resume(self) -> None:
        self.suspended = not self.suspended
        self.ask("tenants.update", self.tenant, body={"suspended": self.suspended})

    @invariant()
    def nothing_goes_out_twice(self) -> None:
        assert set(self.backend.taken.values()) <= {1}

    @invariant()
    def what_is_told_is_true(self) -> None:
        rows = self.look(
            "SELECT o.operation_id, r.address, r.state, r.detail, o.state, m.status FROM outbox o"
            " JOIN outbox_recipients r USING (message_id) JOIN messages m ON m.id = o.message_id"
        )
        for operation, address, state, detail, whole, status in rows:
            taken = self.backend.taken[operation, address]
            assert status == ("queued" if whole == "handing" else whole)
            if state == "sent":
                assert taken == 1
            elif state == "bounced":
                assert taken == 0
                assert (operation, address) in self.backend.refused
            elif state == "failed":
                assert "unknown outcome" in detail or (taken == 0 and "given up" in detail)
            elif whole != "handing":
                assert taken == 0, "it is gone, and would go again"

    def teardown(self) -> None:
        """From here on all is well: everything that was taken to be sent is settled in the end."""
        if self.suspended:
            self.suspend_or_resume()
        self.backend.does, self.backend.says = [], []
        self.restart()
        for _ in range(3):
            self.work(GOES_ON_SECONDS // 3600)
        self.nothing_goes_out_twice()
        self.what_is_told_is_true()
        assert self.look("SELECT * FROM outbox WHERE state IN ('queued', 'handing')") == []
        there = {mail.id for mail in self.mails if not mail.deleted}
        assert {row[0] for row in self.look("SELECT message_id FROM outbox")} == there
        verdict = self.ask("audit.verify")
        self.runner.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.home)
        assert verdict.ok


OutboxMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestOutboxMachine = OutboxMachine.TestCase
