"""What the client gives back, and how it fails. Imports nothing heavy: every part of the command line uses these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from daemon.errors import PosternError

Document = dict[str, Any]


class Unreachable(ConnectionError):
    """Nobody answered at `target`; `reason` is what the system said."""

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(f"Nothing answers at {target}: {reason}")
        self.target = target
        self.reason = reason


class Refused(PosternError):
    """The server's own refusal, with the id under which its log knows the request."""

    request_id: str | None = None


class Answer(NamedTuple):
    """What came back: the data, and of a mutation its audit line and its one-time link."""

    data: Document
    audit: Document | None = None
    link: Document | None = None

    def __repr__(self) -> str:
        return f"Answer(audit={self.audit!r})"  # the data and the link may hold a secret that is shown once


class Page(NamedTuple):
    """A part of a list; `next_cursor` is None on the last."""

    data: list[Document]
    next_cursor: str | None


class Listing:
    """A list as an iterable: pages are fetched when they are needed."""

    def __init__(self, fetch: Callable[[str | None], Page], cursor: str | None) -> None:
        self._fetch = fetch
        self._cursor = cursor

    def __iter__(self) -> Iterator[Document]:
        """Go through every item from the cursor on."""
        for page in self.pages():
            yield from page.data

    def pages(self) -> Iterator[Page]:
        """Go through the pages from the cursor on."""
        cursor = self._cursor
        while True:
            page = self._fetch(cursor)
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return
