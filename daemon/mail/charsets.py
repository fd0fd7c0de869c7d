"""Bytes to text, and transfer encodings, for mail that does not always say the truth about itself."""

from __future__ import annotations

import binascii
import codecs
import quopri
import re

# Names that mail uses and Python lacks, and names whose superset is what senders really mean (WHATWG Encoding 4.2).
_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "iso-8859-11": "cp874",
    "x-mac-roman": "mac-roman",
    "unicode-1-1-utf-7": "utf-7",
}
_CHARSET_NAME = re.compile(r"[A-Za-z0-9][\w.:+-]{0,39}")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
META_SCAN_BYTES = 2_048
DOUBLE_BYTE_TRUSTED_BYTES = 16
_ASCII_WRITTEN = ("iso2022", "utf-16", "utf_16", "utf-32", "utf_32", "utf-7", "utf_7", "hz")
_DOUBLE_BYTE = ("gb", "cp949", "cp932", "euc", "big5", "shift")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode(raw: bytes, charset: str | None = None) -> str:
    """`raw` as text; never raises.

    Bytes that are valid UTF-8 are read as UTF-8 whatever was declared, for chance hardly ever produces it; except in
    the charsets that write with ASCII bytes, and in a few bytes of a double-byte one. Else the declared charset, else
    Windows-1252; what does not decode becomes U+FFFD.
    """
    codec = _codec(charset)
    declared_first = codec is not None and (
        codec.startswith(_ASCII_WRITTEN) or (len(raw) < DOUBLE_BYTE_TRUSTED_BYTES and codec.startswith(_DOUBLE_BYTE))
    )
    for name in (codec, "utf-8") if declared_first else ("utf-8",):
        try:
            text = raw.decode(name or "utf-8")
            return text if name == "utf-8" else _sound(text)  # which has no way to write a surrogate
        except (UnicodeError, ValueError, AssertionError):
            continue
    return _sound(raw.decode(codec or "cp1252", "replace"))


def _sound(text: str) -> str:
    """`text` without lone surrogates, which some decoders let through and nothing can write out again."""
    return text.encode("utf-8", "replace").decode("utf-8") if _SURROGATE.search(text) else text


def _codec(charset: str | None) -> str | None:
    """Python's name of a character set, or None when there is no such thing."""
    name = (charset or "").strip().strip("\"'").lower()
    if not _CHARSET_NAME.fullmatch(name):
        return None
    try:
        info = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) and info.name not in {"idna", "punycode"} else None


def decode_html(raw: bytes, charset: str | None) -> str:
    """HTML bytes as text: the part's charset, else the one its `<meta>` names."""
    if _codec(charset) is None:
        match = _META_CHARSET.search(raw, 0, META_SCAN_BYTES)
        charset = match[1].decode("ascii") if match else charset
    return decode(raw, charset)


def transfer_decode(body: bytes, encoding: str) -> bytes:
    """A body without its Content-Transfer-Encoding (RFC 2045 section 6); garbage is skipped, never an error."""
    if encoding == "base64":
        data = _NOT_BASE64.sub(b"", body)
        data = data[: len(data) - 1] if len(data) % 4 == 1 else data
        try:
            return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
        except binascii.Error:
            return body
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    return body
