"""Following events: whatever a server sends is read or refused, and what ends is taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import Code, PosternError
from postern_ctl import streams
from postern_ctl.answers import Refused, Unreachable
from postern_ctl.client import Postern
from postern_ctl.streams import Reader, StreamEvent
from tests.cli.conftest import World
from tests.cli.support import data, deliver
from tests.edges.support import background
from tests.support import RunningDaemon


def read(text: str) -> tuple[list[StreamEvent], str | None]:
    reader = Reader()
    return list(reader.read(text.encode().splitlines(keepends=True))), reader.last_event_id


def test_events_comments_and_ids_are_told_apart() -> None:
    text = ': alive\nid: 1\n\nevent: a\ndata: {"x":\ndata: 1}\nid: 2\n\n:\n\ndata:{}\n\nevent: cut\ndata: {}\nid: 3\n'
    assert read(text) == ([StreamEvent("2", "a", {"x": 1}), StreamEvent("2", "message", {})], "2")


def test_the_end_moves_nothing() -> None:
    assert read('id: 1\n\nevent: end\ndata: {"reason": "stopping"}\n\n') == (
        [StreamEvent("1", "end", {"reason": "stopping"})],
        "1",
    )


@given(st.text('abdeintv: {}"\n\r\0', max_size=200))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    with suppress(PosternError):
        read(text)


@given(st.lists(st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=3), max_size=5))
def test_what_is_written_is_read(sent: list[dict[str, str]]) -> None:
    text = "".join(f"event: e\ndata: {json.dumps(item)}\nid: {n}\n\n" for n, item in enumerate(sent))
    assert [event.data for event in read(text)[0]] == sent


def test_a_stream_that_ends_is_taken_up_after_the_last_event(
    daemon: RunningDaemon, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "pause", lambda over, seconds: None)
    client = Postern(daemon.http, world.agent_key)
    deliver(daemon, world.address, "zero", "x")
    began = background(lambda: next(client.events.stream()))
    number = 0
    while not began.done():  # a stream without an id begins when it is there
        deliver(daemon, world.address, f"early {number}", "x")
        number += 1
    first = began.result()
    subjects = []
    for subject in ("one", "two", "three"):
        deliver(daemon, world.address, subject, "x")
    for event in client.events.stream(last_event_id=first.id):
        subjects.append(event.data["message"]["subject"])
        if event.data["message"]["subject"] == "three":
            break
    assert subjects[-3:] == ["one", "two", "three"]


def test_interruptions_are_bridged_and_refusals_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(streams, "pause", lambda over, seconds: pauses.append(seconds))

    class Flaky:
        """A transport whose streams break."""

        def __init__(self) -> None:
            self.asked: list[object] = []

        def lines(self, path: str, *, query: dict[str, object], **more: object) -> object:
            self.asked.append(query.get("last_event_id"))

            @contextmanager
            def opened() -> Iterator[Iterator[bytes]]:
                turn = len(self.asked)
                if turn in (2, 3):
                    raise Unreachable("there", "gone")
                if turn == 5:
                    raise Refused(Code.INVALID_API_KEY, "no more")
                yield iter([b"data: {}\n", f"id: {turn}\n".encode(), b"\n"])

            return opened()

    flaky = Flaky()
    told = streams.Following(flaky, "/v1/events", {}, None)  # type: ignore[arg-type]  # a stand-in
    assert [next(told).id, next(told).id] == ["1", "4"]
    with pytest.raises(Refused):
        next(told)
    assert flaky.asked == [None, "1", "1", "1", "4"]
    assert pauses == [0.5, 1.0, 2.0, 0.5]


def test_who_is_not_there_at_first_is_not_waited_for() -> None:
    with pytest.raises(Unreachable):
        next(Postern("http://127.0.0.1:1", "pk_agent_x").events.stream())


def test_a_stream_is_ended_from_another_thread_while_nothing_happens(daemon: RunningDaemon) -> None:
    stream = Postern(socket_path=daemon.ready["socket"]).activity.stream()
    assert next(stream).event == "stats"
    rest = background(lambda: list(stream))
    stream.end()
    assert all(event.event == "audit" for event in rest.result(30))


def test_posternctl_events_tells_people_and_programs(daemon: RunningDaemon, world: World) -> None:
    deliver(daemon, world.address, "before", "x")
    client = Postern(daemon.http, world.agent_key)
    began = background(lambda: next(client.events.stream()))
    while not began.done():
        deliver(daemon, world.address, "now", "x")
    after = began.result().id
    deliver(daemon, world.address, "Hello\x1b[31m", "x")
    done = daemon.ctl("events", "--after", after, "--limit", "1", "--json", key=world.agent_key)
    event = data(done)
    assert event.keys() == {"id", "event", "inbox", "message"}
    plain = daemon.ctl("events", "--after", after, "--limit", "1", key=world.agent_key).stdout
    assert world.address in plain
    assert "\x1b" not in plain
    assert daemon.ctl("events", "--after", "x", check=False).returncode == 2
