"""`extract`: the code, the action link and the logins of a message, each with the reasons why."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from daemon.mail import codes, credentials, links, quotes
from daemon.mail.codes import CodeCandidate
from daemon.mail.credentials import Credential, Login
from daemon.mail.disowned import FATAL
from daemon.mail.domains import of_address
from daemon.mail.limits import FULL, Limits, TooMuch
from daemon.mail.links import LinkCandidate
from daemon.mail.model import ParsedMail
from daemon.mail.sender import misleading_name
from daemon.mail.source import Range, Reason, Source, blank, unwrapped
from daemon.mail.text import seen
from daemon.mail.uncollected import uncollected
from daemon.mail.visible import Rendered, render

__all__ = ["CodeCandidate", "Credential", "Extracted", "LinkCandidate", "Reason", "extract"]

FALLBACK_SCORE = 6.5
CANDIDATES_TOLD = 5
VISIBLE_ENOUGH_CHARS = 12
CONDEMNED_SCORE = -4.0

# Speech to a machine: the role that a transcript would give it, or a command where it is named.
_ROLE = re.compile(r"^\W{0,3}(?:system|assistant|bot|ai)[ ]?\Z", re.IGNORECASE | re.MULTILINE)
_MACHINE = re.compile(r"\b(?:ai|llm)[ -]?(?:agents?|assistants?|models?|systems?)[ ]?\Z", re.IGNORECASE)
ROLE_MAX_CHARS = 40
SPEECH_MIN_CHARS = 30
_COMMAND = re.compile(
    r"\b(?:must|should|shall|need to|have to|ignore|disregard|instead|instruct\w*|override|attention|note to"
    r"|use th[ai][ts]|(?:correct|real|actual|right|genuine|true) (?:code|link|one)"
    r"|muss|mussen|sollen|sollten|ignorier\w*|doit|doivent|devez|ignorez|debe|deben|ignor[ae]|deve|devem|devono"
    r"|moet|moeten|negeer|maste|skal|skall|ska|tulee|musi|musza|musia|zignoruj\w*|kell|trebuie|gerekir)\b"
    r"|долж\w+|игнорир\w+|повин\w+|πρέπει|πρεπει|يجب|תעלם|חייב|باید|चाहिए|ต้อง|phai|harus|必须|必須|務必|务必|忽略|無視|해야",
)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a message asks its reader to use; None where it asks for nothing of the kind.

    `code_candidates` and `link_candidates` are the best few that were weighed, the answer first if there is one.
    """

    otp_code: str | None = None
    verification_link: str | None = None
    credentials: tuple[Credential, ...] | None = None
    code_candidates: tuple[CodeCandidate, ...] = ()
    link_candidates: tuple[LinkCandidate, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""

        def reasons(item: dict[str, Any]) -> dict[str, Any]:
            return {**item, "reasons": tuple(Reason(**reason) for reason in item["reasons"])}

        logins = data["credentials"]
        return cls(
            otp_code=data["otp_code"],
            verification_link=data["verification_link"],
            credentials=None if logins is None else tuple(Credential(**login) for login in logins),
            code_candidates=tuple(CodeCandidate(**reasons(item)) for item in data["code_candidates"]),
            link_candidates=tuple(LinkCandidate(**reasons(item)) for item in data["link_candidates"]),
        )


def extract(mail: ParsedMail) -> Extracted:
    """Weigh a message's own visible words. Never raises, and takes bounded time; but see `extract_bounded`."""
    return extract_within(mail, FULL)


@uncollected()
def extract_within(mail: ParsedMail, limits: Limits) -> Extracted:
    """`extract`, but raises `TooMuch` where the HTML part exceeds other limits than the full ones."""
    sender = mail.from_.address if mail.from_ else ""
    own_name = misleading_name((mail.from_.name or "") if mail.from_ else "", sender)
    subject = Source("subject", seen(mail.subject), own_name=own_name)
    brand = f"{(mail.from_.name or '') if mail.from_ else ''} {sender.rpartition('@')[2]}"
    html = render(mail.html, limits) if mail.html else None
    if html is not None and html.problem and limits is not FULL:
        raise TooMuch
    sources: list[Source] = []
    if html is not None and html.text.strip():
        sources.append(Source("html", html.text, html.links, html.spans, own_name=own_name))
    if mail.text and mail.text.strip():
        sources.append(Source("text", unwrapped(seen(mail.text)), own_name=own_name))
    best = Extracted()
    for rank, source in enumerate(sources[:2] or [Source("text", "")]):
        found = _from_source(source, subject, mail.subject, brand, of_address(sender) if sender else None)
        if rank == 0:
            best = found
        else:
            best = _completed(best, found, _shown(html))
    return best


def _shown(html: Rendered | None) -> str:
    return html.text if html is not None else ""


def _completed(best: Extracted, other: Extracted, shown: str) -> Extracted:
    """The answers of the HTML part, with what only the text alternative tells, if it tells it plainly.

    A code or link that the text part alone has is taken only when the HTML part came to nothing at all.
    """
    if best.otp_code or best.verification_link or best.credentials:
        return best
    if best.code_candidates and best.code_candidates[0].score >= 0 and len(shown.strip()) > VISIBLE_ENOUGH_CHARS:
        code = None
    else:
        top = other.code_candidates[0] if other.code_candidates else None
        code = other.otp_code if top is not None and top.score >= FALLBACK_SCORE else None
    top_link = other.link_candidates[0] if other.link_candidates else None
    link = other.verification_link if top_link is not None and top_link.score >= FALLBACK_SCORE else None
    if code is None and link is None and other.credentials is None:
        return best
    return replace(other, otp_code=code, verification_link=link)


def _from_source(source: Source, subject: Source, subject_text: str, brand: str, domain: str | None) -> Extracted:
    forward = quotes.is_forward(subject_text, source.text)
    others = [*quotes.quoted(source.text, source.spans, forward=forward), *_words_to_machines(source)]
    logins = credentials.find(source, blank(source.unlinked, others))
    text = blank(source.plain, [*others, *[Range(login.start, login.end) for login in logins]])
    targets = " ".join(link.href for link in source.links) + " ".join(source.text[r.start : r.end] for r in source.urls)
    found = codes.candidates(source, text, subject=subject, brand=brand, in_links=targets)
    found += codes.candidates(subject, subject.plain, subject=None, brand=brand, in_links=targets)
    ranked = _agree(found)
    answer = _clear_winner(ranked)
    own = blank(source.text, others)
    link_candidates = links.candidates(source, own, subject=subject, sender_domain=domain, most=CANDIDATES_TOLD)
    link = link_candidates[0].href if link_candidates and link_candidates[0].score >= links.ACCEPTED_SCORE else None
    if logins and answer is not None and _is_login_value(answer, logins):
        answer = None
    if link is not None and answer is not None and codes.is_any_number(ranked[0]):
        answer = None  # the link is what opens the door
    return Extracted(
        otp_code=answer,
        verification_link=link,
        credentials=tuple(dict.fromkeys(login.credential for login in logins)) or None,
        code_candidates=tuple(ranked[:CANDIDATES_TOLD]),
        link_candidates=tuple(link_candidates),
    )


def _words_to_machines(source: Source) -> list[Range]:
    """The passages that speak to software: from the sentence that does so to its paragraph's end."""
    spoken = [hit.start for hit in source.hits.within(0, len(source.text), ("agent",))]
    spoken += _roles(source.text)
    for hit in source.hits.within(0, len(source.text), ("machine",)):
        sentence = source.sentence(hit.start)
        if _COMMAND.search(source.folded, sentence.start, source.sentence(sentence.end).end):
            spoken.append(hit.start)
    ranges: list[Range] = []
    for at in sorted(spoken):
        if ranges and at < ranges[-1].end:
            continue
        start = source.sentence(at).start
        line = source.line(at).start
        ranges.append(Range(max(start, line) if line <= at else start, source.paragraph(at).end))
    return ranges


def _roles(text: str) -> list[int]:
    """The colons after a role, as a transcript has it, and after the name of a machine that is spoken to."""
    found = []
    at = text.find(":")
    while at >= 0:
        before = text[max(0, at - ROLE_MAX_CHARS) : at]
        speech = text[at + 1 : at + 1 + SPEECH_MIN_CHARS]
        speaks = len(speech) == SPEECH_MIN_CHARS and "\n" not in speech and _ROLE.search(before)
        if speaks or _MACHINE.search(before):
            found.append(at)
        at = text.find(":", at + 1)
    return found


def _agree(found: list[CodeCandidate]) -> list[CodeCandidate]:
    """One candidate for each value, best first; a second mention of a value supports it."""
    by_value: dict[str, CodeCandidate] = {}
    for candidate in sorted(found, key=lambda item: -item.score):
        key = candidate.value.replace("-", "").upper()
        first = by_value.get(key)
        if first is None:
            by_value[key] = candidate
        elif any(reason.weight <= FATAL for reason in candidate.reasons) or candidate.score < CONDEMNED_SCORE:
            # The same value condemned elsewhere ("the code 123456 was used") is not to be used.
            reason = Reason("condemned elsewhere", -6.0)
            by_value[key] = replace(first, score=first.score + reason.weight, reasons=(*first.reasons, reason))
        elif candidate.score >= 0:
            reason = Reason("said again", 1.0)
            by_value[key] = replace(first, score=first.score + reason.weight, reasons=(*first.reasons, reason))
    return sorted(by_value.values(), key=lambda item: -item.score)


def _clear_winner(ranked: list[CodeCandidate]) -> str | None:
    if not ranked or ranked[0].score < codes.ACCEPTED_SCORE:
        return None
    if len(ranked) > 1 and ranked[0].score - ranked[1].score < codes.CLEAR_OF_OTHERS:
        return None
    return ranked[0].value


def _is_login_value(value: str, logins: list[Login]) -> bool:
    return any(value in (login.credential.username, login.credential.password) for login in logins)
