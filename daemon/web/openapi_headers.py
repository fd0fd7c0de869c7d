"""The headers of the OpenAPI document: what requests may carry, and what answers do."""

from __future__ import annotations

from typing import Any

from daemon.web.server import (
    AUDIT_HEADER,
    IDEMPOTENCY_KEY_MAX_CHARS,
    RATE_HEADER,
    RATE_POLICY_HEADER,
    REQUEST_ID_HEADER,
)
from daemon.web.streams import LAST_EVENT_ID

BYTES_HEADERS = ("Content-Disposition", "Accept-Ranges", "ETag")


def _header(description: str, example: object, **schema: object) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"} | schema, "example": example}


def _taken(name: str, description: str, example: str, **schema: object) -> dict[str, Any]:
    return {"name": name, "in": "header"} | _header(description, example, **schema)


HEADERS: dict[str, Any] = {
    REQUEST_ID_HEADER: _header("Names this request in the daemon's log.", "req_hghx7ufbzbdeu52ehajaujkf")
    | {"required": True},
    AUDIT_HEADER: _header("The number of the change's audit line.", "42"),
    RATE_POLICY_HEADER: _header("What the key may ask in how many seconds, when it is limited.", '"key";q=3000;w=60'),
    RATE_HEADER: _header("What is left of that, and when it is whole again.", '"key";r=2999;t=1'),
    "Retry-After": _header("In how many seconds to try again.", 5, type="integer", minimum=0),
    "WWW-Authenticate": _header("How to say who calls.", "Bearer"),
    "Preference-Applied": _header("`receipt`, where it was asked for and there is one.", "receipt"),
    "Content-Disposition": _header("The name to save the file by.", 'attachment; filename="invoice.pdf"'),
    "Content-Range": _header("Which part it is, of how much.", "bytes 0-99/48213"),
    "Accept-Ranges": _header("That parts may be asked for.", "bytes"),
    "ETag": _header("Names the very bytes, for `If-Range`.", '"msg_bkhgjpejtqc5mgko7vzzdvc7:48213"'),
}

PARAMETERS: dict[str, Any] = {
    "Prefer": _taken("Prefer", "`receipt`: answer `{data, audit, link}`, with the change's audit line.", "receipt"),
    "Idempotency-Key": _taken(
        "Idempotency-Key",
        "Repeated with the same key and body, the first answer is given again and nothing is done twice.",
        "signup-0042",
        maxLength=IDEMPOTENCY_KEY_MAX_CHARS,
        pattern="^[ -~]*$",
    ),
    "Range": _taken("Range", "The part to answer with.", "bytes=0-99"),
    "If-Range": _taken("If-Range", "Only if the file still has this ETag; else the whole.", '"msg_x:48213"'),
    LAST_EVENT_ID: _taken(LAST_EVENT_ID, "Go on after this event.", "AAAAAAAAAAc1nFu178Z3"),
}


def header_refs(*names: str) -> dict[str, Any]:
    """Return references to headers in the components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
