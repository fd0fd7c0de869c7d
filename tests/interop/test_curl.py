from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.interop.conftest import Place

pytestmark = pytest.mark.interop
Run = Callable[..., subprocess.CompletedProcess[str]]


def curl(run: Run, *arguments: object) -> tuple[int, Any]:
    """Return the status and the decoded body."""
    done = run("curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *arguments)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def test_curl_creates_and_lists_mailboxes_over_http(run: Run, place: Place) -> None:
    key = ("--header", f"Authorization: Bearer {place.key}")
    url = f"{place.daemon.http}/v1/inboxes"
    status, made = curl(run, *key, "--json", "{}", url)
    assert status == 201
    status, listed = curl(run, *key, url)
    assert status == 200
    assert made["address"] in [one["address"] for one in listed["data"]]
    status, refused = curl(run, url)
    assert (status, refused["error"]["code"]) == (401, "invalid_api_key")


def test_curl_is_the_operator_over_the_control_socket(run: Run, place: Place) -> None:
    socket = ("--unix-socket", place.daemon.ready["socket"])
    status, made = curl(run, *socket, "--json", '{"name": "By curl"}', "http://postern/v1/tenants")
    assert (status, made["name"]) == (201, "By curl")
    status, stats = curl(run, *socket, "http://postern/v1/stats")
    assert (status, stats["http"]) == (200, place.daemon.ready["http"])


def test_curl_waits_for_a_mail_and_gets_its_code(run: Run, place: Place) -> None:
    place.daemon.deliver(place.address)
    [message] = place.messages()
    status, found = curl(
        run,
        *("--header", f"Authorization: Bearer {place.key}", "--json"),
        json.dumps({"since": message["received_at"], "timeout_seconds": 5}),
        f"{place.daemon.http}/v1/inboxes/{place.address}/wait",
    )
    assert (status, found["extracted"]["otp_code"]) == (200, "482913")


def test_curl_opens_a_one_time_link_once(run: Run, place: Place) -> None:
    answer = place.daemon.call("POST", "/v1/inboxes", {}, key=place.key, headers={"Prefer": "receipt"})
    url = answer.json["link"]["url"]
    page = run("curl", "--silent", "--header", "Accept: text/html", url).stdout
    assert re.search(r'<form method="post"><button>', page)
    status, opened = curl(run, "--request", "POST", url)
    assert (status, opened["receipt"]["seq"]) == (200, answer.json["audit"]["seq"])
    status, spent = curl(run, "--request", "POST", url)
    assert (status, spent["error"]["code"]) == (410, "gone")
