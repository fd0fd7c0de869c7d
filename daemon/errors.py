"""The one family of errors: codes, not status numbers. Each edge has one table that translates them.

Imports nothing, so that the command line can use it for free.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """What went wrong, as clients see it; stable for ever."""

    BAD_REQUEST = "bad_request"
    INVALID_API_KEY = "invalid_api_key"
    INVALID_ENROLLMENT_TOKEN = "invalid_enrollment_token"
    ENROLLMENT_TOKEN_REVOKED = "enrollment_token_revoked"
    ENROLLMENT_TOKEN_EXPIRED = "enrollment_token_expired"
    PAYMENT_REQUIRED = "payment_required"
    SCOPE_DENIED = "scope_denied"
    DOMAIN_NOT_ALLOWED = "domain_not_allowed"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TIMEOUT = "request_timeout"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    ENROLLMENT_TOKEN_EXHAUSTED = "enrollment_token_exhausted"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    ADDRESS_TAKEN = "address_taken"
    CONFLICT = "conflict"
    GONE = "gone"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    VALIDATION_FAILED = "validation_failed"
    RATE_LIMITED = "rate_limited"
    SEND_CAP_REACHED = "send_cap_reached"
    INTERNAL_ERROR = "internal_error"
    BACKEND_UNAVAILABLE = "backend_unavailable"


class FieldProblem(NamedTuple):
    """One field that was refused, and why."""

    field: str
    message: str


class PosternError(Exception):
    """A refusal or failure that a caller may see. `message` says what to do next."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        details: Sequence[FieldProblem] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.retry_after_seconds = retry_after_seconds


def not_found(what: str) -> PosternError:
    """What is not there and what is somebody else's look the same, to the letter."""
    return PosternError(
        Code.NOT_FOUND, f"There is no such {what}. List what you have and use an id or address from there."
    )


def invalid(field: str, message: str) -> PosternError:
    """One field of a request does not hold."""
    return PosternError(Code.VALIDATION_FAILED, f"{field}: {message}", details=[FieldProblem(field, message)])


def unavailable(message: str, retry_after_seconds: int = 5) -> PosternError:
    """Something below us is down; trying again later may help."""
    return PosternError(Code.BACKEND_UNAVAILABLE, message, retry_after_seconds=retry_after_seconds)
