"""What a command works with: the settings in force, and the client for the daemon they name."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

from postern_ctl import invocation
from postern_ctl.invocation import WrongUsage

if TYPE_CHECKING:
    from daemon.settings import Loaded
    from postern_ctl.client import Postern

ENROLLMENT_KEY_PREFIX = "pk_enroll_"
TENANT_PREFIX = "cus_"
SECRET_MAX_LETTERS = 10_000


@cache
def loaded() -> Loaded:
    """Return the settings with their sources. Raises `SettingsError`."""
    from daemon.settings import load

    flags = invocation.current()
    given = {"data_dir": flags.data_dir, "api_base_url": flags.url}
    return load({name: value for name, value in given.items() if value is not None})


def is_local() -> bool:
    """Tell whether the control socket is the target."""
    return loaded().settings.api_base_url is None


@cache
def key() -> str | None:
    """Return the caller's key, from stdin or from the settings."""
    return secret_from_stdin("key") if invocation.current().api_key_stdin else loaded().settings.api_key


@cache
def postern(*, with_key: bool = True) -> Postern:
    """Return the client for the daemon that the flags and settings name."""
    from postern_ctl.client import MOCK, Postern

    settings = loaded().settings
    if settings.api_base_url == MOCK:
        return Postern(MOCK)
    api_key = key() if with_key else None
    if settings.api_base_url is None:
        return Postern(socket_path=settings.socket_path, api_key=api_key)
    try:
        return Postern(settings.api_base_url, api_key)
    except ValueError as problem:
        raise WrongUsage(f"{loaded().sources['api_base_url']} cannot be used: {problem}.") from None


def secret_from_stdin(what: str) -> str:
    """Return the first line of stdin. Raises `WrongUsage` when it is empty."""
    secret = sys.stdin.readline(SECRET_MAX_LETTERS).strip()
    if not secret:
        raise WrongUsage(f"Nothing came on stdin. Pipe the {what} in, for instance from a file only you can read.")
    return secret


def tenant_id(tenant: str) -> str:
    """Return the id of a tenant given by id or by a name that only one has."""
    if tenant.startswith(TENANT_PREFIX):
        return tenant
    from postern_ctl.diagnostics import Exit, Failed

    found = [row["id"] for row in postern().tenants.list(limit=200) if row["name"] == tenant]
    if not found:
        message = f"There is no tenant called {tenant!r}. `posternctl tenant list` shows all."
        raise Failed("not_found", message, Exit.NOT_FOUND)
    if len(found) > 1:
        raise WrongUsage(f"{len(found)} tenants are called {tenant!r}. Give the id: {', '.join(found)}.")
    return found[0]  # type: ignore[no-any-return]  # a document's id
