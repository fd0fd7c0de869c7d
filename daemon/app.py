"""The composition root: the only module that knows everything. Start order, stop order, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from daemon import logs
from daemon.backends.authenticate.authenticator import Authenticator
from daemon.backends.deliver.sender import HttpSender
from daemon.backends.deliver.targets import Allowed
from daemon.backends.nameserver.feeder import Nameserver, Plan
from daemon.backends.protocols import AccountBackend, MirroredBackend, ReceiveBackend, SendBackend
from daemon.backends.receive.chosen import Callbacks
from daemon.backends.receive.chosen import chosen as chosen_receiver
from daemon.backends.resolve.outside import DnsOutside
from daemon.backends.resolve.resolver import Resolver
from daemon.backends.secrets import Unusable
from daemon.backends.send.chosen import chosen as chosen_sender
from daemon.backends.send.chosen import registry
from daemon.clock import Clock, SystemClock
from daemon.events import Bus
from daemon.ids import Ids
from daemon.keys import Keyring, KeyringError, load_keyring
from daemon.mail import compose
from daemon.mail.encode import Unwritable
from daemon.mail.warm import warm
from daemon.service.services import Services
from daemon.service.status import Listeners
from daemon.settings import Loaded, Settings, allowed_targets
from daemon.store import keyring as keyring_table
from daemon.store.database import Database
from daemon.web.application import build
from daemon.web.runner import Runner

SHUTDOWN_GRACE_SECONDS = 5.0
OPEN_FILES_MAX = 65_536
LOCK_NAME = "daemon.lock"


class StartError(Exception):
    """The daemon cannot start; the message says what to do."""


async def serve(loaded: Loaded, ready: Callable[[Listeners], None]) -> None:
    """Run the daemon until SIGTERM or SIGINT. `ready` is called once everything listens. Raises `StartError`."""
    logs.configure(loaded.settings.log_level)
    _allow_many_files()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(loaded.settings) as services:
        services.settings.sources = loaded.sources
        ready(services.stats.listeners)
        await stop.wait()


@asynccontextmanager
async def running(settings: Settings, clock: Clock | None = None, ids: Ids | None = None) -> AsyncIterator[Services]:
    """Start everything, yield the services, stop everything in reverse order. Raises `StartError`."""
    clock, ids = clock or SystemClock(), ids or Ids()
    _check_composing()
    home = prepared_home(settings.home)
    warm()
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(home))
        database = Database(settings.database_path, clock)
        try:
            database.open()
        except Exception as problem:  # noqa: BLE001  whatever stands in the database's place
            raise StartError(f"{settings.database_path} cannot be used ({problem}). Restore a backup of it.") from None
        stack.push_async_callback(database.close)
        keyring = await _keyring(database, home)
        bus = Bus()
        sender = HttpSender(Allowed.of(allowed_targets(settings.webhook_allow)), clock)
        stack.push_async_callback(sender.close)
        authenticator = _authenticator(settings, clock)
        stack.callback(authenticator.close)
        outside = DnsOutside(settings.resolver)
        services = Services(settings, database, keyring, bus, clock, ids, sender, authenticator.verdicts, outside)
        await services.publisher.prepare()
        backend = _sender(stack, settings, services, clock)
        receiver = _receiver(settings, services, clock, ids) if "smtp" in settings.only else None
        if isinstance(receiver, AccountBackend):
            await services.accounts.use(receiver)
        await _listen_http(stack, settings, services, bus, ids)
        if receiver is not None:
            await _receive(stack, settings, services, receiver)
        if "dns" in settings.only:
            services.stats.listeners.dns = await _answer_dns(stack, settings, services)
        await stack.enter_async_context(_beside(services.housekeeping.run()))
        await stack.enter_async_context(_beside(services.audit.watch()))
        await stack.enter_async_context(_beside(services.shipping.run()))
        await stack.enter_async_context(_beside(services.dispatcher.run()))
        await stack.enter_async_context(_beside(services.domain_checks.run()))
        await stack.enter_async_context(_beside(services.rotation.run()))
        await stack.enter_async_context(_beside(services.outbox.run(backend)))
        await stack.enter_async_context(_beside(services.removal.run()))
        yield services


def _sender(stack: AsyncExitStack, settings: Settings, services: Services, clock: Clock) -> SendBackend:
    try:
        backend = chosen_sender(
            settings, clock, services.local_delivery.deliver, services.dkim_keys.signing_keys, stack
        )
        services.inboxes.senders.registry = registry(settings, stack)
    except Unusable as problem:
        raise StartError(str(problem)) from None
    services.stats.sender = backend
    return backend


def _check_composing() -> None:
    try:
        compose.self_test()
    except Unwritable as problem:
        raise StartError(f"Mail cannot be composed safely here: {problem}. Reinstall Postern.") from None


def _allow_many_files() -> None:
    """Every waiting agent is an open file, and shells give a process few of them: take what may be had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(OPEN_FILES_MAX, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # a system that has a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def prepared_home(home: Path) -> Path:
    """Return the data directory, made private. Raises `StartError`."""
    os.umask(0o077)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = (home / "postern.db").exists() or not any(home.iterdir())
        found = home.stat()
        if found.st_uid != os.getuid():
            raise StartError(f"{home} belongs to another user. Choose a directory of your own.")
        if found.st_mode & 0o077 and not ours:
            raise StartError(f"{home} holds other things and is open to others. Choose a directory for Postern alone.")
        home.chmod(0o700)
    except OSError as problem:
        raise StartError(f"The data directory {home} cannot be used: {problem.strerror}.") from None
    return home


async def _keyring(database: Database, home: Path) -> Keyring:
    """Load the master key, or make it on first start, and remember its check value."""
    known = await database.read(keyring_table.check_values)
    try:
        keyring = load_keyring(home, known)
    except KeyringError as problem:
        raise StartError(str(problem)) from None
    for key_id in keyring.key_ids:
        if key_id not in known:
            await database.write(partial(keyring_table.add, key_id=key_id, check_value=keyring.check_value(key_id)))
    return keyring


async def _listen_http(stack: AsyncExitStack, settings: Settings, services: Services, bus: Bus, ids: Ids) -> None:
    """Open the HTTP listener, if it is wanted, and the control socket."""
    runner = Runner(build(services), ids, SHUTDOWN_GRACE_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.callback(bus.close)  # before that: it waits for whoever waits
    listeners = services.stats.listeners
    if "http" in settings.only:
        try:
            listeners.http = str(await runner.listen(settings.http_listen))
        except OSError as problem:
            raise _cannot_listen(settings.http_listen, problem) from None
    public_url = settings.public_url or f"http://{listeners.http or settings.http_listen}"
    services.mutations.public_url = public_url.rstrip("/")
    socket_path = settings.socket_path
    try:
        await runner.listen_locally(socket_path)  # ours alone: the lock says that no other daemon runs here
    except OSError as problem:
        raise StartError(f"The control socket {socket_path} cannot be made: {problem.strerror}.") from None
    listeners.socket = str(socket_path)
    stack.callback(socket_path.unlink, missing_ok=True)


def _authenticator(settings: Settings, clock: Clock) -> Authenticator:
    return Authenticator(
        Resolver(settings.resolver, clock),
        clock,
        authserv_id=settings.trusted_authserv,
        relays=Allowed.of(allowed_targets(settings.trusted_relays)),
    )


def _receiver(settings: Settings, services: Services, clock: Clock, ids: Ids) -> ReceiveBackend:
    to = Callbacks(accepts=services.reception.accepts, receive=services.messages.receive, ledger=services.fetching)
    try:
        return chosen_receiver(settings, to, clock, ids)
    except Unusable as problem:
        raise StartError(str(problem)) from None


async def _receive(stack: AsyncExitStack, settings: Settings, services: Services, receiver: ReceiveBackend) -> None:
    """Take mail in, and keep what is elsewhere in step with what is here."""
    stack.push_async_callback(receiver.stop)
    try:
        listening = await receiver.start()
    except OSError as problem:
        raise _cannot_listen(problem.filename or settings.smtp_listen, problem) from None
    services.stats.listeners.smtp = listening.get("smtp")
    services.stats.listeners.lmtp = listening.get("lmtp")
    if isinstance(receiver, MirroredBackend):
        services.stats.receiver = receiver
        await stack.enter_async_context(_beside(services.mirror.run(receiver)))
    if isinstance(receiver, AccountBackend):
        await stack.enter_async_context(_beside(services.accounts.run(receiver)))


async def _answer_dns(stack: AsyncExitStack, settings: Settings, services: Services) -> str | None:
    """Start the name server, or adopt the one that a killed daemon left; return where it listens."""
    if not settings.dns_workers:
        return None
    plan = Plan(
        host=settings.dns_listen.host,
        port=settings.dns_listen.port,
        home=settings.home,
        sockets=settings.dns_socket_paths,
        linger_seconds=settings.dns_linger,
        rate_per_second=settings.dns_rate,
        limit_loopback=settings.dns_limit_loopback == "yes",
        user=settings.dns_user,
    )
    nameserver = Nameserver(plan, services.publisher.source)
    stack.push_async_callback(nameserver.stop)
    services.stats.name_servers = nameserver.stats
    stack.callback(services.publisher.detach)
    await services.publisher.attach(nameserver)
    try:
        services.secondaries.listens_at = await nameserver.start()
    except OSError as problem:
        raise _cannot_listen(settings.dns_listen, problem) from None
    return services.secondaries.listens_at


def _cannot_listen(listen: object, problem: OSError) -> StartError:
    return StartError(
        f"Cannot listen on {listen}: {problem.strerror or problem}. Choose another port, or 0 for a free one."
    )


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keep every other daemon out of a data directory while the block runs. Raises `StartError`."""
    # Never through a symlink, and never truncating: the directory may have been somebody else's before.
    try:
        number = os.open(home / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise StartError(f"{home / LOCK_NAME} cannot be opened: {problem.strerror}. Remove it.") from None
    with os.fdopen(number, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(f"Another daemon runs in {home}. Stop it first: posternctl daemon stop.") from None
        yield


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run a coroutine while the block runs."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
