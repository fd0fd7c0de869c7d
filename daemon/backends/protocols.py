"""The Protocols between services and what is outside, and the callbacks that the root hands to a backend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Protocol, runtime_checkable

from daemon.api.messages import Authentication


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a mail came. A backend that fetches it from somebody else's server knows no peer.

    `envelope_from` is the reverse path, empty for a bounce (RFC 5321, 4.5.5); `peer_ip` is the address that the client
    connected from, as text; `helo` the name that it gave.
    """

    envelope_from: str
    peer_ip: str | None = None
    helo: str = ""


class Refusal(Enum):
    """Why a mail does not get in."""

    UNKNOWN = "unknown"  # there is no such mailbox
    BLOCKED = "blocked"  # whoever it is for does not want it
    SUSPENDED = "suspended"  # not now: its tenant is suspended
    TOO_OFTEN = "too_often"  # not now: its sender has sent too much


class Refused(Exception):
    """A mail that does not get in."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


Accepts = Callable[[Arrival, str], Awaitable[str]]
"""Whose mail for this address, `+label` and all, will be: a destination, which `Receive` is given. Equal ones are one.

Raises `Refused`, and `PosternError` when nobody can tell now."""


Receive = Callable[[Arrival, Mapping[str, str], bytes], Awaitable[frozenset[str]]]
"""Keep one mail (how it came, destination → address as given, raw bytes) durably; return the destinations that took it.

Raises `Refused` when none of them wants it, `PosternError` when it cannot be kept: the sender is then to try again."""


Authenticate = Callable[[Arrival, bytes], Awaitable[Authentication]]
"""Tell what is known of a mail's authenticity, by how it came and its raw bytes, soon and without raising."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which message of somebody else's server a mail is (RFC 9051, 2.3.1.1).

    `source` names its folder for ever, `validity` is the folder's UIDVALIDITY, `uid` the message's UID.
    """

    source: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail that was fetched. `inbox_id` is whose it is; None: it is for the mailboxes that `addresses` name.

    Those are groups of addresses as given, the surest first: the first that names mailboxes here counts. `unread` is
    how the mail is marked there.
    """

    origin: Origin
    envelope_from: str
    addresses: tuple[tuple[str, ...], ...]
    raw: bytes
    unread: bool = True
    inbox_id: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of one mailbox at a backend. `remote_id` is the backend's own name for it, once it has one."""

    inbox_id: str
    address: str
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class ImapAccess:
    """How a mail program reads a mailbox: `security` is `tls`, `starttls` or `none`."""

    host: str
    port: int
    security: str
    username: str


class Ledger(Protocol):
    """What a backend that fetches keeps account with. Each method has committed when it returns.

    All raise `PosternError` when nothing can be written now: the backend is then to try again.
    """

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts that are to be watched."""
        ...

    async def cursor(self, source: str) -> Origin | None:
        """Return the last message of a folder that was dealt with."""
        ...

    async def fetched(self, mail: Fetched) -> int:
        """Store a mail once, and move the cursor over it; return for how many mailboxes it was stored.

        0: it was stored before, it is for nobody here, or nobody wants it. It is left where it is. After a new
        UIDVALIDITY a mail that was stored under the old one is recognised by its bytes.
        """
        ...

    async def passed_over(self, origin: Origin, why: str) -> None:
        """Move the cursor over a message that is not fetched; `why` is the name that it is counted under."""
        ...

    async def mirror(self, source: str, validity: int, unread: Mapping[int, bool | None], *, whole: bool) -> None:
        """Take over by UID how messages are marked there, None: deleted; in a whole folder the missing are, too."""
        ...


class ReceiveBackend(Protocol):
    """Something that mail comes from."""

    async def start(self) -> Mapping[str, str]:
        """Begin to receive; return where it listens, by protocol: `smtp`, `lmtp`. Raises `OSError`."""
        ...

    async def stop(self) -> None:
        """Finish the mails in hand and receive no more."""
        ...


@runtime_checkable
class MirroredBackend(ReceiveBackend, Protocol):
    """One that fetches mail from where it stays: what is read or deleted here is so there, too."""

    @property
    def trouble(self) -> str | None:
        """Say why no mail can be fetched now; None: it can, as far as is known."""
        ...

    async def check(self) -> None:
        """Ask whether the server can be reached and knows us. Raises `Unreachable`, which says what is wrong."""
        ...

    async def push(self, origin: Origin, unread: bool | None) -> None:
        """Mark a message read or unread there, or delete it (None); it may be gone already.

        Raises `Unreachable`: it is asked again.
        """
        ...


@runtime_checkable
class AccountBackend(MirroredBackend, Protocol):
    """One at which every mailbox is an account."""

    async def create_account(self, account: Account, password: str) -> str:
        """Make an account, and return its remote id. Raises `AccountTaken`, and `Unreachable` when nobody knows."""
        ...

    async def also_for(self, account: Account, address: str) -> None:
        """Have the mail for one more address come into an account; asked again, it is so already.

        Raises `AccountTaken`, and `Unreachable`.
        """
        ...

    async def delete_account(self, account: Account) -> None:
        """Delete an account if it is there. Raises `Unreachable`."""
        ...

    def watch(self, account: Account) -> None:
        """Fetch the mail of an account from now on, and all that lies there."""
        ...

    def unwatch(self, inbox_id: str) -> None:
        """Fetch it no more."""
        ...

    def imap_access(self, account: Account) -> ImapAccess | None:
        """Return how a mail program reads it; None: it cannot."""
        ...


class Unreachable(Exception):
    """A backend does not answer, or not as it should; the message says which, and what."""


class AccountTaken(Exception):
    """Somebody else at the backend has this address, or one that it cannot tell from it."""


@dataclass(frozen=True, slots=True)
class PostOutcome:
    """How one post went: the status that came back, or why none did."""

    status: int | None = None
    error: str | None = None
    retry_after_seconds: int | None = None

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class PostSender(Protocol):
    """Something that posts events to other people's servers."""

    def refusal(self, url: str) -> str | None:
        """Say why a URL is never posted to, as far as it shows; None: it may be."""
        ...

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostOutcome:
        """Post once and tell how it went; raises nothing of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to be handed over: its envelope (RFC 5321) and its bytes.

    `operation_id` is a UUID that is the same at every attempt: whoever takes the mail twice under it sends it once.
    `taken_ms` is when it was taken to be sent, so that what is made of it is the same at every attempt, too.
    """

    operation_id: str
    taken_ms: int
    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes


class Fate(StrEnum):
    """What became of one recipient."""

    DELIVERED = "delivered"  # it is in the mailbox
    SENT = "sent"  # the next hop has taken it, and may report later
    REFUSED = "refused"  # for good, for there is no such address, or it takes no mail (5.x.x)
    REJECTED = "rejected"  # for good, for a policy, the mail or its sender (5.3, 5.6, 5.7): the address is sound
    DEFERRED = "deferred"  # not now (4.x.x)
    UNKNOWN = "unknown"  # nobody will ever know: there is no way to ask
    NO_ROUTE = "no_route"  # nobody whom this backend knows would take it: it waits for another backend


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one recipient; `detail` in the words of who said it."""

    fate: Fate
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of a mail's recipients, by address. Of one that is missing nothing is known: it is tried again."""

    recipients: Mapping[str, Told]
    provider_id: str | None = None
    retry_after_seconds: int | None = None


class NotTaken(Exception):
    """The mail was certainly not taken, and may be later: with `in_turn` exactly then, for nothing went wrong."""

    def __init__(self, detail: str, retry_after_seconds: int | None = None, *, in_turn: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds
        self.in_turn = in_turn


class CannotTell(Exception):
    """Nobody will ever know what became of the mail: there is no way to ask."""


DeliverHere = Callable[[Outgoing], Awaitable[HandedOver]]
"""Deliver a mail to the mailboxes of this house, each operation once to each address."""


class SendBackend(Protocol):
    """Something that mail is handed over to, up to `at_once_max` at a time."""

    @property
    def at_once_max(self) -> int: ...

    @property
    def trouble(self) -> str | None:
        """Say what keeps mail from being handed over at all now, and what to do; None: nothing that is known."""
        ...

    async def check(self) -> None:
        """Ask whether the backend can be reached and knows us. Raises `NotTaken`, which says what to do."""
        ...

    async def hand_over(self, mail: Outgoing) -> HandedOver:
        """Hand a mail over once. Raises `NotTaken`; after any other exception nobody knows, and `look_up` is asked."""
        ...

    async def look_up(self, mail: Outgoing) -> HandedOver | None:
        """Tell what became of a mail whose hand-over had no end; None: it never came, and may be handed over again.

        Raises `CannotTell`; after any other exception it is asked again later.
        """
        ...


@dataclass(frozen=True, slots=True)
class Feed:
    """A zone as the name server needs it.

    `allow`: who may transfer it, `{"key": name, "networks": [text]}`; `notify`: who is told of its changes,
    `{"host", "port", "key"}`.
    """

    packed: bytes
    name: str
    allow: Sequence[Mapping[str, Any]] = ()
    notify: Sequence[Mapping[str, Any]] = ()


class NotPublished(Exception):
    """The name server did not take the change in time. It gets it with all others as soon as it runs."""


class ZoneServer(Protocol):
    """Something that answers for zones."""

    async def publish(self, feed: Feed) -> None:
        """Have a zone served as it is now; returns when every answer is from it. Raises `NotPublished`."""
        ...

    async def remove(self, name: str) -> None:
        """Have a zone served no longer. Raises `NotPublished`."""
        ...

    async def set_keys(self, keys: Mapping[str, str]) -> None:
        """Have these TSIG keys known, name → base64, and no others. Raises `NotPublished`."""
        ...


class Unseen(Exception):
    """Nobody could say how it looks outside: the message says whom we asked. It may go well later."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """What a parent zone says of a name: to which name servers it is delegated; none: it is not."""

    parent: str
    nameservers: frozenset[str]


class Outside(Protocol):
    """The DNS as the rest of the world sees it. Names are A-labels without a final dot."""

    async def delegation(self, name: str) -> Delegation:
        """Ask the servers of the parent zone to whom a name is delegated. Raises `Unseen`."""
        ...

    async def records(self, name: str, kind: str) -> tuple[str, ...]:
        """Return the records of MX, TXT, CNAME or NS as plain text, strings joined. Raises `Unseen`."""
        ...


class SenderRefused(Exception):
    """A sender could not be registered, or removed; the text says why."""


class SenderRegistry(Protocol):
    """Something that has to know each address that mail is sent from. Both ask for a state: twice is as good as once.

    Both raise `SenderRefused`.
    """

    async def register(self, address: str) -> None: ...

    async def remove(self, address: str) -> None: ...
