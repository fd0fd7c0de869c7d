"""`posternctl webhook`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Literal

import typer

from postern_ctl import diagnostics, output
from postern_ctl.answers import Answer, Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import OfTenant, WebhookId
from postern_ctl.diagnostics import Exit
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id

EVENT_DEFAULT = "message.received"
LIST_DEFAULT_ROWS = 50
TOLD_KEPT = 1_000  # what is told again after a lost connection is known by these
Status = Literal["pending", "delivered", "dead", "dropped"]
PAGE_MAX_ROWS = 200
COLUMNS = (
    Column("ID", "id", keep=True),
    Column("URL", "url"),
    Column("MAILBOX", "address", show=lambda address: address or "all"),
    Column("STATUS", "status"),
)
DELIVERY_COLUMNS = (
    Column("ID", "id", keep=True),
    Column("EVENT", "event"),
    Column("STATUS", "status", keep=True),
    Column("TRIES", "attempts"),
    Column("NEXT", "next_attempt_at", show=output.minute),
    Column("ERROR", "error"),
)

Secret = Annotated[bool, typer.Option("--reveal", help="Print the signing secret; else a one-time link shows it.")]

app = noun("Webhooks: what happens is posted to a URL, signed, and tried again for a day.")


@command(app, "add", "webhook add https://example.org/hook --address ADDRESS")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to post to.", show_default=False)],
    event: Annotated[
        list[str] | None, typer.Option(metavar="EVENT", help="message.received unless given; may be repeated.")
    ] = None,
    address: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Only what happens in this mailbox.")] = None,
    agent: Annotated[str | None, typer.Option(metavar="AGENT", help="Whose it is; operators must say.")] = None,
    reveal: Secret = False,
) -> None:
    """Have events posted to a URL: of one mailbox, or of all of the agent's."""
    kinds = event or [EVENT_DEFAULT]
    done(postern().webhooks.create(url, events=kinds, address=address, agent_id=agent), reveal=reveal)


@command(app, "list", "webhook list")
def list_(tenant: OfTenant = None) -> None:
    """List webhooks: an agent its own, an operator all."""
    narrowed = tenant_id(tenant) if tenant else None
    if not output.table(postern().webhooks.list(tenant=narrowed, limit=PAGE_MAX_ROWS), COLUMNS):
        diagnostics.note("There is no webhook. `posternctl webhook add --help` shows how to make one.")


@command(app, "show", "webhook show WEBHOOK")
def show(webhook: WebhookId) -> None:
    """Show one webhook, without its secret."""
    output.show(postern().webhooks.get(webhook).data)


@command(app, "test", "webhook test WEBHOOK")
def test(webhook: WebhookId) -> None:
    """Post a made-up event now; a success puts a disabled webhook in force again."""
    _outcome(postern().webhooks.test(webhook))


@command(app, "rotate", "webhook rotate WEBHOOK --reveal")
def rotate(webhook: WebhookId, reveal: Secret = False) -> None:
    """Mint a new secret; for a day deliveries are signed with the old one, too."""
    done(postern().webhooks.rotate(webhook), reveal=reveal)


@command(app, "deliveries", "webhook deliveries WEBHOOK --status dead")
def deliveries(
    webhook: WebhookId,
    status: Annotated[
        Status | None,
        typer.Option(help="Only these; `dead` were given up and can be replayed."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many.")] = LIST_DEFAULT_ROWS,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with each delivery that changes.")] = False,
) -> None:
    """List what was delivered and what was not, newest first; or follow it."""
    if limit < 1:
        raise WrongUsage("--limit takes a whole number from 1 on.")
    if follow:
        _follow(webhook, status, min(limit, PAGE_MAX_ROWS))
        return
    listing = postern().webhooks.deliveries(webhook, status=status, limit=min(limit, PAGE_MAX_ROWS))
    if not output.table(islice(listing, limit), DELIVERY_COLUMNS):
        diagnostics.note("There is no such delivery. `posternctl webhook test WEBHOOK` makes one.")


@command(app, "replay", "webhook replay DELIVERY")
def replay(
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="The delivery's id.", show_default=False)],
) -> None:
    """Deliver once more, now, under the same id."""
    _outcome(postern().webhooks.replay(delivery))


@command(app, "remove", "webhook remove WEBHOOK")
def remove(webhook: WebhookId) -> None:
    """Remove a webhook; what was still to be delivered is not."""
    done(postern().webhooks.delete(webhook))


def _follow(webhook: str, status: Status | None, limit: int) -> None:
    """Print the newest deliveries as they are, the oldest first, then each when it has changed."""
    told: dict[str, Document] = {}
    for event in postern().webhooks.follow(webhook, status=status, limit=limit):
        row = event.data
        if told.pop(row["id"], None) != row:
            if output.is_json():
                output.json_line({"data": row})
            elif output.is_quiet():
                output.lines([row["id"]])
            else:
                words = (row["id"], row["event"], row["status"], row["attempts"], row["error"])
                output.lines(["  ".join(map(output.cell, words))])
            output.flush()
        told[row["id"]] = row
        if len(told) > TOLD_KEPT:
            del told[next(iter(told))]


def _outcome(answer: Answer) -> None:
    """Print what became of a delivery; a failure to deliver is one of the command, too."""
    done(answer)
    if answer.data["status"] == "delivered":
        return
    again = answer.data["next_attempt_at"]
    then = f"It is tried again at {diagnostics.moment(again)}." if again else "Put that right, then try again."
    diagnostics.warn(f"It was not delivered: {answer.data['error'] or 'no outcome yet'}. {then}")
    raise typer.Exit(Exit.FAILED)
