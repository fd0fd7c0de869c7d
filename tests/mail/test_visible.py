"""What a reader sees, and above all what not."""

from __future__ import annotations

import pytest

from daemon.mail.extract import extract
from daemon.mail.parse import parse
from daemon.mail.visible import render
from tests.mail.box_forms import COVERED
from tests.mail.builder import build
from tests.mail.forms import CODE, HIDDEN, OWN, SHOWN
from tests.mail.ordinary_forms import ORDINARY


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


@pytest.mark.parametrize("form", COVERED)
def test_beside_a_covered_code_another_is_given_only_where_it_is_surely_seen(form: str) -> None:
    html = f"{HIDDEN[form]}<p>Your verification code is <b>907135</b></p>{HIDDEN[form]}"
    assert extract(parse(build("Sign in", None, html))).otp_code in (None, "907135")


def test_what_lies_over_others_is_itself_seen() -> None:
    covered = "<p>Your verification code is 111222</p>"
    cover = "<div style='position:absolute;top:0;left:0;background:#fff'>Your verification code is 907135</div>"
    html = f"<div style='position:relative'>{covered}{cover}</div>"
    assert extract(parse(build("Sign in", None, html))).otp_code == "907135"


def test_more_boxes_than_can_be_judged_show_nothing() -> None:
    box = "<div style='position:relative'><i style='position:absolute;left:1px;background:#fff'>x</i>Code 111222</div>"
    assert render(box * 1_000).text.strip() == ""


@pytest.mark.parametrize(
    "text",
    [
        "Your verification code is \u202e111222\u202c.",
        "Your verification code is \u202e111222",
        "Your verification code is \u2067111 222\u2069.",
        "Your verification code is \u200f111\u200f 222.",
    ],
)
def test_a_code_that_is_turned_round_is_never_given(text: str) -> None:
    assert extract(parse(build("Sign in", text, None))).otp_code is None


@pytest.mark.parametrize("form", ORDINARY)
def test_the_code_of_an_ordinary_mail_is_given(form: str) -> None:
    assert extract(parse(build("Sign in", None, ORDINARY[form]))).otp_code == CODE


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


def test_elements_that_look_alike_are_told_apart_by_what_is_around_and_beside_them() -> None:
    sheet = (
        "<style>.x .c7{display:none}u + #body a{color:inherit}p + .d{display:none}.d:first-child{color:#fff}</style>"
    )
    row = "<tr><td class='c{0}'><a href='https://a.example/{0}'>Go {0}</a> <i class=c7>hid {0}</i></td></tr>"
    rows = "".join(row.format(number) for number in range(9))
    body = f"<table class=x>{rows}</table><table class=y>{rows}</table><div><b class=d>one</b><b class=d>two</b></div>"
    rendered = render(f"{sheet}<body id=body>{body}<p>three</p><b class=d>four</b><b class=d>five</b></body>")
    assert [link.href for link in rendered.links] == [f"https://a.example/{at}" for at in (*range(7), 8, *range(9))]
    assert rendered.text.count("hid") == 9
    assert "one" not in rendered.text
    assert "four" not in rendered.text
    assert rendered.text.endswith("two\n\nthree\n\nfive")


def test_what_is_hidden_ends_where_it_ends() -> None:
    hidden = "<div hidden><div>a</div>b<p>c</p></div>"
    assert render(f"<p>1{hidden}2</p>{hidden}<b>3{hidden}</b>4<i hidden>d<i>e</i></i>5").text == "1\n\n2\n\n345"


def test_pictures_that_differ_in_what_they_stand_for_are_each_told() -> None:
    pictures = "".join(f"<img src='{at}.png' alt='Picture {at}' width=90>" for at in range(3))
    assert render(pictures + "<img src=x alt=speck width=1>").text == "Picture 0Picture 1Picture 2"
