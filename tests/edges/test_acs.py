"""A daemon whose mail goes out through Azure, and what Azure reports of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Start
from tests.edges.support import metric, until
from tests.edges.test_sending import send, settled, shown
from tests.standins.acs import Azure, Does
from tests.support import Answer, RunningDaemon

SECRET = "an events secret of the tests"
HEADERS = {"X-Postern-Secret": SECRET}


def report(operation: str, recipient: str, status: str, message: str = "") -> dict[str, Any]:
    """One event, as Event Grid's documentation shows it."""
    return {
        "id": "00000000-0000-0000-0000-000000000000",
        "topic": "/subscriptions/x/resourceGroups/y/providers/Microsoft.Communication/CommunicationServices/z",
        "subject": f"sender/a@b.test/message/{operation}",
        "data": {
            "sender": "a@b.test",
            "recipient": recipient,
            "messageId": operation,
            "status": status,
            "deliveryStatusDetails": {"statusMessage": message},
            "deliveryAttemptTimeStamp": "2026-01-01T00:00:00.0000000+00:00",
        },
        "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": "2026-01-01T00:00:00Z",
    }


def posts(daemon: RunningDaemon, *events: object, headers: dict[str, str] = HEADERS) -> Answer:
    return daemon.call("POST", "/hooks/acs", list(events), headers=headers)


@pytest.mark.parametrize(
    ("said", "status", "suppressed"),
    [
        ("Delivered", "delivered", False),
        ("Bounced", "bounced", True),
        ("Suppressed", "bounced", True),
        ("Failed", "bounced", False),
        ("Quarantined", "bounced", False),
        ("FilteredSpam", "bounced", False),
        ("Expanded", "sent", False),
    ],
)
def test_what_azure_reports_is_shown_and_who_bounced_is_not_written_to_again(
    start: Start, said: str, status: str, suppressed: bool
) -> None:
    with Azure() as azure:
        daemon = start(SEND_BACKEND="acs", ACS_CONNECTION_STRING=azure.connection_string, ACS_EVENTS_SECRET=SECRET)
        key = daemon.agent()["agent_key"]
        ours = daemon.inbox(key)["address"]
        message = settled(daemon, send(daemon, key, ours), "sent")["id"]
        [operation] = azure.taken
        for _ in range(2):
            assert posts(daemon, report(operation, "Jane@foreign.test", said, "because")).status == 200
        whole = shown(daemon, message)
        assert whole["status"] == status
        if status == "bounced":
            assert whole["deliveries"][0]["detail"] == f"{said}: because"
        again = send(daemon, key, ours)
        assert (again.status == 422) == suppressed


def test_a_report_that_is_early_is_asked_for_again(start: Start) -> None:
    with Azure([Does.TAKES_LONG]) as azure:
        daemon = start(SEND_BACKEND="acs", ACS_CONNECTION_STRING=azure.connection_string, ACS_EVENTS_SECRET=SECRET)
        key = daemon.agent()["agent_key"]
        send(daemon, key, daemon.inbox(key)["address"])
        until(lambda: len(azure.taken) == 1)
        [operation] = azure.taken
        early = posts(daemon, report(operation, "jane@foreign.test", "Delivered"))
        assert (early.status, early.code) == (503, "backend_unavailable")


def test_the_handshake_the_secret_and_nonsense(start: Start) -> None:
    daemon = start(ACS_EVENTS_SECRET=SECRET)
    handshake = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6", "validationUrl": "https://rp.test/validate"},
    }
    assert posts(daemon, handshake).json == {"validationResponse": "512d38b6"}
    by_query = daemon.call("POST", f"/hooks/acs?secret={SECRET.replace(' ', '%20')}", [handshake])
    assert by_query.json == {"validationResponse": "512d38b6"}
    assert SECRET not in daemon.log
    for headers in ({}, {"X-Postern-Secret": "wrong"}, {"X-Postern-Secret": "ü"}):
        assert posts(daemon, handshake, headers=headers).code == "invalid_api_key"
    assert metric(daemon, 'postern_noise_total{kind="azure_reports_forged"}') == 3
    for body in (b"", b"{", b"{}", b"[1]", b"[" * 100_000, b'"x"'):
        answer = daemon.call("POST", "/hooks/acs", body, headers=HEADERS)
        assert (answer.status, answer.code) == (400, "bad_request")
    assert posts(daemon, report("no such operation", "a@b.test", "Bounced"), {"eventType": "x"}, {}).status == 200

    other = start()
    assert posts(other, handshake).status == 404


VALUES = st.recursive(
    st.none() | st.text(max_size=9) | st.integers() | st.sampled_from(["Bounced", "Delivered", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"eventType": st.sampled_from([report("", "", "")["eventType"], "x"]) | VALUES},
            optional={"data": st.dictionaries(st.sampled_from(["messageId", "recipient", "status"]), VALUES) | VALUES},
        ),
        max_size=3,
    )
)
@settings(max_examples=60)
def test_any_events_are_answered(daemon_with_secret: RunningDaemon, events: list[dict[str, Any]]) -> None:
    assert daemon_with_secret.call("POST", "/hooks/acs", json.dumps(events).encode(), headers=HEADERS).status == 200


@pytest.fixture(scope="module")
def daemon_with_secret(tmp_path_factory: pytest.TempPathFactory) -> Any:
    running = RunningDaemon(tmp_path_factory.mktemp("d") / "data", {"ACS_EVENTS_SECRET": SECRET}).start()
    yield running
    running.stop()
