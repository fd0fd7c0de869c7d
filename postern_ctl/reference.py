"""The reference pages, made of the commands and settings themselves: `python -m postern_ctl.reference DIRECTORY`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from typer.main import get_command

from daemon.settings import ENV_PREFIX, Settings
from postern_ctl import invocation
from postern_ctl.cli import NOUNS, PROGRAM, root

MADE = "<!-- Made by `./justw docs`; a test compares it with the program. -->"


def pages() -> dict[str, str]:
    """Return each page by its file name."""
    return {"cli.md": "\n".join(_commands()) + "\n", "settings.md": "\n".join(_settings()) + "\n"}


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", MADE, "", "Flags that every command takes, before or after it:", "", "```")
    for flag, value, text in invocation.GLOBAL_FLAGS:
        yield f"{flag + ' ' + value:<22} {text}".rstrip()
    yield "```"
    program: Any = get_command(root)
    for noun, about in NOUNS.items():
        yield from ("", f"## {noun}", "", about)
        loaded = program.get_command(None, noun)
        if hasattr(loaded, "commands"):
            yield from _verbs(loaded, noun)
        else:
            yield from _command(loaded, noun)


def _verbs(noun: Any, words: str) -> Iterator[str]:
    """Yield the verbs of a noun, and those of a noun inside it."""
    for name, verb in noun.commands.items():
        if hasattr(verb, "commands"):
            yield from _verbs(verb, f"{words} {name}")
        else:
            yield from ("", f"### {words} {name}")
            yield from _command(verb, f"{words} {name}")


def _command(verb: Any, words: str) -> Iterator[str]:
    context = verb.make_context(f"{PROGRAM} {words}", [], resilient_parsing=True)
    context.terminal_width = context.max_content_width = 100
    yield from ("", "```", verb.get_help(context).rstrip(), "```")


def _settings() -> Iterator[str]:
    yield from ("# Settings", "", MADE, "")
    yield "Order of sources: flag of `posternctl daemon run`, environment, `postern.toml`, default."
    yield from ("", "| variable | default | unit | meaning |", "|---|---|---|---|")
    for item in fields(Settings):
        default = item.default
        shown = ", ".join(default) if type(default) is tuple else "" if default is None else str(default)
        value = f"`{shown}`" if shown else "none"
        meaning = item.metadata["help"].replace("|", "\\|")
        yield f"| `{ENV_PREFIX}{item.name.upper()}` | {value} | {item.metadata['unit']} | {meaning} |"


def main() -> None:
    """Write the pages into a directory."""
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (place / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
