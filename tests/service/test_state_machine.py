from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from daemon.api.links import Opened
from daemon.clock import iso
from daemon.errors import Code, PosternError
from daemon.service.context import NOBODY, Call, Source
from tests.service.harness import House, house

HOUR_MS = 3_600_000
AGENT_KEY_LIFE_MS = 24 * HOUR_MS
REVEAL_LIFE_MS = 600_000
OPENING = Call(principal=NOBODY, request_id="req_open", source=Source.LINK)


@dataclass(eq=False)
class Agent:
    id: str
    disabled: bool = False


@dataclass(eq=False)
class Enrollment:
    id: str
    token: str
    most: int
    reusable: bool
    expires_ms: int
    revoked: bool = False
    used: int = 0
    agents: dict[str, Agent] = field(default_factory=dict)


@dataclass(eq=False)
class AgentKey:
    text: str
    source: Enrollment
    agent: Agent
    expires_ms: int
    revoked: bool = False
    inboxes: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Link:
    id: str
    token: str
    secret: str
    source: Enrollment
    expires_ms: int
    dead: bool = False


class KeysQuotaAndLinks(RuleBasedStateMachine):
    """What the services do beside what the contract's words, put into a few lines, say they do."""

    enrollments: Bundle[Enrollment] = Bundle("enrollments")
    keys: Bundle[AgentKey] = Bundle("keys")
    links: Bundle[Link] = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="postern-"))
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.house: House = self.runner.run(self.stack.enter_async_context(house(self.home)))
        self.minted: list[Enrollment] = []
        self.inboxes = 0
        self.suspended = False

    @property
    def now_ms(self) -> int:
        return self.house.clock.now_ms()

    def ask(self, name: str, *path: str, **more: Any) -> Any:
        return self.runner.run(self.house.ask(name, *path, **more))

    @initialize()
    def begin(self) -> None:
        self.tenant = self.ask("tenants.create", body={"name": "Acme"}).id

    @rule(target=enrollments, most=st.integers(1, 3), reusable=st.booleans(), hours=st.integers(1, 60))
    def mint(self, most: int, reusable: bool, hours: int) -> Enrollment:
        expires_ms = self.now_ms + hours * HOUR_MS
        body = {"tenant_id": self.tenant, "label": "x", "scopes": ["mailbox:create"], "max_mailboxes": most}
        made = self.ask("keys.mint", body=body | {"reusable": reusable, "expires_at": iso(expires_ms)})
        self.minted.append(Enrollment(made.id, made.enrollment_token, most, reusable, expires_ms))
        return self.minted[-1]

    def refused(self, source: Enrollment, handle: str) -> Code | None:
        """Say why a redemption must fail."""
        if self.suspended:
            return Code.INVALID_ENROLLMENT_TOKEN
        if source.revoked:
            return Code.ENROLLMENT_TOKEN_REVOKED
        if source.expires_ms <= self.now_ms:
            return Code.ENROLLMENT_TOKEN_EXPIRED
        agent = source.agents.get(handle)
        if agent is not None:
            return Code.INVALID_ENROLLMENT_TOKEN if agent.disabled else None
        spent = source.used >= source.most or (not source.reusable and source.agents)
        return Code.ENROLLMENT_TOKEN_EXHAUSTED if spent else None

    @rule(target=keys, source=enrollments, handle=st.sampled_from("ab"))
    def redeem(self, source: Enrollment, handle: str) -> AgentKey:
        answer = self.ask("enrollment.redeem", body={"enrollment_token": source.token, "agent_handle": handle})
        return self.redeemed(source, handle, answer)

    @rule(target=links, source=enrollments, handle=st.sampled_from("ab"))
    def redeem_with_a_link(self, source: Enrollment, handle: str) -> Link:
        body = {"enrollment_token": source.token, "agent_handle": handle}
        answer = self.ask("enrollment.redeem", body=body, receipt=True)
        if isinstance(answer, Code):
            self.redeemed(source, handle, answer)
            return Link("link_" + "0" * 32, "x", "", source, 0, dead=True)
        key = self.redeemed(source, handle, answer.data)
        token = answer.link.url.rpartition("/")[2]
        return Link(answer.link.id, token, key.text, source, self.now_ms + REVEAL_LIFE_MS)

    def redeemed(self, source: Enrollment, handle: str, answer: Any) -> AgentKey:
        expected = self.refused(source, handle)
        if expected is not None:
            assert answer is expected
            return AgentKey("pk_agent_none", source, Agent("none"), 0, revoked=True)
        agent = source.agents.setdefault(handle, Agent(answer.agent_id))
        expires_ms = min(self.now_ms + AGENT_KEY_LIFE_MS, source.expires_ms)
        assert (answer.agent_id, answer.expires_at) == (agent.id, iso(expires_ms))
        assert (answer.mailboxes_used, answer.mailboxes_max) == (source.used, source.most)
        return AgentKey(answer.agent_key, source, agent, expires_ms)

    def stands(self, key: AgentKey) -> bool:
        ended = key.revoked or key.agent.disabled or self.suspended
        return not ended and key.expires_ms > self.now_ms

    @rule(key=keys)
    def create(self, key: AgentKey) -> None:
        answer = self.ask("inboxes.create", body={}, by=key.text)
        if not self.stands(key):
            assert answer is Code.INVALID_API_KEY
        elif key.source.revoked:
            assert answer is Code.ENROLLMENT_TOKEN_REVOKED
        elif key.source.used >= key.source.most:
            assert answer is Code.ENROLLMENT_TOKEN_EXHAUSTED
        else:
            key.source.used += 1
            self.inboxes += 1
            key.inboxes.append(answer.id)

    @rule(key=keys)
    def delete_an_inbox(self, key: AgentKey) -> None:
        for inbox in key.inboxes[-1:]:
            answer = self.ask("inboxes.delete", inbox, by=key.text)
            if not self.stands(key):
                assert answer is Code.INVALID_API_KEY
            else:
                key.inboxes.remove(inbox)
                self.inboxes -= 1

    @rule(source=enrollments)
    def revoke_an_enrollment_key(self, source: Enrollment) -> None:
        assert self.ask("keys.revoke", source.id).revoked
        source.revoked = True

    @rule(key=keys)
    def revoke_an_agent_key(self, key: AgentKey) -> None:
        if key.text != "pk_agent_none":
            assert self.ask("agents.revoke_key", key.text.split("_")[2]).revoked
            key.revoked = True

    @rule(key=keys, disabled=st.booleans())
    def disable_or_enable(self, key: AgentKey, disabled: bool) -> None:
        if key.agent.id != "none":
            self.ask("agents.update", key.agent.id, body={"disabled": disabled})
            key.agent.disabled = disabled

    @rule(suspended=st.booleans())
    def suspend_or_resume(self, suspended: bool) -> None:
        assert self.ask("tenants.update", self.tenant, body={"suspended": suspended}).suspended is suspended
        self.suspended = suspended

    @rule(link=links)
    def open_a_link(self, link: Link) -> None:
        answer: Opened | Code
        try:
            answer = self.runner.run(self.house.services.links.open(OPENING, link.token))
        except PosternError as refusal:
            answer = refusal.code
        if not link.secret:
            assert answer is Code.NOT_FOUND
        elif link.dead or self.suspended or link.source.revoked or link.expires_ms <= self.now_ms:
            assert answer is Code.GONE
        else:
            assert isinstance(answer, Opened)
            assert answer.secret == link.secret
            link.dead = True

    @rule(link=consumes(links))
    def revoke_a_link(self, link: Link) -> None:
        if link.secret:
            self.ask("links.revoke", link.id)
            link.dead = True
            self.open_a_link(link)

    @rule(minutes=st.sampled_from([1, 9, 61, 1_440]))
    def wait(self, minutes: int) -> None:
        self.house.clock.advance(seconds=60 * minutes)

    @invariant()
    def the_store_agrees(self) -> None:
        used = {key.id: key.used for key in self.minted}
        assert dict(self.runner.run(self.house.look("SELECT id, used_count FROM enrollment_keys"))) == used
        assert self.runner.run(self.house.look("SELECT count(*) FROM inboxes")) == [(self.inboxes,)]

    def teardown(self) -> None:
        verdict = self.ask("audit.verify")
        self.runner.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.home)
        assert verdict.ok


KeysQuotaAndLinks.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestKeysQuotaAndLinks = KeysQuotaAndLinks.TestCase
