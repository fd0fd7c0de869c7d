"""`posternctl message`."""

from __future__ import annotations

import base64
from itertools import islice
from typing import Annotated, Literal

import typer

from postern_ctl import diagnostics, output
from postern_ctl.answers import Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import Address, MessageId, Output
from postern_ctl.files import write_new
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern

LIST_DEFAULT_ROWS = 50
PAGE_MAX_ROWS = 200
COLUMNS = (
    Column("ID", "id", keep=True),
    Column("RECEIVED", "received_at", show=output.minute),
    Column("FROM", "from"),
    Column("SUBJECT", "subject"),
)

app = noun("The mail in a mailbox.")


@command(app, "list", "message list ADDRESS --unread")
def list_(
    address: Address,
    unread: Annotated[bool, typer.Option("--unread", help="Only what nobody has read.")] = False,
    direction: Annotated[
        Literal["inbound", "outbound"] | None, typer.Option(help="Only what came, or only what was sent.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many.")] = LIST_DEFAULT_ROWS,
) -> None:
    """List a mailbox's messages, newest first."""
    if limit < 1:
        raise WrongUsage("--limit takes a whole number from 1 on.")
    listing = postern().messages.list(
        address, direction=direction, unread_only=unread or None, limit=min(limit, PAGE_MAX_ROWS)
    )
    if not output.table(islice(listing, limit), COLUMNS):
        diagnostics.note("There is no such mail here. `posternctl inbox wait ADDRESS` waits for some.")


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


@command(app, "raw", "message raw MESSAGE --output mail.eml")
def raw(message: MessageId, output_file: Output = None) -> None:
    """Print a message byte for byte as it arrived."""
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
def delete(message: MessageId) -> None:
    """Delete a message for good, raw bytes too."""
    done(postern().messages.delete(message))


def _unread(message: str, unread: bool) -> None:
    done(postern().messages.update(message, unread=unread))


def _heading(data: Document) -> Document:
    names = [item["filename"] or item["content_type"] for item in data["attachments"]]
    shown = {
        "id": data["id"],
        "from": data["from"],
        "to": data["to"],
        "cc": data["cc"],
        "subject": data["subject"],
        "received": data["received_at"],
        "code": data["extracted"]["otp_code"],
        "link": data["extracted"]["verification_link"],
        "attachments": names,
        "problem": data["problem"],
    }
    return {name: value for name, value in shown.items() if value or name in ("from", "subject")}
