"""Archives: what goes in comes out, and nothing in them can be changed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon import archive
from daemon.archive import ArchiveError

PASSPHRASE = "correct horse"
PIECES = [b"one ", bytes(range(256)) * 3_000, b"", b"end"]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SCRYPT_N", 2)


def made(content: list[bytes], passphrase: str | None = None, kind: str = "backup") -> bytes:
    out = io.BytesIO()
    archive.write(out, kind, {"id": "x", "n": 1}, content, passphrase)
    return out.getvalue()


def whole(octets: bytes, passphrase: str | None = None) -> bytes:
    return b"".join(archive.read(io.BytesIO(octets), passphrase))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=2_000), max_size=5), st.none() | st.text(min_size=1, max_size=40))
def test_what_goes_in_comes_out(content: list[bytes], passphrase: str | None) -> None:
    octets = made(content, passphrase)
    head = archive.header(io.BytesIO(octets))
    assert (head.kind, head.meta, head.encrypted) == ("backup", {"id": "x", "n": 1}, passphrase is not None)
    assert whole(octets, passphrase) == b"".join(content)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_large_content_is_in_frames(passphrase: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FRAME_BYTES", 64)
    assert whole(made(PIECES, passphrase), passphrase) == b"".join(PIECES)


@settings(deadline=None)
@given(st.data())
def test_any_flipped_bit_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    passphrase = data.draw(st.sampled_from([None, PASSPHRASE]))
    octets = bytearray(made(PIECES[:2], passphrase))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.getbasetemp() / "flipped"
    path.write_bytes(octets)
    with pytest.raises(ArchiveError):
        archive.check(path)


@settings(deadline=None)
@given(st.integers(1, 400), st.sampled_from([None, PASSPHRASE]))
def test_what_was_cut_off_is_found(
    tmp_path_factory: pytest.TempPathFactory, count: int, passphrase: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut"
    path.write_bytes(made([b"some content"], passphrase)[:-count])
    with pytest.raises(ArchiveError):
        archive.check(path)


@settings(deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda rest: archive.MAGIC + b'{"meta":{}}\n' + rest))
def test_whatever_it_is_it_is_refused(octets: bytes) -> None:
    with pytest.raises(ArchiveError):
        whole(octets, PASSPHRASE)


def test_frames_cannot_be_moved_dropped_or_taken_from_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FRAME_BYTES", 64)
    octets = made(PIECES, PASSPHRASE)
    begin = octets.index(b"\n", len(archive.MAGIC)) + 1
    size = 4 + int.from_bytes(octets[begin : begin + 4], "big")
    first, second = octets[begin : begin + size], octets[begin + size : begin + 2 * size]
    for forged in (
        octets[:begin] + second + first + octets[begin + 2 * size :],
        octets[:begin] + octets[begin + size :],
        octets[: begin + 2 * size] + bytes(4) + octets[-32:],
    ):
        with pytest.raises(ArchiveError, match="passphrase is wrong, or the content was altered"):
            whole(forged, PASSPHRASE)


def test_a_wrong_or_missing_passphrase_is_told() -> None:
    octets = made([b"secret"], PASSPHRASE)
    with pytest.raises(ArchiveError, match="wrong"):
        whole(octets, "another")
    with pytest.raises(ArchiveError, match="needed"):
        whole(octets)


def test_a_header_cannot_ask_for_endless_work() -> None:
    octets = made([b"secret"], PASSPHRASE).replace(b'"n": 2', b'"n": 9999999999', 1)
    with pytest.raises(ArchiveError, match="damaged"):
        whole(octets, PASSPHRASE)
