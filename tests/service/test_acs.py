"""Mail through Azure Communication Services, played by a stand-in that can fail at every step."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.backends.protocols import NotTaken, SendBackend
from daemon.backends.secrets import Unusable
from daemon.backends.send import acs
from daemon.backends.send.acs import endpoint_and_key
from daemon.backends.send.chosen import chosen
from daemon.backends.send.pacing import Pacing
from daemon.clock import HOUR_MS, MINUTE_MS, ManualClock
from daemon.settings import Settings
from tests.service.harness import House, house
from tests.service.test_outbox import a_mail, a_mailbox, shown
from tests.standins.acs import KEY, Azure, Does, Says


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acs, "LOOK_AGAIN_SECONDS", 0.0)


@asynccontextmanager
async def sending(home: House, azure: Azure | str, **more: object) -> AsyncIterator[SendBackend]:
    """The backend as the settings make it."""
    where = azure if isinstance(azure, str) else azure.connection_string
    given = Settings(send_backend="acs", acs_connection_string=where, **more)  # type: ignore[arg-type]

    async def no_keys(domain: str) -> tuple[()]:
        return ()

    async with AsyncExitStack() as stack:
        yield chosen(given, home.clock, home.services.local_delivery.deliver, no_keys, stack)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def step(home: House, backend: SendBackend, seconds: float = 0) -> None:
    home.clock.advance(seconds=seconds)
    await home.services.outbox.step(backend)


async def test_a_mail_is_given_whole_and_under_its_operation_id(home: House) -> None:
    _, inbox = await a_mailbox(home)
    address = (await home.ask("inboxes.get", inbox)).address
    more = {
        "to": ["Jané <jane@foreign.test>"],
        "cc": ["c@foreign.test"],
        "bcc": ["b@foreign.test"],
        "subject": "Grüße an alle, die hier mitlesen und nicht genug bekommen können",
        "text": "Hällo.\n",
        "html": '<p>Hällo <img src="cid:logo@x"></p>',
        "headers": {"X-Campaign": "7", "Auto-Submitted": "auto-generated"},
        "attachments": [
            {"filename": "a.pdf", "content": base64.b64encode(b"%PDF").decode(), "content_type": "application/pdf"},
            {
                "filename": "logo.png",
                "content": base64.b64encode(b"PNG").decode(),
                "content_type": "image/png",
                "content_id": "logo@x",
                "inline": True,
            },
        ],
    }
    message = str((await home.ask("messages.send", inbox, body=more)).id)
    with Azure() as azure:
        async with sending(home, azure) as backend:
            await step(home, backend)
    [(operation, given)] = azure.taken.items()
    assert await home.look("SELECT operation_id, provider_id, state FROM outbox") == [(operation, operation, "sent")]
    [(message_id,)] = await home.look("SELECT message_id FROM messages WHERE id = ?", message)
    assert given["senderAddress"] == address
    assert given["recipients"] == {
        "to": [{"address": "jane@foreign.test", "displayName": "Jané"}],
        "cc": [{"address": "c@foreign.test"}],
        "bcc": [{"address": "b@foreign.test"}],
    }
    assert given["content"]["subject"] == more["subject"]
    assert given["content"]["plainText"].splitlines() == ["Hällo."]
    assert "Hällo <img" in given["content"]["html"]
    assert given["headers"] == {
        "Message-ID": message_id,
        "X-Campaign": "7",
        "Auto-Submitted": "auto-generated",
    }
    assert given["attachments"] == [
        {"name": "logo.png", "contentType": "image/png", "contentInBase64": "UE5H", "contentId": "logo@x"},
        {"name": "a.pdf", "contentType": "application/pdf", "contentInBase64": "JVBERg=="},
    ]
    assert "replyTo" not in given


async def test_a_default_sender_stands_in_and_answers_reach_the_mailbox(home: House) -> None:
    _, inbox = await a_mailbox(home)
    address = (await home.ask("inboxes.get", inbox)).address
    await a_mail(home, inbox)
    await a_mail(home, inbox, reply_to=["else@foreign.test"])
    with Azure() as azure:
        async with sending(home, azure, acs_default_sender="agents@example.com") as backend:
            await step(home, backend)
    assert {one["senderAddress"] for one in azure.taken.values()} == {"agents@example.com"}
    answered = {one["replyTo"][0]["address"] for one in azure.taken.values()}
    assert answered == {address, "else@foreign.test"}


@pytest.mark.parametrize(
    ("does", "status", "detail"),
    [
        (Does.REFUSES, "bounced", "400 EmailDropped: Sender is not provisioned."),
        (Does.COMES_TO_NOTHING, "bounced", "EmailDroppedAllRecipientsSuppressed: All recipients are suppressed."),
        (Does.TAKES_LONG, "queued", None),
        (Does.CLAIMS_A_CONFLICT, "sent", None),
        (Does.FAILS_BEFORE, "queued", "the connection was lost before the mail was taken"),
        (Does.FAILS_AFTER, "sent", None),
        (Does.HANGS_UP_AFTER, "sent", None),
    ],
)
async def test_what_the_service_says_is_shown(home: House, does: Does, status: str, detail: str | None) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox)
    with Azure([does]) as azure:
        async with sending(home, azure) as backend:
            await step(home, backend)
            assert await shown(home, message) == (status, [(status, detail)])
            for _ in range(5):
                await step(home, backend, 120)
    assert (await shown(home, message))[0] == ("bounced" if status == "bounced" else "sent")
    assert max(azure.sends.values(), default=0) == (does is not Does.REFUSES)
    assert await home.look("SELECT count(*) FROM suppressions") == [(0,)]


@pytest.mark.parametrize(("does", "seconds"), [(Does.IS_BUSY, 300), (Does.IS_BUSY_AND_SAYS_NO_MORE, 60)])
async def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(home: House, does: Does, seconds: int) -> None:
    _, inbox = await a_mailbox(home)
    await a_mail(home, inbox)
    with Azure([does]) as azure:
        async with sending(home, azure) as backend:
            await step(home, backend)
            await a_mail(home, inbox)
            await step(home, backend, seconds - 1)
            assert not azure.sends
            await step(home, backend, 1)
            assert sum(azure.sends.values()) == 2


async def test_no_more_goes_out_than_the_service_takes_and_nothing_waits_longer_than_it_must(home: House) -> None:
    _, inbox = await a_mailbox(home)
    for _ in range(10):
        await a_mail(home, inbox)
    with Azure(clock=home.clock, per_minute=3) as azure:
        async with sending(home, azure, acs_per_minute=3, acs_per_hour=7) as backend:
            counts = []
            for _ in range(62):
                await step(home, backend)
                counts.append(sum(azure.sends.values()))
                home.clock.advance(seconds=60)
    assert azure.overruns == 0
    assert counts[:4] == [3, 6, 7, 7]
    assert counts[59:62] == [7, 10, 10]


async def test_one_mail_is_one_operation_whatever_happens_and_over_restarts(tmp_path: Path) -> None:
    for number, does in enumerate(Does):
        for says in ([], [Says.FAILS], [Says.HANGS_UP], [Says.FAILS, Says.HANGS_UP]):
            home = tmp_path / f"{number}-{len(says)}-{says[-1:]}"
            home.mkdir()
            await _sent_once(home, [does], says, [1])


@given(
    does=st.lists(st.sampled_from(Does), max_size=8),
    says=st.lists(st.sampled_from(Says), max_size=8),
    stops=st.lists(st.integers(0, 6), max_size=4),
)
@example(does=[Does.HANGS_UP_AFTER, Does.IS_BUSY], says=[Says.FAILS] * 3, stops=[0, 1])
@settings(max_examples=25)
def test_one_mail_is_one_operation_by_any_script(does: list[Does], says: list[Says], stops: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(acs, "LOOK_AGAIN_SECONDS", 0.0)
        asyncio.run(_sent_once(Path(name), does, says, stops))


async def _sent_once(path: Path, does: list[Does], says: list[Says], stops: list[int]) -> None:
    """Send three mails; `stops` is after how many turns of the loop a step is cut off by a crash, and all restarted."""
    clock = ManualClock()
    refuses, fails = Does.REFUSES in does, Does.COMES_TO_NOTHING in does
    with Azure(list(does), list(says)) as azure:
        async with house(path, clock) as home:
            _, inbox = await a_mailbox(home)
            for _ in range(3):
                await a_mail(home, inbox)
        for stop in stops:
            async with house(path, clock) as home, sending(home, azure) as backend:
                work = asyncio.create_task(home.services.outbox.step(backend))
                for _ in range(stop * 20):
                    await asyncio.sleep(0)
                in_hand = [*home.services.outbox._working.values(), work]
                for task in in_hand:
                    task.cancel()
                await asyncio.gather(*in_hand, return_exceptions=True)
        async with house(path, clock) as home, sending(home, azure) as backend:
            for _ in range(40):
                await step(home, backend, 600)
            ends = await home.look("SELECT operation_id, state FROM outbox ORDER BY n")
    assert len(ends) == 3
    assert set(azure.taken) <= {operation for operation, _ in ends}
    for operation, state in ends:
        assert azure.sends[operation] <= 1
        assert state == "sent" or (state == "bounced" and (refuses or fails)), ends
        assert (operation in azure.taken) or (state == "bounced" and refuses)


async def test_a_check_says_what_is_wrong(home: House) -> None:
    with Azure() as azure:
        async with sending(home, azure) as backend:
            await backend.check()
            azure.key = base64.b64encode(b"another").decode()
            with pytest.raises(NotTaken, match=r"refuses our key \(401\); correct POSTERN_ACS_CONNECTION_STRING"):
                await backend.check()
            _, inbox = await a_mailbox(home)
            message = await a_mail(home, inbox)
            await step(home, backend)
            assert "refuses our key" in str(backend.trouble)
            azure.key = KEY
            await step(home, backend, 120)
            assert str(backend.trouble) == "None"
            assert (await shown(home, message))[0] == "sent"
    async with sending(home, f"endpoint=http://127.0.0.1:1/;accesskey={KEY}") as backend:
        with pytest.raises(NotTaken, match="cannot be reached"):
            await backend.check()
        message = await a_mail(home, inbox)
        await step(home, backend)
        status, [(_, detail)] = await shown(home, message)
        assert (status, "cannot be reached" in str(detail)) == ("queued", True)


@pytest.mark.parametrize(
    "text", ["", "endpoint=https://a", "endpoint=http://a.test/;accesskey=x", "accesskey=x", "nonsense"]
)
def test_a_connection_string_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        endpoint_and_key(text)


async def test_without_a_resource_there_is_no_backend(home: House) -> None:
    async with AsyncExitStack() as stack:
        given = Settings(send_backend="acs")
        with pytest.raises(Unusable, match="POSTERN_ACS_CONNECTION_STRING"):
            chosen(given, home.clock, home.services.local_delivery.deliver, None, stack)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 90)), max_size=60), st.integers(1, 4), st.integers(1, 9))
def test_pacing_lets_no_more_through_than_it_may_and_all_in_the_end(
    moves: list[tuple[int, int]], per_minute: int, per_hour: int
) -> None:
    clock, went = ManualClock(), list[int]()
    pacing = Pacing(per_minute, per_hour, clock)
    waiting: dict[str, int] = {}
    for number, seconds in moves:
        clock.advance(seconds=seconds)
        wait = pacing.wait_seconds(str(number))
        waiting[str(number)] = wait
        if not wait:
            went.append(clock.now_ms())
            del waiting[str(number)]
    for at_ms in went:
        assert sum(at_ms - MINUTE_MS < other <= at_ms for other in went) <= per_minute
        assert sum(at_ms - HOUR_MS < other <= at_ms for other in went) <= per_hour
    for _ in range(25):
        clock.advance(seconds=3_600)
        waiting = {name: wait for name in waiting if (wait := pacing.wait_seconds(name))}
    assert not waiting
