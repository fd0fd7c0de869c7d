"""What an operator would look at when something is wrong, looked at in one go: each finding with what to do about it.

It stands beside the daemon and needs none: it opens the files read-only, and asks the world what it sees.
"""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import sqlite3
import ssl
import stat
from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography import x509

from daemon.audit import verify
from daemon.backends.protocols import Unseen
from daemon.backends.receive import chosen as receive
from daemon.backends.receive.embedded import tls_context
from daemon.backends.resolve.lookups import LookupFailed
from daemon.backends.resolve.outside import DnsOutside
from daemon.backends.resolve.resolver import Resolver
from daemon.backends.send.chosen import tried
from daemon.clock import DAY_MS, SECOND_MS, Clock, iso
from daemon.keys import Keyring, KeyringError, key_file, load_keyring
from daemon.service.domains.verdicts import OURS_TO_ANSWER, of_delegation
from daemon.settings import Settings
from daemon.store import audit, domains
from daemon.store import keyring as keyring_table
from daemon.store.database import connect_read_only, damage

DOMAINS_MAX = 1_000
DISK_LOW_BYTES = 1024**3
CERTIFICATE_SOON_DAYS = 14
CLOCK_AHEAD_MAX_SECONDS = 60
RESTORE = "Stop the daemon and restore a backup: posternctl backup restore FILE --data-dir NEW"
RESERVED = (".test", ".example", ".invalid", ".localhost")


class Health(StrEnum):
    """How one thing is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `fix` is what to do, where something is to be done."""

    check: str
    status: Health
    detail: str
    fix: str | None = None


async def examine(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at everything."""
    found = [*_directory(settings.home), *_disk(settings), _certificate(settings, clock)]
    found += await asyncio.to_thread(lambda: list(_database(settings, clock)))
    found += [await sending(settings, clock), await receiving(settings)]
    async for finding in _names(settings, Resolver(settings.resolver, clock)):
        found.append(finding)
    return found + await _delegations(settings)


async def sending(settings: Settings, clock: Clock) -> Finding:
    """Try the send backend with a real call."""
    if problem := await tried(settings, clock):
        return Finding("sending", Health.FAILED, problem, "Correct what it names, then: posternctl config check")
    if settings.send_backend == "loopback":
        return Finding("sending", Health.OK, "between mailboxes here only: POSTERN_SEND_BACKEND is loopback")
    if settings.send_backend == "acs" and settings.acs_default_sender is not None:
        told = f"all mail comes from {settings.acs_default_sender}, and not from the mailboxes"
        return Finding("sending", Health.WARNING, told, "Register the mailboxes instead: POSTERN_ACS_EMAIL_SERVICE")
    return Finding("sending", Health.OK, f"{settings.send_backend} can be reached, and knows us")


async def receiving(settings: Settings) -> Finding:
    """Try the receive backend with a real call."""
    if problem := await receive.tried(settings):
        return Finding("receiving", Health.FAILED, problem, "Correct what it names, then: posternctl config check")
    if settings.receive_backend == "embedded":
        return Finding("receiving", Health.OK, f"by SMTP, at {settings.smtp_listen}")
    return Finding("receiving", Health.OK, f"{settings.receive_backend} can be reached, and knows us")


async def _delegations(settings: Settings) -> list[Finding]:
    """Ask the zones above the domains here to whom those are delegated, as the world does."""
    if not settings.database_path.exists():
        return []
    try:
        with closing(connect_read_only(settings.database_path)) as conn:
            names = [row.name for row in domains.listing(conn, None, None, DOMAINS_MAX) if row.mode in OURS_TO_ANSWER]
    except sqlite3.DatabaseError:
        return []  # told already
    outside = DnsOutside(settings.resolver)
    return list(await asyncio.gather(*(_delegation(settings, outside, name) for name in names)))


async def _delegation(settings: Settings, outside: DnsOutside, name: str) -> Finding:
    check = f"delegation of {name}"
    try:
        seen = of_delegation(name, await outside.delegation(name), settings.nameserver_names)
    except Unseen as problem:
        return Finding(check, Health.WARNING, str(problem), "Check the network and POSTERN_RESOLVER.")
    if seen.problem is None:
        return Finding(check, Health.OK, ", ".join(settings.nameserver_names))
    return Finding(check, Health.WARNING if seen.ok else Health.FAILED, seen.problem, f"posternctl domain show {name}")


def _directory(home: Path) -> Iterator[Finding]:
    if not home.is_dir():
        yield Finding("data directory", Health.SKIPPED, f"{home} is not there yet: the daemon makes it at its start")
        return
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        yield Finding("data directory", Health.FAILED, f"others may look into {home}", f"chmod 700 {home}")
    else:
        yield Finding("data directory", Health.OK, f"{home}, {mode:o}")
    for path in (home / "postern.db", key_file(home)):
        if path.parent == home and path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(path.name, Health.FAILED, f"others may read {path}", f"chmod 600 {path}")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    needed = DISK_LOW_BYTES
    if settings.database_path.exists():
        needed = max(needed, 2 * settings.database_path.stat().st_size)
    told = f"{free / 1024**3:.1f} GiB free"
    if free < needed:
        fix = f"Free space: a backup alone may need {needed / 1024**3:.1f} GiB."
        yield Finding("disk", Health.WARNING, told, fix)
    else:
        yield Finding("disk", Health.OK, told)


def _database(settings: Settings, clock: Clock) -> Iterator[Finding]:
    path = settings.database_path
    if not path.exists():
        yield Finding("database", Health.SKIPPED, f"{path} is not there yet: the daemon makes it at its start")
        return
    try:
        with closing(connect_read_only(path)) as conn:
            yield from _content(path, conn, settings, clock)
    except sqlite3.DatabaseError as fault:
        yield Finding("database", Health.FAILED, f"it cannot be read: {fault}", RESTORE)


def _content(path: Path, conn: sqlite3.Connection, settings: Settings, clock: Clock) -> Iterator[Finding]:
    broken = damage(conn)
    if broken is not None:
        yield Finding("database", Health.FAILED, broken, RESTORE)
        return
    yield Finding("database", Health.OK, f"{path.stat().st_size / 1024**2:.1f} MiB, whole")
    keyring = yield from _master_key(settings.home, conn)
    yield _chain(conn, keyring)
    yield _clock(conn, clock)


def _master_key(home: Path, conn: sqlite3.Connection) -> Generator[Finding, None, Keyring | None]:
    try:
        keyring = load_keyring(home, keyring_table.check_values(conn))
    except (KeyringError, OSError) as problem:
        fix = "Put the right master.key back, or: posternctl keyring recover FILE"
        yield Finding("master key", Health.FAILED, str(problem), fix)
        return None
    yield Finding("master key", Health.OK, f"{key_file(home)}, {len(keyring.key_ids)} in it")
    return keyring


def _chain(conn: sqlite3.Connection, keyring: Keyring | None) -> Finding:
    verdict = verify(conn, keyring)
    if not verdict.ok:
        told = f"broken at line {verdict.first_bad_seq}: {verdict.reason}"
        return Finding("audit chain", Health.FAILED, told, "Compare with an export or a backup from before.")
    return Finding("audit chain", Health.OK, f"{verdict.lines} lines, {verdict.checkpoints} checkpoints")


def _clock(conn: sqlite3.Connection, clock: Clock) -> Finding:
    last = audit.last_ms(conn)
    ahead_seconds = 0 if last is None else (last - clock.now_ms()) // SECOND_MS
    if ahead_seconds > CLOCK_AHEAD_MAX_SECONDS:
        told = f"the last audit line was written {ahead_seconds} s from now"
        return Finding("clock", Health.FAILED, told, "Set this machine's clock; let a time service keep it.")
    return Finding("clock", Health.OK, iso(clock.now_ms()))


def _certificate(settings: Settings, clock: Clock) -> Finding:
    if settings.tls_cert is None:
        fix = "Set POSTERN_TLS_CERT and POSTERN_TLS_KEY, so that mail comes in encrypted."
        return Finding("certificate", Health.WARNING, "none: mail is taken without STARTTLS", fix)
    try:
        tls_context(settings.tls_cert, settings.tls_key)
        found = x509.load_pem_x509_certificates(settings.tls_cert.read_bytes())[0]
    except (OSError, ValueError, ssl.SSLError) as problem:
        fix = "Name a certificate chain and its key, both PEM."
        return Finding("certificate", Health.FAILED, f"{settings.tls_cert} cannot be used: {problem}", fix)
    left = int(found.not_valid_after_utc.timestamp() * SECOND_MS - clock.now_ms()) // DAY_MS
    told = f"{settings.tls_cert}, {left} days left"
    if left < 0:
        return Finding("certificate", Health.FAILED, f"{settings.tls_cert} has expired", "Renew it, and restart.")
    if left < CERTIFICATE_SOON_DAYS:
        return Finding("certificate", Health.WARNING, told, "Renew it, and restart.")
    return Finding("certificate", Health.OK, told)


async def _names(settings: Settings, resolver: Resolver) -> AsyncIterator[Finding]:
    """Ask the world for our names and addresses: what it sees decides whether mail comes and goes."""
    base, host = settings.base_domain, settings.mail_host_name
    addresses = [ipaddress.ip_address(text) for text in settings.public_ips]
    if f".{base}".endswith(RESERVED):
        fix = "Set POSTERN_BASE_DOMAIN to a domain of yours (posternctl init asks for it)."
        yield Finding("base domain", Health.WARNING, f"{base} is for tests: nobody outside can write to it", fix)
        return
    private = [str(address) for address in addresses if not address.is_global]
    if private:
        fix = "Set POSTERN_PUBLIC_IPS to the addresses by which this host is reached from outside."
        yield Finding("public addresses", Health.FAILED, f"{', '.join(private)} cannot be reached from outside", fix)
    wanted = {str(address) for address in addresses}
    for name in (host, *settings.nameserver_names[:1]):
        yield await _told(f"address of {name}", _addresses(resolver, name, wanted))
    for address in addresses:
        if address.is_global:
            yield await _told(f"reverse DNS of {address}", _reverse(resolver, address, host))


async def _told(check: str, looking: Awaitable[Finding]) -> Finding:
    try:
        return await looking
    except LookupFailed:
        fix = "Check the network and POSTERN_RESOLVER."
        return Finding(check, Health.WARNING, "nobody could say: the resolver did not answer", fix)


async def _addresses(resolver: Resolver, name: str, wanted: set[str]) -> Finding:
    seen = {str(one) for version in (4, 6) for one in await resolver.addresses(name, version)}
    check = f"address of {name}"
    if not seen:
        fix = "Delegate the base domain to this name server, with glue (posternctl init prints the records)."
        return Finding(check, Health.FAILED, "the world knows none", fix)
    if seen != wanted:
        fix = f"Make them the same, in the DNS or by POSTERN_PUBLIC_IPS={','.join(sorted(wanted))}."
        return Finding(check, Health.FAILED, f"the world sees {', '.join(sorted(seen))}", fix)
    return Finding(check, Health.OK, ", ".join(sorted(seen)))


async def _reverse(resolver: Resolver, address: ipaddress.IPv4Address | ipaddress.IPv6Address, host: str) -> Finding:
    names = [name.rstrip(".").lower() for name in await resolver.ptr(address)]
    check = f"reverse DNS of {address}"
    if host in names:
        return Finding(check, Health.OK, host)
    told = f"it says {', '.join(names)}" if names else "there is none"
    return Finding(check, Health.WARNING, told, f"Have whoever gave you the address set its PTR to {host}.")
