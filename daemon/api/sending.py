"""What is sent: requests, their answers, and what became of each recipient."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from daemon.api.common import Model, Timestamp

RECIPIENTS_MAX = 50
REPLY_TO_MAX = 10
ADDRESS_TEXT_MAX_CHARS = 1_000
FILES_MAX = 100
HEADERS_MAX = 30
IDEMPOTENCY_KEY_MAX_CHARS = 200

DeliveryState = Literal["queued", "sent", "delivered", "bounced", "complained", "failed"]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


AddressText = Annotated[str, Field(min_length=1, max_length=ADDRESS_TEXT_MAX_CHARS)]
Addresses = Annotated[
    list[AddressText],
    BeforeValidator(_as_list, json_schema_input_type=AddressText | list[AddressText]),
    Field(description="one address, or an array of them: local@domain or Name <local@domain>"),
]
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=IDEMPOTENCY_KEY_MAX_CHARS, pattern=r"^[\x20-\x7e]*$")]


class AttachmentUpload(Model):
    """A file to be sent. `content` is base64; with `content_id` and `inline` the HTML may show it as `cid:…`."""

    filename: str = Field(min_length=1, max_length=200)
    content_type: str | None = Field(None, min_length=3, max_length=500)
    content: str
    content_id: str | None = Field(None, min_length=1, max_length=200)
    inline: bool = False


class SendRequest(Model):
    """A mail to be sent, with at least one of `text` and `html`.

    `subscribed`: the one recipient asked for such mail and gets a way to end it (RFC 8058). `dry_run` sends nothing and
    tells which rule would say no.
    """

    to: Addresses
    cc: Addresses | None = None
    bcc: Addresses | None = None
    subject: str = Field(max_length=900)
    text: str | None = None
    html: str | None = None
    reply_to: Addresses | None = None
    headers: dict[str, str] | None = Field(
        None,
        max_length=HEADERS_MAX,
        description="X-… of your own, and: Auto-Submitted, Comments, Importance, Keywords, List-…, Organization,"
        " Precedence, Priority, Sensitivity. Auto-Submitted is not set for you: many systems answer no mail that bears"
        " it (RFC 3834); set it on what nobody is to answer.",
    )
    attachments: list[AttachmentUpload] | None = Field(None, max_length=FILES_MAX)
    subscribed: bool = False
    dry_run: bool = False
    idempotency_key: IdempotencyKey | None = None


class ReplyRequest(Model):
    """An answer to a message, with at least one of `text` and `html`; to whom it goes, the message says."""

    text: str | None = None
    html: str | None = None
    reply_all: bool = False
    attachments: list[AttachmentUpload] | None = Field(None, max_length=FILES_MAX)
    dry_run: bool = False
    idempotency_key: IdempotencyKey | None = None


class Sent(Model):
    """A mail was taken to be sent. It is on disk: a restart forgets nothing and sends nothing twice."""

    id: str
    status: DeliveryState
    thread_id: str


class RuleVerdict(Model):
    """What one rule says."""

    rule: str
    ok: bool
    detail: str | None


class DryRun(Model):
    """What would happen. Nothing was sent, stored or counted."""

    dry_run: Literal[True] = True
    would_send: bool
    rules: list[RuleVerdict]


class RecipientStatus(Model):
    """What became of one recipient of a mail that was sent."""

    address: str
    kind: Literal["to", "cc", "bcc"]
    status: DeliveryState
    detail: str | None
    updated_at: Timestamp


class OutboxCounts(Model):
    """What is on its way: mails by state, and how long the oldest has been queued."""

    queued: int = 0
    handing: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0
    oldest_queued_seconds: int | None = None
