from __future__ import annotations

import base64
import email
from collections.abc import Callable
from concurrent.futures import Future
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import fast_mail_parser
import pytest

from tests.edges.support import (
    answer_of,
    at_once,
    audit_head,
    audit_since,
    background,
    looked_up,
    metric,
    until,
    waiting,
)
from tests.support import Answer, RunningDaemon

NO_ROUTE = "no route out: the send backend is loopback"
FILE = {"filename": "a", "content": ""}
Start = Callable[..., RunningDaemon]


def send(daemon: RunningDaemon, key: str, sender: str, *, http: dict[str, str] | None = None, **body: Any) -> Answer:
    given = {"to": "jane@foreign.test", "subject": "Hello", "text": "Good morning.\n"} | body
    kept = {name: value for name, value in given.items() if value is not None}
    return daemon.call("POST", f"/v1/inboxes/{sender}/send", kept, key=key, headers=http)


def shown(daemon: RunningDaemon, message: str) -> dict[str, Any]:
    found: dict[str, Any] = daemon.operator("GET", f"/v1/messages/{message}").json
    return found


def settled(daemon: RunningDaemon, answer: Answer, status: str) -> dict[str, Any]:
    """Wait until what was sent is in a state, and return it."""
    assert answer.status == 202, answer.body
    until(lambda: shown(daemon, answer.json["id"])["status"] == status)
    return shown(daemon, answer.json["id"])


def listed(daemon: RunningDaemon, address: str, direction: str = "inbound") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = daemon.operator("GET", f"/v1/inboxes/{address}/messages?direction={direction}").json[
        "data"
    ]
    return found


def raw_of(daemon: RunningDaemon, message: str) -> bytes:
    return daemon.operator("GET", f"/v1/messages/{message}/raw").body


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert not message.defects
    return message


def refused_fields(answer: Answer) -> set[str]:
    assert (answer.status, answer.code) == (422, "validation_failed"), answer.body
    return {detail["field"] for detail in answer.json["error"]["details"]}


@pytest.fixture(scope="module")
def key(daemon: RunningDaemon) -> str:
    tenant = daemon.tenant()
    daemon.operator("PATCH", f"/v1/tenants/{tenant}", {"limits": {"send_cap_first": 1_000}})
    return str(daemon.agent(tenant)["agent_key"])


@pytest.fixture
def ours(daemon: RunningDaemon, key: str) -> str:
    return str(daemon.inbox(key, display_name="Our Bot")["address"])


@pytest.fixture
def theirs(daemon: RunningDaemon) -> str:
    return str(daemon.inbox(daemon.agent()["agent_key"])["address"])


# ------------------------------------------------------------------------------------------------------- conversations


def test_a_conversation_with_the_outside_is_one_thread(daemon: RunningDaemon, key: str, ours: str) -> None:
    first = EmailMessage()
    first["From"], first["To"], first["Subject"] = "Jane <jane@foreign.test>", ours, "Your offer"
    first["Message-ID"] = "<first@foreign.test>"
    first.set_content("What would it cost?\n")
    daemon.deliver(ours, first.as_bytes(policy=SMTP), sender="jane@foreign.test")
    (arrived,) = listed(daemon, ours)

    answer = daemon.call(
        "POST", f"/v1/messages/{arrived['id']}/reply", {"text": "Twelve.\n", "html": "<p>Twelve.</p>"}, key=key
    )
    assert (answer.status, answer.json["thread_id"]) == (202, arrived["thread_id"])
    raw = raw_of(daemon, answer.json["id"])
    sent = read(raw)
    assert sent["To"] == "Jane <jane@foreign.test>"
    assert sent["From"] == f"Our Bot <{ours}>"
    assert sent["Subject"] == "Re: Your offer"
    assert sent["In-Reply-To"] == sent["References"] == "<first@foreign.test>"
    assert str(sent["Message-ID"]).endswith(f"@{ours.partition('@')[2]}>")
    rust = fast_mail_parser.parse_email(raw)
    assert (rust.subject, [text.strip() for text in rust.text_plain]) == ("Re: Your offer", ["Twelve."])

    again = EmailMessage()
    again["From"], again["To"], again["Subject"] = "Jane <jane@foreign.test>", ours, "Completely different words"
    again["In-Reply-To"] = str(sent["Message-ID"])
    again.set_content("Done.\n")
    daemon.deliver(ours, again.as_bytes(policy=SMTP), sender="jane@foreign.test")

    thread = daemon.call("GET", f"/v1/threads/{arrived['thread_id']}", key=key).json
    assert [message["direction"] for message in thread["messages"]] == ["inbound", "outbound", "inbound"]
    last = daemon.call("POST", f"/v1/messages/{thread['messages'][2]['id']}/reply", {"text": "Good.\n"}, key=key)
    assert last.json["thread_id"] == thread["id"]
    assert len(daemon.call("GET", f"/v1/inboxes/{ours}/threads", key=key).json["data"]) == 1


def test_a_conversation_between_two_mailboxes_of_the_house(
    daemon: RunningDaemon, key: str, ours: str, theirs: str
) -> None:
    told = settled(daemon, send(daemon, key, ours, to=theirs), "delivered")
    assert [(one["address"], one["kind"], one["status"]) for one in told["deliveries"]] == [(theirs, "to", "delivered")]
    (arrived,) = listed(daemon, theirs)
    assert (arrived["from"], arrived["subject"], arrived["unread"]) == (f"Our Bot <{ours}>", "Hello", True)
    assert raw_of(daemon, arrived["id"]) == raw_of(daemon, told["id"])
    answer = daemon.operator("POST", f"/v1/messages/{arrived['id']}/reply", {"text": "Good morning, too.\n"})
    settled(daemon, answer, "delivered")
    (back,) = listed(daemon, ours)
    assert (back["subject"], back["thread_id"]) == ("Re: Hello", told["thread_id"])
    assert answer.json["thread_id"] == arrived["thread_id"]
    found = daemon.operator("GET", f"/v1/search?q=morning+too&inbox={ours}").json["data"]
    assert [one["id"] for one in found] == [back["id"]]


def test_whom_an_answer_goes_to(daemon: RunningDaemon, key: str, ours: str) -> None:
    def deliver(**headers: str) -> str:
        message = EmailMessage()
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content("x\n")
        daemon.deliver(ours, message.as_bytes(policy=SMTP))
        return str(listed(daemon, ours)[0]["id"])

    def answered(message: str, **body: Any) -> EmailMessage:
        answer = daemon.call("POST", f"/v1/messages/{message}/reply", {"text": "y"} | body, key=key)
        assert answer.status == 202, answer.body
        return read(raw_of(daemon, answer.json["id"]))

    me = f"Me <{ours.replace('@', '+shop@')}>"
    group = deliver(
        From="a@f.test", Reply_To="list@f.test", To=f"{me}, b@f.test", Cc="c@f.test, a@f.test, broken", Subject="Sv: x"
    )
    assert (answered(group)["To"], answered(group)["Cc"], answered(group)["Subject"]) == ("list@f.test", None, "Sv: x")
    everybody = answered(group, reply_all=True)
    assert (everybody["To"], everybody["Cc"]) == ("list@f.test", "b@f.test, c@f.test, a@f.test")
    own = send(daemon, key, ours, to=["x@f.test", ours], cc="y@f.test").json["id"]
    assert (answered(own)["To"], answered(own)["Cc"]) == ("x@f.test", None)
    assert answered(own, reply_all=True)["Cc"] == "y@f.test"
    assert answered(deliver(From="a@f.test", Subject="Fwd: x"))["Subject"] == "Re: Fwd: x"
    assert answered(deliver(From="a@f.test", Subject=""))["Subject"] == "Re:"
    alone = deliver(From=ours, To=ours, Subject="to myself")
    answer = daemon.call("POST", f"/v1/messages/{alone}/reply", {"text": "y"}, key=key)
    assert refused_fields(answer) == {"reply_all"}


def test_a_strangers_identifiers_cannot_break_an_answer(daemon: RunningDaemon, key: str, ours: str) -> None:
    hostile = (
        b"From: =?utf-8?q?a=0D=0ABcc:_evil@x.test?= <a@f.test>\r\nSubject: =?utf-8?q?x=0D=0ABcc:_evil@x.test?=\r\n"
        b"Message-ID: <a\xc3\xa9"
        + b"b" * 900
        + b"@x>\r\nReferences: <one@x.test> <\x01two@x.test> <"
        + b"c" * 2_000
        + b"@x.test>\r\n\r\nx\r\n"
    )
    daemon.deliver(ours, hostile)
    (arrived,) = listed(daemon, ours)
    answer = daemon.call("POST", f"/v1/messages/{arrived['id']}/reply", {"text": "y"}, key=key)
    assert (answer.status, answer.json["thread_id"]) == (202, arrived["thread_id"])
    sent = read(raw_of(daemon, answer.json["id"]))
    assert sent["Bcc"] is None
    assert sent["References"] == "<one@x.test>"


# ------------------------------------------------------------------------------------------------- who gets what, where


def test_who_is_here_who_is_not_and_who_is_nowhere(daemon: RunningDaemon, key: str, ours: str, theirs: str) -> None:
    unknown = f"nobody-at-all@{ours.partition('@')[2]}"
    before = metric(daemon, "postern_outbox_oldest_queued_seconds")
    answer = send(daemon, key, ours, to=theirs, cc="Jane <jane@foreign.test>", bcc=[unknown, theirs.upper()])
    until(lambda: all(one["detail"] for one in shown(daemon, answer.json["id"])["deliveries"]))
    told = shown(daemon, answer.json["id"])
    assert told["status"] == "queued"
    assert [(one["address"], one["kind"], one["status"], one["detail"]) for one in told["deliveries"]] == [
        (theirs, "to", "delivered", "delivered to a mailbox here"),
        ("jane@foreign.test", "cc", "queued", NO_ROUTE),
        (unknown, "bcc", "bounced", "550 5.1.1 No such mailbox here"),
    ]
    raw = raw_of(daemon, told["id"])
    assert unknown.encode() not in raw
    (arrived,) = listed(daemon, theirs)
    assert "deliveries" not in shown(daemon, arrived["id"])
    assert unknown not in str(shown(daemon, arrived["id"]))
    stats = daemon.operator("GET", "/v1/stats").json["outbox"]
    assert stats["queued"] >= 1
    assert stats["oldest_queued_seconds"] >= before >= 0
    assert b'postern_outbox_messages{state="queued"}' in daemon.call("GET", "/metrics").body


def test_the_envelope_sender_is_the_mailbox_labelled_with_the_message(
    daemon: RunningDaemon, key: str, ours: str, theirs: str
) -> None:
    sent = settled(daemon, send(daemon, key, ours, to=theirs), "delivered")
    ((envelope,),) = looked_up(
        daemon,
        "SELECT envelope_from FROM messages WHERE inbox_id <> ? AND subject = 'Hello'"
        " AND direction = 'inbound' ORDER BY n DESC LIMIT 1",
        sent["inbox_id"],
    )
    assert envelope == ours.replace("@", f"+bounce-{sent['id'].removeprefix('msg_')}@")
    daemon.deliver(envelope)
    assert len(listed(daemon, ours)) == 1, "what is sent there comes home"


def test_one_that_mails_itself_has_both_and_is_woken_by_what_came_only(
    daemon: RunningDaemon, key: str, ours: str, theirs: str
) -> None:
    wait = waiting(daemon, ours, key, subject="code")
    other = send(daemon, key, ours, to=theirs, subject="a code", text="Your verification code is 111111.\n")
    settled(daemon, other, "delivered")
    assert not wait.done()
    own = send(daemon, key, ours, to=ours, subject="own code", text="Your verification code is 482913.\n")
    found = answer_of(wait).json
    assert found["extracted"]["otp_code"] == "482913"
    sent = settled(daemon, own, "delivered")
    assert found["message"]["id"] != sent["id"]
    assert (sent["direction"], sent["extracted"]["otp_code"], sent["unread"]) == ("outbound", None, False)
    assert [len(listed(daemon, ours, way)) for way in ("inbound", "outbound")] == [1, 2]


def test_a_suspended_tenants_mailbox_gets_its_mail_or_has_it_wait(start: Start) -> None:
    for policy, status in (("accept", "delivered"), ("defer", "queued")):
        daemon = start(SUSPENDED_MAIL=policy)
        key, tenant = daemon.agent()["agent_key"], daemon.tenant("Suspended")
        ours, theirs = daemon.inbox(key)["address"], daemon.inbox(daemon.agent(tenant)["agent_key"])["address"]
        assert daemon.operator("PATCH", f"/v1/tenants/{tenant}", {"suspended": True}).status == 200
        answer = send(daemon, key, ours, to=theirs)
        until(lambda d=daemon, a=answer: shown(d, a.json["id"])["deliveries"][0]["detail"] is not None)  # type: ignore[misc]
        assert shown(daemon, answer.json["id"])["status"] == status
        assert len(listed(daemon, theirs)) == (status == "delivered")


def test_events_tell_of_it(daemon: RunningDaemon, key: str, ours: str, theirs: str) -> None:
    sent = settled(daemon, send(daemon, key, ours, to=theirs), "delivered")
    kinds = looked_up(daemon, "SELECT kind FROM events WHERE subject_id = ? ORDER BY n", sent["id"])
    assert kinds == [("message.sent",), ("message.delivered",)]
    lost = settled(daemon, send(daemon, key, ours, to=f"no-one@{theirs.partition('@')[2]}"), "bounced")
    assert looked_up(daemon, "SELECT kind FROM events WHERE subject_id = ?", lost["id"]) == [("message.bounced",)]


# ----------------------------------------------------------------------------------------------------- what may be sent


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"to": []}, {"to"}),
        ({"to": ["jane", "a@foreign.test", "b@@foreign.test"]}, {"to.0", "to.2"}),
        ({"to": "a@foreign.test, b@foreign.test"}, {"to.0"}),
        ({"to": "jané@foreign.test"}, {"to.0"}),
        ({"to": "a@foreign.test\r\nBcc: b@foreign.test"}, {"to.0"}),
        ({"to": "Jane \u202e <a@foreign.test>"}, {"to.0"}),
        ({"to": [f"r{number}@foreign.test" for number in range(51)]}, {"to"}),
        ({"reply_to": "nobody"}, {"reply_to.0"}),
        ({"text": None}, {"text"}),
        ({"text": "a\x00b"}, {"text"}),
        ({"subject": "a\r\nBcc: b@foreign.test"}, {"subject"}),
        ({"subject": "=?utf-8?q?a=0D=0ABcc:_b@foreign.test?="}, {"subject"}),
        ({"subject": "x" * 901}, {"subject"}),
        ({"headers": {"Bcc": "b@foreign.test"}}, {"headers.Bcc"}),
        ({"headers": {"X-A\r\nBcc": "b@foreign.test"}}, {"headers.X-A\r\nBcc"}),
        ({"headers": {"X-A": "a", "x-a": "b"}}, {"headers.X-A", "headers.x-a"}),
        ({"headers": {"X-A": "=?utf-8?b?YQ0KQmNjOiBi?="}}, {"headers.X-A"}),
        ({"headers": {f"X-{number}": "a" for number in range(31)}}, {"headers"}),
        ({"subscribed": True, "to": ["a@foreign.test", "b@foreign.test"]}, {"subscribed"}),
        ({"subscribed": True, "headers": {"List-Unsubscribe": "<https://x.test>"}}, {"headers.List-Unsubscribe"}),
        ({"attachments": [{"filename": "a", "content": "no base64!"}]}, {"attachments.0.content"}),
        ({"attachments": [{"filename": "../a", "content": ""}]}, {"attachments.0.filename"}),
        ({"attachments": [{"filename": "exe.\u202efdp", "content": ""}]}, {"attachments.0.filename"}),
        ({"attachments": [FILE | {"content_type": "x\r\nBcc: y"}]}, {"attachments.0.content_type"}),
        ({"attachments": [FILE | {"content_type": "message/rfc822"}]}, {"attachments.0.content_type"}),
        ({"attachments": [FILE | {"content_id": "a>\r\nB: c"}]}, {"attachments.0.content_id"}),
        ({"idempotency_key": "é"}, {"idempotency_key"}),
        ({"bcc_": "x"}, {"bcc_"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_its_name(
    daemon: RunningDaemon, key: str, ours: str, body: dict[str, Any], fields: set[str]
) -> None:
    before = audit_head(daemon)
    assert refused_fields(send(daemon, key, ours, **body)) == fields
    assert listed(daemon, ours, "outbound") == []
    assert audit_head(daemon) == before


def test_all_that_may_be_sent_arrives_as_it_was_given(daemon: RunningDaemon, key: str, ours: str, theirs: str) -> None:
    pdf, logo = bytes(range(256)) * 8, b"\x89PNG"
    subject = "Grüße, =?utf-8?q?kein_Trick?= 漢字 " + "lang " * 40
    body: dict[str, Any] = {
        "to": f'"Mr. X; \\"the\\" one" <{theirs}>',
        "subject": subject,
        "text": "Zeile\nFrom here\n.\nünï\n",
        "html": '<p>Hällo <img src="cid:logo"></p>',
        "reply_to": ["Desk <desk@foreign.test>", "b@foreign.test"],
        "headers": {"X-Campaign": "grün", "Auto-Submitted": "auto-generated"},
        "attachments": [
            {"filename": "Übersicht 2031.pdf", "content": base64.b64encode(pdf).decode()},
            {
                "filename": "logo.png",
                "content": base64.b64encode(logo).decode(),
                "content_type": "image/png",
                "content_id": "<logo>",
                "inline": True,
            },
        ],
    }
    settled(daemon, send(daemon, key, ours, **body), "delivered")
    (arrived,) = listed(daemon, theirs)
    whole = shown(daemon, arrived["id"])
    assert whole["subject"] == subject.strip()
    assert (whole["text"], whole["html"]) == (body["text"], f"{body['html']}\r\n")
    assert whole["to"] == [f'Mr. X; "the" one <{theirs}>']
    headers = {header["name"]: header["value"] for header in whole["headers"]}
    assert (headers["X-Campaign"], headers["Auto-Submitted"]) == ("grün", "auto-generated")
    assert headers["Reply-To"] == "Desk <desk@foreign.test>, b@foreign.test"
    files = {part["filename"]: part for part in whole["attachments"]}
    assert files.keys() == {"Übersicht 2031.pdf", "logo.png"}
    assert files["Übersicht 2031.pdf"]["content_type"] == "application/pdf"
    assert (files["logo.png"]["content_id"], files["logo.png"]["inline"]) == ("logo", True)
    for name, content in (("Übersicht 2031.pdf", pdf), ("logo.png", logo)):
        index = files[name]["index"]
        assert daemon.operator("GET", f"/v1/messages/{arrived['id']}/attachments/{index}").body == content


def test_a_mailbox_whose_name_no_mail_may_bear_sends_without_it(daemon: RunningDaemon, key: str) -> None:
    ours = daemon.inbox(key, display_name="=?utf-8?q?a=0D=0ABcc:_x@evil.test?=")["address"]
    sent = settled(daemon, send(daemon, key, ours, to=ours), "delivered")
    message = read(raw_of(daemon, sent["id"]))
    assert (message["From"], message["Bcc"], sent["from"]) == (ours, None, ours)


def test_a_mail_over_the_limit_is_refused_and_one_under_it_is_not(start: Start) -> None:
    daemon = start(MAX_SEND_BYTES="3000000")
    key = daemon.agent()["agent_key"]
    ours = daemon.inbox(key)["address"]
    for size, status in ((2_000_000, 202), (2_300_000, 413), (9_000_000, 413)):
        files = [{"filename": "a.bin", "content": base64.b64encode(bytes(size)).decode()}]
        answer = send(daemon, key, ours, to=ours, attachments=files)
        assert answer.status == status, answer.body[:500]
        assert status == 202 or answer.code == "payload_too_large"
    until(lambda: len(listed(daemon, ours)) == 1)


def test_a_dry_run_leaves_nothing(daemon: RunningDaemon, key: str, ours: str, theirs: str) -> None:
    before = audit_head(daemon)
    tried = send(daemon, key, ours, to=theirs, dry_run=True, http={"Idempotency-Key": "dry"})
    assert (tried.status, tried.json["dry_run"], tried.json["would_send"]) == (200, True, True)
    assert tried.json.keys() == {"dry_run", "would_send", "rules"}
    assert "X-Postern-Audit" not in tried.headers
    assert refused_fields(send(daemon, key, ours, to="nobody", dry_run=True)) == {"to.0"}
    assert (audit_head(daemon), listed(daemon, ours, "outbound"), listed(daemon, theirs)) == (before, [], [])


# -------------------------------------------------------------------------------------------------------------- once


def test_a_repeated_request_sends_once(daemon: RunningDaemon, key: str, ours: str, theirs: str) -> None:
    header = {"Idempotency-Key": "once"}
    first = send(daemon, key, ours, to=theirs, http=header)
    before = audit_head(daemon)
    again = send(daemon, key, ours, to=theirs, idempotency_key="once")
    assert (again.status, again.json) == (first.status, first.json) == (202, first.json)
    assert again.headers["X-Postern-Audit"] == first.headers["X-Postern-Audit"]
    both = send(daemon, key, ours, to=theirs, idempotency_key="once", http=header)
    assert both.json == first.json
    assert refused_fields(send(daemon, key, ours, to=theirs, idempotency_key="other", http=header)) == {
        "idempotency_key"
    }
    assert audit_head(daemon) == before
    other = send(daemon, key, ours, to=theirs, subject="Other", idempotency_key="once")
    assert (other.status, other.code) == (409, "idempotency_conflict")
    elsewhere = daemon.inbox(key)["address"]
    moved = send(daemon, key, elsewhere, to=theirs, idempotency_key="once")
    assert (moved.status, moved.code) == (409, "idempotency_conflict")
    settled(daemon, first, "delivered")
    (arrived,) = listed(daemon, theirs)
    replies = [
        daemon.operator("POST", f"/v1/messages/{arrived['id']}/reply", {"text": "y", "idempotency_key": "once"})
        for _ in range(2)
    ]
    assert replies[0].json == replies[1].json
    until(lambda: len(listed(daemon, ours)) == 1)
    assert len(listed(daemon, theirs)) == 1


def test_twenty_at_once_with_one_key_are_one_mail(daemon: RunningDaemon, key: str, ours: str, theirs: str) -> None:
    answers = at_once(20, lambda _: send(daemon, key, ours, to=theirs, idempotency_key="crowd"))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1
    settled(daemon, answers[0], "delivered")
    assert len(listed(daemon, theirs)) == len(listed(daemon, ours, "outbound")) == 1


def test_the_first_answer_is_given_after_a_restart(start: Start) -> None:
    daemon = start()
    agent = daemon.agent()
    key, theirs = agent["agent_key"], daemon.inbox(daemon.agent()["agent_key"])["address"]
    ours = daemon.inbox(key)["address"]
    first = settled(daemon, send(daemon, key, ours, to=theirs, idempotency_key="k"), "delivered")
    assert daemon.stop() == 0
    daemon.start()
    again = send(daemon, key, ours, to=theirs, idempotency_key="k")
    assert (again.status, again.json["id"]) == (202, first["id"])
    assert len(listed(daemon, theirs)) == 1


def test_a_caller_that_goes_away_has_sent_or_not_and_is_told_by_its_key(
    daemon: RunningDaemon, key: str, ours: str, theirs: str
) -> None:
    gone: list[Future[Answer]] = [background(lambda: send(daemon, key, ours, to=theirs, idempotency_key="gone"))]
    answer = send(daemon, key, ours, to=theirs, idempotency_key="gone")
    assert answer_of(gone[0]).json == answer.json
    settled(daemon, answer, "delivered")
    assert len(listed(daemon, theirs)) == 1


def test_deleting_what_is_queued_cancels_it(daemon: RunningDaemon, key: str, ours: str) -> None:
    answer = send(daemon, key, ours)
    until(lambda: shown(daemon, answer.json["id"])["deliveries"][0]["detail"] == NO_ROUTE)
    before = audit_head(daemon)
    assert daemon.call("DELETE", f"/v1/messages/{answer.json['id']}", key=key).status == 200
    (line,) = audit_since(daemon, before)
    assert (line["action"], line["reason"]) == ("rest:message:delete", "its sending was cancelled")
    assert looked_up(daemon, "SELECT count(*) FROM outbox WHERE message_id = ?", answer.json["id"]) == [(0,)]
