"""Record types, and RRsets: the values that zones are made of.

A record's data is kept in wire form, uncompressed and with names in lower case: that is what is compared, hashed and
sent. The table below turns it into the text of a zone file and back.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from zones.fields import (
    BASE64,
    HEX,
    IPV4,
    IPV6,
    NAME,
    SECONDS,
    STRING,
    STRINGS,
    TAG,
    TEXT_TO_END,
    BadRecord,
    Field,
    Word,
    Words,
    number,
)
from zones.labels import Name, to_text
from zones.name import BadName
from zones.svcparams import SVC_PARAMS

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, DNAME, DS = 1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 43
SSHFP, DNSKEY, TLSA, SVCB, HTTPS, CAA = 44, 48, 52, 64, 65, 257
HINFO, OPT, IXFR, AXFR, ANY, TSIG = 13, 41, 251, 252, 255, 250
CLASS_IN = 1
DATA_MAX_OCTETS = 65535

_U8, _U16, _U32 = number(1, "a number"), number(2, "a number"), number(4, "a number")
_DIGEST = (_U16, _U8, _U8, HEX)
_CERTIFICATE = (_U8, _U8, _U8, HEX)
_KEY = (_U16, _U8, _U8, BASE64)
_SERVICE = (_U16, NAME, SVC_PARAMS)

_TYPES: dict[str, tuple[int, tuple[Field, ...]]] = {
    "A": (A, (IPV4,)),
    "NS": (NS, (NAME,)),
    "CNAME": (CNAME, (NAME,)),
    "SOA": (SOA, (NAME, NAME, _U32, SECONDS, SECONDS, SECONDS, SECONDS)),
    "PTR": (PTR, (NAME,)),
    "HINFO": (HINFO, (STRING, STRING)),
    "MX": (MX, (_U16, NAME)),
    "TXT": (TXT, (STRINGS,)),
    "RP": (17, (NAME, NAME)),
    "AFSDB": (18, (_U16, NAME)),
    "AAAA": (AAAA, (IPV6,)),
    "SRV": (SRV, (_U16, _U16, _U16, NAME)),
    "NAPTR": (35, (_U16, _U16, STRING, STRING, STRING, NAME)),
    "DNAME": (DNAME, (NAME,)),
    "DS": (DS, _DIGEST),
    "SSHFP": (SSHFP, (_U8, _U8, HEX)),
    "DNSKEY": (DNSKEY, _KEY),
    "TLSA": (TLSA, _CERTIFICATE),
    "SMIMEA": (53, _CERTIFICATE),
    "CDS": (59, _DIGEST),
    "CDNSKEY": (60, _KEY),
    "OPENPGPKEY": (61, (BASE64,)),
    "SVCB": (SVCB, _SERVICE),
    "HTTPS": (HTTPS, _SERVICE),
    "SPF": (99, (STRINGS,)),
    "URI": (256, (_U16, _U16, TEXT_TO_END)),
    "CAA": (CAA, (_U8, TAG, TEXT_TO_END)),
}
_FIELDS = dict(_TYPES.values())
_NAMES = {code: name for name, (code, _) in _TYPES.items()}
_QUERIED_ONLY = {"OPT": OPT, "TSIG": TSIG, "IXFR": IXFR, "AXFR": AXFR, "ANY": ANY}
_QUERIED_NAMES = {code: name for name, code in _QUERIED_ONLY.items()}

# Names in the data of these may be compressed, of no others (RFC 3597, 4): how many octets stand before the names, and
# how many names there are.
COMPRESSED_NAMES = {NS: (0, 1), CNAME: (0, 1), SOA: (0, 2), PTR: (0, 1), MX: (2, 1)}


class RRset(NamedTuple):
    """The records of one name and type (RFC 2181, 5): one TTL in seconds, and their data in canonical order."""

    name: Name
    type: int
    ttl: int
    data: tuple[bytes, ...]

    def __str__(self) -> str:
        head = f"{to_text(self.name)} {self.ttl} IN {type_name(self.type)}"
        return "\n".join(f"{head} {data_text(self.type, data)}" for data in self.data)


def rrset(name: Name, rrtype: int, ttl: int, *data: bytes) -> RRset:
    """Return an RRset; the same data twice is the same record (RFC 2181, 5)."""
    return RRset(name, rrtype, ttl, tuple(sorted(set(data))))


def type_name(code: int) -> str:
    """Return the mnemonic, or `TYPE65280` (RFC 3597, 5)."""
    return _NAMES.get(code) or _QUERIED_NAMES.get(code) or f"TYPE{code}"


def type_code(name: str) -> int:
    """Return the number of a type. Raises `BadRecord`."""
    upper = name.upper()
    if upper in _TYPES:
        return _TYPES[upper][0]
    digits = upper.removeprefix("TYPE")
    if digits != upper and digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= 65535:
        return int(digits)
    raise BadRecord(f"there is no record type {name!r}; write an unknown one as TYPE123 (RFC 3597)")


def is_type(name: str) -> bool:
    """Tell whether the word is a record type."""
    try:
        type_code(name)
    except BadRecord:
        return False
    return True


def read_data(rrtype: int, words: list[Word], origin: Name | None = None) -> bytes:
    """Read a record's data from the words of a zone file. Raises `BadRecord`."""
    try:
        if words and words[0] == Word("\\#"):
            data = _read_generic(words[1:])
        elif rrtype in _FIELDS:
            rest = Words(words, origin)
            data = b"".join(field.read(rest) for field in _FIELDS[rrtype])
            if surplus := rest.rest():
                raise BadRecord(f"{surplus[0].text[:40]!r} is more than {type_name(rrtype)} takes")
        else:
            raise BadRecord(f"give the data of {type_name(rrtype)} as \\# LENGTH HEX (RFC 3597, 5)")
        return checked_data(rrtype, data)
    except BadName as problem:
        raise BadRecord(str(problem)) from None


def _read_generic(words: list[Word]) -> bytes:
    rest = Words(words, None)
    length = rest.next("the length").text
    try:
        data = bytes.fromhex("".join(word.text for word in rest.rest()))
    except ValueError:
        raise BadRecord("the data behind \\# is not hexadecimal") from None
    if length != str(len(data)):
        raise BadRecord(f"\\# says {length[:20]} octets, and {len(data)} are there")
    return data


def checked_data(rrtype: int, data: bytes) -> bytes:
    """Return the data, with names in lower case, if that type may hold it. Raises `BadRecord`."""
    if len(data) > DATA_MAX_OCTETS:
        raise BadRecord(f"{len(data)} octets of data, and {DATA_MAX_OCTETS} at the most fit")
    fields = _FIELDS.get(rrtype)
    if fields is None:
        return data
    at, parts = 0, []
    for field in fields:
        try:
            _, end = field.show(data, at)
        except (BadName, struct.error) as problem:
            raise BadRecord(f"the data of {type_name(rrtype)} is malformed: {problem}") from None
        parts.append(data[at:end].lower() if field is NAME else data[at:end])
        at = end
    if at != len(data):
        raise BadRecord(f"the data of {type_name(rrtype)} is {len(data) - at} octets too long")
    return b"".join(parts)


def data_text(rrtype: int, data: bytes) -> str:
    """Return the data as a zone file shows it."""
    fields = _FIELDS.get(rrtype)
    if fields is None:
        return f"\\# {len(data)} {data.hex().upper()}".rstrip()
    shown, at = [], 0
    for field in fields:
        text, at = field.show(data, at)
        shown.append(text)
    return " ".join(part for part in shown if part)


def text_data(rrtype: int, text: str, origin: Name | None = None) -> bytes:
    """Read a record's data from plain words without quotes, such as `10 mx.example.`. Raises `BadRecord`."""
    return read_data(rrtype, [Word(word) for word in text.split()], origin)


def txt_data(text: str) -> bytes:
    """Return the data of a TXT record, cut into strings of at most 255 octets (RFC 1035, 3.3.14)."""
    raw = text.encode("ascii")
    return b"".join(bytes((len(part),)) + part for part in (raw[at : at + 255] for at in range(0, len(raw) or 1, 255)))
