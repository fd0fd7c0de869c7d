"""Each trap of mail parsing that is known, as a regression test."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from daemon.mail.model import Address, ParsedMail
from daemon.mail.parse import clean_filename, open_attachment, parse
from tests.mail.builder import build
from tests.mail.hostile import HOSTILE, nested_multiparts


def mail(header: bytes, body: bytes = b"hello\r\n") -> ParsedMail:
    return parse(b"From: Ada <a@b.example>\r\nTo: c@d.example\r\n" + header + b"\r\n" + body)


def multipart(*parts: bytes, boundary: bytes = b"x", close: bytes = b"--x--\r\n") -> ParsedMail:
    inner = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return mail(b'Content-Type: multipart/mixed; boundary="x"\r\n', inner + close)


@pytest.mark.parametrize(
    "value",
    [
        b"=?utf-8?q?hi=0D=0ABcc:_x@evil.test?=",
        b"=?utf-8?b?" + base64.b64encode(b"hi\r\nBcc: x@evil.test") + b"?=",
        b"=?utf-8?q?hi=00there=07=1B[31m?=",
        b"=?utf-16?b?" + base64.b64encode("hi\r\nBcc: x".encode("utf-16")) + b"?=",
        "hi\u2028there\u0085now".encode(),
    ],
)
def test_an_encoded_line_break_never_becomes_a_line(value: bytes) -> None:
    found = mail(b"Subject: " + value + b"\r\nX-Other: " + value + b"\r\n")
    for name, text in found.headers:
        assert name.isascii()
        assert name.isprintable()
        assert not any(char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029" for char in text)
    assert found.subject.startswith("hi")
    assert found.header("bcc") is None


def test_a_carriage_return_in_a_header_name_is_no_header() -> None:
    found = mail(b"X-A\rBcc: x@evil.test\r\nSubj\x00ect: no\r\nSubject: yes\r\n")
    assert found.subject == "yes"
    assert all(name in {"From", "To", "Bcc", "Subject"} for name, _ in found.headers)


def test_display_names_and_file_names_hold_no_controls() -> None:
    found = parse(
        b"From: =?utf-8?q?A=0D=0AB=E2=80=AEgpj?= <a@b.example>\r\n"
        b"Content-Type: application/pdf; name*=utf-8''..%2F..%2Fetc%2Fpa%0D%0Asswd%E2%80%AE\r\n\r\nx"
    )
    assert found.from_ == Address("A Bgpj", "a@b.example")
    assert found.attachments[0].filename == "pa sswd"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.exe", "a.exe"),
        (".bashrc", "bashrc"),
        ("a\x00b\u202etxt.exe", "a btxt.exe"),
        ("con:<>|?*.txt", "con_.txt"),
        ("", ""),
        ("..", ""),
    ],
)
def test_file_names_are_safe(name: str, clean: str) -> None:
    assert clean_filename(name) == clean


def test_long_file_names_keep_their_suffix() -> None:
    assert clean_filename("a" * 500 + ".pdf") == "a" * 116 + ".pdf"


# These take seconds when they are read without bounds: the tests of the worker have them.
FOR_THE_WORKER = {"fonts left open", "a style sheet", "many rules on one class", "100,000 nested tags"}


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - FOR_THE_WORKER))
def test_hostile_mail_gives_a_bounded_answer(name: str) -> None:
    found = parse(HOSTILE[name])
    assert found.from_ == Address(None, "a@b.example") or name == "header without end"
    assert len(found.visible) <= 200_000
    assert len(found.text or "") <= 500_000
    assert len(found.html or "") <= 500_000
    assert len(found.headers) <= 1_000
    assert len(found.cc) <= 1_000


def test_nested_multiparts_are_read_to_a_depth_and_marked() -> None:
    assert parse(nested_multiparts(20)).text == "Your code is 123456\n"
    deep = parse(nested_multiparts(3_000))
    assert deep.problem == "nested deeper than 50"
    assert deep.subject == "hello"


def test_what_cannot_be_read_is_still_a_mail() -> None:
    for raw in (b"", b"\x00" * 1000, b"\r\n\r\n", b"no header at all", b":::::\r\n", bytes(range(256))):
        assert isinstance(parse(raw), ParsedMail)


def test_charset_lies_and_unknown_charsets() -> None:
    header = b"Content-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset="
    assert mail(header + b"us-ascii\r\n", "größer".encode()).text == "größer"
    assert mail(header + b"utf-8\r\n", "größer".encode("latin-1")).text == "gr\ufffd\ufffder"
    assert mail(header + b"x-no-such\r\n", "größer".encode("latin-1")).text == "größer"
    assert mail(header + b"base64_codec\r\n", b"abc").text == "abc"
    assert mail(header + b'"gb2312"\r\n', "验证码".encode("gb18030")).text == "验证码"
    assert mail(header + b"iso-2022-jp\r\n", "認証".encode("iso-2022-jp")).text == "認証"
    assert mail(header + b"utf-16\r\n", "größer".encode("utf-16")).text == "größer"


def test_eight_bit_headers_and_split_encoded_words() -> None:
    assert mail("Subject: Grüße\r\n".encode()).subject == "Grüße"
    assert mail("Subject: Grüße\r\n".encode("latin-1")).subject == "Grüße"
    halves = "é".encode()
    words = b"=?utf-8?b?" + base64.b64encode(halves[:1]) + b"?=\r\n =?utf-8?b?" + base64.b64encode(halves[1:]) + b"?="
    assert mail(b"Subject: " + words + b"\r\n").subject == "é"


def test_base64_garbage_is_skipped() -> None:
    header = b"Content-Transfer-Encoding: base64\r\n"
    assert mail(header, b"aGVs!!bG8\r\n=\r\n").text == "hello"
    assert mail(header, b"a").text == ""


def test_missing_and_wrong_boundaries() -> None:
    part = b"Content-Type: text/plain\r\n\r\nhello"
    assert multipart(part, close=b"").text == "hello\n"
    assert multipart(part, boundary=b"other", close=b"").text == "hello\n"
    assert mail(b"Content-Type: multipart/mixed\r\n", b"--z\r\n" + part + b"\r\n--z--\r\n").text == "hello"


def test_format_flowed_with_delsp() -> None:
    header = b"Content-Type: text/plain; format=flowed; delsp=yes\r\n"
    assert (
        mail(header, b"https://a.example/ab \r\ncd\r\n-- \r\nA \r\nB\r\n").text == "https://a.example/abcd\n-- \nAB\n"
    )
    flowed = mail(b"Content-Type: text/plain; format=flowed\r\n", b"one \r\ntwo\r\n> q \r\n> r\r\n  stuffed\r\n")
    assert flowed.text == "one two\n> q r\n stuffed\n"


def test_addresses() -> None:
    header = (
        b'Cc: "Doe, Jane" <j@x.example>, friends: a@x.example, (c (d) \\) e) b@x.example; , broken, <c@x.example\r\n'
        b"Reply-To: =?utf-8?q?Ren=C3=A9e?= <r@x.example>\r\n"
    )
    found = mail(header)
    assert [item.address for item in found.cc] == ["j@x.example", "a@x.example", "b@x.example", "c@x.example"]
    assert found.cc[0].name == "Doe, Jane"
    assert found.reply_to == (Address("Renée", "r@x.example"),)


def test_fields() -> None:
    found = mail(
        b"Message-ID: <1@x.example>\r\nIn-Reply-To: <0@x.example>\r\nReferences: <a@x> <b@x>\r\n"
        b"Date: Mon, 2 Mar 2026 10:00:00 +0100 (CET)\r\nAuto-Submitted: auto-replied\r\n"
    )
    assert (found.message_id, found.in_reply_to) == ("<1@x.example>", "<0@x.example>")
    assert found.references == ("<a@x>", "<b@x>")
    assert found.date == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert found.auto_submitted
    assert not mail(b"Auto-Submitted: no\r\n").auto_submitted
    assert mail(b"Date: yesterday\r\n").date is None


def test_attachments_are_counted_in_mail_order() -> None:
    raw = build("hi", "body", "<p>body <img src=cid:1></p>")
    assert parse(raw).attachments == ()
    found = multipart(
        b"Content-Type: text/plain\r\n\r\nbody",
        b"Content-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment\r\n\r\nnotes",
        b"Content-Type: image/png\r\nContent-Disposition: inline\r\nContent-ID: <i@x>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nQUJD",
    )
    notes, image = found.attachments
    assert (notes.index, notes.filename, notes.size_bytes, notes.inline) == (0, "notes.txt", 5, False)
    assert (image.index, image.content_type, image.size_bytes, image.content_id) == (1, "image/png", 3, "i@x")
    assert image.inline


def test_an_attachment_is_opened() -> None:
    raw = (
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nbody\r\n--x\r\nContent-Type: image/png\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--x--\r\n"
    )
    assert open_attachment(raw, 0)[1] == b"ABC"
    for index in (1, -1):
        with pytest.raises(IndexError):
            open_attachment(raw, index)


def test_an_enclosed_message_is_the_body_only_of_a_bare_forward() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\nSubject: inner\r\n\r\nYour code is 123456"
    assert multipart(b"\r\nsee below", inner).text == "see below"
    assert multipart(b"\r\n", inner).text is not None
    assert "123456" in (multipart(b"\r\n", inner).text or "")


def test_json_and_back() -> None:
    found = parse(build("Grüße", "text", "<p>html", headers={"Cc": "A B <a@b.example>"}))
    assert ParsedMail.from_json(found.to_json()) == found


def test_a_charset_that_decodes_to_half_a_character_gives_text_that_can_be_written_out() -> None:
    found = parse(b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA- your code is 123456\r\n")
    assert (found.text or "").encode("utf-8")
    assert "123456" in found.visible
