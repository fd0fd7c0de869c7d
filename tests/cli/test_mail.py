"""Reading mail by command: threads, search, attachments, and links to bytes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import World
from tests.cli.support import POSTERNCTL, data, deliver, document, environment
from tests.support import RunningDaemon, mail

SCAN = b"\x89scan\x00"


@pytest.fixture(scope="module")
def scan(daemon: RunningDaemon, world: World) -> str:
    """A message with an attachment, the second of its thread."""
    first, second = {"Message-ID": "<scan@x.test>"}, {"In-Reply-To": "<scan@x.test>"}
    daemon.deliver(world.address, mail(world.address, subject="Your scan", text="It is coming.", headers=first))
    answer = mail(
        world.address, subject="Re: Your scan", text="Here it is.", headers=second, attachments={"scan.bin": SCAN}
    )
    daemon.deliver(world.address, answer)
    return str(data(daemon.ctl("message", "list", world.address, "--json"))[0]["id"])


def test_a_thread_is_shown_oldest_first(daemon: RunningDaemon, world: World, scan: str) -> None:
    listed = data(daemon.ctl("thread", "list", world.address, "--json", key=world.agent_key))
    assert (listed[0]["subject"], listed[0]["message_count"]) == ("Your scan", 2)
    shown = data(daemon.ctl("thread", "show", listed[0]["id"], "--json"))
    assert [message["subject"] for message in shown["messages"]] == ["Your scan", "Re: Your scan"]
    told = daemon.ctl("thread", "show", listed[0]["id"])
    assert told.stdout.index("It is coming.") < told.stdout.index("Here it is.")
    assert max(map(len, told.stdout.splitlines())) <= 80
    assert daemon.ctl("-q", "thread", "show", listed[0]["id"]).stdout.split()[1] == scan
    short = daemon.ctl("thread", "show", listed[0]["id"], "--limit", "1")
    assert "Here it is." not in short.stdout
    assert "There are 2 messages" in short.stderr


def test_a_search_finds_by_words_and_operators(daemon: RunningDaemon, world: World, scan: str) -> None:
    found = daemon.ctl("message", "search", "has:attachment", "subject:scan", "--json", key=world.agent_key)
    assert [message["id"] for message in data(found)] == [scan]
    nothing = daemon.ctl("message", "search", "no-such-word")
    assert (nothing.stdout, "Nothing matches" in nothing.stderr) == ("", True)
    assert daemon.ctl("message", "search", "x", "--inbox", "nobody@nowhere.test", check=False).returncode == 4


def test_an_attachment_is_saved_to_a_new_file_only(
    daemon: RunningDaemon, world: World, scan: str, tmp_path: Path
) -> None:
    assert "scan.bin" in daemon.ctl("message", "attachments", scan).stdout
    file = tmp_path / "here.bin"
    saved = data(daemon.ctl("message", "save", scan, "0", "--output", str(file), "--json"))
    assert (file.read_bytes(), saved["size_bytes"]) == (SCAN, len(SCAN))
    assert file.stat().st_mode & 0o077 == 0
    assert daemon.ctl("message", "save", scan, "0", "--output", str(file), check=False).returncode == 2
    assert daemon.ctl("message", "save", scan, "7", "--output", str(tmp_path / "no"), check=False).returncode == 4
    assert not (tmp_path / "no").exists()


def test_a_link_to_an_attachment_hands_it_over(daemon: RunningDaemon, scan: str, tmp_path: Path) -> None:
    made = document(daemon.ctl("message", "save", scan, "0", "--link", "--json"))
    assert made.keys() == {"data", "audit", "link"}
    assert made["link"]["purpose"] == "download"
    file = tmp_path / "handed.bin"
    opened = daemon.ctl("link", "open", made["link"]["url"], "--output", str(file), "--json")
    assert (data(opened)["size_bytes"], file.read_bytes()) == (len(SCAN), SCAN)
    again = daemon.ctl("link", "open", made["link"]["url"], check=False)
    assert again.returncode == 1

    raw = document(daemon.ctl("message", "raw", scan, "--link", "--json"))
    told = daemon.ctl("link", "open", "-", input=raw["link"]["url"].rpartition("/")[2])
    assert told.stdout.startswith(f"{daemon.http}/d/")
    path = "/d/" + told.stdout.strip().rpartition("/")[2]
    assert b"Here it is." in daemon.call("GET", path).body


def test_a_mailbox_is_followed(daemon: RunningDaemon, world: World) -> None:
    address = world.address
    deliver(daemon, address, "Before", "Before.")
    words = ("message", "tail", address, "-n", "1")
    assert "Before" in daemon.ctl(*words).stdout
    assert data(daemon.ctl(*words, "--json"))[0]["subject"] == "Before"
    with subprocess.Popen(
        [*POSTERNCTL, *words, "--follow", "--json"],
        env=environment(POSTERN_DATA_DIR=str(daemon.data_dir)),
        stdout=subprocess.PIPE,
        text=True,
    ) as tail:
        assert tail.stdout is not None
        assert json.loads(tail.stdout.readline())["data"]["subject"] == "Before"
        deliver(daemon, address, "After", "After.")
        told = json.loads(tail.stdout.readline())["data"]
        assert (told["what"], told["subject"]) == ("received", "After")
        tail.terminate()
