"""Action links bear random tokens, and random has no rule that a digit must be among the letters."""

from __future__ import annotations

import base64
import random
from email.message import EmailMessage

import pytest

from daemon.mail.extract import extract
from daemon.mail.parse import parse

SEED, TOKENS = 20, 300
WORDLIKE_MAX = 6  # a short random token may read as two words; nothing then tells it from a headline
FORMS = {
    "a parameter": "https://accounts.northwind.example/verify?token={token}",
    "a path": "https://accounts.northwind.example/verify/{token}",
}


def link_in(link: str) -> str | None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Northwind <no-reply@northwind.example>", "Verify your e-mail address"
    mail.set_content(f'<p>Confirm your address.</p><p><a href="{link}">Verify e-mail</a></p>', subtype="html")
    return extract(parse(mail.as_bytes())).verification_link


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("octets", [12, 16, 24])
def test_a_link_is_found_whatever_its_token_happens_to_be(form: str, octets: int) -> None:
    chance = random.Random(SEED)
    tokens = [base64.urlsafe_b64encode(chance.randbytes(octets)).decode().rstrip("=") for _ in range(TOKENS)]
    links = [form.format(token=token) for token in tokens]
    missed = [link for link in links if link_in(link) != link]
    assert len(missed) <= WORDLIKE_MAX
    assert octets == 12 or not missed
