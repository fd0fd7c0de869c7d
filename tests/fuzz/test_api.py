"""A bounded part of `./justw api-fuzz`, with a fixed seed, so that it stays short enough for every run of the tests."""

from __future__ import annotations

import pytest

from daemon.api.operations import OPERATIONS, Access
from tests.fuzz.api import fuzz

CASES_MIN = 200
MISSED_MAX = 14  # of so few cases some name nothing that is there


BOUNDED = "--phases examples,fuzzing --max-examples 3 --seed 1 --generation-database none".split()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["agent", "operator"])
def test_what_is_served_is_what_the_document_says(kind: str) -> None:
    run = fuzz(
        kind, "--phases", "examples,fuzzing", "--max-examples", "4", "--seed", "1", "--generation-database", "none"
    )
    assert run.clean, run.printed
    assert run.cases >= CASES_MIN, run.printed
    allowed = {one.name for one in OPERATIONS if kind == "operator" or one.access is not Access.OPERATOR}
    assert len(allowed - run.succeeded) <= MISSED_MAX, allowed - run.succeeded
