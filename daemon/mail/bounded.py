"""Reading a stranger's mail without stopping the event loop.

Ordinary mail is read on the spot, for that takes a millisecond or two. What is unusual goes to a worker process,
which can be killed; a thread could not. Whatever happens, a `ParsedMail` or an `Extracted` comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any
from weakref import WeakKeyDictionary

from daemon.mail.extract import Extracted, extract_within
from daemon.mail.guard import is_ordinary
from daemon.mail.limits import FULL, INLINE, TooMuch
from daemon.mail.model import Attachment, ParsedMail
from daemon.mail.parse import cheap, open_attachment, parse_within, unusual

WORKERS_MAX = 2
WORKER_WALL_MAX_SECONDS = 15.0
EXTRACT_INLINE_CHARS = 20_000
WRITE_STEP_BYTES = 1024 * 1024

_ROOT = Path(__file__).resolve().parents[2]
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class WorkerError(Exception):
    """A worker that gave no answer; the text says why."""


async def parse_bounded(raw: bytes, *, timeout_seconds: float = WORKER_WALL_MAX_SECONDS) -> ParsedMail:
    """`parse`, but never more than a few milliseconds of the event loop's time.

    When the worker fails or takes longer than `timeout_seconds`, `problem` is set and only the cheaply readable
    header fields are given.
    """
    if unusual(raw) is None:
        with contextlib.suppress(TooMuch):
            return parse_within(raw, INLINE)
    if len(raw) > FULL.raw_bytes:
        return cheap(raw, f"larger than {FULL.raw_bytes} bytes")
    try:
        return ParsedMail.from_json(await _ask("parse", raw, timeout_seconds))
    except WorkerError as error:
        return cheap(raw, f"could not be read: {error}")


async def attachment_bounded(
    raw: bytes, index: int, *, timeout_seconds: float = WORKER_WALL_MAX_SECONDS
) -> tuple[Attachment, bytes]:
    """`open_attachment` under the same promise. Raises IndexError, and `WorkerError` when the worker fails."""
    if unusual(raw) is None:
        with contextlib.suppress(TooMuch):
            return open_attachment(raw, index, INLINE, strict=True)
    described, found, content = (await _work(f"attachment:{index}", raw, timeout_seconds)).partition(b"\n")
    if not found:
        raise WorkerError("exceeds the limits of its process")
    if described == b"null":
        raise IndexError(index)
    return Attachment(**json.loads(described)), content


async def extract_bounded(mail: ParsedMail, *, timeout_seconds: float = WORKER_WALL_MAX_SECONDS) -> Extracted:
    """`extract` under the same promise; a mail whose worker fails has nothing extracted."""
    if len(mail.visible) <= EXTRACT_INLINE_CHARS and (mail.html is None or is_ordinary(mail.html, INLINE)):
        with contextlib.suppress(TooMuch):
            return extract_within(mail, INLINE)
    try:
        raw = json.dumps(mail.to_json(), ensure_ascii=False).encode("utf-8", "replace")
        return Extracted.from_json(await _ask("extract", raw, timeout_seconds))
    except WorkerError:
        return Extracted()


async def _ask(verb: str, request: bytes, timeout_seconds: float) -> dict[str, Any]:
    try:
        answer = json.loads(await _work(verb, request, timeout_seconds))
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise WorkerError("exceeded the limits of its process")
    return answer


async def _work(verb: str, request: bytes, timeout_seconds: float) -> bytes:
    async with _slot():
        try:
            async with asyncio.timeout(timeout_seconds):
                return await _run(verb, request)
        except TimeoutError:
            raise WorkerError("took too long") from None
        except OSError as error:
            raise WorkerError(f"no worker: {error.strerror}") from error


async def _run(verb: str, request: bytes) -> bytes:
    # Files in memory instead of pipes: nothing to pump, and nothing that a cancelled caller could leave open.
    with _scratch() as given, _scratch() as answer:
        for start in range(0, len(request), WRITE_STEP_BYTES):
            given.write(memoryview(request)[start : start + WRITE_STEP_BYTES])
            await asyncio.sleep(0)
        given.seek(0)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "daemon.mail.worker", verb),
            stdin=given,
            stdout=answer,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        try:
            if await process.wait() != 0:
                return b""
        finally:
            # Also on the caller's timeout or cancellation: nobody waits for the answer any more.
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())
        answer.seek(0)
        return answer.read()


def _scratch() -> IO[bytes]:
    """A file that has no name and is gone when it is closed; in memory where the system has that."""
    in_memory: Callable[[str], int] | None = getattr(os, "memfd_create", None)
    return tempfile.TemporaryFile() if in_memory is None else os.fdopen(in_memory("mail"), "w+b")


@contextlib.asynccontextmanager
async def _slot() -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    async with _slots.setdefault(loop, asyncio.Semaphore(WORKERS_MAX)):
        yield
