"""Transfers."""

from __future__ import annotations

from typing import Any

from daemon.dns.book import Book
from zones.labels import Name


class Transfers:
    def __init__(self, book: Book, now) -> None: ...
    def answer(self, request, query, peer):
        return ()

    def changed(self, origin: Name, before) -> None: ...
    def forget(self, origin: Name) -> None: ...
    def allow(self, origin: Name, rules: list[Any]) -> None: ...
    def set_keys(self, keys: dict[str, str]) -> None: ...
