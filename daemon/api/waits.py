"""wait_for_email: the flagship."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from daemon.api.common import Model, Timestamp
from daemon.api.messages import Extracted

REGEX_MAX_BYTES = 512
TIMEOUT_DEFAULT_SECONDS = 120


def _number(value: Any) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    try:
        return float(value)
    except OverflowError:
        raise ValueError("that is no time to wait") from None


class WaitRequest(Model):
    """Which mail to wait for, and how long. `from` and `subject` are substrings, `regex` is RE2."""

    from_: str | None = Field(None, max_length=500)
    subject: str | None = Field(None, max_length=500)
    regex: str | None = Field(None, max_length=REGEX_MAX_BYTES)
    since: Timestamp | None = None
    timeout_seconds: Annotated[float, BeforeValidator(_number)] = Field(
        TIMEOUT_DEFAULT_SECONDS, ge=0, allow_inf_nan=False
    )


class WaitedMessage(Model):
    """The mail that came."""

    id: str
    thread_id: str
    from_: str
    subject: str
    received_at: Timestamp


class WaitAnswer(Model):
    """The mail and what it holds, or that none came in time."""

    timed_out: bool
    message: WaitedMessage | None
    extracted: Extracted | None
