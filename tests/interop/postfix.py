"""A Postfix on the loopback, for the time of a test."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import cannot_run

LOG_MAX_SECONDS = 15
STOP_MAX_SECONDS = 15
MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
default_database_type = texthash
alias_maps =
alias_database =
local_recipient_maps =
mydestination =
myhostname = relay.foreign.test
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_tls_security_level = encrypt
smtp_tls_loglevel = 1
relayhost = [127.0.0.1]:{relay_to}
{more}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
lmtp      unix  - - n - - lmtp -o lmtp_tls_security_level=none
error     unix  - - n - - error
retry     unix  - - n - - error
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
proxymap  unix  - - n - - proxymap
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """A running one that relays to the daemon whatever it is not told to send elsewhere."""

    port: int
    command: list[str]
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._grown:
                    self.log.append(line)
                    self._grown.notify_all()

    def said(self, *words: str) -> bool:
        """Wait for a line of the log that holds all the words."""
        with self._grown:
            return self._grown.wait_for(
                lambda: any(all(word in line for word in words) for line in self.log), LOG_MAX_SECONDS
            )

    def relay(self, to: str, raw: bytes, sender: str = "no-reply@foreign.test") -> None:
        """Hand a mail to it."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as server:
            server.sendmail(sender, [to], raw)

    def stop(self) -> None:
        """Postfix knows how to end all its processes; the wrapper that was started does not."""
        subprocess.run([*self.command, "stop"], check=False, capture_output=True, timeout=STOP_MAX_SECONDS)
        self.process.wait(STOP_MAX_SECONDS)
        self._reader.join(STOP_MAX_SECONDS)


@contextmanager
def running_postfix(relay_to: int, more: str = "") -> Iterator[Postfix]:
    """Start one that relays to a port of this host; `more` are lines of its main.cf."""
    path = shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        cannot_run("postfix is not installed")
    if os.geteuid() != 0:
        cannot_run("postfix changes its user and has to be started by root")
    with tempfile.TemporaryDirectory(prefix="postern-postfix-") as name:
        home = Path(name)
        home.chmod(0o755)  # its processes are another user's
        for directory in ("etc", "queue"):
            (home / directory).mkdir(mode=0o755)
        port = free_port()
        daemons = subprocess.run(["postconf", "-hd", "daemon_directory"], capture_output=True, text=True, check=True)
        main = MAIN.format(home=home, daemons=daemons.stdout.strip(), relay_to=relay_to, more=more)
        (home / "etc/main.cf").write_text(main)
        (home / "etc/master.cf").write_text(MASTER.format(port=port))
        for file in (home / "etc").iterdir():
            file.chmod(0o644)
        command = [path, "-c", str(home / "etc")]
        process = subprocess.Popen(
            [*command, "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running = Postfix(port, command, process)
        try:
            assert running.said("daemon started"), running.log
            yield running
        finally:
            running.stop()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
