"""What happens, as it happens: two streams read in threads, handed over in batches, kept within bounds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from daemon.errors import PosternError
from postern_ctl.answers import Document, Refused, Unreachable
from postern_ctl.client import Postern
from postern_ctl.streams import Following

AGAIN_AFTER_SECONDS = 5.0
KEPT_MAX = 500
SECONDS_KEPT = 120
MAIL = "message"


class Flow:
    """What came in each of the last seconds, and how many waited then."""

    def __init__(self) -> None:
        self.mail, self.changes, self.waits = (deque([0.0] * SECONDS_KEPT, SECONDS_KEPT) for _ in range(3))
        self._seen: tuple[int, int] | None = None

    def tick(self, stats: Document) -> bool:
        """Count a second; tell whether there is anything to be seen."""
        counted = (stats["messages"], stats["audit_seq"])
        mail, changes = ((now - before) for now, before in zip(counted, self._seen or counted, strict=True))
        self._seen = counted
        for series, value in ((self.mail, mail), (self.changes, changes), (self.waits, stats["waits_active"])):
            series.append(float(max(0, value)))
        return any(map(any, (self.mail, self.changes, self.waits)))


@dataclass(slots=True)
class News:
    """What came since the last time: audit lines, message events, the last snapshot, and how much there was of it."""

    lines: list[Document] = field(default_factory=list)
    events: list[Document] = field(default_factory=list)
    stats: Document | None = None
    events_counted: int = 0

    def __bool__(self) -> bool:
        return bool(self.lines or self.events or self.stats)

    @property
    def topics(self) -> set[str]:
        """Return the subjects that something happened to, as audit lines name them; `message` for mail."""
        actions = (str(line["entry"].get("action", "")).split(":") for line in self.lines)
        found = {action[1] for action in actions if len(action) == 3}
        return found | {MAIL} if self.events else found


class Live:
    """Follows the daemon from `start` to `stop`, whatever becomes of the connection.

    More than `KEPT_MAX` lines or events at once are counted, and the newest kept.
    """

    def __init__(self, client: Postern) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._lines: deque[Document] = deque(maxlen=KEPT_MAX)
        self._events: deque[Document] = deque(maxlen=KEPT_MAX)
        self._stats: Document | None = None
        self._events_counted = 0
        self._over = threading.Event()
        self._streams: dict[str, Following] = {}
        self.refused: str | None = None  # why nothing more will come

    @property
    def connected(self) -> bool:
        """Tell whether both streams stand."""
        streams = tuple(self._streams.values())
        return len(streams) == 2 and all(stream.connected for stream in streams)

    def start(self) -> None:
        """Begin to follow."""
        client = self._client
        for name, opened in (
            ("activity", lambda last: client.activity.stream(last_event_id=last)),
            ("events", lambda last: client.events.stream(last_event_id=last)),
        ):
            work = partial(self._follow, name, opened)
            threading.Thread(target=work, name=f"console-{name}", daemon=True).start()

    def stop(self) -> None:
        """Hang up."""
        self._over.set()
        for stream in tuple(self._streams.values()):
            stream.end()

    def take(self) -> News:
        """Return what came since the last time."""
        with self._lock:
            news = News(list(self._lines), list(self._events), self._stats, self._events_counted)
            self._lines.clear()
            self._events.clear()
            self._stats, self._events_counted = None, 0
        return news

    def _follow(self, name: str, opened: Callable[[str | None], Following]) -> None:
        last: str | None = None
        while not self._over.is_set():
            stream = self._streams[name] = opened(last)
            if self._over.is_set():
                stream.end()
            try:
                for event in stream:
                    last = event.id or last
                    self._put(event.data)
            except Refused as refused:
                if last is None:
                    self.refused = refused.message
                    return
                last = None  # kept no more, or another daemon's: begin anew
            except (Unreachable, PosternError):
                pass
            self._over.wait(AGAIN_AFTER_SECONDS)

    def _put(self, data: Document) -> None:
        with self._lock:
            if "audit" in data:
                self._lines.append(data["audit"])
            elif "stats" in data:
                self._stats = data["stats"]
            elif "message" in data:
                self._events.append(data)
                self._events_counted += 1
