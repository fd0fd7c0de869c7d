"""What is handed out: enrollment keys, the keys of agents, the keys of remote operators."""

from __future__ import annotations

from daemon.api.operations import Scope
from postern_ctl import arguments
from postern_ctl.answers import Answer, Document
from postern_ctl.output import minute
from postern_ctl.tui.desk import PAGE_ROWS, Desk
from postern_ctl.tui.nouns.tenants import tenant_id, whole
from postern_ctl.tui.views import (
    Column,
    Field,
    Values,
    View,
    in_force,
    mint,
    number,
    of,
    pages,
    revoke,
    state,
    text,
    when,
    with_names,
)


def _scopes(row: Document) -> str:
    return " ".join(arguments.short_scopes(row["scopes"]))


def _mint_fields(row: Document) -> list[Field]:
    every = ",".join(scope.value.partition(":")[2] for scope in Scope)
    return [
        Field(
            "tenant",
            "Tenant",
            "--tenant",
            row.get("called") or row.get("tenant", ""),
            "its name or id",
            needed=True,
        ),
        Field("label", "Label", "--label", hint="what it is for", needed=True),
        Field("scopes", "Scopes", "--scope", "create,read", f"some of {every}", needed=True),
        Field("max_mailboxes", "Mailboxes", "--max-mailboxes", "10", "how many it may ever make", needed=True),
        Field("domain", "Domain", "--domain", hint="only on this one; any of the tenant's when left out"),
        Field("expires", "Expires", "--expires", "24h", "24h, 7d, or a time"),
        Field("reusable", "For many agents", "--reusable", hint="yes, or nothing for one agent only", switch=True),
    ]


def _mint(desk: Desk, row: Document, values: Values) -> Answer:
    return desk.client.keys.mint(
        tenant_id=tenant_id(desk, values["tenant"]),
        label=values["label"],
        scopes=arguments.scopes([values["scopes"]]),
        max_mailboxes=whole(values, "max_mailboxes"),
        allowed_domains=[values["domain"]] if values["domain"] else None,
        reusable=values["reusable"] == "yes",
        expires_at=arguments.moment(values["expires"] or None),
    )


KEYS = View(
    name="keys",
    title="Enrollment keys",
    columns=(
        text("LABEL", "label", keep=True, kind="strong"),
        text("TENANT", "tenant"),
        Column("SCOPES", _scopes),
        number("USED", lambda row: f"{row['used_count']}/{row['max_mailboxes']}"),
        when("EXPIRES", "expires_at"),
        state("STATE", in_force),
        text("ID", "id", kind="quiet", spare=True),
    ),
    load=lambda desk, context: with_names(desk, desk.client.keys.list(tenant=context.get("tenant"), limit=PAGE_ROWS)),
    topics=frozenset({"key", "inbox", "agent", "tenant"}),
    command="key list",
    narrowed_by=("tenant",),
    empty="There is no enrollment key\nAn agent redeems one for a short-lived key of its own. Press m to mint one.",
    called="{label}",
    actions=(
        mint("Mint an enrollment key", "key mint", _mint_fields, _mint),
        revoke(
            "Revoke {label}",
            "key revoke {id}",
            lambda desk, id: desk.client.keys.revoke(id),
            warning="What was redeemed with it ends at once, waits too. Its mailboxes stay.",
            confirm="{label}",
        ),
    ),
)


def _agent_mint_fields(row: Document) -> list[Field]:
    agent = Field("agent", "Agent", value=row.get("agent_id") or row.get("agent", ""), needed=True)
    return [agent, Field("expires", "Expires", "--expires", hint="24h, 7d, or a time; else as long as settings say")]


AGENT_KEYS = View(
    name="agent-keys",
    title="Keys",
    top=False,
    columns=(
        text("KEY", "prefix", kind="strong"),
        Column("SCOPES", _scopes, keep=True),
        Column("DOMAINS", of("allowed_domains", show=lambda domains: domains or "any")),
        when("EXPIRES", "expires_at"),
        state("STATE", in_force),
    ),
    load=lambda desk, context: pages(desk.client.agents.list_keys(context["agent"], limit=PAGE_ROWS)),
    topics=frozenset({"agent_key", "agent", "key"}),
    command="agent keys {agent}",
    empty="It has no key\nIt gets one each time it redeems its enrollment key; m mints another.",
    called="{prefix}",
    actions=(
        mint(
            "Mint a key for an agent",
            "agent mint-key",
            _agent_mint_fields,
            lambda desk, row, values: desk.client.agents.mint_key(
                values["agent"], expires_at=arguments.moment(values["expires"] or None)
            ),
        ),
        revoke(
            "Revoke a key",
            "agent revoke-key {id}",
            lambda desk, id: desk.client.agents.revoke_key(id),
            warning="Whoever holds it is refused from the next call on.",
            confirm="{prefix}",
        ),
    ),
)


def _operator_fields(row: Document) -> list[Field]:
    return [
        Field("name", "Name", needed=True, hint="who, or from where"),
        Field("expires", "Expires", "--expires", hint="24h, 7d, or a time; never when left out"),
    ]


OPERATORS = View(
    name="operators",
    title="Remote operators",
    columns=(
        text("NAME", "name", kind="strong"),
        text("KEY", "prefix"),
        Column("EXPIRES", of("expires_at", show=lambda at: minute(at) or "never"), keep=True),
        state("STATE", in_force),
        when("CREATED", "created_at"),
    ),
    load=lambda desk, context: pages(desk.client.operators.list(limit=PAGE_ROWS)),
    topics=frozenset({"operator"}),
    command="operator list",
    empty="There is no remote operator\nWhoever may open the control socket is one anyway. Press m to mint a key.",
    called="{name}",
    actions=(
        mint(
            "Mint a key for a remote operator",
            "operator create",
            _operator_fields,
            lambda desk, row, values: desk.client.operators.create(
                values["name"], expires_at=arguments.moment(values["expires"] or None)
            ),
        ),
        revoke(
            "Revoke the key of {name}",
            "operator revoke {id}",
            lambda desk, id: desk.client.operators.revoke(id),
            warning="It ends at once, this console too if it is its own.",
            confirm="{name}",
        ),
    ),
)

VIEWS = (KEYS, AGENT_KEYS, OPERATORS)
