from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.clock import parse_iso
from daemon.service.mailboxes.search_words import EXCERPT_MAX_CHARS, TERMS_MAX, Words, excerpt_line, read_words
from daemon.store.search import FOUND, FOUND_END, Asked, Term, expression

NEW_YEAR_MS = parse_iso("2026-01-01T00:00:00Z")
TYPED = st.text() | st.lists(
    st.sampled_from(
        ["from:", "subject:", "has:attachment", "after:2026-01-01", '"', "*", " ", "a", "é", "\x00", "NEAR("]
    )
).map("".join)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Words()),
        ("one  two", Words((Term("one"), Term("two")))),
        ('"one two" three', Words((Term("one two"), Term("three")))),
        ('"one two', Words((Term("one two"),))),
        ("one* t*", Words((Term("one", prefix=True), Term("t")))),
        ('"one two"*', Words((Term("one two", prefix=True),))),
        ('from:ann Subject:"the plan"', Words((Term("ann", column="sender"), Term("the plan", column="subject")))),
        ("from:", Words((Term("from:"),))),
        ("HAS:Attachments", Words(has_attachment=True)),
        ("has:nothing", Words((Term("has nothing"),))),
        ("after:2026-01-01 before:2026-01-01T00:00:00Z", Words((), False, NEW_YEAR_MS, NEW_YEAR_MS)),
        ("after:2026-13-01", Words((Term("after 2026-13-01"),))),
        ("a\x00b\ud800 \u200bc", Words((Term("ab"), Term("c")))),
        ("!!! -- *", Words()),
        ("not:an operator", Words((Term("not:an"), Term("operator")))),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: Words) -> None:
    assert read_words(typed) == meant


@given(TYPED)
@example('"' * 500)
@example("from:" * 100)
@example("a " * 250)
@example(" " * 50_000)
def test_whatever_is_typed_is_an_expression(typed: str) -> None:
    words = read_words(typed)
    assert len(words.terms) <= TERMS_MAX
    asked = expression(Asked(terms=words.terms, agent_id='agent_x"y'))
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE VIRTUAL TABLE t USING fts5(sender, subject, visible, owners)")
        assert conn.execute("SELECT * FROM t WHERE t MATCH ?", (asked,)).fetchall() == []


@given(st.text(alphabet=f"ab …\n{FOUND}{FOUND_END}", max_size=2_000))
def test_an_excerpt_is_a_short_line_without_marks(excerpt: str) -> None:
    line = excerpt_line(excerpt)
    assert not {FOUND, FOUND_END, "\n"} & set(line)
    assert len(line) <= EXCERPT_MAX_CHARS + 2


@given(st.integers(0, 3_000), st.integers(0, 3_000))
def test_an_excerpt_has_the_match_in_it(before: int, after: int) -> None:
    assert "needle" in excerpt_line(f"{'x' * before}{FOUND}needle{FOUND_END}{'y' * after}")
