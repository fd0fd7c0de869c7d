"""Arguments that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from postern_ctl import completion, diagnostics, invocation
from postern_ctl.invocation import WrongUsage

LIMIT_DEFAULT_ROWS = 50
PAGE_MAX_ROWS = 200
WAIT_DEFAULT_SECONDS = 120.0


def _named(metavar: str, told: str, offer: completion.Offer) -> Any:
    """Return an argument that names something, and is completed by what there is."""
    return typer.Argument(metavar=metavar, help=told, show_default=False, autocompletion=offer)


Address = Annotated[str, _named("ADDRESS", "The mailbox's address or id.", completion.of("inboxes", "address"))]
AgentId = Annotated[str, _named("AGENT", "The agent's id.", completion.of("agents", "id", "handle"))]
KeyId = Annotated[str, _named("KEY", "The key's id.", completion.of("keys", "id", "label"))]
LinkId = Annotated[str, _named("LINK", "The link's id.", completion.of("links", "id", "purpose"))]
Limit = Annotated[int, typer.Option(metavar="N", help="At most so many.")]
MessageId = Annotated[str, typer.Argument(metavar="MESSAGE", help="The message's id.", show_default=False)]
WebhookId = Annotated[str, _named("WEBHOOK", "The webhook's id.", completion.of("webhooks", "id", "url"))]
TENANTS = completion.of("tenants", "name", "domain", also="id")
TenantId = Annotated[str, _named("TENANT", "The tenant's id or name.", TENANTS)]

Confirm = Annotated[str | None, typer.Option(metavar="NAME", help="The name again, instead of being asked for it.")]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help="24h, 7d, or an ISO 8601 time.")]
OfTenant = Annotated[
    str | None,
    typer.Option("--tenant", metavar="TENANT", help="Only this tenant's; id or name.", autocompletion=TENANTS),
]
Once = Annotated[bool, typer.Option("--once", help="Print only the code.")]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a new file, not stdout.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Print the key itself; else a one-time link shows it.")]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait.", show_default="120")]


def page_limit(limit: int) -> int:
    """Return how many rows to ask for at once. Raises `WrongUsage` for a limit of none."""
    if limit < 1:
        raise WrongUsage("--limit takes a whole number from 1 on.")
    return min(limit, PAGE_MAX_ROWS)


def moment(text: str | None, *, ago: bool = False) -> str | None:
    """Read a duration from now, or back from now, as a time; a time stays as it is and is the server's to judge."""
    if text is None:
        return None
    from daemon.settings import duration_seconds

    try:
        distance = timedelta(seconds=duration_seconds(text))
        at = datetime.now(UTC) + (-distance if ago else distance)
    except (ValueError, OverflowError):
        return text
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str, option: str) -> int:
    """Read a duration. Raises `WrongUsage`."""
    from daemon.settings import duration_seconds

    try:
        return duration_seconds(text)
    except ValueError as problem:
        raise WrongUsage(f"{option} {text}: {problem}.") from None


def scopes(given: Sequence[str]) -> list[str]:
    """Read scopes, in full or by their last word, one by one or with commas between. Raises `WrongUsage`."""
    from daemon.api.operation import Scope

    short = {scope.value.partition(":")[2]: scope.value for scope in Scope}
    wanted = [word.strip() for value in given for word in value.split(",") if word.strip()]
    for word in wanted:
        if word not in short and word not in short.values():
            raise WrongUsage(f"There is no scope {word!r}. Give some of {', '.join(short)}.")
    return list(dict.fromkeys(short.get(word, word) for word in wanted))


def short_scopes(given: Sequence[str]) -> list[str]:
    """Return scopes by their last word, as they may be given."""
    return [scope.rpartition(":")[2] for scope in given]


def confirmed(what: str, confirm: str | None, name: Callable[[], str]) -> str:
    """Return the name of what is to be deleted, once it was said again. Raises `WrongUsage`."""
    if invocation.current().yes:
        return name()
    if confirm is None:
        if not diagnostics.can_ask():
            raise WrongUsage(f"Deleting {what} deletes its mail. Add --confirm with its name, or --yes.")
        confirm = diagnostics.ask(f"This deletes {what} and all its mail. Type {name()} to go on:")
    if confirm.strip() != name():
        raise WrongUsage(f"That is not the name of {what}; nothing was deleted.")
    return name()
