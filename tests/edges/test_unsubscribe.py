from __future__ import annotations

import base64
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import SMTP

import pytest

from tests.conftest import Start
from tests.edges.desk import Desk, a_desk
from tests.edges.support import at_once, audit_head, audit_since, metric
from tests.inside import DaemonInside
from tests.support import Answer

FAR = "Jane.Doe+news@Foreign.test"
KNOWN_AS = "jane.doe@foreign.test"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    {"Content-Type": "multipart/form-data; boundary=x"},
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
)
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonInside]:
    """A daemon behind a proxy that speaks https."""
    home = tmp_path_factory.mktemp("https")
    running = DaemonInside(home / "data", {"PUBLIC_URL": "https://mail.example.org/"}).start()
    yield running
    running.stop()


@pytest.fixture
def desk(https: DaemonInside) -> Desk:
    return a_desk(https)


def unsubscribe_url(desk: Desk, message: str) -> str:
    header = message_from_bytes(desk.raw(message), policy=SMTP)["List-Unsubscribe"]
    assert header.startswith("<")
    assert header.endswith(">")
    return str(header[1:-1])


def path_of(desk: Desk, to: str = FAR) -> str:
    """Send subscribed mail and return the path of its link."""
    url = unsubscribe_url(desk, desk.sent(to, subscribed=True))
    return "/u/" + url.rpartition("/u/")[2]


def press(desk: Desk, path: str, body: bytes = ONE_CLICK, headers: dict[str, str] = FORM) -> Answer:
    return desk.daemon.call("POST", path, body, headers=headers)


def blocked(desk: Desk, *, subscribed: bool) -> bool:
    return desk.send(FAR, subscribed=subscribed, dry_run=True).json["would_send"] is False


def test_subscribed_mail_carries_the_headers_of_rfc_8058(desk: Desk) -> None:
    message = message_from_bytes(desk.raw(desk.sent(FAR, subscribed=True)), policy=SMTP)
    assert message["List-Unsubscribe"].startswith("<https://mail.example.org/u/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain = message_from_bytes(desk.raw(desk.sent(FAR)), policy=SMTP)
    assert plain["List-Unsubscribe"] is plain["List-Unsubscribe-Post"] is None


def test_without_https_one_click_is_not_promised_and_the_page_is_there(inside: DaemonInside) -> None:
    desk = a_desk(inside)
    message = message_from_bytes(desk.raw(desk.sent(FAR, subscribed=True)), policy=SMTP)
    assert message["List-Unsubscribe"].startswith(f"<{inside.http}/u/")
    assert message["List-Unsubscribe-Post"] is None
    assert inside.call("GET", "/u/" + message["List-Unsubscribe"][1:-1].rpartition("/")[2]).status == 200


def test_subscribed_mail_goes_to_one_address(desk: Desk) -> None:
    for people in ({"cc": "b@foreign.test"}, {"bcc": ["b@foreign.test"]}):
        refused = desk.send(FAR, subscribed=True, **people)
        assert (refused.status, refused.code) == (422, "validation_failed")
    assert desk.sending()["used"] == 0


def test_a_press_closes_the_address_to_the_tenants_subscribed_mail_only(https: DaemonInside, desk: Desk) -> None:
    sibling, stranger = a_desk(https, desk.tenant), a_desk(https)
    path, before = path_of(desk), audit_head(https)
    answer = press(desk, path)
    assert (answer.status, answer.json) == (200, {"unsubscribed": True})
    for one in (desk, sibling):
        assert blocked(one, subscribed=True)
        assert not blocked(one, subscribed=False), "it is no complaint: what was asked for still comes"
    assert not blocked(stranger, subscribed=True)
    refused = desk.send(FAR, subscribed=True)
    assert (refused.status, refused.json["error"]["details"]) == (
        422,
        [{"field": "Jane.Doe+news@foreign.test", "message": "suppressed: unsubscribe"}],
    )
    shown = https.operator("GET", f"/v1/suppressions/{KNOWN_AS}?tenant={desk.tenant}").json
    assert (shown["reason"], shown["blocks"], shown["address"]) == ("unsubscribe", "subscribed", KNOWN_AS)
    (line,) = audit_since(https, before)
    hashed = https.operator("POST", "/v1/audit/hash", {"value": KNOWN_AS}).json["hash"]
    assert (line["action"], line["actor"]["type"], line["tenant"], line["value"]) == (
        "link:suppression:unsubscribe",
        "link",
        desk.tenant,
        hashed,
    )
    assert desk.karma() == 0


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize(("headers", "body"), [(FORM, ONE_CLICK), MULTIPART])
def test_either_encoding_of_a_form_will_do_and_nobody_is_redirected(
    headers: dict[str, str], body: bytes, accept: str, desk: Desk
) -> None:
    answer = press(desk, path_of(desk), body, {**headers, "Accept": accept})
    assert answer.status == 200
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert blocked(desk, subscribed=True)


def test_looking_changes_nothing(https: DaemonInside, desk: Desk) -> None:
    path, before = path_of(desk), audit_head(https)
    for method in ("GET", "HEAD"):
        assert https.call(method, path, headers=PAGE).status == 200
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert https.call(method, path).status == 405
    for body in (b"", b"List-Unsubscribe=", b"{}", b"one-click"):
        refused = press(desk, path, body)
        assert (refused.status, refused.code) == (422, "validation_failed")
    assert audit_head(https) == before
    assert not blocked(desk, subscribed=True)


def test_the_page_is_not_kept_not_told_on_and_runs_nothing(https: DaemonInside, desk: Desk) -> None:
    path = path_of(desk)
    page = https.call("GET", path, headers=PAGE)
    answers = [page, press(desk, path, headers={**FORM, **PAGE}), https.call("GET", path + "x", headers=PAGE)]
    assert [answer.status for answer in answers] == [200, 200, 404]
    for answer in answers:
        headers = answer.headers
        assert headers["Content-Type"].startswith("text/html")
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "foreign.test" not in answer.body.decode()
    assert '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">' in page.body.decode()
    assert press(desk, path).headers["Cache-Control"] == "no-store"


def test_a_thousandth_press_is_as_good_as_the_first_and_leaves_no_line(https: DaemonInside, desk: Desk) -> None:
    path, before = path_of(desk), audit_head(https)
    assert {answer.status for answer in at_once(20, lambda _: press(desk, path))} == {200}
    assert len(audit_since(https, before)) == 1
    https.operator("DELETE", f"/v1/suppressions/{KNOWN_AS}?tenant={desk.tenant}")
    assert not blocked(desk, subscribed=True)
    assert press(desk, path).status == 200, "who is subscribed again may leave again"
    assert blocked(desk, subscribed=True)


def test_a_link_is_good_for_years_and_outlives_mail_mailbox_and_tenant(https: DaemonInside) -> None:
    desk = a_desk(https)
    path = path_of(desk)
    assert https.call("DELETE", f"/v1/inboxes/{desk.address}", key=desk.key).status == 200
    https.clock.advance(days=3_650)
    https.run(https.services.housekeeping.sweep())
    assert press(desk, path).status == 200
    listed = https.operator("GET", f"/v1/suppressions?tenant={desk.tenant}").json["data"]
    assert [one["address"] for one in listed] == [KNOWN_AS]
    assert https.operator("DELETE", f"/v1/tenants/{desk.tenant}?confirm={desk.tenant}").status == 200
    assert press(desk, path).status == 200


def test_a_token_is_one_addresss_one_tenants_and_tells_neither(https: DaemonInside, desk: Desk) -> None:
    first, again, other = path_of(desk), path_of(desk, KNOWN_AS), path_of(desk, "other@foreign.test")
    elsewhere = path_of(a_desk(https))
    assert first == again
    assert len({first, other, elsewhere}) == 3
    decoded = base64.urlsafe_b64decode(first.removeprefix("/u/")).lower()
    for word in (b"jane", b"foreign", desk.tenant.encode(), desk.address.encode()):
        assert word not in decoded
        assert word not in first.lower().encode()


def test_what_is_forged_or_for_something_else_is_404_and_counted(https: DaemonInside, desk: Desk) -> None:
    path = path_of(desk)
    raw = base64.urlsafe_b64decode(path.removeprefix("/u/"))
    forged = [base64.urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).decode() for at in range(60)]
    receipt = https.operator("POST", "/v1/links", {"audit_seq": 1}).json["url"].rpartition("/")[2]
    forged += ["x", "A" * 80, receipt, path.removeprefix("/u/")[:-1]]
    counted, before = metric(https, 'postern_noise_total{kind="unsubscribes_forged"}'), audit_head(https)
    for token in forged:
        for answer in (press(desk, f"/u/{token}"), https.call("GET", f"/u/{token}")):
            assert (answer.status, answer.code) == (404, "not_found")
    assert metric(https, 'postern_noise_total{kind="unsubscribes_forged"}') == counted + 2 * len(forged)
    for other in ("/l/", "/d/"):
        assert https.call("GET", other + path.removeprefix("/u/")).status == 404
    assert https.call("POST", "/l/" + path.removeprefix("/u/")).status == 404
    assert audit_head(https) == before
    assert not blocked(desk, subscribed=True)


def test_no_token_reaches_the_log(start: Start) -> None:
    daemon = start()
    desk = a_desk(daemon)
    path = path_of(desk)
    assert press(desk, path).status == 200
    daemon.stop()
    assert '"route": "/u/{token}"' in daemon.log
    assert path.removeprefix("/u/")[:20] not in daemon.log
