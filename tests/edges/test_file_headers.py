from __future__ import annotations

import re
from email.message import EmailMessage
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.mail.parse import clean_filename
from daemon.web.downloads import OPAQUE_TYPE, disposition, part_of, safe_type

SIZES = st.integers(0, 100)
DIGITS = st.integers(0, 120).map(str) | st.just("")


@given(DIGITS, DIGITS, SIZES)
@example("0" * 4_000, "9" * 5_000, 10)
def test_a_range_is_within_the_file_or_nowhere(first: str, last: str, size: int) -> None:
    part = part_of(f"bytes={first}-{last}", size)
    if part is None or not part:
        return
    assert 0 <= part.start < part.stop <= size
    if first:
        assert part.start == int(first)
        assert not last or part.stop <= max(int(last[-18:]) + 1, size)
    else:
        assert part.stop == size
        assert len(part) == min(int(last), size)


@given(st.text(max_size=60) | st.from_regex(r"bytes ?= ?[0-9]{0,3} ?- ?[0-9]{0,3}", fullmatch=True), SIZES)
@example("bytes=" + "0" * 10_000 + "-", 5)
@example("bytes=" + " " * 10_000 + "-", 5)
@example("bytes=٣-٤", 10)
def test_any_header_is_read(header: str, size: int) -> None:
    part = part_of(header, size)
    assert part is None or (0 <= part.start <= part.stop <= size)


@given(st.text(max_size=80).map(clean_filename) | st.text(max_size=80))
@example('a";x="')
@example("\r\nSet-Cookie: x")
@example("\ud800")
def test_a_name_cannot_leave_its_place(name: str) -> None:
    header = disposition(name)
    assert re.fullmatch(r"[ -~]+", header)
    match = re.fullmatch(r'attachment; filename="([^"\\%]+)"(?:; filename\*=UTF-8\'\'([\w!#$&+\-.^`|~%]*))?', header)
    assert match is not None
    told = match[1] if match[2] is None else unquote(match[2])
    assert told == name.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("name", ["plan.pdf", "Übersicht.pdf", "数据.csv", "100%.txt", "a b.txt"])
def test_a_mail_program_reads_the_name(name: str) -> None:
    message = EmailMessage()
    message["Content-Disposition"] = disposition(name)
    assert message.get_filename() in (name, disposition(name).split('"')[1])


@given(st.text(max_size=60))
@example("text/html; x")
@example("text/plain\r\nx: y")
@example("a/" + "b" * 200)
def test_a_type_is_one_or_opaque(given_type: str) -> None:
    told = safe_type(given_type)
    assert re.fullmatch(r"[a-z0-9][!-~]*/[a-z0-9][!-~]*", told)
    assert told in (given_type.lower(), OPAQUE_TYPE)
