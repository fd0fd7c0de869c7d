"""Which errors an operation can answer: what follows from its row, and what the row adds."""

from __future__ import annotations

from daemon.api.operation import Access, Answers, Operation
from daemon.errors import Code
from daemon.web.errors import STATUS

MEANING: dict[Code, str] = {
    Code.BAD_REQUEST: "The body is not valid JSON.",
    Code.INVALID_API_KEY: "This key is unknown, expired, revoked or disabled. Redeem your enrollment key anew.",
    Code.INVALID_ENROLLMENT_TOKEN: "This enrollment key is unknown or not in force. Check it, or ask for a new one.",
    Code.ENROLLMENT_TOKEN_REVOKED: "This enrollment key was revoked. Ask the operator for a new one.",
    Code.ENROLLMENT_TOKEN_EXPIRED: "This enrollment key has expired. Ask the operator for a new one.",
    Code.PAYMENT_REQUIRED: "This has to be paid for first.",
    Code.SCOPE_DENIED: "This key lacks the scope. Ask the operator for an enrollment key that has it.",
    Code.DOMAIN_NOT_ALLOWED: "This key may not place mailboxes on that domain. Leave domain out.",
    Code.NOT_FOUND: "There is no such thing, or it is another's. List what you have and use an id from there.",
    Code.METHOD_NOT_ALLOWED: "This path does not take this method; Allow names those it takes.",
    Code.REQUEST_TIMEOUT: "The body was not whole in time. Send it at once.",
    Code.PAYLOAD_TOO_LARGE: "The body is too large. Send less.",
    Code.UNSUPPORTED_MEDIA_TYPE: "Send the body as Content-Type: application/json.",
    Code.ENROLLMENT_TOKEN_EXHAUSTED: "Every mailbox of this enrollment key is used. Ask the operator for a new one.",
    Code.IDEMPOTENCY_CONFLICT: "This key was used for another request. Use a new key, or repeat the first body.",
    Code.ADDRESS_TAKEN: "This address is taken or was used before. Choose another username.",
    Code.CONFLICT: "The state of things does not allow this; the message says what does.",
    Code.GONE: "It was there, and is kept no more.",
    Code.RANGE_NOT_SATISFIABLE: "This range is outside the file.",
    Code.VALIDATION_FAILED: "username: give 1 to 64 characters",
    Code.RATE_LIMITED: "This key has asked all it may. Wait as long as Retry-After says.",
    Code.SEND_CAP_REACHED: "This mailbox has sent all it may today. Wait as long as Retry-After says.",
    Code.INTERNAL_ERROR: "Something unexpected happened. The daemon's log has it under the request's id.",
    Code.BACKEND_UNAVAILABLE: "The store cannot be written or read now. Try again in a moment.",
}


def refusals(operation: Operation) -> dict[int, list[Code]]:
    """Return the codes by status, both in order."""
    codes = {
        Code.BAD_REQUEST,
        Code.INVALID_API_KEY,
        Code.RATE_LIMITED,
        Code.INTERNAL_ERROR,
        Code.BACKEND_UNAVAILABLE,
        *operation.errors,
    }
    if operation.access not in (Access.OPEN, Access.ANY):
        codes.add(Code.SCOPE_DENIED)
    if operation.path_names:
        codes.add(Code.NOT_FOUND)
    if operation.request or operation.query:
        codes.add(Code.VALIDATION_FAILED)
    if operation.request:
        codes |= {Code.REQUEST_TIMEOUT, Code.PAYLOAD_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE}
    if operation.answers is Answers.BYTES:
        codes.add(Code.RANGE_NOT_SATISFIABLE)
    if operation.idempotent:
        codes.add(Code.IDEMPOTENCY_CONFLICT)
    by_status: dict[int, list[Code]] = {}
    for code in sorted(codes, key=lambda one: (STATUS[one], one)):
        by_status.setdefault(STATUS[code], []).append(code)
    return by_status
