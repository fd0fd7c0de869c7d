"""`posternctl inbox wait`: on the socket and from away, in time and in vain."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.cli.conftest import World
from tests.cli.support import POSTERNCTL, data, deliver, document, environment, until_waiting
from tests.support import RunningDaemon

LINK = "https://foreign.test/verify?token=abc123def456"
PAST = "2020-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def address(daemon: RunningDaemon, world: World) -> str:
    """A mailbox with a code mail and a link mail in it."""
    deliver(daemon, world.address, "Your code", f"Your verification code is 314159.\n\nOr open {LINK} to verify.\n")
    deliver(daemon, world.address, "Only a link", f"Please verify your address: {LINK}\n")
    return world.address


def test_a_blocked_wait_is_woken(daemon: RunningDaemon, world: World) -> None:
    words = [*POSTERNCTL, "inbox", "wait", world.address, "--subject", "wake up", "--timeout", "60", "--once"]
    with subprocess.Popen(words, env=daemon.env, stdout=subprocess.PIPE, text=True) as waiting:
        until_waiting(daemon)
        deliver(daemon, world.address, "Wake up", "Your verification code is 161803.")
        assert waiting.communicate(timeout=20)[0] == "161803\n"
    assert waiting.returncode == 0


def test_what_came_is_told_to_people(daemon: RunningDaemon, address: str) -> None:
    done = daemon.ctl("inbox", "wait", address, "--subject", "your code", "--since", PAST, "--timeout", "0")
    for shown in ("subject  +Your code", "from  +.*foreign.test.*", "code  +314159", f"link  +{re.escape(LINK)}"):
        assert re.search(f"^{shown}$", done.stdout, re.MULTILINE), done.stdout


def test_what_came_is_one_document(daemon: RunningDaemon, address: str) -> None:
    wait = ["inbox", "wait", address, "--from", "FOREIGN.test", "--regex", "code is [0-9]{6}", "--since", "1h"]
    found = data(daemon.ctl(*wait, "--timeout", "0", "--json"))
    assert found["timed_out"] is False
    assert found["extracted"]["otp_code"] == "314159"
    assert daemon.ctl(*wait, "--timeout", "0", "--quiet").stdout == "314159\n"


def test_it_works_from_away_with_an_agent_key(daemon: RunningDaemon, world: World, address: str) -> None:
    env = environment(POSTERN_API_BASE_URL=daemon.http, POSTERN_API_KEY=world.agent_key, POSTERN_DATA_DIR="/nowhere")
    words = [*POSTERNCTL, "inbox", "wait", address, "--subject", "your code", "--since", PAST, "--once"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "314159\n")


def test_in_vain_is_6(daemon: RunningDaemon, address: str) -> None:
    wait = ["inbox", "wait", address, "--subject", "never", "--timeout", "0"]
    human = daemon.ctl(*wait, check=False)
    assert (human.returncode, human.stdout) == (6, "")
    assert len(human.stderr.splitlines()) == 1
    program = daemon.ctl(*wait, "--json", check=False)
    assert (program.returncode, program.stderr) == (6, "")
    told = data(program)
    assert told.pop("near_misses")["reasons"]["since"] >= 2
    assert told == {"timed_out": True, "message": None, "extracted": None}


def test_once_prints_nothing_but_a_code(daemon: RunningDaemon, address: str) -> None:
    wait = ["inbox", "wait", address, "--subject", "only a link", "--since", PAST, "--timeout", "0"]
    done = daemon.ctl(*wait, "--once", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "link but no code" in done.stderr
    assert document(daemon.ctl(*wait, "--once", "--json", check=False))["error"]["code"] == "no_code"
    assert daemon.ctl(*wait, "--quiet").stdout == LINK + "\n"
