"""The client against the table of operations, and what it does when things go wrong."""

from __future__ import annotations

import http.server
import inspect
import json
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.api.models import model
from daemon.api.operations import OPERATIONS, Operation
from daemon.errors import Code, PosternError
from postern_ctl.answers import Answer, Listing, Page, Refused, Unreachable
from postern_ctl.client import Postern
from postern_ctl.transport import Transport, link_path, segment

KEY = "pk_agent_abc_verysecretindeed"


def method_of(operation: Operation) -> Callable[..., object]:
    group = getattr(Postern(socket_path="/nowhere"), operation.noun)
    found: Callable[..., object] = getattr(group, operation.verb)
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_operation_has_a_method_with_its_fields(operation: Operation) -> None:
    fields = {name for kind in (operation.request, operation.query) if kind for name in model(kind).model_fields}
    parameters = inspect.signature(method_of(operation)).parameters
    assert tuple(parameters)[: len(operation.path_names)] == operation.path_names
    assert set(parameters) - set(operation.path_names) == fields
    assert inspect.getdoc(method_of(operation))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_what_an_operation_needs_has_no_default(operation: Operation) -> None:
    parameters = inspect.signature(method_of(operation)).parameters
    for kind in (operation.request, operation.query):
        for name, field in (model(kind).model_fields if kind else {}).items():
            assert (parameters[name].default is inspect.Parameter.empty) == field.is_required(), name


def test_no_method_is_without_an_operation() -> None:
    known = {operation.name for operation in OPERATIONS} | {
        "links.open",
        "links.download",
    }  # no operations: whoever has a link may
    client = Postern(socket_path="/nowhere")
    nouns = {operation.noun for operation in OPERATIONS}
    assert {name for name in vars(client) if not name.startswith("_")} == nouns | {"target", "transport"}
    offered = {
        f"{noun}.{verb}" for noun in nouns for verb in vars(type(getattr(client, noun))) if not verb.startswith("_")
    }
    assert offered == known


# ------------------------------------------------------------------------------------------- a stand-in that misbehaves


@contextmanager
def answering(
    status: int, body: bytes, content_type: str = "application/json", retry_after: str = "7"
) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer to everything; the requests that came are noted."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = self.rfile.read(length).decode()
            seen.append(f"{self.command} {self.path} {asked}\n{self.headers}")
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PATCH = _answer  # noqa: N815  # the names are http.server's

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


def test_a_refusal_is_raised_with_all_it_says() -> None:
    error = {
        "code": "rate_limited",
        "message": "Slower.",
        "details": [{"field": "a", "message": "b"}],
        "request_id": "req_1",
    }
    with answering(429, json.dumps({"error": error}).encode()) as (url, _), pytest.raises(Refused) as caught:
        Postern(url).access.whoami()
    assert isinstance(caught.value, PosternError)
    assert (caught.value.code, caught.value.message) == (Code.RATE_LIMITED, "Slower.")
    assert [item.field for item in caught.value.details] == ["a"]
    assert (caught.value.retry_after_seconds, caught.value.request_id) == (7, "req_1")


@pytest.mark.parametrize(
    ("method", "code", "retry_after", "slept"),
    [
        ("GET", "rate_limited", "2", [2, 2]),
        ("GET", "rate_limited", "6", []),
        ("GET", "rate_limited", "soon", []),
        ("GET", "send_cap_reached", "2", []),
        ("POST", "rate_limited", "2", []),
    ],
)
def test_a_read_comes_back_when_told_for_a_bounded_time(
    method: str, code: str, retry_after: str, slept: list[float]
) -> None:
    error = {"code": code, "message": "Slower.", "details": [], "request_id": "req_1"}
    pauses: list[float] = []
    with answering(429, json.dumps({"error": error}).encode(), retry_after=retry_after) as (url, seen):
        transport = Transport(base_url=url, sleep=pauses.append)
        with pytest.raises(Refused) as caught:
            transport.request(method, "/v1/x")
    assert (caught.value.code, pauses, len(seen)) == (code, slept, len(slept) + 1)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (502, b"<html>bad gateway</html>", Code.INTERNAL_ERROR),
        (404, b"", Code.NOT_FOUND),
        (500, b"[]", Code.INTERNAL_ERROR),
        (409, b'{"error": {"code": "from_the_future", "message": "?"}}', Code.INTERNAL_ERROR),
        (422, b'{"error": {"code": "validation_failed", "message": "m", "details": 3}}', Code.INTERNAL_ERROR),
        (200, b"not json", Code.INTERNAL_ERROR),
        (200, b"[1]", Code.INTERNAL_ERROR),
    ],
)
def test_an_answer_that_is_not_ours_is_an_error_of_ours(status: int, body: bytes, code: Code) -> None:
    with answering(status, body) as (url, _), pytest.raises(PosternError) as caught:
        Postern(url).access.whoami()
    assert caught.value.code is code


def test_requests_are_made_of_the_table() -> None:
    with answering(200, b'{"data": {"id": "x"}, "audit": {"seq": 1}, "link": null}') as (url, seen):
        client = Postern(f"{url}/behind/a/proxy", KEY)
        answer = client.tenants.delete("cus_a/b?c#d", confirm="a&b")
        client.waits.wait("a@b", from_="x", timeout_seconds=0)
    assert answer == Answer({"id": "x"}, {"seq": 1}, None)
    first, second = seen
    assert first.startswith("DELETE /behind/a/proxy/v1/tenants/cus_a%2Fb%3Fc%23d?confirm=a%26b ")
    assert "Prefer: receipt" in first
    assert f"Authorization: Bearer {KEY}" in first
    assert second.startswith('POST /behind/a/proxy/v1/inboxes/a@b/wait {"from": "x", "timeout_seconds": 0}')
    assert "Prefer" not in second


def test_pages_are_followed_until_the_last() -> None:
    pages = [(["a", "b"], "next"), (["c"], None)]
    asked = []

    def fetch(cursor: str | None) -> Page:
        asked.append(cursor)
        ids, following = pages[len(asked) - 1]
        return Page([{"id": name} for name in ids], following)

    assert [item["id"] for item in Listing(fetch, None)] == ["a", "b", "c"]
    assert asked == [None, "next"]


def test_without_arguments_it_asks_whom_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTERN_CONFIG", "/nowhere/postern.toml")
    with answering(200, b"{}") as (url, seen):
        monkeypatch.setenv("POSTERN_API_BASE_URL", url)
        monkeypatch.setenv("POSTERN_API_KEY", KEY)
        Postern().access.whoami()
        Postern(url).access.whoami()
    assert [KEY in request for request in seen] == [True, False], "a configured key goes to the configured target only"
    monkeypatch.delenv("POSTERN_API_BASE_URL")
    monkeypatch.setenv("POSTERN_DATA_DIR", "/nowhere")
    assert Postern().target == "/nowhere/postern.sock"


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert Postern("http://[::1]:8600").target == "http://[::1]:8600"


# ------------------------------------------------------------------------------------------------------ nobody is there


def test_nobody_at_the_socket(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no such file"):
        Postern(socket_path=tmp_path / "postern.sock", api_key=KEY).access.whoami()


def test_nobody_at_the_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and it refuses
        with pytest.raises(Unreachable, match="refused"):
            Postern(f"http://127.0.0.1:{taken.getsockname()[1]}").access.whoami()


def test_a_server_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable, match="no answer within"):
            Postern(url, timeout_seconds=0.05).access.whoami()


# ------------------------------------------------------------------------------------------------------- keys and links


def test_no_key_in_repr_or_exception(tmp_path: Path) -> None:
    client = Postern(socket_path=tmp_path / "postern.sock", api_key=KEY)
    transport = Transport(base_url="http://127.0.0.1:1", api_key=KEY)
    answer = Answer({"agent_key": KEY}, None, {"url": KEY})
    assert all(KEY not in text for text in (repr(client), repr(transport), repr(answer)))
    with pytest.raises(Unreachable) as caught:
        client.enrollment.redeem(KEY)
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("key", ["pk_agent_a\r\nX-Evil: 1", "pk_agent_é", "two words", ""])
def test_a_key_that_is_none_is_refused_unseen(key: str) -> None:
    with pytest.raises(PosternError) as caught:
        Postern("http://127.0.0.1:1", key)
    assert caught.value.code is Code.INVALID_API_KEY
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://a", "a.example", "http://", "https://user:pw@a", "https://a/?q=1", "mocks"])
def test_a_base_url_is_checked(url: str) -> None:
    with pytest.raises(ValueError, match="a base URL") as caught:
        Postern(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "base", "path"),
    [
        ("https://mail.example/l/a.b-c_d", "https://mail.example", "/l/a.b-c_d"),
        ("https://mail.example/sub/l/abc\n", "https://mail.example/sub", "/l/abc"),
        ("abc", None, "/l/abc"),
        ("/l/abc", None, "/l/abc"),
    ],
)
def test_a_link_is_a_url_or_a_token(given: str, base: str | None, path: str) -> None:
    assert link_path(given) == (base, path)


@pytest.mark.parametrize("given", ["", "a b", "https://mail.example/", "file:///l/abc", "/l/", "a/b", "ä"])
def test_what_is_no_link_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"link|URL"):
        link_path(given)


def test_a_segment_ends_nothing() -> None:
    assert segment("../a?b#c%") == "..%2Fa%3Fb%23c%25"
