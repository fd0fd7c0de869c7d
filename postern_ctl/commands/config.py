"""`posternctl config`."""

from __future__ import annotations

import stat
from typing import Annotated

import typer

from daemon.settings import Settings
from postern_ctl import output
from postern_ctl.app import command, noun
from postern_ctl.diagnostics import Failed
from postern_ctl.offline import asked
from postern_ctl.output import Column
from postern_ctl.session import loaded, postern

COLUMNS = (
    Column("SETTING", "name", keep=True),
    Column("VALUE", "value"),
    Column("UNIT", "unit"),
    Column("SOURCE", "source"),
)

app = noun("The settings in force. Order: flag, environment, postern.toml, default.")


@command(app, "show", "config show --daemon")
def show(
    daemon: Annotated[bool, typer.Option("--daemon", help="As the daemon that runs has them; for operators.")] = False,
) -> None:
    """Show every setting, its value and where it came from."""
    rows = postern().settings.get().data["settings"] if daemon else [row._asdict() for row in loaded().table()]
    output.table(rows, COLUMNS, essential="name")


@command(app, "check", "config check")
def check() -> None:
    """Check that the settings can be used, without starting anything; both backends are asked, too."""
    found = loaded()
    problems = list(_problems(found.settings))
    if problems:
        raise Failed("bad_config", " ".join(problems))
    if (found.settings.send_backend, found.settings.receive_backend) != ("loopback", "embedded"):
        asked("check", told=f"Asking {found.settings.send_backend} and {found.settings.receive_backend}")
    given = sum(source != "default" for source in found.sources.values())
    output.show({"ok": True, "settings": len(found.sources), "given": given}, essential="ok")


def _problems(settings: Settings) -> list[str]:
    problems = []
    if (settings.tls_cert is None) != (settings.tls_key is None):
        problems.append("tls_cert and tls_key belong together: set both or none.")
    problems += [
        f"{path} is no file that can be read."
        for path in (settings.tls_cert, settings.tls_key)
        if path is not None and not path.is_file()
    ]
    home = settings.home
    if home.exists() and not home.is_dir():
        problems.append(f"{home} is no directory.")
    elif home.is_dir() and stat.S_IMODE(home.stat().st_mode) & 0o077:
        problems.append(f"Others may look into {home}: `chmod 700` it.")
    return problems
