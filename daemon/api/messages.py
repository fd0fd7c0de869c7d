"""Messages as they are listed and shown."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from daemon.api.common import Model, PageQuery, Timestamp
from daemon.api.sending import RecipientStatus

TEXT_DEFAULT_CHARS = 8_000
TEXT_MAX_CHARS = 50_000

Verdict = Literal["pass", "fail", "none", "temperror", "permerror", "unknown"]


class Authentication(Model):
    """What is known of the sender's authenticity: found on arrival, or told by a relay that is trusted.

    `unknown`: it could not be asked; of SPF, because the mail came from a relay or another host of one's own, so that
    its address says nothing. SPF (RFC 7208): `fail` is `-all` alone; softfail and neutral, by which a domain commits
    itself to nothing, are `none`. DKIM (RFC 6376): the best of its signatures, whoever signed; `fail` when mail or
    signature were changed, expired, or do not belong together; `permerror` when there is nothing sound to verify by
    (syntax, no, revoked or short key); `none` without a signature. DMARC (RFC 7489): whether either of them vouches
    for the domain in From, whatever its policy; `none` when that domain has no policy, `permerror` when there is not
    one such domain. `temperror`: the DNS did not answer in time.
    """

    spf: Verdict = "unknown"
    dkim: Verdict = "unknown"
    dmarc: Verdict = "unknown"


class MessageQuery(PageQuery):
    """Which messages of a mailbox."""

    direction: Literal["inbound", "outbound"] | None = None
    unread_only: bool = False


class MessageGetQuery(Model):
    """Whether reading marks the message read."""

    mark_read: bool = False


class MessageTextQuery(Model):
    """Which part of the text: `max_chars` characters from `offset` on."""

    offset: int = Field(0, ge=0, le=2**31)
    max_chars: int = Field(TEXT_DEFAULT_CHARS, ge=1, le=TEXT_MAX_CHARS)


class DownloadQuery(Model):
    """Whether the answer is a one-time link to the bytes, instead of the bytes."""

    link: bool = False


class MessageUpdate(Model):
    """The one thing that changes about a message."""

    unread: bool


class MessageSummary(Model):
    """A message in a list. `auto_submitted`: no person wrote it, so it is not to be answered by itself (RFC 3834)."""

    UNTRUSTED: ClassVar = frozenset({"from", "to", "cc", "subject", "snippet"})

    id: str
    thread_id: str
    inbox_id: str
    direction: Literal["inbound", "outbound"]
    from_: str
    to: list[str]
    cc: list[str]
    subject: str
    snippet: str
    received_at: Timestamp
    unread: bool
    status: str
    auto_submitted: bool
    authentication: Authentication


class Header(Model):
    """One header field, decoded."""

    name: str
    value: str


class AttachmentInfo(Model):
    """An attachment without its bytes; `index` addresses it."""

    index: int
    filename: str
    content_type: str
    size_bytes: int
    content_id: str | None
    inline: bool


class Credentials(Model):
    """A user name and a password that a mail gave."""

    username: str | None
    password: str | None


class Span(Model):
    """Where a value stands in the text that a reader sees, in characters from its beginning."""

    start: int
    end: int


class Evidence(Model):
    """Why a value is believed, and how far.

    `confidence` is from 0 to 1, 0.5 being just enough to be told at all. `source` is the part that it was read in.
    `aligned`: the link's domain, or for a code the domain that DMARC or SPF vouches for, is the sender's own
    by its registrable part (public suffix list).
    """

    confidence: float
    source: Literal["html", "text", "subject"]
    span: Span
    age_seconds: float
    authentication: Authentication
    aligned: bool
    link_domain: str | None


class Provenance(Model):
    """Where the code and the link come from."""

    otp_code: Evidence | None
    verification_link: Evidence | None


class Extracted(Model):
    """What a verification mail is for."""

    otp_code: str | None
    verification_link: str | None
    credentials: list[Credentials] | None
    provenance: Provenance


class MessageText(MessageSummary):
    """A message as a person would see it: what it hides from its reader is left out.

    `text` is a part of `total_chars`, from `offset` on; `next_offset` is where the next part begins, null at the end.
    """

    UNTRUSTED: ClassVar = MessageSummary.UNTRUSTED | {"text", "attachments", "deliveries"}

    text: str
    offset: int
    next_offset: int | None
    total_chars: int
    attachments: list[AttachmentInfo]
    extracted: Extracted
    problem: str | None
    deliveries: list[RecipientStatus] | None = Field(None, exclude_if=lambda value: value is None)


class Message(MessageSummary):
    """A message whole. `problem` says why it could not be parsed entirely; the raw bytes are always there.

    Of a mail that was sent nothing is extracted; `deliveries` tells what became of each recipient, bcc too.
    """

    text: str | None
    html: str | None
    headers: list[Header]
    attachments: list[AttachmentInfo]
    extracted: Extracted
    size_bytes: int
    problem: str | None
    deliveries: list[RecipientStatus] | None = Field(None, exclude_if=lambda value: value is None)
