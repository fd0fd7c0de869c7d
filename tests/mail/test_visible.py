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
    "not": f"<style>p:not(.y).x{{display:none}}</style><p class=x>{FAKE}</p>",
    "not a list": f"<style>.x:not(.y,:hover){{display:none}}</style><p class=x>{FAKE}</p>",
    "nth of type": f"<style>section>p:nth-of-type(1){{display:none}}</style><section><p>{FAKE}</p></section>",
    "nth child": f"<style>section :nth-child(2n){{display:none}}</style><section><b>Hi</b><p>{FAKE}</p></section>",
    "is": f"<style>:is(.x){{display:none}}</style><p class=x>{FAKE}</p>",
    "is a list": f"<style>p:is(.y,.x),.z{{display:none}}</style><p class=x>{FAKE}</p>",
    "where": f"<style>:where(.x,a:hover){{display:none}}</style><p class=x>{FAKE}</p>",
    "escaped id": f"<style>#a\\:b{{display:none}}</style><p id=a:b>{FAKE}</p>",
    "escaped class": f"<style>.w-1\\/2{{display:none}}</style><p class=w-1/2>{FAKE}</p>",
    "unknown pseudo-class": f"<style>p.x:lang(en){{display:none}}</style><p class=x lang=en>{FAKE}</p>",
    "has": f"<style>.x:has(b){{opacity:0}}</style><p class=x><b>{FAKE}</b></p>",
    "first of the ancestor": f"<style>.a:first-child b{{display:none}}</style><i><p class=a><b>{FAKE}</b></p></i>",
    "variable": f"<p style='--x:none;display:var(--x)'>{FAKE}</p>",
    "variable of root": f"<style>:root{{--x:none}}.x{{display:var(--x)}}</style><p class=x>{FAKE}</p>",
    "variable of parent": f"<div style='--X:#fff;--x:#000'><p style='color:var(--X)'>{FAKE}</p></div>",
    "variable by default": f"<p style='display:var(--x, none)'>{FAKE}</p>",
    "variable not known": f"<p style='display:var(--x)'>{FAKE}</p>",
    "variable of variable": f"<p style='--x:var(--y);--y:0;font-size:var(--x)'>{FAKE}</p>",
    "property": f"<style>@property --x{{initial-value:none}}.x{{display:var(--x,block)}}</style><p class=x>{FAKE}</p>",
    "inset": f"<p style='position:fixed;inset:-9999px auto auto -9999px'>{FAKE}</p>",
    "inset start": f"<p style='position:absolute;inset-inline-start:-9999px'>{FAKE}</p>",
    "translate": f"<p style='translate:-9999px'>{FAKE}</p>",
    "translate down": f"<p style='translate:0 900vh'>{FAKE}</p>",
    "scale property": f"<p style='scale:0 0'>{FAKE}</p>",
    "mask": f"<p style='mask:linear-gradient(transparent,transparent)'>{FAKE}</p>",
    "mask image": f"<p style='mask-image:linear-gradient(transparent,transparent)'>{FAKE}</p>",
    "webkit mask": f"<p style='-webkit-mask:linear-gradient(transparent,transparent)'>{FAKE}</p>",
    "oklch": f"<p style='color:oklch(1 0 0)'>{FAKE}</p>",
    "oklab": f"<p style='color:oklab(99% 0 0)'>{FAKE}</p>",
    "lab": f"<p style='color:lab(99 0 0)'>{FAKE}</p>",
    "lch": f"<p style='color:lch(99% 1 120)'>{FAKE}</p>",
    "hwb": f"<p style='color:hwb(0 100% 0%)'>{FAKE}</p>",
    "colour of a space": f"<p style='color:color(srgb 1 1 1)'>{FAKE}</p>",
    "colour mix": f"<p style='color:color-mix(in srgb,white 100%,black)'>{FAKE}</p>",
    "colour not known": f"<p style='color:rgb(from white r g b)'>{FAKE}</p>",
    "progress": f"<progress>{FAKE}</progress>",
    "meter": f"<meter value=1>{FAKE}</meter>",
    "calc font": f"<p style='font-size:calc(16px - 1em)'>{FAKE}</p>",
    "calc height": f"<p style='max-height:calc(1px * 0);overflow:hidden'>{FAKE}</p>",
    "calc off screen": f"<p style='position:absolute;left:calc(-1 * (100% + 50px))'>{FAKE}</p>",
    "min": f"<p style='text-indent:min(0px, -9999px)'>{FAKE}</p>",
    "large number": f"<p style='position:absolute;left:-99999999999px'>{FAKE}</p>",
    "exponent": f"<p style='position:absolute;left:-1e5px'>{FAKE}</p>",
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
        "<style>a:hover,.k:hover,.k::before{display:none}</style><p class=k>907135</p>",
        "<style>.k:first-child{display:none}</style><i>a</i><p class=k>907135</p>",
        "<style>.k:nth-child(2){display:none}</style><p class=k>907135</p>",
        "<style>.k:not(.k){display:none}:is(.a,.b){display:none}</style><p class=k>907135</p>",
        "<style>p:lang(fr),td:has(b),body:lang(fr) p{display:none}</style><table><td><p>907135</p></table>",
        "<style>.k:empty,.k:not(:first-child):empty{display:none}</style><i>a</i><p class=k>907135</p>",
        "<style>.k:lang(en){color:#333;font-size:30px}</style><p class=k>907135</p>",
        "<style>#a\\:b{display:none}</style><p id=ab>907135</p>",
        "<style>:root{--brand:#fff}.k{background:#06c;color:var(--brand)}</style><p class=k>907135</p>",
        "<style>:root{--ink:#222}.k{color:var(--ink);font-size:var(--size,24px)}</style><p class=k>907135</p>",
        "<style>.k{color:#222;color:var(--nowhere)}</style><p class=k>907135</p>",
        "<style>u + .body .k{display:none}</style><div class=body><p class=k>907135</p></div>",
        "<style>@media (max-width:600px){.k:not(.y),:is(.k){display:none!important}}</style><p class=k>907135</p>",
        "<p style='position:relative;inset:0;translate:-50% 0;scale:1.1;mask:none'>907135</p>",
        "<p style='width:calc(100% - 48px);overflow:hidden;font-size:clamp(16px, 4vw, 32px)'>907135</p>",
        "<p style='color:oklch(0.3 0.1 250)'>907135</p>",
        "<p style='color:color-mix(in srgb, black 80%, white)'>907135</p>",
        "<p style='background:lab(20 0 0);color:hwb(0 100% 0%)'>907135</p>",
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
