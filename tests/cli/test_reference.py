"""The reference pages in the tree are those that the program makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from postern_ctl.reference import pages

PLACE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["cli.md", "settings.md"])
def test_the_pages_are_current(name: str) -> None:
    assert (PLACE / name).read_text(encoding="utf-8") == pages()[name], "run ./justw docs"
