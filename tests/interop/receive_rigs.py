"""The servers that mail comes from in the tests of the receive backends, behind one face."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from imapclient import SEEN

from tests.interop.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.interop.wildduck_server import TOKEN, WildDuck, a_wildduck
from tests.lmtp import Lmtp
from tests.support import RunningDaemon

AGAIN_SECONDS = 0.2
GIVE_UP_SECONDS = 60


class Rig(Protocol):
    """One server. `is_elsewhere`: mail stays there, too, and there is something that can be away."""

    is_elsewhere: bool
    has_accounts: bool

    def settings(self) -> dict[str, str]:
        """Return what the daemon is told of it."""
        ...

    def deliver(self, daemon: RunningDaemon, to: str, raw: bytes) -> None:
        """Hand a mail over to it, until it takes the mail."""
        ...

    def unread(self, address: str, subject: str) -> bool | None:
        """Tell how a mail is marked there; None: it is not there."""
        ...

    def raw(self, address: str, subject: str) -> bytes:
        """Return a mail as it is there."""
        ...

    def kill(self) -> None: ...

    def restart(self) -> None: ...


class Embedded:
    """The daemon itself, by SMTP and by LMTP in turns."""

    is_elsewhere = False
    has_accounts = False

    def __init__(self, home: Path) -> None:
        self._socket = home / "lmtp"
        self._count = 0

    def settings(self) -> dict[str, str]:
        return {"LMTP_LISTEN": str(self._socket)}

    def deliver(self, daemon: RunningDaemon, to: str, raw: bytes) -> None:
        self._count += 1
        if self._count % 2:
            with smtplib.SMTP(*daemon.smtp, timeout=GIVE_UP_SECONDS) as server:
                server.sendmail("sender@foreign.test", [to], raw)
            return
        with Lmtp(self._socket) as lmtp:
            told = lmtp.deliver("sender@foreign.test", [to], raw)
        assert told[to] == (250, "2.0.0 Kept")

    def unread(self, address: str, subject: str) -> bool | None:
        raise NotImplementedError

    def raw(self, address: str, subject: str) -> bytes:
        raise NotImplementedError

    def kill(self) -> None:
        raise NotImplementedError

    def restart(self) -> None:
        raise NotImplementedError


class CatchAll:
    """A Dovecot with one account for everybody."""

    is_elsewhere = True
    has_accounts = False

    def __init__(self, server: Dovecot) -> None:
        self.server = server

    def settings(self) -> dict[str, str]:
        return {
            "RECEIVE_BACKEND": "imap",
            "IMAP_SERVER": f"127.0.0.1:{self.server.imap}",
            "IMAP_SECURITY": "none",
            "IMAP_USER": "catchall",
            "IMAP_PASSWORD": PASSWORD,
        }

    def deliver(self, daemon: RunningDaemon, to: str, raw: bytes) -> None:
        self.server.deliver([to], raw)

    def unread(self, address: str, subject: str) -> bool | None:
        with self.server.mailbox("catchall") as imap:
            found = imap.search(["SUBJECT", subject])
            return SEEN not in imap.get_flags(found)[found[0]] if found else None

    def raw(self, address: str, subject: str) -> bytes:
        with self.server.mailbox("catchall") as imap:
            [uid] = imap.search(["SUBJECT", subject])
            return bytes(imap.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"])

    def kill(self) -> None:
        self.server.stop()

    def restart(self) -> None:
        self.server.start()


class Ducks:
    """A WildDuck with an account for each mailbox."""

    is_elsewhere = True
    has_accounts = True

    def __init__(self, server: WildDuck) -> None:
        self.server = server

    def settings(self) -> dict[str, str]:
        return {
            "RECEIVE_BACKEND": "wildduck",
            "WILDDUCK_URL": self.server.url,
            "WILDDUCK_TOKEN": TOKEN,
            "WILDDUCK_IMAP": f"127.0.0.1:{self.server.ports['imap']}",
            "WILDDUCK_IMAP_SECURITY": "none",
        }

    def deliver(self, daemon: RunningDaemon, to: str, raw: bytes) -> None:
        self.server.deliver([to], raw)

    def unread(self, address: str, subject: str) -> bool | None:
        _, messages = self.server.inbox(address)
        return not messages[subject]["seen"] if subject in messages else None

    def raw(self, address: str, subject: str) -> bytes:
        path, messages = self.server.inbox(address)
        return self.server.answer(f"{path}/{messages[subject]['id']}/message.eml")

    def kill(self) -> None:
        self.server.kill()

    def restart(self) -> None:
        self.server.start()


@contextmanager
def rig(name: str, home: Path) -> Iterator[Rig]:
    """Yield a server that runs; skipped, or on CI failed, where it is not installed."""
    if name == "embedded":
        yield Embedded(home)
    elif name == "imap":
        with running_dovecot() as dovecot:
            yield CatchAll(dovecot)
    else:
        with a_wildduck() as wildduck:
            yield Ducks(wildduck)


def eventually(deliver: object, *arguments: object) -> None:
    """Do something that fails while a server is away, until it does not: as any sender of mail does."""
    assert callable(deliver)
    end = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            deliver(*arguments)
        except (OSError, smtplib.SMTPException, AssertionError):
            if time.monotonic() > end:
                raise
            time.sleep(AGAIN_SECONDS)
        else:
            return
