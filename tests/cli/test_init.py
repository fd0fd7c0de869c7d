"""`posternctl init`: from nothing to a configuration that the daemon runs on."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import data, document, environment, posternctl
from tests.support import RunningDaemon

ANSWERS = ("--base-domain", "Agents.Example.com", "--public-ips", "203.0.113.7, 2001:db8::7", "--tenant", "Big & Co")


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    return environment(POSTERN_CONFIG=str(tmp_path / "etc" / "postern.toml"), POSTERN_DATA_DIR=str(tmp_path / "data"))


def test_it_writes_what_the_daemon_runs_on(place: dict[str, str], tmp_path: Path) -> None:
    done = posternctl("init", "--yes", "--json", *ANSWERS, env=place)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = data(done)
    config = Path(place["POSTERN_CONFIG"])
    assert (config.stat().st_mode & 0o777, config.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    written = tomllib.loads(config.read_text())
    assert written["base_domain"] == "agents.example.com"
    assert written["public_ips"] == "203.0.113.7,2001:db8::7"
    assert [(one["name"], one["type"], one["value"]) for one in told["records"]] == [
        ("agents.example.com", "NS", "ns1.agents.example.com."),
        ("agents.example.com", "NS", "ns2.agents.example.com."),
        ("ns1.agents.example.com", "A", "203.0.113.7"),
        ("ns1.agents.example.com", "AAAA", "2001:db8::7"),
        ("ns2.agents.example.com", "A", "203.0.113.7"),
        ("ns2.agents.example.com", "AAAA", "2001:db8::7"),
    ]
    assert told["reverse"][0]["name"] == "7.113.0.203.in-addr.arpa"
    assert told["next"][0] == "posternctl daemon run"
    assert "'Big & Co'" in told["next"][1]
    daemon = RunningDaemon(tmp_path / "data").start()
    try:
        assert [one["id"] for one in daemon.operator("GET", "/v1/tenants").json["data"]] == [told["tenant"]["id"]]
    finally:
        daemon.stop()


def test_it_says_on_one_screen_what_to_do(place: dict[str, str]) -> None:
    done = posternctl("init", "--yes", "--base-domain", "a.example.com", "--public-ips", "203.0.113.7", env=place)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) < 24
    assert "a.example.com. 3600 IN NS ns1.a.example.com." in lines
    assert "  posternctl daemon run" in lines
    assert posternctl("config", "show", "--json", env=place).returncode == 0


def test_it_overwrites_nothing(place: dict[str, str]) -> None:
    config = Path(place["POSTERN_CONFIG"])
    config.parent.mkdir()
    config.write_text('base_domain = "mine.example.com"\n')
    done = posternctl("init", "--yes", env=place)
    assert (done.returncode, "is there already" in done.stderr) == (2, True)
    assert config.read_text() == 'base_domain = "mine.example.com"\n'


@pytest.mark.parametrize(
    "words",
    [
        ("--base-domain", "not a domain"),
        ("--public-ips", "here"),
        ("--send-backend", "pigeon"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_written(place: dict[str, str], words: tuple[str, str]) -> None:
    done = posternctl("init", "--yes", "--json", *words, env=place)
    assert done.returncode == 2
    assert repr(words[1]) in document(done)["error"]["message"]
    assert not Path(place["POSTERN_CONFIG"]).exists()
    assert not Path(place["POSTERN_DATA_DIR"]).exists()
