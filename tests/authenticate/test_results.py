from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.api.messages import Authentication
from daemon.backends.authenticate.results import read, trusted
from daemon.backends.deliver.targets import Allowed
from daemon.backends.protocols import Arrival
from daemon.mail.fields import split
from tests.authenticate.support import HOME, PEER, RAW, authenticator
from tests.nameserver import name_server
from tests.signing import Signer

ALL = "mx.home.test; spf=pass smtp.mailfrom=foreign.test; dkim=pass header.d=foreign.test; dmarc=pass header.from=x"
PASSED = Authentication(spf="pass", dkim="pass", dmarc="pass")


def with_fields(*fields: str) -> bytes:
    return "".join(f"{field}\r\n" for field in fields).encode() + RAW


def results(*values: str) -> bytes:
    return with_fields(*(f"Authentication-Results: {value}" for value in values))


async def told(
    raw: bytes, *, authserv_id: str | None = "mx.home.test", peer: str | None = "127.0.0.1"
) -> Authentication:
    with name_server() as server, authenticator(server.at, authserv_id=authserv_id, relays=HOME) as made:
        return await made.verdicts(Arrival("a@foreign.test", peer, "mx.home.test"), raw)


async def test_the_relay_of_ours_is_believed() -> None:
    assert await told(results(ALL)) == PASSED
    assert await told(results(ALL), peer="10.2.3.4") == PASSED
    assert await told(results(ALL), peer=None) == PASSED  # fetched
    assert await told(results(ALL.replace("mx.home", "MX.Home"))) == PASSED
    assert await told(with_fields("Received: x", "Authentication-Results: " + ALL)) == PASSED
    with authenticator(None, authserv_id="mx.home.test", relays=Allowed.of([f"{PEER}/32"])) as made:
        assert await made.verdicts(Arrival("a@foreign.test", PEER, ""), results(ALL)) == PASSED


async def test_nobody_else_is() -> None:
    nothing = Authentication(spf="unknown", dkim="none", dmarc="unknown")
    assert await told(results(ALL), authserv_id=None) == nothing
    assert await told(results(ALL.replace("home", "evil"))) == nothing
    assert await told(results("mx.other.test; none", ALL)) == nothing  # below one that is not ours
    stranger = await told(results(ALL), peer=PEER)
    assert stranger == Authentication(spf="none", dkim="none", dmarc="none")


async def test_what_came_in_from_outside_is_not_believed_beside_ours() -> None:
    ours = "mx.home.test; spf=fail smtp.mailfrom=a.test; dkim=none; dmarc=fail"
    assert await told(results(ours, ALL)) == Authentication(spf="fail", dkim="none", dmarc="fail")
    below = with_fields(
        "Authentication-Results: mx.home.test; dmarc=fail", "Received: x", "Authentication-Results: " + ALL
    )
    assert await told(below) == Authentication(spf="unknown", dkim="none", dmarc="fail")


async def test_several_fields_of_a_relay_add_up() -> None:
    split_up = ["mx.home.test; dkim=fail", "mx.home.test; spf=softfail smtp.mailfrom=x", "mx.home.test; dmarc=fail"]
    assert await told(results(*split_up)) == Authentication(spf="none", dkim="fail", dmarc="fail")


async def test_what_a_relay_does_not_say_is_checked_here() -> None:
    signer = Signer("foreign.test")
    raw = signer.sign(RAW)
    raw = b"Authentication-Results: mx.home.test; spf=pass smtp.mailfrom=foreign.test\r\n" + raw
    records = {signer.name: [signer.record], "_dmarc.foreign.test TXT": ["v=DMARC1; p=none"]}
    with name_server(records) as server, authenticator(server.at, authserv_id="mx.home.test") as made:
        assert await made.verdicts(Arrival("a@foreign.test", "127.0.0.1", ""), raw) == PASSED


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("mx.home.test; none", {}),
        ("mx.home.test 1; spf=pass", {"spf": "pass"}),
        ("(c (d) \\) e) mx.home.test (f); (g) spf (h) = (i) pass (j)", {"spf": "pass"}),
        ('mx.home.test; dkim=fail reason="a; dkim=pass; \\"b" header.d=x', {"dkim": "fail"}),
        ("mx.home.test; dkim=fail (; dkim=pass)", {"dkim": "fail"}),
        ("mx.home.test; dkim=fail header.d=a; dkim=pass header.d=b", {"dkim": "pass"}),
        ("mx.home.test; dkim=neutral; dmarc=bestguesspass; spf=policy", {"dkim": "none", "spf": "none"}),
        ("mx.home.test; spf=fail smtp.mailfrom=a; spf=pass smtp.mailfrom=b", {"spf": "fail"}),
        ("mx.home.test; spf=pass smtp.helo=evil.test; spf=fail smtp.mailfrom=b", {"spf": "fail"}),
        ("mx.home.test; SPF/1=PASS; x-own=pass; iprev=fail; dkim=pas", {"spf": "pass"}),
        ("mx.home.test; spf=passed-on; dkim = temperror", {"dkim": "temperror"}),
        ("mx.home.test;\r\n\tdmarc=permerror\r\n header.from=x", {"dmarc": "permerror"}),
        ("mx.home.test; spf", {}),
        ("", None),
        ("a b c; spf=pass", None),
        (" ;spf=pass", None),
    ],
)
def test_fields_are_read_by_the_grammar(value: str, found: dict[str, str] | None) -> None:
    given = read(value.encode())
    assert (given[1] if given else None) == found


@given(st.one_of(st.binary(max_size=300), st.text('ab();="\\. spfdkim\r\n\t/1', max_size=200).map(str.encode)))
def test_any_field_is_read(value: bytes) -> None:
    read(value)
    fields, _ = split(b"Authentication-Results:" + value + b"\r\n\r\n")
    trusted(fields, "mx.home.test")


def test_a_field_without_end_is_not_read() -> None:
    assert read(b"mx.home.test; " + b"spf=pass; " * 10_000) is None
    assert read(b"(" * 8_000) is None
