"""Words of one language that begin like a telling word of another, and say nothing."""

from __future__ import annotations

import pytest

from daemon.mail.extract import extract
from daemon.mail.lexicon import vocabulary
from daemon.mail.parse import parse
from daemon.mail.sender import misleading_name
from daemon.mail.text import fold
from tests.mail.builder import build

AGAINST = frozenset({"other", "dead", "sample", "agent", "idle", "refuse"})


@pytest.mark.parametrize(
    "words",
    [
        "nl voor voorwaarts vooral vertraging volgende",
        "it con cui indirizzo seguente",
        "de lassen oder Platz beträgt folgenden melden Sie sich",
        "tr müşterimiz resim",
        "fi voidaan ohjelma helposti seuraava",
        "es las primera primero democracia promoción sería tan",
        "fr suite plateforme pratique suivant aider",
        "sv två skulle söndagen",
        "da spørgsmål skulle følgende",
        "pl za pomocą",
        "cs pomocí následující platí",
        "hu következő bejelentkezés kapcsolatban",
        "pt totalmente",
        "en system systems summer follow the link following platform maple",
        "ru с помощью следующей для использования",  # noqa: RUF001
        "ar المرحلة",
        "he לבטל מוקדם שנוכל",
    ],
)
def test_a_common_word_tells_nothing(words: str) -> None:
    found = vocabulary().scan(fold(words))
    assert [hit for hits in found.values() for hit in hits.all if hit.meaning in AGAINST] == []


def test_a_name_that_misleads_is_not_read() -> None:
    assert misleading_name("Parcel Track", "no-reply@mail.parceltrack.example") is not None
    assert misleading_name("Heron", "no-reply@heron.example") is None
    wanted = "https://trackwell.example/u/Zk81vQm3Xw9bTr5LpYc2Hn7D"
    text = f"Welcome!\n\nFollow the link to finish your Track Well account.\n{wanted}\n"
    raw = build("Welcome to Track Well", text, sender="Track Well <hi@trackwell.example>")
    assert extract(parse(raw)).verification_link == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Build AI agents and chatbots in minutes.\nYour sign-up code: 402881",
        "This is a system message.\nYour sign-up code: 402881",
        "System: Linux\nDevice: Firefox\nYour sign-in code: 402881",
    ],
)
def test_a_service_about_machines_does_not_speak_to_them(text: str) -> None:
    assert extract(parse(build("Welcome", text))).otp_code == "402881"


@pytest.mark.parametrize(
    "text",
    [
        "Was it not you? Reset your password: {}",
        "Var det inte du? Byt lösenord här: {}",
        "If you don't recognize this, restore your account:\n\n{}",
    ],
)
def test_a_link_for_who_did_not_ask_is_not_given(text: str) -> None:
    raw = build("Your password was changed", text.format("https://service.example/r/Zk81vQm3Xw9bTr5LpYc2Hn7D"))
    assert extract(parse(raw)).verification_link is None
