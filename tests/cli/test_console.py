"""`posternctl console` as a program: what it needs, and what a terminal gets of it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios

import pytest

from tests.cli.conftest import World
from tests.cli.support import POSTERNCTL, inside, posternctl
from tests.support import RunningDaemon

LEAVE_MAX_SECONDS = 30


class Terminal:
    """A console on a pseudo-terminal."""

    def __init__(self, daemon: RunningDaemon, *words: str, **more: str) -> None:
        self.written = b""
        self._own, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {name: value for name, value in daemon.env.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            [*POSTERNCTL, "console", *words],
            env={**env, "TERM": "xterm-256color", **more},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def reads(self, text: str) -> None:
        """Read until it was written."""
        while text.encode() not in self.written:
            assert self._more(), self.written[-2000:]

    def press(self, keys: str) -> None:
        os.write(self._own, keys.encode())

    def leaves(self) -> int:
        """Read to the end and return the exit code."""
        while self._more():
            pass
        os.close(self._own)
        return self.process.wait(LEAVE_MAX_SECONDS)

    def _more(self) -> bool:
        try:
            read = os.read(self._own, 65536)
        except OSError:  # how Linux says that the other side has closed
            return False
        self.written += read
        return bool(read)


def test_it_opens_shows_and_leaves(daemon: RunningDaemon) -> None:
    terminal = Terminal(daemon, "--readonly")
    terminal.reads("read-only")
    terminal.press("q")
    assert terminal.leaves() == 0
    assert b"\x1b[?1049l" in terminal.written, "the terminal gets its own screen back"


def test_no_colour_goes_to_a_terminal_that_refuses_it(daemon: RunningDaemon) -> None:
    for flags, more in ((["--no-color"], {}), ([], {"NO_COLOR": "1"})):
        terminal = Terminal(daemon, *flags, **more)
        terminal.reads("Outbox")
        terminal.press("q")
        assert terminal.leaves() == 0
        assert b"[38;" not in terminal.written
        assert b"[48;" not in terminal.written


def test_it_is_for_operators_at_a_terminal(daemon: RunningDaemon, world: World) -> None:
    assert inside("console").returncode == 2
    assert "needs a terminal" in posternctl("console").stderr
    terminal = Terminal(daemon, POSTERN_API_KEY=world.agent_key, POSTERN_API_BASE_URL=daemon.http)
    assert terminal.leaves() == 5
    assert b"for operators" in terminal.written


def test_without_a_daemon_it_says_so_before_it_opens(daemon: RunningDaemon) -> None:
    terminal = Terminal(daemon, POSTERN_DATA_DIR="/nowhere")
    assert terminal.leaves() == 3
    assert b"daemon run" in terminal.written
    assert b"\x1b[?1049h" not in terminal.written


@pytest.mark.parametrize("theme", ["postern-light", "nord", "no-such-theme"])
def test_it_takes_a_theme(theme: str, daemon: RunningDaemon) -> None:
    terminal = Terminal(daemon, "--theme", theme)
    if theme == "no-such-theme":
        assert terminal.leaves() == 2
        return
    terminal.reads("Outbox")
    terminal.press("q")
    assert terminal.leaves() == 0
