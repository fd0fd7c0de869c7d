"""What happens, as it happens: two streams read in threads, handed over in batches, kept within bounds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon.errors import PosternError
from postern_ctl.answers import Document, Refused, Unreachable
from postern_ctl.client import Postern
from postern_ctl.streams import Following

AGAIN_AFTER_SECONDS = 5.0
KEPT_MAX = 500
SECONDS_KEPT = 120
FRESH_SECONDS = 1.7  # while something changes, a snapshot comes every second
MAIL, WAIT = "message", "wait"


class Flow:
    """How much came in each of the last seconds, and how many waited then: worked out from one snapshot to the next."""

    def __init__(self) -> None:
        self.mail, self.changes, self.waits = (deque([0.0] * SECONDS_KEPT, SECONDS_KEPT) for _ in range(3))
        self._seen: tuple[int, int] | None = None
        self._seen_at = 0.0
        self._rates = (0.0, 0.0)
        self._waits = 0.0

    def saw(self, stats: Document, now: float) -> None:
        """Take note of a snapshot. One that comes after silence tells of the last second: that is when it was made."""
        counted, before = (stats["messages"], stats["audit_seq"]), self._seen
        seconds = min(max(now - self._seen_at, 0.5), FRESH_SECONDS)
        if before is not None:
            mail, changes = (max(0, new - old) / seconds for new, old in zip(counted, before, strict=True))
            self._rates = (mail, changes)
        self._seen, self._seen_at, self._waits = counted, now, float(stats["waits_active"])

    def tick(self, now: float) -> bool:
        """Count a second; tell whether there is anything to be seen."""
        mail, changes = self._rates if now - self._seen_at <= FRESH_SECONDS else (0.0, 0.0)
        for series, value in ((self.mail, mail), (self.changes, changes), (self.waits, self._waits)):
            series.append(value)
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
        """Return the subjects that something happened to, as audit lines name them; `message` for mail, and `wait`
        with every snapshot, since one is made when somebody begins or ends to wait.
        """
        actions = (str(line["entry"].get("action", "")).split(":") for line in self.lines)
        found = {action[1] for action in actions if len(action) == 3}
        found |= {MAIL} if self.events else set()
        return found | {WAIT} if self.stats is not None else found


class Feed:
    """One stream, read in a thread until `end`, whatever becomes of the connection: `came` gets what each event says.

    `opened` opens it after the event of an id. `refused` is told why nothing more will come.
    """

    def __init__(
        self,
        opened: Callable[[str | None], Following],
        came: Callable[[Document], object],
        refused: Callable[[str], object] = lambda why: None,
    ) -> None:
        self._opened, self._came, self._refused = opened, came, refused
        self._over = threading.Event()
        self._stream: Following | None = None
        self._connections = 0  # of the streams before this one
        threading.Thread(target=self._read, name="console-feed", daemon=True).start()

    @property
    def connected(self) -> bool:
        """Tell whether it stands."""
        stream = self._stream
        return stream is not None and stream.connected

    @property
    def connections(self) -> int:
        """Return how often it has stood: more than before, and something may have been missed."""
        stream = self._stream
        return self._connections + (0 if stream is None else stream.connections)

    def end(self) -> None:
        """Hang up."""
        self._over.set()
        stream = self._stream  # the thread may put it away meanwhile
        if stream is not None:
            stream.end()

    def _read(self) -> None:
        last: str | None = None
        while not self._over.is_set():
            stream = self._stream = self._opened(last)
            if self._over.is_set():
                stream.end()
            try:
                for event in stream:
                    last = event.id or last
                    self._came(event.data)
            except Refused as refused:
                if last is None:
                    self._refused(refused.message)
                    return
                last = None  # kept no more, or another daemon's: begin anew
            except (Unreachable, PosternError):
                pass
            self._connections, self._stream = self.connections, None
            self._over.wait(AGAIN_AFTER_SECONDS)


class Live:
    """Follows the daemon from `start` to `stop`: changes, and mail.

    More than `KEPT_MAX` lines or events at once are counted, and the newest kept.
    """

    def __init__(self, client: Postern) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._lines: deque[Document] = deque(maxlen=KEPT_MAX)
        self._events: deque[Document] = deque(maxlen=KEPT_MAX)
        self._stats: Document | None = None
        self._events_counted = 0
        self._feeds: tuple[Feed, ...] = ()
        self.refused: str | None = None  # why nothing more will come

    @property
    def connected(self) -> bool:
        """Tell whether both streams stand."""
        return bool(self._feeds) and all(feed.connected for feed in self._feeds)

    @property
    def connections(self) -> int:
        """Return how often the streams have stood."""
        return sum(feed.connections for feed in self._feeds)

    def start(self) -> None:
        """Begin to follow."""
        client = self._client
        self._feeds = (
            Feed(lambda last: client.activity.stream(last_event_id=last), self._put, self._refuse),
            Feed(lambda last: client.events.stream(last_event_id=last), self._put, self._refuse),
        )

    def stop(self) -> None:
        """Hang up."""
        for feed in self._feeds:
            feed.end()

    def take(self) -> News:
        """Return what came since the last time."""
        with self._lock:
            news = News(list(self._lines), list(self._events), self._stats, self._events_counted)
            self._lines.clear()
            self._events.clear()
            self._stats, self._events_counted = None, 0
        return news

    def _refuse(self, why: str) -> None:
        self.refused = why

    def _put(self, data: Document) -> None:
        with self._lock:
            if "audit" in data:
                self._lines.append(data["audit"])
            elif "stats" in data:
                self._stats = data["stats"]
            elif "message" in data:
                self._events.append(data)
                self._events_counted += 1
