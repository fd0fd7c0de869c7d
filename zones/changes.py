"""What differs between two states of a zone: for incremental transfer (RFC 1995) and for the audit line."""

from __future__ import annotations

from typing import NamedTuple

from zones.records import SOA, RRset
from zones.zone import Zone


class Change(NamedTuple):
    """Records that went and records that came; the SOA is in neither."""

    removed: tuple[RRset, ...]
    added: tuple[RRset, ...]

    def __str__(self) -> str:
        """Return a line for each record: `-` those that went, `+` those that came."""
        return "\n".join(
            f"{sign} {line}"
            for sign, rrsets in (("-", self.removed), ("+", self.added))
            for one in rrsets
            for line in str(one).splitlines()
        )

    def __bool__(self) -> bool:
        return bool(self.removed or self.added)


def difference(old: Zone, new: Zone) -> Change:
    """Return what has to be taken away from `old` and added to it to make it `new`."""
    return Change(_missing(old, new), _missing(new, old))


def _missing(here: Zone, there: Zone) -> tuple[RRset, ...]:
    """Return the records of `here` that are not, with the same TTL, in `there`."""
    missing = []
    for one in here:
        if one.type == SOA:
            continue
        other = there.nodes.get(one.name, {}).get(one.type)
        if other is None or other.ttl != one.ttl:
            missing.append(one)
        elif data := tuple(data for data in one.data if data not in other.data):
            missing.append(one._replace(data=data))
    return tuple(missing)
