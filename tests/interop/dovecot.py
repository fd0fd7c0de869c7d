"""A real Dovecot on loopback, as a process of the test's own: LMTP in, IMAP out."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from imapclient import IMAPClient

from tests.lmtp import Lmtp
from tests.support import cannot_run

START_MAX_SECONDS = 30
ARRIVES_MAX_SECONDS = 30
STOP_MAX_SECONDS = 15
PASSWORD = "password-of-a-test"
CONFIG = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = dovecot
default_internal_group = dovecot
default_login_user = dovenull
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{mail}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_max_userip_connections = 1000
recipient_delimiter = +
submission_host = 127.0.0.1:1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  {userdb}
}}
service imap-login {{
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  process_min_avail = 1
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service stats {{
  client_limit = 1000
}}
"""


EVERYBODY = """driver = static
  args = uid=nobody gid=nogroup home={home}/users/%u allow_all_users=yes"""
THESE = """driver = passwd-file
  args = username_format=%u {home}/known"""


@dataclass
class Dovecot:
    """Everybody logs in with one password. Without `users` all mail is in one account, whoever it came for."""

    home: Path
    users: tuple[str, ...] = ()
    imap: int = 0
    lmtp: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> str:
        path = self.home / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def start(self) -> Dovecot:
        """Start on its ports, those of the first time, and wait until it answers."""
        path = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
        if path is None:
            cannot_run("dovecot is not installed")
        if os.geteuid() != 0:
            cannot_run("dovecot changes its user and has to be started by root")
        self.imap, self.lmtp = self.imap or free_port(), self.lmtp or free_port()
        self.home.chmod(0o755)
        nobody = pwd.getpwnam("nobody")
        for name in ("mail", "users"):
            (self.home / name).mkdir(exist_ok=True)
            os.chown(self.home / name, nobody.pw_uid, nobody.pw_gid)
        known, config = self.home / "known", self.home / "dovecot.conf"
        known.write_text(
            "".join(f"{one}::{nobody.pw_uid}:{nobody.pw_gid}::{self.home}/users::\n" for one in self.users)
        )
        known.chmod(0o644)
        config.write_text(
            CONFIG.format(
                home=self.home,
                mail=self.home / "mail" / ("%u" if self.users else "all"),
                userdb=(THESE if self.users else EVERYBODY).format(home=self.home),
                password=PASSWORD,
                imap=self.imap,
                lmtp=self.lmtp,
            )
        )
        self.process = subprocess.Popen(
            [path, "-F", "-c", str(config)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        for port in (self.imap, self.lmtp):
            until_open(port, lambda: self.log)
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_MAX_SECONDS)
            self.process = None

    def renumber(self) -> None:
        """Have every folder forget its UIDs, as after a restored backup: it gets a new UIDVALIDITY."""
        self.stop()
        for pattern in ("dovecot-uid*", "dovecot.index*"):
            for path in (self.home / "mail").rglob(pattern):
                path.unlink()
        self.start()

    def deliver(self, to: Sequence[str], raw: bytes, sender: str = "sender@foreign.test") -> None:
        """Hand a mail over by LMTP, to one recipient after the other, so that each copy bears whom it came for."""
        with Lmtp(self.lmtp) as lmtp:
            for one in to:
                told = lmtp.deliver(sender, [one], raw)
                assert told[one][0] == 250, told

    def mails(self, address: str) -> list[bytes]:
        """Return what somebody has, oldest first."""
        with self.mailbox(address) as imap:
            found = imap.fetch(imap.search(), ["BODY.PEEK[]"])
        return [bytes(found[uid][b"BODY[]"]) for uid in sorted(found)]

    def arrived(self, address: str, count: int) -> list[bytes]:
        """Wait until somebody has so many, and return them."""
        end = time.monotonic() + ARRIVES_MAX_SECONDS
        while len(found := self.mails(address)) < count:
            assert time.monotonic() < end, self.log
        return found

    @contextmanager
    def mailbox(self, user: str, folder: str = "INBOX") -> Iterator[IMAPClient]:
        """Log in as somebody, with a folder selected."""
        client = IMAPClient("127.0.0.1", self.imap, ssl=False)
        try:
            client.login(user, PASSWORD)
            client.select_folder(folder)
            yield client
        finally:
            client.logout()


@contextmanager
def running_dovecot(users: Sequence[str] = ()) -> Iterator[Dovecot]:
    """Yield one that knows these addresses, or takes all mail into one account; its mail goes with it."""
    with tempfile.TemporaryDirectory(prefix="postern-dovecot-", dir="/tmp") as name:
        running = Dovecot(Path(name), tuple(users))
        try:
            yield running.start()
        finally:
            running.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until_open(port: int, log: Callable[[], str], most_seconds: float = START_MAX_SECONDS) -> None:
    """Wait until something listens on a port."""
    end = time.monotonic() + most_seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise AssertionError(log()) from None
            time.sleep(0.02)
        else:
            return
