"""`posternctl message`."""

from __future__ import annotations

import base64
from itertools import islice
from typing import Annotated, Literal

import typer

from postern_ctl import arguments, diagnostics, output, writing
from postern_ctl.answers import Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import Address, Limit, MessageId, OfTenant, Output
from postern_ctl.files import write_new
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id
from postern_ctl.streams import Ahead
from postern_ctl.trials import DryRun, would_go

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("RECEIVED", "received_at", show=output.minute),
    Column("FROM", "from"),
    Column("SUBJECT", "subject"),
    Column("STATUS", "status"),
)

FOUND_COLUMNS = (*COLUMNS, Column("TEXT", "snippet"))
ATTACHMENT_COLUMNS = (
    Column("N", "index", keep=True),
    Column("NAME", "filename"),
    Column("TYPE", "content_type"),
    Column("BYTES", "size_bytes"),
    Column("INLINE", "inline"),
)
Link = Annotated[bool, typer.Option("--link", help="A one-time link to the bytes, to hand over.")]

app = noun("The mail in a mailbox.")


@command(app, "list", "message list ADDRESS --unread")
def list_(
    address: Address,
    unread: Annotated[bool, typer.Option("--unread", help="Only what nobody has read.")] = False,
    direction: Annotated[
        Literal["inbound", "outbound"] | None, typer.Option(help="Only what came, or only what was sent.")
    ] = None,
    limit: Limit = arguments.LIMIT_DEFAULT_ROWS,
) -> None:
    """List a mailbox's messages, newest first."""
    page = arguments.page_limit(limit)
    listing = postern().messages.list(address, direction=direction, unread_only=unread or None, limit=page)
    if not output.table(islice(listing, limit), COLUMNS):
        diagnostics.note("There is no such mail here. `posternctl inbox wait ADDRESS` waits for some.")


@command(app, "search", "message search invoice from:shop.example has:attachment")
def search(
    words: Annotated[list[str], typer.Argument(metavar="QUERY", help="Words that all occur.", show_default=False)],
    inbox: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Only in this mailbox.")] = None,
    tenant: OfTenant = None,
    limit: Limit = arguments.LIMIT_DEFAULT_ROWS,
) -> None:
    """Search mail, newest first: words, '"phrases"', 'prefix*', from:, subject:, has:attachment, before:, after:."""
    narrowed = tenant_id(tenant) if tenant else None
    page = arguments.page_limit(limit)
    listing = postern().search.find(q=" ".join(words), inbox=inbox, tenant=narrowed, limit=page)
    if not output.table(islice(listing, limit), FOUND_COLUMNS):
        diagnostics.note("Nothing matches. Fewer words, or a beginning with * after it, find more.")


@command(app, "tail", "message tail ADDRESS --follow")
def tail(
    address: Address,
    lines: Annotated[int, typer.Option("-n", "--lines", metavar="N", help="How many to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as mail comes and goes.")] = False,
) -> None:
    """Show the latest messages of a mailbox, the newest last, and follow what comes and goes."""
    if lines < 0:
        raise WrongUsage("-n takes a whole number, zero or more.")
    box = postern().inboxes.get(address).data
    stream = Ahead(postern().events.stream()) if follow else ()  # from before the look: nothing falls between
    found = list(islice(postern().messages.list(box["id"], limit=max(1, min(lines, 200))), lines))[::-1]
    if not follow and output.only_json({"data": found}):
        return
    for message in found:
        _tell_of(message["received_at"], message["direction"], message)
    told = {message["id"] for message in found}
    for event in stream:
        if event.data["inbox"] == box["address"] and event.data["message"]["id"] not in told:
            message = event.data["message"]
            _tell_of(message["received_at"], event.event.rpartition(".")[2], message)


@command(app, "show", "message show MESSAGE")
def show(
    message: MessageId,
    mark_read: Annotated[bool, typer.Option("--mark-read", help="It is read from now on.")] = False,
) -> None:
    """Show a message: who, what, its code and link, its text."""
    data = postern().messages.get(message, mark_read=mark_read or None).data
    if output.only_json({"data": data}):
        return
    output.show(_heading(data))
    if not output.is_quiet():
        output.emit()
        output.text(data["text"] or "(no text)")


@command(app, "send", "message send bot@acme.test --to jane@example.com --subject Hi --text Hello")
def send(
    address: Address,
    to: Annotated[list[str], typer.Option("--to", metavar="A", help="Whom to; repeatable.", show_default=False)],
    subject: Annotated[str, typer.Option(metavar="S", help="The subject.", show_default=False)],
    text: writing.Text = None,
    text_file: writing.TextFile = None,
    html: writing.Html = None,
    html_file: writing.HtmlFile = None,
    cc: Annotated[list[str] | None, typer.Option("--cc", metavar="A", help="A copy to; repeatable.")] = None,
    bcc: Annotated[list[str] | None, typer.Option("--bcc", metavar="A", help="A copy that nobody sees.")] = None,
    attach: writing.Attach = None,
    reply_to: Annotated[
        list[str] | None, typer.Option("--reply-to", metavar="A", help="Where answers go, if not to the mailbox.")
    ] = None,
    header: Annotated[list[str] | None, typer.Option("--header", metavar="H", help="'X-Name: value'.")] = None,
    subscribed: Annotated[
        bool, typer.Option("--subscribed", help="They asked for such mail, and get a way to end it.")
    ] = False,
    dry_run: writing.DryRun = False,
    idempotency_key: writing.Key = None,
) -> None:
    """Send a mail from a mailbox."""
    said = writing.bodies(text, text_file, html, html_file)
    answer = postern().messages.send(
        address,
        to=to,
        cc=cc,
        bcc=bcc,
        subject=subject,
        text=said["text"],
        html=said["html"],
        reply_to=reply_to,
        headers=writing.headers(header),
        attachments=writing.attachments(attach),
        subscribed=subscribed or None,
        dry_run=dry_run or None,
        idempotency_key=idempotency_key,
    )
    writing.told(answer)


@command(app, "reply", "message reply MESSAGE --text-file answer.txt --attach plan.pdf")
def reply(
    message: MessageId,
    text: writing.Text = None,
    text_file: writing.TextFile = None,
    html: writing.Html = None,
    html_file: writing.HtmlFile = None,
    reply_all: Annotated[bool, typer.Option("--all", help="Answer everybody that the message names.")] = False,
    attach: writing.Attach = None,
    dry_run: writing.DryRun = False,
    idempotency_key: writing.Key = None,
) -> None:
    """Answer a message; the answer joins its thread."""
    said = writing.bodies(text, text_file, html, html_file)
    answer = postern().messages.reply(
        message,
        text=said["text"],
        html=said["html"],
        reply_all=reply_all or None,
        attachments=writing.attachments(attach),
        dry_run=dry_run or None,
        idempotency_key=idempotency_key,
    )
    writing.told(answer)


@command(app, "attachments", "message attachments MESSAGE")
def attachments(message: MessageId) -> None:
    """List a message's attachments; the number is what save takes."""
    listed = postern().messages.get(message).data["attachments"]
    if not output.table(listed, ATTACHMENT_COLUMNS, essential="index"):
        diagnostics.note("There is no attachment in this message.")


@command(app, "save", "message save MESSAGE 0 --output plan.pdf")
def save(
    message: MessageId,
    n: Annotated[int, typer.Argument(metavar="N", help="The attachment's number, from 0.", show_default=False)],
    output_file: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="The new file; else by the attachment's name.")
    ] = None,
    link: Link = False,
) -> None:
    """Save an attachment to a new file, or make a one-time link to it."""
    if link:
        done(postern().messages.attachment(message, n, link=True))
        return
    content = postern().messages.attachment(message, n)
    if output_file is None:
        output_file = postern().messages.get(message).data["attachments"][n]["filename"]
    write_new(output_file, content)
    output.show({"id": message, "index": n, "file": output_file, "size_bytes": len(content)}, essential="file")


@command(app, "raw", "message raw MESSAGE --output mail.eml")
def raw(message: MessageId, output_file: Output = None, link: Link = False) -> None:
    """Print a message byte for byte as it arrived, or make a one-time link to it."""
    if link:
        done(postern().messages.raw(message, link=True))
        return
    content = postern().messages.raw(message)
    if output_file is not None:
        write_new(output_file, content)
        output.show({"id": message, "file": output_file, "size_bytes": len(content)}, essential="file")
        return
    encoded = base64.b64encode(content).decode("ascii")
    if not output.only_json({"data": {"id": message, "size_bytes": len(content), "raw_base64": encoded}}):
        output.raw(content)


@command(app, "read", "message read MESSAGE")
def read(message: MessageId) -> None:
    """Mark a message read."""
    _unread(message, False)


@command(app, "unread", "message unread MESSAGE")
def unread(message: MessageId) -> None:
    """Mark a message unread."""
    _unread(message, True)


@command(app, "delete", "message delete MESSAGE")
def delete(message: MessageId, dry_run: DryRun = False) -> None:
    """Delete a message for good, raw bytes too."""
    if dry_run:
        found = postern().messages.get(message).data
        would_go("message", found["id"], **{name: found[name] for name in ("from", "subject", "received_at")})
        return
    done(postern().messages.delete(message))


def _unread(message: str, unread: bool) -> None:
    done(postern().messages.update(message, unread=unread))


def _tell_of(at: str, what: str, message: Document) -> None:
    """Print one message on a line, at once."""
    if output.is_json():
        output.json_line({"data": {"what": what, **message}})
    elif output.is_quiet():
        output.lines([message["id"]])
    else:
        words = (output.second(at), what, message["id"], message["from"], message["subject"])
        output.lines(["  ".join(map(output.cell, words))])
    output.flush()


def _heading(data: Document) -> Document:
    names = [item["filename"] or item["content_type"] for item in data["attachments"]]
    shown = {
        "id": data["id"],
        "from": data["from"],
        "to": data["to"],
        "cc": data["cc"],
        "subject": data["subject"],
        "sent" if data["direction"] == "outbound" else "received": data["received_at"],
        "status": data["status"] if data["direction"] == "outbound" else None,
        "recipients": [_recipient(one) for one in data.get("deliveries") or ()],
        "code": data["extracted"]["otp_code"],
        "link": data["extracted"]["verification_link"],
        "attachments": names,
        "problem": data["problem"],
    }
    return {name: value for name, value in shown.items() if value or name in ("from", "subject")}


def _recipient(one: Document) -> str:
    detail = f" ({one['detail']})" if one["detail"] else ""
    return f"{one['kind']} {one['address']}: {one['status']}{detail}"
