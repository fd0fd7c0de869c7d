"""One message: what it is about, with the grounds, and its text, headers, attachments and source."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from postern_ctl.answers import Document
from postern_ctl.output import cell, harmless, second
from postern_ctl.tui.desk import aside, by_itself
from postern_ctl.tui.doing import begin, finish
from postern_ctl.tui.frame import Hints, Page
from postern_ctl.tui.live import News
from postern_ctl.tui.look import MARK, line, meter, style
from postern_ctl.tui.nouns.mail import MESSAGE_ACTIONS
from postern_ctl.tui.pager import Pager
from postern_ctl.tui.views import QUIET, STRONG, Action, Context, kind_of

TEXT_MAX_CHARS = 50_000
SOURCE_MAX_BYTES = 262_144
METER_CELLS = 10
WIDE_FROM_CELLS = 130
PARTS = (("t", "text"), ("h", "headers"), ("a", "attachments"), ("s", "source"))


@dataclass(frozen=True, slots=True)
class _Whole:
    """A message as it was fetched."""

    message: Document
    text: Document


class MessagePage(Page):
    """A message of a mailbox. To look at it here does not mark it read."""

    def __init__(self, context: Context, tab: str) -> None:
        super().__init__()
        self.context = context
        self.tab = tab
        self._whole: _Whole | None = None
        self._part = "text"
        self._source: str | None = None

    def body(self) -> ComposeResult:
        yield Static(id="envelope", markup=False)
        yield Static(id="extracted", markup=False)
        yield Static(id="parts", markup=False)
        yield Pager()

    def on_mount(self) -> None:
        self.query_one("#extracted").display = False
        self.query_one(Pager).focus()
        self.action_reload()

    narrows = "find"

    def narrow(self, words: str) -> None:
        self.query_one(Pager).find(words)

    def crumbs(self) -> list[str]:
        return ["Messages", cell(self.context.get("called") or "(no subject)")]

    def hints(self) -> Hints:
        actions = [] if self.console.readonly else [(one.key, one.label) for one in self._actions()]
        return [("t h a s", "text headers files source"), ("y", "copy code"), ("o", "link to it"), *actions]

    def equivalent(self) -> list[str]:
        return ["message", "show", self.context["message"]]

    def happened(self, news: News) -> None:
        if any((line["entry"].get("target") or "") == self.context["message"] for line in news.lines):
            self.action_reload()

    def action_reload(self) -> None:
        by_itself(self, self.console, self._load, group="load")

    async def _load(self) -> None:
        messages, id_ = self.console.desk.client.messages, self.context["message"]

        def fetch() -> _Whole:
            return _Whole(messages.get(id_).data, messages.text(id_, max_chars=TEXT_MAX_CHARS).data)

        try:
            self._whole = await aside(fetch)
        except Exception as problem:  # noqa: BLE001  the page stays, and says what went wrong
            self.query_one("#envelope", Static).update(line(self.app, (self.console.explained(problem), "bad")))
            return
        self._draw()

    # ------------------------------------------------------------------------------------------------------- drawing

    def _draw(self) -> None:
        if self._whole is None or not self.drawable:
            return
        message = self._whole.message
        self.query_one("#envelope", Static).update(self._envelope(message))
        grounds = self._extracted(message["extracted"])
        box = self.query_one("#extracted", Static)
        box.display = bool(grounds.plain)
        box.border_title = "Extracted"
        box.update(grounds)
        self._draw_part()
        self.draw_frame()

    def _envelope(self, message: Document) -> Text:
        rows = [("From", cell(message["from"])), ("To", cell(message["to"]))]
        if message["cc"]:
            rows.append(("Cc", cell(message["cc"])))
        made = Text(no_wrap=True, overflow="ellipsis")
        made += line(self.app, (cell(message["subject"] or "(no subject)"), STRONG), "\n")
        for label, value in rows:
            made += line(self.app, (f"{label:<6}", QUIET), value, "\n")
        made += line(self.app, ("Date  ", QUIET), str(second(message["received_at"])), "   ")
        if message["direction"] == "outbound":
            made += line(self.app, (message["status"], kind_of(message["status"])))
        else:
            for name, verdict in message["authentication"].items():
                made += line(self.app, (f"{name.upper()} ", QUIET), (verdict, kind_of(verdict)), "  ")
        if message["problem"]:
            made += line(self.app, "\n", (cell(message["problem"]), "warn"))
        return made

    def _extracted(self, extracted: Document) -> Text:
        rows, wide = list[Text](), self.size.width >= WIDE_FROM_CELLS
        for label, name in (("code", "otp_code"), ("link", "verification_link")):
            value = extracted[name]
            if value is None:
                continue
            grounds = extracted["provenance"][name] or {}
            rows.append(line(self.app, (f"{label}  ", QUIET), (cell(value), STRONG)))
            sure = float(grounds.get("confidence", 0))
            vouched = ("the sender's own domain stands behind it", "good") if grounds.get("aligned") else (
                "nobody vouches for it", "warn")  # fmt: skip
            mail = " ".join(f"{key.upper()} {it}" for key, it in (grounds.get("authentication") or {}).items())
            rows.append(
                line(
                    self.app,
                    "      ",
                    (meter(sure, METER_CELLS), "good" if sure >= 0.8 else "warn"),
                    (f" {sure:.2f}  from {grounds.get('source', '?')}; ", QUIET),
                    vouched,
                    (f"  {grounds['link_domain']}" if grounds.get("link_domain") and wide else "", QUIET),
                    (f"  ({mail})" if mail and wide else "", QUIET),
                )
            )
        rows += [
            line(self.app, ("user  ", QUIET), (cell(pair["username"]), STRONG), ("   a password came with it", QUIET))
            for pair in extracted["credentials"] or []
        ]
        made = Text("\n").join(rows)
        made.no_wrap, made.overflow = True, "ellipsis"
        return made

    def _draw_part(self) -> None:
        assert self._whole is not None  # noqa: S101  # drawn once it is there
        message, parts = self._whole.message, Text(" ")
        for key, name in PARTS:
            here = name == self._part
            count = f" {len(message['attachments'])}" if name == "attachments" else ""
            parts += line(self.app, (key, "key"), (f" {name}{count}", "title" if here else QUIET), "   ")
        self.query_one("#parts", Static).update(parts)
        pager = self.query_one(Pager)
        if self._part == "text":
            pager.show(self._text())
        elif self._part == "headers":
            pager.show(self._headers(message["headers"]))
        elif self._part == "attachments":
            pager.show(self._files(message["attachments"]))
        elif self._source is None:
            pager.show(line(self.app, ("Loading…", QUIET)))
            by_itself(self, self.console, self._load_source, group="source")
        else:
            pager.show(Text(self._source), wrapped=False)

    def _text(self) -> Text:
        """Return what a reader sees; what was extracted from it is marked where it stands."""
        assert self._whole is not None  # noqa: S101
        seen = self._whole.text
        if not seen["text"]:
            return line(self.app, ("There is no text in it.", QUIET))
        made = Text(harmless(seen["text"]))
        for name, grounds in seen["extracted"]["provenance"].items():
            if grounds is not None and grounds["source"] != "subject" and seen["extracted"][name] is not None:
                made.stylize(
                    style(self.app, STRONG) + style(self.app, MARK), grounds["span"]["start"], grounds["span"]["end"]
                )
        if seen["next_offset"] is not None:
            made += line(
                self.app,
                (f"\n\n… {seen['total_chars'] - seen['next_offset']:,} more characters: s shows the source", QUIET),
            )
        return made

    def _headers(self, headers: list[Document]) -> Text:
        made = Text()
        for one in headers:
            made += line(self.app, (f"{cell(one['name'])}: ", QUIET), cell(one["value"]), "\n")
        made.no_wrap = False
        return made

    def _files(self, files: list[Document]) -> Text:
        if not files:
            return line(self.app, ("Nothing is attached.", QUIET))
        made = Text()
        for one in files:
            size = f"{one['size_bytes']:>12,} B  "
            name = cell(one["filename"])
            made += line(
                self.app,
                (f"{one['index']:>2}  ", "key"),
                (size, QUIET),
                (name, STRONG),
                f"  {cell(one['content_type'])}\n",
            )
        made += line(self.app, (f"\nposternctl message save {self.context['message']} N", QUIET))
        made.no_wrap = False
        return made

    async def _load_source(self) -> None:
        messages, id_ = self.console.desk.client.messages, self.context["message"]
        raw = await aside(lambda: messages.raw(id_))
        shown = harmless(raw[:SOURCE_MAX_BYTES].decode("utf-8", "replace"))
        more = f"\n\n… {len(raw) - SOURCE_MAX_BYTES:,} bytes more" if len(raw) > SOURCE_MAX_BYTES else ""
        self._source = shown + more
        if self._part == "source":
            self._draw_part()

    # ------------------------------------------------------------------------------------------------------- actions

    def _actions(self) -> list[Action]:
        if self._whole is None:
            return []
        return [one for one in MESSAGE_ACTIONS if one.applies(self._whole.message)]

    def on_key(self, event: events.Key) -> None:
        if not isinstance(self.focused, Pager) or self._whole is None:
            return
        part = next((name for key, name in PARTS if key == event.character), None)
        action = next((one for one in self._actions() if one.key == event.character), None)
        if part is not None:
            event.stop()
            self._part = part
            self._draw_part()
        elif action is not None:
            event.stop()
            begin(self.console, action, self._whole.message, self.context)

    def action_copy(self) -> None:
        if self._whole is None:
            return
        extracted = self._whole.message["extracted"]
        self.console.copy(extracted["otp_code"] or extracted["verification_link"] or self.context["message"])

    def action_link(self) -> None:
        """Make a one-time link to the message as it came."""
        if self.console.readonly:
            self.console.warn("This console is read-only, and a link is a change. Leave out --readonly to make one.")
            return
        by_itself(self, self.console, self._link)

    async def _link(self) -> None:
        messages, id_ = self.console.desk.client.messages, self.context["message"]
        answer = await aside(lambda: messages.raw(id_, link=True))
        finish(self.console, ["message", "raw", id_, "--link"], answer)
        self.console.show_link()
