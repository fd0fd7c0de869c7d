"""How the elements of a message stand to each other, for the selectors that ask."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator

from daemon.mail.markup import ONE_TAG, VOID_TAGS, Looks


class Outline:
    """Elements go by the offset of their start tag in the markup; `looks` tells what one says of itself.

    It is made as far as somebody asks, for most rules look at what is around an element and a few at what follows.
    """

    def __init__(self, pieces: list[str], looks: Callable[[str], Looks]) -> None:
        self._pieces, self._looks = pieces, looks
        self.parent: dict[int, int] = {}
        self._tags: dict[int, str] = {}
        self._children: dict[int, list[int]] = {-1: []}
        self._filled: set[int] = set()
        self._places: dict[int, dict[int, tuple[int, int, int, int]]] = {}
        self._opened = [-1]
        self._read, self._offset = 0, 0

    def reach(self, at: int) -> int:
        """Make it up to an offset, and return that."""
        while self._offset <= at and self._read < len(self._pieces):
            piece = self._pieces[self._read]
            if self._read % 2:
                self._take(piece, self._offset)
            elif piece:
                self._filled.add(self._opened[-1])
            self._offset += len(piece)
            self._read += 1
        return at

    def _whole(self) -> None:
        self.reach(sys.maxsize)

    def _take(self, run: str, offset: int) -> None:
        opened = self._opened
        for match in ONE_TAG.finditer(run):
            piece = match[1]
            if piece[0] == "/":
                opened.pop()
            elif piece[0] not in "!?":
                at = offset + match.start()
                self._tags[at], self.parent[at] = piece, opened[-1]
                self._children[opened[-1]].append(at)
                if piece.partition(" ")[0] not in VOID_TAGS:
                    opened.append(at)
                    self._children[at] = []

    def looks(self, at: int) -> Looks:
        """The start tag of an element."""
        return self._looks(self._tags[at])

    def ancestors(self, at: int) -> Iterator[int]:
        """The elements around one, from the inside."""
        at = self.parent.get(at, -1)
        while at >= 0:
            yield at
            at = self.parent[at]

    def children(self, at: int) -> list[int]:
        """The elements right in one."""
        self._whole()
        return self._children.get(at, [])

    def descendants(self, at: int) -> Iterator[int]:
        """The elements in one, in order."""
        waiting = self.children(at)[::-1]
        while waiting:
            at = waiting.pop()
            yield at
            waiting += self._children.get(at, [])[::-1]

    def before(self, at: int) -> list[int]:
        """Its siblings before it, the nearest first."""
        siblings = self._children[self.parent[at]]
        return siblings[: bisect_left(siblings, at)][::-1]

    def after(self, at: int) -> list[int]:
        """Its siblings after it, the nearest first."""
        self._whole()
        siblings = self._children[self.parent[at]]
        return siblings[bisect_right(siblings, at) :]

    def place(self, at: int) -> tuple[int, int, int, int]:
        """Which child of its parent it is: of all from the start and the end, and of those of its tag likewise."""
        self._whole()
        parent = self.parent[at]
        if parent not in self._places:
            self._places[parent] = self._counted(self._children[parent])
        return self._places[parent][at]

    def is_empty(self, at: int) -> bool:
        """Whether neither text nor an element is in it."""
        return not self.children(at) and at not in self._filled

    def _counted(self, children: list[int]) -> dict[int, tuple[int, int, int, int]]:
        tags, seen = [self.looks(child).tag for child in children], Counter[str]()
        all_of = Counter(tags)
        found = {}
        for number, (child, tag) in enumerate(zip(children, tags, strict=True)):
            seen[tag] += 1
            found[child] = (number + 1, len(children) - number, seen[tag], all_of[tag] - seen[tag] + 1)
        return found
