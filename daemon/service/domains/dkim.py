"""DKIM keys: made off the loop, sealed at rest, opened to sign (RFC 6376; RFC 8463)."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from daemon.audit import append
from daemon.clock import SECOND_MS
from daemon.keys import Place
from daemon.mail.signing_key import SigningKey
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.domains.publishing import Publisher
from daemon.service.domains.rotation import Due, State, Turn, next_step
from daemon.service.mutations import entry
from daemon.service.tools import Service, Tools
from daemon.store import domains
from daemon.store.database import Tx
from daemon.store.domains import DkimRow, DomainRow

RSA_BITS = 2048  # RFC 8301, 3.2
OPENED_MAX_KEYS = 2_000
TURN_LETTERS = 8
RSA, ED25519 = "rsa", "ed25519"


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key: its public half as DNS has it, and its private one in DER (PKCS #8)."""

    algorithm: str
    public_key: str
    private_key: bytes


class DkimKeys(Service):
    """The keys of all domains."""

    def __init__(self, tools: Tools, publisher: Publisher) -> None:
        super().__init__(tools)
        self._publisher = publisher
        self._opened: OrderedDict[tuple[str, str], SigningKey] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def made(self) -> tuple[MadeKey, ...]:
        """Make one key of each algorithm; the RSA key takes a tenth of a second or more, so not on the loop."""
        return await asyncio.to_thread(_make)

    def add(self, tx: Tx, domain: DomainRow, made: tuple[MadeKey, ...], state: State) -> str:
        """Store a turn of keys; return its name, which is in its selectors and never comes again."""
        turn = self._ids.bare()[:TURN_LETTERS]
        for key in made:
            selector, key_id = f"{key.algorithm}-{turn}", self._ids.new("dkim")
            row = DkimRow(
                id=key_id,
                tenant_id=domain.tenant_id,
                domain=domain.name,
                selector=selector,
                turn=turn,
                algorithm=key.algorithm,
                public_key=key.public_key,
                sealed=self._keyring.seal(dkim_place(domain.tenant_id, key_id), key.private_key),
                state=state,
                state_ms=tx.now_ms,
            )
            domains.add_key(tx, row)
        return turn

    def schedule(self, tx: Tx, row: DomainRow) -> Due | None:
        """Write down when the next step of a domain is due; return that."""
        due = next_step(turns_of(domains.keys(tx.conn, row.name)), self.every_ms(row))
        domains.set_dkim_ms(tx, row.name, due.at_ms if due else None)
        return due

    def every_ms(self, row: DomainRow) -> int | None:
        """Return how old a domain's keys may become. Where people add the records, only people begin."""
        every = self._settings.dkim_rotation * SECOND_MS
        return every if every and row.mode != "manual" else None

    async def signing_keys(self, domain: str) -> tuple[SigningKey, ...]:
        """Return the keys that a domain signs with now, RSA first; none when it is not ours to sign for.

        A shared subdomain gets its keys when it first signs: published, and answered, before this returns.
        """
        rows = await self._signing(domain)
        if not rows:
            async with self._locks.setdefault(domain, asyncio.Lock()):
                rows = await self._signing(domain) or await self._first(domain)
        return tuple(map(self._open, rows))

    async def _signing(self, domain: str) -> list[DkimRow]:
        """Return the keys that sign."""
        keys = await self._database.read(lambda conn: domains.keys(conn, domain))
        return [key for key in keys if key.state == State.SIGNING and key.sealed is not None]

    async def _first(self, domain: str) -> list[DkimRow]:
        row = await self._database.read(lambda conn: domains.get(conn, domain))
        if row is None or row.mode != "shared":
            return []
        made = await self.made()

        def change(tx: Tx) -> None:
            now = domains.get(tx.conn, domain)
            if now is None or domains.keys(tx.conn, domain):
                return
            turn = self.add(tx, now, made, State.SIGNING)
            call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)
            append(tx, entry(call, "domain:make_keys", now.tenant_id, f"{domain} {turn}"))
            self.schedule(tx, now)
            self._publisher.announce(tx, self._publisher.builder.zone_of(now))

        await self._database.write(change)
        await self._publisher.published(self._publisher.builder.zone_of(row))
        return await self._signing(domain)

    def _open(self, row: DkimRow) -> SigningKey:
        name = row.domain, row.selector
        key = self._opened.get(name)
        if key is None:
            der = self._keyring.unseal(dkim_place(row.tenant_id, row.id), row.sealed or b"")
            private = load_der_private_key(der, password=None)
            if not isinstance(private, (rsa.RSAPrivateKey, Ed25519PrivateKey)):
                raise AssertionError("only such keys are made")
            key = self._opened[name] = SigningKey(row.domain, row.selector, private)
            if len(self._opened) > OPENED_MAX_KEYS:
                self._opened.popitem(last=False)
        return key


def turns_of(keys: Sequence[DkimRow]) -> list[Turn]:
    """Return the turns that a domain's keys are of."""
    return list(dict.fromkeys(Turn(key.turn, State(key.state), key.state_ms) for key in keys))


def dkim_place(tenant_id: str, key_id: str) -> Place:
    """Return where a private key lives."""
    return Place(tenant_id, "dkim_keys", key_id, "sealed")


def _make() -> tuple[MadeKey, ...]:
    """Return an RSA and an Ed25519 key: every verifier knows the first, the second is short and strong."""
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    spki = rsa_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    ed_key = Ed25519PrivateKey.generate()
    return (
        MadeKey(RSA, base64.b64encode(spki).decode(), _der(rsa_key)),
        MadeKey(ED25519, base64.b64encode(ed_key.public_key().public_bytes_raw()).decode(), _der(ed_key)),
    )


def _der(key: rsa.RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
