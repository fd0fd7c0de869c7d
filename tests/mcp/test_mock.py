"""The mock: offline, the same each time, for hosts and for the Python client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.errors import Code
from daemon.ids import Ids
from daemon.mock import CountedIds
from postern_ctl.answers import Refused
from postern_ctl.client import Postern
from tests.cli.support import data, environment, posternctl
from tests.mcp.support import Stdio, text_of
from tests.support import BARE_ENV

WAYS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "--mock": (("--mock",), {}),
    "POSTERN_API_BASE_URL": ((), {"POSTERN_API_BASE_URL": "mock", "POSTERN_API_KEY": "pk_agent_of_somewhere_else"}),
}


def story(host: Stdio) -> list[Any]:
    """Live through the flow; return everything that was said."""
    told: list[Any] = [host.begin(), host.ask("tools/list")]
    told.append(host.call("redeem_enrollment", enrollment_token="pk_enroll_any_key_will_do", agent_handle="me"))
    told.append(host.call("create_inbox"))
    address = told[-1]["structuredContent"]["address"]
    told.append(host.call("wait_for_email", addr=address))
    told.append(host.call("wait_for_email", addr=address, **{"from": "github.com", "subject": "Confirm"}))
    told.append(host.call("read_messages", addr=address))
    told.append(host.call("get_message", id=told[-1]["structuredContent"]["data"][0]["id"]))
    return told


@pytest.fixture(scope="module")
def told() -> list[Any]:
    host = Stdio(BARE_ENV | {"POSTERN_MOCK": "1"})
    lived = story(host)
    assert host.close() == (0, "")
    return lived


def test_every_wait_gets_its_mail(told: list[Any]) -> None:
    first, second = told[4]["structuredContent"], told[5]["structuredContent"]
    assert not first["timed_out"]
    assert first["extracted"]["otp_code"] != second["extracted"]["otp_code"]
    assert first["extracted"]["verification_link"].startswith("https://northwind.example/")
    assert second["message"]["untrusted_content"] == {"from": "no-reply@github.com", "subject": "Confirm"}
    assert "Code: " in text_of(told[4])
    assert told[7]["structuredContent"]["received_at"].startswith("2026-01-15T09:00:")


@pytest.mark.parametrize("way", WAYS)
def test_each_run_is_like_the_last_whoever_asks_for_it(told: list[Any], way: str) -> None:
    arguments, settings = WAYS[way]
    host = Stdio(BARE_ENV | settings, *arguments)
    assert story(host) == told
    assert host.close()[0] == 0


def test_the_python_client_runs_on_it() -> None:
    postern = Postern("mock")
    address = postern.inboxes.create().data["address"]
    found = postern.waits.wait(address).data
    assert len(found["extracted"]["otp_code"]) == 6
    assert [one["id"] for one in postern.messages.list(address)] == [found["message"]["id"]]
    key = postern.enrollment.redeem("pk_enroll_any_key").data["agent_key"]
    assert Postern("mock", key).access.whoami().data["agent_handle"] == "default"
    with pytest.raises(Refused) as refused:
        next(iter(postern.tenants.list()))
    assert refused.value.code is Code.SCOPE_DENIED


def test_commands_run_on_it() -> None:
    env = environment(POSTERN_API_BASE_URL="mock", POSTERN_API_KEY="pk_agent_of_somewhere_else")
    assert data(posternctl("whoami", "--json", env=env))["type"] == "agent"
    assert data(posternctl("inbox", "create", "--json", env=env))["address"].endswith("@mock.postern.test")


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    host = Stdio(BARE_ENV | {"POSTERN_MOCK": "1", "TMPDIR": str(tmp_path)})
    host.begin()
    assert list(tmp_path.iterdir())
    host.close()
    assert list(tmp_path.iterdir()) == []


def test_an_id_is_counted_by_its_kind() -> None:
    one, other = CountedIds(), CountedIds()
    for _ in range(5):
        other.new("req")
        other.bare()
    assert one.local_part() == other.local_part()
    assert one.new("inbox") == other.new("inbox") != one.new("inbox")
    like = Ids()
    assert [len(one.bare()), len(one.secret()), len(one.local_part())] == [
        len(like.bare()),
        len(like.secret()),
        len(like.local_part()),
    ]
