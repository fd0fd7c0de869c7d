"""`posternctl whoami`."""

from __future__ import annotations

from postern_ctl import output
from postern_ctl.app import command, single
from postern_ctl.output import Column
from postern_ctl.session import postern

COLUMNS = (
    Column("MAY SEND TODAY", "address", keep=True),
    Column("CAP", "cap"),
    Column("USED", "used"),
    Column("LEFT", "left"),
)

app = single()


@command(app, "whoami", "whoami --json")
def whoami() -> None:
    """Show who you are and what you may do."""
    data = postern().access.whoami().data
    if output.only_json({"data": data}):
        return
    sending = data["sending"] or {}
    mailboxes = sending.pop("mailboxes", [])
    told = {name: value for name, value in data.items() if value not in (None, [])}
    output.show(told, essential="agent_id" if data["agent_id"] else "type")
    if mailboxes and not output.is_quiet():
        output.emit()
        output.table(mailboxes, COLUMNS)
