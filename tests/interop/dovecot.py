"""A Dovecot on the loopback, for the time of a test: LMTP takes mail in, IMAP gives it out."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.interop.postfix import free_port
from tests.support import cannot_run

START_MAX_SECONDS = 30.0
ARRIVES_MAX_SECONDS = 30.0
PASSWORD = "a password of the tests"
CONFIG = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
recipient_delimiter = +
first_valid_uid = 1
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = username_format=%u {home}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {home}/users
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running one; every user's name is an address, and every password is the same."""

    imap: int
    lmtp: int
    home: Path

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def login(self, address: str) -> imaplib.IMAP4:
        """Return a connection of a user, in its INBOX."""
        connection = imaplib.IMAP4("127.0.0.1", self.imap, timeout=30)
        connection.login(address, PASSWORD)
        connection.select("INBOX")
        return connection

    def mails(self, address: str) -> list[bytes]:
        """Return what a user has, oldest first."""
        with self.login(address) as connection:
            _, [numbers] = connection.search(None, "ALL")
            fetched = [connection.fetch(number.decode(), "(BODY.PEEK[])")[1] for number in numbers.split()]
        return [found[0][1] for found in fetched if isinstance(found[0], tuple)]

    def arrived(self, address: str, count: int) -> list[bytes]:
        """Wait until a user has so many, and return them."""
        deadline = time.monotonic() + ARRIVES_MAX_SECONDS
        while len(found := self.mails(address)) < count:
            assert time.monotonic() < deadline, self.log
        return found


@contextmanager
def running_dovecot(users: Sequence[str]) -> Iterator[Dovecot]:
    """Start one that knows these addresses."""
    path = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        cannot_run("dovecot is not installed")
    if os.geteuid() != 0:
        cannot_run("dovecot changes its user and has to be started by root")
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(prefix="postern-dovecot-") as name:
        home = Path(name)
        home.chmod(0o755)  # its processes are other users'
        (home / "mail").mkdir()
        os.chown(home / "mail", nobody.pw_uid, nobody.pw_gid)
        lines = [
            f"{user}:{{PLAIN}}{PASSWORD}:{nobody.pw_uid}:{nobody.pw_gid}::{home}/mail/{number}::"
            for number, user in enumerate(users)
        ]
        (home / "users").write_text("\n".join(lines) + "\n")
        (home / "users").chmod(0o644)
        running = Dovecot(free_port(), free_port(), home)
        (home / "conf").write_text(CONFIG.format(home=home, imap=running.imap, lmtp=running.lmtp))
        process = subprocess.Popen([path, "-F", "-c", str(home / "conf")], stdin=subprocess.DEVNULL)
        try:
            _wait_for(running, process)
            yield running
        finally:
            process.terminate()
            process.wait(START_MAX_SECONDS)


def _wait_for(running: Dovecot, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_MAX_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", running.lmtp), 1):
            return
        time.sleep(0.05)  # nothing tells when it listens
    raise AssertionError(running.log if (running.home / "log").exists() else "Dovecot did not start")
