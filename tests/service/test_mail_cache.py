from __future__ import annotations

import asyncio

import pytest

from daemon.clock import ManualClock
from daemon.mail.extract import Extracted
from daemon.mail.model import ParsedMail
from daemon.mail.parse import parse
from daemon.service import mail_cache
from daemon.service.mail_cache import MailCache
from daemon.store.database import Database
from daemon.store.messages import MessageRow
from tests.support import mail

MANY = 50


class Extractor:
    """A slow one that counts, as a worker process is slow."""

    def __init__(self) -> None:
        self.runs = 0
        self.go_on = asyncio.Event()

    async def __call__(self, parsed: ParsedMail) -> Extracted:
        self.runs += 1
        await self.go_on.wait()
        return Extracted(otp_code="482913")


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch) -> Extractor:
    slow = Extractor()
    monkeypatch.setattr(mail_cache, "extract_bounded", slow)
    return slow


@pytest.fixture
async def cache(tmp_path_factory: pytest.TempPathFactory) -> MailCache:
    made = MailCache(Database(tmp_path_factory.mktemp("c") / "never-opened.db", ManualClock()))
    raw = mail("a@postern.test")
    made.prime("msg_1", parse(raw), len(raw))
    return made


def message() -> MessageRow:
    return MessageRow(
        id="msg_1", tenant_id="t", inbox_id="i", thread_id="h", raw_id=1, direction="inbound", status="received",
        message_id=None, sender="s", recipients="[]", copies="[]", subject="s", snippet="", visible="",
        authentication="{}", envelope_from="f", envelope_to="t", size_bytes=100, problem=None, unread=1, received_ms=0,
        owners="t a i",
    )  # fmt: skip


async def test_many_who_wait_for_one_mail_have_it_extracted_once(cache: MailCache, extractor: Extractor) -> None:
    asked = [asyncio.create_task(cache.extracted(message())) for _ in range(MANY)]
    await asyncio.sleep(0)  # all of them ask before the first is answered
    extractor.go_on.set()
    answers = await asyncio.gather(*asked)
    assert {answer.otp_code for answer in answers} == {"482913"}
    assert extractor.runs == 1


async def test_one_who_goes_away_does_not_end_the_work_for_the_others(cache: MailCache, extractor: Extractor) -> None:
    first, second = (asyncio.create_task(cache.extracted(message())) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    extractor.go_on.set()
    assert (await second).otp_code == "482913"
    assert first.cancelled()
    assert extractor.runs == 1
