"""How far a value is to be believed, and whose it is: told of candidates that were weighed already."""

from __future__ import annotations

import math
from dataclasses import dataclass

from daemon.mail import codes, links
from daemon.mail.codes import CodeCandidate
from daemon.mail.domains import host_of, of_address, registrable
from daemon.mail.extract import Extracted
from daemon.mail.links import LinkCandidate

SCORE_SCALE = 1.5
CONFIDENCE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Grounds:
    """What stands behind one value. `start` and `end` are offsets in the visible text of `source`."""

    confidence: float
    source: str
    start: int
    end: int
    link_domain: str | None = None


def grounds_of_code(found: Extracted) -> Grounds | None:
    """Return what stands behind the code; None when there is none."""
    best = next((one for one in found.code_candidates if one.value == found.otp_code), None)
    if best is None:
        return None
    others = [one.score for one in found.code_candidates if one is not best]
    confidence = _confidence(best, codes.ACCEPTED_SCORE, others)
    return Grounds(confidence, best.source, best.start, best.end)


def grounds_of_link(found: Extracted) -> Grounds | None:
    """Return what stands behind the link; None when there is none."""
    best = next((one for one in found.link_candidates if one.href == found.verification_link), None)
    if best is None:
        return None
    others = [one.score for one in found.link_candidates if one.href != best.href]
    confidence = _confidence(best, links.ACCEPTED_SCORE, others)
    return Grounds(confidence, best.source, best.start, best.end, host_of(best.href) or None)


def is_aligned(domain: str | None, sender: str) -> bool:
    """Tell whether a host has the registrable domain of a sender's address (public suffix list; RFC 7489, 3.1)."""
    own = of_address(sender)
    return domain is not None and own is not None and registrable(domain) == own


def _confidence(best: CodeCandidate | LinkCandidate, accepted: float, others: list[float]) -> float:
    """Map a score to 0…1: 0.5 where it is just accepted, nearer 1 the further it is above that and above all others."""
    margin = best.score - max(others, default=-math.inf)
    strength = min(best.score - accepted, margin)
    return round(1 / (1 + math.exp(-max(strength, 0.0) / SCORE_SCALE)), CONFIDENCE_DIGITS)
