"""Zone files, in and out (RFC 1035, 5.1; RFC 2308, 4 for $TTL; RFC 3597 for unknown types)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from zones.fields import BadRecord, Word, ttl_seconds
from zones.labels import Name, from_text, to_text
from zones.name import BadName
from zones.records import SOA, RRset, data_text, is_type, read_data, rrset, type_code, type_name
from zones.zone import RECORDS_MAX, BadZone, Zone, soa_numbers

FILE_MAX_CHARACTERS = 16 * 1024 * 1024
LINE_MAX_CHARACTERS = 128 * 1024
_PIECE = re.compile(
    r"""[ \t\r\f]+ | (?P<comment>;.*) | (?P<paren>[()])
    | "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<word>(?:[^\s;"()\\]|\\.)+)""",
    re.VERBOSE,
)
_CLASSES = {"CH", "HS", "CS", "ANY", "NONE"}


class ZoneFileError(ValueError):
    """The file cannot be taken; the message begins with the line's number and says what to do."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class _Entry(NamedTuple):
    """One entry: where it begins, whether its owner is left out, and its words."""

    line: int
    indented: bool
    words: list[Word]


def parse(text: str, origin: Name) -> Zone:
    """Read the zone `origin` from a zone file. Raises `ZoneFileError`."""
    line, rrsets = 1, list[RRset]()
    for line, one in records(text, origin):  # noqa: B007  the last line is told of
        rrsets.append(one)
    try:
        return Zone.of(origin, rrsets)
    except BadZone as problem:
        raise ZoneFileError(line, str(problem)) from None


def records(text: str, origin: Name, ttl: int | None = None) -> Iterator[tuple[int, RRset]]:
    """Yield the records of a zone file, whole or a part of one, each with its line; `ttl` until it says one itself.

    Raises `ZoneFileError`.
    """
    if len(text) > FILE_MAX_CHARACTERS:
        raise ZoneFileError(1, f"the file is longer than {FILE_MAX_CHARACTERS} characters")
    reader, count = _Reader(origin, ttl), 0
    for entry in _entries(text):
        try:
            one = reader.record(entry)
        except (BadRecord, BadName) as problem:
            raise ZoneFileError(entry.line, str(problem)) from None
        count += one is not None
        if count > RECORDS_MAX:
            raise ZoneFileError(entry.line, f"more than {RECORDS_MAX} records")
        if one is not None:
            yield entry.line, one


def _entries(text: str) -> Iterator[_Entry]:
    """Cut the text into entries: a line each, or more where parentheses hold them together."""
    depth, words, start, indented = 0, list[Word](), 1, False
    number = 0
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_MAX_CHARACTERS:
            raise ZoneFileError(number, f"the line is longer than {LINE_MAX_CHARACTERS} characters")
        if depth == 0:
            words, start, indented = [], number, line[:1] in (" ", "\t")
        at = 0
        while at < len(line):
            piece = _PIECE.match(line, at)
            if piece is None:
                what = "a quote is not closed" if line[at] == '"' else "a backslash stands at the end of the line"
                raise ZoneFileError(number, what)
            at = piece.end()
            if piece["paren"]:
                depth += 1 if piece["paren"] == "(" else -1
                if depth not in (0, 1):
                    raise ZoneFileError(number, "parentheses are nested, or one is closed that was not opened")
            elif piece["quoted"] is not None:
                words.append(Word(piece["quoted"], quoted=True))
            elif piece["word"]:
                words.append(Word(piece["word"]))
        if depth == 0 and words:
            yield _Entry(start, indented, words)
    if depth:
        raise ZoneFileError(start, "a parenthesis is not closed")


class _Reader:
    """What one entry leaves to the next: origin, owner, TTL."""

    def __init__(self, origin: Name, ttl: int | None) -> None:
        self._origin = origin
        self._owner: Name | None = None
        self._ttl = ttl  # of $TTL, which goes before the last record's
        self._last_ttl: int | None = None

    def record(self, entry: _Entry) -> RRset | None:
        """Read one entry; a directive gives None. Raises `BadRecord` or `BadName`."""
        words = list(entry.words)
        if words[0].text.startswith("$") and not words[0].quoted and not entry.indented:
            self._directive(words)
            return None
        if not entry.indented:
            self._owner = from_text(words.pop(0).text, self._origin)
        if self._owner is None:
            raise BadRecord("the line is indented, and no name stands above it")
        ttl = self._head(words)
        if not words:
            raise BadRecord("the record's type is missing")
        rrtype = type_code(words.pop(0).text)
        data = read_data(rrtype, words, self._origin)
        if ttl is None:
            ttl = self._ttl if self._ttl is not None else self._last_ttl
        if ttl is None and rrtype == SOA:
            ttl = soa_numbers(data)[4]
        if ttl is None:
            raise BadRecord("the record has no TTL: write one, or $TTL above")
        self._last_ttl = ttl
        return rrset(self._owner, rrtype, ttl, data)

    def _directive(self, words: list[Word]) -> None:
        name, *values = [word.text for word in words]
        match name.upper():
            case "$ORIGIN" if len(values) == 1:
                self._origin = from_text(values[0], self._origin)
            case "$TTL" if len(values) == 1:
                self._ttl = ttl_seconds(values[0])
            case "$ORIGIN" | "$TTL":
                raise BadRecord(f"{name} takes one value")
            case "$INCLUDE":
                raise BadRecord("$INCLUDE is refused: no other file is read; put its lines here")
            case "$GENERATE":
                raise BadRecord("$GENERATE is refused: write the records out")
            case _:
                raise BadRecord(f"there is no directive {name!r}")

    def _head(self, words: list[Word]) -> int | None:
        """Take TTL and class away, which come in either order."""
        ttl = None
        classed = False
        while words and not is_type(words[0].text):
            text = words[0].text
            if text.upper() in ("IN", "CLASS1") and not classed:
                classed = True
            elif text.upper() in _CLASSES or text.upper().startswith("CLASS"):
                raise BadRecord(f"class {text} is not served: only IN is")
            elif ttl is None and text[:1].isdigit():
                ttl = ttl_seconds(text)
            else:
                type_code(text)  # says what is wrong
            words.pop(0)
        return ttl


def export(zone: Zone) -> str:
    """Return the zone as a zone file that `parse` reads back to an equal zone."""
    origin, default = zone.origin, zone.soa.ttl
    lines = [f"$ORIGIN {to_text(origin)}", f"$TTL {default}"]
    for one in zone:
        owner = to_text(one.name, origin)
        owner = owner if not owner.startswith("$") else "\\" + owner
        ttl = "" if one.ttl == default else f" {one.ttl}"
        lines += [f"{owner}{ttl} IN {type_name(one.type)} {data_text(one.type, data)}".rstrip() for data in one.data]
    return "\n".join(lines) + "\n"
