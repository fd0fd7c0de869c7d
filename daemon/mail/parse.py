"""`parse`: raw bytes to a `ParsedMail`, whatever the bytes are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from daemon.mail import headers as field
from daemon.mail.automatic import says_automatic
from daemon.mail.charsets import decode, decode_html
from daemon.mail.guard import is_ordinary
from daemon.mail.limits import FULL, INLINE, Limits, TooMuch
from daemon.mail.model import Address, Attachment, ParsedMail
from daemon.mail.structure import Part, Tree, split_entity
from daemon.mail.text import is_unseen, one_line, seen
from daemon.mail.uncollected import uncollected
from daemon.mail.visible import render

__all__ = [
    "Address",
    "Attachment",
    "ParsedMail",
    "cheap",
    "clean_filename",
    "open_attachment",
    "parse",
    "parse_within",
    "unusual",
]

SNIPPET_MAX_CHARS = 160
VISIBLE_MAX_CHARS = 200_000
FILENAME_MAX_CHARS = 120
CHEAP_HEADER_BYTES = 16 * 1024
CHEAP_HEADERS = 100
CHEAP_ADDRESSES = 50

_BODY_TYPES = ("text/plain", "text/html")
_UNSAFE_IN_NAME = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


@uncollected()
def parse(raw: bytes) -> ParsedMail:
    """Read a message (RFC 5322, RFC 2045 to 2047). Never raises; past a limit it reads in part and says so.

    For a stranger's bytes on an event loop use `daemon.mail.bounded.parse_bounded`: the work here is bounded, but by
    seconds, not milliseconds.
    """
    try:
        return _parse(raw, FULL, strict=False)
    except Exception as error:  # noqa: BLE001 - a stranger's bytes must not stop the receiver; the raw mail is kept
        return cheap(raw, f"could not be read: {type(error).__name__}")


@uncollected()
def parse_within(raw: bytes, limits: Limits) -> ParsedMail:
    """`parse`, but raises `TooMuch` where `limits` are exceeded or the cost cannot be told."""
    try:
        return _parse(raw, limits, strict=True)
    except TooMuch:
        raise
    except Exception as error:  # noqa: BLE001 - as in `parse`
        return cheap(raw, f"could not be read: {type(error).__name__}")


def cheap(raw: bytes, problem: str) -> ParsedMail:
    """The fields of the first `CHEAP_HEADER_BYTES`, for a message that is not read further."""
    block = split_entity(raw[:CHEAP_HEADER_BYTES])[0]
    return _headers_only(block, replace(INLINE, headers=CHEAP_HEADERS, addresses=CHEAP_ADDRESSES), [problem])


def unusual(raw: bytes, limits: Limits = INLINE) -> str | None:
    """Why a message should be read in a worker process, judged by its bytes alone; or None."""
    if len(raw) > limits.raw_bytes:
        return "large"
    header = split_entity(raw)[0]
    if len(header) > limits.header_bytes or header.count(b"\n") > 2 * limits.headers:
        return "long header"
    if header.count(b"@") > limits.addresses or header.count(b"=?") > limits.encoded_words:
        return "many addresses or encoded words"
    if raw.count(b"ultipart/") + raw.count(b"ULTIPART/") > limits.depth:
        return "deep"
    return None


def _headers_only(block: bytes, limits: Limits, problems: list[str]) -> ParsedMail:
    if len(block) > limits.header_bytes:
        block = block[: limits.header_bytes]
        problems.append(f"header longer than {limits.header_bytes} bytes")
    fields, whole = field.split_header(block, limits.headers)
    if not whole:
        problems.append(f"more than {limits.headers} header fields")
    if block.count(b"=?") > limits.encoded_words:
        problems.append(f"more than {limits.encoded_words} encoded words")
        fields = _without_surplus_words(fields, limits.encoded_words)
    first: dict[str, bytes] = {}
    for name, value in fields:
        first.setdefault(name.lower(), value)
    lists: dict[str, tuple[Address, ...]] = {}
    for name in ("from", "sender", "to", "cc", "reply-to"):
        lists[name], whole = field.addresses(first.get(name, b""), limits.addresses)
        if not whole:
            problems.append(f"more than {limits.addresses} addresses in {name}")
    decoded = tuple((name, field.decode_value(value)) for name, value in fields)
    identifiers = {
        name: field.identifiers(first.get(name, b"")) for name in ("message-id", "in-reply-to", "references")
    }
    return ParsedMail(
        message_id=next(iter(identifiers["message-id"]), None),
        in_reply_to=next(iter(identifiers["in-reply-to"]), None),
        references=identifiers["references"],
        from_=next(iter(lists["from"] or lists["sender"]), None),
        to=lists["to"],
        cc=lists["cc"],
        reply_to=lists["reply-to"],
        subject=field.decode_value(first.get("subject", b"")),
        date=field.date(first["date"]) if "date" in first else None,
        headers=decoded,
        auto_submitted=says_automatic({name.lower(): value.lower() for name, value in reversed(decoded)}),
        problem="; ".join(problems) or None,
    )


def _without_surplus_words(fields: list[tuple[str, bytes]], limit: int) -> list[tuple[str, bytes]]:
    kept: list[tuple[str, bytes]] = []
    for name, value in fields:
        limit -= value.count(b"=?")
        kept.append((name, value if limit >= 0 else value.replace(b"=?", b"= ?")))
    return kept


def _parse(raw: bytes, limits: Limits, *, strict: bool) -> ParsedMail:
    problems: list[str] = []
    if len(raw) > limits.raw_bytes:
        problems.append(f"larger than {limits.raw_bytes} bytes")
        raw = raw[: limits.raw_bytes]
    mail = _headers_only(split_entity(raw)[0], limits, problems)
    tree = Tree(limits)
    texts: list[str] = []
    htmls: list[str] = []
    enclosed: list[Part] = []
    attachments: list[Attachment] = []
    for part, is_body in _sorted(tree.leaves(raw)):
        if part.level and is_body:
            enclosed.append(part)
        elif is_body:
            (htmls if part.content_type == "text/html" else texts).append(_body_text(part))
        elif not part.level:
            attachments.append(_attachment(part, len(attachments)))
    if tree.problem:
        problems.append(tree.problem)
    if enclosed and not any(body.strip() for body in (*texts, *htmls)):
        # A bare forward: the enclosed message is all that a reader is shown.
        for part in enclosed:
            (htmls if part.content_type == "text/html" else texts).append(_body_text(part))
    text = _cut("\n".join(texts), limits.body_chars, "text", problems) if texts else None
    html = _cut("\n".join(htmls), limits.html_chars, "html", problems) if htmls else None
    visible = ""
    if strict and (problems or (html is not None and not is_ordinary(html, limits))):
        raise TooMuch
    if html is not None:
        rendered = render(html, limits)
        visible = rendered.text
        if rendered.problem:
            problems.append(rendered.problem)
            if strict:
                raise TooMuch
    if not visible.strip() and text is not None:
        visible = seen(text)
    visible = visible[:VISIBLE_MAX_CHARS]
    return replace(
        mail,
        text=text,
        html=html,
        visible=visible,
        snippet=one_line(" ".join(visible[: 20 * SNIPPET_MAX_CHARS].split()))[:SNIPPET_MAX_CHARS],
        attachments=tuple(attachments),
        problem="; ".join(dict.fromkeys(problems)) or None,
    )


def _sorted(parts: Iterator[Part]) -> Iterator[tuple[Part, bool]]:
    """Each leaf with whether it is body: text without a filename that is not set aside as an attachment."""
    for part in parts:
        is_body = (
            (part.content_type in _BODY_TYPES or (part.outermost and part.content_type.startswith("text/")))
            and part.disposition != "attachment"
            and not (part.filename and part.container in {"mixed", "related"})
        )
        yield part, is_body


def _body_text(part: Part) -> str:
    content = part.content()
    charset = part.params.get("charset")
    if part.content_type == "text/html":
        return decode_html(content, charset).replace("\x00", "")
    text = decode(content, charset).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if part.params.get("format", "").lower() == "flowed":
        text = unflow(text, delsp=part.params.get("delsp", "").lower() == "yes")
    return text


def unflow(text: str, *, delsp: bool) -> str:
    """format=flowed undone (RFC 3676 section 4): soft-broken lines of one quote depth are joined."""
    lines: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")  # space-stuffing, section 4.4
        soft = bare.endswith(" ") and bare != "-- "  # section 4.3: the signature line is never flowed
        content = bare[:-1] if soft and delsp else bare
        if open_depth == depth and bare != "-- ":
            lines[-1] += content
        else:
            lines.append((">" * depth + " " if depth else "") + content)
        open_depth = depth if soft else None
    return "\n".join(lines)


def _cut(text: str, limit: int, what: str, problems: list[str]) -> str:
    if len(text) > limit:
        problems.append(f"{what} longer than {limit} characters")
    return text[:limit]


def _attachment(part: Part, index: int) -> Attachment:
    return Attachment(
        index=index,
        filename=clean_filename(part.filename) or f"part-{index + 1}",
        content_type=part.content_type,
        size_bytes=len(part.content()),
        content_id=part.content_id,
        inline=part.disposition == "inline" or (part.disposition != "attachment" and part.container == "related"),
    )


def clean_filename(name: str) -> str:
    """A name that is safe in a directory: its last path component, no controls, bidi marks or leading dots."""
    name = "".join(char for char in one_line(name) if not is_unseen(char))
    name = _UNSAFE_IN_NAME.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    if len(name) > FILENAME_MAX_CHARS:
        stem, dot, suffix = name.rpartition(".")
        keep = dot + suffix if dot and len(suffix) <= 10 else ""
        name = (stem or name)[: FILENAME_MAX_CHARS - len(keep)] + keep
    return name


def open_attachment(raw: bytes, index: int, limits: Limits = FULL, *, strict: bool = False) -> tuple[Attachment, bytes]:
    """Attachment `index` of a message and its decoded bytes. Raises IndexError when the message has no such attachment.

    When `strict` it raises `TooMuch` where `limits` are exceeded: the count might be another within wider ones.
    """
    tree = Tree(limits)
    leaves = [part for part, is_body in _sorted(tree.leaves(raw[: limits.raw_bytes])) if not is_body and not part.level]
    if strict and tree.problem:
        raise TooMuch
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    return _attachment(leaves[index], index), leaves[index].content()
