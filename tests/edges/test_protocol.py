"""Below the routes: requests that are none, callers that are slow, and one caller too many."""

from __future__ import annotations

import json
import logging
import resource
import socket
import time
from http.client import HTTPResponse
from pathlib import Path

import pytest

from daemon.web import bodies, protocol
from tests.edges.support import metric
from tests.edges.test_http_frame import refused
from tests.inside import DaemonInside
from tests.support import Answer, RunningDaemon

SECRET = b"pk_agent_stolen_secret"
HEALTH = b"GET /healthz HTTP/1.1\r\n"
HOST = b"Host: postern.test\r\nAuthorization: Bearer " + SECRET + b"\r\n"
CHUNKED = (
    b"POST /v1/enroll HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
PATIENCE_SECONDS = 0.5  # of the daemon; a busy machine has to get a request sent in it

NO_REQUESTS = {
    "an Expect that nobody knows": HEALTH + HOST + b"Expect: " + SECRET + b"\r\n\r\n",
    "an Expect at no route": b"GET /nothing HTTP/1.1\r\n" + HOST + b"Expect: " + SECRET + b"\r\n\r\n",
    "an encoding that nobody reads": HEALTH + HOST + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    "a chunk of no size": CHUNKED + SECRET + b"\r\n{}",
    "a length and chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n") + b"2\r\n{}\r\n0\r\n\r\n",
    "no Host": HEALTH + b"\r\n",
    "two Hosts": HEALTH + HOST + b"Host: " + SECRET + b"\r\n\r\n",
    "a method of no kind": SECRET.upper() + b" /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header that is too long": HEALTH + HOST + b"X: " + SECRET * 1000 + b"\r\n\r\n",
    "a line that is too long": b"GET /" + SECRET * 1000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a line of no form": SECRET + b"\r\n\r\n",
    "a URL of no form": b"GET http://[" + SECRET + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a key with a control character": HEALTH + b"Host: x\r\nAuthorization: Bearer " + SECRET + b"\x01\r\n\r\n",
    "a version of no kind": b"GET / HTTP/9.9\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


def connected(daemon: RunningDaemon) -> socket.socket:
    host, _, port = daemon.ready["http"].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def answer_on(connection: socket.socket) -> Answer:
    response = HTTPResponse(connection)
    response.begin()
    return Answer(response.status, response.headers, response.read())


@pytest.mark.parametrize("what", NO_REQUESTS)
def test_what_is_no_request_gets_the_envelope_and_not_a_word_of_it_back(what: str, daemon: RunningDaemon) -> None:
    logged = len(daemon.log)
    with connected(daemon) as connection:
        connection.sendall(NO_REQUESTS[what])
        answer = answer_on(connection)
    refused(answer, 400, "bad_request")
    assert SECRET.lower() not in answer.body.lower()
    lines = [json.loads(line) for line in daemon.log[logged:].splitlines()]
    assert [line["status"] for line in lines if line.get("request_id") == answer.json["error"]["request_id"]] == [400]
    assert all(line["level"] == "info" for line in lines)
    assert SECRET.decode() not in daemon.log.lower()


def test_a_body_that_goes_wrong_later_is_refused_at_once(daemon: RunningDaemon) -> None:
    asked = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    with connected(daemon) as connection:
        connection.sendall(b"POST /v1/enroll HTTP/1.1\r\n" + HOST.partition(b"Authorization")[0] + asked)
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(SECRET + b"\r\n")
        refused(answer_on(connection), 400, "bad_request")
    assert SECRET.decode() not in daemon.log


def test_a_body_nobody_asked_for_that_does_not_unpack_leaves_no_error_in_the_log(daemon: RunningDaemon) -> None:
    logged = len(daemon.log)
    with connected(daemon) as connection:
        connection.sendall(HEALTH + HOST + b"Content-Encoding: gzip\r\nContent-Length: 22\r\n\r\n" + SECRET)
        assert answer_on(connection).status == 200
        assert connection.recv(1000) == b""
    assert '"level": "error"' not in daemon.log[logged:]


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", HEALTH, HEALTH + HOST + b"\r\n" + HEALTH])
def test_a_head_that_does_not_end_ends_the_connection(
    sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_MAX_SECONDS", PATIENCE_SECONDS)
    daemon = DaemonInside(tmp_path / "data").start()
    with connected(daemon) as connection:
        connection.sendall(sent)
        if sent.endswith(b"\r\n" + HEALTH):
            assert answer_on(connection).status == 200
        assert connection.recv(1000) == b""
    daemon.stop()


def test_a_body_that_does_not_end_is_408(inside: DaemonInside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_MAX_SECONDS", PATIENCE_SECONDS)
    with connected(inside) as connection:
        connection.sendall(CHUNKED.replace(b"Authorization", b"X-Other") + b"2\r\n{")
        refused(answer_on(connection), 408, "request_timeout")


def test_a_wait_may_last_longer_than_a_request_takes_to_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_MAX_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(bodies, "BODY_MAX_SECONDS", PATIENCE_SECONDS)
    daemon = DaemonInside(tmp_path / "data").start()
    key = daemon.agent()["agent_key"]
    path, seconds = f"/v1/inboxes/{daemon.inbox(key)['id']}/wait", 1.5 * PATIENCE_SECONDS
    before = time.monotonic()
    assert daemon.call("POST", path, {"timeout_seconds": seconds}, key=key).json["timed_out"] is True
    assert time.monotonic() - before >= seconds
    daemon.stop()


def test_one_caller_too_many_is_hung_up_on_and_the_operator_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CONNECTIONS_MAX", 1)
    daemon = DaemonInside(tmp_path / "data").start()
    with connected(daemon) as first:
        first.sendall(HEALTH + HOST + b"\r\n")
        assert answer_on(first).status == 200
        with connected(daemon) as second:
            assert second.recv(1000) == b""
        assert daemon.operator("GET", "/v1/stats").status == 200
        first.sendall(HEALTH + HOST + b"Connection: close\r\n\r\n")
        assert answer_on(first).status == 200
        assert first.recv(1000) == b""
    assert metric(daemon, 'postern_noise_total{kind="connections_refused"}') == 1
    daemon.stop()


@pytest.mark.parametrize(
    ("allowed", "most"),
    [(resource.RLIM_INFINITY, 20_000), (65_536, 20_000), (1024, 768), (128, 64)],
)
def test_files_are_left_for_everything_else(allowed: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, allowed))
    assert protocol.connections_max() == most


def test_a_fault_of_our_own_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        protocol.Protocol.log_exception(None, "unexpected error", exc_info=RuntimeError("ours"))  # type: ignore[arg-type]
    assert "ours" in caplog.text
