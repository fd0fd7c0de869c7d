"""How the elements of a message stand to each other, for the selectors that ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from daemon.mail.markup import VOID_TAGS, Looks


class Outline:
    """Elements go by the index of their start tag among the pieces; `looks` tells what one says of itself."""

    def __init__(self, pieces: list[str], looks: Callable[[str], Looks]) -> None:
        self._pieces, self._looks = pieces, looks
        self.parent: dict[int, int] = {}
        self._end: dict[int, int] = {}
        self._children: dict[int, list[int]] = {-1: []}
        self._places: dict[int, dict[int, tuple[int, int, int, int]]] = {}
        opened = [-1]
        for at in range(1, len(pieces), 2):
            piece = pieces[at]
            if piece[0] == "/":
                self._end[opened.pop()] = at
            elif piece[0] not in "!?":
                self.parent[at] = opened[-1]
                self._children[opened[-1]].append(at)
                if piece.partition(" ")[0] not in VOID_TAGS:
                    opened.append(at)
                    self._children[at] = []

    def looks(self, at: int) -> Looks:
        """The start tag of an element."""
        return self._looks(self._pieces[at])

    def ancestors(self, at: int) -> Iterator[int]:
        """The elements around one, from the inside."""
        at = self.parent.get(at, -1)
        while at >= 0:
            yield at
            at = self.parent[at]

    def children(self, at: int) -> list[int]:
        """The elements right in one."""
        return self._children.get(at, [])

    def descendants(self, at: int) -> Iterator[int]:
        """The elements in one."""
        end = self._end.get(at, at)
        for index in range(at + 2, end, 2):
            if index in self.parent:
                yield index

    def before(self, at: int) -> list[int]:
        """Its siblings before it, the nearest first."""
        siblings = self._children[self.parent[at]]
        return siblings[: self.place(at)[0] - 1][::-1]

    def after(self, at: int) -> list[int]:
        """Its siblings after it, the nearest first."""
        return self._children[self.parent[at]][self.place(at)[0] :]

    def place(self, at: int) -> tuple[int, int, int, int]:
        """Which child of its parent it is: of all from the start and the end, and of those of its tag likewise."""
        parent = self.parent[at]
        if parent not in self._places:
            self._places[parent] = self._counted(self._children[parent])
        return self._places[parent][at]

    def is_empty(self, at: int) -> bool:
        """Whether neither text nor an element is in it."""
        end = self._end.get(at, at + 2)
        return not self.children(at) and not any(self._pieces[index] for index in range(at + 1, end, 2))

    def _counted(self, children: list[int]) -> dict[int, tuple[int, int, int, int]]:
        tags, seen = [self.looks(child).tag for child in children], Counter[str]()
        all_of = Counter(tags)
        found = {}
        for number, (child, tag) in enumerate(zip(children, tags, strict=True)):
            seen[tag] += 1
            found[child] = (number + 1, len(children) - number, seen[tag], all_of[tag] - seen[tag] + 1)
        return found
