from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.api.messages import DownloadQuery, MessageGetQuery
from daemon.api.operations import BY_NAME, OPERATIONS
from daemon.api.waits import WaitAnswer, WaitRequest, WaitResumeQuery
from daemon.backends.protocols import Arrival
from daemon.clock import iso
from daemon.errors import Code, PosternError
from daemon.mail.extract import Extracted as Extraction
from daemon.mail.model import ParsedMail
from daemon.service.context import LOCAL_OPERATOR, Call, Done, Source
from daemon.service.mail_cache import MailCache
from daemon.service.mailboxes import inbox_removal
from daemon.service.waiting.waits import Waits
from daemon.store.inboxes import InboxRow
from daemon.store.messages import MessageRow
from daemon.store.waits import WaitRow
from tests.service.harness import House, house
from tests.support import mail

CALL = Call(principal=LOCAL_OPERATOR, request_id="req_test", source=Source.REST)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def a_mailbox(home: House) -> str:
    """Make a mailbox and return its id."""
    tenant = (await home.ask("tenants.create", body={"name": "Acme"})).id
    body = {"tenant_id": tenant, "label": "x", "scopes": ["mailbox:read"], "max_mailboxes": 9}
    minted = await home.ask("keys.mint", body=body)
    enrolled = await home.ask("enrollment.redeem", body={"enrollment_token": minted.enrollment_token})
    return str((await home.ask("inboxes.create", body={"agent_id": enrolled.agent_id})).id)


async def a_mail(home: House, inbox: str, subject: str = "x") -> str:
    raw = mail("b@y.test", subject=subject)
    assert await home.services.messages.receive(Arrival("a@x.test"), {inbox: "b@y.test"}, raw) == {inbox}
    ((message,),) = await home.look("SELECT id FROM messages ORDER BY n DESC LIMIT 1")
    return str(message)


async def test_every_operation_is_a_method_of_a_service(home: House) -> None:
    for operation in OPERATIONS:
        method = getattr(getattr(home.services, operation.noun), operation.verb)
        given = len(operation.path_names) + (operation.query is not None) + (operation.request is not None)
        assert len(inspect.signature(method).parameters) == 1 + given, operation.name
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS) == len(BY_NAME)


async def test_a_mail_that_is_deleted_while_it_is_read_is_not_found(home: House) -> None:
    message = await a_mail(home, await a_mailbox(home))
    row = await home.services.messages._owned(LOCAL_OPERATOR, message)
    await home.ask("messages.delete", message)
    assert await home.look("SELECT count(*) FROM raws") == [(0,)]
    with pytest.raises(PosternError) as refused:
        await home.services.messages._mails.parsed(row)
    assert refused.value.code is Code.NOT_FOUND


async def test_readers_and_deleters_of_one_mail_get_it_or_not_found(home: House) -> None:
    inbox = await a_mailbox(home)
    for _ in range(20):
        message = await a_mail(home, inbox)
        home.services.messages._mails.forget(message)
        gets = [home.services.messages.get(CALL, message, MessageGetQuery()) for _ in range(3)]
        raws = [home.services.messages.raw(CALL, message, DownloadQuery()) for _ in range(3)]
        answers = await asyncio.gather(
            *gets, home.services.messages.delete(CALL, message), *raws, return_exceptions=True
        )
        codes = {answer.code for answer in answers if isinstance(answer, PosternError)}
        assert codes <= {Code.NOT_FOUND}
        assert not [
            answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, PosternError)
        ]


async def test_a_cancelled_wait_leaves_no_subscription(home: House) -> None:
    inbox = await a_mailbox(home)
    request = WaitRequest(timeout_seconds=60.0)
    waits = [asyncio.ensure_future(home.services.waits.wait(CALL, inbox, request)) for _ in range(5)]
    while len(home.services.waits.progress) < 5:
        await home.look("SELECT 1")
    assert len(home.bus._by_topic[inbox]) == 5
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    assert len(home.services.waits.progress) == 0
    assert home.bus._by_topic == {}


async def test_a_mail_committed_between_subscribing_and_looking_is_seen_once(home: House) -> None:
    inbox = await a_mailbox(home)
    for number in range(200):
        request = WaitRequest(subject=f"mail {number}.", timeout_seconds=30.0)
        wait = asyncio.ensure_future(home.services.waits.wait(CALL, inbox, request))
        for _ in range(number % 7):
            await asyncio.wait([wait], timeout=0)
        await a_mail(home, inbox, f"mail {number}.")
        answer = plain(await asyncio.wait_for(wait, 20))
        assert answer.message is not None
        assert answer.message.subject == f"mail {number}."


def plain(answer: WaitAnswer | Done[WaitAnswer]) -> WaitAnswer:
    """Return the answer of a wait that claims nothing."""
    assert isinstance(answer, WaitAnswer)
    return answer


async def test_a_mail_that_comes_before_a_since_to_come_is_not_it(home: House) -> None:
    inbox = await a_mailbox(home)
    request = WaitRequest(since=iso(home.clock.now_ms() + 1_000), timeout_seconds=60.0)
    wait = asyncio.ensure_future(home.services.waits.wait(CALL, inbox, request))
    await asyncio.wait([wait], timeout=0)
    await a_mail(home, inbox, "too early")
    home.clock.advance(seconds=1)
    await a_mail(home, inbox, "in time")
    answer = plain(await asyncio.wait_for(wait, 20))
    assert answer.message is not None
    assert answer.message.subject == "in time"


async def test_a_mail_that_is_deleted_while_a_wait_looks_at_it_does_not_end_the_wait(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = await a_mailbox(home)
    parsed = MailCache.parsed

    async def deleted_first(cache: MailCache, row: MessageRow) -> ParsedMail:
        monkeypatch.setattr(MailCache, "parsed", parsed)
        await home.ask("messages.delete", row.id)
        return await parsed(cache, row)

    await a_mail(home, inbox, "going")
    monkeypatch.setattr(MailCache, "parsed", deleted_first)
    request = WaitRequest(since=iso(home.clock.now_ms()), timeout_seconds=60.0, claim=True)
    wait = asyncio.ensure_future(home.services.waits.wait(CALL, inbox, request))
    while await home.look("SELECT 1 FROM messages"):
        pass
    await a_mail(home, inbox, "staying")
    answer = await asyncio.wait_for(wait, 20)
    assert isinstance(answer, Done)
    assert answer.data.message is not None
    assert answer.data.message.subject == "staying"


async def test_a_durable_wait_that_meets_a_deletion_is_not_found_and_leaves_nothing(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = await a_mailbox(home)
    register = Waits._register

    async def deleted_first(waits: Waits, call: Call, row: InboxRow, request: WaitRequest, since_ms: int) -> WaitRow:
        await home.ask("inboxes.delete", inbox)
        return await register(waits, call, row, request, since_ms)

    await a_mail(home, inbox)
    monkeypatch.setattr(inbox_removal, "STEP_MESSAGES", 1)  # a row of the mailbox is left for now
    monkeypatch.setattr(Waits, "_register", deleted_first)
    with pytest.raises(PosternError) as refused:
        await home.services.waits.wait(CALL, inbox, WaitRequest(timeout_seconds=0.0, wait_id="w"))
    assert refused.value.code is Code.NOT_FOUND
    await home.services.removal.step()
    assert await home.look("SELECT (SELECT count(*) FROM waits), (SELECT count(*) FROM inboxes)") == [(0, 0)]


@pytest.mark.parametrize("claim", [False, True])
async def test_a_durable_wait_over_two_connections_has_one_answer(
    home: House, monkeypatch: pytest.MonkeyPatch, *, claim: bool
) -> None:
    inbox = await a_mailbox(home)
    request = WaitRequest(timeout_seconds=60.0, wait_id="w", claim=claim)
    extracted, slow, begun = MailCache.extracted, asyncio.Event(), asyncio.Event()

    async def slow_first(cache: MailCache, row: MessageRow) -> Extraction:
        if row.subject == "first":
            begun.set()
            await slow.wait()
        return await extracted(cache, row)

    monkeypatch.setattr(MailCache, "extracted", slow_first)
    lost = asyncio.ensure_future(home.services.waits.wait(CALL, inbox, request))
    while len(home.services.waits.progress) < 1:
        await home.look("SELECT 1")
    await a_mail(home, inbox, "first")
    await asyncio.wait_for(begun.wait(), 20)
    await a_mail(home, inbox, "second")
    resumed = await home.services.waits.resume(CALL, "w", WaitResumeQuery(timeout_seconds=60.0))
    slow.set()
    answers = [resumed, await asyncio.wait_for(lost, 20)]
    told = [answer.data if isinstance(answer, Done) else answer for answer in answers]
    assert [one.message.subject for one in told if one.message] == ["second", "second"]
    assert await home.look("SELECT count(*) FROM claims") == [(int(claim),)]
    again = await home.services.waits.resume(CALL, "w", WaitResumeQuery(timeout_seconds=0.0))
    assert plain(again) == told[0]


async def test_a_wait_with_no_time_looks_and_goes(home: House) -> None:
    inbox = await a_mailbox(home)
    await a_mail(home, inbox, "stored")
    answer = plain(await home.services.waits.wait(CALL, inbox, WaitRequest(timeout_seconds=0.0, subject="STORED")))
    assert answer.timed_out is False, "the clock stands still: it came at since, not before"
    home.clock.advance(seconds=1)
    answer = plain(await home.services.waits.wait(CALL, inbox, WaitRequest(timeout_seconds=0.0)))
    assert answer.timed_out is True
