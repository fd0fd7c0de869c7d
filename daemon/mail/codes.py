"""Codes: every number or group of characters in a text, scored by how it is spoken of.

Nothing is found by one pattern. A candidate collects reasons, each with a weight; the answer is the one that stands
clear above `ACCEPTED_SCORE` and above every other. A wrong code costs more than none.
"""

# ruff: noqa: RUF001 - holds words and marks of many languages

from __future__ import annotations

import re
from dataclasses import dataclass

from daemon.mail import shapes
from daemon.mail.disowned import CONTEXT_MAX_CHARS, against, conditional, in_a_statement
from daemon.mail.shapes import Shape
from daemon.mail.source import Range, Reason, Source

ACCEPTED_SCORE = 5.0
SET_APART_SCORE = 6.0
CLEAR_OF_OTHERS = 1.0
CONTEXT_LINES = 3
NEAR_CHARS = 60
CLOSE_CHARS = 20
CANDIDATES_MAX = 60
ALL_THAT_IS_SAID_CHARS = 60

_LABELS = ("code", "word", "number", "other")
_OPENERS = " \t*_\"'([{«»“”„‘’`|>:：「『【・-–—=~·•[]"
# "… for request no. 77/2026: 402918": the number that a label just before a colon already has.
_OWN_NUMBER = re.compile(r"[\s.#\xb0]{0,3}\d[\d/.-]{0,15}[ ]?[:：]\s*$")
# What a number before it counts: "3,000 baht".
_COUNTED = re.compile(r"\d[ ]?$")
# Behind a number, the label of another: "731904 (Ref: KXPQ)".
_BEGINS_ITS_OWN = re.compile(
    r"[ ]?[(\[,;]?[ ]?\w[\w.]{0,24}(?:[ ][\w.]{1,8})?(?:[ ]?[:：#][ ]*[\w-]{2,16}|[ ]\d[\d/-]{2,16})[)\].,;\s]"
)
# "Your passcode for account HB-3304718": the number is the account's.
_OF_AN_ACCOUNT = re.compile(
    r"\b(?:account|konto|compte|cuenta|conta|rekening|policy|customer) (?:no\.? |number |#)?(?:[a-z]{1,4}-)?$"
)
_ELSE = Reason("subject is about something else", -2.0)


@dataclass(frozen=True, slots=True)
class CodeCandidate:
    """A possible code: its `value` as it is to be typed, where it was seen, and everything that was said of it."""

    value: str
    source: str
    start: int
    end: int
    score: float
    reasons: tuple[Reason, ...]


def candidates(source: Source, text: str, *, subject: Source | None, brand: str, in_links: str) -> list[CodeCandidate]:
    """All candidates of a source, best first. `text` is its `plain` form with everything blanked that must not count;
    `brand` is the sender's name and domain; `in_links` all link targets."""
    found: list[CodeCandidate] = []
    shapes_found = shapes.find(text, CANDIDATES_MAX)
    about = _subject_reasons(subject)
    for at, item in enumerate(shapes_found):
        reasons = [Reason(item.kind, item.weight)]
        if source.marked("struck", item.start, item.end):
            continue
        if source.name == "subject":
            reasons.append(Reason("subject", 1.0))
        else:
            reasons += about
        reasons += _spoken_of(source, text, shapes_found, at, about)
        value = shapes.value(item, brand)
        digits = value.replace("-", "")
        if len(digits) >= 4 and digits in in_links:
            reasons.append(Reason("in a link", 1.0))
        score = sum(reason.weight for reason in reasons)
        found.append(CodeCandidate(value, source.name, item.start, item.end, score, tuple(reasons)))
    return sorted(found, key=lambda candidate: -candidate.score)


def _subject_reasons(subject: Source | None) -> list[Reason]:
    if subject is None:
        return []
    meanings = {hit.meaning for hit in subject.hits.all}
    reasons = []
    if "code" in meanings:
        reasons.append(Reason("subject names a code", 1.5))
    elif meanings & {"auth", "word"} and "other" not in meanings:
        reasons.append(Reason("subject is about access", 1.0))
    if "other" in meanings and "code" not in meanings:
        reasons.append(_ELSE)
    if "dead" in meanings and meanings & {"code", "word"}:
        reasons.append(Reason("subject says it is over", -5.0))
    return reasons


def _spoken_of(source: Source, text: str, found: list[Shape], at: int, about: list[Reason]) -> list[Reason]:
    item = found[at]
    following = found[at + 1].start if at + 1 < len(found) else len(text)
    preceding = found[at - 1].end if at else 0
    sentence = source.sentence(item.start)
    line = source.line(item.start)
    alone = not text[line.start : item.start].strip(_OPENERS + "\t ") and not text[item.end : line.end].strip(
        _OPENERS + " .,;!?。)]"
    )
    reasons = against(source, sentence, found, at)
    if _ELSE in about and in_a_statement(source, item):
        reasons.append(Reason("in a statement", -4.0))
    direct = _label_left(source, text, sentence, item, preceding) + _label_right(source, sentence, item, following)
    reasons += direct
    if alone:
        reasons.append(Reason("alone on its line", 2.0))
    elif "\t" in text[line.start : line.end]:
        reasons += _column_above(source, text, line, item)
    elif not direct:
        reasons += _spoken_of_around(source, text, sentence, line, item, following)
    if alone and not any(reason.weight >= 3 for reason in direct):
        reasons += _lines_around(source, text, item, following)
    if source.hits.any(sentence.start, sentence.end, "enter"):
        close = source.hits.any(max(sentence.start, item.start - CLOSE_CHARS), item.start, "enter")
        weight = 2.5 if close else 2.0 if _near(source, sentence, item, "enter") else 1.0
        reasons.append(Reason("sentence asks to enter", weight))
    if source.hits.any(sentence.start, sentence.end, "auth"):
        reasons.append(Reason("sentence is about access", 1.5))
    if source.hits.any(item.end, item.end + 4 * NEAR_CHARS, "life"):
        reasons.append(Reason("its life is told", 1.0 if source.hits.any(item.end, sentence.end, "life") else 0.5))
    if any(
        span.kind == "strong"
        and span.start - 2 <= item.start
        and item.end <= span.end + 2
        and span.end - span.start < 40
        for span in source.spans
    ):
        reasons.append(Reason("set off", 1.0))
    asked_for = alone and about and any(reason.why == "asked to enter above" for reason in reasons)
    if direct and len(text) < ALL_THAT_IS_SAID_CHARS and not text[item.end :].strip(_OPENERS + ".!\n"):
        reasons.append(Reason("all that is said", 1.0))
    if any(reason.why == "called a code" for reason in direct) and _for_something_else(source, sentence, item):
        reasons.append(Reason("for something else", -4.0))
    if item.needs_label and not asked_for and not any(reason.why in _NAMED for reason in reasons):
        reasons.append(Reason("letters without a label", -6.0))
    whys = {reason.why for reason in (*reasons, *about)}
    if source.name != "subject" and whys & _NAMED_BY_WORD and not whys & _ABOUT_ACCESS:
        reasons.append(Reason("nothing about access", -2.0))
    if item.lone and not alone:
        reasons.append(Reason("not alone", -6.0))
    return reasons


_NAMED = frozenset(
    {
        "named a code",
        "called a code",
        "called a number",
        "code named above",
        "a code named above",
        "number named above",
        "said to be the code",
        "code named below",
    }
)


# A mere number may be of any kind; something must say that it opens a door.
_NAMED_BY_WORD = frozenset({"called a number", "number named above"})
_CALLED_ONE = (_NAMED - _NAMED_BY_WORD) | {
    "alone on its line",
    "set off",
    "subject names a code",
    "asked to enter above",
}


def is_any_number(candidate: CodeCandidate) -> bool:
    """Whether little sets a candidate apart from other numbers: neither what it is called nor how it is shown."""
    return candidate.score < SET_APART_SCORE and not any(reason.why in _CALLED_ONE for reason in candidate.reasons)


_ABOUT_ACCESS = frozenset(
    {
        "named a code",
        "code named above",
        "code named below",
        "subject names a code",
        "subject is about access",
        "sentence asks to enter",
        "sentence is about access",
        "access spoken of above",
        "access spoken of before",
        "asked to enter above",
        "its life is told",
    }
)


def _near(source: Source, sentence: Range, item: Shape, meaning: str) -> bool:
    hits = source.hits.within(
        max(sentence.start, item.start - NEAR_CHARS), min(sentence.end, item.end + NEAR_CHARS), [meaning]
    )
    return bool(hits)


def _label_left(source: Source, text: str, sentence: Range, item: Shape, preceding: int) -> list[Reason]:
    before = source.folded[max(sentence.start, item.start - NEAR_CHARS) : item.start]
    if _OF_AN_ACCOUNT.search(before):
        return [Reason("another kind of number", -6.0)]
    hits = source.hits.within(sentence.start, item.start, _LABELS)
    hits = [
        hit for hit in hits if hit.meaning != "other" or not _COUNTED.search(text[max(0, hit.start - 2) : hit.start])
    ]
    if not hits:
        return []
    label = hits[-1]
    between = text[label.end : item.start]
    if label.meaning == "other":
        earlier = [hit for hit in hits if hit.meaning == "code" and item.start - hit.end < NEAR_CHARS]
        if label.end <= preceding <= item.start:  # the label has its own number; see what stands before it
            return [Reason("called a code", 2.0)] if earlier else []
        if _OWN_NUMBER.match(between) and len(hits) > 1 and hits[-2].meaning in ("code", "word"):
            return [Reason("called a code", 3.0)]
        if len(between) > NEAR_CHARS or (earlier and between.count("\n")):
            return []
        if earlier and re.search(r"[:：]|\bis\b", between):
            return [Reason("named a code", 3.5)]
        return [Reason("another kind of number", -6.0)]
    if label.end <= preceding <= item.start and label.meaning == "code":
        return [Reason("another has the label", 1.0)]
    distance = len(between) + 20 * between.count("\n")
    if label.meaning == "code":
        return [Reason("named a code", 5.0)] if distance <= NEAR_CHARS else [Reason("called a code", 3.0)]
    if distance <= 25:
        return [Reason("called a number" if label.meaning == "number" else "called a code", 3.0)]
    return [Reason("code spoken of", 1.5)] if distance <= 2 * NEAR_CHARS else []


def _for_something_else(source: Source, sentence: Range, item: Shape) -> bool:
    """Whether what follows says what for, and it is no proof of anything: "use code … at the checkout"."""
    after = source.hits.within(item.end, min(sentence.end, item.end + CLOSE_CHARS), ("other", "auth"))
    after = [hit for hit in after if not _BEGINS_ITS_OWN.match(source.plain, item.end, hit.end + CLOSE_CHARS)]
    return bool(after) and after[0].meaning == "other"


def _label_right(source: Source, sentence: Range, item: Shape, following: int) -> list[Reason]:
    hits = source.hits.within(item.end, min(sentence.end, item.end + NEAR_CHARS, following), _LABELS)
    if not hits:
        return []
    label = hits[0]
    if label.meaning == "other":
        counts = label.start - item.end <= 2 and not _BEGINS_ITS_OWN.match(source.plain, item.end)
        return [Reason("counts something", -3.0)] if counts else []
    if following < sentence.end and following - label.end < min(CLOSE_CHARS, label.start - item.end):
        return []  # it names the next one
    named = Reason("said to be the code", 4.5 if label.meaning == "code" else 2.5)
    if not source.plain[sentence.start : item.start].strip(_OPENERS + "\n"):
        return [named, Reason("opens the sentence", 1.5)]
    return [named]


def _column_above(source: Source, text: str, line: Range, item: Shape) -> list[Reason]:
    """The heading of a candidate's column, when the row above has as many cells."""
    above = source.lines_before(item.start, 1, CONTEXT_MAX_CHARS)
    heads = text[above.start : line.start].strip("\n").split("\t")
    cells = text[line.start : line.end].split("\t")
    column = text.count("\t", line.start, item.start)
    if len(heads) != len(cells) or cells[column].strip(_OPENERS) != item.text:
        return []
    start = above.start + sum(len(head) + 1 for head in heads[:column])
    labels = source.hits.within(start, start + len(heads[column]), _LABELS)
    if not labels:
        return []
    if labels[-1].meaning == "other":
        return [Reason("another kind of number", -6.0)]
    return [Reason("code named above", 4.5), Reason("alone in its cell", 1.0)]


def _spoken_of_around(
    source: Source, text: str, sentence: Range, line: Range, item: Shape, following: int
) -> list[Reason]:
    """What sentences around say of a candidate that its own sentence does not name."""
    reasons = []
    hits = source.hits
    before = Range(max(0, sentence.start - 3 * NEAR_CHARS), sentence.start)
    labels = hits.within(before.start, before.end, _LABELS)
    if re.search(r"[:：]\s*$", text[line.start : item.start]) and not text[item.end : line.end].strip(_OPENERS + ".,;"):
        reasons.append(Reason("told after a colon", 1.0))
        if labels and labels[-1].meaning != "other":
            reasons.append(Reason("code spoken of before", 1.0))
    elif hits.any(before.start, before.end, "auth"):
        reasons.append(Reason("access spoken of before", 1.0))
    after = hits.within(sentence.end, min(sentence.end + 2 * NEAR_CHARS, following), ("code", "word"))
    if after and hits.any(sentence.start, item.start, "enter"):
        reasons.append(Reason("code named below", 2.0))
    return reasons


_ABOVE = {"code": "code named above", "word": "a code named above", "number": "number named above"}


def _lines_around(source: Source, text: str, item: Shape, following: int) -> list[Reason]:
    before = source.lines_before(item.start, CONTEXT_LINES, CONTEXT_MAX_CHARS)
    reasons: list[Reason] = []
    hits = source.hits.within(before.start, before.end, _LABELS)
    # A label that has a number of its own is no label of ours.
    own = [hit for hit in hits if hit.meaning != "other" or not re.match(r"\D{0,12}\d{3}", text[hit.end : before.end])]
    last_line = text.rfind("\n", before.start, len(text[: before.end].rstrip())) + 1
    if own:
        label = next((hit for hit in reversed(own) if hit.start >= last_line and hit.meaning == "code"), own[-1])
        if label.meaning == "other":
            reasons.append(Reason("another kind of number above", -6.0))
        else:
            weight = 4.5 if label.meaning == "code" else 3.0
            reasons.append(Reason(_ABOVE[label.meaning], weight))
    if source.hits.any(before.start, before.end, "auth"):
        reasons.append(Reason("access spoken of above", 1.0))
    if source.hits.any(before.start, before.end, "enter"):
        reasons.append(Reason("asked to enter above", 1.0))
    if source.hits.any(before.start, before.end, "sample") or (
        source.hits.any(before.start, before.end, "dead") and not conditional(source, before)
    ):
        reasons.append(Reason("an example or over, above", -5.0))
    below = Range(item.end, min(len(text), item.end + 120, following))
    after = source.hits.within(below.start, below.end, ("code", "word", "enter"))
    if after and not any(reason.why == "code named above" for reason in reasons):
        named = any(hit.meaning == "code" for hit in after)
        reasons.append(Reason("code named below", 3.0) if named else Reason("spoken of below", 1.5))
    return reasons
