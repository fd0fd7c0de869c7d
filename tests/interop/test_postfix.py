from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.conftest import Place
from tests.interop.postfix import Postfix, running_postfix
from tests.support import RunningDaemon, mail

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def relay(secured: RunningDaemon) -> Iterator[Postfix]:
    with running_postfix(secured.smtp[1]) as running:
        yield running


def test_a_mail_relayed_by_postfix_over_tls_ends_a_wait_with_its_code(relay: Postfix, place: Place) -> None:
    relay.relay(place.address, mail(place.address, text="Your verification code is 730184.\n"))
    assert relay.said(place.address, "status=sent", "250 2.0.0 Kept"), relay.log
    assert relay.said("TLS connection established"), relay.log
    body = {"timeout_seconds": 20, "since": "2020-01-01T00:00:00Z"}
    found = place.daemon.call("POST", f"/v1/inboxes/{place.address}/wait", body, key=place.key).json
    assert found["extracted"]["otp_code"] == "730184"
    assert len(place.messages()) == 1


def test_postfix_bounces_a_mail_to_nobody_at_once(relay: Postfix, place: Place) -> None:
    nobody = place.address.replace("@", "x@")
    relay.relay(nobody, mail(nobody))
    assert relay.said(nobody, "status=bounced", "550 5.1.1"), relay.log
    assert place.messages() == []
