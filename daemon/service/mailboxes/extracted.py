"""What was extracted from a mail, and what stands behind it, in the form in which it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from daemon.api.messages import Authentication, Credentials, Evidence, Extracted, Provenance, Span
from daemon.clock import SECOND_MS
from daemon.mail.extract import Extracted as Extraction
from daemon.mail.provenance import Grounds, grounds_of_code, grounds_of_link, is_aligned
from daemon.store.messages import MessageRow
from daemon.store.rows import unpack


@dataclass(frozen=True, slots=True)
class Quality:
    """What a caller asks of a value before it is told."""

    min_confidence: float | None = None
    require_aligned: bool = False

    @property
    def is_asked(self) -> bool:
        return self.min_confidence is not None or self.require_aligned


def shown_extraction(found: Extraction, message: MessageRow, sender: str, now_ms: int) -> Extracted:
    """Return everything that was found, with its provenance. `sender` is the address of From."""
    authentication = Authentication.model_validate(unpack(message.authentication))
    age_seconds = max(now_ms - message.received_ms, 0) / SECOND_MS
    envelope_domain = message.envelope_from.rpartition("@")[2] or None
    # Anybody may write any envelope: it vouches for From only where SPF confirmed it (RFC 7489, 3.1.2).
    # Where From's own domain says no, that holds: it may ask to be matched more strictly than by its owner.
    by_envelope = authentication.spf == "pass" and is_aligned(envelope_domain, sender)
    vouched = authentication.dmarc == "pass" or (by_envelope and authentication.dmarc != "fail")

    def evidence(grounds: Grounds | None, *, aligned: bool) -> Evidence | None:
        if grounds is None:
            return None
        return Evidence(
            confidence=grounds.confidence,
            source=cast('Literal["html", "text", "subject"]', grounds.source),
            span=Span(start=grounds.start, end=grounds.end),
            age_seconds=age_seconds,
            authentication=authentication,
            aligned=aligned,
            link_domain=grounds.link_domain,
        )

    code, link = grounds_of_code(found), grounds_of_link(found)
    credentials = [Credentials(username=one.username, password=one.password) for one in found.credentials or ()]
    return Extracted(
        otp_code=found.otp_code,
        verification_link=found.verification_link,
        credentials=credentials or None,
        provenance=Provenance(
            otp_code=evidence(code, aligned=vouched),
            verification_link=evidence(link, aligned=link is not None and is_aligned(link.link_domain, sender)),
        ),
    )


def good_enough(shown: Extracted, quality: Quality) -> tuple[Extracted | None, list[str]]:
    """Withhold the values that are not of the quality asked for; None, and why, when neither code nor link is left."""
    if not quality.is_asked:
        return shown, []
    reasons: list[str] = []
    code = _kept(shown.otp_code, shown.provenance.otp_code, quality, reasons)
    link = _kept(shown.verification_link, shown.provenance.verification_link, quality, reasons)
    if code is None and link is None:
        return None, sorted(set(reasons)) or ["confidence"]
    kept = Provenance(
        otp_code=shown.provenance.otp_code if code else None,
        verification_link=shown.provenance.verification_link if link else None,
    )
    return shown.model_copy(update={"otp_code": code, "verification_link": link, "provenance": kept}), []


def _kept(value: str | None, evidence: Evidence | None, quality: Quality, reasons: list[str]) -> str | None:
    if value is None or evidence is None:
        return None
    if quality.min_confidence is not None and evidence.confidence < quality.min_confidence:
        reasons.append("confidence")
        return None
    if quality.require_aligned and not evidence.aligned:
        reasons.append("aligned")
        return None
    return value
