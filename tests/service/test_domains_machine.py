"""Domains and the keys of one beside models of a few lines: looks, losses, rotations, and time."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.backends.protocols import Delegation, Unseen
from daemon.clock import DAY_MS, HOUR_MS
from daemon.errors import Code
from daemon.service.domains import dkim
from daemon.service.domains.rotation import KEPT_FOR_MS, PUBLISHED_FOR_MS, State, Step, Turn, next_step, taken
from tests.service.harness import House, house

NAME = "agents.customer.test"
OURS = frozenset({"ns1.postern.test", "ns2.postern.test"})
SEEN: dict[str, frozenset[str] | None] = {
    "ours": OURS,
    "one of ours": frozenset({"ns1.postern.test"}),
    "theirs": frozenset({"ns.elsewhere.test"}),
    "both": OURS | {"ns.elsewhere.test"},
    "nothing": frozenset(),
    "unseen": None,
}
KEPT_DAYS, ROTATED_DAYS = 7, 90
MADE = dkim._make()  # one pair for all: that they differ is tested where they are made


class Sky:
    """What is seen from outside."""

    def __init__(self) -> None:
        self.seen = "nothing"

    async def delegation(self, name: str) -> Delegation:
        found = SEEN[self.seen]
        if found is None:
            raise Unseen("clouds")
        return Delegation("customer.test", found)

    async def records(self, name: str, kind: str) -> tuple[str, ...]:
        if SEEN[self.seen] is None:
            raise Unseen("clouds")
        return ()


class DomainsMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="postern-"))
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.stack.enter_context(mock.patch.object(dkim, "_make", return_value=MADE))
        self.sky = Sky()
        opened = house(self.home, outside=self.sky)
        self.house: House = self.runner.run(self.stack.enter_async_context(opened))
        self.status: str | None = None
        self.next: str = ""
        # The model of the keys: each turn has a number; what is published since, signing since, kept since.
        self.published: tuple[int, int] | None = None
        self.signing: tuple[int, int] = (0, 0)
        self.kept: list[tuple[int, int]] = []
        self.turns = 0

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.home)

    def ask(self, name: str, *path: str, **more: Any) -> Any:
        return self.runner.run(self.house.ask(name, *path, **more))

    @property
    def now(self) -> int:
        return self.house.clock.now_ms()

    @initialize()
    def begin(self) -> None:
        self.tenant = self.ask("tenants.create", body={"name": "Acme"}).id

    @rule(seen=st.sampled_from(list(SEEN)))
    def the_world_changes(self, seen: str) -> None:
        self.sky.seen = seen

    @precondition(lambda self: self.status is None)
    @rule(mode=st.sampled_from(["delegated", "purchased"]))
    def add(self, mode: str) -> None:
        made = self.ask("domains.create", body={"name": NAME, "tenant_id": self.tenant, "mode": mode})
        self.status = "pending" if mode == "delegated" else "requested"
        self.next = "" if mode == "delegated" else "registered"
        assert made.status == self.status
        if mode == "delegated":
            self._first_keys()

    def _first_keys(self) -> None:
        self.turns += 1
        self.published, self.signing, self.kept = None, (self.turns, self.now), []

    @precondition(lambda self: self.status is not None)
    @rule()
    def remove(self) -> None:
        assert self.ask("domains.delete", NAME).deleted
        self.status, self.next = None, ""

    @precondition(lambda self: self.status is not None)
    @rule()
    def advance(self) -> None:
        moved = self.ask("domains.advance", NAME)
        if not self.next:
            assert moved is Code.CONFLICT
            return
        if self.next == "registered":
            self._first_keys()
        self.status, self.next = self.next, "live" if self.next == "registered" else ""
        assert moved.status == self.status

    def _looked(self) -> None:
        found = SEEN[self.sky.seen]
        if found is None or self.status in ("requested", "registered"):
            return
        if found and found <= OURS:
            self.status = "live"
        elif self.status == "live":
            self.status = "degraded"

    @precondition(lambda self: self.status is not None)
    @rule()
    def verify(self) -> None:
        shown = self.ask("domains.verify", NAME)
        self._looked()
        assert shown.status == self.status

    @precondition(lambda self: self.status is not None)
    @rule(hours=st.sampled_from([12, 24 * 3, 24 * 8, 24 * 30]))
    def time_passes_and_everybody_looks(self, hours: int) -> None:
        self.house.clock.advance(seconds=hours * 3600)
        self.runner.run(self.house.services.domain_checks.look())
        self._looked()  # nothing waits for longer than that
        self.runner.run(self.house.services.rotation.look())
        if self.status != "requested":
            self._rotated()

    def _rotated(self) -> None:
        """Each step is taken now, when it is due now: the one after it is counted from here."""
        for _ in range(9):
            due = [(since + KEPT_DAYS * DAY_MS, "retire") for _, since in self.kept]
            if self.published is not None:
                due.append((self.published[1] + PUBLISHED_FOR_MS, "switch"))
            else:
                due.append((self.signing[1] + ROTATED_DAYS * DAY_MS, "publish"))
            at, step = min(due)
            if at > self.now:
                return
            if step == "retire":
                self.kept = [one for one in self.kept if one[1] + KEPT_DAYS * DAY_MS != at]
            elif step == "switch":
                assert self.published is not None
                self.kept.append((self.signing[0], self.now))
                self.signing, self.published = (self.published[0], self.now), None
            else:
                self.turns += 1
                self.published = (self.turns, self.now)

    @precondition(lambda self: self.status is not None)
    @rule()
    def rotate(self) -> None:
        answer = self.ask("domains.rotate_dkim", NAME)
        if self.status == "requested" or self.published is not None:
            assert answer is Code.CONFLICT
            return
        self.turns += 1
        self.published = (self.turns, self.now)

    @invariant()
    def the_store_agrees(self) -> None:
        rows = self.runner.run(self.house.look("SELECT name, status FROM domains WHERE mode != 'shared'"))
        assert rows == ([] if self.status is None else [(NAME, self.status)])
        keys = self.runner.run(self.house.look("SELECT state, sealed IS NOT NULL FROM dkim_keys ORDER BY state"))
        wanted: list[tuple[str, int]] = []
        zones = 1
        if self.status not in (None, "requested"):
            wanted = [("kept", 0)] * 2 * len(self.kept) + [("published", 1)] * (2 * (self.published is not None))
            wanted += [("signing", 1)] * 2
            zones = 2
        assert keys == wanted
        assert len(self.runner.run(self.house.look("SELECT name FROM zones"))) == zones


TestDomainsMachine = DomainsMachine.TestCase
TestDomainsMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@given(st.data(), st.integers(1, 400))
def test_a_rotation_keeps_what_verifiers_may_still_ask_for(data: st.DataObject, every_days: int) -> None:
    """Whatever comes when: one turn signs, it was published for long enough, and what signed is there for days more."""
    every_ms = every_days * DAY_MS
    now = 0
    turns: tuple[Turn, ...] = (Turn("0", State.SIGNING, 0),)
    appeared = {"0": -DAY_MS}
    stopped: dict[str, int] = {}
    for number in range(1, 30):
        due = next_step(turns, every_ms)
        assert due is not None
        now = max(now, due.at_ms) + data.draw(st.integers(0, 3 * HOUR_MS))
        before = {turn.name: turn for turn in turns}
        turns = taken(turns, due, str(number), now)
        after = {turn.name: turn for turn in turns}
        assert [turn.state for turn in turns].count(State.SIGNING) == 1
        assert [turn.state for turn in turns].count(State.PUBLISHED) <= 1
        for name in after.keys() - before.keys():
            appeared[name] = now
        if due.step is Step.SWITCH:
            assert now - appeared[due.turn] >= PUBLISHED_FOR_MS
            stopped |= {name: now for name, turn in before.items() if turn.state is State.SIGNING}
        for name in before.keys() - after.keys():
            assert now - stopped[name] >= KEPT_FOR_MS
