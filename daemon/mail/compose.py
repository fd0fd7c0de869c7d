"""`compose`: from values to the bytes of a message (RFC 5322, RFC 2045 to 2049). Pure.

What a caller gives has been checked before it gets here (`check_text`, `check_field`, `daemon.mail.address`), and
`daemon.mail.encode` checks again what it writes, so no value becomes a line of its own. `self_test` shows it at start.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from email.utils import formatdate

from daemon.mail.address import BadAddress, Mailbox, mailbox, unsafe
from daemon.mail.encode import (
    CRLF,
    Unwritable,
    address_field,
    base64_lines,
    body,
    field_line,
    folded,
    mime_field,
    parameter,
    text_field,
)
from daemon.mail.headers import decode_encoded_words

SUBJECT_MAX_CHARS = 900
FILENAME_MAX_CHARS = 200
FIELDS_MAX = 30
FIELD_VALUE_MAX_CHARS = 900
REFERENCES_MAX = 20
IDENTIFIER_MAX_CHARS = 250
# Fields whose value is free text, and those whose value has a grammar of its own and is never encoded.
TEXT_FIELDS = frozenset({"comments", "keywords", "organization"})
GRAMMAR_FIELDS = frozenset(
    "auto-submitted importance list-archive list-help list-id list-owner list-post list-subscribe list-unsubscribe"
    " list-unsubscribe-post precedence priority sensitivity x-auto-response-suppress x-priority".split()
)
_EXTENSION = re.compile(r"x-[a-z0-9][a-z0-9-]{0,72}\Z")
_KEPT_FOR_US = ("x-postern-",)
_MEDIA_TYPE = re.compile(
    r"(?!multipart/|message/)[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}"
    r"(?:; ?[a-z0-9-]{1,40}=[A-Za-z0-9!#$&^_.+-]{1,60}){0,5}\Z"
)
_CONTENT_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~.@-]{1,200}\Z")
_IDENTIFIER = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+>\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An attachment. With a `content_id` and `inline` it is shown within the HTML that names it (`cid:`)."""

    filename: str
    content_type: str
    content: bytes
    content_id: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be written. Bcc is not in it: nobody else is to see that.

    `message_id`, `in_reply_to` and `references` have their angle brackets; `fields` are the caller's own headers.
    """

    sender: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    text: str | None = None
    html: str | None = None
    files: tuple[File, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    message_id: str = ""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    date_ms: int = 0


def compose(draft: Draft, token: str) -> bytes:
    """Return the message, CRLF throughout and no line over 998 octets.

    `token` makes the boundaries and must not be guessable. Raises `Unwritable` for what was not checked.
    """
    lines = [
        field_line("Date", formatdate(draft.date_ms / 1000, localtime=False).replace("-0000", "+0000")),
        address_field("From", (draft.sender,)),
    ]
    for name, mailboxes in (("Reply-To", draft.reply_to), ("To", draft.to), ("Cc", draft.cc)):
        if mailboxes:
            lines.append(address_field(name, mailboxes))
    if not draft.to and not draft.cc:
        lines.append(field_line("To", "undisclosed-recipients:;"))  # RFC 5322 section 3.4: an empty group
    lines.append(text_field("Subject", draft.subject))
    lines.append(field_line("Message-ID", draft.message_id))
    if draft.in_reply_to:
        lines.append(field_line("In-Reply-To", draft.in_reply_to))
    if draft.references:
        lines.append(field_line("References", folded(list(draft.references), len("References: "))))
    for name, value in draft.fields:
        lines.append(field_line(name, value) if _has_grammar(name) else text_field(name, value))
    lines.append(field_line("MIME-Version", "1.0"))
    return "".join(lines).encode("ascii") + _content(draft, token)


def with_fields(raw: bytes, fields: tuple[tuple[str, str], ...]) -> bytes:
    """Return a composed message with more fields of the kind that has a grammar, before its own."""
    return "".join(field_line(name, value) for name, value in fields).encode("ascii") + raw


def _content(draft: Draft, token: str) -> bytes:
    """Return the header fields of the content, an empty line and the content (RFC 2046 section 5.1)."""
    shown = [file for file in draft.files if file.inline and file.content_id and draft.html is not None]
    enclosed = [file for file in draft.files if file not in shown]
    parts = []
    if draft.text is not None:
        parts.append(_text_part("plain", draft.text))
    if draft.html is not None:
        html = _text_part("html", draft.html)
        parts.append(_multipart("related", [html, *map(_file_part, shown)], f"{token}r") if shown else html)
    whole = parts[0] if len(parts) == 1 else _multipart("alternative", parts, f"{token}a")
    return _multipart("mixed", [whole, *map(_file_part, enclosed)], f"{token}m") if enclosed else whole


def _multipart(subtype: str, parts: list[bytes], token: str) -> bytes:
    boundary = f"=_{token}"
    more = [parameter("type", "text/html")] if subtype == "related" else []
    head = mime_field("Content-Type", f"multipart/{subtype}", *more, parameter("boundary", boundary))
    delimiter = f"--{boundary}".encode("ascii")
    return b"\r\n".join([head.encode("ascii"), *(delimiter + b"\r\n" + part for part in parts), delimiter + b"--", b""])


def _text_part(subtype: str, content: str) -> bytes:
    encoding, octets = body(content)
    head = mime_field("Content-Type", f"text/{subtype}", ["charset=utf-8"])
    head += field_line("Content-Transfer-Encoding", encoding)
    return (head + CRLF).encode("ascii") + octets


def _file_part(file: File) -> bytes:
    disposition = "inline" if file.inline else "attachment"
    head = field_line("Content-Type", file.content_type)
    head += field_line("Content-Transfer-Encoding", "base64")
    head += mime_field("Content-Disposition", disposition, parameter("filename", file.filename))
    if file.content_id:
        head += field_line("Content-ID", f"<{file.content_id}>")
    return (head + CRLF).encode("ascii") + base64_lines(file.content)


def _has_grammar(name: str) -> bool:
    return name.lower() in GRAMMAR_FIELDS


# ------------------------------------------------------------------------------------- what may come in, and why not


def check_text(value: str) -> str | None:
    """Say why a subject or a name may not be sent, as it stands or as a reader's program would decode it; or None."""
    if unsafe(value) or unsafe(decode_encoded_words(value)):
        return "leave out control characters and line breaks, encoded ones too"
    return None


def check_field(name: str, value: str) -> str | None:
    """Say why a caller's own header may not be sent; or None. Names come from an allow-list."""
    lower = name.lower()
    is_known = lower in TEXT_FIELDS or lower in GRAMMAR_FIELDS
    if not is_known and (not _EXTENSION.match(lower) or lower.startswith(_KEPT_FOR_US)):
        return "give X-… headers of your own, or one of those that the API document lists at headers"
    if len(value) > FIELD_VALUE_MAX_CHARS:
        return f"a header has at most {FIELD_VALUE_MAX_CHARS} characters"
    if not value.strip():
        return "give it a value, or leave it out"
    if lower in GRAMMAR_FIELDS and ("=?" in value or not value.isascii()):
        return "this header takes ASCII only, and no encoded words"
    return check_text(value)


def check_file(file: File) -> tuple[str, str] | None:
    """Name the attribute of an attachment that may not be sent, and say why; or None."""
    if (
        file.filename != (file.filename.strip() or None)
        or len(file.filename) > FILENAME_MAX_CHARS
        or re.search(r"[/\\]", file.filename)
    ):
        return "filename", f"give a name of 1 to {FILENAME_MAX_CHARS} characters without / and \\"
    problem = check_text(file.filename)
    if problem:
        return "filename", problem
    if not _MEDIA_TYPE.match(file.content_type):
        return "content_type", "give type/subtype, not multipart or message; application/octet-stream fits everything"
    if file.content_id is not None and not _CONTENT_ID.match(file.content_id):
        return "content_id", "give 1 to 200 ASCII letters, digits and the marks of an address, without < and >"
    return None


def guessed_type(filename: str) -> str:
    """Return the media type that a file's name suggests."""
    guessed = mimetypes.guess_type(filename)[0] or ""
    return guessed if _MEDIA_TYPE.match(guessed) else "application/octet-stream"


# ------------------------------------------------------------------------------------------------------ conversations


def identifier(text: str | None) -> str | None:
    """Return a Message-ID if it can be written into a message of ours, else None: strangers make all kinds."""
    return text if text and len(text) <= IDENTIFIER_MAX_CHARS and _IDENTIFIER.match(text) else None


def references(parent_id: str | None, in_reply_to: str | None, earlier: tuple[str, ...]) -> tuple[str, ...]:
    """Return the References of an answer (RFC 5322 section 3.6.4): the parent's, or what it answered, then the parent.

    Of many the first stays, which begins the conversation, and the newest.
    """
    chain = [*(earlier or ((in_reply_to,) if in_reply_to else ())), parent_id]
    known = list(dict.fromkeys(one for one in chain if identifier(one)))
    kept = known if len(known) <= REFERENCES_MAX else [known[0], *known[1 - REFERENCES_MAX :]]
    return tuple(one for one in kept if one)


# ---------------------------------------------------------------------------------------------------------- self-test

HOSTILE = (
    "a\r\nBcc: x@evil.test",
    "a\nBcc: x@evil.test",
    "a\rBcc: x@evil.test",
    "a\x00b",
    "a\x0bb",
    "a\x85Bcc: x@evil.test",
    "a\u2028Bcc: x@evil.test",
    "=?utf-8?q?a=0D=0ABcc:_x@evil.test?=",
    "=?utf-8?b?YQ0KQmNjOiB4QGV2aWwudGVzdA==?=",
    "=?us-ascii?Q?a=0ABcc:_x@evil.test?=",
)


def self_test() -> None:
    """Show that no hostile value gets past the checks, nor past the writer behind them. Raises `Unwritable`."""
    good = Mailbox("A", "a", "example.com")
    for hostile in HOSTILE:
        if check_text(hostile) is None or check_field("X-A", hostile) is None or check_field(hostile, "a") is None:
            raise Unwritable("a hostile value passed the checks")
        if "=?" in hostile:
            draft = Draft(sender=good, subject=hostile, text="a", message_id="<a@example.com>")
            if b"evil" in compose(draft, "t"):
                raise Unwritable("an encoded line break was written as it stood")
            continue
        for attempt in (
            lambda text=hostile: text_field("Subject", text),
            lambda text=hostile: field_line("X-A", text),
            lambda text=hostile: field_line(text, "a"),
            lambda text=hostile: address_field("To", (Mailbox(text, "a", "example.com"),)),
            lambda text=hostile: address_field("To", (Mailbox(None, text, "example.com"),)),
            lambda text=hostile: parameter("filename", text),
            lambda text=hostile: mailbox(f"{text} <a@example.com>"),
        ):
            try:
                attempt()
            except (Unwritable, BadAddress):
                continue
            raise Unwritable("a hostile value passed the writer")
