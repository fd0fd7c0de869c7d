from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.dsn import DETAIL_MAX_CHARS, REPORTS_MAX, Report, reports

HEAD = (
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
)


def test_each_recipient_is_reported_and_the_original_one_counts() -> None:
    status = (
        b"Reporting-MTA: dns; mx.test\r\n\r\n"
        b"Original-Recipient: rfc822;A@x.test\r\nFinal-Recipient: rfc822; b@y.test\r\n"
        b"Action: failed (it was)\r\nStatus: 5.1.1 (unknown)\r\nDiagnostic-Code: smtp; 550\r\n who is that\r\n\r\n"
        b"Final-Recipient: RFC822;<c@x.test>\r\nAction: FAILED\r\nStatus: 4.4.7\r\n\r\n"
        b"Action: failed\r\nStatus: 5.0.0\r\n"
    )
    first, second = reports(HEAD + status + b"\r\n--b--\r\n")
    assert first == Report("a@x.test", "failed", True, "5.1.1 550 who is that")
    assert second == Report("c@x.test", "failed", False, "4.4.7")


def test_what_is_enclosed_or_ordinary_reports_nothing() -> None:
    status = HEAD + b"X: y\r\n\r\nFinal-Recipient: rfc822; a@x.test\r\nAction: failed\r\nStatus: 5.0.0\r\n\r\n--b--\r\n"
    assert reports(status)
    assert reports(b"Content-Type: message/rfc822\r\n\r\n" + status) == ()
    assert reports(b"Subject: x\r\n\r\nFinal-Recipient: rfc822; a@x.test\r\n") == ()


@given(
    st.lists(
        st.sampled_from(
            [
                b"Final-Recipient: rfc822; a@x",
                b"Action: failed",
                b"Status: 5.1.1",
                b"",
                b" x",
                b"\xff:",
                b"Diagnostic-Code: smtp;" + b"x" * 2_000,
                b"--b",
                b"--b--",
            ]
        )
        | st.binary(max_size=40)
    ).map(b"\r\n".join)
)
def test_whatever_comes_is_read_within_bounds(status: bytes) -> None:
    found = reports(HEAD + status)
    assert len(found) <= REPORTS_MAX
    assert all(len(one.detail) <= DETAIL_MAX_CHARS and one.recipient for one in found)
