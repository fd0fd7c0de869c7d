from __future__ import annotations

import asyncio
import time

import pytest

from daemon.api.messages import Authentication
from daemon.backends.authenticate.authenticator import Authenticator
from daemon.backends.protocols import Arrival
from daemon.backends.resolve.lookups import LookupFailed
from daemon.backends.resolve.resolver import Address, Resolver
from daemon.clock import ManualClock
from daemon.settings import HostPort
from tests.authenticate.support import PEER, RAW, asked, authenticator
from tests.nameserver import SILENCE, Records, name_server
from tests.signing import Signer

BEAT_SECONDS = 0.001
LATE = Authentication(spf="temperror", dkim="temperror", dmarc="temperror")


async def test_mail_of_this_machine_asks_nobody_anything() -> None:
    found, server = await asked({}, RAW, sender="a@foreign.test")
    assert found == Authentication(spf="unknown", dkim="none", dmarc="unknown")
    assert server.asked == []


@pytest.mark.parametrize("peer", [PEER, "127.0.0.1"])
async def test_a_resolver_that_never_answers_costs_the_budget_and_no_more(peer: str) -> None:
    signer = Signer("foreign.test")
    records: Records = {
        signer.name: SILENCE, "foreign.test TXT": SILENCE, "_dmarc.foreign.test TXT": SILENCE,
    }  # fmt: skip
    with name_server(records) as server, authenticator(server.at, budget_seconds=0.2) as made:
        found = await made.verdicts(Arrival("a@foreign.test", peer, "x"), signer.sign(RAW))
    assert found == LATE.model_copy(update={} if peer == PEER else {"spf": "unknown"})


async def test_a_hundred_mails_at_once_wait_for_a_dead_resolver_together() -> None:
    class Dead(Resolver):
        waiting = 0

        async def txt(self, name: str) -> tuple[bytes, ...]:
            self.waiting += 1
            await asyncio.get_running_loop().create_future()
            raise LookupFailed(name)

        async def addresses(self, name: str, version: int) -> tuple[Address, ...]:
            raise AssertionError

    clock = ManualClock()
    dead = Dead(None, clock)
    made = Authenticator(dead, clock, budget_seconds=0.2)
    found = await asyncio.gather(*(made.verdicts(Arrival("a@foreign.test", PEER, "x"), RAW) for _ in range(100)))
    made.close()
    assert dead.waiting == 200  # for SPF, then for DMARC
    assert {one.model_dump_json() for one in found} == {
        '{"spf":"temperror","dkim":"none","dmarc":"temperror"}',
    }


async def test_nobody_listens_where_the_resolver_should_be() -> None:
    with authenticator(HostPort("127.0.0.1", 1), budget_seconds=0.2) as made:
        found = await made.verdicts(Arrival("a@foreign.test", PEER, "x"), RAW)
    assert found == Authentication(spf="temperror", dkim="none", dmarc="temperror")


async def test_no_mail_is_lost_over_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(raw: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr("daemon.backends.authenticate.authenticator.split", broken)
    with authenticator(None) as made:
        assert await made.verdicts(Arrival("", None), RAW) == Authentication()


async def test_a_large_mail_lets_others_go_on() -> None:
    signer = Signer("foreign.test")
    raw = signer.sign(RAW + b"some  words\tof a large mail \r\n" * 200_000)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(BEAT_SECONDS)

    with name_server({signer.name: [signer.record]}) as server, authenticator(server.at) as made:
        beating = asyncio.create_task(beat())
        begun = time.monotonic()
        found = await made.verdicts(Arrival("", "127.0.0.1"), raw)
        took = time.monotonic() - begun
        beating.cancel()
    assert found.dkim == "pass"
    assert beats > 5, f"the loop stood still for {took:.1f} s"


async def test_answers_are_remembered_for_as_long_as_they_hold() -> None:
    clock = ManualClock()
    with name_server({"a.test TXT": ["x"], "gone.test A": "SERVFAIL"}) as server:
        resolver = Resolver(server.at, clock)
        for _ in range(3):
            assert await resolver.txt("A.test.") == (b"x",)
            assert await resolver.txt("b.test") == ()
            with pytest.raises(LookupFailed):
                await resolver.addresses("gone.test", 4)
        assert len(server.asked) == 3
        clock.advance(seconds=30)
        with pytest.raises(LookupFailed):
            await resolver.addresses("gone.test", 4)
        assert await resolver.txt("a.test") == (b"x",)
        assert len(server.asked) == 4
        clock.advance(seconds=300)
        assert (await resolver.txt("a.test"), await resolver.txt("b.test")) == ((b"x",), ())
        assert len(server.asked) == 6


async def test_what_is_no_name_is_asked_of_nobody() -> None:
    with name_server() as server:
        resolver = Resolver(server.at, ManualClock())
        for name in ("", ".", "a..b", ".a", "x" * 64 + ".test", "a." * 130 + "test", "bücher.test"):
            assert await resolver.txt(name) == ()
        assert server.asked == []
        assert await resolver.txt("a b\\@;.test") == ()
        assert server.asked == ["a\\032b\\\\\\@\\;.test txt".replace("txt", "TXT")]


async def test_an_answer_that_would_hold_the_loop_up_is_not_read() -> None:
    many = [f"10.{number >> 8}.{number & 255}.1" for number in range(201)]
    with name_server({"many.test A": many, "fewer.test A": many[:190]}) as server:
        resolver = Resolver(server.at, ManualClock())
        assert len(await resolver.addresses("fewer.test", 4)) == 190  # over TCP
        with pytest.raises(LookupFailed):
            await resolver.addresses("many.test", 4)


async def test_the_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.backends.resolve.resolver.CACHE_MAX_ANSWERS", 10)
    with name_server({"big.test TXT": ["x" * 9_000]}) as server:
        resolver = Resolver(server.at, ManualClock())
        for number in range(30):
            await resolver.txt(f"n{number}.test")
        assert len(resolver._cache) == 10
        assert await resolver.txt("big.test") == (b"x" * 9_000,)
        assert ("big.test", "TXT") not in resolver._cache
