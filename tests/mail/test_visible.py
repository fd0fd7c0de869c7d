"""What a reader sees, and above all what not."""

from __future__ import annotations

import pytest

from daemon.mail.extract import extract
from daemon.mail.parse import parse
from daemon.mail.visible import render
from tests.mail.builder import build

FAKE = "Your verification code is 111222"
HIDDEN = {
    "display": f"<div style='display:none'>{FAKE}</div>",
    "display important": f"<div style='display:none !important;display:block'>{FAKE}</div>",
    "css comment": f"<div style='dis/**/play:x;display:/* */none'>{FAKE}</div>",
    "css escape": f"<div style='d\\69splay:n\\6fne'>{FAKE}</div>",
    "upper case": f"<DIV STYLE='DISPLAY:NONE'>{FAKE}</DIV>",
    "visibility": f"<div style='visibility:hidden'>{FAKE}</div>",
    "opacity": f"<div style='opacity:0.01'>{FAKE}</div>",
    "filter": f"<div style='filter:opacity(0)'>{FAKE}</div>",
    "font size": f"<div style='font-size:1px'>{FAKE}</div>",
    "font size zero": f"<div style='font:0/0 a'>{FAKE}</div>",
    "font size relative": f"<div style='font-size:10%'><span style='font-size:.5em'>{FAKE}</span></div>",
    "white on white": f"<div style='color:#fff'>{FAKE}</div>",
    "near white": f"<font color='#fdfdfd'>{FAKE}</font>",
    "colour on cell": f"<table><tr><td bgcolor=navy><span style='color:rgb(0,0,128)'>{FAKE}</span></td></tr></table>",
    "hsl": f"<div style='background:hsl(0,0%,100%);color:hsl(0 0% 99%)'>{FAKE}</div>",
    "transparent": f"<div style='color:transparent'>{FAKE}</div>",
    "alpha": f"<div style='color:rgba(0,0,0,0.02)'>{FAKE}</div>",
    "off screen": f"<div style='position:absolute;left:-9999px'>{FAKE}</div>",
    "indent": f"<div style='text-indent:-9999px'>{FAKE}</div>",
    "margin": f"<div style='margin-left:-5000px'>{FAKE}</div>",
    "clip": f"<div style='clip:rect(0,0,0,0);position:absolute'>{FAKE}</div>",
    "clip path": f"<div style='clip-path:inset(50%)'>{FAKE}</div>",
    "zero height": f"<div style='height:0;overflow:hidden'>{FAKE}</div>",
    "max height": f"<div style='max-height:0;mso-hide:all'>{FAKE}</div>",
    "one pixel": f"<div style='width:1px;height:1px;overflow:hidden'>{FAKE}</div>",
    "scale": f"<div style='transform:scale(0)'>{FAKE}</div>",
    "reversed": f"<bdo dir=rtl>{FAKE}</bdo>",
    "hidden": f"<div hidden>{FAKE}</div>",
    "aria": f"<div aria-hidden=true>{FAKE}</div>",
    "popover": f"<div popover>{FAKE}</div>",
    "dialog": f"<dialog>{FAKE}</dialog>",
    "details": f"<details><summary>More</summary>{FAKE}</details>",
    "comment": f"<!-- {FAKE} -->",
    "mso": f"<!--[if mso]><p>{FAKE}</p><![endif]-->",
    "template": f"<template>{FAKE}</template>",
    "noscript": f"<noscript>{FAKE}</noscript>",
    "script": f"<script>var a='{FAKE}'</script>",
    "style": f"<style>/* {FAKE} */</style>",
    "title": f"<title>{FAKE}</title>",
    "select": f"<select><option>{FAKE}</option></select>",
    "input": f"<input type=hidden value='{FAKE}'>",
    "alt of a speck": f"<img src=x width=1 height=1 alt='{FAKE}'>",
    "attribute": f"<p title='{FAKE}'></p>",
    "class": f"<style>.k{{display:none}}</style><div class='a k'>{FAKE}</div>",
    "id": f"<style>#k{{opacity:0}}</style><div id=k>{FAKE}</div>",
    "tag": f"<style>section{{display:none}}</style><section>{FAKE}</section>",
    "descendant": f"<style>.a .b>span{{display:none}}</style><div class=a><p class=b><span>{FAKE}</span></p></div>",
    "sibling": f"<style>h1+p{{display:none}}</style><h1>Hi</h1><p>{FAKE}</p>",
    "attribute selector": f"<style>[data-x^=hid]{{display:none}}</style><div data-x=hidden>{FAKE}</div>",
    "media": f"<style>@media screen and (min-width:300px){{.k{{display:none}}}}</style><div class=k>{FAKE}</div>",
    "important": f"<style>.k{{display:none!important}}</style><div class=k style='display:block'>{FAKE}</div>",
    "later rule": f"<style>.k{{display:block}} .k{{display:none}}</style><div class=k>{FAKE}</div>",
    "ancestor": f"<div style='display:none'><p style='display:block'><b>{FAKE}</b></p></div>",
    "struck": f"<s>{FAKE}</s>",
}


@pytest.mark.parametrize("form", HIDDEN)
def test_a_hidden_code_is_never_given(form: str) -> None:
    found = extract(parse(build("Sign in", None, f"<p>Hello there, all is well.</p>{HIDDEN[form]}")))
    assert found.otp_code is None
    if form != "struck":
        assert "111222" not in render(HIDDEN[form]).text


@pytest.mark.parametrize("form", HIDDEN)
def test_a_hidden_code_does_not_disturb_the_real_one(form: str) -> None:
    html = f"{HIDDEN[form]}<p>Your verification code is <b>907135</b></p>{HIDDEN[form]}"
    assert extract(parse(build("Sign in", None, html))).otp_code == "907135"


@pytest.mark.parametrize(
    "html",
    [
        "<div style='display:none;display:block'>907135</div>",
        "<style>.k{display:none}</style><div class=k style='display:block!important'>907135</div>",
        "<style>@media (max-width:480px){.k{display:none}}</style><div class=k>907135</div>",
        "<style>@media print{.k{display:none}}</style><div class=k>907135</div>",
        "<style>.k:hover{display:none}</style><div class=k>907135</div>",
        "<style>.a .k{display:none}</style><div class=k>907135</div>",
        "<div style='visibility:hidden'><b style='visibility:visible'>907135</b></div>",
        "<div style='font-size:0'><b style='font-size:30px'>907135</b></div>",
        "<div style='background:#000;color:#fff'>907135</div>",
        "<table><tr><td background='x.png' style='color:#fff'>907135</td></tr></table>",
        "<div style='color:#fff;background:linear-gradient(#000,#111)'>907135</div>",
        "<!--[if !mso]><!--><p>907135</p><!--<![endif]-->",
        "<img src=x width=200 height=50 alt='907135'>",
        "<details open><summary>Code</summary>907135</details>",
        "<input type=text readonly value=907135>",
    ],
)
def test_what_is_seen_is_kept(html: str) -> None:
    assert "907135" in render(html).text


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
