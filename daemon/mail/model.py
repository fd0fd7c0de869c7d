"""The shape of a received message, and its plain JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: `name` is the decoded display name or None, `address` is `local@domain` as written."""

    name: str | None
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the body. `index` counts from 0 in mail order and is what `open_attachment` takes.

    `filename` is safe to write to a directory: no separators, controls, leading dots or bidi marks; at most 120 chars.
    `size_bytes` is the decoded size. `inline` is true for parts shown within the body (RFC 2183 section 2.1).
    """

    index: int
    filename: str
    content_type: str
    size_bytes: int
    content_id: str | None
    inline: bool


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """Everything we know of a message.

    Message identifiers keep their angle brackets. `date` is UTC. `headers` are decoded (RFC 2047), unfolded and free
    of control characters. `visible` is what a reader sees: the HTML part as displayed, else the text part.
    `auto_submitted` is true for automatic mail that must not be answered (RFC 3834). `problem` says why the message
    was not read whole, and is None when it was.
    """

    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    from_: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    text: str | None = None
    html: str | None = None
    visible: str = ""
    snippet: str = ""
    attachments: tuple[Attachment, ...] = ()
    auto_submitted: bool = False
    problem: str | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header by its case-insensitive name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values; `from_` becomes `from`, `date` an RFC 3339 string."""
        data = asdict(self)
        data["from"] = data.pop("from_")
        data["date"] = self.date.astimezone(UTC).isoformat() if self.date else None
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`, before or after a trip through a JSON text."""
        fields = dict(data)
        sender = fields.pop("from")
        fields["from_"] = Address(**sender) if sender else None
        for name in ("to", "cc", "reply_to"):
            fields[name] = tuple(Address(**item) for item in fields[name])
        fields["attachments"] = tuple(Attachment(**item) for item in fields["attachments"])
        fields["references"] = tuple(fields["references"])
        fields["headers"] = tuple((key, value) for key, value in fields["headers"])
        fields["date"] = datetime.fromisoformat(fields["date"]) if fields["date"] else None
        return cls(**fields)
