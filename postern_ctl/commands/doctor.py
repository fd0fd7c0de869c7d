"""`posternctl doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import diagnostics, output
from postern_ctl.answers import Document
from postern_ctl.app import command, single
from postern_ctl.diagnostics import Failed
from postern_ctl.offline import asked
from postern_ctl.output import Column
from postern_ctl.reachable import reached
from postern_ctl.session import is_local, loaded

MARKS: dict[str, str] = {"ok": "ok", "warning": "!", "failed": "FAIL", "skipped": "-"}
COLUMNS = (
    Column("", "status", keep=True, show=lambda status: MARKS[status]),
    Column("CHECK", "check", keep=True),
    Column("FOUND", "detail"),
)

app = single()


@command(app, "doctor", "doctor")
def doctor(
    isolation: Annotated[
        bool, typer.Option("--isolation", help="Make two throw-away tenants, and try every operation across them.")
    ] = False,
) -> None:
    """Look at everything that could be wrong, and say what to do about it; exit code 1 when something is."""
    if isolation:
        from postern_ctl.isolation import tried

        with diagnostics.progress("Trying every operation across two tenants"):
            findings = tried()
    else:
        findings = []
        if is_local():
            loaded()
            findings = asked("doctor", told="Looking at files, keys and names")["findings"]
        with diagnostics.progress("Knocking on every door"):
            findings += reached()
    _show(findings)
    failed = [one for one in findings if one["status"] == "failed"]
    if failed:
        raise typer.Exit(diagnostics.Exit.FAILED)


def _show(findings: list[Document]) -> None:
    if output.only_json({"data": findings}):
        return
    if not findings:
        raise Failed("nothing_checked", "Nothing could be looked at. Name the data directory with --data-dir.")
    output.table(findings, COLUMNS, essential="check")
    todo = [one for one in findings if one["fix"]]
    if todo and not output.is_quiet():
        output.emit()
        for one in todo:
            output.emit(output.style(one["check"], "bold") + f": {one['fix']}")
