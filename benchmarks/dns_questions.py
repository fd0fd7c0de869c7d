"""The zones that every server is given, and the questions that are put to them."""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from zones.labels import from_text
from zones.mailzone import DkimKey, Extra, Mail, Servers, mail_zone
from zones.zone import Zone

QUESTIONS = 50_000
RANDOM_NAMES = 400_000  # more than any server remembers in a round
NXDOMAIN_SHARE, NODATA_SHARE = 0.05, 0.05
MIXED_CASE_VARIANTS = 4
_TYPES = {"A": 1, "NS": 2, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}
_ASKED = (
    ("", "MX"),
    ("", "TXT"),
    ("", "A"),
    ("", "NS"),
    ("", "SOA"),
    ("mail.", "A"),
    ("mail.", "AAAA"),
    ("s1._domainkey.", "TXT"),
    ("_dmarc.", "TXT"),
    ("mta-sts.", "A"),
    ("_smtp._tls.", "TXT"),
)
SERVERS = Servers(nameservers=("ns1.mailhost.test", "ns2.mailhost.test"), hostmaster="hostmaster.mailhost.test")


def zone(name: str, serial: int = 1) -> Zone:
    """Return a mail zone like those of a tenant, with a 2048-bit key of its own for each serial."""
    dice = random.Random(name)
    key = base64.b64encode(random.Random(f"{name} {serial}").randbytes(294)).decode()
    mail = Mail(
        mail_hosts=("mx1.mailhost.test", "mx2.mailhost.test"),
        spf_addresses=("192.0.2.25",),
        spf_includes=("spf.mailhost.test",),
        dkim=(DkimKey("s1", "rsa", key),),
        dmarc_reports=f"dmarc@{name}",
        tls_reports=f"tls@{name}",
        mta_sts_id=str(serial),
        mta_sts_host=f"mail.{name}",
        extras=(
            Extra("", "A", f"192.0.2.{dice.randrange(1, 255)}"),
            Extra("mail", "A", f"198.51.100.{dice.randrange(1, 255)}"),
            Extra("mail", "AAAA", f"2001:db8::{dice.randrange(1, 9999):x}"),
        ),
    )
    return mail_zone(name, SERVERS, mail, serial)


def names(count: int) -> list[str]:
    """Return the names of the zones."""
    return [f"t{number:05d}.example" for number in range(count)]


def question(name: str, rrtype: str, *, payload_octets: int = 1232, number: int = 0) -> bytes:
    """Return a question with an OPT record."""
    tail = struct.pack("!HH", _TYPES[rrtype], 1) + struct.pack("!BHHIH", 0, 41, payload_octets, 0, 0)
    return struct.pack("!6H", number & 0xFFFF, 0, 1, 0, 0, 1) + from_text(name + ".") + tail


def mixed(zones: Sequence[str], count: int = QUESTIONS) -> Iterator[bytes]:
    """What resolvers ask: mostly what exists."""
    dice = random.Random(1)
    for number in range(count):
        zone_name, chance = dice.choice(zones), dice.random()
        if chance < NXDOMAIN_SHARE:
            yield question(f"nothing{dice.randrange(100)}.{zone_name}", "A", number=number)
        elif chance < NXDOMAIN_SHARE + NODATA_SHARE:
            yield question(zone_name, "SRV", number=number)
        else:
            host, rrtype = dice.choice(_ASKED)
            yield question(host + zone_name, rrtype, number=number)


def mixed_case(zones: Sequence[str], count: int = QUESTIONS) -> Iterator[bytes]:
    """The same in a new mix of upper and lower case each time, as resolvers do against forgeries."""
    dice = random.Random(2)
    for packet in mixed(zones, count):
        end = packet.index(0, 12)
        name = bytes(octet ^ 0x20 if 97 <= octet <= 122 and dice.random() < 0.5 else octet for octet in packet[12:end])
        yield packet[:12] + name + packet[end:]


def random_names(zones: Sequence[str], count: int = RANDOM_NAMES) -> Iterator[bytes]:
    """Names that do not exist, hardly one of them twice: the usual attack."""
    dice = random.Random(3)
    for number in range(count):
        yield question(f"{dice.randbytes(5).hex()}.{dice.choice(zones)}", "A", number=number)


def garbage(zones: Sequence[str], count: int = QUESTIONS) -> Iterator[bytes]:
    """What a flood may be made of: noise, questions cut short or altered, names that do not exist, cookies."""
    dice = random.Random(4)
    for packet in mixed(zones, count):
        match dice.randrange(5):
            case 0:
                yield dice.randbytes(dice.randrange(1, 600))
            case 1:
                yield packet[: dice.randrange(1, len(packet))]
            case 2:
                altered = bytearray(packet)
                for _ in range(3):
                    altered[dice.randrange(2, len(altered))] = dice.randrange(256)
                yield bytes(altered)
            case 3:
                yield question(f"{dice.randbytes(6).hex()}.{dice.choice(zones)}", "A")
            case _:
                yield packet[:-2] + struct.pack("!HHH", 12, 10, 8) + dice.randbytes(8)


def write(path: Path, packets: Iterator[bytes]) -> None:
    """Write questions as the load generator reads them: each with its length before it."""
    with path.open("wb") as file:
        for packet in packets:
            file.write(len(packet).to_bytes(2, "big") + packet)


def read(path: Path) -> list[bytes]:
    """Read them back."""
    octets, at, packets = path.read_bytes(), 0, []
    while at < len(octets):
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        packets.append(octets[at + 2 : end])
        at = end
    return packets
