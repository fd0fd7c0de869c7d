from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import daemon.backends.receive.session
from tests.conftest import Start
from tests.edges.support import World, a_world, looked_up, until
from tests.inside import DaemonInside
from tests.support import RunningDaemon, as_sent, mail

TIMEOUT_SECONDS = 20
HEAD = b"From: a@foreign.test\r\nSubject: raw\r\n\r\n"


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Smtp")


class Wire:
    """An SMTP connection by hand."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._lines = connection.makefile("rb")

    def reply(self) -> tuple[int, str]:
        """Read one reply, its last line if it has several."""
        while True:
            line = self._lines.readline().decode()
            assert line, "the connection ended"
            if line[3:4] != "-":
                return int(line[:3]), line[4:].strip()

    def send(self, data: bytes) -> int:
        self.socket.sendall(data)
        return self.reply()[0]

    def begin(self, *recipients: str) -> None:
        """Go as far as the data."""
        assert self.send(b"EHLO foreign.test\r\n") == 250
        self.again(*recipients)

    def again(self, *recipients: str) -> None:
        assert self.send(b"MAIL FROM:<a@foreign.test>\r\n") == 250
        for recipient in recipients:
            assert self.send(f"RCPT TO:<{recipient}>\r\n".encode()) == 250
        assert self.send(b"DATA\r\n") == 354

    def ended(self) -> bool:
        return self._lines.read(1) == b""

    def close(self) -> None:
        self._lines.close()


@contextmanager
def wire(daemon: RunningDaemon) -> Iterator[Wire]:
    with socket.create_connection(daemon.smtp, timeout=TIMEOUT_SECONDS) as connection:
        opened = Wire(connection)
        assert opened.reply()[0] == 220
        yield opened
        opened.close()


def stored(daemon: RunningDaemon, world: World) -> list[bytes]:
    """Return the raw bytes of what came after the world's own mail, oldest first."""
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"]
    return [raw(daemon, one["id"], world.agent_key) for one in reversed(listed) if one["id"] != world.message]


def raw(daemon: RunningDaemon, message: str, key: str) -> bytes:
    answer = daemon.call("GET", f"/v1/messages/{message}/raw", key=key)
    assert answer.headers["Content-Type"] == "message/rfc822"
    return as_sent(answer.body)


@pytest.mark.parametrize(
    "recipient",
    ["nobody@{domain}", "x@example.com", "postmaster@example.com", "nobody", "a@b@{domain}", '"{address}"@x.test'],
)
def test_an_unknown_recipient_is_refused_at_rcpt(daemon: RunningDaemon, world: World, recipient: str) -> None:
    given = recipient.format(domain=world.address.partition("@")[2], address=world.address)
    with smtplib.SMTP(*daemon.smtp, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo("foreign.test")
        server.mail("a@foreign.test")
        assert server.rcpt(given)[0] in (550, 553, 501)
        assert server.docmd("DATA")[0] == 503, "there is nobody to send to"


def test_a_deleted_mailbox_takes_no_mail(daemon: RunningDaemon, world: World) -> None:
    daemon.call("DELETE", f"/v1/inboxes/{world.inbox}", key=world.agent_key)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        daemon.deliver(world.address)
    assert refused.value.recipients[world.address][0] == 550


def test_a_mailbox_deleted_in_the_middle_of_its_mail_gets_none(daemon: RunningDaemon, world: World) -> None:
    with wire(daemon) as server:
        server.begin(world.address)
        daemon.call("DELETE", f"/v1/inboxes/{world.inbox}", key=world.agent_key)
        assert server.send(HEAD + b"late\r\n.\r\n") == 550


BODIES: dict[str, bytes] = {
    "plain": b"Hello.\r\n",
    "empty": b"",
    "dots": b".\r\n..\r\n.a\r\n...b\r\n",
    "eight bit, of no charset": bytes(range(128, 256)) + b"\r\n",
    "NUL and other controls": bytes(set(range(32)) - {10, 13}) + b"\r\n",
    "a line of 100,000": b"x" * 100_000 + b"\r\n",
    "many empty lines": b"\r\n" * 5_000,
    "no header at all": b"\r\njust a body\r\n",
}


@pytest.mark.parametrize("what", BODIES)
def test_a_mail_is_kept_byte_for_byte(what: str, daemon: RunningDaemon, world: World) -> None:
    content = (b"" if what == "no header at all" else HEAD) + BODIES[what]
    with wire(daemon) as server:
        server.begin(world.address)
        assert server.send(b"".join(stuffed(content)) + b".\r\n") == 250
    assert stored(daemon, world) == [content]


def stuffed(content: bytes) -> Iterator[bytes]:
    """Double the dots that begin a line (RFC 5321, 4.5.2)."""
    for line in content.splitlines(keepends=True) if b"\r\n" in content else [content]:
        yield b"." + line if line.startswith(b".") else line


@pytest.mark.parametrize("ending", [b"a\nb\r\n", b"a\rb\r\n", b"a\n\r\n", b"\r\r\n", b"a\r\n\n", b"\n"])
def test_a_bare_line_ending_is_554_and_nothing_is_kept(daemon: RunningDaemon, world: World, ending: bytes) -> None:
    with wire(daemon) as server:
        server.begin(world.address)
        assert server.send(HEAD + ending + b"\r\n.\r\n") == 554
        server.again(world.address)
        assert server.send(HEAD + b"fine\r\n.\r\n") == 250
    assert stored(daemon, world) == [HEAD + b"fine\r\n"]


@pytest.mark.parametrize("end", [b"\n.\r\n", b"\r\n.\n", b"\n.\n", b"\r.\r\n", b"\r\n.\r", b"\r.\r"])
def test_no_mail_is_smuggled_in_behind_a_false_end(daemon: RunningDaemon, world: World, end: bytes) -> None:
    """RFC 5321, 4.1.1.4: only CRLF . CRLF ends the data."""
    smuggled = b"MAIL FROM:<admin@trusted.test>\r\nRCPT TO:<" + world.address.encode() + b">\r\nDATA\r\nsmuggled\r\n"
    with wire(daemon) as server:
        server.begin(world.address)
        assert server.send(HEAD + b"bait" + end + smuggled + b".\r\n") == 554
        assert server.send(b"NOOP\r\n") == 250
    assert stored(daemon, world) == []


def test_one_mail_to_many_is_one_raw_and_a_message_each(daemon: RunningDaemon, world: World) -> None:
    addresses = [daemon.inbox(world.agent_key)["address"] for _ in range(3)]
    plus = addresses[0].replace("@", "+x@")
    daemon.deliver([*addresses, plus], HEAD + b"to all\r\n")
    rows = looked_up(
        daemon,
        f"SELECT inbox_id, raw_id FROM messages JOIN inboxes ON inboxes.id = inbox_id"
        f" WHERE address IN ({', '.join('?' * 3)})",
        *addresses,
    )
    assert len(rows) == len({inbox for inbox, _ in rows}) == 3
    assert len({raw_id for _, raw_id in rows}) == 1


def test_commands_may_be_pipelined(daemon: RunningDaemon, world: World) -> None:
    one = b"MAIL FROM:<>\r\nRCPT TO:<nobody@x.test>\r\nRCPT TO:<" + world.address.encode() + b">\r\nDATA\r\n"
    with wire(daemon) as server:
        server.socket.sendall(b"EHLO x\r\n" + one)
        assert [server.reply()[0] for _ in range(5)] == [250, 250, 550, 250, 354]
        server.socket.sendall(HEAD + b"1\r\n.\r\n" + one)
        assert [server.reply()[0] for _ in range(5)] == [250, 250, 550, 250, 354]
        server.socket.sendall(HEAD + b"2\r\n.\r\nQUIT\r\n")
        assert [server.reply()[0] for _ in range(2)] == [250, 221]
        assert server.ended()
    assert stored(daemon, world) == [HEAD + b"1\r\n", HEAD + b"2\r\n"]


def test_a_bounce_has_no_sender_and_is_kept(daemon: RunningDaemon, world: World) -> None:
    daemon.deliver(world.address, b"Subject: no From\r\n\r\nx\r\n", sender="")
    newest = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"][0]
    assert newest["from"] == ""


def test_a_reset_forgets_the_recipients(daemon: RunningDaemon, world: World) -> None:
    with wire(daemon) as server:
        assert server.send(b"EHLO x\r\n") == 250
        for command in (b"MAIL FROM:<a@x.test>", b"RCPT TO:<" + world.address.encode() + b">", b"RSET"):
            assert server.send(command + b"\r\n") == 250
        assert server.send(b"DATA\r\n") == 503


def test_a_connection_that_breaks_off_leaves_nothing(daemon: RunningDaemon, world: World) -> None:
    for rest in (b"", HEAD, HEAD + b"half", HEAD + b"half\r\n.", HEAD + b"half\r\n.\r"):
        with wire(daemon) as server:
            server.begin(world.address)
            server.socket.sendall(rest)
    daemon.deliver(world.address, HEAD + b"whole\r\n")
    assert stored(daemon, world) == [HEAD + b"whole\r\n"]


def test_a_mail_over_the_limit_is_552_and_one_at_it_is_kept(start: Start) -> None:
    daemon = start(MAX_MESSAGE_BYTES="20000", SUSPENDED_MAIL="defer")
    world = a_world(daemon)
    with smtplib.SMTP(*daemon.smtp, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo("foreign.test")
        assert server.esmtp_features["size"] == "20000"
        assert server.mail("a@foreign.test", ["SIZE=20001"])[0] == 552
    exact = HEAD + b"x" * (20_000 - len(HEAD) - 2) + b"\r\n"
    with wire(daemon) as opened:
        opened.begin(world.address)
        assert opened.send(HEAD + b"x" * 30_000 + b"\r\n.\r\n") == 552
        opened.again(world.address)
        assert opened.send(exact + b".\r\n") == 250
    assert stored(daemon, world) == [exact]

    daemon.operator("PATCH", f"/v1/tenants/{world.tenant}", {"suspended": True})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as deferred:
        daemon.deliver(world.address, mail(world.address))
    assert deferred.value.recipients[world.address][0] == 450


def test_more_than_a_hundred_recipients_are_452(daemon: RunningDaemon, world: World) -> None:
    local, _, domain = world.address.partition("@")
    with wire(daemon) as server:
        assert server.send(b"EHLO x\r\n") == 250
        assert server.send(b"MAIL FROM:<a@x.test>\r\n") == 250
        codes = [server.send(f"RCPT TO:<{local}+{number}@{domain}>\r\n".encode()) for number in range(101)]
        assert codes == [250] * 100 + [452]


def test_a_session_too_many_is_421_and_room_comes_back(inside: DaemonInside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon.backends.receive.session, "SESSIONS_MAX", 2)
    with wire(inside), wire(inside), socket.create_connection(inside.smtp, timeout=TIMEOUT_SECONDS) as refused:
        assert refused.recv(1000).startswith(b"421 ")
        assert refused.recv(1000) == b""

    def room() -> bool:
        with socket.create_connection(inside.smtp, timeout=TIMEOUT_SECONDS) as connection:
            return connection.recv(1000).startswith(b"220 ")

    until(room)


def test_nobody_may_log_in_or_ask_who_is_here(daemon: RunningDaemon, world: World) -> None:
    with smtplib.SMTP(*daemon.smtp, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo("foreign.test")
        assert "auth" not in server.esmtp_features
        assert "starttls" not in server.esmtp_features
        assert server.docmd("AUTH PLAIN AGEAYg==")[0] >= 500
        assert server.docmd(f"VRFY {world.address}")[0] in (252, 502)
        assert server.docmd(f"EXPN {world.address}")[0] >= 500
