"""What all models share: strictness, timestamps, pages, the receipt of a mutation, the error envelope."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from daemon.api import glossary
from daemon.clock import iso, parse_iso

PAGE_LIMIT_DEFAULT = 50
PAGE_LIMIT_MAX = 200
ROW_NUMBER_MAX = 2**63 - 1


def _explained(schema: dict[str, Any], model: type[Any]) -> None:
    """Put the glossary's words into a model's schema, where the model has none of its own."""
    names = [base.__name__ for base in model.__mro__]
    for name, shape in schema.get("properties", {}).items():
        shape.pop("title", None)
        meaning = glossary.term(names, name)
        if meaning is None:
            continue
        shape.setdefault("description", meaning[0])
        if meaning[1] is not glossary.MADE_UP:
            shape.setdefault("examples", [meaning[1]])


class Model(BaseModel):
    """Base of every model: strict types, no unknown fields, immutable. A field `from_` is `from` on the wire.

    `UNTRUSTED` names, as on the wire, the fields that hold the words of whoever wrote a mail.
    """

    UNTRUSTED: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.removesuffix("_"),
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_extra=_explained,
    )


def _integral(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _timestamp(text: str) -> str:
    try:
        return iso(parse_iso(text))
    except (ValueError, OverflowError):
        raise ValueError("give an ISO 8601 time, for instance 2026-01-31T09:30:00Z") from None


INTEGRAL = BeforeValidator(_integral)  # behind the bounds of an int that may be null, or its schema loses them
Whole = Annotated[int, INTEGRAL]
Timestamp = Annotated[str, AfterValidator(_timestamp), Field(json_schema_extra={"format": "date-time"})]
# A name ends up in headers, tables and logs beside other words: it may end no line (C0, C1, U+2028, U+2029) and turn no
# direction (Unicode's Bidi_Control), or what stands beside it reads as something else.
NAME_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$"
NAME_IN_WORDS = "leave out control characters, line breaks and marks that turn the direction of writing"
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NAME_PATTERN)]


class PageQuery(Model):
    """Where in a list to go on."""

    limit: int = Field(PAGE_LIMIT_DEFAULT, ge=1, le=PAGE_LIMIT_MAX)
    cursor: str | None = Field(None, max_length=500)


class TenantQuery(PageQuery):
    """A list that may be narrowed to one tenant."""

    tenant: str | None = None


class DeleteQuery(Model):
    """Deletion of what holds mail needs its name again."""

    confirm: str


class Deleted(Model):
    """It is gone."""

    id: str
    deleted: bool = True


class AuditRef(Model):
    """The audit line of a mutation."""

    seq: int
    time: Timestamp
    actor: str
    action: str
    target: str | None
    outcome: str
    hash: str


class LinkRef(Model):
    """The one-time link of a mutation."""

    id: str
    url: str
    purpose: str
    expires_at: Timestamp


class ErrorDetail(Model):
    """One refused field."""

    field: str
    message: str


class ErrorInfo(Model):
    """What every answer that is no success carries."""

    code: str
    message: str
    details: list[ErrorDetail]
    request_id: str


class ErrorBody(Model):
    """The error envelope."""

    error: ErrorInfo
