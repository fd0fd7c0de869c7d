"""What a row of the OPERATIONS table says. Standard library only."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from daemon.errors import Code


class Scope(StrEnum):
    """What an agent's key may be allowed to do."""

    CREATE = "mailbox:create"
    READ = "mailbox:read"
    SEND = "mailbox:send"
    OTP = "mailbox:otp"


class Access(StrEnum):
    """Who may call. Operators may call everything but OPEN operations need nobody at all."""

    OPEN = "open"
    ANY = "any"
    CREATE = Scope.CREATE.value
    READ = Scope.READ.value
    SEND = Scope.SEND.value
    OPERATOR = "operator"


class Answers(StrEnum):
    """The form of a successful answer."""

    ONE = "one"
    LIST = "list"
    BYTES = "bytes"
    STREAM = "stream"


class Operation(NamedTuple):
    """One row: everything that edges need to know to offer an operation."""

    name: str
    method: str
    path: str
    access: Access
    summary: str
    response: str
    or_scope: Scope | None = None  # a lesser scope that will do; the service then withholds what it does not cover
    answers: Answers = Answers.ONE
    request: str | None = None
    query: str | None = None
    effect: str | None = None  # `subject:verb` of its audit line; None: it changes nothing
    claims: bool = False  # asked to claim, it is a mutation; else it changes nothing
    large: bool = False  # its body may hold files
    trial: str | None = None  # what it answers when it was only to be tried: then it changes nothing
    idempotent: bool = False  # it takes an Idempotency-Key
    errors: tuple[Code, ...] = ()  # what it may answer beside what follows from the rest of its row
    mints: bool = False  # its answer holds a secret that is shown once; its link reveals it
    tool: str | None = None  # its name as an MCP tool; None: it is none
    status: int = 200

    @property
    def noun(self) -> str:
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.name.partition(".")[2]

    @property
    def may_change(self) -> bool:
        """Tell whether it is a mutation, or becomes one by what is asked."""
        return self.effect is not None or self.claims

    @property
    def path_names(self) -> tuple[str, ...]:
        """Return the names in braces, in order."""
        return tuple(re.findall(r"{(\w+)}", self.path))


def read(name: str, path: str, access: Access, summary: str, response: str, **more: object) -> Operation:
    return Operation(name=name, method="GET", path=path, access=access, summary=summary, response=response, **more)  # type: ignore[arg-type]  # the keywords are Operation's own


def listing(
    name: str, path: str, access: Access, summary: str, response: str, query: str = "PageQuery", **more: object
) -> Operation:
    return read(name, path, access, summary, response, query=query, answers=Answers.LIST, **more)


def change(
    name: str, method: str, path: str, access: Access, effect: str, summary: str, response: str, **more: object
) -> Operation:
    return Operation(
        name=name,
        method=method,
        path=path,
        access=access,
        effect=effect,
        summary=summary,
        response=response,
        **more,  # type: ignore[arg-type]  # the keywords are Operation's own
    )
