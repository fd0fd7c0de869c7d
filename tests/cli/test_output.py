"""What reaches a terminal: widths, tables, cleaning, and who gets colour."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postern_ctl import invocation, output
from postern_ctl.invocation import Invocation
from postern_ctl.output import Column

ID = "cus_abcdefghijklmnopqrstuvwx"
COLUMNS = (Column("ID", "id", keep=True), Column("NAME", "name"), Column("NOTE", "note"))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    invocation.enter(Invocation())


@pytest.mark.parametrize(
    ("text", "cells"),
    [("abc", 3), ("", 0), ("日本", 4), ("e\N{COMBINING ACUTE ACCENT}", 1), ("…", 1), ("a\N{ZERO WIDTH SPACE}b", 2)],
)
def test_width_is_counted_in_cells(text: str, cells: int) -> None:
    assert output.width(text) == cells


@given(st.text(), st.integers(1, 40))
def test_what_is_fitted_fits(text: str, cells: int) -> None:
    cleaned = output.cell(text)
    fitted = output.fit(cleaned, cells)
    assert output.width(fitted) <= cells
    if output.width(cleaned) <= cells:
        assert fitted == cleaned


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=5))
def test_a_table_fits_eighty_cells_and_keeps_its_ids(rows: list[tuple[str, str]]) -> None:
    lines = output.layout([{"id": ID, "name": name, "note": note} for name, note in rows], COLUMNS)
    assert len(lines) == len(rows) + 1
    assert all(output.width(line) <= 80 for line in lines)
    assert all(line.startswith(ID) for line in lines[1:])


def test_the_widest_column_gives_way_first() -> None:
    heading, line = output.layout([{"id": ID, "name": "short", "note": "long " * 40}], COLUMNS)
    assert "short" in line
    assert line.endswith("…")
    assert heading.split() == ["ID", "NAME", "NOTE"]


def test_ids_give_way_only_when_nothing_else_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    _, line = output.layout([{"id": ID, "name": "a name", "note": "a long note"}], COLUMNS)
    assert output.width(line) <= 30
    assert "…" in line


@given(st.text())
def test_no_cell_can_steer_a_terminal(text: str) -> None:
    shown = output.cell(text)
    assert not any(ord(mark) < 32 or 0x7F <= ord(mark) < 0xA0 for mark in shown)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(shown)


def test_the_text_of_a_mail_keeps_its_lines_only(capsys: pytest.CaptureFixture[str]) -> None:
    output.text("one\r\n\x1b]0;title\x07two\u202e\n")
    assert capsys.readouterr().out == "one\n\ufffd]0;title\ufffdtwo\ufffd\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ("", "-"),
        ([], "-"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (["a", "b"], "a, b"),
        ({"retention_days": None}, "-"),
        ({"retention_days": 3}, "retention days: 3"),
    ],
)
def test_values_are_shown_to_people(value: object, shown: str) -> None:
    assert output.cell(value) == shown


def test_a_block_is_aligned_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    output.block({"id": ID, "expires_at": "x" * 200})
    assert capsys.readouterr().out == f"id          {ID}\nexpires at  {'x' * 200}\n"


def test_colour_is_for_terminals() -> None:
    assert output.style("x", "bold", Terminal()) == "\x1b[1mx\x1b[0m"
    assert output.style("x", "bold", io.StringIO()) == "x"


def test_a_column_may_abridge() -> None:
    columns = (Column("AT", "at", show=output.minute), Column("NONE", "nothing", show=output.minute))
    assert output.layout([{"at": "2026-01-31T09:30:15.250Z"}], columns)[1] == "2026-01-31 09:30Z  -"


@pytest.mark.parametrize("refusal", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_refused(refusal: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in refusal.items():
        monkeypatch.setenv(name, value)
    assert output.style("x", "bold", Terminal()) == "x"


def test_a_flag_refuses_colour() -> None:
    invocation.enter(Invocation(no_color=True))
    assert output.style("x", "bold", Terminal()) == "x"


def test_json_is_one_line_for_programs_and_indented_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    piped, terminal = io.StringIO(), Terminal()
    for stream in (piped, terminal):
        monkeypatch.setattr(sys, "stdout", stream)
        output.document({"data": {"id": "é"}})
    assert piped.getvalue() == '{"data": {"id": "\\u00e9"}}\n'
    assert terminal.getvalue().count("\n") == 5


def test_raw_bytes_are_harmless_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    output.raw(b"Subject: \x1b[31m\xff\r\n")
    assert terminal.getvalue() == "Subject: \ufffd[31m\ufffd\n"
