"""The views: one module a noun, or some that belong together. They say what there is; how it is shown is not theirs."""

from __future__ import annotations

from postern_ctl.tui.nouns import agents, audit, credentials, domains, mail, settings, tenants, waits, webhooks, zones
from postern_ctl.tui.views import View

VIEWS: dict[str, View] = {
    view.name: view
    for module in (tenants, credentials, agents, mail, waits, webhooks, domains, zones, audit, settings)
    for view in module.VIEWS
}
TABS = (
    ("tenants", "Tenants"),
    ("keys", "Keys"),
    ("agents", "Agents"),
    ("inboxes", "Mail"),
    ("webhooks", "Hooks"),
    ("audit", "Audit"),
    ("settings", "Settings"),
    ("domains", "Domains"),
)  # in the order of the number keys, after home
