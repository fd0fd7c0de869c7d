"""One message told in many ways: the answer stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.mail.extract import extract
from daemon.mail.parse import parse
from tests.mail.builder import build
from tests.mail.forms import HIDDEN, OWN

EXAMPLES = 120
DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９", "๐๑๒๓๔๕๖๗๘๙", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"]  # noqa: RUF001
CODES = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True).filter(lambda code: not code.startswith(("19", "20")))
ENCODINGS = st.sampled_from([("utf-8", "base64"), ("utf-8", "quoted-printable"), ("utf-8", "8bit")])
TOKEN = "Zk81vQm3Xw9bTr5LpYc2Hn7D"


def written(code: str, digits: str) -> str:
    return "".join(digits[int(char)] for char in code)


def split(code: str, form: str) -> str:
    """The code as HTML, its characters set apart in a way that the eye does not see."""
    if form == "spans":
        return "".join(f"<span style='padding:3px'>{char}</span>" for char in code)
    if form == "cells":
        return "<table><tr>" + "<td width=4></td>".join(f"<td>{char}</td>" for char in code) + "</tr></table>"
    if form == "boxes":
        return "".join(f"\n<div style='display:inline-block'>&nbsp;{char} </div>" for char in code)
    if form == "invisible":
        return "&#8203;".join(code)
    if form == "halves":
        return f"{code[:3]}&nbsp;{code[3:]}"
    return code


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    CODES,
    st.sampled_from(DIGITS),
    st.sampled_from(["plain", "spans", "cells", "boxes", "invisible", "halves"]),
    st.sampled_from(OWN),
    ENCODINGS,
    st.booleans(),
)
def test_the_code_stays(
    code: str, digits: str, form: str, hidden: str, encoding: tuple[str, str], quoted: bool
) -> None:
    html = f"{HIDDEN[hidden]}<p>Your verification code is:</p><h2>{split(written(code, digits), form)}</h2>"
    html += "<p>It is valid for 10 minutes. Order 551203.</p>" + HIDDEN[hidden]
    if quoted:
        html += "<p>On Mon, 2 Mar 2026, Service wrote:</p><blockquote>Your verification code is 222333</blockquote>"
    raw = build("Sign in", None, html, charset=encoding[0], encoding=encoding[1])
    assert extract(parse(raw)).otp_code == code


@settings(max_examples=EXAMPLES, deadline=None)
@given(CODES, st.sampled_from(DIGITS), ENCODINGS, st.sampled_from(["{}", "*{}*", "[{}]", "  {}  ", "\u00ab{}\u00bb"]))
def test_the_code_stays_in_text(code: str, digits: str, encoding: tuple[str, str], around: str) -> None:
    shown = around.format(written(code, digits))
    text = f"Hello,\n\nyour one-time code:\n\n{shown}\n\nCustomer number 88120394.\n\nOn Mon, X wrote:\n> code 333444\n"
    assert extract(parse(build("Sign in", text, encoding=encoding[1]))).otp_code == code


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.sampled_from(["Verify your email", "Confirm address", "Sign in", "Reset password", "Accept invitation"]),
    st.sampled_from(OWN),
    ENCODINGS,
    st.booleans(),
)
def test_the_link_stays(label: str, hidden: str, encoding: tuple[str, str], footer_first: bool) -> None:
    wanted = f"https://a.example/x/{TOKEN}"
    idle = f"<p><a href='https://a.example/unsubscribe/{TOKEN}'>Unsubscribe</a> <a href='https://a.example/help'>Help</a></p>"
    decoy = HIDDEN[hidden].replace("111222", f"<a href='https://evil.test/verify?token={TOKEN}'>Verify your email</a>")
    button = f"<p><a style='background:#06c;color:#fff;padding:9px' href='{wanted}'>{label}</a></p>"
    html = decoy + (idle + button if footer_first else button + idle)
    raw = build("One more step", None, html, charset=encoding[0], encoding=encoding[1])
    assert extract(parse(raw)).verification_link == wanted


@pytest.mark.parametrize("hidden", OWN)
def test_a_hidden_link_before_all_else_is_not_the_answer(hidden: str) -> None:
    decoy = HIDDEN[hidden].replace("111222", f"<a href='https://evil.test/verify?token={TOKEN}'>Verify your email</a>")
    button = f"<a style='background:#06c;color:#fff' href='https://a.example/x/{TOKEN}'>Verify your email</a>"
    html = f"{decoy}<p>{button}</p>"
    assert extract(parse(build("One more step", None, html))).verification_link == f"https://a.example/x/{TOKEN}"
