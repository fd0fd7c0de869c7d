"""Following the stream of events: read as server-sent events (HTML, 9.2.6), resumed after whatever ends it."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from daemon.errors import Code, PosternError
from postern_ctl.answers import Document, Refused, Unreachable
from postern_ctl.transport import Transport

SILENCE_MAX_SECONDS = 60.0  # the server says something every 15
RESUME_WITHIN_SECONDS = 300.0
PAUSE_FIRST_SECONDS = 0.5
PAUSE_MAX_SECONDS = 30.0
CONNECT_MAX_SECONDS = 10.0
LOOK_SECONDS = 0.005
END = "end"
_PASSING = (Code.BACKEND_UNAVAILABLE, Code.INTERNAL_ERROR, Code.RATE_LIMITED)


def pause(over: threading.Event, seconds: float) -> None:
    """Wait before the next attempt, but not past the end."""
    over.wait(seconds)


class StreamEvent(NamedTuple):
    """One event; with its `id` another stream goes on after it."""

    id: str
    event: str
    data: Document


class Reader:
    """Takes events out of lines, and remembers how far it has come."""

    def __init__(self, last_event_id: str | None = None) -> None:
        self.last_event_id = last_event_id

    def read(self, lines: Iterable[bytes]) -> Iterator[StreamEvent]:
        """Go through the events; what is cut off at the end is none. Raises `PosternError` for data that is no JSON."""
        event, data, last_id = "message", list[str](), self.last_event_id
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text:
                name, _, value = text.partition(":")
                value = value.removeprefix(" ")
                if name == "event":
                    event = value or "message"
                elif name == "data":
                    data.append(value)
                elif name == "id" and "\0" not in value:
                    last_id = value
                continue
            if event != END:
                self.last_event_id = last_id
            if data:
                yield StreamEvent(last_id or "", event, _document("\n".join(data)))
            event, data = "message", []


class Following(Iterator[StreamEvent]):
    """The events of a stream as they happen, for ever. One that ends is taken up again after the last event.

    Going on raises `Unreachable` when nobody answers at first, or no more, and `Refused` when the caller may not, or no
    longer. `end` stops it from another thread.
    """

    def __init__(self, transport: Transport, path: str, query: Document, last_event_id: str | None) -> None:
        self._transport, self._path, self._query = transport, path, query
        self._reader = Reader(last_event_id)
        self._over = threading.Event()
        self._socket: socket.socket | None = None
        self._events = self._follow()
        self.connected = False  # whether it stands at this moment
        self.connections = 0  # how often it has stood

    def __next__(self) -> StreamEvent:
        return next(self._events)

    def end(self) -> None:
        """Hang up for good, also while nothing happens."""
        self._over.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _follow(self) -> Iterator[StreamEvent]:
        began, failures, waited = False, 0, 0.0
        while not self._over.is_set():
            asked = {**self._query, "last_event_id": self._reader.last_event_id}
            query = {name: value for name, value in asked.items() if value is not None}
            try:
                with self._transport.lines(
                    self._path, query=query, timeout_seconds=SILENCE_MAX_SECONDS, connected=self._hold
                ) as lines:
                    began = self.connected = True
                    self.connections += 1
                    for event in self._reader.read(lines):
                        failures, waited = 0, 0.0
                        if event.event == END:
                            break
                        yield event
            except (Unreachable, Refused) as problem:
                if self._over.is_set():
                    return
                passing = isinstance(problem, Unreachable) or problem.code in _PASSING
                if not began or not passing or waited >= RESUME_WITHIN_SECONDS:
                    raise
            finally:
                self.connected = False
            seconds = min(PAUSE_FIRST_SECONDS * 2**failures, PAUSE_MAX_SECONDS)
            failures, waited = failures + 1, waited + seconds
            pause(self._over, seconds)

    def _hold(self, sock: socket.socket) -> None:
        self._socket = sock
        if self._over.is_set():
            self.end()


class Ahead(Iterator[StreamEvent]):
    """A stream that a thread reads from now on: what happens before the first event is asked for is not missed."""

    def __init__(self, stream: Following) -> None:
        self._stream = stream
        self._found: queue.SimpleQueue[StreamEvent | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        deadline = time.monotonic() + CONNECT_MAX_SECONDS
        while not stream.connected and self._found.empty() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def __next__(self) -> StreamEvent:
        found = self._found.get()
        if isinstance(found, Exception):
            raise found
        return found

    def _read(self) -> None:
        try:
            for event in self._stream:
                self._found.put(event)
        except Exception as problem:  # noqa: BLE001  raised where the events are taken
            self._found.put(problem)


def _document(text: str) -> Document:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise PosternError(Code.INTERNAL_ERROR, "The stream is none of Postern's. Check the URL.")
    return data
