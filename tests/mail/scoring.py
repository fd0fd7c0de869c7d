"""Compares what was extracted with what is right."""

from __future__ import annotations

from daemon.mail.extract import Extracted, extract
from daemon.mail.parse import parse
from tests.mail.builder import Case


def faults(case: Case) -> list[str]:
    """What is wrong in the answers to a case: `miss` for silence, `wrong` for another or an uncalled-for value."""
    found = extract(parse(case.raw()))
    problems = []
    for name, wanted, got in (
        ("code", case.code, found.otp_code),
        ("link", case.link, found.verification_link),
        ("credentials", case.credentials, pairs(found)),
    ):
        if got != wanted and got not in case.accept:
            problems.append(f"{'miss' if got is None else 'wrong'} {name}: {got!r}, not {wanted!r}")
    return problems


def pairs(found: Extracted) -> tuple[tuple[str | None, str | None], ...] | None:
    """The logins as plain pairs."""
    return tuple((login.username, login.password) for login in found.credentials) if found.credentials else None
