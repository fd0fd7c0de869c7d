"""Requests to the daemon: HTTP, HTTPS, or HTTP over its control socket. Standard library only.

A key travels in the Authorization header and nowhere else: in no URL, no repr, no exception.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from daemon.errors import Code, FieldProblem, PosternError
from postern_ctl.answers import Document, Refused, Unreachable

TIMEOUT_SECONDS = 30.0
PATIENCE_SECONDS = 5
LINK_PATH = "/l/"
DOWNLOAD_PATH = "/d/"
LINE_MAX_BYTES = 1024 * 1024
PIECE_BYTES = 256 * 1024
_STREAM_TYPE = "text/event-stream"
_ACCEPT = "application/json, message/rfc822, */*;q=0.1"


class Response(NamedTuple):
    """A successful answer as it came."""

    status: int
    content_type: str
    body: bytes

    def __repr__(self) -> str:
        return f"Response({self.status}, {self.content_type!r})"  # the body may hold a secret

    def json(self) -> Document:
        """Return the body as a document. Raises `PosternError` when it is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise PosternError(Code.INTERNAL_ERROR, "The answer is no JSON document. Check that the URL is Postern's.")
        return document


class SocketConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(self.timeout)
            sock.connect(self._path)
        except BaseException:
            sock.close()
            raise
        self.sock = sock


class Exchange:
    """A request that was sent: its answer comes when it comes, or is given up from another thread."""

    def __init__(self, connection: HTTPConnection, sock: socket.socket) -> None:
        self._connection, self._socket = connection, sock

    @contextmanager
    def answer(self) -> Iterator[HTTPResponse]:
        """Wait for the answer's head, and hand it out to be read. Raises `OSError` or `HTTPException`."""
        try:
            with self._connection.getresponse() as answer:
                yield answer
        finally:
            self._connection.close()

    def give_up(self) -> None:
        """Hang up, so that whoever reads the answer reads its end, and the daemon sees that nobody waits."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


class Transport:
    """Where the daemon is and who asks. Each request has its own connection, so threads may share one transport."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        socket_path: str | os.PathLike[str] | None = None,
        api_key: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if (base_url is None) == (socket_path is None):
            raise ValueError("give either a base URL or a socket path")
        self._socket_path = None if socket_path is None else os.fspath(socket_path)
        self._scheme, self._host, self._port, self._prefix = _parts(base_url) if base_url else ("", "", None, "")
        self._api_key = None if api_key is None else _checked(api_key)
        self.timeout_seconds = timeout_seconds
        self._sleep = sleep

    @property
    def target(self) -> str:
        """Return what is asked, for messages."""
        if self._socket_path is not None:
            return self._socket_path
        host = f"[{self._host}]" if ":" in self._host else self._host
        port = "" if self._port is None else f":{self._port}"
        return f"{self._scheme}://{host}{port}{self._prefix}"

    def __repr__(self) -> str:
        return f"Transport({self.target!r})"

    def with_key(self, api_key: str | None) -> Transport:
        """Return a transport to the same daemon for another caller, or for nobody."""
        other = copy(self)
        other._api_key = None if api_key is None else _checked(api_key)
        return other

    def begin(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Exchange:
        """Send one request whose answer is read by whoever asked. Raises `OSError`."""
        connection = self._connection(self.timeout_seconds)
        try:
            connection.connect()
            sock = connection.sock
            connection.request(method, self._prefix + path, content, {**headers, **self._own_headers()})
        except BaseException:
            connection.close()
            raise
        return Exchange(connection, sock)

    def _own_headers(self) -> dict[str, str]:
        own = {"Connection": "close"}
        return own if self._api_key is None else {**own, "Authorization": f"Bearer {self._api_key}"}

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        receipt: bool = False,
        timeout_seconds: float | None = None,
    ) -> Response:
        """Ask and return the answer. Raises `Refused` or `Unreachable`.

        A read that is told to come back soon (429 with Retry-After) does, for `PATIENCE_SECONDS` in all; nothing else
        is asked twice.
        """
        headers = {"Accept": _ACCEPT}
        if receipt:
            headers["Prefer"] = "receipt"
        content = None
        if body is not None:
            content = json.dumps(body, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        timeout = self.timeout_seconds if timeout_seconds is None else timeout_seconds
        patience_seconds = PATIENCE_SECONDS if method == "GET" else 0
        while True:
            try:
                with self._asked(method, path, query or {}, content, headers, timeout) as answer:
                    return _success(answer)
            except Refused as refused:
                pause_seconds = refused.retry_after_seconds
                if refused.code is not Code.RATE_LIMITED or not pause_seconds or pause_seconds > patience_seconds:
                    raise
                patience_seconds -= pause_seconds
                self._sleep(pause_seconds)

    @contextmanager
    def lines(
        self,
        path: str,
        *,
        query: Mapping[str, Any],
        timeout_seconds: float,
        connected: Callable[[socket.socket], None] | None = None,
    ) -> Iterator[Iterator[bytes]]:
        """Ask for a stream and hand out its lines as they come; `timeout_seconds` bounds the silence between them.

        Raises `Refused` or `Unreachable`, the latter in the middle, too.
        """
        with self._asked("GET", path, query, None, {"Accept": _STREAM_TYPE}, timeout_seconds, connected) as answer:
            if answer.status != HTTPStatus.OK:
                _success(answer)
            if answer.headers.get_content_type() != _STREAM_TYPE:
                raise PosternError(Code.INTERNAL_ERROR, "The answer is no stream. Check that the URL is Postern's.")
            yield iter(partial(answer.readline, LINE_MAX_BYTES), b"")

    @contextmanager
    def pieces(self, path: str) -> Iterator[Iterator[bytes]]:
        """Ask for bytes and hand them out as they come. Raises `Refused` or `Unreachable`, in the middle, too."""
        with self._asked("GET", path, {}, None, {"Accept": _ACCEPT}, self.timeout_seconds) as answer:
            if answer.status != HTTPStatus.OK:
                _success(answer)
            yield iter(partial(answer.read, PIECE_BYTES), b"")

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        content: bytes | None,
        headers: dict[str, str],
        timeout: float,
        connected: Callable[[socket.socket], None] | None = None,
    ) -> Iterator[HTTPResponse]:
        """Make one request; whatever fails below HTTP, while the answer is read, too, becomes `Unreachable`.

        `connected` is given the connection before anything is sent.
        """
        headers |= self._own_headers()
        asked = urlencode({name: _query_text(value) for name, value in query.items()})
        connection = self._connection(timeout)
        try:
            if connected is not None:
                connection.connect()
                connected(connection.sock)
            connection.request(method, self._prefix + path + (f"?{asked}" if asked else ""), content, headers)
            with connection.getresponse() as answer:
                yield answer
        except TimeoutError:
            raise Unreachable(self.target, f"no answer within {timeout:g} s") from None
        except OSError as problem:
            raise Unreachable(self.target, (problem.strerror or str(problem)).lower()) from None
        except HTTPException as problem:
            raise Unreachable(self.target, f"the answer is no HTTP ({type(problem).__name__})") from None
        finally:
            connection.close()

    def _connection(self, timeout: float) -> HTTPConnection:
        if self._socket_path is not None:
            return SocketConnection(self._socket_path, timeout)
        kind = HTTPSConnection if self._scheme == "https" else HTTPConnection
        return kind(self._host, self._port, timeout=timeout)


def segment(value: object) -> str:
    """Return one value for a path, with nothing left in it that could end the segment."""
    return quote(str(value), safe="@")


def link_path(url_or_token: str) -> tuple[str | None, str]:
    """Split a one-time link into its base URL, None for a bare token, and its path. Raises `ValueError`."""
    text = url_or_token.strip()
    base: str | None = None
    if "://" in text:
        before, found, token = text.rpartition(LINK_PATH)
        if not found:
            raise ValueError(f"a one-time link looks like https://host{LINK_PATH}token")
        base = before
        _parts(base)
    else:
        token = text.removeprefix(LINK_PATH)
    if not token or not token.isascii() or not token.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise ValueError("this is no link: a token is letters, digits, dots, hyphens and underscores")
    return base, LINK_PATH + token


def _parts(base_url: str) -> tuple[str, str, int | None, str]:
    """Take a base URL apart. Raises `ValueError`, never with the URL in it: it might hold a password."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a base URL looks like https://mail.example.org or http://127.0.0.1:8600")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("a base URL holds no user, password, query or fragment")
    return parts.scheme, parts.hostname, parts.port, parts.path.rstrip("/")


def _checked(api_key: str) -> str:
    """Refuse what no key contains, before http.client puts the whole header into its own error."""
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key or not api_key:
        raise PosternError(Code.INVALID_API_KEY, "The key holds characters that no key has. Copy it again, whole.")
    return api_key


def _query_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _success(answer: HTTPResponse) -> Response:
    """Read an answer whole. Raises `Refused` when it is none of success."""
    response = Response(answer.status, answer.headers.get_content_type(), answer.read())
    if not 200 <= response.status < 300:
        raise _refusal(response, answer.headers.get("Retry-After"))
    return response


def _refusal(response: Response, retry_after: str | None) -> Refused:
    """Turn an error answer into an exception, also one that no Postern wrote."""
    try:
        error = json.loads(response.body)["error"]
        code, message, details = Code(error["code"]), str(error["message"]), error.get("details") or []
        problems = [FieldProblem(str(item["field"]), str(item["message"])) for item in details]
    except (ValueError, KeyError, TypeError):
        error, problems = {}, []
        code = Code.NOT_FOUND if response.status == 404 else Code.INTERNAL_ERROR
        message = f"The server answered {response.status} without a reason. Check that the URL is Postern's."
    seconds = int(retry_after) if retry_after and retry_after.isdecimal() else None
    refused = Refused(code, message, details=problems, retry_after_seconds=seconds)
    refused.request_id = error.get("request_id")
    return refused
