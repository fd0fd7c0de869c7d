"""The sender against real servers on the loopback, and against those who would have it dial elsewhere."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from daemon.backends.deliver import sender
from daemon.backends.deliver.sender import ERROR_MAX_LETTERS, HttpSender, _Gate, system_lookup
from daemon.backends.deliver.targets import Allowed
from daemon.backends.protocols import PostOutcome
from daemon.clock import ManualClock, iso
from tests.receiver import Receiver

LOOPBACK = Allowed.of(["loopback"])


async def post(url: str, allowed: Allowed = LOOPBACK, lookup: sender.Lookup = system_lookup) -> PostOutcome:
    made = HttpSender(allowed, ManualClock(), lookup)
    try:
        return await made.post(url, {"X-Test": "1", "Content-Type": "application/json"}, b'{"a":1}')
    finally:
        await made.close()


def resolving(*answers: list[str]) -> sender.Lookup:
    """A resolver that says something else each time, and at the end keeps to it."""
    left = list(answers)

    def lookup(host: str, port: int) -> list[tuple[Any, ...]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [entry for text in found for entry in socket.getaddrinfo(text, port, type=socket.SOCK_STREAM)]

    return lookup


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection with bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


async def test_a_post_arrives_as_it_was_given() -> None:
    with Receiver() as receiver:
        assert await post(receiver.url + "?x=1") == PostOutcome(200)
        arrival = receiver.next()
    assert (arrival.path, arrival.body, arrival.headers["X-Test"]) == ("/hook?x=1", b'{"a":1}', "1")


# ------------------------------------------------------------------------------------------------ where it does not go


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::ffff:127.0.0.1"], ["::1"], ["169.254.169.254"], ["100.64.0.1"], ["10.0.0.1", "127.0.0.1"]],
)
async def test_a_name_that_leads_inside_is_refused_when_it_is_dialled(addresses: list[str]) -> None:
    with Receiver() as receiver:
        outcome = await post(f"https://harmless.test:{receiver.port}/", Allowed(), resolving(addresses))
        assert receiver.arrivals.empty()
    assert outcome.status is None
    assert "the target is refused" in str(outcome.error)
    assert any(str(ipaddress.ip_address(text)) in str(outcome.error) for text in addresses)


async def test_a_name_that_leads_elsewhere_the_second_time_is_refused_the_second_time() -> None:
    with Receiver(host="127.0.0.2") as public:
        lookup = resolving(["127.0.0.2"], ["127.0.0.1"])
        made = HttpSender(Allowed.of(["127.0.0.2"]), ManualClock(), lookup)
        url = f"http://rebinding.test:{public.port}/"
        first, second = await made.post(url, {}, b""), await made.post(url, {}, b"")
        await made.close()
        assert public.arrivals.qsize() == 1
    assert first == PostOutcome(200)
    assert "127.0.0.1 is loopback" in str(second.error)


async def test_of_many_addresses_only_those_that_may_be_are_dialled() -> None:
    with Receiver(host="127.0.0.2") as receiver:
        lookup = resolving(["10.0.0.1", "127.0.0.1", "127.0.0.2"])
        url = f"http://many.test:{receiver.port}/"
        assert await post(url, Allowed.of(["127.0.0.2"]), lookup) == PostOutcome(200)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::ffff:127.0.0.1]",
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "127.1",
    ],
)
async def test_an_address_in_the_url_is_refused_by_the_gate_alone(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL itself is refused before; here that is switched off, so that the last line of defence shows."""
    monkeypatch.setattr(sender, "url_refusal", lambda url, allowed: None)
    with Receiver() as receiver:
        outcome = await post(f"https://{host}:{receiver.port}/", Allowed())
        assert receiver.arrivals.empty()
    assert outcome.status is None
    numeric = host.replace(".", "").isdecimal() and host.count(".") < 3  # aiohttp takes none of these forms
    assert ("no URL" if numeric else "the target is refused") in str(outcome.error)


def test_the_gate_opens_for_the_public_and_then_closes_for_the_rest() -> None:
    gate = _Gate("https://rebinding.test/", Allowed())
    public = socket.getaddrinfo("1.1.1.1", 443, type=socket.SOCK_STREAM)[0]
    gate.socket(public).close()
    for text in ("127.0.0.1", "169.254.169.254", "fe80::1"):
        with pytest.raises(OSError, match="the target is refused"):
            gate.socket(socket.getaddrinfo(text, 443, type=socket.SOCK_STREAM)[0])
    with pytest.raises(OSError, match="use https"):
        _Gate("http://plain.test/", Allowed()).socket(public)


async def test_a_redirect_is_a_failure_and_leads_nowhere() -> None:
    with Receiver() as other, Receiver() as receiver:
        receiver.reply = (302, {"Location": other.url})
        assert await post(receiver.url) == PostOutcome(302)
        assert other.arrivals.empty()


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await post(receiver.url) == PostOutcome(200)
        assert proxy.arrivals.empty()


async def test_a_host_that_is_allowed_by_name_may_be_anywhere() -> None:
    with Receiver() as receiver:
        url = f"http://intranet.test:{receiver.port}/"
        assert await post(url, Allowed.of(["intranet.test"]), resolving(["127.0.0.1"])) == PostOutcome(200)


async def test_what_was_allowed_once_is_not_for_ever() -> None:
    assert (await post("http://127.0.0.1:1/", Allowed())).error == "127.0.0.1 is loopback (RFC 1122)"


# ----------------------------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7), (" 120 ", 120), ("soon", None), ("-1", None), ("9" * 50, 999_999_999), ("²", None)],
)
async def test_retry_after_in_seconds(retry_after: str, seconds: int | None) -> None:
    with Receiver((503, {"Retry-After": retry_after.encode().decode("latin-1")})) as receiver:
        assert await post(receiver.url) == PostOutcome(503, retry_after_seconds=seconds)


async def test_retry_after_as_a_date() -> None:
    assert iso(ManualClock().now_ms()) == "2027-01-15T08:00:00.000Z"
    with Receiver((429, {"Retry-After": "Fri, 15 Jan 2027 08:01:30 GMT"})) as receiver:
        assert await post(receiver.url) == PostOutcome(429, retry_after_seconds=90)


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.sendall(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")
        except OSError:
            pass

    with serving(endless) as url:
        assert await post(url) == PostOutcome(200)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "closed without an answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "no HTTP"),
    ],
)
async def test_what_is_no_answer_is_told_as_such(answer: bytes, error: str) -> None:
    with serving(lambda connection: connection.sendall(answer)) as url:
        outcome = await post(url)
    assert outcome.status is None
    assert error in str(outcome.error)


async def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "POST_MAX_SECONDS", 0.05)

    def silent(connection: socket.socket) -> None:
        connection.recv(1)

    with serving(silent) as url:
        outcome = await post(url)
    assert outcome == PostOutcome(error="no answer within 0.05 s")


async def test_nobody_there_no_such_host_no_tls() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        outcome = await post(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert "cannot connect" in str(outcome.error)

    def unknown(host: str, port: int) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert "not found" in str((await post("https://nobody.test/", lookup=unknown)).error)
    assert "not found" in str((await post("https://hooks.invalid/")).error)
    with serving(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as url:
        outcome = await post(url.replace("http:", "https:"))
    assert outcome.status is None
    assert "TLS failed" in str(outcome.error)
    assert len(str(outcome.error)) <= ERROR_MAX_LETTERS
