"""`posternctl mcp`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from postern_ctl import diagnostics, invocation, output
from postern_ctl.answers import Document
from postern_ctl.app import Noun, command, noun
from postern_ctl.diagnostics import Exit, Failed
from postern_ctl.invocation import WrongUsage
from postern_ctl.session import ENROLLMENT_KEY_PREFIX, loaded

if TYPE_CHECKING:
    from daemon.settings import Settings
    from postern_ctl.mcp_bridge import Credential
    from postern_ctl.transport import Transport

Client = Literal["claude", "cursor", "vscode", "codex"]
MOCK = "mock"
OPERATOR_KEY_PREFIX = "pk_operator_"
NO_OPERATORS = (
    "MCP takes no operator key: a host must never hold more than one agent may do. Set POSTERN_API_KEY to an agent's "
    "key or an enrollment key: `posternctl key mint`."
)


class _Serving(Noun):
    """A noun that does something by itself: its own options are shown, too."""

    def format_options(self, ctx: object, formatter: object) -> None:
        """Write the options of serving, then the verbs."""
        params = [param for param in self.get_params(ctx) if param.name != "help"]
        with formatter.section("Options of serving"):  # type: ignore[attr-defined]  # typer's formatter
            formatter.write_dl([param.get_help_record(ctx) for param in params])  # type: ignore[attr-defined]
        super().format_options(ctx, formatter)


app = noun(
    "Serve an AI host over stdio: MCP, with POSTERN_API_KEY, an agent's key or an enrollment key. "
    "Without a key it offers redeem_enrollment, and nothing else."
)


@app.callback(cls=_Serving, invoke_without_command=True)
def serve(
    context: typer.Context,
    mock: Annotated[bool, typer.Option("--mock", help="Made-up mail, offline; POSTERN_MOCK=1 does the same.")] = False,
    handle: Annotated[
        str | None, typer.Option(metavar="NAME", help="The agent's name, for an enrollment key; else 'default'.")
    ] = None,
) -> None:
    """Speak MCP on stdin and stdout until stdin ends."""
    if context.invoked_subcommand is not None:
        return
    from postern_ctl.mcp_bridge import Bridge, lines_of

    settings = loaded().settings
    if invocation.current().api_key_stdin:
        raise WrongUsage("stdin is the host's. Give the key as POSTERN_API_KEY.")
    if mock or settings.mock or settings.api_base_url == MOCK:
        transport, credential = _mocked()
    else:
        transport, credential = _configured(settings, handle)
    Bridge(transport, credential, _say).run(lines_of(sys.stdin.buffer))


@command(app, "config", "mcp config --client claude --write")
def config(
    client: Annotated[Client, typer.Option("--client", metavar="HOST", help="claude, cursor, vscode or codex.")],
    write: Annotated[bool, typer.Option("--write", help="Put it into the host's file, after asking.")] = False,
) -> None:
    """Print a host's configuration, or write it; the key is only named in it, never told."""
    from daemon.settings import ENV_PREFIX
    from postern_ctl import mcp_hosts

    host = mcp_hosts.HOSTS[client]
    environment = {
        ENV_PREFIX + name.upper(): str(value)
        for name in ("api_base_url", "data_dir", "mock")
        if (value := getattr(loaded().settings, name)) and loaded().sources[name] != "default"
    }
    path = host.path()
    try:
        before = path.read_text(encoding="utf-8") if write and path.exists() else ""
        text = host.merged(before, environment)
    except (mcp_hosts.NotMerged, UnicodeDecodeError) as problem:
        raise Failed("not_written", f"{path} was left as it is: {problem}.") from None
    if write:
        _agreed(f"Write the server {mcp_hosts.NAME!r} into {path}? [y/N]")
        mcp_hosts.write(path, text)
    if not output.only_json({"data": {"client": client, "path": str(path), "written": write, "text": text}}):
        output.emit(str(path) if write else text.rstrip("\n"))
    diagnostics.note(host.about_key if write else f"This belongs into {path}; --write puts it there. {host.about_key}")


def _agreed(question: str) -> None:
    """Ask, unless --yes was said. Raises `WrongUsage` where nobody can be asked, `Failed` when the answer is no."""
    if invocation.current().yes:
        return
    if not diagnostics.can_ask():
        raise WrongUsage("Writing needs your word. Add --yes.")
    if diagnostics.ask(question).strip().lower() not in ("y", "yes"):
        raise Failed("not_written", "Nothing was written.")


def _configured(settings: Settings, handle: str | None) -> tuple[Transport, Credential]:
    """Return the way to the daemon and what the environment lends. Raises `Failed` for an operator's key."""
    from postern_ctl.client import Enrollment
    from postern_ctl.mcp_bridge import Credential
    from postern_ctl.transport import Transport

    key, url = settings.api_key, settings.api_base_url
    try:
        transport = Transport(base_url=url) if url else Transport(socket_path=settings.socket_path)
    except ValueError as problem:
        raise WrongUsage(f"{loaded().sources['api_base_url']} cannot be used: {problem}.") from None
    if key is not None and key.startswith(OPERATOR_KEY_PREFIX):
        raise Failed("scope_denied", NO_OPERATORS, Exit.NOT_ALLOWED)
    if key is None or not key.startswith(ENROLLMENT_KEY_PREFIX):
        return transport, Credential(key)
    return transport, Credential(redeem=lambda: str(Enrollment(transport).redeem(key, handle).data["agent_key"]))


def _mocked() -> tuple[Transport, Credential]:
    from postern_ctl.mcp_bridge import Credential
    from postern_ctl.mock import mock
    from postern_ctl.transport import Transport

    return Transport(socket_path=mock().socket), Credential(mock().agent_key)


def _say(message: Document) -> None:
    output.json_line(message)
    output.flush()
