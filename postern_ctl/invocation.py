"""One run of posternctl: its global flags, taken from anywhere on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class WrongUsage(Exception):
    """The command line cannot be obeyed; the message says what to write instead."""


class Invocation(NamedTuple):
    """The global flags."""

    json: bool = False
    quiet: bool = False
    yes: bool = False
    no_color: bool = False
    data_dir: str | None = None
    url: str | None = None
    api_key_stdin: bool = False
    version: bool = False


# As `--help` lists them: spelling, what stands for the value, help.
GLOBAL_FLAGS = (
    ("--json", "", "Print exactly one JSON document."),
    ("--quiet, -q", "", "Print only ids, or the one value that matters."),
    ("--yes, -y", "", "Do not ask before deleting or writing."),
    ("--no-color", "", "Plain text on a terminal, too."),
    ("--data-dir", "DIR", "The daemon's data directory, where its control socket is."),
    ("--url", "URL", "Talk to this daemon over HTTP instead of the control socket."),
    ("--api-key-stdin", "", "Read the key from the first line of stdin."),
    ("--version", "", "Print the version."),
)
_SHORT = {"-q": "quiet", "-y": "yes"}
_NAMES = frozenset(Invocation._fields)
_VALUED = {"data_dir", "url"}

_current = Invocation()


def current() -> Invocation:
    """Return the flags in force."""
    return _current


def enter(invocation: Invocation) -> None:
    """Put flags in force."""
    global _current
    _current = invocation


def hoist(argv: Sequence[str]) -> tuple[Invocation, list[str]]:
    """Take the global flags out of `argv`, up to a `--`. Raises `WrongUsage`; the flags so far are then in force."""
    given: dict[str, str | bool] = {}
    rest: list[str] = []
    words = iter(argv)
    try:
        for word in words:
            if word == "--":
                rest += [word, *words]
                break
            flag, has_value, value = word.partition("=")
            name = _SHORT.get(word) or (flag[2:].replace("-", "_") if flag.startswith("--") else "")
            if name not in _NAMES:
                rest.append(word)
            elif name not in _VALUED:
                if has_value:
                    raise WrongUsage(f"{flag} takes no value.")
                given[name] = True
            else:
                given[name] = value if has_value else next(words, "")
                if not given[name]:
                    raise WrongUsage(f"{flag} needs a value.")
    finally:
        enter(Invocation(**given))  # type: ignore[arg-type]  # names are the fields', types by _VALUED
    return current(), rest
