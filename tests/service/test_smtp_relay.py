"""Mail through a relay: on a clock that is moved, with a relay that does as it is told."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemon.backends.protocols import NotTaken, SendBackend
from daemon.backends.secrets import Unusable
from daemon.backends.send.chosen import chosen
from daemon.mail.signing_key import SigningKey
from daemon.settings import HostPort, Settings
from tests.authenticate.support import verdicts
from tests.service.harness import House, house
from tests.service.test_outbox import a_mail, a_mailbox, shown
from tests.signing import Signer, certificate, rsa_key
from tests.standins.smtp import HangsUp, Relay

LARGE_BYTES = 6_000_000  # what no system holds in its buffers
LOST = "the connection to the relay was lost before the mail was through"
UNKNOWN = "unknown outcome: the connection was lost"


@asynccontextmanager
async def sending(home: House, relay: Relay | str, *keys: SigningKey, **more: object) -> AsyncIterator[SendBackend]:
    """The backend as the settings make it."""
    at = relay if isinstance(relay, str) else relay.at
    host, _, port = at.rpartition(":")
    given = {"smtp_relay_security": "none"} | more
    settings = Settings(send_backend="smtp", smtp_relay=HostPort(host, int(port)), **given)  # type: ignore[arg-type]

    async def signing_keys(domain: str) -> tuple[SigningKey, ...]:
        return tuple(key for key in keys if key.domain == domain)

    async with AsyncExitStack() as stack:
        yield chosen(settings, home.clock, home.services.local_delivery.deliver, signing_keys, stack)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def step(home: House, backend: SendBackend, seconds: float = 0) -> None:
    home.clock.advance(seconds=seconds)
    await home.services.outbox.step(backend)


async def test_a_mail_goes_out_with_what_the_relay_offers_and_no_more(home: House) -> None:
    _, inbox = await a_mailbox(home)
    address = (await home.ask("inboxes.get", inbox)).address
    for offers in (("SIZE 1000000", "8BITMIME", "DSN"), ()):
        with Relay(extensions=offers) as relay:
            message = await a_mail(home, inbox, "a+x=y@foreign.test", "b@foreign.test", text=".\n..\nFrom me\n")
            async with sending(home, relay) as backend:
                await step(home, backend)
        [mail] = relay.mails
        assert await shown(home, message) == ("sent", [("sent", "250 2.0.0 queued as 1")] * 2)
        local, _, domain = address.partition("@")
        assert mail.sender == f"{local}+bounce-{message.removeprefix('msg_')}@{domain}"
        assert mail.recipients == ("a+x=y@foreign.test", "b@foreign.test")
        stored = await home.ask("messages.raw", message)
        assert mail.raw == stored.content
        assert relay.helos == ["mx.postern.test"]
        if offers:
            [(operation,)] = await home.look("SELECT operation_id FROM outbox WHERE message_id = ?", message)
            assert (mail.parameters["ENVID"], mail.parameters["RET"]) == (operation, "HDRS")
            assert mail.recipient_parameters[0] == {
                "NOTIFY": "FAILURE,DELAY",
                "ORCPT": "rfc822;a+2Bx+3Dy@foreign.test",
            }


@pytest.mark.parametrize(
    ("reply", "status", "suppressed"),
    [
        ("550 5.1.1 No such user", "bounced", True),
        ("550 no such user", "bounced", True),
        ("553 5.1.3 bad address", "bounced", True),
        ("550 5.4.1 Recipient address rejected", "bounced", True),
        ("550 5.7.1 Relaying denied", "bounced", False),
        ("554 spam", "bounced", False),
        ("552 5.2.2 mailbox full", "bounced", False),
        ("450 4.2.1 later", "queued", False),
        ("421 4.3.2 going down", "queued", False),
    ],
)
async def test_what_is_said_of_one_recipient_is_his_alone(
    home: House, reply: str, status: str, suppressed: bool
) -> None:
    tenant, inbox = await a_mailbox(home)
    with Relay(replies={"a@foreign.test": [reply]}) as relay:
        message = await a_mail(home, inbox, "b@foreign.test", "a@foreign.test")
        async with sending(home, relay) as backend:
            await step(home, backend)
            whole, [(_, first), (second, detail)] = await shown(home, message)
            assert (whole, second) == (status, status)
            if not reply.startswith("421"):
                assert detail == reply
                assert first == "250 2.0.0 queued as 1"
            await step(home, backend, 120)
    expected = ["b@foreign.test"] if status == "bounced" else ["b@foreign.test", "a@foreign.test"]
    assert [one for mail in relay.mails for one in mail.recipients] == expected
    found = await home.look("SELECT address, reason FROM suppressions WHERE tenant_id = ?", tenant)
    assert found == ([("a@foreign.test", "bounce")] if suppressed else [])


@pytest.mark.parametrize(
    ("at", "reply", "status", "suppressed"),
    [
        ("MAIL", "550 5.1.8 sender unknown", "bounced", 0),
        ("MAIL", "451 4.3.0 later", "queued", 0),
        ("MAIL", "530 5.7.0 log in", "queued", 0),
        ("DATA", "554 5.5.1 no", "bounced", 0),
        ("DATA", "451 4.3.0 later", "queued", 0),
        (".", "554 5.7.1 looks like spam", "bounced", 0),
        (".", "550 5.1.1 no such user", "bounced", 1),
        (".", "452 4.3.1 no room", "queued", 0),
    ],
)
async def test_what_is_said_of_the_mail_is_not_held_against_its_recipients(
    home: House, at: str, reply: str, status: str, suppressed: int
) -> None:
    _, inbox = await a_mailbox(home)
    with Relay(replies={at: [reply]}) as relay:
        message = await a_mail(home, inbox)
        async with sending(home, relay) as backend:
            await step(home, backend)
            assert await shown(home, message) == (status, [(status, reply)])
            await step(home, backend, 120)
            await step(home, backend, 120)
    assert len(relay.mails) == (status == "queued")
    assert await home.look("SELECT count(*) FROM suppressions") == [(suppressed,)]


@pytest.mark.parametrize("where", [one for one in HangsUp if one is not HangsUp.WHEN_IDLE])
async def test_a_connection_that_is_lost_sends_nothing_twice(home: House, where: HangsUp) -> None:
    _, inbox = await a_mailbox(home)
    with Relay(hangs_up=[where]) as relay:
        files = [{"filename": "a", "content": base64.b64encode(bytes(LARGE_BYTES)).decode()}]
        message = await a_mail(home, inbox, attachments=files if where is HangsUp.IN_DATA else [])
        async with sending(home, relay) as backend:
            await step(home, backend)
            status, [(_, detail)] = await shown(home, message)
            assert detail is not None
            if where is HangsUp.AFTER_DATA:
                assert status == "failed"
                assert detail.startswith(UNKNOWN)
            else:
                assert status == "queued"
                assert detail.startswith("the relay" if where is HangsUp.AT_THE_GREETING else LOST)
            for _ in range(3):
                await step(home, backend, 3_600)
    assert len(relay.mails) == 1, "once, and after the end of the data never again"
    assert (await shown(home, message))[0] == ("failed" if where is HangsUp.AFTER_DATA else "sent")


async def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_replaced(home: House) -> None:
    _, inbox = await a_mailbox(home)
    with Relay() as relay:
        async with sending(home, relay) as backend:
            for _ in range(3):
                await a_mail(home, inbox)
                await step(home, backend)
            assert (relay.connections, len(relay.mails)) == (1, 3)
            relay.hangs_up.append(HangsUp.WHEN_IDLE)
            for _ in range(2):
                await a_mail(home, inbox)
                await step(home, backend)
            assert (relay.connections, len(relay.mails)) == (2, 5)


async def test_there_are_never_more_connections_than_were_allowed(home: House) -> None:
    _, inbox = await a_mailbox(home)
    for _ in range(12):
        await a_mail(home, inbox)
    with Relay() as relay:
        async with sending(home, relay, smtp_relay_connections=3) as backend:
            while len(relay.mails) < 12:
                await step(home, backend)
    assert relay.most_at_once <= 3


async def test_what_is_for_mailboxes_here_needs_no_relay(home: House) -> None:
    _, inbox = await a_mailbox(home)
    _, other = await a_mailbox(home, "Other")
    theirs = (await home.ask("inboxes.get", other)).address
    nobody = "nobody@" + theirs.partition("@")[2]
    message = await a_mail(home, inbox, theirs)
    mixed = await a_mail(home, inbox, "a@foreign.test", theirs, nobody)
    async with sending(home, "127.0.0.1:1") as backend:
        await step(home, backend)
        assert (await shown(home, message))[0] == "delivered"
        status, [(away, why), (here, _), (gone, _)] = await shown(home, mixed)
        assert (status, away, here, gone) == ("queued", "queued", "delivered", "bounced")
        assert why is not None
        assert "cannot be reached" in why
        assert backend.trouble is not None
    with Relay(hangs_up=[HangsUp.AFTER_DATA]) as relay:
        async with sending(home, relay) as backend:
            await step(home, backend, 120)
            assert backend.trouble is None
        again = await a_mail(home, inbox, "a@foreign.test", theirs)
        async with sending(home, relay) as backend:
            await step(home, backend)
    assert relay.mails[0].recipients == ("a@foreign.test",)
    assert [one[0] for one in (await shown(home, mixed))[1]] == ["failed", "delivered", "bounced"]
    assert [one[0] for one in (await shown(home, again))[1]] == ["sent", "delivered"]
    assert len((await home.ask("messages.list", other)).data) == 3


async def test_a_mail_in_hand_at_a_crash_fails_visibly_but_for_who_is_here(home: House) -> None:
    _, inbox = await a_mailbox(home)
    _, other = await a_mailbox(home, "Other")
    theirs = (await home.ask("inboxes.get", other)).address
    message = await a_mail(home, inbox, "a@foreign.test", theirs)
    await home.database.write(lambda tx: tx.conn.execute("UPDATE outbox SET state = 'handing', next_ms = NULL"))
    with Relay() as relay:
        async with sending(home, relay) as backend:
            await step(home, backend)
            await step(home, backend, 3_600)
    assert relay.mails == []
    status, [(away, why), (here, _)] = await shown(home, message)
    assert (status, away, here) == ("failed", "failed", "delivered")
    assert why is not None
    assert why.startswith(UNKNOWN)


async def test_mail_is_signed_by_the_keys_of_its_domain_alike_at_every_attempt(home: House) -> None:
    _, inbox = await a_mailbox(home)
    domain = (await home.ask("inboxes.get", inbox)).domain
    keys = (SigningKey(domain, "r1", rsa_key()), SigningKey(domain, "e1", Ed25519PrivateKey.generate()))
    records = {one.name: [one.record] for one in (Signer(key.domain, key.selector, key.private_key) for key in keys)}
    with Relay(replies={".": ["451 4.3.0 later"]}) as relay:
        await a_mail(home, inbox)
        async with sending(home, relay, *keys) as backend:
            await step(home, backend)
            await step(home, backend, 120)
    [mail] = relay.mails
    assert mail.raw.count(b"DKIM-Signature:") == 2
    began_ms = (await home.look("SELECT created_ms FROM outbox"))[0][0]
    assert b" t=%d;" % (began_ms // 1000) in mail.raw
    for name in records:
        assert (await verdicts({name: records[name]}, mail.raw)).dkim == "pass"


async def test_what_is_too_large_for_the_relay_is_refused_at_once(home: House) -> None:
    _, inbox = await a_mailbox(home)
    with Relay(extensions=("SIZE 500",)) as relay:
        message = await a_mail(home, inbox, text="x" * 600)
        async with sending(home, relay) as backend:
            await step(home, backend)
    status, [(_, why)] = await shown(home, message)
    assert (status, relay.mails) == ("bounced", [])
    assert why is not None
    assert why.startswith("552 5.3.4 The relay takes 500 bytes")
    assert await home.look("SELECT count(*) FROM suppressions") == [(0,)]


# ------------------------------------------------------------------------------------------------- encryption and login


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the certificate that vouches for it."""
    chain = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, chain.with_suffix(".key"))
    return context, chain


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_relay_is_spoken_to_over_tls_and_logged_in_to(
    home: House, tls: tuple[ssl.SSLContext, Path], tmp_path: Path, security: str
) -> None:
    _, inbox = await a_mailbox(home)
    context, ca = tls
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    known = {"smtp_relay_ca": ca, "smtp_relay_user": "postern", "smtp_relay_password_file": file}
    with Relay(tls=context, tls_at_once=security == "tls", login=("postern", "s3cret")) as relay:
        await a_mail(home, inbox, text="x\n" * 100_000)
        at = f"localhost:{relay.port}"
        async with sending(home, at, smtp_relay_security=security, **known) as backend:
            await backend.check()
            await step(home, backend)
    [mail] = relay.mails
    assert (mail.encrypted, mail.user) == (True, "postern")


async def checked(home: House, relay: Relay, **more: object) -> str:
    """What a check says."""
    async with sending(home, f"localhost:{relay.port}", **more) as backend:
        with pytest.raises(NotTaken) as told:
            await backend.check()
    return told.value.detail


async def test_a_check_says_what_is_wrong(home: House, tls: tuple[ssl.SSLContext, Path], tmp_path: Path) -> None:
    context, ca = tls
    other = certificate(tmp_path, "elsewhere.test")
    with Relay(tls=context, login=("postern", "s3cret")) as relay:
        login = {"smtp_relay_user": "postern", "smtp_relay_password": "wrong"}
        said = await checked(home, relay, smtp_relay_security="starttls", smtp_relay_ca=ca, **login)
        assert "refuses our login (535 5.7.8 wrong user or password)" in said
        for unknown in (None, other):
            said = await checked(home, relay, smtp_relay_security="starttls", smtp_relay_ca=unknown)
            assert "POSTERN_SMTP_RELAY_CA" in said
        async with sending(home, relay, smtp_relay_security="starttls", smtp_relay_ca=other) as backend:
            with pytest.raises(NotTaken, match="POSTERN_SMTP_RELAY_CA"):
                await backend.check()
    with Relay() as relay:
        assert "STARTTLS" in await checked(home, relay, smtp_relay_security="starttls")
    with Relay(greeting="554 5.7.1 not you") as relay:
        assert "554 5.7.1 not you" in await checked(home, relay, smtp_relay_security="none")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"smtp_relay": None}, "POSTERN_SMTP_RELAY"),
        ({"smtp_relay_user": "a"}, "belong together"),
        ({"smtp_relay_user": "a", "smtp_relay_password": "b", "smtp_relay_security": "none"}, "in the clear"),
        ({"smtp_relay_ca": Path("/nonexistent")}, "POSTERN_SMTP_RELAY_CA"),
        ({"smtp_relay_password_file": Path("/nonexistent")}, "POSTERN_SMTP_RELAY_PASSWORD_FILE"),
        ({"smtp_relay_password_file": Path("/etc/passwd")}, "chmod 600"),
    ],
)
async def test_settings_that_make_no_backend_are_named(home: House, given: dict[str, object], says: str) -> None:
    settings = Settings(**{"send_backend": "smtp", "smtp_relay": HostPort("relay.test", 587)} | given)  # type: ignore[arg-type]
    no_keys: Callable[..., object] = lambda _: ()  # noqa: E731
    async with AsyncExitStack() as stack:
        with pytest.raises(Unusable, match=says):
            chosen(settings, home.clock, home.services.local_delivery.deliver, no_keys, stack)  # type: ignore[arg-type]


async def test_a_stop_lets_the_mails_in_hand_come_to_their_end(home: House) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox, text="x\n" * 100_000)
    with Relay() as relay:
        async with sending(home, relay) as backend:
            work = asyncio.create_task(home.services.outbox.run(backend))
            assert await asyncio.to_thread(relay.data_begun.wait, 20)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    assert len(relay.mails) == 1
    assert (await shown(home, message))[0] == "sent"
