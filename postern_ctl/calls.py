"""How an operation becomes a request, and its answer a value: what the methods of the client share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from daemon.api.operations import BY_NAME
from postern_ctl.answers import Answer, Document, Listing, Page
from postern_ctl.transport import Transport, segment

if TYPE_CHECKING:
    from postern_ctl.streams import Following


class Group:
    """The operations of one noun."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def path(self, name: str, values: Sequence[object]) -> str:
        operation = BY_NAME[name]
        escaped = dict(zip(operation.path_names, map(segment, values), strict=True))
        return operation.path.format_map(escaped)

    def _do(
        self,
        name: str,
        /,
        *path: object,
        query: Document | None = None,
        within_seconds: float | None = None,
        receipt: bool = False,
        **body: object,
    ) -> Answer:
        """Run an operation that answers one document; `receipt` asks for one although it is not always a mutation."""
        operation = BY_NAME[name]
        response = self._transport.request(
            operation.method,
            self.path(name, path),
            query=given(query or {}),
            body=given(body) if operation.request else None,
            receipt=receipt or operation.effect is not None,
            timeout_seconds=within_seconds,
        )
        return answer(response.json())

    def _list(self, name: str, /, *path: object, cursor: str | None, **query: object) -> Listing:
        """Run an operation that answers a list."""

        def fetch(at: str | None) -> Page:
            asked = given({**query, "cursor": at})
            document = self._transport.request(BY_NAME[name].method, self.path(name, path), query=asked).json()
            return Page(document["data"], document["next_cursor"])

        return Listing(fetch, cursor)

    def _stream(self, name: str, /, *path: object, after: str | None, **query: object) -> Following:
        """Follow an operation that answers a stream, for ever, from after an event on."""
        from postern_ctl.streams import Following

        return Following(self._transport, self.path(name, path), query, after)


def given(values: Document) -> Document:
    """Drop what is None, and the underscore that keeps a field from being a Python keyword."""
    return {name.removesuffix("_"): value for name, value in values.items() if value is not None}


def answer(document: Document) -> Answer:
    """Read a receipt, or a plain document."""
    if document.keys() == {"data", "audit", "link"}:
        return Answer(document["data"], document["audit"], document["link"])
    return Answer(document)
