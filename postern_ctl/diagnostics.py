"""The only writer to stderr: errors in one line, the audit line and link of a mutation, notes, questions, progress.

The exit codes are here too: one table from an error to what the shell sees.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NamedTuple

from typer import TyperException

from daemon.errors import Code, PosternError
from postern_ctl import invocation, output
from postern_ctl.answers import Answer, Document, Refused, Unreachable

PROGRESS_AFTER_SECONDS = 2.0
HASH_SHOWN_LETTERS = 12
PROGRAM = "posternctl"
DEBUG_VARIABLE = "POSTERN_DEBUG"


class Exit(IntEnum):
    """What the shell sees."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_FOUND = 4
    NOT_ALLOWED = 5
    IN_VAIN = 6
    INTERRUPTED = 130
    BROKEN_PIPE = 141


EXIT_BY_CODE = {
    Code.BAD_REQUEST: Exit.USAGE,
    Code.VALIDATION_FAILED: Exit.USAGE,
    Code.NOT_FOUND: Exit.NOT_FOUND,
    Code.INVALID_API_KEY: Exit.NOT_ALLOWED,
    Code.INVALID_ENROLLMENT_TOKEN: Exit.NOT_ALLOWED,
    Code.ENROLLMENT_TOKEN_REVOKED: Exit.NOT_ALLOWED,
    Code.ENROLLMENT_TOKEN_EXPIRED: Exit.NOT_ALLOWED,
    Code.SCOPE_DENIED: Exit.NOT_ALLOWED,
    Code.DOMAIN_NOT_ALLOWED: Exit.NOT_ALLOWED,
}  # every other code: FAILED


class Failed(Exception):
    """Posternctl itself has to say no: a stable code, what to do next, and how to leave."""

    def __init__(
        self, code: str, message: str, exit_code: Exit = Exit.FAILED, details: tuple[Document, ...] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.exit_code = exit_code
        self.details = details


class Problem(NamedTuple):
    """Any error, as it is shown."""

    code: str
    message: str
    exit_code: Exit
    details: tuple[Document, ...] = ()
    request_id: str | None = None

    def document(self) -> Document:
        """Return the error document."""
        error = {"code": self.code, "message": self.message, "details": self.details, "request_id": self.request_id}
        return {"error": error}


def explain(error: Exception) -> Problem:
    """Return what to tell about an error: one sentence on what happened, one on what to do next."""
    from daemon.settings import SettingsError

    match error:
        case Failed():
            return Problem(error.code, error.message, error.exit_code, error.details)
        case PosternError():
            message, wait = error.message, error.retry_after_seconds
            if wait is not None:
                message += f" Try again in {wait} s."
            details = tuple({"field": item.field, "message": item.message} for item in error.details)
            request_id = error.request_id if isinstance(error, Refused) else None
            return Problem(error.code, message, EXIT_BY_CODE.get(error.code, Exit.FAILED), details, request_id)
        case Unreachable():
            local = error.target.startswith("/")
            advice = f"Start it with `{PROGRAM} daemon run`, or give --data-dir." if local else "Check the URL."
            return Problem("unreachable", f"{error}. {advice}", Exit.UNREACHABLE)
        case invocation.WrongUsage() | SettingsError():
            return Problem("wrong_usage", str(error), Exit.USAGE)
        case TyperException():
            context = getattr(error, "ctx", None)
            command = context.command_path if context else PROGRAM
            return Problem("wrong_usage", f"{error.format_message()} See `{command} --help`.", Exit.USAGE)
        case OSError() if error.filename:
            return Problem("file_error", f"{error.filename}: {(error.strerror or '').lower()}.", Exit.FAILED)
        case _:
            message = f"Unexpected {type(error).__name__}. Set POSTERN_DEBUG=1 to see where, and report it."
            return Problem("internal_error", message, Exit.FAILED)


def warn(message: str) -> None:
    """Say that something did not come about, though nothing failed; with --json the document says it."""
    if not invocation.current().json:
        _print(output.style(f"{PROGRAM}:", "red", sys.stderr) + f" {message}")


def problem(shown: Problem) -> None:
    """Print an error in one line."""
    told = [shown.message] + [str(item["message"]) for item in shown.details if item["message"] not in shown.message]
    if shown.code == Code.INTERNAL_ERROR and shown.request_id:
        told.append(f"(request {shown.request_id})")
    _print(output.style(f"{PROGRAM}:", "red", sys.stderr) + " " + output.cell(" ".join(told)))


def trace(error: Exception) -> None:
    """Print where an error came from, for whoever debugs Postern."""
    _print("".join(traceback.format_exception(error)), end="")


def note(message: str) -> None:
    """Say something that is no result; not when only results are wanted."""
    flags = invocation.current()
    if not (flags.quiet or flags.json):
        _print(message)


def receipt(answer: Answer, *, hidden_secret: bool = False) -> None:
    """Print the audit line and the link of a mutation; with --json both stand in the document."""
    if invocation.current().json:
        return
    if answer.audit is not None:
        _print(_label("audit") + audit_line(answer.audit))
    if answer.link is not None:
        _print(_label("link") + answer.link["url"])
        opens = f"opens once, until {moment(answer.link['expires_at'])}"
        if hidden_secret:
            note(f"       shows the key; {opens} (or mint with --reveal)")
        else:
            note(f"       {answer.link['purpose']}; {opens}")


def audit_line(audit: Document) -> str:
    """Return the audit line of a mutation: number, time, actor, action, target, outcome, short hash."""
    words = (
        f"#{audit['seq']}",
        audit["time"],
        audit["actor"],
        audit["action"],
        audit["target"],
        audit["outcome"],
        short_hash(audit["hash"]),
    )
    return " ".join(map(output.cell, words))


def short_hash(value: str) -> str:
    """Return enough of a hash to recognise it."""
    return value[:HASH_SHOWN_LETTERS]


def moment(timestamp: str) -> str:
    """Return an ISO time as people read it, to the minute."""
    return f"{timestamp[:10]} {timestamp[11:16]} UTC"


def can_ask() -> bool:
    """Tell whether a person is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not invocation.current().json


def ask(question: str) -> str:
    """Ask on the terminal and return the line."""
    _print(question, end=" ")
    try:
        return input()
    except EOFError:
        return ""


def ask_hidden(question: str) -> str:
    """Ask for a secret, without showing what is typed."""
    from getpass import getpass

    try:
        return getpass(question + " ")
    except EOFError:
        return ""


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show on a terminal that something goes on, once it has taken a while."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb" or invocation.current().quiet:
        yield
        return
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(text, over), daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()


def _tick(text: str, over: threading.Event) -> None:
    began, shown, pause_seconds = time.monotonic(), False, PROGRESS_AFTER_SECONDS
    while not over.wait(pause_seconds):
        _print(f"\r{text} ({time.monotonic() - began:.0f} s)", end="")
        shown, pause_seconds = True, 1.0
    if shown:
        _print("\r\x1b[K", end="")


def _label(name: str) -> str:
    return output.style(f"{name:<7}", "dim", sys.stderr)


def _print(message: str, end: str = "\n") -> None:
    print(message, file=sys.stderr, end=end, flush=True)
