"""How AI hosts are told of `posternctl mcp`. The key is named, never written: the host takes it from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.settings import ENV_PREFIX
from postern_ctl.answers import Document

NAME = "postern"
KEY_VARIABLE = f"{ENV_PREFIX}API_KEY"
INPUT = "postern-key"


class NotMerged(Exception):
    """The host's file cannot be changed without losing something; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host: its file, how that is written, and what its user has to know about the key."""

    path: Callable[[], Path]
    key: str  # how the host is told to take the key from elsewhere
    about_key: str
    table: str = "mcpServers"

    def entry(self, environment: dict[str, str]) -> Document:
        """Return the host's entry for the server."""
        command, *arguments = program()
        return {
            "type": "stdio",
            "command": command,
            "args": [*arguments, "mcp"],
            "env": {KEY_VARIABLE: self.key, **environment},
        }

    def merged(self, before: str, environment: dict[str, str]) -> str:
        """Return the file's text with the server in it, everything else as it was. Raises `NotMerged`."""
        document = _json(before)
        document.setdefault(self.table, {})[NAME] = self.entry(environment)
        return json.dumps(document, indent=2) + "\n"


class VsCode(Host):
    """Asks for the key, and keeps it in the system's keychain."""

    def merged(self, before: str, environment: dict[str, str]) -> str:
        """Return the file's text with the server and the question for its key."""
        document = _json(super().merged(before, environment))
        asked = {"type": "promptString", "id": INPUT, "description": "Postern key (pk_agent_… or pk_enroll_…)"}
        others = [one for one in document.get("inputs", []) if one.get("id") != INPUT]
        document["inputs"] = [*others, {**asked, "password": True}]
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


class Codex(Host):
    """Is configured in TOML, and passes on the variables that it is told the names of."""

    def merged(self, before: str, environment: dict[str, str]) -> str:
        """Return the file's text with the server's table at its end."""
        try:
            known = tomllib.loads(before)
        except ValueError as problem:
            raise NotMerged(f"it is no TOML ({problem}). Repair it first") from None
        if NAME in known.get(self.table, {}):
            raise NotMerged(f"it has a table [{self.table}.{NAME}] already. Remove that first")
        entry = self.entry(environment)
        lines = [
            f"[{self.table}.{NAME}]",
            f"command = {json.dumps(entry['command'])}",
            f"args = {json.dumps(entry['args'])}",
            f"env_vars = {json.dumps([KEY_VARIABLE])}",
        ]
        if environment:
            pairs = ", ".join(f"{name} = {json.dumps(value)}" for name, value in environment.items())
            lines.append(f"env = {{ {pairs} }}")
        return (before.rstrip() + "\n\n" if before.strip() else "") + "\n".join(lines) + "\n"


HOSTS: dict[str, Host] = {
    "claude": Host(
        path=lambda: Path.cwd() / ".mcp.json",
        key=f"${{{KEY_VARIABLE}:-}}",
        about_key=f"Claude Code takes the key from {KEY_VARIABLE} in the environment it is started in.",
    ),
    "cursor": Host(
        path=lambda: Path.home() / ".cursor" / "mcp.json",
        key=f"${{env:{KEY_VARIABLE}}}",
        about_key=f"Cursor takes the key from {KEY_VARIABLE} in the environment it is started in.",
    ),
    "vscode": VsCode(
        path=lambda: Path.cwd() / ".vscode" / "mcp.json",
        key=f"${{input:{INPUT}}}",
        about_key="VS Code asks for the key when it starts the server, and keeps it for you.",
        table="servers",
    ),
    "codex": Codex(
        path=lambda: Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex") / "config.toml",
        key="",
        about_key=f"Codex takes the key from {KEY_VARIABLE} in the environment it is started in.",
        table="mcp_servers",
    ),
}


def program() -> list[str]:
    """Return the words that start this posternctl: hosts with windows have no PATH of a shell."""
    found = shutil.which("posternctl")
    return [found] if found else [sys.executable, "-m", "postern_ctl"]


def write(path: Path, text: str) -> None:
    """Put a file in its place at once, so that the host never reads half of it. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()
    partial = target.with_name(f".{target.name}.postern")
    partial.write_text(text, encoding="utf-8")
    if target.exists():
        shutil.copymode(target, partial)
    partial.replace(target)


def _json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text or "{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise NotMerged("it is no plain JSON (comments?). Print the configuration, and add it by hand")
    return document
