"""EDNS, as its compliance checks ask it: RFC 6891, and cookies of RFC 7873."""

from __future__ import annotations

import struct

import dns.edns
import dns.flags
import dns.rcode
import pytest

from tests.dns.support import DnsProcess, flags, query, read

QUESTION = struct.pack("!6H", 7, 0x100, 1, 0, 0, 1) + b"\x07example\x04test\0\0\x06\0\1"


def opt(
    *, payload: int = 1232, version: int = 0, flag_bits: int = 0, options: bytes = b"", name: bytes = b"\0"
) -> bytes:
    return name + struct.pack("!HHBBHH", 41, payload, 0, version, flag_bits, len(options)) + options


@pytest.mark.parametrize(
    "record",
    [
        opt(),
        opt(payload=4096),
        opt(payload=0),
        opt(flag_bits=0x80),
        opt(flag_bits=0x7FFF),
        opt(options=struct.pack("!HH", 100, 0)),
        opt(options=struct.pack("!HH", 3, 0)),
        opt(options=struct.pack("!HHHBB", 8, 4, 1, 0, 0)),
        opt(options=struct.pack("!HH8s", 10, 8, b"12345678")),
        opt(options=struct.pack("!HH24s", 10, 24, b"123456781234567812345678")),
        opt(options=struct.pack("!HHHH8sHH", 100, 0, 10, 8, b"12345678", 9, 0)),
    ],
)
def test_unknown_flags_and_options_are_ignored_and_never_echoed(server: DnsProcess, record: bytes) -> None:
    for found in server.answers(QUESTION + record):
        assert (found.rcode(), found.edns, found.payload, found.options) == (0, 0, 1232, ())
        assert found.ednsflags == 0
        assert len(found.answer) == 1


def test_do_is_copied(server: DnsProcess) -> None:
    for asked in (opt(flag_bits=0x8000), opt(flag_bits=0x8000, options=struct.pack("!HH", 3, 0))):
        for found in server.answers(QUESTION + asked):
            assert found.ednsflags == dns.flags.DO


def test_an_answer_without_a_question_for_it_has_no_opt(server: DnsProcess) -> None:
    assert server.answer("example.test", "SOA", edns=None).edns == -1
    assert server.answer("nothing.example.test", "SOA", edns=None).edns == -1


@pytest.mark.parametrize("options", [b"", struct.pack("!HH", 100, 0)])
@pytest.mark.parametrize("version", [1, 255])
def test_a_later_version_is_told_ours(server: DnsProcess, version: int, options: bytes) -> None:
    for found in server.answers(QUESTION + opt(version=version, options=options)):
        assert found.rcode() == dns.rcode.BADVERS
        assert (found.edns, found.answer, found.authority, flags(found)) == (0, [], [], "QR RD")


@pytest.mark.parametrize("name", ["www.other.test", "nothing.example.test", "sub.example.test", "example.test"])
def test_every_answer_to_an_opt_has_one(server: DnsProcess, name: str) -> None:
    for rrtype in ("A", "AXFR", "OPT", "MAILA"):
        for found in server.answers(query(name, rrtype)):
            assert (found.edns, found.payload) == (0, 1232)


@pytest.mark.parametrize(
    "behind",
    [
        opt() + opt(),
        opt(name=b"\1a\0"),
        opt(options=b"\0\x0a\0\x07" + b"1234567"),
        opt(options=b"\0\x0a\0\x09" + b"123456789"),
        opt(options=b"\0\x0a\0\x29" + b"1" * 41),
        opt(options=b"\0\x64\0"),
        opt(options=b"\0\x64\0\x09x"),
    ],
)
def test_a_malformed_opt_is_told_so(server: DnsProcess, behind: bytes) -> None:
    count = 2 if behind == opt() + opt() else 1
    packet = QUESTION[:10] + struct.pack("!H", count) + QUESTION[12:] + behind
    for answer in (server.udp(packet), server.over_tcp(packet)[0]):
        assert answer is not None
        found = read(answer)
        assert (found.rcode(), found.edns, found.answer) == (dns.rcode.FORMERR, 0, [])
