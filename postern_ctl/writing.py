"""What `message send` and `message reply` share: their options, the files they read, and how a trial is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from postern_ctl import diagnostics, output
from postern_ctl.answers import Answer, Document
from postern_ctl.diagnostics import Exit
from postern_ctl.files import attachment
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done

STDIN = "-"
RULE_COLUMNS = (Column("RULE", "rule", keep=True), Column("OK", "ok"), Column("DETAIL", "detail"))

Text = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="The text; or --text-file.")]
TextFile = Annotated[str | None, typer.Option("--text-file", metavar="FILE", help="The text's file; - for stdin.")]
Html = Annotated[str | None, typer.Option("--html", metavar="HTML", help="The HTML; or --html-file.")]
HtmlFile = Annotated[str | None, typer.Option("--html-file", metavar="FILE", help="The HTML's file; - for stdin.")]
Attach = Annotated[list[str] | None, typer.Option("--attach", metavar="FILE", help="A file to attach; repeatable.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Send nothing; tell which rule says no.")]
Key = Annotated[str | None, typer.Option("--idempotency-key", metavar="K", help="Same K, same mail: safe to repeat.")]


def body(option: str, given: str | None, file: str | None) -> str | None:
    """Return a text as it was given, or from its file. Raises `WrongUsage`."""
    if given is not None and file is not None:
        raise WrongUsage(f"Give {option} or {option}-file, not both.")
    if file is None:
        return given
    try:
        return sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no UTF-8"
        raise WrongUsage(f"{option}-file {file} cannot be read: {reason}.") from None


def bodies(text: str | None, text_file: str | None, html: str | None, html_file: str | None) -> Document:
    """Return text and HTML, each as it was given or from its file. Raises `WrongUsage`."""
    if text_file == html_file == STDIN:
        raise WrongUsage("Only one of --text-file and --html-file can be stdin.")
    found = {"text": body("--text", text, text_file), "html": body("--html", html, html_file)}
    if found["text"] is None and found["html"] is None:
        raise WrongUsage("Say something: --text TEXT, --text-file FILE (- for stdin), --html or --html-file.")
    return found


def attachments(files: Sequence[str] | None) -> list[Document] | None:
    """Return files as attachments. Raises `WrongUsage`."""
    return [attachment(file) for file in files] if files else None


def headers(given: Sequence[str] | None) -> dict[str, str] | None:
    """Read headers written as `Name: value`. Raises `WrongUsage`."""
    found: dict[str, str] = {}
    for line in given or ():
        name, colon, value = line.partition(":")
        if not colon or name.strip() in found:
            raise WrongUsage(f"--header {line!r}: write 'X-Name: value', each name once.")
        found[name.strip()] = value.strip()
    return found or None


def told(answer: Answer) -> None:
    """Print that a mail was taken, or what would have become of it; the latter fails when a rule says no."""
    if "dry_run" not in answer.data:
        done(answer)
        return
    if not output.only_json({"data": answer.data}):
        output.table(answer.data["rules"], RULE_COLUMNS, essential="rule")
        diagnostics.note("It would be sent." if answer.data["would_send"] else "It would not be sent.")
    if not answer.data["would_send"]:
        raise typer.Exit(Exit.FAILED)
