"""What a deletion would take away, told instead of done."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated

import typer

from postern_ctl import diagnostics, output
from postern_ctl.answers import Document

COUNTED_MAX = 10_000

DryRun = Annotated[bool, typer.Option("--dry-run", help="Delete nothing; tell what would go.")]


def would_go(what: str, id: str, **more: object) -> None:
    """Tell what would be deleted, and with it."""
    output.show({"would_delete": what, "id": id, **more}, essential="id")
    diagnostics.note("Nothing was deleted.")


def counted(rows: Iterable[Document]) -> int | str:
    """Return how many there are; of very many, that they are more."""
    count = sum(1 for _ in islice(rows, COUNTED_MAX + 1))
    return count if count <= COUNTED_MAX else f"more than {COUNTED_MAX}"
