"""Accounts at a backend: made before the mailbox, undone when it does not come to be, over crashes too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon.backends.protocols import Account, AccountTaken, ImapAccess, Origin, Unreachable
from daemon.errors import Code
from tests.service.harness import House, house


@dataclass
class Server:
    """Knows its accounts. `fails` is raised before an account is made, or after it was when `too_late`."""

    accounts: dict[str, str] = field(default_factory=dict)  # address by mailbox
    passwords: list[str] = field(default_factory=list)
    watched: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)
    fails: BaseException | None = None
    too_late: bool = False

    trouble = None

    async def check(self) -> None:
        return

    async def start(self) -> dict[str, str]:
        return {}

    async def stop(self) -> None:
        return

    async def push(self, origin: Origin, unread: bool | None) -> None:
        return

    async def create_account(self, account: Account, password: str) -> str:
        if self.fails and not self.too_late:
            raise self.fails
        if account.address in self.accounts.values():
            raise AccountTaken
        if account.address.startswith("postmaster@"):
            self.operators.add(account.address)
            return f"remote {account.inbox_id}"
        self.accounts[account.inbox_id] = account.address
        self.passwords.append(password)
        if self.fails:
            raise self.fails
        return f"remote {account.inbox_id}"

    async def also_for(self, account: Account, address: str) -> None:
        assert account.address in self.operators
        self.operators.add(address)

    async def delete_account(self, account: Account) -> None:
        if self.fails:
            raise self.fails
        assert account.inbox_id not in self.deleting, "the server knows no two deletions of one account"
        self.deleting.add(account.inbox_id)
        await asyncio.sleep(0)
        self.accounts.pop(account.inbox_id, None)

    def watch(self, account: Account) -> None:
        assert account.remote_id == f"remote {account.inbox_id}"
        if account.address not in self.operators:
            self.watched.add(account.inbox_id)

    def unwatch(self, inbox_id: str) -> None:
        self.watched.discard(inbox_id)

    def imap_access(self, account: Account) -> ImapAccess | None:
        return ImapAccess("imap.test", 993, "tls", account.address)


@dataclass
class Place:
    home: House
    server: Server
    agent: str

    async def create(self, **body: str) -> object:
        return await self.home.ask("inboxes.create", body={"agent_id": self.agent, **body})

    async def lines(self) -> list[tuple[str, str]]:
        listed = await self.home.ask("audit.list", query={})
        told = [line.entry for line in reversed(listed.data)]
        return [(one["outcome"], one["reason"] or "") for one in told if one["action"] == "rest:inbox:create"]

    async def spent(self) -> int:
        return int((await self.home.look("SELECT used_count FROM enrollment_keys"))[0][0])


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with house(tmp_path) as home:
        yield await furnished(home)


async def furnished(home: House) -> Place:
    tenant = (await home.ask("tenants.create", body={"name": "Acme"})).id
    wanted = {"tenant_id": tenant, "label": "x", "scopes": ["mailbox:read"], "max_mailboxes": 2}
    minted = await home.ask("keys.mint", body=wanted)
    enrolled = await home.ask("enrollment.redeem", body={"enrollment_token": minted.enrollment_token})
    server = Server()
    await home.services.accounts.use(server)
    return Place(home, server, enrolled.agent_id)


async def test_an_account_is_made_watched_and_told(place: Place) -> None:
    made = await place.home.ask("inboxes.create", body={"agent_id": place.agent})
    assert place.server.accounts == {made.id: made.address}
    assert place.server.watched == {made.id}
    assert await place.lines() == [("intent", ""), ("ok", "")]
    shown = await place.home.ask("inboxes.credentials", made.id)
    assert [shown.imap.password] == place.server.passwords
    stored = await place.home.look("SELECT password FROM accounts")
    assert shown.imap.password.encode() not in stored[0][0]


@pytest.mark.parametrize("too_late", [False, True])
async def test_a_server_that_is_away_makes_no_mailbox(place: Place, too_late: bool) -> None:
    place.server.fails, place.server.too_late = Unreachable("away"), too_late
    assert await place.create(username="sam", client_id="k") is Code.BACKEND_UNAVAILABLE
    assert await place.home.look("SELECT count(*) FROM inboxes") == [(0,)]
    assert await place.spent() == 0
    assert await place.lines() == [("intent", ""), ("refused", "backend_unavailable")]
    place.server.fails = None
    await place.home.services.accounts.step(place.server)
    assert place.server.accounts == {}
    assert not isinstance(await place.create(username="sam", client_id="k"), Code)
    assert await place.spent() == 1


async def test_an_address_that_is_taken_there_is_taken(place: Place) -> None:
    made = await place.home.ask("inboxes.create", body={"agent_id": place.agent})
    domain = made.address.partition("@")[2]
    place.server.accounts["another's"] = f"sam@{domain}"
    assert await place.create(username="sam") is Code.ADDRESS_TAKEN
    assert await place.spent() == 1


async def test_no_account_is_made_that_nobody_may_pay_for(place: Place) -> None:
    for _ in range(2):
        assert not isinstance(await place.create(), Code)
    assert await place.create() is Code.ENROLLMENT_TOKEN_EXHAUSTED
    assert len(place.server.passwords) == 2


async def test_one_request_at_the_same_time_twice_makes_one_mailbox(place: Place) -> None:
    both = await asyncio.gather(place.create(client_id="k"), place.create(client_id="k"))
    assert both[0] == both[1]
    await place.home.services.accounts.step(place.server)
    assert len(place.server.accounts) == 1
    assert await place.spent() == 1


async def test_a_mailbox_that_goes_takes_its_account_along_when_that_can_be(place: Place) -> None:
    made = await place.home.ask("inboxes.create", body={"agent_id": place.agent, "username": "sam"})
    place.server.fails = Unreachable("away")
    await place.home.ask("inboxes.delete", made.id)
    await place.home.services.accounts.step(place.server)
    assert (place.server.watched, len(place.server.accounts)) == (set(), 1)
    assert await place.create(username="sam") is Code.BACKEND_UNAVAILABLE
    place.server.fails = None
    again = await place.home.ask("inboxes.create", body={"agent_id": place.agent, "username": "sam"})
    assert place.server.accounts == {again.id: made.address}


async def test_an_account_is_deleted_by_one_at_a_time(place: Place) -> None:
    made = await place.home.ask("inboxes.create", body={"agent_id": place.agent, "username": "sam"})
    await place.home.ask("inboxes.delete", made.id)
    step = place.home.services.accounts.step
    _, again = await asyncio.gather(step(place.server), place.create(username="sam"))
    assert not isinstance(again, Code)
    assert list(place.server.accounts.values()) == [made.address]


async def test_what_a_killed_daemon_was_making_is_undone_under_its_request(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        place = await furnished(home)
        made, never = asyncio.Event(), asyncio.Event()

        async def hangs(account: Account, password: str) -> str:
            place.server.accounts[account.inbox_id] = account.address
            made.set()
            await never.wait()
            raise AssertionError

        place.server.create_account = hangs  # type: ignore[method-assign]
        making = asyncio.create_task(place.create())
        await made.wait()
        server, clock = Server(accounts=place.server.accounts), home.clock
        cut_off = [making, *home.services.accounts._making]
    for task in cut_off:  # its store is gone: whatever it does now leaves no trace
        task.cancel()
    await asyncio.gather(*cut_off, return_exceptions=True)
    async with house(tmp_path, clock) as home:
        await home.services.accounts.use(server)
        await home.services.accounts.step(server)
        assert server.accounts == {}
        told = [line.entry for line in (await home.ask("audit.list", query={})).data]
        lines = [one for one in told if one["outcome"] != "ok"]
        assert [one["outcome"] for one in lines] == ["refused", "intent"]
        assert len({one["request_id"] for one in lines}) == 1


async def test_the_operators_addresses_are_taken_care_of(place: Place) -> None:
    step = place.home.services.accounts.step
    place.server.fails = Unreachable("away")
    await step(place.server)
    assert place.server.operators == set()
    place.server.fails = None
    for domains in (("acme.postern.test",), ("acme.postern.test", "beta.postern.test")):
        await step(place.server)
        whole = (*domains, "postern.test", "mx.postern.test")
        assert place.server.operators == {f"{local}@{one}" for one in whole for local in ("postmaster", "abuse")}
        await place.home.ask("tenants.create", body={"name": "Beta"})


async def test_mailboxes_from_before_get_accounts(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        place = await furnished(home)
        home.services.accounts.backend = None
        made = await home.ask("inboxes.create", body={"agent_id": place.agent})
        assert (await home.ask("inboxes.credentials", made.id)).imap is None
        await home.services.accounts.use(place.server)
        await home.services.accounts.step(place.server)
        assert place.server.accounts == {made.id: made.address}
        assert place.server.watched == {made.id}
