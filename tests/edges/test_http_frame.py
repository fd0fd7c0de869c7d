from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator

import pytest

from daemon.api.models import model
from daemon.api.operations import OPERATIONS
from daemon.errors import Code
from daemon.web.errors import IN_WORDS, STATUS
from daemon.web.server import BODY_MAX_BYTES
from tests.support import Answer, RunningDaemon

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def key(daemon: RunningDaemon) -> str:
    return str(daemon.agent(max_mailboxes=1000)["agent_key"])


def refused(answer: Answer, status: int, code: str) -> None:
    """Check the whole envelope."""
    assert (answer.status, answer.code) == (status, code)
    assert set(answer.json) == {"error"}
    error = answer.json["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["message"]
    assert error["request_id"] == answer.headers["X-Postern-Request-Id"]
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "Traceback" not in answer.body.decode()


def test_every_code_has_a_status() -> None:
    assert set(STATUS) == set(Code)


def test_every_answer_carries_a_request_id_of_its_own(daemon: RunningDaemon, key: str) -> None:
    paths = ["/v1/whoami", "/v1/nothing", "/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/l/x", "/"]
    ids = [daemon.call("GET", path, key=key).headers["X-Postern-Request-Id"] for path in paths]
    assert len(set(ids)) == len(paths)
    assert all(one.startswith("req_") for one in ids)


def test_a_path_that_is_not_there_is_404(daemon: RunningDaemon) -> None:
    for path in ("/", "/v1", "/v1/", "/v1/inboxes/", "/v2/inboxes", "/../etc/passwd", "/v1/%2e%2e/x"):
        refused(daemon.call("GET", path), 404, "not_found")


def test_a_method_that_a_path_does_not_take_is_405_with_allow(daemon: RunningDaemon, key: str) -> None:
    by_path: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, set()).add(operation.method)
    for template, methods in by_path.items():
        path = re.sub(r"{\w+}", "1", template)
        answer = daemon.call("OPTIONS", path, key=key)
        refused(answer, 405, "method_not_allowed")
        assert methods <= set(answer.headers["Allow"].split(","))


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b'{"username": "\xff"}', b'{"username": "\\ud800"}', b"[" * 100_000, b"{'a': 1}", b"{} {}"],
    ids=lambda body: str(body[:20]),
)
def test_malformed_json_is_400(daemon: RunningDaemon, key: str, body: bytes) -> None:
    refused(daemon.call("POST", "/v1/inboxes", body, key=key, headers=JSON), 400, "bad_request")


def test_json_that_is_no_object_is_422(daemon: RunningDaemon, key: str) -> None:
    for body in (b"[]", b"null", b"7", b'"text"'):
        refused(daemon.call("POST", "/v1/inboxes", body, key=key, headers=JSON), 422, "validation_failed")


def test_no_body_is_an_empty_object(daemon: RunningDaemon, key: str) -> None:
    assert daemon.call("POST", "/v1/inboxes", key=key).status == 201


def test_a_body_of_another_type_is_415(daemon: RunningDaemon, key: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        refused(
            daemon.call("POST", "/v1/inboxes", b"{}", key=key, headers={"Content-Type": kind}),
            415,
            "unsupported_media_type",
        )


def test_a_body_that_is_too_large_is_413_also_when_it_is_packed(daemon: RunningDaemon, key: str) -> None:
    large = json.dumps({"display_name": "x" * BODY_MAX_BYTES}).encode()
    refused(daemon.call("POST", "/v1/inboxes", large, key=key, headers=JSON), 413, "payload_too_large")
    packed = JSON | {"Content-Encoding": "gzip"}
    answer = daemon.call("POST", "/v1/inboxes", gzip.compress(large * 20), key=key, headers=packed)
    assert (answer.status, answer.code) in ((413, "payload_too_large"), (400, "bad_request"))


def test_a_body_that_does_not_unpack_is_400(daemon: RunningDaemon, key: str) -> None:
    packed = JSON | {"Content-Encoding": "gzip"}
    refused(daemon.call("POST", "/v1/inboxes", b"no gzip", key=key, headers=packed), 400, "bad_request")


def test_who_calls_is_settled_before_what_is_asked(daemon: RunningDaemon) -> None:
    refused(daemon.call("POST", "/v1/inboxes", b"{", headers=JSON), 401, "invalid_api_key")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "limit=1e2", "surprise=1"])
def test_a_wrong_query_is_422_and_names_the_field(daemon: RunningDaemon, key: str, query: str) -> None:
    answer = daemon.call("GET", f"/v1/inboxes?{query}", key=key)
    refused(answer, 422, "validation_failed")
    assert [detail["field"] for detail in answer.json["error"]["details"]] == [query.partition("=")[0]]


def test_a_query_parameter_is_given_once(daemon: RunningDaemon, key: str) -> None:
    answer = daemon.call("GET", "/v1/inboxes?limit=1&limit=2", key=key)
    refused(answer, 422, "validation_failed")
    assert answer.json["error"]["details"] == [{"field": "limit", "message": "give it once"}]


def every_pattern(node: object) -> Iterator[str]:
    if isinstance(node, dict) and isinstance(node.get("pattern"), str):
        yield node["pattern"]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every_pattern(child)


def test_every_pattern_is_said_in_words() -> None:
    inputs = [model(name) for row in OPERATIONS for name in (row.request, row.query) if name]
    assert {pattern for one in inputs for pattern in every_pattern(one.model_json_schema())} == set(IN_WORDS)


@pytest.mark.parametrize("body", [{"wait_id": "a b"}, {"since": "yesterday"}], ids=str)
def test_a_refusal_is_in_our_own_words(daemon: RunningDaemon, key: str, body: dict[str, str]) -> None:
    answer = daemon.call("POST", f"/v1/inboxes/{daemon.inbox(key)['id']}/wait", body, key=key)
    refused(answer, 422, "validation_failed")
    (detail,) = answer.json["error"]["details"]
    assert detail["message"].startswith("give ")
    assert answer.json["error"]["message"] == f"{detail['field']}: {detail['message']}"


@pytest.mark.parametrize(
    "body",
    [
        {"timeout_seconds": -1},
        {"timeout_seconds": 10**400},
        {"timeout_seconds": "5"},
        {"timeout_seconds": True},
        {"timeout_seconds": None},
        {"since": "yesterday"},
        {"since": "2020-13-01"},
        {"since": 0},
        {"since": "9999-12-31T23:59:59-23:00"},
        {"from": "x" * 501},
        {"from_": "x"},
        {"regex": "x" * 513},
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_wrong_field_is_422_and_named(daemon: RunningDaemon, key: str, body: dict[str, object]) -> None:
    inbox = daemon.inbox(key)["id"]
    answer = daemon.call("POST", f"/v1/inboxes/{inbox}/wait", body, key=key)
    refused(answer, 422, "validation_failed")
    assert answer.json["error"]["details"][0]["field"] in body


@pytest.mark.parametrize("since", ["0001-01-01", "0500-06-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "9999-12-31"])
def test_any_year_is_a_time(daemon: RunningDaemon, key: str, since: str) -> None:
    path = f"/v1/inboxes/{daemon.inbox(key)['id']}/wait"
    assert daemon.call("POST", path, {"since": since, "timeout_seconds": 0}, key=key).json["timed_out"] is True


def test_strange_ids_are_404(daemon: RunningDaemon, key: str) -> None:
    for strange in ("%00", "%ff%fe", "a%20b", "%2F..%2F", "x" * 4000, "a@", "@b", "%F0%9F%93%AC@%F0%9F%93%AC.test"):
        for path in ("/v1/inboxes/{}", "/v1/messages/{}", "/v1/messages/{}/raw"):
            refused(daemon.call("GET", path.format(strange), key=key), 404, "not_found")


@pytest.mark.parametrize("seq", ["%D9%A3", "%EF%BC%91", "%C2%B2", "+1", "1_0", "9" * 30])
def test_an_audit_line_has_a_plain_number(daemon: RunningDaemon, seq: str) -> None:
    refused(daemon.operator("GET", f"/v1/audit/{seq}"), 404, "not_found")


def test_readiness_says_ready(daemon: RunningDaemon) -> None:
    assert daemon.call("GET", "/readyz").json == {"status": "ready", "problems": []}
