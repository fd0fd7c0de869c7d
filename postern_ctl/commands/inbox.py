"""`posternctl inbox`."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from postern_ctl import arguments, diagnostics, output
from postern_ctl.answers import Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import Address, Confirm, OfTenant
from postern_ctl.diagnostics import Exit, Failed
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id

WAIT_DEFAULT_SECONDS = 120.0
COLUMNS = (
    Column("ID", "id", keep=True),
    Column("ADDRESS", "address", keep=True),
    Column("NAME", "display_name"),
    Column("STATUS", "status"),
)

app = noun("Mailboxes, and waiting for mail.")


@command(app, "create", "inbox create --display-name Researcher")
def create(
    username: Annotated[str | None, typer.Option(metavar="U", help="What stands before the @; else random.")] = None,
    domain: Annotated[str | None, typer.Option(metavar="D", help="Else the tenant's shared subdomain.")] = None,
    display_name: Annotated[str | None, typer.Option(metavar="N", help="The name that recipients see.")] = None,
    client_id: Annotated[str | None, typer.Option(metavar="K", help="Same K, same mailbox: safe to repeat.")] = None,
    agent: Annotated[str | None, typer.Option(metavar="AGENT", help="Whose it is; operators must say.")] = None,
) -> None:
    """Create a mailbox; without options, an instant address."""
    answer = postern().inboxes.create(
        username=username, domain=domain, display_name=display_name, client_id=client_id, agent_id=agent
    )
    done(answer)


@command(app, "list", "inbox list --tenant acme")
def list_(
    tenant: OfTenant = None,
    agent: Annotated[str | None, typer.Option(metavar="AGENT", help="Only this agent's.")] = None,
) -> None:
    """List mailboxes: an agent its own, an operator all."""
    narrowed = tenant_id(tenant) if tenant else None
    if not output.table(postern().inboxes.list(tenant=narrowed, agent=agent, limit=200), COLUMNS):
        diagnostics.note("There is no mailbox. `posternctl inbox create` makes one.")


@command(app, "show", "inbox show ADDRESS")
def show(address: Address) -> None:
    """Show one mailbox."""
    output.show(postern().inboxes.get(address).data)


@command(app, "delete", "inbox delete ADDRESS --confirm ADDRESS")
def delete(address: Address, confirm: Confirm = None) -> None:
    """Delete a mailbox and all mail in it; nobody else can have its address again."""
    found = postern().inboxes.get(address).data
    arguments.confirmed("the mailbox", confirm, lambda: str(found["address"]))
    done(postern().inboxes.delete(found["id"]))


@command(app, "wait", "inbox wait ADDRESS --from github.com --timeout 60")
def wait(
    address: Address,
    sender: Annotated[str | None, typer.Option("--from", metavar="F", help="Part of the sender.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="S", help="Part of the subject.")] = None,
    regex: Annotated[str | None, typer.Option(metavar="R", help="RE2 pattern for the visible text.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="Mail from then on counts: an ISO time, or 5m ago; else from now.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long to wait.", show_default="120")
    ] = WAIT_DEFAULT_SECONDS,
    once: Annotated[bool, typer.Option("--once", help="Print only the code.")] = False,
) -> None:
    """Wait for a mail and print its code and link; exit code 6 when none comes in time."""
    if not math.isfinite(timeout) or timeout < 0:
        raise WrongUsage(f"--timeout {timeout:g}: give a number of seconds, zero or more.")
    with diagnostics.progress(f"Waiting for mail to {address}"):
        answer = postern().waits.wait(
            address,
            from_=sender,
            subject=subject,
            regex=regex,
            since=arguments.moment(since, ago=True),
            timeout_seconds=timeout,
        )
    if answer.data["timed_out"]:
        _in_vain(answer.data, timeout)
    elif once:
        _only_code(answer.data)
    else:
        _came(answer.data)


def _in_vain(data: Document, timeout: float) -> None:
    message = f"No matching mail came within {timeout:g} s. Wait again with --since to count what comes meanwhile."
    output.only_json({"data": data})
    diagnostics.warn(message)
    raise typer.Exit(Exit.IN_VAIN)


def _only_code(data: Document) -> None:
    extracted = data["extracted"]
    if not extracted["otp_code"]:
        has_link = "a link but no code; leave out --once to see it" if extracted["verification_link"] else "no code"
        raise Failed("no_code", f"The mail came, and holds {has_link}. Its id is {data['message']['id']}.")
    if not output.only_json({"data": data}):
        output.lines([extracted["otp_code"]])


def _came(data: Document) -> None:
    message, extracted = data["message"], data["extracted"]
    shown = {
        "subject": message["subject"],
        "from": message["from"],
        "code": extracted["otp_code"],
        "link": extracted["verification_link"],
        "credentials": extracted["credentials"],
        "message": message["id"],
    }
    if not shown["credentials"]:
        del shown["credentials"]
    if not output.only_json({"data": data}):
        output.show(shown, essential="code" if shown["code"] else "link" if shown["link"] else "message")
