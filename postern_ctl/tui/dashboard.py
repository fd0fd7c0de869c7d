"""Home: whether all is well, what comes and goes, what is on its way, and what happened last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widget import Widget

from postern_ctl.commands.audit import row as shown_line
from postern_ctl.output import cell
from postern_ctl.tui.desk import aside, by_itself
from postern_ctl.tui.frame import Hints, Page
from postern_ctl.tui.live import News
from postern_ctl.tui.look import line
from postern_ctl.tui.nouns.waits import clock, into_mailbox, wait_columns
from postern_ctl.tui.table import Table
from postern_ctl.tui.views import QUIET, STRONG, Column, fits, kind_of, of, state

BARS = "▁▂▃▄▅▆▇█"
SIDE_BY_SIDE_FROM_CELLS = 130
WAITS_SHOWN, WAITS_SHOWN_WIDE, WAITS_FETCHED = 3, 10, 50
LABEL_CELLS, VALUE_CELLS = 8, 7


MAIL_COLUMNS = (
    Column("MAIL", lambda row: clock(row["message"]["received_at"]), True, lambda row: QUIET),
    state("", lambda row: str(row["event"]).removeprefix("message.")),
    Column("MAILBOX", of("inbox")),
    Column("SUBJECT", lambda row: row["message"]["subject"], kind=lambda row: STRONG),
    Column("FROM", lambda row: row["message"]["from"], spare=True),
)
LINE_COLUMNS = (
    Column("CHANGES", lambda row: clock(row.get("time")), True, lambda row: QUIET),
    Column("", of("action"), True, lambda row: STRONG if row.get("outcome") == "ok" else kind_of(row.get("outcome"))),
    Column("BY", of("actor")),
    Column("TARGET", of("target")),
)


class Board(Widget):
    """A few rows in a box, made for the width that it has whenever it is drawn."""

    DEFAULT_CLASSES = "board"

    def __init__(self, title: str, rows: Callable[[int], Sequence[Text]], *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = title
        self._rows = rows
        self._drawn = Text()

    def redraw(self) -> None:
        """Draw it again, if it says something else."""
        if self._made() != self._drawn:
            self.refresh()

    def render(self) -> Text:
        self._drawn = self._made()
        return self._drawn

    def _made(self) -> Text:
        """Return the rows below each other, none of which runs on into the next."""
        made = Text("\n").join(self._rows(self.content_size.width))
        made.no_wrap, made.overflow = True, "ellipsis"
        return made


class Dashboard(Page):
    """How things stand, drawn anew when they change."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("w", "waits", "waits", show=False)]
    tab = "home"
    _words = ""  # what mail and changes are narrowed to

    def body(self) -> ComposeResult:
        with Horizontal(id="boards"):
            yield Board("Health", self._health, id="health")
            yield Board("Now", self._flow, id="flow")
            yield Board("Outbox", self._outbox, id="outbox")
        with Container(id="feeds"):
            yield Table(MAIL_COLUMNS, nothing="Mail shows here as it comes.")
            yield Table(LINE_COLUMNS, nothing="Changes show here as they are made.")
        yield Table(wait_columns("WAITS"), id="waits")

    def on_mount(self) -> None:
        self._mail.focus()
        self._draw()
        self.action_reload()

    def on_screen_resume(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self.set_class(self.app.size.width >= SIDE_BY_SIDE_FROM_CELLS, "-wide")

    @property
    def _mail(self) -> Table:
        return self.query(Table)[0]

    @property
    def _lines(self) -> Table:
        return self.query(Table)[1]

    @property
    def _waits(self) -> Table:
        return self.query_one("#waits", Table)

    def crumbs(self) -> list[str]:
        return [cell(self.console.desk.client.target)]

    def narrow(self, words: str) -> None:
        self._words = words.strip().lower()
        self._draw()
        self.draw_frame()

    def action_back(self) -> None:
        if self._words:
            self.narrow("")
        else:
            super().action_back()

    def tally(self) -> str:
        stats = self.console.stats
        if self._words:
            return f"/{self._words}"
        return f"Postern {stats['version']}" if stats else "connecting"

    def hints(self) -> Hints:
        return [("⏎", "read"), ("tab", "next table"), ("w", "all waits"), ("1…9", "views")]

    def equivalent(self) -> list[str]:
        return ["daemon", "status"]

    def happened(self, news: News) -> None:
        if news.stats is not None:
            self.draw_frame()
            self._look_who_waits(news.stats["waits_active"])
        self._draw()

    def action_waits(self) -> None:
        self.console.visit("waits", {}, self.tab)

    def _look_who_waits(self, count: int) -> None:
        """Fetch the waits, when there are any or were: a snapshot comes whenever one begins or ends."""
        if count or self._waits.rows:
            by_itself(self, self.console, self._load_waits, group="waits")

    async def _load_waits(self) -> None:
        waits = self.console.desk.client.waits
        page = await aside(lambda: next(waits.list(limit=WAITS_FETCHED).pages()))
        table = self._waits
        table.show(page.data, [one["request_id"] for one in page.data])
        table.styles.height = 1 + min(len(page.data), WAITS_SHOWN_WIDE if self.has_class("-wide") else WAITS_SHOWN)
        table.display = bool(page.data)

    def action_reload(self) -> None:
        if self.console.stats is not None:
            self._look_who_waits(self.console.stats["waits_active"])
        if not self.console.lines:
            by_itself(self, self.console, self._load, group="load")

    async def _load(self) -> None:
        """Begin with the latest lines; from then on they come by themselves."""
        audit = self.console.desk.client.audit
        page = await aside(lambda: next(audit.list(limit=50).pages()))
        known = {one["seq"] for one in self.console.lines}
        self.console.lines.extendleft(one for one in page.data if one["seq"] not in known)
        self._draw()

    # ------------------------------------------------------------------------------------------------------- drawing

    def _draw(self) -> None:
        if not self.drawable:
            return
        for board in self.query(Board):
            board.redraw()
        mail = [one for one in reversed(self.console.mail) if fits(one, MAIL_COLUMNS, self._words)]
        self._mail.show(mail, [f"{one['event']} {one['message']['id']}" for one in mail])
        lines = [one for one in map(shown_line, reversed(self.console.lines)) if fits(one, LINE_COLUMNS, self._words)]
        self._lines.show(lines, [str(one["seq"]) for one in lines])

    def draw_flow(self) -> None:
        """Draw the rates; they change by the second while something goes on."""
        self.query_one("#flow", Board).redraw()

    def _flow(self, across: int) -> list[Text]:
        room = max(4, across - LABEL_CELLS - VALUE_CELLS - 1)
        flow, stats = self.console.flow, self.console.stats
        rows = [
            self._bars("mail/s", flow.mail, room),
            self._bars("changes/s", flow.changes, room),
            self._bars("waits", flow.waits, room),
        ]
        if stats is not None:
            rows += [
                self._count("mail", stats["messages"], f"in {counted(stats['inboxes'], 'mailbox', 'mailboxes')}"),
                self._count("agents", stats["agents"], f"of {counted(stats['tenants'], 'tenant', 'tenants')}"),
            ]
        return rows

    def _count(self, label: str, count: int, rest: str) -> Text:
        return line(self.app, (f"{label:<{LABEL_CELLS}}", QUIET), f"{count:,}", (f" {rest}", QUIET))

    def _bars(self, label: str, values: Sequence[float], room: int) -> Text:
        now = values[-1] if values else 0.0
        shown = f"{now:,.0f}" if now == int(now) or now >= 100 else f"{now:.1f}"
        bars = sparkline(values, room)
        return line(self.app, (f"{label:<{LABEL_CELLS + 1}}", QUIET), f"{shown:>{VALUE_CELLS - 2}} ", (bars, "title"))

    def _health(self, across: int) -> list[Text]:
        stats = self.console.stats
        if stats is None:
            return []
        problems = stats["problems"]
        ready = ("● " + cell(problems[0]), "bad") if problems else ("● ready", "good")
        rows = [line(self.app, ready, (f"  up {age(stats['uptime_seconds'])}", QUIET))]
        rows += [
            line(self.app, (f"{name:<6}", QUIET), stats[name] or "", ("" if stats[name] else "off", QUIET))
            for name in ("http", "smtp", "dns")
        ]
        held = (f", line {stats['audit_seq']:,}", QUIET)
        rows.append(line(self.app, ("store ", QUIET), size(stats["database_bytes"]), held))
        return rows

    def _outbox(self, across: int) -> list[Text]:
        if self.console.stats is None:
            return []
        outbox, stopped = self.console.stats["outbox"], self.console.stats["sending_stopped"]
        waiting, oldest = outbox["queued"] + outbox["handing"], outbox["oldest_queued_seconds"]
        rows = [
            self._way("queued", waiting, "warn", age(oldest, units=1) if oldest else ""),
            self._way("sent", outbox["sent"] + outbox["delivered"], ""),
            self._way("bounced", outbox["bounced"], "warn"),
            self._way("failed", outbox["failed"], "bad"),
            self._way("complaints", outbox["complained"], "bad"),
        ]
        if stopped:
            rows[-1] = line(self.app, (f"{stopped} tenants stopped", "bad"))
        return rows

    def _way(self, label: str, count: int, kind: str, rest: str = "") -> Text:
        return line(self.app, (f"{label:<11}", QUIET), (f"{count:,}", kind if count else ""), (f"  {rest}", QUIET))

    @on(Table.Opened)
    def _open(self) -> None:
        mail = self._mail.row
        if self.focused is self._mail and mail is not None:
            message = mail["message"]
            context = {"message": message["id"], "called": message["subject"] or ""}
            self.console.visit("message", context, self.tab)
        elif self.focused is self._waits and self._waits.row is not None:
            self.console.visit("messages", into_mailbox(self._waits.row), self.tab)
        elif self.focused is self._lines and self._lines.row is not None:
            from postern_ctl.tui.dialogs import Record

            row = self._lines.row
            self.console.show_box(Record(f"Line {row['seq']}", row))

    def action_copy(self) -> None:
        table = self.focused
        if isinstance(table, Table) and table.row is not None:
            self.console.copy(str(table.row.get("inbox") or table.row.get("address") or table.row.get("target") or ""))


def sparkline(values: Sequence[float], cells: int) -> str:
    """Return the last of the values as bars, the newest at the right; the highest fills its cell."""
    shown = list(values)[-cells:]
    top = max(shown, default=0.0)
    if not top:
        return BARS[0] * len(shown)
    return "".join(BARS[round(value / top * (len(BARS) - 1))] for value in shown)


def counted(count: int, one: str, many: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {one if count == 1 else many}"


def age(seconds: int, units: int = 2) -> str:
    """Return a duration in the largest of its units."""
    parts: list[str] = []
    for name, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count or (name == "s" and not parts):
            parts.append(f"{count} {name}")
    return " ".join(parts[:units])


def size(octets: int) -> str:
    """Return a size as people read it."""
    number = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if number >= 100 or unit == "B" else f"{number:.1f} {unit}"
