"""The only writer to stdout: one JSON document, a table, a key/value block, or bare ids.

What is printed for people is cleaned first: a mail's subject may hold escape sequences.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, NamedTuple

from daemon import __version__
from postern_ctl import invocation
from postern_ctl.answers import Answer, Document

PAGED_FROM_LINES = 10  # less than that fits anywhere
WIDTH_DEFAULT_CELLS = 80
COLUMN_MIN_CELLS = 6
GAP = "  "
SECRET_FIELDS = ("enrollment_token", "agent_key", "operator_key", "password", "secret")
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0x2028, 0x2029)
_HARMLESS = dict.fromkeys((*range(32), *range(127, 160), *_BIDI), "�")
_PLAIN_TEXT = {code: mark for code, mark in _HARMLESS.items() if chr(code) not in "\n\t"}
_STYLES = {"bold": "1", "dim": "2", "red": "31", "cyan": "36", "code": "1;32"}


class Column(NamedTuple):
    """A column of a table. What `keep` marks is not shortened while anything else can be; `show` abridges a value."""

    title: str
    key: str
    keep: bool = False
    show: Callable[[Any], Any] = lambda value: value


def table(rows: Iterable[Document], columns: Sequence[Column], *, essential: str = "id") -> int:
    """Print a list and return how many rows it has."""
    listed = list(rows)
    flags = invocation.current()
    if flags.json:
        document({"data": listed})
    elif flags.quiet:
        lines(row[essential] for row in listed)
    elif listed:
        paged(layout(listed, columns))
    return len(listed)


def show(data: Document, *, essential: str = "id", title: str | None = None) -> None:
    """Print one thing that was read; `title` stands above it for people."""
    flags = invocation.current()
    if flags.json:
        document({"data": data})
    elif flags.quiet:
        lines([cell(data[essential])])
    else:
        if title:
            lines([style(title, "bold")])
        block(data)


def receipt(answer: Answer, *, essential: str = "id", reveal: bool = False) -> None:
    """Print what a mutation answered; a minted secret only when it is to be revealed."""
    data = answer.data if reveal else concealed(answer.data)
    secret = next((name for name in SECRET_FIELDS if name in data), None)
    if invocation.current().json:
        document(whole(answer._replace(data=data)))
    else:
        show(data, essential=secret or essential)


def concealed(data: Document) -> Document:
    """Return a document without the secrets in it."""
    kept = {name: value for name, value in data.items() if name not in SECRET_FIELDS}
    return {name: concealed(value) if isinstance(value, dict) else value for name, value in kept.items()}


def whole(answer: Answer) -> Document:
    """Return an answer as the one document: a mutation's with its audit line and its link."""
    if answer.audit is None:
        return {"data": answer.data}
    return {"data": answer.data, "audit": answer.audit, "link": answer.link}


def is_json() -> bool:
    """Tell whether stdout is to be one JSON document."""
    return invocation.current().json


def is_quiet() -> bool:
    """Tell whether only ids are wanted."""
    return invocation.current().quiet


def only_json(value: Document) -> bool:
    """Print the document and return True with --json; else print nothing, and people get something shorter."""
    if is_json():
        document(value)
    return is_json()


def document(value: Document) -> None:
    """Print the one JSON document: indented for a terminal, one line for a program."""
    emit(json.dumps(value, indent=2 if sys.stdout.isatty() else None))


def json_line(value: Document) -> None:
    """Print a JSON document on one line: one of many."""
    emit(json.dumps(value))


def minute(timestamp: str | None) -> str | None:
    """Return an ISO time to the minute, in UTC as it came."""
    return timestamp and f"{timestamp[:10]} {timestamp[11:16]}Z"


def second(timestamp: str | None) -> str | None:
    """Return an ISO time to the second, in UTC as it came."""
    return timestamp and f"{timestamp[:10]} {timestamp[11:19]}"


def block(data: Document) -> None:
    """Print names and values, aligned; values whole, so that they can be copied."""
    names = {name: name.replace("_", " ") for name in data}
    margin = max(map(width, names.values()), default=0)
    for name, label in names.items():
        emit(style(pad(label, margin), "dim") + GAP + cell(data[name]))


def lines(values: Iterable[object]) -> None:
    """Print one value a line."""
    for value in values:
        emit(str(value))


def paged(shown: Sequence[str]) -> None:
    """Print lines; through a pager where they do not fit on the terminal."""
    from postern_ctl.pager import page

    if len(shown) < PAGED_FROM_LINES or not page(shown):
        lines(shown)


def text(value: str) -> None:
    """Print the text of a mail, without what could steer a terminal."""
    paged(harmless(value).rstrip("\n").split("\n"))


def harmless(value: str) -> str:
    """Return text of several lines without what could steer a terminal, mark for mark."""
    return value.replace("\r\n", "\n").translate(_PLAIN_TEXT)


def wrapped(value: str) -> list[str]:
    """Return a text of people's as lines that fit the terminal."""
    return textwrap.wrap(value, min(shutil.get_terminal_size((WIDTH_DEFAULT_CELLS, 0)).columns, WIDTH_DEFAULT_CELLS))


def raw(content: bytes) -> None:
    """Write bytes as they are; to a terminal, without what could steer it."""
    if sys.stdout.isatty():
        text(content.decode("utf-8", "replace"))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def emit(line: str = "") -> None:
    """Print one finished line."""
    print(line)


def version() -> None:
    """Print the version of this installation."""
    if invocation.current().json:
        document({"data": {"version": __version__}})
    else:
        emit(f"posternctl {__version__}")


def flush() -> None:
    """Hand everything to the system, so that a closed pipe shows while it can be handled."""
    sys.stdout.flush()


def colourful(stream: IO[str]) -> bool:
    """Tell whether colour may go to `stream`."""
    environment = os.environ
    refused = invocation.current().no_color or environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
    return not refused and stream.isatty()


def style(value: str, name: str, stream: IO[str] | None = None) -> str:
    """Return `value` in a style, or as it is where no colour is wanted."""
    return f"\x1b[{_STYLES[name]}m{value}\x1b[0m" if value and colourful(stream or sys.stdout) else value


def cell(value: Any) -> str:
    """Return one value as it is shown to people, on one line."""
    if value is None or value == [] or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return cell([f"{name.replace('_', ' ')}: {cell(item)}" for name, item in value.items() if item is not None])
    if isinstance(value, list):
        return ", ".join(map(cell, value))
    return " ".join(str(value).split()).translate(_HARMLESS)


def layout(rows: Iterable[Document], columns: Sequence[Column], *, indent: int = 0) -> list[str]:
    """Return a table's lines, fitted to the width of the terminal, or to 80 cells, less an indent."""
    total = max(shutil.get_terminal_size((WIDTH_DEFAULT_CELLS, 24)).columns - indent, COLUMN_MIN_CELLS)
    body = [[cell(column.show(row.get(column.key))) for column in columns] for row in rows]
    cells = [[column.title for column in columns], *body]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    widths = shrink(widths, [column.keep for column in columns], total - len(GAP) * (len(columns) - 1))
    heading, *laid = (
        GAP.join(pad(fit(value, size), size) for value, size in zip(row, widths, strict=True)).rstrip() for row in cells
    )
    return [style(heading, "bold"), *laid]


def shrink(widths: Sequence[int], keep: Sequence[bool], total: int) -> list[int]:
    """Take cells from the widest column until the sum fits; from those to keep only when the rest has no more."""
    result = [
        min(size, max(total, COLUMN_MIN_CELLS)) if not kept else size for size, kept in zip(widths, keep, strict=True)
    ]
    while sum(result) > total:
        able = [at for at, size in enumerate(result) if size > COLUMN_MIN_CELLS]
        if not able:
            break
        loose = [at for at in able if not keep[at]]
        widest = max(loose or able, key=result.__getitem__)
        result[widest] -= 1
    return result


def width(value: str) -> int:
    """Return how many cells of a terminal `value` takes."""
    if value.isascii():
        return len(value)
    return sum(map(_cells, value))


def fit(value: str, cells: int) -> str:
    """Return `value` in at most `cells` cells, with an ellipsis when something is missing."""
    if width(value) <= cells:
        return value
    kept, used = [], 1
    for mark in value:
        used += _cells(mark)
        if used > cells:
            break
        kept.append(mark)
    return "".join(kept).rstrip() + "…"


def pad(value: str, cells: int) -> str:
    """Return `value` filled up with blanks to `cells` cells."""
    return value + " " * (cells - width(value))


def _cells(mark: str) -> int:
    if unicodedata.category(mark) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(mark) in "WF" else 1
