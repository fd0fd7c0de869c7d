"""wait_for_email: the flagship."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

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


WAIT_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"

NUMBER = BeforeValidator(_number)
Seconds = Annotated[float, NUMBER]


class WaitRequest(Model):
    """Which mail to wait for, and how long. `from` and `subject` are substrings, `regex` is RE2.

    `min_confidence` and `require_aligned` ask for a code or link of that quality. `wait_id`, the caller's own, makes
    the wait durable: it can be resumed. `claim` gives the mail to this caller alone.
    """

    from_: str | None = Field(None, max_length=500)
    subject: str | None = Field(None, max_length=500)
    regex: str | None = Field(None, max_length=REGEX_MAX_BYTES)
    since: Timestamp | None = None
    timeout_seconds: Seconds = Field(TIMEOUT_DEFAULT_SECONDS, ge=0, allow_inf_nan=False)
    min_confidence: Annotated[float, Field(ge=0, le=1), NUMBER] | None = None
    require_aligned: bool = False
    wait_id: str | None = Field(None, pattern=WAIT_ID_PATTERN)
    claim: bool = False


class WaitResumeQuery(Model):
    """How long to wait on."""

    timeout_seconds: float = Field(TIMEOUT_DEFAULT_SECONDS, ge=0, allow_inf_nan=False)


class WaitedMessage(Model):
    """The mail that came. A key that may only have codes is not told its words: they are null."""

    UNTRUSTED: ClassVar = frozenset({"from", "subject"})

    id: str
    thread_id: str
    from_: str | None
    subject: str | None
    received_at: Timestamp


class WaitInProgress(Model):
    """A wait that is open now: who waits in which mailbox, for what, and until when. What it finds is not told."""

    request_id: str
    actor: str
    tenant_id: str
    inbox_id: str
    address: str
    from_: str | None
    subject: str | None
    regex: str | None
    claim: bool
    wait_id: str | None
    since: Timestamp
    began_at: Timestamp
    until: Timestamp


class NearMiss(Model):
    """A mail that came and did not match, never its content."""

    received_at: Timestamp
    reasons: list[Literal["from", "subject", "regex", "since", "confidence", "aligned", "claimed"]]


class NearMisses(Model):
    """How many came, and why each was not it; the newest ones one by one."""

    arrived: int
    reasons: dict[str, int]
    messages: list[NearMiss]


class WaitAnswer(Model):
    """The mail and what it holds; or that none came in time, and then `near_misses`: what came instead."""

    timed_out: bool
    message: WaitedMessage | None
    extracted: Extracted | None
    near_misses: NearMisses | None = Field(None, exclude_if=lambda value: value is None)
