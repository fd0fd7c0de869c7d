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
