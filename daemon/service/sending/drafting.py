"""From a request to send to a draft of the mail: every field checked, and all that is wrong told at once."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daemon.api.common import NAME_IN_WORDS, NAME_PATTERN
from daemon.api.sending import RECIPIENTS_MAX, REPLY_TO_MAX, AttachmentUpload, ReplyRequest, SendRequest
from daemon.errors import Code, FieldProblem, PosternError
from daemon.mail.address import BadAddress, Mailbox, mailbox, named
from daemon.mail.compose import (
    SUBJECT_MAX_CHARS,
    Draft,
    File,
    check_field,
    check_file,
    check_text,
    guessed_type,
    identifier,
    references,
)
from daemon.mail.model import Address, ParsedMail
from daemon.mail.thread import base_subject
from daemon.service.addresses import normal_address
from daemon.store.inboxes import InboxRow

REPLY_PREFIX = "Re: "
_NAME = re.compile(NAME_PATTERN)
_FORWARDED = re.compile(r"\s*fwd?\s*:", re.IGNORECASE)  # an answer to what was passed on is an answer all the same


@dataclass(frozen=True, slots=True)
class Letter:
    """A draft and the recipients of its envelope: address and kind (`to`, `cc`, `bcc`), each address once."""

    draft: Draft
    recipients: tuple[tuple[str, str], ...]
    subscribed: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(address for address, _ in self.recipients)


class _Problems:
    """What is wrong with a request, field by field."""

    def __init__(self) -> None:
        self.found: list[FieldProblem] = []

    def add(self, field: str, message: str | None) -> None:
        if message is not None:
            self.found.append(FieldProblem(field, message))

    def settle(self) -> None:
        """Raise `validation_failed` if anything is wrong."""
        if self.found:
            first = self.found[0]
            raise PosternError(Code.VALIDATION_FAILED, f"{first.field}: {first.message}", details=self.found)


def letter(inbox: InboxRow, request: SendRequest) -> Letter:
    """Return what a request asks to send. Raises `PosternError` (`validation_failed`) with each field that is wrong."""
    problems = _Problems()
    problems.add("subject", check_text(request.subject))
    groups = {
        kind: _mailboxes(kind, texts, problems)
        for kind, texts in (("to", request.to), ("cc", request.cc), ("bcc", request.bcc))
    }
    reply_to = _mailboxes("reply_to", request.reply_to, problems)
    if len(reply_to) > REPLY_TO_MAX:
        problems.add("reply_to", f"give at most {REPLY_TO_MAX} addresses")
    kept, recipients = _each_once(groups)
    if not recipients and not problems.found:
        problems.add("to", "name somebody to send it to")
    _check_count(recipients, problems)
    if request.subscribed and len(recipients) != 1:
        problems.add("subscribed", "give one recipient: each subscriber gets a way of their own to end it (RFC 8058)")
    _check_bodies(request, problems)
    fields = _fields(request, problems)
    files = _files(request.attachments, problems)
    problems.settle()
    draft = Draft(
        sender=_sender(inbox),
        to=kept["to"],
        cc=kept["cc"],
        reply_to=reply_to,
        subject=request.subject,
        text=request.text,
        html=request.html,
        files=files,
        fields=fields,
    )
    return Letter(draft, recipients, request.subscribed)


def answer(inbox: InboxRow, request: ReplyRequest, original: ParsedMail, *, is_own: bool) -> Letter:
    """Return the answer to a message; `is_own`: it was sent from this mailbox, and goes to whom that went to.

    Raises `PosternError` (`validation_failed`), also when there is nobody to answer but oneself.
    """
    problems = _Problems()
    to = original.to if is_own else original.reply_to or ((original.from_,) if original.from_ else ())
    cc = () if not request.reply_all else original.cc if is_own else (*original.to, *original.cc)
    kept, recipients = _each_once({"to": _others(inbox, to), "cc": _others(inbox, cc)})
    if not recipients:
        problems.add("reply_all", "there is nobody to answer: the message names no address but your own. Use send.")
    _check_count(recipients, problems)
    _check_bodies(request, problems)
    files = _files(request.attachments, problems)
    problems.settle()
    parent = identifier(original.message_id)
    draft = Draft(
        sender=_sender(inbox),
        to=kept["to"],
        cc=kept["cc"],
        subject=reply_subject(original.subject),
        text=request.text,
        html=request.html,
        files=files,
        in_reply_to=parent,
        references=references(parent, original.in_reply_to, original.references),
    )
    return Letter(draft, recipients)


def reply_subject(subject: str) -> str:
    """Return the subject of an answer: with "Re:" once, in whichever language it stands there already."""
    prefix = REPLY_PREFIX if _FORWARDED.match(subject) or not base_subject(subject)[1] else ""
    return (prefix + subject)[:SUBJECT_MAX_CHARS].strip()


def _sender(inbox: InboxRow) -> Mailbox:
    """Return the mailbox as From; a name that no mail may bear is left out."""
    name = inbox.display_name
    return named(name if name and _check_name(name) is None else None, inbox.address)


def _check_name(text: str) -> str | None:
    """Say why a name may not stand in a mail, or beside other words on a screen; or None."""
    return check_text(text) or (None if _NAME.fullmatch(text) else NAME_IN_WORDS)


def _mailboxes(field: str, texts: Sequence[str] | None, problems: _Problems) -> tuple[Mailbox, ...]:
    found = []
    for number, text in enumerate(texts or ()):
        try:
            one = mailbox(text)
        except BadAddress as problem:
            problems.add(f"{field}.{number}", str(problem))
            continue
        problems.add(f"{field}.{number}", _check_name(one.name or ""))
        found.append(one)
    return tuple(found)


def _others(inbox: InboxRow, written: Iterable[Address]) -> tuple[Mailbox, ...]:
    """Return the addresses that a message names, without the mailbox's own and those that nobody can write to."""
    found = []
    for one in written:
        try:
            found.append(named(one.name if one.name and _check_name(one.name) is None else None, one.address))
        except BadAddress:
            continue
    return tuple(one for one in found if normal_address(one.address) != inbox.address)


def _each_once(
    groups: dict[str, tuple[Mailbox, ...]],
) -> tuple[dict[str, tuple[Mailbox, ...]], tuple[tuple[str, str], ...]]:
    """Return the groups and the envelope with each address where it stands first."""
    seen: set[str] = set()
    kept: dict[str, tuple[Mailbox, ...]] = {}
    recipients = []
    for kind, mailboxes in groups.items():
        mine = []
        for one in mailboxes:
            if one.key not in seen:
                seen.add(one.key)
                mine.append(one)
                recipients.append((one.address, kind))
        kept[kind] = tuple(mine)
    return kept, tuple(recipients)


def _check_count(recipients: Sequence[object], problems: _Problems) -> None:
    if len(recipients) > RECIPIENTS_MAX:
        problems.add("to", f"a mail has at most {RECIPIENTS_MAX} recipients, cc and bcc among them: send several")


def _check_bodies(request: SendRequest | ReplyRequest, problems: _Problems) -> None:
    if request.text is None and request.html is None:
        problems.add("text", "give text, html, or both")
    for field, content in (("text", request.text), ("html", request.html)):
        if content is not None and "\x00" in content:
            problems.add(field, "leave out NUL characters")


def _fields(request: SendRequest, problems: _Problems) -> tuple[tuple[str, str], ...]:
    given = request.headers or {}
    names = [name.lower() for name in given]
    for name, value in given.items():
        field = f"headers.{name[:80]}"
        problems.add(field, check_field(name, value))
        if names.count(name.lower()) > 1:
            problems.add(field, "give it once")
        if request.subscribed and name.lower().startswith("list-unsubscribe"):
            problems.add(field, "subscribed makes this header; leave it out")
    return tuple((name, value.strip()) for name, value in given.items())


def _files(uploads: Sequence[AttachmentUpload] | None, problems: _Problems) -> tuple[File, ...]:
    files = []
    for number, upload in enumerate(uploads or ()):
        field = f"attachments.{number}"
        try:
            content = base64.b64decode(upload.content, validate=True)
        except (binascii.Error, ValueError):
            problems.add(f"{field}.content", "give base64 (RFC 4648, section 4), without line breaks")
            continue
        file = File(
            filename=upload.filename.strip(),
            content_type=upload.content_type.lower() if upload.content_type else guessed_type(upload.filename),
            content=content,
            content_id=upload.content_id.removeprefix("<").removesuffix(">") if upload.content_id else None,
            inline=upload.inline,
        )
        wrong, why = check_file(file) or ("filename", _check_name(file.filename))
        problems.add(f"{field}.{wrong}", why)
        files.append(file)
    return tuple(files)
