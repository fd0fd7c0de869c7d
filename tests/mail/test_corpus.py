"""The labelled mails: what is reached, and that nothing false is ever given where it would hurt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.mail.extract import extract
from daemon.mail.parse import parse
from tests.mail.builder import FRESH, TRAPS, Case, cases
from tests.mail.scoring import faults, pairs

CORPUS = Path(__file__).parents[1] / "corpus"
LABELS = [json.loads(line) for line in (CORPUS / "labels.jsonl").read_text("utf-8").splitlines()]
CORPUS_RIGHT_MIN = 78
OWN_RIGHT_MIN_SHARE = 0.95
FRESH_RIGHT_MIN_SHARE = 0.98


def _faults(label: dict[str, Any]) -> list[str]:
    found = extract(parse((CORPUS / label["file"]).read_bytes()))
    wanted = label["credentials"]
    logins = tuple((login["username"], login["password"]) for login in wanted) if wanted else None
    problems = []
    if found.otp_code not in (label["otp_code"], *label["otp_accept"]):
        problems.append(f"code {found.otp_code!r}")
    if found.verification_link not in (label["verification_link"], *label["link_accept"]):
        problems.append(f"link {found.verification_link!r}")
    if pairs(found) != logins:
        problems.append(f"credentials {pairs(found)!r}")
    return problems


def test_corpus_score() -> None:
    wrong = {label["file"]: problems for label in LABELS if (problems := _faults(label))}
    assert len(LABELS) - len(wrong) >= CORPUS_RIGHT_MIN, wrong


@pytest.mark.parametrize(
    "label",
    [label for label in LABELS if label["category"].startswith(("neg_", "adv_"))],
    ids=lambda label: f"{label['file']}-{label['category']}",
)
def test_nothing_false_where_it_hurts(label: dict[str, Any]) -> None:
    found = extract(parse((CORPUS / label["file"]).read_bytes()))
    assert found.otp_code in (None, label["otp_code"])
    assert found.verification_link in (None, label["verification_link"], *label["link_accept"])
    assert label["credentials"] is not None or found.credentials is None


def test_own_mails_score() -> None:
    wrong = {case.name: problems for case in cases() if (problems := faults(case))}
    assert len(wrong) <= (1 - OWN_RIGHT_MIN_SHARE) * len(cases()), wrong


def test_fresh_mails_score() -> None:
    fresh = cases(FRESH)
    wrong = {case.name: problems for case in fresh if (problems := faults(case))}
    assert len(wrong) <= (1 - FRESH_RIGHT_MIN_SHARE) * len(fresh), wrong


def test_traps_score() -> None:
    wrong = {case.name: problems for case in cases(TRAPS) if (problems := faults(case))}
    assert not wrong


@pytest.mark.parametrize(
    "case", [case for case in [*cases(), *cases(FRESH)] if case.negative], ids=lambda case: case.name
)
def test_own_mails_with_nothing_in_them(case: Case) -> None:
    found = extract(parse(case.raw()))
    assert found.otp_code in (None, *case.accept)
    assert found.verification_link is None
    assert found.credentials is None


def test_every_answer_is_explained() -> None:
    for case in cases():
        found = extract(parse(case.raw()))
        if found.otp_code is not None:
            best = found.code_candidates[0]
            assert best.value == found.otp_code
            assert best.reasons
            assert best.score == pytest.approx(sum(reason.weight for reason in best.reasons))
        if found.verification_link is not None:
            link = found.link_candidates[0]
            assert link.href == found.verification_link
            assert link.score == pytest.approx(sum(reason.weight for reason in link.reasons))
