from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.mail.model import Address, ParsedMail
from daemon.mail.thread import IDENTIFIERS_MAX, PEOPLE_MAX, base_subject, clues, people
from daemon.mail.words import REPLY_PREFIXES


@pytest.mark.parametrize(
    ("subject", "base", "is_reply"),
    [
        ("Invoice", "invoice", False),
        ("Re: Invoice", "invoice", True),
        ("  RE : Invoice ", "invoice", True),
        ("Re: Re: Fwd: AW: Invoice", "invoice", True),
        ("Re[2]: Invoice", "invoice", True),
        ("Re(3): Invoice", "invoice", True),
        ("[list] Re: Invoice", "invoice", True),
        ("Re: [list] Invoice", "invoice", True),
        ("[list] Invoice", "invoice", False),
        ("[#42] Invoice", "[#42] invoice", False),
        ("Invoice (fwd)", "invoice", False),
        ("SV: Réunion  à  midi", "reunion a midi", True),
        ("答复\uff1a发票", "发票", True),
        ("Trả lời: Hoá đơn", "hoa đon".replace("đ", "d"), True),
        ("Regarding: Invoice", "regarding: invoice", False),
        ("Re Invoice", "re invoice", False),
        ("Re:", "", True),
        ("[list]", "[list]", False),
        ("", "", False),
    ],
)
def test_a_base_subject(subject: str, base: str, is_reply: bool) -> None:
    assert base_subject(subject) == (base, is_reply)


@given(
    st.text(max_size=300) | st.lists(st.sampled_from([*REPLY_PREFIXES, ":", " ", "[", "]", "(fwd)", "x"])).map("".join)
)
@example(" " * 50_000)
@example("re:" * 20_000)
@example("[" * 20_000)
@example("[a]" * 20_000)
@example("re" + " " * 50_000)
def test_any_subject_is_read_and_a_base_is_its_own(subject: str) -> None:
    base, _ = base_subject(subject)
    assert base == " ".join(base.split())
    assert base_subject("Re: " + subject)[1]
    assert base_subject("Re: " + subject)[0] in (base, "")


@given(st.lists(st.text(max_size=30)))
def test_people_are_few_and_each_once(written: list[str]) -> None:
    found = people(written)
    assert len(found) == len(set(found)) <= PEOPLE_MAX


def test_people_are_bare_and_lower_case() -> None:
    assert people(["Ann <Ann@X.test>", "ann@x.test", "<b@x.test>", "", "A <B> <c@x.test>"]) == (
        "ann@x.test",
        "b@x.test",
        "c@x.test",
    )


def test_identifiers_begin_with_the_parent_and_are_bounded() -> None:
    mail = ParsedMail(
        message_id="<own>", in_reply_to="<p>", references=("<root>", "<p>", "<" + "x" * 2_000 + ">", "<near>")
    )
    assert clues(mail).identifiers == ("<p>", "<near>", "<root>", "<own>")
    many = ParsedMail(references=tuple(f"<{number}>" for number in range(1_000)))
    assert len(clues(many).identifiers) == IDENTIFIERS_MAX


def test_the_key_is_of_the_people_whoever_writes() -> None:
    ann, bob = Address("Ann", "ann@x.test"), Address(None, "Bob@x.test")
    there = clues(ParsedMail(from_=ann, to=(bob,), subject="Lunch"))
    back = clues(ParsedMail(from_=bob, to=(ann,), subject="Re: lunch"))
    assert there.subject_key == back.subject_key is not None
    assert (there.is_reply, back.is_reply) == (False, True)
    assert clues(ParsedMail(from_=ann, to=(bob,), subject="Re:")).subject_key is None
    assert clues(ParsedMail(subject="Lunch")).subject_key is None
    assert clues(ParsedMail(subject="Lunch"), "ann@x.test").subject_key is not None
