"""What a person at a terminal gets: questions, colour, progress."""

from __future__ import annotations

import os
import pty
import re
import subprocess

import pytest

from tests.cli.conftest import World
from tests.cli.support import POSTERNCTL, deliver, until_waiting
from tests.support import RunningDaemon


class Person:
    """A posternctl on a pseudo-terminal, all three streams."""

    def __init__(self, daemon: RunningDaemon, *words: str, **more: str) -> None:
        self.screen = ""
        self._own, theirs = pty.openpty()
        env = {name: value for name, value in daemon.env.items() if name != "NO_COLOR"}
        env |= {"TERM": "xterm", "COLUMNS": "80", **more}
        self._process = subprocess.Popen(
            [*POSTERNCTL, *words], env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def reads(self, text: str) -> None:
        """Read until `text` is on the screen."""
        while text not in self.screen:
            assert self._more(), self.screen

    def types(self, line: str) -> None:
        """Type a line."""
        os.write(self._own, line.encode() + b"\n")

    def leaves(self) -> int:
        """Read to the end and return the exit code."""
        while self._more():
            pass
        os.close(self._own)
        return self._process.wait(20)

    def _more(self) -> bool:
        try:
            read = os.read(self._own, 4096)
        except OSError:  # how Linux says that the other side has closed
            return False
        self.screen += read.decode()
        return bool(read)


@pytest.mark.parametrize(("typed", "code"), [("{address}", 0), ("something else", 2), ("", 2)])
def test_deleting_asks_for_the_name(typed: str, code: int, daemon: RunningDaemon, world: World) -> None:
    address = daemon.inbox(world.agent_key)["address"]
    person = Person(daemon, "inbox", "delete", address)
    person.reads(f"Type {address} to go on: ")
    person.types(typed.format(address=address))
    assert person.leaves() == code
    assert ("nothing was deleted" in person.screen) is bool(code)
    assert daemon.ctl("inbox", "show", address, check=False).returncode == (0 if code else 4)


def test_an_enrollment_key_is_asked_for_and_not_echoed(daemon: RunningDaemon, world: World) -> None:
    person = Person(daemon, "enroll")
    person.reads("Enrollment key:")
    person.types(world.enrollment_token)
    assert person.leaves() == 0
    assert world.enrollment_token not in person.screen
    assert "agent_" in person.screen


def test_a_terminal_gets_colour_unless_it_is_refused(daemon: RunningDaemon, world: World) -> None:
    for flags, more, coloured in ([], {}, True), (["--no-color"], {}, False), ([], {"NO_COLOR": "1"}, False):
        person = Person(daemon, "tenant", "list", *flags, **more)
        assert person.leaves() == 0
        assert ("\x1b[1mID" in person.screen, "\x1b" in person.screen) == (coloured, coloured)


def test_a_long_wait_shows_that_it_goes_on(daemon: RunningDaemon, world: World) -> None:
    person = Person(daemon, "inbox", "wait", world.address, "--timeout", "60")
    until_waiting(daemon)
    person.reads("(2 s)")
    deliver(daemon, world.address, "Your code", "Your verification code is 141421.")
    assert person.leaves() == 0
    assert re.search(r"\r\x1b\[K(.|\n)*141421", person.screen), "the progress is wiped before the answer"


def test_what_does_not_fit_is_paged(daemon: RunningDaemon, world: World) -> None:
    paged = {"PAGER": "sed s/^/paged:/", "LINES": "12"}
    long = Person(daemon, "config", "show", **paged)
    long.reads("paged:")
    assert long.leaves() == 0
    short = Person(daemon, "tenant", "list", **paged)
    assert short.leaves() == 0
    assert "acme" in short.screen
    assert "paged:" not in short.screen
    assert "paged:" not in daemon.ctl("config", "show").stdout, "piped, it never is"
