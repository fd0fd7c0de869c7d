"""Cursors: opaque, signed, bound to their query, stable while rows are added."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from daemon.api.common import PageQuery
from daemon.errors import Code, PosternError
from daemon.keys import Keyring
from daemon.service.context import Listed

R = TypeVar("R")
T = TypeVar("T")

MAC_BYTES = 12


class Cursors:
    """Makes and reads cursors. One is the position of the last row shown, and a MAC over it and the query."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def before(self, what: str, query: PageQuery) -> int | None:
        """Return the position to go on from; None at the beginning. Raises `PosternError` (`bad_request`)."""
        if query.cursor is None:
            return None
        return self._read(query.cursor, what, _asked(query), "This cursor is not of this list. Begin without a cursor.")

    def listed(
        self,
        what: str,
        query: PageQuery,
        rows: Sequence[R],
        position: Callable[[R], int | None],
        show: Callable[[R], T],
    ) -> Listed[T]:
        """Return the page of `rows`, of which one more than the limit was fetched to know whether any follow."""
        shown = rows[: query.limit]
        cursor = None
        if len(rows) > query.limit:
            cursor = self._write(position(shown[-1]) or 0, what, _asked(query))
        return Listed([show(row) for row in shown], cursor)

    def mark(self, what: str, position: int) -> str:
        """Return a position in what is no list but has an order."""
        return self._write(position, what, {})

    def position(self, what: str, mark: str) -> int:
        """Return the position that `mark` made. Raises `PosternError` (`bad_request`)."""
        return self._read(mark, what, {}, "This id was not given out here. Begin without one.")

    def _write(self, position: int, what: str, asked: Mapping[str, object]) -> str:
        raw = position.to_bytes(8, "big", signed=True) + self._mac(position, what, asked)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def _read(self, text: str, what: str, asked: Mapping[str, object], otherwise: str) -> int:
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            position = int.from_bytes(raw[:8], "big", signed=True)
        except ValueError:
            raw, position = b"", 0
        if raw[8:] != self._mac(position, what, asked):
            raise PosternError(Code.BAD_REQUEST, otherwise)
        return position

    def _mac(self, position: int, what: str, asked: Mapping[str, object]) -> bytes:
        bound = json.dumps([what, asked, position], sort_keys=True).encode()
        return self._keyring.mac("cursor", hashlib.sha256(bound).digest())[:MAC_BYTES]


def _asked(query: PageQuery) -> Mapping[str, object]:
    """Return what a cursor is bound to."""
    return query.model_dump(exclude={"cursor", "limit"}, mode="json")
