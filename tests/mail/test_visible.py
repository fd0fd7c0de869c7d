"""What a reader sees, and above all what not."""

from __future__ import annotations

import pytest

from daemon.mail.extract import extract
from daemon.mail.parse import parse
from daemon.mail.visible import render
from tests.mail.builder import build
from tests.mail.forms import CODE, HIDDEN, OWN, SHOWN


@pytest.mark.parametrize("form", HIDDEN)
def test_a_hidden_code_is_never_given(form: str) -> None:
    found = extract(parse(build("Sign in", None, f"<p>Hello there, all is well.</p>{HIDDEN[form]}")))
    assert found.otp_code is None
    if form != "struck":
        assert CODE not in render(HIDDEN[form]).text


@pytest.mark.parametrize("form", OWN)
def test_a_hidden_code_does_not_disturb_the_real_one(form: str) -> None:
    html = f"{HIDDEN[form]}<p>Your verification code is <b>907135</b></p>{HIDDEN[form]}"
    assert extract(parse(build("Sign in", None, html))).otp_code == "907135"


@pytest.mark.parametrize("html", SHOWN)
def test_what_is_seen_is_kept(html: str) -> None:
    assert CODE in render(html).text


@pytest.mark.parametrize(
    "html",
    [
        "<span>9</span><span>0</span><span>7</span><span>1</span>",
        "<table><tr><td>9</td><td> </td><td>0</td><td>&nbsp;</td><td>7</td><td>1</td></tr></table>",
        "".join(f"<div style='display:inline-block'>{digit}</div>\n" for digit in "9071"),
        "<style>.d{display:inline-block}</style>" + "".join(f"<div class=d> {digit} </div>" for digit in "9071"),
        "".join(f"<p>{digit}</p>" for digit in "9071"),
        "9&#8203;0&shy;7&#xFEFF;1",
        "<b>9</b><i>0</i><u>7</u><em>1</em>",
    ],
)
def test_characters_in_boxes_are_one_word(html: str) -> None:
    assert "9071" in render(html).text


def test_links_keep_target_label_place_and_look() -> None:
    rendered = render(
        "<p>Go <a href=' https://a.example/?a=1&amp;b=2 '>to <b>the</b> page</a>, or"
        " <a class=btn href='https://b.example/'><img src=x alt='Press'></a><a href='https://c.example/'></a></p>"
    )
    first, second = rendered.links
    assert (first.href, first.label, first.button) == ("https://a.example/?a=1&b=2", "to the page", False)
    assert (second.href, second.label, second.button) == ("https://b.example/", "Press", True)
    assert rendered.text[first.start : first.end].strip() == "to the page"


def test_tables_keep_rows_and_cells_apart() -> None:
    rendered = render("<table><tr><th>User</th><th>Password</th></tr><tr><td>ada</td><td>x y</td></tr></table>")
    assert rendered.text == "User\tPassword\nada\tx y"


def test_quotes_and_struck_words_are_marked() -> None:
    rendered = render("<p>new</p><div class='gmail_quote'>old</div><s>gone</s>")
    marked = {span.kind: rendered.text[span.start : span.end] for span in rendered.spans}
    assert marked["quote"].strip() == "old"
    assert marked["struck"] == "gone"
