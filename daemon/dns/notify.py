"""NOTIFY."""

from __future__ import annotations

from typing import Any

from daemon.dns.book import Book
from zones.labels import Name


class Notifier:
    def __init__(self, book: Book) -> None: ...
    def changed(self, origin: Name) -> None: ...
    def forget(self, origin: Name) -> None: ...
    def tell(self, origin: Name, targets: list[Any]) -> None: ...
    def set_keys(self, keys: dict[str, str]) -> None: ...
    def states(self) -> dict[Name, Any]:
        return {}

    def close(self) -> None: ...
