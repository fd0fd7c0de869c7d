"""Whatever comes in: an answer comes out, within its bounds."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.mail.extract import Extracted, extract
from daemon.mail.guard import _CLEAN_TAG, _FORMATTING, _TAG_START, _tags
from daemon.mail.markup import ONE_TAG, VOID_TAGS, looks, read
from daemon.mail.model import ParsedMail
from daemon.mail.parse import SNIPPET_MAX_CHARS, open_attachment, parse
from daemon.mail.visible import render

EXAMPLES = 150
LINES = st.sampled_from(
    [
        b"From: A <a@b.example>",
        b"To: (((((",
        b"Subject: =?utf-8?q?a=0D=0Ab?= =?utf-8?b?//8=?=",
        b"Subject: Your code 123456",
        b'Content-Type: multipart/mixed; boundary="x"',
        b"Content-Type: multipart/alternative",
        b"Content-Type: text/html; charset=utf-7",
        b"Content-Type: message/rfc822",
        b"Content-Type: text/plain; format=flowed; delsp=yes; name*0*=utf-8''a%0; name*1=b",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b'Content-Disposition: attachment; filename="a\\"b',
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999",
        b"References: <a@b> <<>> <",
        b"",
        b"--x",
        b"--x--",
        b"Your code is 123456",
        b"<div style='display:none'>code 123456<table><td>",
        b"<a href='https://a.example/verify?token=Zk81vQm3Xw9bTr5LpYc2Hn7D'>verify",
        b"=3D=\xff=",
        b"> quoted",
        b" folded",
        b"Username: a",
        b"Password:",
    ]
)
MAILS = st.one_of(
    st.binary(max_size=2_000),
    st.lists(st.one_of(LINES, st.binary(max_size=60)), max_size=40).map(b"\r\n".join),
    st.lists(LINES, max_size=40).map(b"\n".join),
)
PIECES = st.sampled_from(
    (
        "<div>|</div>|<p>|<table>|<tr>|<td>|</td>|<b>|</b>|<font color=#fff>|</a>"
        "|<style>.a{display:none}</style>|</span>|<span class=a>|<blockquote>|</blockquote>|<template>"
        "|<details>|<summary>|<select>|<svg>|<math>|<frameset>|<br>"
        "|<a href=https://a.example/confirm/Zk81vQm3Xw9bTr5LpYc2Hn7D>|<body hidden>|<hr>|<img alt=1>|<!--|-->"
        "|<![CDATA[|]]>|&#8203;|&nbsp;|1|2|123456|code|verification|<pre>|</pre>|<textarea>|<plaintext>"
        "|<bdo dir=rtl>|<input value=1>"
    ).split("|")
)
HTML = st.one_of(
    st.text(max_size=300),
    st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=60).map(" ".join),
)


def check_mail(found: ParsedMail) -> None:
    for name, value in (*found.headers, ("subject", found.subject)):
        assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in name + value)
    for address in (*found.to, *found.cc, *found.reply_to):
        assert "@" in address.address
        assert not any(char < " " for char in (address.name or "") + address.address)
    assert len(found.snippet) <= SNIPPET_MAX_CHARS
    assert "\n" not in found.snippet
    for attachment in found.attachments:
        assert attachment.filename
        assert "/" not in attachment.filename
    text = json.dumps(found.to_json(), ensure_ascii=False)
    assert ParsedMail.from_json(json.loads(text)) == found


def check_extracted(found: Extracted) -> None:
    assert found.otp_code is None or (4 <= len(found.otp_code) <= 60 and found.otp_code.isascii())
    assert found.verification_link is None or found.verification_link.lower().startswith(("http://", "https://"))
    assert Extracted.from_json(json.loads(json.dumps(found.to_json()))) == found


@settings(max_examples=EXAMPLES, deadline=None)
@given(MAILS)
@example(b"To: (((((\r\n\r\n")
@example(b"Subject: =?utf-8?q?=0D=0A?=\r\n\r\n")
def test_parse(raw: bytes) -> None:
    found = parse(raw)
    check_mail(found)
    for attachment in found.attachments:
        assert len(open_attachment(raw, attachment.index)[1]) == attachment.size_bytes
    check_extracted(extract(found))


@settings(max_examples=EXAMPLES, deadline=None)
@given(HTML)
def test_render(html: str) -> None:
    rendered = render(html)
    assert rendered.problem is None
    for link in rendered.links:
        assert 0 <= link.start < link.end <= len(rendered.text)
    for span in rendered.spans:
        assert 0 <= span.start < span.end <= len(rendered.text)
    assert "\x1f" not in rendered.text


NAMES = st.text("ab<\"'=!-&;/x \t\x00\xe9", max_size=6)
TAGS = st.builds("<{}{} {}={}>".format, st.sampled_from(["", "/", "!", "?", "!--"]), NAMES, NAMES, NAMES)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.one_of(PIECES, TAGS, NAMES), max_size=30).map("".join))
@example('<p <!--><b c"d><?a --> ?><!-- --!><svg><style>&lt;/style&gt;<xmp><p></xmp><template><style></template>')
def test_markup_is_read_exactly(html: str) -> None:
    pieces = read(html).pieces
    assert not any("<" in text or ">" in text for text in pieces[::2])
    opened: list[str] = []
    for run in pieces[1::2]:
        assert "".join(match[0] for match in ONE_TAG.finditer(run)) == run
    for tag in (match[1] for run in pieces[1::2] for match in ONE_TAG.finditer(run)):
        if tag[0] == "/":
            assert opened.pop() == tag[1:]
        elif tag[0] not in "!?" and looks(tag).tag not in VOID_TAGS:
            opened.append(looks(tag).tag)
    assert not opened


QUOTED = st.sampled_from(
    """<a |<b|<p>|</p>|"|'|=|="|='|"'|>|<| x|x="1"|y='2'| = "3"|<!--|-->|<br/>|<p title="a>b">|<p title="a<b">""".split(
        "|"
    )
)


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(st.lists(QUOTED, max_size=14).map("".join))
def test_tags_are_as_clean_together_as_one_by_one(html: str) -> None:
    tags, rest, odd = _tags(html)
    assert tags == _CLEAN_TAG.findall(html)
    assert odd == (len(tags) != len(_TAG_START.findall(html)))
    assert Counter(_FORMATTING.findall(rest)) == Counter(_FORMATTING.findall(html))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(max_size=80), st.one_of(st.none(), st.text(max_size=300)), st.one_of(st.none(), HTML))
def test_extract(subject: str, text: str | None, html: str | None) -> None:
    check_extracted(extract(ParsedMail(subject=subject, text=text, html=html)))
