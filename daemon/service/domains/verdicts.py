"""What a look at a domain from outside means for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from daemon.backends.protocols import Delegation
from daemon.clock import DAY_MS, HOUR_MS, MINUTE_MS
from daemon.service.schedule import Schedule
from zones.labels import to_text
from zones.records import TXT, RRset, data_text, type_name

LIVE_EVERY_MS = 6 * HOUR_MS
UNSEEN_AGAIN_MS = 10 * MINUTE_MS
WAITED_FOR = Schedule(first_delay_ms=MINUTE_MS, longest_delay_ms=HOUR_MS, give_up_after_ms=36_500 * DAY_MS)
MODES = ("shared", "delegated", "manual", "purchased")
OURS_TO_ANSWER = ("delegated", "purchased")
STANDING = {"live", "degraded"}
_ANY_WILL_DO = ("v=DMARC1", "v=TLSRPTv1")  # a policy of one's own is as good as the one that we suggest


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. `ok` is None when nobody could say; `records` has, by record, what stands there, and how well."""

    ok: bool | None
    problem: str | None = None
    records: Mapping[str, tuple[str, list[str]]] = field(default_factory=dict)


def moved(mode: str, status: str, ok: bool | None) -> str:
    """Return the status of a domain after a look at it. Only operators move what is bought, until it is live."""
    if ok is None or mode == "shared" or status in ("requested", "registered"):
        return status
    if ok:
        return "live"
    return "degraded" if status in STANDING else status


def next_check_ms(mode: str, status: str, ok: bool | None, since_ms: int, now_ms: int, chance: float) -> int | None:
    """Return when to look next: soon after what just changed, seldom where all is well; `chance` spreads it.

    None: never, for what is ours alone, or not there yet.
    """
    if mode == "shared" or status == "requested":
        return None
    if status == "live" and ok is not False:
        wait = LIVE_EVERY_MS if ok else UNSEEN_AGAIN_MS
        return now_ms + int(wait * (0.75 + chance / 2))
    return WAITED_FOR.next_attempt_ms(since_ms, now_ms, chance, None)


def of_delegation(name: str, found: Delegation, ours: Sequence[str]) -> Finding:
    """Judge to whom a name is delegated. Servers of others beside ours would answer something else."""
    missing = [one for one in ours if one not in found.nameservers]
    foreign = sorted(found.nameservers - set(ours))
    if not found.nameservers:
        return Finding(False, f"{found.parent} does not delegate {name} yet: add the NS records there.")
    if foreign:
        hint = "replace them by" if len(missing) == len(ours) else "remove them, and leave"
        return Finding(False, f"{found.parent} delegates {name} to {', '.join(foreign)}: {hint} {', '.join(ours)}.")
    if missing:
        return Finding(
            True, f"{found.parent} does not name {', '.join(missing)}: add the NS record, for when one is down."
        )
    return Finding(True)


def of_records(wanted: Sequence[RRset], found: Mapping[str, tuple[str, ...]]) -> Finding:
    """Judge the records of a domain by those that it should have; `found` is by `asked`."""
    records: dict[str, tuple[str, list[str]]] = {}
    for one in wanted:
        there = found.get(asked(one), ())
        for data in one.data:
            records[shown(one, data)] = _judged(one, data, there, len(one.data))
    bad = [name for name, (status, _) in records.items() if status != "ok"]
    if not bad:
        return Finding(True, None, records)
    problem = f"{len(bad)} of {len(records)} records are not there as they should be: {_short(bad[0])}"
    return Finding(False, f"{problem}{' and others' if len(bad) > 1 else ''}.", records)


def asked(one: RRset) -> str:
    """Return what is looked up for a record: name and type."""
    return f"{to_text(one.name).removesuffix('.')} {type_name(one.type)}"


def shown(one: RRset, data: bytes) -> str:
    """Return the name under which a record is remembered."""
    return f"{asked(one)} {plain(one, data)}"


def plain(one: RRset, data: bytes) -> str:
    """Return a record's data as people type it: strings joined, names without the final dot."""
    if one.type != TXT:
        return data_text(one.type, data).removesuffix(".")
    text, at = b"", 0
    while at < len(data):
        text += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return text.decode("latin-1")


def _judged(one: RRset, data: bytes, there: Sequence[str], count: int) -> tuple[str, list[str]]:
    if one.type != TXT:
        same = _squeezed(plain(one, data)) in {_squeezed(text.removesuffix(".")) for text in there}
        alone = type_name(one.type) not in ("MX", "CNAME") or len(there) == count
        return ("ok" if same and alone else "different" if there else "missing"), list(there)
    text = plain(one, data)
    kind = text.partition(";")[0].partition(" ")[0]
    alike = [other for other in there if other.startswith(kind)] if "=" in kind else list(there)
    if any(kind.startswith(free) for free in _ANY_WILL_DO) and len(alike) == 1:
        return "ok", alike
    same = [_squeezed(other) for other in alike] == [_squeezed(text)]
    return ("ok" if same else "different" if alike else "missing"), alike


def _squeezed(text: str) -> str:
    return "".join(text.split()) if text.startswith("v=DKIM1") else " ".join(text.split()).lower()


def _short(record: str) -> str:
    return " ".join(record.split(" ")[:2])
