"""The global flags: before, between and after, up to a `--`."""

from __future__ import annotations

import pytest

from postern_ctl.invocation import GLOBAL_FLAGS, Invocation, WrongUsage, current, hoist


@pytest.mark.parametrize(
    "argv",
    [
        ["--json", "-q", "--data-dir", "/d", "tenant", "create", "acme"],
        ["tenant", "--json", "create", "--data-dir=/d", "acme", "-q"],
        ["tenant", "create", "acme", "--json", "--quiet", "--data-dir", "/d"],
    ],
)
def test_flags_are_taken_from_anywhere(argv: list[str]) -> None:
    flags, rest = hoist(argv)
    assert flags == Invocation(json=True, quiet=True, data_dir="/d")
    assert rest == ["tenant", "create", "acme"]
    assert current() == flags


def test_what_follows_two_hyphens_is_left_alone() -> None:
    flags, rest = hoist(["tenant", "create", "--", "--json"])
    assert flags == Invocation()
    assert rest == ["tenant", "create", "--", "--json"]


def test_every_listed_flag_is_known() -> None:
    for spelling, value, _ in GLOBAL_FLAGS:
        for flag in spelling.split(", "):
            flags, rest = hoist([flag, "x"] if value else [flag])
            assert (flags != Invocation(), rest) == (True, [])


@pytest.mark.parametrize("argv", [["--data-dir"], ["--url="], ["--json=yes"]])
def test_a_flag_used_wrongly_says_so(argv: list[str]) -> None:
    with pytest.raises(WrongUsage, match=argv[0].partition("=")[0]):
        hoist(argv)


def test_json_is_in_force_even_when_a_later_flag_is_wrong() -> None:
    with pytest.raises(WrongUsage):
        hoist(["--json", "--data-dir"])
    assert current().json
