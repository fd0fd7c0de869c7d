"""What a text itself says against a code in it: an example, used, over, quoted, for a call or a purchase."""

# ruff: noqa: RUF001 - holds words and marks of many languages

from __future__ import annotations

import re

from daemon.mail import shapes
from daemon.mail.shapes import Shape
from daemon.mail.source import Range, Reason, Source

FATAL = -9.0
CONTEXT_MAX_CHARS = 260
STATEMENT_MIN_LINES = 2
QUOTATION_MAX_CHARS = 160

_CONDITION = re.compile(
    r"\b(?:if|once|when|after|unless|until|before|wenn|falls|sobald|nachdem|si|cuando|quando|se|caso|als|wanneer|om"
    r"|när|hvis|nar|dersom|jos|jesli|gdy"
    r"|jezeli|pokud|kdyz|ha|amennyiben|daca|ако|αν|eger|если|когда|якщо|neu|jika|bila|apabila|once)\b|إذا|اذا|אם|اگر"
    r"|यदि|अगर|หาก|ถ้า|如果|若|もし|場合|경우"
)
# Verbs in two parts, with what happened between them: "the code … was, on 9 June at 10:02, used".
_USED = re.compile(
    r"\b(?:was|were|been)\b(?:(?!\bbe\b)[^!?\n]){0,90}?\b(?:used|redeemed|entered)\b"
    r"|\bwurden?\b[^!?\n]{0,90}?\b(?:verwendet|benutzt|genutzt|eingegeben|eingelost)\b"
    r"|\b(?:werd|is op)\b[^!?\n]{0,90}?\b(?:gebruikt|ingevoerd)\b"
)
# What the reader is told to have done with a code.
_DONE_WITH = re.compile(
    r"\byou (?:have |just |recently )?(?:added|approved|authori[sz]ed|changed|confirmed|logged in|signed in|paid|made"
    r"|removed|updated|transferred)\b[^!?\n]{0,160}\b(?:using|with)\b[^!?\n]{0,30}$"
)
# What is dialled into, and then has a passcode of its own.
_CALL = re.compile(
    r"\b(?:meeting|webinar|conference|konferenz|besprechung|reunion|reuniao|riunione|vergadering|mote|spotkani\w*)\b"
    r"|会議|会议|會議|회의|ミーティング"
)
# Speech that is told of, for the sentence goes on behind it: "why “your code is 123456” always has six digits".
_QUOTATION = re.compile(r"[“„«「『\"]([^“”„«»「」『』\"\n]{8,160})[”“»」』\"]([^.!?。！？\n]*)")
_GOES_ON_MIN_LETTERS = 8
# Whom a code is passed on to, and what it is paid with: letters and digits are then no proof of anything.
_FRIENDS = re.compile(
    r"\bfriends?\b|\bfreund(?:e|en|in|innen)?\b|\bami(?:e|s|es)?\b|\bamig[oa]s?\b|\bamic[oi]\b|\bvriend\w*|\bvanner\b"
    r"|\bvenner\b|\bkaver\w*|\bystav\w*|\bznajom\w*|\bpratel\w*|\bpriatel\w*|\bbarat\w*|\bprieten\w*|\barkadas\w*"
    r"|\bприятел\w*|\bдруз\w+|\bдругу\b|\bφιλ(?:ο|ους|οι|η)\b|صديق|اصدقا|חבר|दोस्त|เพื่อน|\bban be\b|\bteman\b"
    r"|友達|友人|친구|好友|朋友"
)
_PURCHASE = re.compile(
    r"\bbasket\b|\bcart\b|\bcheckout\b|\bpanier\b|\bsoldes\b|\bwarenkorb\b|\bkasse\b|\bcarrito\b|\bcarrinho\b|\bcarrello\b"
    r"|\bwinkel(?:wagen|mand)\w*|\bvarukorg\w*|\bkassan\b|\bhandlekurv\w*|\bkurven\b|\bostoskori\w*|\bkoszyk\w*|\bkosi[kc]\w*"
    r"|\bkosar\w*|\bcosul?\b|\bколичка\w*|\bкорзин\w*|\bкошик\w*|\bκαλαθι\b|\bsepet\w*|سلة|העגלה|बास्केट|ตะกร้า"
    r"|\bgio hang\b|\bkeranjang\b|カート|장바구니|购物车|購物車"
)


def against(source: Source, sentence: Range, found: list[Shape], at: int) -> list[Reason]:
    """What the text says against candidate `at` of `found`, which stands in `sentence`."""
    item, hits = found[at], source.hits
    reasons = []
    if hits.any(sentence.start, sentence.end, "sample"):
        reasons.append(Reason("an example or a warning", FATAL))
    over = [hit.start for hit in hits.within(sentence.start, sentence.end, ["dead"])]
    if conditional(source, sentence):
        over = []
    over += [match.start() for match in _USED.finditer(source.folded, sentence.start, sentence.end)]
    if any(_meant(said, sentence, found, at) for said in over):
        reasons.append(Reason("said to be over", FATAL))
    if _DONE_WITH.search(source.folded[sentence.start : item.start]):
        reasons.append(Reason("said to have been used", FATAL))
    if _quoted(source, item):
        reasons.append(Reason("quoted in a sentence", FATAL))
    above = max(source.lines_before(item.start, 2, CONTEXT_MAX_CHARS).start, item.start - 2 * CONTEXT_MAX_CHARS)
    if _CALL.search(source.folded, above, item.start):
        reasons.append(Reason("for a call", -6.0))
    after = source.sentence(min(sentence.end, len(source.text)))
    for _ in range(2):
        if after.start >= sentence.end and source.plain[after.start : after.end].strip():
            break
        after = source.sentence(min(after.end, len(source.text)))
    if (
        sentence.end <= after.start < item.end + CONTEXT_MAX_CHARS
        and hits.any(after.start, after.end, "dead")
        and not conditional(source, after)
        and hits.any(after.start, after.end, "code", "word")
        and not shapes.find(source.plain[after.start : after.end], 1)
    ):
        reasons.append(Reason("then said to be over", -5.0))
    if item.needs_label and (
        _FRIENDS.search(source.folded, above, item.start)
        or _PURCHASE.search(source.folded, above, min(after.end, item.end + CONTEXT_MAX_CHARS))
    ):
        reasons.append(Reason("for friends or a purchase", -6.0))
    return reasons


def _quoted(source: Source, item: Shape) -> bool:
    line = source.line(item.start)
    start, end = max(line.start, item.start - QUOTATION_MAX_CHARS), min(line.end, item.end + 2 * QUOTATION_MAX_CHARS)
    for match in _QUOTATION.finditer(source.plain, start, end):
        if match.start(1) <= item.start and item.end <= match.end(1):
            goes_on = sum(map(str.isalpha, match[2])) >= _GOES_ON_MIN_LETTERS
            return goes_on and source.hits.any(match.start(1), match.end(1), "code", "word")
    return False


def in_a_statement(source: Source, item: Shape) -> bool:
    """Whether a candidate's line is one of several that each give another kind of number, as a receipt has them."""
    paragraph, own = source.paragraph(item.start), source.line(item.start)
    told, start = 0, paragraph.start
    while start < paragraph.end and told < STATEMENT_MIN_LINES:
        line = source.line(start)
        has_digit = any(map(str.isdigit, source.plain[line.start : line.end]))
        told += line != own and has_digit and source.hits.any(line.start, line.end, "other")
        start = line.end + 1
    return told >= STATEMENT_MIN_LINES


def _meant(said: int, sentence: Range, found: list[Shape], at: int) -> bool:
    """Whether words at `said` are about candidate `at`: the one just before them in the sentence, else the first."""
    here = [other for other in range(len(found)) if sentence.start <= found[other].start < sentence.end]
    before = [other for other in here if found[other].end <= said]
    return (before[-1] if before else here[0]) == at


def conditional(source: Source, sentence: Range) -> bool:
    """Whether a sentence tells what holds only if something happens."""
    return _CONDITION.search(source.folded[sentence.start : sentence.end]) is not None
