"""MCP over stdio: a host's messages handed to the daemon's /mcp one by one, and what it answers handed back.

Nothing of the surface is here: tools, texts and rules are the daemon's. What is here is the host's credential. The
control socket's authority is never used: with an agent's key every message bears it; an enrollment key is redeemed for
one; with neither, messages go to /mcp/enroll, which offers `redeem_enrollment` and nothing else. A key that is redeemed
on the way is kept here, and the model does not see it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any

from daemon.errors import Code, PosternError
from postern_ctl.answers import Document, Unreachable
from postern_ctl.mcp_wire import (
    CANCELLED,
    INITIALIZE,
    REDEEM,
    Link,
    asks_hand_over,
    lists_may_change,
    messages,
    refusal_of,
    refused,
    stripped_of_key,
)
from postern_ctl.transport import Exchange, Transport

REQUESTS_MAX = 64
LIST_CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
INVALID_REQUEST, PARSE_ERROR = -32600, -32700

Say = Callable[[Document], None]


@dataclass(frozen=True, slots=True)
class Credential:
    """What the host's environment gives: `redeem` fetches an agent's key for an enrollment key, as often as needed."""

    key: str | None = None
    redeem: Callable[[], str] | None = None


class Bridge:
    """One host, one daemon. Requests run beside each other, each in a thread; notifications keep their order."""

    def __init__(self, transport: Transport, credential: Credential, say: Say) -> None:
        self._nobody = transport.with_key(None)
        self._credential = credential
        self._say_aloud, self._mouth = say, threading.Lock()
        self._link: Link | None = None
        self._linking = threading.RLock()
        self._running: dict[str, Exchange] = {}
        self._places = threading.BoundedSemaphore(REQUESTS_MAX)

    def run(self, lines: Iterable[bytes]) -> None:
        """Serve until the host's messages end; then the daemon's session ends, too, and what waited in it."""
        try:
            for line in lines:
                if line.strip():
                    self._take(line)
        finally:
            self._close()

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            self._say(refused({"id": None}, PARSE_ERROR, "This line is no JSON."))
            return
        if not isinstance(message, dict):
            self._say(refused({"id": None}, INVALID_REQUEST, "Send one JSON-RPC message a line."))
        elif "id" not in message:
            self._notify(message)
        elif message.get("method") == INITIALIZE:
            self._request(message)  # what comes next needs its answer
        elif "method" in message:
            self._places.acquire()
            threading.Thread(target=self._in_its_place, args=(message,), daemon=True).start()

    def _in_its_place(self, message: Document) -> None:
        try:
            self._request(message)
        finally:
            self._places.release()

    def _request(self, message: Document) -> None:
        """Hand over a request; whatever goes wrong on the way, the host gets an answer."""
        try:
            self._exchange(message)
        except PosternError as problem:
            self._say(refusal_of(message, problem.code.value, problem.message))
        except Unreachable as problem:
            self._say(refusal_of(message, "unreachable", f"{problem}. Is the daemon running?"))
        except (OSError, HTTPException):
            told = "The connection to the daemon was lost. Ask again, a wait with its wait_id."
            self._say(refusal_of(message, "unreachable", told))

    def _exchange(self, message: Document) -> None:
        for last_try in (False, True):
            link = self._open(message)
            sent = asks_hand_over(message) if REDEEM.matches(message) else message
            with self._sent(link, sent) as exchange, exchange.answer() as answer:
                if answer.status == 404 and link.session and not last_try:
                    self._drop(link)
                    continue
                if answer.status == 401 and link.has_key and not last_try:
                    self._renew(link, began=message["method"] != INITIALIZE)
                    continue
                if message["method"] == INITIALIZE and answer.status == 200:
                    self._began(link, answer.headers.get("Mcp-Session-Id"))
                for told in messages(answer, message):
                    self._told(link, message, told)
            return

    def _told(self, link: Link, message: Document, told: Document) -> None:
        """Pass on one message of the daemon's. A key that comes with it stays here."""
        if message["method"] == INITIALIZE and "result" in told:
            self._agree(told["result"])
        told, key = stripped_of_key(told)
        if key is not None:
            self._switch(key)
        self._say(told)
        if key is not None and not link.has_key and link.initialize is not None:
            self._say(LIST_CHANGED)

    def _notify(self, message: Document) -> None:
        if message.get("method") == CANCELLED:
            request = (message.get("params") or {}).get("requestId")
            exchange = self._running.get(json.dumps(request))
            if exchange is not None and (self._link is None or self._link.session is None):
                exchange.give_up()  # without sessions, hanging up is how a request is cancelled
        link = self._link
        if link is not None and link.initialize is not None:
            with suppress(OSError, HTTPException), self._sent(link, message) as exchange, exchange.answer() as answer:
                answer.read()

    # ------------------------------------------------------------------------------------------- the link to the daemon

    def _open(self, message: Document) -> Link:
        """Return the link, made at first, and its session, made anew where the daemon forgot it."""
        with self._linking:
            if self._link is None:
                key = self._credential.redeem() if self._credential.redeem else self._credential.key
                self._link = Link(self._nobody if key is None else self._nobody.with_key(key), has_key=key is not None)
            if message["method"] == INITIALIZE:
                self._link = replace(self._link, initialize=message, session=None, version=None)
            elif self._link.initialize is not None and self._link.has_key and self._link.session is None:
                self._link = self._began_again(self._link)
            return self._link

    def _began(self, link: Link, session: str | None) -> None:
        with self._linking:
            self._link = replace(link, session=session)

    def _agree(self, result: Document) -> None:
        with self._linking:
            if self._link is not None:
                self._link = replace(self._link, version=result.get("protocolVersion"))
                if not self._link.has_key:
                    lists_may_change(result)

    def _began_again(self, link: Link) -> Link:
        """Open another session as the host opened its own; the host does not notice."""
        begin = link.initialize or {}
        with self._sent(link, begin) as exchange, exchange.answer() as answer:
            session = answer.headers.get("Mcp-Session-Id")
            failed = [told for told in messages(answer, begin) if "error" in told]
        if failed or session is None:
            raise PosternError(Code.BACKEND_UNAVAILABLE, "The daemon opened no session. Ask again in a moment.")
        link = replace(link, session=session)
        with self._sent(link, INITIALIZED) as exchange, exchange.answer() as answer:
            answer.read()
        return link

    def _drop(self, link: Link) -> None:
        with self._linking:
            if self._link is not None and self._link.session == link.session:
                self._link = replace(self._link, session=None)

    def _renew(self, link: Link, *, began: bool) -> None:
        """Get another key for one that ended; without an enrollment key, only `redeem_enrollment` is left."""
        with self._linking:
            if self._link is not None and self._link.transport is not link.transport:
                return  # another request was faster
            if self._credential.redeem is not None:
                self._switch(self._credential.redeem())
                return
            self._link = replace(link, transport=self._nobody, has_key=False, session=None)
            if began and link.initialize is not None:
                self._say(LIST_CHANGED)

    def _switch(self, key: str) -> None:
        with self._linking:
            if self._link is not None:
                self._end(self._link)
                transport = self._nobody.with_key(key)
                self._link = replace(self._link, transport=transport, has_key=True, session=None)

    def _end(self, link: Link) -> None:
        if link.session is not None:
            with suppress(OSError, HTTPException):
                exchange = link.transport.begin("DELETE", link.path, None, link.headers({}))
                with exchange.answer() as answer:
                    answer.read()

    def _close(self) -> None:
        with self._linking:
            if self._link is not None:
                self._end(self._link)
        for exchange in list(self._running.values()):
            exchange.give_up()

    def _sent(self, link: Link, message: Document) -> _Sent:
        return _Sent(link, message, self._running)

    def _say(self, message: Document) -> None:
        with self._mouth:
            self._say_aloud(message)


class _Sent:
    """A message on its way: known by its id while it is, so that it can be cancelled."""

    def __init__(self, link: Link, message: Document, running: dict[str, Exchange]) -> None:
        self._link, self._message, self._running = link, message, running
        self._id = json.dumps(message.get("id"))

    def __enter__(self) -> Exchange:
        try:
            exchange = self._link.send(self._message)
        except OSError as problem:
            reason = (problem.strerror or str(problem)).lower()
            raise Unreachable(self._link.transport.target, reason) from None
        if "id" in self._message:
            self._running[self._id] = exchange
        return exchange

    def __exit__(self, *problem: Any) -> None:
        self._running.pop(self._id, None)


def lines_of(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Go through a host's messages, one a line; a host that is gone is the end."""
    with suppress(OSError, ValueError):
        yield from stream
