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
    output.show(data, essential="agent_id" if data["agent_id"] else "type")
