"""The sending rules beside a model of a few lines, over two tenants that know nothing of each other."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from daemon.clock import DAY_MS, SECOND_MS
from daemon.errors import Code, PosternError
from daemon.service.context import NOBODY, Call, Source
from daemon.service.sending.rules import Outcome
from daemon.store import inboxes, messages, threads
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.messages import MessageRow
from daemon.store.threads import ThreadRow
from tests.service.harness import House, house

PRESSED = Call(principal=NOBODY, request_id="req_press", source=Source.LINK)
PEOPLE = [f"{name}@far.test" for name in "abcdefgh"]
WEIGHT = ["unsubscribe", "manual", "bounce", "complaint"]
REASON = {Outcome.BOUNCED_HARD: "bounce", Outcome.COMPLAINED: "complaint"}
EARNS = {"replied": 10, "bounced": -20, "complained": -200, "sent": -1}


@dataclass(eq=False)
class Tenant:
    id: str
    domain: str
    first: int = 10
    full: int = 50
    stopped: bool = False
    rated: list[tuple[int, str]] = field(default_factory=list)  # since the brake was lifted
    reasons: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Agent:
    id: str
    tenant: Tenant
    events: list[tuple[int, str]] = field(default_factory=list)


@dataclass(eq=False)
class Mailbox:
    row: InboxRow
    agent: Agent
    made: int
    used: Counter[int] = field(default_factory=Counter)


@dataclass(eq=False)
class Sent:
    row: MessageRow
    mailbox: Mailbox
    people: list[str]
    known: set[tuple[str, str]] = field(default_factory=set)


class SendingRulesMachine(RuleBasedStateMachine):
    sent: Bundle[Sent] = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="postern-"))
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.house: House = self.runner.run(self.stack.enter_async_context(house(self.home)))
        self.asked = self.house.services.rules
        self.number = 0

    def ask(self, name: str, *path: str, **more: Any) -> Any:
        return self.runner.run(self.house.ask(name, *path, **more))

    def write(self, change: Any) -> Any:
        return self.runner.run(self.house.database.write(change))

    def look(self, statement: str, *values: object) -> list[Any]:
        return self.runner.run(self.house.look(statement, *values))

    def refusal_of(self, change: Any) -> PosternError | None:
        try:
            self.write(change)
        except PosternError as refusal:
            return refusal
        return None

    @property
    def today(self) -> int:
        return self.house.clock.now_ms() // DAY_MS

    @initialize()
    def begin(self) -> None:
        self.mailboxes: list[Mailbox] = []
        for name in ("Ours", "Theirs"):
            made = self.ask("tenants.create", body={"name": name})
            tenant = Tenant(made.id, made.domain)
            body = {"tenant_id": made.id, "label": "x", "scopes": ["mailbox:create"], "max_mailboxes": 9}
            token = self.ask("keys.mint", body=body).enrollment_token
            agent = Agent(self.ask("enrollment.redeem", body={"enrollment_token": token}).agent_id, tenant)
            for _ in range(2):
                address = self.ask("inboxes.create", body={"agent_id": agent.id}).address
                row = self.runner.run(self.house.database.read(partial(inboxes.find, address_or_id=address)))
                assert row is not None
                self.mailboxes.append(Mailbox(row, agent, self.today))

    # -------------------------------------------------------------------------------------------- the model's own words

    def karma(self, agent: Agent) -> float:
        """Day by day, from four weeks ago to today."""
        points = 0.0
        for day in range(self.today - 28, self.today + 1):
            points *= 2 ** (-1 / 3)
            for at, what in agent.events:
                points += EARNS[what] if at == day and not (what == "sent" and day == self.today) else 0
            points = min(max(points, -400), 200)
        return points

    def rate(self, tenant: Tenant) -> float:
        recent = Counter(what for day, what in tenant.rated if day > self.today - 7)
        return recent["complained"] / max(recent["sent"], 1_000)

    def cap(self, mailbox: Mailbox) -> int:
        tenant, age = mailbox.agent.tenant, min(self.today - mailbox.made, 28)
        ramped = int(tenant.first + (tenant.full - tenant.first) * age / 28 + 1e-9)
        throttle = 0.5 if self.rate(tenant) > 0.001 and not tenant.stopped else 1
        return max(1, int(ramped * 2 ** (self.karma(mailbox.agent) / 200) * throttle + 1e-9))

    def refused(self, mailbox: Mailbox, people: list[str], subscribed: bool) -> Code | None:
        tenant = mailbox.agent.tenant
        if tenant.stopped:
            return Code.SEND_CAP_REACHED
        if any(one in tenant.reasons or (subscribed and one in tenant.left) for one in people):
            return Code.VALIDATION_FAILED
        over = mailbox.used[self.today] + len(people) > self.cap(mailbox)
        return Code.SEND_CAP_REACHED if over else None

    def happened(self, agent: Agent, what: str) -> None:
        agent.events.append((self.today, what))
        agent.tenant.rated.append((self.today, what))

    def suppressed(self, tenant: Tenant, address: str, reason: str) -> None:
        if reason == "unsubscribe":
            tenant.left.add(address)
        elif address not in tenant.reasons or WEIGHT.index(reason) > WEIGHT.index(tenant.reasons[address]):
            tenant.reasons[address] = reason

    # ------------------------------------------------------------------------------------------------------------ rules

    @rule(
        target=sent,
        which=st.integers(0, 3),
        people=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=8, unique=True),
        label=st.sampled_from(["", "+news"]),
        subscribed=st.booleans(),
    )
    def send(self, which: int, people: list[str], label: str, subscribed: bool) -> Any:
        mailbox = self.mailboxes[which]
        given = [one.replace("@", label + "@") for one in people]
        expected = self.refused(mailbox, people, subscribed)
        now_ms = self.house.clock.now_ms()

        def dry(conn: sqlite3.Connection) -> Any:
            return self.asked.judge(conn, mailbox.row, given, now_ms, subscribed=subscribed)

        before = self.counted()
        said = self.runner.run(self.house.database.read(dry))
        assert self.counted() == before, "a dry run spends nothing"
        self.number += 1
        row = a_row(mailbox.row, f"msg_{self.number}", "outbound", mailbox.row.address, now_ms)

        def change(tx: Tx) -> None:
            if subscribed:
                self.asked.unsubscribe_headers(tx, mailbox.row, row.id, given[0])
            store(tx, row)
            self.asked.admit(tx, mailbox.row, row.id, given, subscribed=subscribed)

        refusal = self.refusal_of(change)
        if expected is not None:
            assert refusal is not None
            assert said.refusal is not None
            assert refusal.code is expected
            assert (said.refusal.message, said.refusal.details) == (refusal.message, refusal.details)
            if refusal.retry_after_seconds is not None:
                left_ms = (self.today + 1) * DAY_MS - now_ms
                assert 0 <= refusal.retry_after_seconds * SECOND_MS - left_ms < SECOND_MS
            return multiple()
        assert refusal is None
        assert said.ok
        mailbox.used[self.today] += len(people)
        for _ in people:
            self.happened(mailbox.agent, "sent")
        return Sent(row, mailbox, people)

    @rule(sent=sent, who=st.integers(0, 7), outcome=st.sampled_from(Outcome))
    def learn(self, sent: Sent, who: int, outcome: Outcome) -> None:
        agent, address = sent.mailbox.agent, sent.people[who % len(sent.people)]
        self.write(lambda tx: self.asked.outcome(tx, sent.mailbox.row, sent.row.id, address.upper(), outcome))
        if outcome not in REASON:
            return
        self.suppressed(agent.tenant, address, REASON[outcome])
        what = "bounced" if outcome is Outcome.BOUNCED_HARD else "complained"
        if (address, what) not in sent.known:
            sent.known.add((address, what))
            self.happened(agent, what)
            if what == "complained" and self.rate(agent.tenant) > 0.003:
                agent.tenant.stopped = True

    @rule(which=st.integers(0, 3), count=st.integers(2, 4))
    def newcomers_complain(self, which: int, count: int) -> None:
        people = [f"new{self.number}-{number}@far.test" for number in range(count)]
        sent = self.send(which, people, "", False)
        if isinstance(sent, Sent):
            for who in range(count):
                self.learn(sent, who, Outcome.COMPLAINED)

    @rule(
        sent=sent,
        who=st.integers(0, 7),
        by=st.sampled_from(["them", "them", "their robot", "a bounce", "a forger", "a stranger", "ourselves"]),
    )
    def answer(self, sent: Sent, who: int, by: str) -> None:
        address = sent.people[who % len(sent.people)]
        writer = {"a stranger": "zoe@far.test", "ourselves": self.own(sent)}.get(by, address)
        self.number += 1
        row = a_row(
            sent.mailbox.row,
            f"msg_{self.number}",
            "inbound",
            f"Somebody <{writer}>",
            self.house.clock.now_ms(),
            thread_id=sent.row.thread_id,
            envelope_from="" if by == "a bounce" else writer,
            authentication='{"dmarc":"fail"}' if by == "a forger" else "{}",
        )

        def change(tx: Tx) -> None:
            store(tx, row)
            self.asked.received(tx, sent.mailbox.row, row, automatic=by == "their robot")

        self.write(change)
        if by == "them" and (address, "replied") not in sent.known:
            sent.known.add((address, "replied"))
            self.happened(sent.mailbox.agent, "replied")

    def own(self, sent: Sent) -> str:
        return next(one.row.address for one in self.mailboxes if one.agent is sent.mailbox.agent)

    @rule(which=st.integers(0, 3), address=st.sampled_from(PEOPLE))
    def unsubscribe(self, which: int, address: str) -> None:
        mailbox = self.mailboxes[which]
        headers = self.write(lambda tx: self.asked.unsubscribe_headers(tx, mailbox.row, "msg_x", address))
        token = headers[0][1].rpartition("/")[2].removesuffix(">")
        tenant = mailbox.agent.tenant
        assert tenant.tokens.setdefault(address, token) == token
        given = [one.tokens for one in {box.agent.tenant for box in self.mailboxes}]
        assert sum(token in tokens.values() for tokens in given) == 1
        assert len(set(tenant.tokens.values())) == len(tenant.tokens)
        self.runner.run(self.house.services.unsubscribing.unsubscribe(PRESSED, token))
        self.suppressed(tenant, address, "unsubscribe")

    @rule(which=st.integers(0, 3), address=st.sampled_from(PEOPLE), reason=st.sampled_from(WEIGHT))
    def list_by_hand(self, which: int, address: str, reason: str) -> None:
        tenant = self.mailboxes[which].agent.tenant
        self.suppressed(tenant, address, reason)
        shown = self.ask("suppressions.put", address, query={"tenant": tenant.id}, body={"reason": reason})
        assert shown.reason == tenant.reasons.get(address, "unsubscribe")

    @rule(which=st.integers(0, 3), address=st.sampled_from(PEOPLE))
    def take_off_the_list(self, which: int, address: str) -> None:
        tenant = self.mailboxes[which].agent.tenant
        answer = self.ask("suppressions.remove", address, query={"tenant": tenant.id})
        if address in tenant.reasons:
            assert answer.lifted == tenant.reasons.pop(address)
            assert answer.remains == ("unsubscribe" if address in tenant.left else None)
        elif address in tenant.left:
            assert (answer.lifted, answer.remains) == ("unsubscribe", None)
            tenant.left.remove(address)
        else:
            assert answer is Code.NOT_FOUND

    @rule(which=st.integers(0, 3))
    def lift_the_brake(self, which: int) -> None:
        tenant = self.mailboxes[which].agent.tenant
        assert self.ask("tenants.lift_brake", tenant.id).sending.brake == "open"
        tenant.stopped = False
        tenant.rated.clear()

    @rule(which=st.integers(0, 3), first=st.integers(5, 20), full=st.integers(20, 60))
    def limit(self, which: int, first: int, full: int) -> None:
        tenant = self.mailboxes[which].agent.tenant
        self.ask("tenants.update", tenant.id, body={"limits": {"send_cap_first": first, "send_cap_full": full}})
        tenant.first, tenant.full = first, full

    @rule(hours=st.sampled_from([1, 7, 24, 100, 168, 700]))
    def wait(self, hours: int) -> None:
        self.house.clock.advance(seconds=3_600 * hours)

    # ------------------------------------------------------------------------------------------------------- invariants

    def counted(self) -> list[Any]:
        tables = ("send_days", "sent_addresses", "suppressions", "send_brakes", "unsubscribe_tokens")
        return [self.look(f"SELECT * FROM {table}") for table in tables]

    @invariant()
    def the_store_agrees(self) -> None:
        found = dict(self.look("SELECT subject, sum(sent) FROM send_days GROUP BY subject"))
        for mailbox in self.mailboxes:
            assert found.get(mailbox.row.id, 0) == mailbox.used.total()
        for tenant in {one.agent.tenant for one in self.mailboxes}:
            statement = "SELECT address, reason, unsubscribed_ms IS NOT NULL FROM suppressions WHERE tenant_id = ?"
            listed = self.look(statement, tenant.id)
            everybody = tenant.reasons.keys() | tenant.left
            assert {row[0] for row in listed} == everybody
            for address, reason, left in listed:
                assert reason == tenant.reasons.get(address, "unsubscribe")
                assert bool(left) == (address in tenant.left)

    @invariant()
    def what_is_shown_agrees(self) -> None:
        for mailbox in self.mailboxes[::2]:
            shown = self.ask("tenants.get", mailbox.agent.tenant.id).sending.brake
            assert (shown == "stopped") == mailbox.agent.tenant.stopped
            if shown != "stopped":
                assert (shown == "throttled") == (self.rate(mailbox.agent.tenant) > 0.001)
            assert abs(self.ask("agents.get", mailbox.agent.id).karma - self.karma(mailbox.agent)) < 0.06

    def teardown(self) -> None:
        verdict = self.ask("audit.verify")
        self.runner.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.home)
        assert verdict.ok


def a_row(
    inbox: InboxRow,
    message_id: str,
    direction: str,
    sender: str,
    now_ms: int,
    *,
    thread_id: str | None = None,
    envelope_from: str = "x@far.test",
    authentication: str = "{}",
) -> MessageRow:
    return MessageRow(
        id=message_id,
        tenant_id=inbox.tenant_id,
        inbox_id=inbox.id,
        thread_id=thread_id or f"thread_of_{message_id}",
        raw_id=1,
        direction=direction,
        status="queued",
        message_id=None,
        sender=sender,
        recipients="[]",
        copies="[]",
        subject="s",
        snippet="",
        visible="",
        authentication=authentication,
        envelope_from=envelope_from,
        envelope_to="",
        size_bytes=1,
        problem=None,
        unread=0,
        received_ms=now_ms,
        owners="",
    )


def store(tx: Tx, row: MessageRow) -> None:
    """Put a message into the store, with a thread and bytes where it has none."""
    if threads.get(tx.conn, row.thread_id) is None:
        messages.add_raw(tx, b"", 0)
        threads.add(tx, ThreadRow(id=row.thread_id, inbox_id=row.inbox_id, subject="s", created_ms=row.received_ms))
    messages.add(tx, row)


SendingRulesMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestSendingRules = SendingRulesMachine.TestCase
