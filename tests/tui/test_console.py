"""The console itself: getting about, never waiting for the network, staying within bounds, and what it may not do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.style import Style
from textual.widgets import Static

from postern_ctl.answers import Document, Page
from postern_ctl.client import Postern
from postern_ctl.tui import listing
from postern_ctl.tui.dashboard import age, size, sparkline
from postern_ctl.tui.desk import PAGE_ROWS
from postern_ctl.tui.listing import _take
from postern_ctl.tui.live import KEPT_MAX, Flow, News
from postern_ctl.tui.nouns import TABS, VIEWS
from postern_ctl.tui.table import Table
from tests.conftest import Start
from tests.edges.support import World, audit_head
from tests.support import RunningDaemon, mail
from tests.tui.conftest import Sit
from tests.tui.seat import LARGE, PATIENCE_SECONDS, SMALL, Seat, seated


async def test_each_view_is_one_key_away(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    async with sit() as seat:
        await seat.sees("● ready", "Outbox", "mail/s")
        for number, (name, _) in enumerate(TABS, 2):
            await seat.press(str(number))
            await seat.sees(VIEWS[name].title)
            await seat.until(lambda name=name: seat.app.page.tab == name)  # type: ignore[union-attr, misc]
        await seat.press("1")
        await seat.sees("● ready")


async def test_commands_are_completed_and_refused(sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("colon")
        await seat.type("ten")
        await seat.sees("tenants")
        await seat.press("tab", "enter")
        await seat.sees("DOMAIN", "SENDING")
        await seat.go("aud")
        await seat.sees("OUTCOME")
        await seat.go("nonsense")
        await seat.sees("There is no view 'nonsense'")
        await seat.go("theme postern-light")
        assert seat.app.theme == "postern-light"
        await seat.press("colon", "escape")
        assert seat.app.page is seat.app.screen
        await seat.go("q")
        await seat.until(lambda: not seat.app.is_running)


async def test_the_palette_and_the_help_lead_on(sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("ctrl+p")
        await seat.sees("Enrollment keys", ":agents")
        await seat.type("enrollment")
        await seat.sees("Enrollment keys")
        await seat.press("enter")
        await seat.sees("LABEL", "SCOPES")
        await seat.press("question_mark")
        await seat.sees("Help", "Here", "mint", "Everywhere")
        await seat.press("escape")
        await seat.press("question_mark", "end")
        await seat.sees("posternctl key list")


async def test_back_is_where_one_came_from_and_q_leaves(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("SENDING")
        await seat.press("enter")
        await seat.sees("▸  Mailboxes")
        await seat.press("escape")
        await seat.sees("SENDING")
        await seat.press("escape")
        assert seat.app.is_running
        await seat.press("Y")
        assert seat.copied == "posternctl tenant list"
        await seat.press("q")
        await seat.until(lambda: not seat.app.is_running)


async def test_the_filter_narrows_while_one_types(daemon: RunningDaemon, sit: Sit) -> None:
    for name in ("Apricot", "Quince"):
        daemon.tenant(name)
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("Apricot", "Quince")
        await seat.press("slash")
        await seat.type("quin")
        await seat.sees("1 of ", "/quin", "Quince")
        assert "Apricot" not in seat.text
        await seat.press("enter")
        await seat.sees("1 of ")
        await seat.press("escape")
        await seat.sees("Apricot")
        await seat.press("slash")
        await seat.type("nowhere")
        await seat.sees("Nothing here contains nowhere")
        await seat.press("escape")
        await seat.sees("Apricot")


async def test_a_long_list_is_fetched_as_one_goes_down(daemon: RunningDaemon, sit: Sit) -> None:
    for number in range(130):
        daemon.tenant(f"Long {number:03}")
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("100+", "Long 129")
        await seat.press("G")
        await seat.until(lambda: "100+" not in seat.text)
        await seat.press("slash")
        await seat.type("long 000")
        await seat.sees("1 of ")


async def test_the_cursor_stays_on_its_row(daemon: RunningDaemon, sit: Sit) -> None:
    daemon.tenant("Below")
    chosen = daemon.tenant("Chosen")
    daemon.tenant("Above")
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("Chosen")
        await seat.press("j")
        table = seat.app.page.table  # type: ignore[union-attr]  # a listing
        assert table.row["id"] == chosen
        daemon.tenant("Newest")
        await seat.sees("Newest")
        assert table.row["id"] == chosen
        await seat.press("y")
        assert seat.copied == chosen


async def test_home_is_live(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    async with sit(LARGE) as seat:
        await seat.sees("● live", "CHANGES")
        daemon.deliver(world.address, mail(world.address, subject="Straight to the top"))
        await seat.sees("Straight to the top", "received")
        tenant = daemon.tenant("Told at once")
        await seat.sees(f"line {audit_head(daemon)}")
        assert seat.app.lines[-1]["entry"]["target"] == tenant
        await seat.press("enter")
        await seat.sees("Straight to the top", "From", "DMARC")


async def test_home_is_narrowed_by_words(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    async with sit() as seat:
        await seat.sees("● ready", "backup:create")
        for subject in ("Needle", "Haystack"):
            daemon.deliver(world.address, mail(world.address, subject=subject))
            await seat.sees(subject)
        await seat.press("slash")
        await seat.type("needle")
        await seat.sees_no("Haystack")
        assert "Needle" in seat.text
        assert "backup:create" not in seat.text
        await seat.press("enter", "escape")
        await seat.sees("Haystack", "backup:create")


async def test_words_are_found_in_a_long_message(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    text = "\n".join(f"line {number}" for number in range(300)) + "\nThe marmalade.\n"
    daemon.deliver(world.address, mail(world.address, subject="Long", text=text))
    async with sit() as seat:
        await seat.press("5", "enter")
        await seat.sees("Long")
        await seat.press("enter")
        await seat.sees("line 1", "/ find")
        assert "marmalade" not in seat.text
        await seat.press("slash")
        await seat.type("MARMALADE")
        await seat.sees("The marmalade.")
        await seat.press("escape")
        await seat.sees("line 1")


async def test_keys_that_need_a_second_line_get_it(daemon: RunningDaemon, sit: Sit) -> None:
    daemon.tenant("Crowded")
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("⏎ mailboxes", "n new", "d delete", "? help")
        await seat.press("t")
        await seat.sees("Crowded  ▸  Audit", "socket:tenant:create")
        await seat.press("Y")
        assert seat.copied == "posternctl audit tail --follow --tenant Crowded"


async def test_what_has_not_changed_is_not_drawn_again(
    daemon: RunningDaemon, sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.tenant("Steady")
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("Steady")
        await seat.pilot.pause()
        drawn: list[str] = []
        for kind in (Table, Static):
            monkeypatch.setattr(kind, "refresh", lambda self, *_, **__: drawn.append(self.id or type(self).__name__))
        await seat.press("r")
        await seat.until(lambda: not any(worker.is_running for worker in seat.app.workers))
        assert drawn == []
        monkeypatch.undo()
        daemon.tenant("Another")
        await seat.sees("Another")


async def test_read_only_changes_nothing(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    before = audit_head(daemon)
    async with sit(readonly=True) as seat:
        await seat.press("2")
        await seat.sees("read-only", "SENDING")
        assert "suspend" not in seat.text
        for key in ("n", "s", "d", "l"):
            await seat.press(key)
            assert seat.app.page is seat.app.screen
        await seat.sees("This console is read-only")
        seat.app.visit("message", {"message": world.message, "called": "a mail"}, "inboxes")
        await seat.sees("DMARC")
        await seat.press("o", "u", "d")
        await seat.press("7", "v")
        await seat.sees("Check the chain")
    assert audit_head(daemon) == before


async def test_what_goes_wrong_is_told_and_nothing_is_lost(daemon: RunningDaemon, sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("3", "m")
        await seat.sees("Mint an enrollment key")
        seat.app.screen.query_one("#field-tenant").value = "nobody at all"  # type: ignore[attr-defined]  # an Input
        seat.app.screen.query_one("#field-label").focus()
        await seat.type("kept")
        await seat.press("ctrl+s")
        await seat.sees("There is no tenant 'nobody at all'", "kept")
        await seat.press("escape")
        seat.app.visit("messages", {"inbox": "no@such.mailbox", "called": "no@such.mailbox"}, "inboxes")
        await seat.sees("tries again")


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def test_no_screen_waits_for_the_network() -> None:
    with silent() as url:
        async with seated(Postern(url, "pk_operator_x_y")) as seat:
            for number, (name, _) in enumerate(TABS, 2):
                await seat.press(str(number))
                await seat.until(lambda name=name: seat.app.page.tab == name)  # type: ignore[union-attr, misc]
            await seat.press("2")
            await seat.sees("Loading…", "○")
            await seat.press("question_mark")
            await seat.sees("Everywhere")


async def test_a_daemon_that_goes_away_comes_back(start: Start) -> None:
    running = start()
    async with seated(Postern(socket_path=running.ready["socket"]), LARGE) as seat:
        await seat.press("2")
        await seat.sees("● live", "There is no tenant yet")
        running.stop()
        await seat.sees("○ offline")
        await seat.press("r")
        await seat.sees("Nothing answers at")
        running.start()
        running.tenant("Back again")
        await seat.sees("● live", "Back again")


async def test_a_connection_that_was_lost_for_a_moment_only_is_made_up_for(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start()
    async with seated(Postern(socket_path=running.ready["socket"]), LARGE) as seat:
        await seat.press("2")
        await seat.sees("● live", "There is no tenant yet")
        monkeypatch.setattr(seat.app.live, "take", News)  # what the streams have to tell is lost
        running.stop()
        running.start()
        running.tenant("Missed")
        await seat.sees("● live", "Missed")


async def test_what_happens_while_more_is_fetched_is_shown(
    daemon: RunningDaemon, sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(PAGE_ROWS + 1):
        daemon.tenant(f"Row {number}")
    fetching, go_on = threading.Event(), threading.Event()

    def slowly(rest: Iterator[Page], wanted: int) -> tuple[list[Document], bool]:
        if wanted == 1:  # the page after the first
            fetching.set()
            go_on.wait(PATIENCE_SECONDS)
        return _take(rest, wanted)

    monkeypatch.setattr(listing, "_take", slowly)
    async with sit(LARGE) as seat:
        await seat.press("2")
        await seat.sees("Row 100")
        await seat.press("G")
        await seat.until(fetching.is_set)
        daemon.tenant("Meanwhile")
        await seat.until(lambda: seat.app.screen._stale)  # type: ignore[attr-defined]
        go_on.set()
        await seat.press("g")
        await seat.sees("Meanwhile")


async def test_ten_thousand_events_are_counted_and_forgotten(sit: Sit) -> None:
    async with sit() as seat:
        app = seat.app
        message = {"id": "", "thread_id": "t", "from": "a@foreign.test", "received_at": "2026-01-01T00:00:00.000Z"}
        entry = {"action": "rest:message:send", "actor": {}, "time": "2026-01-01T00:00:00.000Z", "outcome": "ok"}
        for number in range(10_000):
            about = {**message, "id": f"msg_{number}", "subject": f"Event {number}"}
            app.live._put({"event": "message.received", "inbox": "a@acme.test", "message": about})
            app.live._put({"event": "audit", "audit": {"seq": number, "hash": "", "entry": entry}})
            if number % 100 == 0:
                await seat.pilot.pause()
        await seat.sees("Event 9999")
        assert len(app.mail) <= KEPT_MAX
        assert len(app.lines) <= KEPT_MAX
        assert not app.live.take().events
        assert all(len(table.rows) <= KEPT_MAX for table in app.screen.query("Table"))  # type: ignore[attr-defined]


async def test_without_colour_there_is_none(daemon: RunningDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    client = Postern(socket_path=daemon.ready["socket"])
    daemon.tenant("Grey")
    async with seated(client, colour=False) as seat:
        await seat.press("2")
        await seat.sees("Grey")
        styles = {segment.style for line in drawn(seat) for segment in line if segment.style}
        assert not [style for style in styles if coloured(style)]
        assert any(style.reverse for style in styles), "the cursor is told by something else than colour"


def drawn(seat: Seat):  # type: ignore[no-untyped-def]
    """The lines as they go to the terminal."""
    return [
        strip.apply_filter(one, seat.app.screen.background_colors[1])
        for strip in seat.app.screen._compositor.render_strips()
        for one in seat.app._filters[-1:]
    ]


def coloured(style: Style) -> bool:
    return any(one is not None and not one.is_default for one in (style.color, style.bgcolor))


async def test_it_follows_the_size_of_the_terminal(daemon: RunningDaemon, sit: Sit) -> None:
    daemon.tenant("Sized")
    async with sit(SMALL) as seat:
        await seat.press("2")
        await seat.sees("Sized")
        assert "POSTERN" not in seat.text
        await seat.pilot.resize_terminal(*LARGE)
        await seat.sees("POSTERN", "cus_")
        await seat.pilot.resize_terminal(40, 10)
        await seat.sees("Sized")


def test_rates_are_of_the_last_second() -> None:
    flow = Flow()
    stats = {"messages": 100, "audit_seq": 10, "waits_active": 3}
    flow.saw(stats, 50.0)
    assert flow.tick(50.5)
    assert (flow.mail[-1], flow.changes[-1], flow.waits[-1]) == (0, 0, 3)
    flow.saw({**stats, "messages": 120, "audit_seq": 12}, 51.0)
    flow.tick(51.5)
    assert (flow.mail[-1], flow.changes[-1]) == (20, 2)
    flow.tick(60.0)
    assert (flow.mail[-1], flow.changes[-1], flow.waits[-1]) == (0, 0, 3)


def test_figures_are_short() -> None:
    assert [age(0), age(59), age(61), age(90_061), age(90_061, 1)] == ["0 s", "59 s", "1 min 1 s", "1 d 1 h", "1 d"]
    assert [size(900), size(1_500), size(123_456_789)] == ["900 B", "1.5 kB", "123 MB"]
    assert sparkline([0, 0], 4) == "▁▁"
    assert sparkline([9, 0, 1, 2], 3) == "▁▅█"
