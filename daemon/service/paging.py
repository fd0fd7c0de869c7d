"""Cursors: opaque, signed, bound to their query, stable while rows are added."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
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
        try:
            raw = base64.b64decode(query.cursor + "=" * (-len(query.cursor) % 4), altchars=b"-_", validate=True)
            position = int.from_bytes(raw[:8], "big", signed=True)
        except ValueError:
            raw, position = b"", 0
        if raw[8:] != self._mac(what, query, position):
            raise PosternError(Code.BAD_REQUEST, "This cursor is not of this list. Start again without a cursor.")
        return position

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
            last = position(shown[-1]) or 0
            raw = last.to_bytes(8, "big", signed=True) + self._mac(what, query, last)
            cursor = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return Listed([show(row) for row in shown], cursor)

    def _mac(self, what: str, query: PageQuery, position: int) -> bytes:
        asked = query.model_dump(exclude={"cursor", "limit"}, mode="json")
        bound = json.dumps([what, asked, position], sort_keys=True).encode()
        return self._keyring.mac("cursor", hashlib.sha256(bound).digest())[:MAC_BYTES]
