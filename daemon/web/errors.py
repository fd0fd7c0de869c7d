"""The one table from error codes to HTTP statuses, and the envelope."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from daemon.api.common import NAME_IN_WORDS, NAME_PATTERN, ErrorBody, ErrorDetail, ErrorInfo
from daemon.api.waits import WAIT_ID_PATTERN
from daemon.errors import Code, FieldProblem, PosternError

STATUS: dict[Code, int] = {
    Code.BAD_REQUEST: 400,
    Code.INVALID_API_KEY: 401,
    Code.INVALID_ENROLLMENT_TOKEN: 401,
    Code.ENROLLMENT_TOKEN_REVOKED: 401,
    Code.ENROLLMENT_TOKEN_EXPIRED: 401,
    Code.PAYMENT_REQUIRED: 402,
    Code.SCOPE_DENIED: 403,
    Code.DOMAIN_NOT_ALLOWED: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.REQUEST_TIMEOUT: 408,
    Code.CONFLICT: 409,
    Code.ENROLLMENT_TOKEN_EXHAUSTED: 409,
    Code.IDEMPOTENCY_CONFLICT: 409,
    Code.ADDRESS_TAKEN: 409,
    Code.GONE: 410,
    Code.PAYLOAD_TOO_LARGE: 413,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.RANGE_NOT_SATISFIABLE: 416,
    Code.VALIDATION_FAILED: 422,
    Code.RATE_LIMITED: 429,
    Code.SEND_CAP_REACHED: 429,
    Code.INTERNAL_ERROR: 500,
    Code.BACKEND_UNAVAILABLE: 503,
}

_FOR_HTTP: dict[int, tuple[Code, str]] = {
    404: (Code.NOT_FOUND, "There is nothing at this path. The document /v1/openapi.json lists all there is."),
    405: (Code.METHOD_NOT_ALLOWED, "This path does not take this method; Allow names those it takes."),
    413: (Code.PAYLOAD_TOO_LARGE, "The body is too large. Send less."),
    417: (Code.BAD_REQUEST, "Of all that Expect may ask, only 100-continue is known here."),
    500: (Code.INTERNAL_ERROR, "Something unexpected happened. See the daemon's log."),
}

# What a field's pattern allows, for people: nobody is made to read a regular expression.
IN_WORDS = {
    NAME_PATTERN: NAME_IN_WORDS,
    r"^[\x20-\x7e]*$": "give printable ASCII characters only",
    r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$": (
        "give 1 to 32 lower-case letters, digits and hyphens, no hyphen first or last"
    ),
    WAIT_ID_PATTERN: "give 1 to 128 of A-Z, a-z, 0-9 and . _ : -, a letter or digit first",
}


def error_response(error: PosternError, request_id: str) -> web.Response:
    """Put an error into the envelope."""
    info = ErrorInfo(
        code=error.code.value,
        message=error.message,
        details=[ErrorDetail(field=one.field, message=one.message) for one in error.details],
        request_id=request_id,
    )
    response = web.json_response(text=ErrorBody(error=info).model_dump_json(), status=STATUS[error.code])
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if response.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def from_http(status: int) -> PosternError:
    """Translate what aiohttp refuses by itself."""
    code, message = _FOR_HTTP.get(
        status,
        (
            Code.BAD_REQUEST,
            "The request could not be read. Check its first line, its headers and how its body is encoded.",
        ),
    )
    return PosternError(code, message)


def from_validation(raised: ValidationError) -> PosternError:
    """Translate a model's refusal: malformed JSON is 400, wrong content 422 with the fields."""
    problems = raised.errors(include_url=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        return PosternError(Code.BAD_REQUEST, "The body is not valid JSON.")
    details = [FieldProblem(".".join(map(str, problem["loc"])) or "body", _told(problem)) for problem in problems]
    first = details[0]
    return PosternError(Code.VALIDATION_FAILED, f"{first.field}: {first.message}", details=details)


def _told(problem: Mapping[str, Any]) -> str:
    """Return what is wrong in our own words, where pydantic would frame them or print a pattern."""
    context = problem.get("ctx", {})
    if problem["type"] == "value_error":
        return str(context["error"])
    if problem["type"] == "string_pattern_mismatch":
        return IN_WORDS[context["pattern"]]
    return str(problem["msg"])
