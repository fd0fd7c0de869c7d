"""Mails that were made to cost: large, deep, many, and shaped against the usual parsers."""

from __future__ import annotations

HEAD = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"
HTML = HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n"


def nested_multiparts(depth: int) -> bytes:
    part = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'
    lines = [part % (level, level) for level in range(depth)]
    return b"".join([HEAD, *lines, b"Content-Type: text/plain\r\n\r\nYour code is 123456\r\n"])


HOSTILE: dict[str, bytes] = {
    "20 MB of text": HEAD + b"\r\n" + b"some words and 123456 numbers \r\n" * 640_000,
    "20 MB attachment": HEAD
    + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nYour code is 123456.\r\n--x\r\n"
    + b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"QUJD" * 19
    + b"\r\n"
    + (b"QUJD" * 19 + b"\r\n") * 256_000
    + b"--x--\r\n",
    "20 MB of one HTML line": HTML + b"<p>" + b"x" * 20_000_000,
    "100,000 nested tags": HTML + b"<div>" * 100_000 + b"Your code is 123456",
    "fonts left open": HTML + b"".join(b"<font color=%d><p>" % number for number in range(5_000)) + b"x",
    "many attributes": HTML + b"<p " + b" ".join(b"a%d=1" % number for number in range(20_000)) + b">x",
    "attributes past a quote": HTML + b"<p \"='\">' " + b" ".join(b"a%d" % number for number in range(20_000)) + b">x",
    "3,000 nested multiparts": nested_multiparts(3_000),
    "11 nested multiparts": nested_multiparts(11),
    "20,000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\nhi\r\n" * 20_000,
    "20,000 encoded words": HEAD + b"X-A: " + b" =?utf-8?q?a?=" * 20_000 + b"\r\n\r\nhi",
    "32,000 addresses": HEAD
    + b"Cc: "
    + b", ".join(b"u%d@e.example" % number for number in range(32_000))
    + b"\r\n\r\nhi",
    "open comments": HEAD + b"Cc: " + b"(" * 200_000 + b"\r\n\r\nhi",
    "open quotes": HEAD + b'Cc: "' + b'\\"' * 100_000 + b"\r\n\r\nhi",
    "header without end": HEAD + b"X: y\r\n" * 200_000,
    "numbers in one sentence": HTML + b"<p>" + b"".join(b"%06d " % (at * 7919 % 1_000_000) for at in range(2_500)),
    "one sentence": HEAD
    + b"\r\n"
    + b"your code order expired password: x1y2z3 username: bob confirm http://a.example/b " * 240,
    "words to machines": HEAD + b"\r\n" + b"ai agent: x\r\n" * 1_600,
    "links in one sentence": HTML
    + b"".join(b"<a href='https://a%d.example/verify?token=aB3dE9%d'>Go %d</a> " % (at, at, at) for at in range(1_300)),
    "a style sheet": HTML
    + b"<style>"
    + b"".join(b".a%d .b .c{display:none}" % n for n in range(8_000))
    + b"</style>"
    + b"<p class=c>x" * 2_000,
    "many classes": HTML
    + b"<style>"
    + b"".join(b".c%d{color:red}" % n for n in range(1_500))
    + b"</style>"
    + (b"<p class='" + b" ".join(b"c%d" % n for n in range(200)) + b"'>x") * 200,
    "many rules on one class": HTML
    + b"<style>"
    + b"".join(b"div p .c{left:%dpx}" % n for n in range(1_900))
    + b"</style><div>"
    + b"<p><b class=c>1</b></p>" * 900,
    "digits": HTML + b"<p>" + b"code 123456 " * 20_000,
    "urls": HEAD + b"\r\n" + b"verify https://a.example/verify?token=Zk81vQm3Xw9bTr5LpYc2Hn7D\r\n" * 3_000,
    "cells": HTML + b"<table><tr>" + b"<td>1</td>" * 1_900,
    "selectors": HTML + b"<style>" + b"{" * 50_000 + b"}" * 50_000 + b"@media(" * 20_000 + b"</style>x",
    "not UTF-8": HEAD + b"\r\n" + bytes(range(256)) * 400,
    "dashes": HEAD + b"\r\n" + b"1-1-" * 20_000,
    "spaces": HEAD + b"\r\n" + b"password" + b" " * 100_000 + b":" + b" " * 50_000,
    "letters": HEAD + b"\r\n" + b"A" * 100_000,
    "quote marks": HEAD + b"\r\n" + b">" * 100_000 + b"\r\n" + b"> " * 50_000,
    "words with dashes": HEAD + b"\r\n" + b"abc-" * 30_000,
    "a long boundary": HEAD
    + b"Content-Type: multipart/mixed; boundary="
    + b"a" * 100_000
    + b"\r\n\r\n"
    + b"--"
    + b"a" * 100_000,
}

# What counts is how it comes in; in every mail lines end as SMTP has them.
ON_THE_WIRE: dict[str, bytes] = {
    "18 MB of short lines": HEAD + b"\r\n" + b"some words and 123456 numbers \r\n" * 580_000,
    "20 MB of empty lines": HEAD + b"\r\n" * 10_000_000,
    "20 MB of dots": HEAD + b"\r\n" + b"..\r\n" * 5_000_000,
    "a line of 10 MB": HEAD + b"\r\n" + b"x" * 10_000_000 + b"\r\n",
    "a line of 200,000": HEAD + b"\r\n" + b"x" * 200_000 + b"\r\n",
    "larger than is taken": HEAD + b"\r\n" + b"some words and 123456 numbers \r\n" * 900_000,
    "bare line feeds": HEAD + b"\r\n" + b"x\n" * 1_000_000,
    "a bare CR at the end of 20 MB": HEAD + b"\r\n" + b"some words and 123456 numbers \r\n" * 640_000 + b"\r.\r\n",
    "NUL": HEAD + b"X-Nul: a\x00b\r\n\r\n" + b"\x00" * 10_000 + b"\r\n",
    "unknown charsets": HEAD
    + b"X-A: =?x-unknown?q?=FF=FE?= =?utf-8?b?/////w==?=\r\n"
    + b'Content-Type: text/plain; charset="utf-\x9f"\r\n\r\n'
    + bytes(range(128, 256)) * 1_000
    + b"\r\n",
    "UTF-16 that is none": HEAD + b"Content-Type: text/plain; charset=utf-16\r\n\r\n" + b"\xd8\x00\xd8" * 9_999,
    "UTF-7": HEAD + b"Content-Type: text/html; charset=utf-7\r\n\r\n+ADw-script+AD4-" + b"+AAA-" * 20_000,
    "base64 that is none": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=A=B*\r\n" * 50_000,
    "every field twice": HEAD * 2
    + b"Content-Type: text/html\r\nContent-Type: multipart/mixed; boundary=x\r\nMessage-ID: <1@x>\r\nMessage-ID: <2@x>"
    + b"\r\n\r\nwhich?\r\n",
    "10,000 senders": b"From: a@b.example\r\n" * 10_000 + b"\r\nhi\r\n",
    "a header of one line of 250,000": b"Subject: " + b"x" * 250_000 + b"\r\n\r\nhi\r\n",
    "a message in a message, 500 deep": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 500 + b"hi\r\n",
    "no header": b"\r\n\r\n\r\n",
    "one dot": b"..\r\n",
}
