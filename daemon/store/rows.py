"""Rows as frozen dataclasses whose fields are the columns, and the four things done with them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


def one(conn: sqlite3.Connection, row_type: type[R], tail: str, *values: Any) -> R | None:
    """Return the first row of `SELECT <fields> FROM <tail>`, or None."""
    row = conn.execute(f"SELECT {columns(row_type)} FROM {tail}", values).fetchone()  # noqa: S608  names are ours
    return None if row is None else row_type(**row)


def many(conn: sqlite3.Connection, row_type: type[R], tail: str, *values: Any) -> list[R]:
    """Return every row of `SELECT <fields> FROM <tail>`."""
    rows = conn.execute(f"SELECT {columns(row_type)} FROM {tail}", values)  # noqa: S608  names are ours
    return [row_type(**row) for row in rows]


def insert(conn: sqlite3.Connection, table: str, row: DataclassInstance) -> int:
    """Insert `row` and return its rowid."""
    names = columns(type(row))
    marks = ", ".join("?" * len(fields(row)))
    values = [getattr(row, item.name) for item in fields(row)]
    rowid = conn.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values).lastrowid  # noqa: S608  ours
    if rowid is None:
        raise AssertionError("an INSERT has a rowid")
    return rowid


def pack(values: object) -> str:
    """Return the JSON text of a column that holds a list or an object."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def unpack(text: str) -> Any:
    """Return what `pack` was given."""
    return json.loads(text)


@cache
def columns(row_type: type[DataclassInstance]) -> str:
    """Return the field names, quoted and joined."""
    return ", ".join(f'"{item.name}"' for item in fields(row_type))


def page(
    conn: sqlite3.Connection,
    row_type: type[R],
    table: str,
    filters: Mapping[str, object],
    before_n: int | None,
    limit: int,
) -> list[R]:
    """Return up to `limit` rows that equal `filters` (None: any) and stand before `before_n`, newest first."""
    given = {name: value for name, value in filters.items() if value is not None}
    terms = [f"{name} = ?" for name in given] + (["n < ?"] if before_n is not None else [])
    where = f"WHERE {' AND '.join(terms)} " if terms else ""
    values = [*given.values(), *([before_n] if before_n is not None else []), limit]
    return many(conn, row_type, f"{table} {where}ORDER BY n DESC LIMIT ?", *values)
