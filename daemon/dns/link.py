"""The feeder's end of a control socket."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from daemon.dns import frames
from daemon.dns.frames import BadFrame, Frame

BATCH_MAX_OCTETS = 4 * 1024 * 1024


class LinkLost(Exception):
    """The process at the other end is gone, or does not answer as it should."""


class Refused(Exception):
    """The process understood, and does not do this; the message says why."""


class Link:
    """A connection to one process. Questions are answered in order, so any number may be in flight."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._ids = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read(reader))

    @classmethod
    async def connect(cls, path: Path) -> Self:
        """Connect to the process that listens there. Raises `OSError` when none does."""
        return cls(*await asyncio.open_unix_connection(path))

    async def ask(self, verb: str, body: bytes = b"", **head: Any) -> dict[str, Any]:
        """Ask, and return the answer. Raises `LinkLost` or `Refused`."""
        if self._reading.done():
            raise LinkLost("the connection is closed")
        number = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(frames.write(Frame({"id": number, "verb": verb, **head}, body)))
            await self._writer.drain()
            return await answer
        except ConnectionError as problem:
            raise LinkLost(str(problem)) from None
        finally:
            self._waiting.pop(number, None)

    async def put(self, packed: Iterable[bytes]) -> None:
        """Have zones served; returns when they are. Raises `LinkLost`."""
        batch: list[bytes] = []
        octets = 0
        for one in packed:
            batch.append(one)
            octets += len(one)
            if octets > BATCH_MAX_OCTETS:
                await self._put(batch)
                batch, octets = [], 0
        if batch:
            await self._put(batch)

    async def _put(self, batch: list[bytes]) -> None:
        await self.ask("put", b"".join(batch), lengths=[len(one) for one in batch])

    async def lost(self) -> None:
        """Return when the connection is gone."""
        await asyncio.wait([self._reading])

    async def close(self) -> None:
        """Let go."""
        self._writer.close()
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while (frame := await frames.read(reader)) is not None:
                waiting = self._waiting.get(frame.head.get("id", -1))
                if waiting is None or waiting.done():
                    continue
                if "error" in frame.head:
                    waiting.set_exception(Refused(frame.head["error"]))
                else:
                    waiting.set_result(frame.head)
        except BadFrame:
            pass
        finally:
            self._writer.close()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(LinkLost("the connection is closed"))
