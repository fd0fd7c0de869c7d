"""The newest message's own words: what it quotes and what it tells to machines is taken out.

A forward is the exception: there the enclosed message is what it is about.
"""

# ruff: noqa: RUF001 - holds words and marks of many languages

from __future__ import annotations

import re
from collections.abc import Iterator

from daemon.mail.layout import Span
from daemon.mail.source import Range, blank
from daemon.mail.text import fold

ATTRIBUTION_MAX_CHARS = 300
OWN_WORDS_MIN_CHARS = 20
MARK_MAX_CHARS = 100

# Subject prefixes of forwards: en de fr es pt it nl sv no da fi pl cs hu ro tr ru el he ar ja ko zh.
_FORWARD_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{0,40}\]\s*)?(?:fwd?|wg|wtr|tr|rv|enc|i|doorst|vs|vb|vl|pd|tovabb|fs|redirection|ilt|pre|пересл"
    r"|пер|"
    r"προ|הועבר|إعادة توجيه|转发|轉寄|轉發|転送|전달|fw)\s*[:：]",
    re.IGNORECASE,
)
_FORWARD_MARK = re.compile(
    r"^[ >]*-{2,}\s*(?:forwarded|weitergeleitete|message transféré|mensaje reenviado|mensagem encaminhada"
    r"|messaggio inoltrato"
    r"|doorgestuurd|vidarebefordrat|videresendt|välitetty|przekazan|přeposlan|továbbított|mesaj redirec|iletilen|"
    r"пересыл|переслан|προωθ|הודעה שהועברה|رسالة معاد|转发|轉寄|転送|전달)[^\n]{0,60}$"
    r"|^[ >]*(?:begin forwarded message|anfang der weitergeleiteten|début du message (?:réexpédié|transféré)"
    r"|inicio del mensaje reenviado|início da mensagem|inizio messaggio inoltrato|begin doorgestuurd"
    r"|vidarebefordrat brev"
    r"|start på videresendt|начало переадресованного|początek treści przekazanej)[^\n]{0,40}:?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
# "On …, somebody wrote:" at the end of a line or two; languages as above.
_WROTE = re.compile(
    r"(?:wrote|writes|schrieb|a écrit|écrit|escribió|escreveu|ha scritto|scritto|schreef|skrev|kirjoitti"
    r"|napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?"
    r"|napísal|írta|a scris|написал(?:\(а\)|а)?|пише|написав|пишет|έγραψε|şunları yazdı|yazdı|כתב(?:/ה)?|كتب|نوشت"
    r"|ने लिखा|เขียนว่า|đã viết|menulis"
    r"|写道|寫道|のメッセージ|書きました|님이 작성|작성)\s*[:：]\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_ORIGINAL = re.compile(
    r"^\s*(?:[-_=]{3,}\s*(?:original message|original appointment|ursprüngliche nachricht|originalnachricht"
    r"|message d'origine|message original"
    r"|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig meddelelse"
    r"|ursprungligt meddelande"
    r"|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|původní zpráva|eredeti üzenet|mesaj original"
    r"|исходное сообщение"
    r"|оригінальне повідомлення|αρχικό μήνυμα|orijinal mesaj|הודעה מקורית|الرسالة الأصلية"
    r"|原始邮件|原始郵件|元のメッセージ|원본 메시지"
    r"|reply above|reply message)[^\n]{0,40}|_{20,})\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_BLOCK = re.compile(
    r"^[ \t*]*(?:from|von|de|da|van|från|fra|lähettäjä|od|feladó|от|від|kimden|de la|από|מאת|من|发件人|寄件者|差出人"
    r"|보낸 사람)[ \t*]*[:：][^\n]{1,200}\n"
    r"(?:[ \t*]*[^\n:：]{2,25}[ \t*]*[:：][^\n]{0,200}\n){2,}",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_LINE = re.compile(r"[*]?[^\s:：][^:：\n]{0,20}[:：]")
_QUOTED_LINE = re.compile(r"^[ \t]{0,3}>[^\n]*$", re.MULTILINE)
_QUOTE_PREFIX = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+", re.MULTILINE)


def is_forward(subject: str, text: str) -> bool:
    """Whether a message hands on another one."""
    if _FORWARD_SUBJECT.match(fold(subject)) or _FORWARD_SUBJECT.match(subject):
        return True
    for line in text.split("\n"):  # most are over after a look at both ends
        may_mark = line and (line[0] in " >-_=" or line.rstrip()[-1:] in (":", "："))
        if may_mark and _may_mark(line) and _FORWARD_MARK.match(line):
            return True
    return False


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _may_mark(line: str) -> bool:
    bare = line.lstrip(" >")
    return bare[:1] in ("-", "_", "=") or (len(bare) < MARK_MAX_CHARS and bare.rstrip()[-1:] in (":", "："))


def quoted(text: str, spans: tuple[Span, ...], *, forward: bool) -> list[Range]:
    """What `text` quotes; in a forward only the quote marks."""
    if forward:
        return [Range(*match.span()) for match in _QUOTE_PREFIX.finditer(text)]
    lines = [Range(*match.span()) for match in _QUOTED_LINE.finditer(text)] if ">" in text else []
    tail = _tail(text)
    ranges = [*lines, *(Range(span.start, span.end) for span in spans if span.kind == "quote")]
    if tail is not None:
        return [*ranges, Range(tail, len(text))]
    if ranges and not lines:
        own = blank(text, ranges)
        if len(own.split()) < 3 and len(own.strip()) < OWN_WORDS_MIN_CHARS:
            return []  # a template that sets everything in a quote block quotes nobody
    return ranges


def _tail(text: str) -> int | None:
    """Where the history below the newest message begins: an attribution, a separator or a block of header fields."""
    for start, line in _lines(text):
        bare = line.strip()
        if not bare or (bare[0] not in "-_=" and ":" not in bare and "：" not in bare):
            continue
        if bare[-1] in ":：" and _WROTE.search(bare):
            paragraph = text.rfind("\n\n", max(0, start - ATTRIBUTION_MAX_CHARS), start)
            return paragraph + 2 if paragraph >= 0 else start
        if bare[0] in "-_=" and _ORIGINAL.match(bare):
            return start
        if _HEADER_LINE.match(bare) and _HEADER_BLOCK.match(text, start):
            return start
    return None
