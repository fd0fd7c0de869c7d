"""What was answered: a count for each question type and outcome, kept in one flat list so that counting is one step."""

from __future__ import annotations

from daemon.dns.message import RCODE_NAMES
from zones.records import type_name

_TYPES = (1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 43, 48, 52, 64, 65, 99, 251, 252, 255, 257)
_OTHER = "other"
_TYPE_NAMES = (*map(type_name, _TYPES), _OTHER)
_RCODE_NAMES = (*RCODE_NAMES.values(), _OTHER)
_TYPE_ROWS = {rrtype: row for row, rrtype in enumerate(_TYPES)}
_RCODE_COLUMNS = {rcode: column for column, rcode in enumerate(RCODE_NAMES)}


class Counters:
    """Counts of one transport."""

    def __init__(self) -> None:
        self.counts = [0] * (len(_TYPE_NAMES) * len(_RCODE_NAMES))
        self.dropped = 0
        """Not answered: no question, or an answer to somebody else."""
        self.limited = 0
        """Not answered because of the rate."""
        self.slipped = 0
        """Answered with "ask by TCP" because of the rate."""
        self.faults = 0
        """Not answered because of an error of ours."""

    @staticmethod
    def slot(rrtype: int, rcode: int) -> int:
        """Return where in `counts` answers like this are counted."""
        row = _TYPE_ROWS.get(rrtype, len(_TYPES))
        return row * len(_RCODE_NAMES) + _RCODE_COLUMNS.get(rcode, len(RCODE_NAMES))

    def snapshot(self) -> dict[str, object]:
        """Return all that is not zero: answers by `TYPE/RCODE`, and what was not answered."""
        width = len(_RCODE_NAMES)
        answers = {
            f"{_TYPE_NAMES[slot // width]}/{_RCODE_NAMES[slot % width]}": count
            for slot, count in enumerate(self.counts)
            if count
        }
        others = {name: getattr(self, name) for name in ("dropped", "limited", "slipped", "faults")}
        return {"answers": answers, **others}
