"""`posternctl whoami`."""

from __future__ import annotations

from postern_ctl import output
from postern_ctl.app import command, single
from postern_ctl.session import postern

app = single()


@command(app, "whoami", "whoami --json")
def whoami() -> None:
    """Show who you are and what you may do."""
    data = postern().access.whoami().data
    if not output.only_json({"data": data}):
        told = {name: value for name, value in data.items() if value not in (None, [])}
        output.show(told, essential="agent_id" if data["agent_id"] else "type")
