"""Mailboxes whose provider has to know each sender: no sender, no mailbox, and nothing is left of either."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon.backends.send.acs_senders import AzureSenders, email_service
from daemon.errors import Code
from tests.service.harness import House, house
from tests.standins.arm import SERVICE, Credential, ResourceManager


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def registered_with(home: House, manager: ResourceManager) -> AsyncIterator[str]:
    """Let every mailbox be a sender there; yield the key of an agent that may have two."""
    senders = AzureSenders(email_service(SERVICE), Credential(), manager.url)
    home.services.inboxes.senders.registry = senders
    tenant = (await home.ask("tenants.create", body={"name": "Acme"})).id
    body = {"tenant_id": tenant, "label": "x", "scopes": ["mailbox:create", "mailbox:read"], "max_mailboxes": 2}
    minted = await home.ask("keys.mint", body=body)
    try:
        yield (await home.ask("enrollment.redeem", body={"enrollment_token": minted.enrollment_token})).agent_key
    finally:
        await senders.close()


async def lines(home: House) -> list[tuple[str, str, str | None]]:
    found = await home.look(
        "SELECT line ->> '$.action', line ->> '$.outcome', line ->> '$.reason' FROM audit"
        " WHERE line ->> '$.action' LIKE '%:sender:%' OR line ->> '$.action' LIKE '%:inbox:%' ORDER BY seq"
    )
    return [(action.partition(":")[2], outcome, reason) for action, outcome, reason in found]


async def test_a_mailbox_has_its_sender_and_takes_it_along(home: House) -> None:
    with ResourceManager() as manager:
        async with registered_with(home, manager) as key:
            made = await home.ask("inboxes.create", body={"username": "bot"}, by=key)
            assert manager.senders == {made.address}
            instant = await home.ask("inboxes.create", by=key)
            assert manager.senders == {made.address, instant.address}
            await home.ask("inboxes.delete", made.id, by=key)
            assert manager.senders == {instant.address}
    assert await lines(home) == [
        *[("sender:register", "intent", None), ("sender:register", "ok", None), ("inbox:create", "ok", None)] * 2,
        ("inbox:delete", "ok", None),
        ("sender:remove", "intent", None),
        ("sender:remove", "ok", None),
    ]


@pytest.mark.parametrize("status", [400, 403, 409, 429, 500])
async def test_without_a_sender_there_is_no_mailbox_and_nothing_is_spent(home: House, status: int) -> None:
    with ResourceManager(refuses={"PUT": [status]}) as manager:
        async with registered_with(home, manager) as key:
            assert await home.ask("inboxes.create", body={"username": "bot"}, by=key) is Code.BACKEND_UNAVAILABLE
            assert await home.look("SELECT count(*) FROM inboxes WHERE address LIKE 'bot@%'") == [(0,)]
            assert await home.look("SELECT sum(used_count) FROM enrollment_keys") == [(0,)]
            told = await lines(home)
            assert [line[:2] for line in told] == [("sender:register", "intent"), ("sender:register", "failed")]
            assert told[1][2] == "Azure: QuotaExceeded: Too many sender user names."
            made = await home.ask("inboxes.create", body={"username": "bot"}, by=key)
            assert manager.senders == {made.address}


async def test_what_is_refused_here_asks_nobody_and_what_comes_to_nothing_is_undone(home: House) -> None:
    with ResourceManager() as manager:
        async with registered_with(home, manager) as key:
            await home.ask("inboxes.create", body={"username": "bot"}, by=key)
            assert await home.ask("inboxes.create", body={"username": "bot"}, by=key) is Code.ADDRESS_TAKEN
            assert await home.ask("inboxes.create", body={"domain": "x.test"}, by=key) is Code.DOMAIN_NOT_ALLOWED
            refused = {"username": "hooked", "inbound_webhook_url": "http://127.0.0.1/x"}
            assert await home.ask("inboxes.create", body=refused, by=key) is Code.VALIDATION_FAILED
            await home.ask("inboxes.create", body={"username": "second"}, by=key)
            assert await home.ask("inboxes.create", by=key) is Code.ENROLLMENT_TOKEN_EXHAUSTED
            assert {one.partition("@")[0] for one in manager.senders} == {"bot", "second"}
            assert [method for method, _ in manager.asked] == ["PUT", "PUT", "DELETE", "PUT"]


async def test_the_same_request_many_times_at_once_is_one_mailbox_and_one_sender(home: House) -> None:
    with ResourceManager() as manager:
        async with registered_with(home, manager) as key:
            asked = [home.ask("inboxes.create", body={"client_id": "c"}, by=key) for _ in range(8)]
            made = await asyncio.gather(*asked)
            assert len({one.address for one in made}) == 1
            assert manager.senders == {made[0].address}
            named = [home.ask("inboxes.create", body={"username": "bot"}, by=key) for _ in range(8)]
            won = [one for one in await asyncio.gather(*named) if not isinstance(one, Code)]
            assert manager.senders == {made[0].address, *(one.address for one in won)}
            assert len(won) == 1


async def test_a_sender_that_cannot_be_removed_keeps_no_mailbox_and_is_told_of(home: House) -> None:
    with ResourceManager(refuses={"DELETE": [500]}) as manager:
        async with registered_with(home, manager) as key:
            made = await home.ask("inboxes.create", by=key)
            assert (await home.ask("inboxes.delete", made.id, by=key)).deleted
            assert (await lines(home))[-1] == (
                "sender:remove",
                "failed",
                "Azure: QuotaExceeded: Too many sender user names.",
            )


@pytest.mark.parametrize("text", ["", "e", "/subscriptions/s/resourceGroups/g", SERVICE + "/domains/x"])
def test_what_is_no_email_service_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="/subscriptions/ID/"):
        email_service(text)


async def test_a_caller_that_leaves_while_its_mailbox_is_deleted_leaves_no_sender(home: House) -> None:
    with ResourceManager() as manager:
        async with registered_with(home, manager) as key:
            made = await home.ask("inboxes.create", by=key)
            committed = asyncio.Event()
            home.database.committed = committed.set
            deleting = asyncio.ensure_future(home.ask("inboxes.delete", made.id, by=key))
            await asyncio.wait_for(committed.wait(), 20)
            deleting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await deleting
            leaving = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            await asyncio.wait(leaving, timeout=20)
            assert manager.senders == set()
    assert (await lines(home))[-1] == ("sender:remove", "ok", None)


async def test_what_goes_with_its_tenant_takes_its_sender_along(home: House) -> None:
    with ResourceManager() as manager:
        async with registered_with(home, manager) as key:
            for name in ("one", "two"):
                await home.ask("inboxes.create", body={"username": name}, by=key)
            (tenant,) = (await home.ask("tenants.list")).data
            assert len(manager.senders) == 2
            await home.ask("tenants.delete", tenant.id, query={"confirm": tenant.name})
            assert manager.senders == set()
