"""`posternctl inbox`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import arguments, diagnostics, output, senders, waited
from postern_ctl.app import command, noun
from postern_ctl.arguments import PAGE_MAX_ROWS, WAIT_DEFAULT_SECONDS, Address, Confirm, OfTenant, Once, Timeout
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.senders import Entry, Remove
from postern_ctl.session import postern, tenant_id
from postern_ctl.trials import DryRun, counted, would_go

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
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Have its incoming mail told to this URL.")] = None,
    agent: Annotated[str | None, typer.Option(metavar="AGENT", help="Whose it is; operators must say.")] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Print the webhook's secret, too; else the link does.")
    ] = False,
) -> None:
    """Create a mailbox; without options, an instant address."""
    answer = postern().inboxes.create(
        username=username,
        domain=domain,
        display_name=display_name,
        client_id=client_id,
        inbound_webhook_url=webhook,
        agent_id=agent,
    )
    done(answer, reveal=reveal)


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
def delete(address: Address, confirm: Confirm = None, dry_run: DryRun = False) -> None:
    """Delete a mailbox and all mail in it; nobody else can have its address again."""
    found = postern().inboxes.get(address).data
    if dry_run:
        messages = counted(postern().messages.list(found["id"], limit=PAGE_MAX_ROWS))
        would_go("mailbox", found["id"], address=found["address"], messages=messages)
        return
    arguments.confirmed("the mailbox", confirm, lambda: str(found["address"]))
    done(postern().inboxes.delete(found["id"]))


@command(app, "credentials", "inbox credentials ADDRESS --reveal")
def credentials(
    address: Address,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print the password, too; else the link does.")] = False,
) -> None:
    """Show how a mail program reads a mailbox by IMAP."""
    answer = postern().inboxes.credentials(address)
    done(answer, essential="address", reveal=reveal)
    if answer.data["imap"] is None:
        diagnostics.note(
            f"Mailboxes have no IMAP account with the receive backend {answer.data['backend']}."
            " Read their mail with `posternctl message list`."
        )


@command(app, "allow", "inbox allow ADDRESS @github.com")
def allow(address: Address, entry: Entry = None, remove: Remove = False) -> None:
    """Take mail from these senders only; without one, list them."""
    senders.listed("allow", entry, remove=remove, inbox=address)


@command(app, "block", "inbox block ADDRESS spam@example.com")
def block(address: Address, entry: Entry = None, remove: Remove = False) -> None:
    """Refuse a sender's mail; without one, list who is refused."""
    senders.listed("block", entry, remove=remove, inbox=address)


@command(app, "wait", "inbox wait ADDRESS --from github.com --timeout 60")
def wait(
    address: Address,
    sender: Annotated[str | None, typer.Option("--from", metavar="F", help="Part of the sender.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="S", help="Part of the subject.")] = None,
    regex: Annotated[str | None, typer.Option(metavar="R", help="RE2 pattern for the visible text.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="Mail from then on counts: an ISO time, or 5m ago; else from now.")
    ] = None,
    timeout: Timeout = WAIT_DEFAULT_SECONDS,
    min_confidence: Annotated[
        float | None, typer.Option(metavar="P", help="Only a code or link at least this sure, 0 to 1.")
    ] = None,
    require_aligned: Annotated[
        bool, typer.Option("--require-aligned", help="Only what the sender's own domain stands behind.")
    ] = False,
    wait_id: Annotated[
        str | None, typer.Option(metavar="ID", help="A name of yours, by which this wait can be resumed.")
    ] = None,
    claim: Annotated[bool, typer.Option("--claim", help="Take the mail: no other claimer gets it.")] = False,
    once: Once = False,
) -> None:
    """Wait for a mail and print its code and link; exit code 6 when none comes in time."""
    waited.check(timeout)
    with diagnostics.progress(f"Waiting for mail to {address}"):
        answer = postern().waits.wait(
            address,
            from_=sender,
            subject=subject,
            regex=regex,
            since=arguments.moment(since, ago=True),
            timeout_seconds=timeout,
            min_confidence=min_confidence,
            require_aligned=require_aligned or None,
            wait_id=wait_id,
            claim=claim or None,
        )
    waited.told(answer, timeout, once=once)
