"""What is composed is what was given, to whoever reads it, and no value becomes a line of its own."""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default
from typing import Any

import fast_mail_parser
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.mail.address import NAME_MAX_CHARS, BadAddress, Mailbox, mailbox, named
from daemon.mail.compose import (
    GRAMMAR_FIELDS,
    HOSTILE,
    REFERENCES_MAX,
    Draft,
    File,
    check_field,
    check_file,
    check_text,
    compose,
    identifier,
    references,
    self_test,
)
from daemon.mail.encode import LINE_MAX_OCTETS, Unwritable, field_line, text_field
from daemon.mail.parse import open_attachment, parse
from daemon.mail.text import one_line

EXAMPLES = 200
OURS = [
    "Date",
    "From",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
]
SENDER = Mailbox("Bot", "bot", "acme.example")
ANY_TEXT = st.text(max_size=120) | st.sampled_from(
    [*HOSTILE, "=?utf-8?q?a?=", "a =?x?= b", " a  b ", "a\tb", "x" * 900]
)
NAMES = ANY_TEXT.map(lambda text: text[:NAME_MAX_CHARS].strip())
BODIES = (
    st.none()
    | st.text(max_size=400).filter(lambda text: "\x00" not in text)
    | st.sampled_from(
        [
            "",
            "\n",
            "From me\n.\n..\n",
            "trailing \t\n",
            "x" * 5_000,
            "é" * 5_000,
            "a\rb",
            "a\r\nb\nc",
            "--=_t\n--=_tm--\n",
        ]
    )
)
FILES = st.lists(
    st.builds(
        File,
        filename=st.text(min_size=1, max_size=60) | st.just("ü" * 90),
        content_type=st.sampled_from(["application/pdf", "text/plain", "text/calendar; method=request", "image/png"]),
        content=st.binary(max_size=300),
        content_id=st.none() | st.just("logo@acme"),
        inline=st.booleans(),
    ).filter(lambda file: check_file(file) is None),
    max_size=3,
)


def draft(**more: Any) -> Draft:
    given: dict[str, Any] = {"to": (mailbox("jane@example.com"),), "text": "Hello.\n", "message_id": "<1@acme.example>"}
    return Draft(sender=SENDER, **given | more)


def fields_of(raw: bytes) -> list[str]:
    """The names of the header's fields, read by nothing but the rules of folding."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if line[0] not in " \t"]


def well_formed(raw: bytes) -> None:
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw), "a bare CR or LF"
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= LINE_MAX_OCTETS
    assert lines[-1] == b""
    assert raw.isascii()
    assert b"\x00" not in raw
    assert [name for name in OURS if fields_of(raw).count(name) > 1] == []


def stdlib(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert not any(part.defects for part in message.walk())
    return message


def as_lines(text: str | None) -> str | None:
    """A text as every reader has it: line ends alike, the last line ended."""
    if not text:
        return text
    text = text.replace("\r\n", "\n")
    return text if text.endswith("\n") else text + "\n"


def unspaced(text: str) -> str:
    return "".join(text.split())


def joined(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(subject=ANY_TEXT, name=NAMES)
@settings(max_examples=EXAMPLES)
def test_any_subject_and_name_is_refused_or_one_field(subject: str, name: str) -> None:
    if check_text(subject) is not None or check_text(name) is not None:
        return
    to = Mailbox(name or None, "jane", "example.com")
    raw = compose(draft(subject=subject, to=(to,)), "t")
    well_formed(raw)
    assert set(fields_of(raw)) <= set(OURS)
    ours, theirs, rust = parse(raw), stdlib(raw), fast_mail_parser.parse_email(raw)
    assert ours.subject == one_line(subject)
    assert str(theirs["subject"]) == subject
    assert rust.subject == subject
    assert ours.to[0].name == (one_line(name) or None)
    # The standard library leaves the blank between two encoded words where it should not (RFC 2047 section 6.2).
    assert unspaced(theirs["to"].addresses[0].display_name) == unspaced(name)
    assert theirs["to"].addresses[0].addr_spec == ours.to[0].address == "jane@example.com"


@given(text=BODIES, html=BODIES, files=FILES)
@settings(max_examples=EXAMPLES)
def test_bodies_and_files_come_out_as_they_went_in(text: str | None, html: str | None, files: list[File]) -> None:
    if text is None and html is None:
        text = ""
    raw = compose(draft(text=text, html=html, files=tuple(files)), "t" * 24)
    well_formed(raw)
    theirs, ours, rust = stdlib(raw), parse(raw), fast_mail_parser.parse_email(raw)
    leaves = [part for part in theirs.walk() if not part.is_multipart()]
    bodies = {part.get_content_type(): part for part in leaves if part.get_filename() is None}
    for kind, given_, read in (("text/plain", text, ours.text), ("text/html", html, ours.html)):
        assert (kind in bodies) == (given_ is not None)
        if given_ is not None:
            payload = bodies[kind].get_payload(decode=True)
            assert isinstance(payload, bytes)
            assert payload.decode("utf-8").replace("\r\n", "\n") == as_lines(given_)
            sent = (as_lines(given_) or "").replace("\n", "\r\n")  # behind a lone CR, too
            assert joined(read or "") == joined(sent)
    enclosed = [part for part in leaves if part.get_filename() is not None]
    by_name = sorted((file.filename, file.content) for file in files)
    assert sorted((str(part.get_filename()), part.get_payload(decode=True)) for part in enclosed) == by_name
    told = [(part.filename, part.content) for part in rust.attachments]
    bodies_to_rust = [file for file in files if file.inline and file.content_type.startswith("text/")]
    # Though quoted, a semicolon ends the name there, and the backslash before a quote stays in it.
    misread_by_rust = [file for file in files if set(file.filename) & set(';"')]
    asked = [file for file in files if file not in bodies_to_rust + misread_by_rust]
    assert all((file.filename, file.content) in told for file in asked)
    opened = [open_attachment(raw, part.index)[1] for part in ours.attachments]
    assert sorted(opened) == sorted(file.content for file in files)


@given(name=ANY_TEXT | st.sampled_from(["X-A", "x-b-1", "Bcc", "To", "Subject", *GRAMMAR_FIELDS]), value=ANY_TEXT)
@settings(max_examples=EXAMPLES)
def test_any_header_is_refused_or_one_field(name: str, value: str) -> None:
    if check_field(name, value) is not None:
        return
    raw = compose(draft(fields=((name, value.strip()),)), "t")
    well_formed(raw)
    assert sorted(fields_of(raw)) == sorted({*fields_of(compose(draft(), "t")), name})
    assert str(stdlib(raw)[name]).split() == value.split()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_injection_is_refused_wherever_it_stands(hostile: str) -> None:
    assert check_text(hostile) is not None
    assert check_field("X-A", hostile) is not None
    assert check_field(hostile, "a") is not None
    assert check_file(File(filename=hostile, content_type="text/plain", content=b"")) is not None
    assert check_file(File(filename="a", content_type=f"text/plain; a={hostile}", content=b"")) is not None
    assert check_file(File(filename="a", content_type="text/plain", content=b"", content_id=hostile)) is not None
    if "=?" not in hostile:
        for text in (
            f"{hostile} <a@example.com>",
            f'"{hostile}" <a@example.com>',
            f"{hostile}@example.com",
            f"a@{hostile}",
        ):
            with pytest.raises(BadAddress):
                mailbox(text)
        with pytest.raises(Unwritable):
            text_field("Subject", hostile)
        with pytest.raises(Unwritable):
            field_line(hostile, "a")


@pytest.mark.parametrize(
    "name",
    [
        "Bcc",
        "To",
        "From",
        "Sender",
        "Received",
        "Return-Path",
        "DKIM-Signature",
        "Date",
        "Content-Type",
        "MIME-Version",
        "Message-ID",
        "In-Reply-To",
        "References",
        "X-Postern-Id",
        "X-",
        "X A",
        "X-A:",
        "",
    ],
)
def test_headers_that_are_ours_or_nobodys_are_refused(name: str) -> None:
    assert check_field(name, "a") is not None


def test_the_self_test_holds_and_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    self_test()
    monkeypatch.setattr("daemon.mail.compose.check_text", lambda text: None)
    with pytest.raises(Unwritable):
        self_test()


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("jane@example.com", None, "jane@example.com"),
        (" Jane Doe <jane@Example.COM> ", "Jane Doe", "jane@example.com"),
        ('"Doe, Jane" <jane@example.com>', "Doe, Jane", "jane@example.com"),
        ('"say \\"hi\\"" <j@example.com>', 'say "hi"', "j@example.com"),
        ("Jörg <j@bücher.example>", "Jörg", "j@xn--bcher-kva.example"),
        ('"a b"@example.com', None, '"a b"@example.com'),
        ('"ab"@example.com', None, "ab@example.com"),
        ('"a@b"@example.com', None, '"a@b"@example.com'),
        ("o'brien+tag@example.com", None, "o'brien+tag@example.com"),
        ("<j@example.com>", None, "j@example.com"),
    ],
)
def test_addresses_that_are_taken(text: str, name: str | None, address: str) -> None:
    read = mailbox(text)
    assert (read.name, read.address) == (name, address)
    raw = compose(draft(to=(read,)), "t")
    (found,) = stdlib(raw)["to"].addresses
    assert (found.display_name, found.addr_spec) == (name or "", address)


@pytest.mark.parametrize(
    "text",
    [
        "jane", "@example.com", "jane@", "jane@localhost", "jane@[127.0.0.1]", "jane@1.2.3.4", "a b@example.com",
        ".a@example.com", "a..b@example.com", "a@example.com, b@example.com", "Doe, Jane <j@example.com>",
        "Friends: a@example.com;", "jane@example.com (home)", "<@relay:jane@example.com>", "jané@example.com",
        "a@b@example.com", '"a"b@example.com', '""@example.com', f"{'a' * 65}@example.com", "jane@exa mple.com",
        "jane@-x.example", f"jane@{'a.' * 130}example", 'A "b" <j@example.com>', "A <j@example.com", "j@example.com>",
        f"{'n' * 201} <j@example.com>", '"open <j@example.com>', "jane@example.com.\u2028",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        mailbox(text)


@given(
    st.text(max_size=80) | st.from_regex(r'"?[a-z .",<>@\\]{0,20}"? ?<?[a-z".\\]{1,10}@[a-zü.]{1,10}>?', fullmatch=True)
)
@settings(max_examples=EXAMPLES)
@example('"\\" <a@b.c>')
def test_any_address_is_refused_or_reads_back_as_it_is(text: str) -> None:
    try:
        read = mailbox(text)
    except BadAddress:
        return
    raw = compose(draft(to=(read,)), "t")
    well_formed(raw)
    (found,) = parse(raw).to
    assert found.address == read.address
    assert mailbox(read.address) == named(None, read.address)


def test_a_mail_to_hidden_recipients_only_says_so_and_no_more() -> None:
    raw = compose(draft(to=()), "t")
    assert b"To: undisclosed-recipients:;\r\n" in raw
    assert b"cc" not in raw.partition(b"\r\n\r\n")[0].lower()


def test_references_keep_the_beginning_and_the_newest() -> None:
    chain = tuple(f"<{number}@x.test>" for number in range(100))
    kept = references("<parent@x.test>", None, chain)
    assert len(kept) == REFERENCES_MAX
    assert (kept[0], kept[-1]) == ("<0@x.test>", "<parent@x.test>")
    assert references("<p@x.test>", "<g@x.test>", ()) == ("<g@x.test>", "<p@x.test>")
    assert references(None, None, ()) == ()
    well_formed(compose(draft(references=kept, in_reply_to="<parent@x.test>"), "t"))


@given(st.text(max_size=60) | st.from_regex(r"<[!-~ é\r\n]{1,20}@[!-~]{1,20}>", fullmatch=True))
@settings(max_examples=EXAMPLES)
def test_any_strangers_identifier_is_left_out_or_one_token(text: str) -> None:
    kept = references(identifier(text), None, (text,))
    raw = compose(draft(references=kept, in_reply_to=identifier(text)), "t")
    well_formed(raw)
    assert parse(raw).references == kept
