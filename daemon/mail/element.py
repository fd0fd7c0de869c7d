"""An element of a message while its inside is read, and what it does to what is in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from daemon.mail.css import Declarations
from daemon.mail.style import OUTERMOST, State

CLASSES_MAX = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """What an element's own attributes and rules make of it: the same for all that are alike in the same place."""

    removed: bool
    state: State
    opening: str = ""
    closing: str = ""
    marks: tuple[str, ...] = ()
    button: bool = False
    style: Declarations = field(default_factory=dict)


UNSEEN = Effect(removed=True, state=OUTERMOST)


class Element:
    """An element that is open: the state around it, what it does to that, and its youngest child so far."""

    __slots__ = ("_names", "_places", "attributes", "effect", "node", "outside", "previous", "spans", "tag")

    def __init__(self, node: LexborNode, tag: str, attributes: dict[str, str | None], outside: State) -> None:
        self.node = node
        self.tag = tag
        self.attributes = attributes
        self.outside = outside
        self.effect = UNSEEN
        self.spans = 0
        self.previous: Element | None = None
        self._names: tuple[str, tuple[str, ...]] | None = None
        self._places: dict[int, tuple[int, int, int, int]] | None = None

    @property
    def places(self) -> dict[int, tuple[int, int, int, int]]:
        """Of each child element, by its node: its number from the start and the end, and among those of its tag."""
        if self._places is None:
            nodes, tags = [], Counter[str]()
            child = self.node.first_child
            while child is not None:
                tag = child.tag or "-"
                if tag[0] not in "-!_":
                    tags[tag] += 1
                    nodes.append((child.mem_id, tag, tags[tag]))
                child = child.next
            self._places = {
                node: (at + 1, len(nodes) - at, among, tags[tag] - among + 1)
                for at, (node, tag, among) in enumerate(nodes)
            }
        return self._places

    @property
    def id(self) -> str:
        """Its id, lower case."""
        return self.names[0]

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes, lower case."""
        return self.names[1]

    @property
    def names(self) -> tuple[str, tuple[str, ...]]:
        """Its id and its classes; worked out when a rule asks, for few do."""
        if self._names is None:
            get = self.attributes.get
            self._names = (get("id") or "").lower(), tuple((get("class") or "").lower().split()[:CLASSES_MAX])
        return self._names
