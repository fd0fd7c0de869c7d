"""Mail from other servers: stored once, its state kept in step, whatever is repeated or fails in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon.backends.protocols import Fetched, Origin, Unreachable
from tests.service.harness import House, house
from tests.service.test_services import a_mailbox
from tests.support import mail

SOURCE = "imap:all@imap.test:993/INBOX"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


@dataclass
class Remote:
    """What was told to the server; while `away` it takes nothing."""

    away: bool = False
    told: list[tuple[int, bool | None]] = field(default_factory=list)

    trouble = None

    async def check(self) -> None:
        return

    async def start(self) -> dict[str, str]:
        return {}

    async def stop(self) -> None:
        return

    async def push(self, origin: Origin, unread: bool | None) -> None:
        if self.away:
            raise Unreachable("away")
        self.told.append((origin.uid, unread))


async def address_of(home: House, inbox: str) -> str:
    return str((await home.ask("inboxes.get", inbox)).address)


async def fetched(
    home: House, uid: int, *groups: tuple[str, ...], validity: int = 1, subject: str = "", unread: bool = True
) -> int:
    raw = mail("somebody@postern.test", subject=subject or f"mail {uid}")
    mail_ = Fetched(Origin(SOURCE, validity, uid), "a@foreign.test", groups, raw, unread)
    return await home.services.fetching.fetched(mail_)


async def messages(home: House) -> list[tuple[str, str, int]]:
    return await home.look("SELECT subject, envelope_to, unread FROM messages ORDER BY n")


async def test_a_mail_is_stored_once_however_often_it_is_fetched(home: House) -> None:
    address = await address_of(home, await a_mailbox(home))
    assert [await fetched(home, 7, (address,)) for _ in range(3)] == [1, 0, 0]
    assert await home.services.fetching.cursor(SOURCE) == Origin(SOURCE, 1, 7)
    assert await fetched(home, 6, (address,)) == 0
    assert [subject for subject, _, _ in await messages(home)] == ["mail 7"]


async def test_after_a_new_uidvalidity_mail_is_known_by_its_bytes(home: House) -> None:
    address = await address_of(home, await a_mailbox(home))
    for uid in (1, 2, 3):
        assert await fetched(home, uid, (address,), subject="twice" if uid < 3 else "") == 1
    for uid, subject in enumerate(["twice", "mail 3", "twice", "twice", "new"], start=1):
        new = subject == "new" or uid == 4
        assert await fetched(home, uid, (address,), validity=2, subject=subject) == int(new), (uid, subject)
    assert sorted(subject for subject, _, _ in await messages(home)) == ["mail 3", "new", "twice", "twice", "twice"]


async def test_the_surest_group_that_names_a_mailbox_counts(home: House) -> None:
    address = await address_of(home, await a_mailbox(home))
    other = address.replace("@", "+other@")
    assert await fetched(home, 1, ("all@imap.test",), (other,), (address, "b@foreign.test")) == 1
    assert await messages(home) == [("mail 1", other, 1)]


async def test_what_is_for_nobody_here_is_passed_and_counted(home: House) -> None:
    assert await fetched(home, 1, ("b@foreign.test",)) == 0
    assert await home.services.fetching.cursor(SOURCE) == Origin(SOURCE, 1, 1)
    await home.services.fetching.passed_over(Origin(SOURCE, 1, 2), "mails_too_large")
    assert home.services.stats.counters.values == {"mails_for_nobody_here": 1, "mails_too_large": 1}
    assert await home.look("SELECT count(*) FROM origins") == [(0,)]


async def test_what_is_not_wanted_is_left(home: House) -> None:
    inbox = await a_mailbox(home)
    await home.ask("lists.put", "block", body={"entry": "@foreign.test", "inbox": inbox})
    assert await fetched(home, 1, (await address_of(home, inbox),)) == 0
    assert await messages(home) == []
    assert await home.look("SELECT count(*) FROM origins") == [(0,)]


async def test_what_changes_here_is_told_there_once_and_until_it_is_taken(home: House) -> None:
    address = await address_of(home, await a_mailbox(home))
    for uid in (1, 2, 3):
        await fetched(home, uid, (address,))
    ids = [one for (one,) in await home.look("SELECT id FROM messages ORDER BY n")]
    remote = Remote(away=True)
    await home.ask("messages.update", ids[0], body={"unread": False})
    await home.ask("messages.update", ids[1], body={"unread": False})
    await home.ask("messages.update", ids[1], body={"unread": True})
    await home.ask("messages.delete", ids[2])
    await home.services.mirror.step(remote)
    assert remote.told == []
    remote.away = False
    await home.services.mirror.step(remote)
    await home.services.mirror.step(remote)
    assert remote.told == [(1, False), (3, None)]


async def test_a_mail_of_several_mailboxes_is_read_and_gone_when_it_is_everywhere(home: House) -> None:
    first = await a_mailbox(home)
    made = await home.ask("inboxes.create", body={"agent_id": (await home.look("SELECT id FROM agents"))[0][0]})
    assert await fetched(home, 1, (await address_of(home, first), made.address)) == 2
    ids = [one for (one,) in await home.look("SELECT id FROM messages ORDER BY n")]
    remote = Remote()
    for message, told in ((ids[0], []), (ids[1], [(1, False)])):
        await home.ask("messages.update", message, body={"unread": False})
        await home.services.mirror.step(remote)
        assert remote.told == told
    await home.ask("messages.delete", ids[0])
    await home.services.mirror.step(remote)
    await home.ask("inboxes.delete", made.id)
    await home.services.mirror.step(remote)
    assert remote.told == [(1, False), (1, None)]


async def test_what_changes_there_is_so_here_unless_it_changed_here_since(home: House) -> None:
    address = await address_of(home, await a_mailbox(home))
    for uid in (1, 2, 3, 4):
        await fetched(home, uid, (address,))
    ids = [one for (one,) in await home.look("SELECT id FROM messages ORDER BY n")]
    await home.ask("messages.update", ids[1], body={"unread": False})
    fetching, remote = home.services.fetching, Remote()
    await fetching.mirror(SOURCE, 1, {1: False, 2: True, 3: None}, whole=False)
    assert await messages(home) == [("mail 1", address, 0), ("mail 2", address, 0), ("mail 4", address, 1)]
    await home.services.mirror.step(remote)
    assert remote.told == [(2, False)]
    await fetching.mirror(SOURCE, 1, {1: False}, whole=True)
    assert await messages(home) == [("mail 1", address, 0)]
    deleted = await home.ask("audit.list", query={"action": "system:message:delete"})
    assert [line.entry["reason"] for line in deleted.data] == ["deleted at the receive backend"] * 3
