"""The control socket's server: takes zones in, and says so once no answer can come from their earlier state."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from daemon.dns import frames
from daemon.dns.book import Book
from daemon.dns.frames import PROTOCOL, BadFrame, Frame
from daemon.dns.front import Front
from daemon.dns.notify import Notifier
from daemon.dns.respond import Question
from daemon.dns.transfer import Transfers
from zones.fields import BadRecord
from zones.labels import Name, from_text, to_text
from zones.name import BadName
from zones.packed import origin_of

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred (unix(7))


class Control:
    """Obeys one feeder at a time: the last that came."""

    def __init__(
        self,
        book: Book,
        fronts: Mapping[str, Front],
        transfers: Transfers,
        notifier: Notifier,
        hello: Mapping[str, Any],
        begin: Callable[[], Awaitable[None]],
        end: Callable[[], None],
    ) -> None:
        self._book, self._fronts, self._transfers, self._notifier = book, fronts, transfers, notifier
        self._told, self._begin, self._end = hello, begin, end
        self._writer: asyncio.StreamWriter | None = None
        self._serving: asyncio.Task[None] | None = None
        self._unseen: set[Name] | None = None
        self._owner = os.getuid()
        self._verbs = {
            "hello": self._hello,
            "begin": self._begin_feed,
            "put": self._put,
            "end": self._end_feed,
            "remove": self._remove,
            "keys": self._keys,
            "secondaries": self._secondaries,
            "stats": self._stats,
            "quit": self._quit,
        }

    @property
    def fed(self) -> bool:
        """Tell whether a feeder is there."""
        return self._writer is not None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obey a feeder until it goes."""
        if not self._is_trusted(writer):
            writer.close()
            return
        before, self._writer = self._writer, writer
        if before is not None:
            before.close()
        self._serving = asyncio.current_task()
        try:
            while (frame := await frames.read(reader)) is not None and self._writer is writer:
                writer.write(frames.write(await self._answer(frame)))
                await writer.drain()
        except (BadFrame, ConnectionError):
            pass
        finally:
            if self._writer is writer:
                self._writer = None
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def close(self) -> None:
        """Let go of the feeder."""
        if self._writer is not None and self._serving is not None:
            self._writer.close()
            await asyncio.wait([self._serving], timeout=1)

    def _is_trusted(self, writer: asyncio.StreamWriter) -> bool:
        """Tell whether the peer runs as who started us, or as root. The socket's mode says so already."""
        if sys.platform != "linux":
            return True
        peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return _CREDENTIALS.unpack(peer)[1] in (0, self._owner)

    async def _answer(self, frame: Frame) -> Frame:
        head: dict[str, Any] = {"id": frame.head.get("id")}
        verb = self._verbs.get(str(frame.head.get("verb")))
        if verb is None:
            return Frame(head | {"error": "there is no such verb"})
        try:
            return Frame(head | {"ok": True} | (await verb(frame) or {}))
        except (BadRecord, BadName, KeyError, TypeError, ValueError) as problem:
            return Frame(head | {"error": f"{type(problem).__name__}: {problem}"})

    async def _hello(self, frame: Frame) -> dict[str, Any]:
        return {"protocol": PROTOCOL, "pid": os.getpid(), "zones": len(self._book), **self._told}

    async def _begin_feed(self, frame: Frame) -> None:
        self._unseen = set(self._book)

    async def _put(self, frame: Frame) -> None:
        at = 0
        for length in frame.head["lengths"]:
            packed = frame.body[at : at + length]
            at += length
            origin = origin_of(packed)
            before = self._book.packed(origin)
            if self._unseen is not None:
                self._unseen.discard(origin)
            if before == packed:
                continue
            unpacked = self._book.unpacked(origin)
            touched = self._book.put(origin, packed)
            self._void(touched, None if unpacked is None else self._book.unchanged_since(unpacked))
            self._transfers.changed(origin, before)
            self._notifier.changed(origin)

    async def _end_feed(self, frame: Frame) -> dict[str, Any]:
        for origin in self._unseen or ():
            self._drop(origin)
        self._unseen = None
        await self._begin()
        return {"zones": len(self._book)}

    async def _remove(self, frame: Frame) -> None:
        for text in frame.head["zones"]:
            self._drop(from_text(text))

    def _drop(self, origin: Name) -> None:
        self._void(self._book.remove(origin))
        self._transfers.forget(origin)
        self._notifier.forget(origin)

    def _void(self, origins: list[Name], stays: Callable[[Question], bool] | None = None) -> None:
        """Have the fronts forget what was answered from zones, but for what `stays` in the first of them."""
        for origin in origins:
            for front in self._fronts.values():
                front.void(origin, stays)
            stays = None

    async def _keys(self, frame: Frame) -> None:
        self._transfers.set_keys(frame.head["keys"])
        self._notifier.set_keys(frame.head["keys"])

    async def _secondaries(self, frame: Frame) -> None:
        origin = from_text(frame.head["zone"])
        self._transfers.allow(origin, frame.head["allow"])
        self._notifier.tell(origin, frame.head["notify"])

    async def _stats(self, frame: Frame) -> dict[str, Any]:
        return {
            "zones": len(self._book),
            "notify": {to_text(origin): state for origin, state in self._notifier.states().items()},
            **{
                name: {**front.counters.snapshot(), "remembered": len(front.table)}
                for name, front in self._fronts.items()
            },
        }

    async def _quit(self, frame: Frame) -> None:
        asyncio.get_running_loop().call_soon(self._end)
