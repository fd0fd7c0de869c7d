"""What a view declares: its columns, where its rows come from, where they lead, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from postern_ctl.answers import Answer, Document, Listing, Page
from postern_ctl.output import cell, minute
from postern_ctl.streams import Following
from postern_ctl.tui.desk import Desk

GOOD, BAD, WARN, QUIET, STRONG, PLAIN = "good", "bad", "warn", "quiet", "strong", ""
_KINDS = {
    GOOD: {"active", "live", "signing", "ok", "pass", "delivered", "open", "sent", "received", "added"},
    BAD: set("suspended disabled revoked expired dead refused fail stopped bounced failed missing different".split()),
    WARN: {
        "pending",
        "queued",
        "throttled",
        "handing",
        "complained",
        "temperror",
        "permerror",
        "used",
        "deleting",
        "unanswered",
    },
    QUIET: {"dropped", "none", "unknown", "-", "default", "unchecked", "managed"},
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}

Context = dict[str, str]  # what narrows a view: tenant, agent, inbox, …, by the client's names


def kind_of(word: object) -> str:
    """Return how a state is to look."""
    return _KIND_OF.get(str(word), PLAIN)


class Column(NamedTuple):
    """A column. What `keep` marks is not shortened while anything else can be, what is `spare` is the first to go.

    `kind` says how a row's value looks.
    """

    title: str
    value: Callable[[Document], Any]
    keep: bool = False
    kind: Callable[[Document], str] = lambda row: PLAIN
    right: bool = False
    spare: bool = False


def of(key: str, *, show: Callable[[Any], Any] = lambda value: value) -> Callable[[Document], Any]:
    """Return the value of a field."""
    return lambda row: show(row.get(key))


def text(title: str, key: str, *, keep: bool = False, kind: str = PLAIN, spare: bool = False) -> Column:
    return Column(title, of(key), keep, lambda row: kind, spare=spare)


def state(title: str, value: Callable[[Document], str]) -> Column:
    """Return a column of a word that is coloured by what it means."""
    return Column(title, value, True, lambda row: kind_of(value(row)))


def when(title: str, key: str) -> Column:
    return Column(title, of(key, show=minute), True, lambda row: QUIET)


def number(title: str, value: Callable[[Document], Any]) -> Column:
    return Column(title, value, True, right=True)


def in_force(row: Document) -> str:
    """Return the state of a key."""
    return "revoked" if row["revoked"] else "active"


class Field(NamedTuple):
    """A field of a form. `flag` is the option of posternctl; empty for an argument."""

    name: str
    label: str
    flag: str = ""
    value: str = ""
    hint: str = ""
    needed: bool = False
    switch: bool = False  # given or not, without a value
    many: bool = False  # several values, between spaces or commas


Values = dict[str, str]
Run = Callable[[Desk, Document, Values], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that changes a row, or makes one: asked for, confirmed, done, and shown with its receipt.

    `title`, `confirm` and `command` are templates over the row and its context. `confirm` is what has to be typed
    before it is done; `command` the same in posternctl, to which the form's `fields` are added. `run` and `preview` are
    called in a thread; a preview tells what would change, a line for each, begun with `+` or `-`.
    """

    key: str
    label: str
    title: str
    command: str
    run: Run
    confirm: str = ""
    warning: str = ""
    fields: Callable[[Document], list[Field]] | None = None
    options: Callable[[Document, Values], list[str]] | None = None  # instead of those that follow from the fields
    preview: Callable[[Desk, Document, Values], list[str]] | None = None
    makes: bool = False  # needs no row
    changes: bool = True
    makes_link: bool = False  # its link is what it is for
    applies: Callable[[Document], bool] = lambda row: True

    def words(self, row: Document, values: Values) -> list[str]:
        """Return the words of posternctl that do the same."""
        told = [filled(word, row) for word in self.command.split()]
        if self.options is not None:
            return told + self.options(row, values)
        return told + (flags(self.fields(row), values) if self.fields is not None else [])


def mint(title: str, command: str, fields: Callable[[Document], list[Field]], run: Run) -> Action:
    """Return the action that makes a key."""
    return Action(key="m", label="mint", makes=True, title=title, command=command, fields=fields, run=run)


def revoke(
    title: str,
    command: str,
    run: Callable[[Desk, str], Answer],
    *,
    warning: str,
    confirm: str,
    applies: Callable[[Document], bool] = lambda row: not row["revoked"],
) -> Action:
    """Return the action that takes something out of force; `run` is given its id."""
    return Action(
        key="x",
        label="revoke",
        title=title,
        command=command,
        run=lambda desk, row, values: run(desk, row["id"]),
        warning=warning,
        confirm=confirm,
        applies=applies,
    )


class Way(NamedTuple):
    """Where a row leads: another view, narrowed by it. `context` holds templates over the row."""

    key: str
    label: str
    view: str
    context: Context
    applies: Callable[[Document], bool] = lambda row: True


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A table of one noun. `command` is a template over the context; `key`, `called` and `essential` over a row."""

    name: str
    title: str
    columns: tuple[Column, ...]
    load: Callable[[Desk, Context], Iterator[Page]]
    topics: frozenset[str]  # the subjects of audit lines that change it; `*` for any
    command: str
    empty: str
    narrowed_by: tuple[str, ...] = ()  # of tenant and agent, those that its command takes
    essential: str = "{id}"  # what is copied
    key: str = "{id}"
    called: str = "{id}"
    ways: tuple[Way, ...] = ()
    actions: tuple[Action, ...] = field(default=())
    follow: Callable[[Desk, Context, str | None], Following] | None = None  # a stream of what no audit line tells
    top: bool = True  # can be shown without being narrowed first

    def words(self, context: Context) -> list[str]:
        """Return the words of posternctl that show the same."""
        told = [filled(word, context) for word in self.command.split()]
        if "agent" in self.narrowed_by and "agent" in context:
            return [*told, "--agent", context["agent"]]
        return [*told, "--tenant", context["called"]] if "tenant" in self.narrowed_by and "tenant" in context else told


def fits(row: Document, columns: Sequence[Column], words: str) -> bool:
    """Tell whether what is shown of a row contains every one of `words`, in lower case."""
    shown = " ".join(cell(column.value(row)) for column in columns).lower()
    return all(word in shown for word in words.split())


def filled(template: str, row: Document) -> str:
    """Put the fields of a row into a template."""
    return template.format_map({name: "" if value is None else value for name, value in row.items()})


def pages(listing: Listing) -> Iterator[Page]:
    return listing.pages()


def with_names(desk: Desk, listing: Listing) -> Iterator[Page]:
    """Yield pages whose rows have the name of their tenant, too, as `tenant`."""
    for page in listing.pages():
        rows = [{**row, "tenant": desk.tenant_name(row.get("tenant_id"))} for row in page.data]
        yield Page(rows, page.next_cursor)


def one_page(rows: list[Document]) -> Iterator[Page]:
    yield Page(rows, None)


def several(value: str) -> list[str]:
    """Return the values that stand in one field, between spaces or commas."""
    return value.replace(",", " ").split()


def flags(fields: list[Field], values: Values) -> list[str]:
    """Return the words of posternctl for what a form holds."""
    words: list[str] = []
    for one in fields:
        value = values.get(one.name, "").strip()
        if one.switch:
            words += [one.flag] if value == "yes" else []
        else:
            for each in several(value) if one.many else [value] if value else []:
                words += [one.flag, each] if one.flag else [each]
    return words
