from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from daemon.api.common import PageQuery
from daemon.clock import iso, parse_iso
from daemon.errors import Code, PosternError
from daemon.keys import Keyring
from daemon.service.addresses import RESERVED_LOCAL_PARTS, local_part, normal_address
from daemon.service.paging import Cursors
from daemon.settings import Settings, SettingsError, duration_seconds, host_port, load, name_server
from zones.name import BadName, normalise

CURSORS = Cursors(Keyring({"00000001": b"a" * 32}, "00000001"))
LATEST_MS = parse_iso("9999-12-31T23:59:59.999Z")
EARLIEST_MS = parse_iso("0001-01-01T00:00:00Z")
NOWHERE = Path("/nowhere/postern.toml")


def cursor_after(what: str, position: int, **query: object) -> str:
    page = CURSORS.listed(what, PageQuery(limit=1), [position, position - 1], lambda row: row, str)
    assert page.next_cursor is not None
    return page.next_cursor


@given(st.text(), st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_cursor_is_read_as_it_was_made(what: str, position: int) -> None:
    cursor = cursor_after(what, position)
    assert CURSORS.before(what, PageQuery(cursor=cursor)) == position
    assert CURSORS.before(what, PageQuery(cursor=cursor, limit=200)) == position


@given(st.text(), st.text())
def test_a_cursor_of_another_list_is_refused(one: str, other: str) -> None:
    assume(one != other)
    with pytest.raises(PosternError) as refused:
        CURSORS.before(other, PageQuery(cursor=cursor_after(one, 7)))
    assert refused.value.code is Code.BAD_REQUEST


@given(st.one_of(st.text(max_size=60), st.text("AQgw-_=+/", max_size=60)))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(PosternError) as refused:
        CURSORS.before("list", PageQuery(cursor=text))
    assert refused.value.code is Code.BAD_REQUEST


@given(st.one_of(st.text(max_size=80), st.text("aZ0._-+ @", max_size=70)))
def test_a_user_name_is_normal_or_refused(text: str) -> None:
    try:
        name = local_part(text)
    except PosternError:
        return
    assert local_part(name) == name == name.lower()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert ".." not in name
    assert name not in RESERVED_LOCAL_PARTS
    assert normal_address(f"{name}@x.test") == f"{name}@x.test"


@given(st.one_of(st.text(max_size=100), st.from_regex(r"\A[^@]{1,20}@[a-zA-Z0-9.-]{1,20}\Z")))
def test_an_address_is_normal_or_none(text: str) -> None:
    address = normal_address(text)
    if address is not None:
        assert normal_address(address) == address
        assert normal_address(text.upper()) in (address, normal_address(address.upper()), None)
        local, _, domain = address.rpartition("@")
        assert local
        assert "+" not in local
        assert normalise(domain) == domain


@given(st.text(max_size=300))
def test_a_domain_is_normal_or_refused(text: str) -> None:
    try:
        name = normalise(text)
    except BadName:
        return
    assert normalise(name) == normalise(name + ".") == name
    assert name.isascii()
    assert len(name) <= 253


@pytest.mark.parametrize(
    ("text", "normal"),
    [("Bücher.TEST.", "xn--bcher-kva.test"), ("xn--bcher-kva.test", "xn--bcher-kva.test"), ("ß.test", "xn--zca.test")],
)
def test_an_international_domain_is_kept_as_a_labels(text: str, normal: str) -> None:
    assert normalise(text) == normal
    assert normal_address(f"A+x@{text}") == f"a@{normal}"


@given(st.integers(EARLIEST_MS, LATEST_MS))
def test_a_time_comes_back(instant_ms: int) -> None:
    assert parse_iso(iso(instant_ms)) == instant_ms
    assert len(iso(instant_ms)) == len("2026-01-31T09:30:00.000Z")


@given(st.integers(EARLIEST_MS, LATEST_MS), st.integers(EARLIEST_MS, LATEST_MS))
def test_times_sort_as_their_texts(one: int, other: int) -> None:
    assert (one < other) == (iso(one) < iso(other))


@given(st.text())
def test_a_listener_is_read_or_refused(text: str) -> None:
    try:
        read = host_port(text)
    except ValueError:
        return
    assert host_port(str(read)) == read
    assert 0 <= read.port <= 65535


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("192.0.2.1", "192.0.2.1:53"),
        ("192.0.2.1:5353", "192.0.2.1:5353"),
        ("2001:db8::1", "[2001:db8::1]:53"),
        ("[2001:db8::1]", "[2001:db8::1]:53"),
        ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
    ],
)
def test_a_name_server_has_a_port_of_its_own(text: str, read: str) -> None:
    assert str(name_server(text)) == read


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("RESOLVER", "dns.test"),
        ("RESOLVER", "192.0.2.1:x"),
        ("TRUSTED_RELAYS", "relay.test"),
        ("TRUSTED_RELAYS", "10.0.0.0/99"),
        ("TRUSTED_AUTHSERV", "a b"),
    ],
)
def test_whom_to_trust_is_told_in_addresses(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"environment POSTERN_{variable}"):
        load(env={f"POSTERN_{variable}": text}, config_file=NOWHERE)


@given(st.integers(0, 10**9), st.sampled_from(["", "s", "m", "h", "d"]))
def test_a_duration_is_read(count: int, unit: str) -> None:
    seconds = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}[unit]
    assert duration_seconds(f" {count}{unit} ") == count * seconds


@example("data_dir", "~0")
@given(
    st.sampled_from([item.name for item in dataclasses.fields(Settings)]),
    st.text(st.characters(exclude_characters="\x00")),
)
def test_a_setting_is_read_or_refused_by_its_name(name: str, text: str) -> None:
    variable = f"POSTERN_{name.upper()}"
    loaded, problem = None, ""
    try:
        loaded = load({}, {variable: text}, NOWHERE)
    except SettingsError as refused:
        problem = str(refused)
    if loaded is None:
        assert variable in problem
    else:
        assert loaded.sources[name] == ("default" if text == "" else f"environment {variable}")


@given(st.text("abcdef", min_size=8))
def test_a_secret_setting_is_never_shown(key: str) -> None:
    loaded = load({}, {"POSTERN_API_KEY": key}, NOWHERE)
    assert loaded.settings.api_key == key
    (row,) = (row for row in loaded.table() if row.name == "POSTERN_API_KEY")
    assert row.value == "(set)"


def test_a_flag_comes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "postern.toml"
    file.write_text('log_level = "error"\nmax_wait_ms = 1\nretention_days = 7\n')
    env = {"POSTERN_LOG_LEVEL": "warning", "POSTERN_MAX_WAIT_MS": "2"}
    loaded = load({"log_level": "debug"}, env, file)
    settings = loaded.settings
    assert (settings.log_level, settings.max_wait_ms, settings.retention_days) == ("debug", 2, 7)
    assert loaded.sources["log_level"] == "flag --log-level"
    assert loaded.sources["max_wait_ms"] == "environment POSTERN_MAX_WAIT_MS"
    assert loaded.sources["retention_days"] == f"file {file}"
    assert loaded.sources["smtp_listen"] == "default"


@pytest.mark.parametrize("text", ["no = such", "unknown_setting = 1", 'smtp_listen = "nowhere"', "\xff"])
def test_a_wrong_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "postern.toml"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError, match=r"postern\.toml"):
        load({}, {}, file)
