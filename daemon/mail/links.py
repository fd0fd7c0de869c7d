"""Links: each one scored by its label, its look, its target, what is said before it, and whose domain it is on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter, ne
from urllib.parse import unquote

from daemon.mail.domains import host_of, registrable
from daemon.mail.lexicon import Hits
from daemon.mail.source import URL, Range, Reason, Source

ACCEPTED_SCORE = 5.0
CONTEXT_MAX_CHARS = 240
AFTER_MAX_CHARS = 80
LINKS_MAX = 120
CROWDED_LINKS = 40
LABEL_REFUSES = -7.0
HREF_MAX_CHARS = 4_096
TOKEN_MIN_CHARS = 16
SHORT_TOKEN_MIN_CHARS = 6
JUMBLED_MIN_CHARS = 8
REFUSAL_MAX_CHARS = 100

# What an address says of itself in its path and parameter names, in the languages that addresses use.
_ACT_IN_URL = tuple(
    """verif confirm activat activar activer activacion aktivier bestaetig bestatig validat valider validar reset
    recover restor magic signin sign-in sign_in login log-in log_in signup sign-up sign_up /sso passwor passwd
    mot-de-passe contrasen senha otp one-time onetime invit einlad uitnodig /join accept approv regist optin opt-in
    action bevestig inloggen bekraft bekreft vahvist potwierd logowanie overit potvrd megerosit attiva accedi
    dogrula onay podtver xac-nhan xacnhan xac-minh xacminh xac-thuc unlock claim onboard complete setup enroll
    passkey device conferm verifiz verific verifik iscriz inscri rejestr potvrz potvard potvurd potvyrd aktivac aktivir
    aktivov aktiver aktywac konfirm bekraeft enrol""".split()
)
_REFUSES_IN_URL = tuple(
    """unsub unsuscrib optout opt-out abmeld abbestell desinscri desabonn /baja cancelar disiscri afmeld uitschrijv
    avregistr preferenc report abuse not-me notme wasnt /deny reject decline revoke disavow lock-account logout
    signout""".split()
)
_IDLE_IN_URL = tuple(
    """settings/not privacy datenschutz /terms /legal imprint impressum /help support/ /hc/ article /blog invoice
    billing /order tracking /track survey feedback view-in-browser viewinbrowser view-online webversion /web/
    docs/ /docs download apps.apple play.google appstore app-store facebook. twitter. instagram. linkedin.
    youtube. tiktok. /shop /cart checkout cancel cookie""".split()
)
_STRONG_PARAMETER = re.compile(
    r"[?&#;](?:[\w.-]*(?:token|ticket|code|otp|hash|jwt|nonce|secret|sig|magic|key|oob|state)[\w.-]*"
    r"|k|t|s|c|h|q|upn|id|u|e|data|d)=([^&#]+)",
    re.IGNORECASE,
)
# What a click counter says of itself, not of where it leads.
_REDIRECTS = re.compile(r"/track(?:ing)?/(?:click|cl|c|link|redirect)\b")
_TRAILING = ".,;:!?'\"*_>\u00bb\u201d\u2019\u3002\uff0c\u3001\uff1b\uff1a"
_CLOSERS = {")": "(", "]": "[", "}": "{"}
# A number, or words as people write them: of one case, or with a capital for each.
_WORDS = re.compile(r"\d{0,20}|[a-z]{1,24}|[A-Z]{1,24}|[a-z]{0,24}(?:[A-Z][a-z]{1,23}){1,4}")
_DIGITS = re.compile(r"[0-9]+")
_SPLIT = re.compile(r"[/?&=#:;.,!~|]+")


@dataclass(frozen=True, slots=True)
class LinkCandidate:
    """A possible action link: its target as it stands in the message, and everything that was said of it."""

    href: str
    source: str
    start: int
    end: int
    score: float
    reasons: tuple[Reason, ...]


def candidates(
    source: Source, text: str, *, subject: Source, sender_domain: str | None, most: int
) -> list[LinkCandidate]:
    """The `most` best links of a source, best first; `text` is its text with what must not count blanked."""
    links = _links(source)[:LINKS_MAX]
    subject_acts = subject.link_hits.any(0, len(subject.text), "act")
    crowded = len(links) > CROWDED_LINKS
    weighed: list[tuple[str, Range, list[Reason]]] = []
    carriers: list[int] = []
    previous_end = 0
    for link in links:
        href, _, where, _ = link
        if (
            text is not source.text
            and where.start < len(text)
            and not text[where.start : where.end].strip()
            and source.text[where.start : where.end].strip()
        ):
            previous_end = where.end
            continue  # in a quote or in words to a machine
        if source.marked("struck", where.start, where.end):
            continue
        reasons = _reasons(source, link, previous_end, subject_acts=subject_acts, crowded=crowded)
        if reasons and reasons[-1] is _TOKEN:
            carriers.append(len(weighed))
            if sender_domain == registrable(host_of(href)):
                reasons.append(Reason("on the sender's domain", 0.5))
        weighed.append((href, where, reasons))
        previous_end = where.end
    if len({weighed[at][0] for at in carriers}) == 1:
        for at in carriers:
            weighed[at][2].append(Reason("the only one with a token", 1.0))
    scored = [(sum([reason.weight for reason in item[2]]), item) for item in weighed]
    scored.sort(key=itemgetter(0), reverse=True)
    return [
        LinkCandidate(href, source.name, where.start, where.end, score, tuple(reasons))
        for score, (href, where, reasons) in scored[:most]
    ]


def _links(source: Source) -> list[tuple[str, str, Range, bool]]:
    """(target, label, place, button) of every web link; in plain text a URL is its own target and has no label."""
    found = [
        (link.href, link.label, Range(link.start, link.end), link.button)
        for link in source.links
        if link.href[:8].lower().startswith(("http://", "https://")) and len(link.href) <= HREF_MAX_CHARS
    ]
    linked = [where for _, _, where, _ in found]
    for match in URL.finditer(source.text) if "://" in source.text else ():
        if not any(where.start <= match.start() < where.end for where in linked):
            href = trim_url(match[0])
            found.append((href, "", Range(match.start(), match.start() + len(href)), False))
    return sorted(found, key=lambda item: item[2].start)


def trim_url(url: str) -> str:
    """A URL found in running text without the punctuation and brackets that belong to the sentence."""
    while url:
        last = url[-1]
        if last in _TRAILING or (last in _CLOSERS and url.count(last) > url.count(_CLOSERS[last])):
            url = url[:-1]
        else:
            break
    return url


def _reasons(
    source: Source,
    link: tuple[str, str, Range, bool],
    previous_end: int,
    *,
    subject_acts: bool,
    crowded: bool,
) -> list[Reason]:
    href, label, where, button = link
    reasons = _label_reasons(label, href, source.link_hits, where) if label else []
    if reasons and reasons[0].weight <= LABEL_REFUSES:
        return reasons
    path = _told(href)
    target = _path_reasons(path)
    if label and not button and not reasons and crowded:
        # One of many in a newsletter: only its own words and its target can make it more.
        return target or _ONE_OF_MANY
    reasons += _context_reasons(source, source.link_hits, where, previous_end)
    if button:
        reasons.append(_BUTTON)
    if subject_acts:
        reasons.append(_SUBJECT_ACTS)
    reasons += target
    if not (button and subject_acts) and _SAYS_THAT_IT_ACTS.isdisjoint([reason.why for reason in reasons]):
        reasons.append(_IDLE)
    else:
        reasons.append(_token_reason(href, path))
    return reasons


_BUTTON = Reason("looks like a button", 1.5)
_SUBJECT_ACTS = Reason("subject asks to act", 1.5)
_IDLE = Reason("nothing says that it acts", -6.0)
_TOKEN = Reason("carries a token", 2.0)
_ONE_OF_MANY = [Reason("one of many", -4.0)]
_SAYS_THAT_IT_ACTS = frozenset({"label acts", "words before act", "target acts"})


def _label_reasons(label: str, href: str, hits: Hits, where: Range) -> list[Reason]:
    if "://" in label and URL.match(label):
        # The reader is shown another address: what that says of itself is what the link is given out for.
        acts = not href.startswith(label) and any(reason.weight > 0 for reason in _path_reasons(_told(label)))
        return [Reason("label acts", 2.0)] if acts else []
    if not hits.anything(where.start, where.end):
        return []
    said = {hit.meaning for hit in hits.within(where.start, where.end, _LABEL_MEANINGS)}
    if "refuse" in said:
        return [Reason("label refuses", LABEL_REFUSES)]
    if "idle" in said or "view" in said:
        return [Reason("label does something else", -3.0 if "act" in said else -7.0)]
    return [Reason("label acts", 4.0)] if said else []


_LABEL_MEANINGS = frozenset(("refuse", "act", "idle", "view"))


def _told(href: str) -> str:
    """Path, query and fragment of where a link leads in the end, as far as its own text tells (`?url=https%3A…`)."""
    target = href
    for _ in range(3):
        if "%" not in target or (decoded := unquote(target)) == target:
            break
        target = decoded
    inner = target.find("http", 8)
    told = target[inner:] if inner > 0 else target
    slash = told.find("/", told.find("//") + 2)
    return told[slash:] if slash >= 0 else told


def _path_reasons(path: str) -> list[Reason]:
    return _reasons_of(_DIGITS.sub("0", path.lower()))  # no word has a digit in it, and many links are but numbered


@lru_cache(maxsize=1_000)
def _reasons_of(lowered: str) -> list[Reason]:
    lowered = _REDIRECTS.sub("/", lowered)
    acts = _holds(lowered, _ACT_IN_URL)
    if _holds(lowered, _REFUSES_IN_URL):
        return [Reason("target refuses", -6.0)]
    if _holds(lowered, _IDLE_IN_URL):
        return [Reason("target does something else", 0.0 if acts else -5.0)]
    return [Reason("target acts", 2.0)] if acts else []


def _holds(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - for every link of a mail: a generator takes twice the time
        if word in text:
            return True
    return False


def _token_reason(href: str, path: str) -> Reason:
    segments = [segment for segment in _SPLIT.split(href[8:].partition("/")[2] + "/" + path[1:]) if segment]
    if any(_is_token(segment) for segment in segments):
        return _TOKEN
    parameter = _STRONG_PARAMETER.search(path)
    if parameter and len(parameter[1]) >= SHORT_TOKEN_MIN_CHARS and _is_random(parameter[1]):
        return Reason("carries a short token", 1.0)
    if any(
        len(segment) >= SHORT_TOKEN_MIN_CHARS and (_is_mixed(segment) or _is_jumbled(segment)) for segment in segments
    ):
        return Reason("carries a short token", 1.0 if _is_jumbled(segments[-1]) else 0.5)
    return Reason("carries no token", -6.0)


def _is_token(segment: str) -> bool:
    parts = segment.replace("%", "").replace("_", "-").split("-")
    bare = "".join(parts)
    if len(segment) < TOKEN_MIN_CHARS:
        return False
    random = sum(len(part) for part in parts if not _WORDS.fullmatch(part))
    if random == 0 and len(parts) > 1:
        return False  # words, as a headline makes them
    digits = sum(map(str.isdigit, bare))
    if digits >= 3 and digits < len(bare):
        return True
    return random >= JUMBLED_MIN_CHARS and (digits > 0 or _turns(bare) >= 4)


def _turns(text: str) -> int:
    """How often upper case begins or ends."""
    upper = [char.isupper() for char in text]
    return sum(map(ne, upper, upper[1:]))


def _is_random(value: str) -> bool:
    """Whether a parameter's value is more than a word: some random tokens happen to have no digit."""
    return any(map(str.isdigit, value)) or _turns(value.replace("-", "").replace("_", "")) >= 3


def _is_mixed(segment: str) -> bool:
    return segment.isalnum() and any(map(str.isdigit, segment)) and any(map(str.isalpha, segment))


def _is_jumbled(segment: str) -> bool:
    """Whether letters change case too often for words run together."""
    return segment.isalnum() and _turns(segment) >= 4


def _context_reasons(source: Source, hits: Hits, where: Range, previous_end: int) -> list[Reason]:
    start = max(previous_end, where.start - CONTEXT_MAX_CHARS, 0)
    if not hits.anything(start, where.end + AFTER_MAX_CHARS):
        return []
    before = source.lines_before(where.start, 2, CONTEXT_MAX_CHARS)
    start = max(start, min(before.start, where.start))
    near = source.sentence(max(start, where.start - 1))
    reasons = _refused(source, hits, start, near, where)
    nearest = hits.within(max(start, near.start), where.start, ("act", "idle"))
    if not nearest:
        nearest = hits.within(start, where.start, ("act", "idle"))
    if nearest and nearest[-1].meaning == "idle":
        reasons.append(Reason("words before do something else", -3.0))
    elif nearest:
        reasons.append(Reason("words before act", 1.0 if any(hit.meaning == "idle" for hit in nearest) else 2.0))
    after = hits.within(where.end, min(source.sentence(where.end).end, where.end + AFTER_MAX_CHARS), ("act",))
    if after and not nearest and where.end < len(source.text):
        reasons.append(Reason("words before act", 1.0))
    return reasons


def _refused(source: Source, hits: Hits, start: int, near: Range, where: Range) -> list[Reason]:
    """Whether a link is for those who did not ask: "Was it not you? Reset your password: …".

    Where they may just ignore the mail, the link that follows is for the others.
    """
    floor = max(start, source.line(where.start).start - REFUSAL_MAX_CHARS)
    said, spoken = near, 0
    while spoken < 2 and said.end >= floor:
        first = max(start, said.start)
        if hits.any(first, min(said.end, where.start), "refuse"):
            return [] if hits.any(first, said.end, "ignore") else [Reason("for who did not ask", -9.0)]
        if said.start == 0:
            break
        spoken += bool(source.plain[said.start : said.end].strip())
        said = source.sentence(said.start - 1)
    return []
