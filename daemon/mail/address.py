"""Addresses that mail is sent to: read strictly, kept in a form that can be written into a header without quoting anew.

What a stranger wrote is read by `daemon.mail.headers`, which takes what it can get. Here a caller says whom to write
to, and what is not quite an address is refused, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zones.name import BadName, normalise

LOCAL_MAX_OCTETS = 64  # RFC 5321 section 4.5.3.1.1
ADDRESS_MAX_OCTETS = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
NAME_MAX_CHARS = 200
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_DOT_ATOM = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*\Z")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*)"\Z')
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ALL_DIGITS = re.compile(r"\d+\Z")


class BadAddress(ValueError):
    """The text is no address that mail can be sent to; the message says why."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with its display name, if any. `local` is in its shortest form, quoted only where it must be."""

    name: str | None
    local: str
    domain: str

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """The form in which addresses are compared."""
        return self.address.lower()

    def __str__(self) -> str:
        """As it is listed: for people, not for a header."""
        return f"{self.name} <{self.address}>" if self.name else self.address


def unsafe(text: str) -> bool:
    """Tell whether a text holds what may not be in a header: line breaks of any kind, NUL and other controls."""
    return _UNSAFE.search(text) is not None


def mailbox(text: str) -> Mailbox:
    """Read one `local@domain` or `Name <local@domain>` (RFC 5322 section 3.4). Raises `BadAddress`.

    A name may be quoted or not, in any script. Groups, comments, routes, domain literals and lists are refused.
    """
    if unsafe(text):
        raise BadAddress("leave out control characters and line breaks")
    text = text.strip()
    if not text.endswith(">"):
        return _addr_spec(None, text)
    head, bracket, spec = text[:-1].rpartition("<")
    if not bracket:
        raise BadAddress("there is a > without a <")
    return _addr_spec(_display_name(head.strip()), spec)


def named(name: str | None, address: str) -> Mailbox:
    """Read an address whose name stands beside it. Raises `BadAddress`."""
    if name is not None and unsafe(name):
        raise BadAddress("leave out control characters and line breaks")
    return _addr_spec((name or "").strip()[:NAME_MAX_CHARS] or None, address.strip())


def _display_name(head: str) -> str | None:
    if head.startswith('"'):
        quoted = _quoted_text(head)
        if quoted is None:
            raise BadAddress("the quoted name before < does not end where it should")
        head = quoted
    elif any(char in head for char in '<>,;:"@()[]\\'):
        raise BadAddress('put the name into quotation marks, and give one address at a time: "Doe, Jane" <jane@…>')
    if len(head) > NAME_MAX_CHARS:
        raise BadAddress(f"a name has at most {NAME_MAX_CHARS} characters")
    return head.strip() or None


def _quoted_text(text: str) -> str | None:
    """Return what a quoted string says, in any script; None when the text is not exactly one."""
    inner, at, end = [], 1, len(text) - 1
    if end < 1 or text[end] != '"':
        return None
    while at < end:
        if text[at] == '"':
            return None
        if text[at] == "\\":
            at += 1
            if at == end:
                return None
        inner.append(text[at])
        at += 1
    return "".join(inner)


def _addr_spec(name: str | None, spec: str) -> Mailbox:
    local, at, domain = spec.rpartition("@")
    if not at or not local or not domain:
        raise BadAddress("give an address: local@domain, or Name <local@domain>")
    found = Mailbox(name, _local(local), _domain(domain))
    if len(found.address) > ADDRESS_MAX_OCTETS:
        raise BadAddress(f"an address has at most {ADDRESS_MAX_OCTETS} octets (RFC 5321, 4.5.3.1.3)")
    return found


def _local(text: str) -> str:
    if not text.isascii():
        raise BadAddress(
            "the part before the @ has letters beyond ASCII: such addresses need SMTPUTF8, which is not sent here"
        )
    quoted = _QUOTED.match(text)
    if quoted is not None:
        plain = re.sub(r"\\(.)", r"\1", quoted[1])
        text = plain if _DOT_ATOM.match(plain) else '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
    elif not _DOT_ATOM.match(text):
        raise BadAddress("the part before the @ cannot be read; what is unusual stands in quotation marks")
    if text == '""' or len(text) > LOCAL_MAX_OCTETS:
        raise BadAddress(f"the part before the @ has 1 to {LOCAL_MAX_OCTETS} octets (RFC 5321, 4.5.3.1.1)")
    return text


def _domain(text: str) -> str:
    if text != text.strip() or text.startswith("["):
        raise BadAddress("give a domain name after the @; numbers in brackets are not sent to")
    try:
        domain = normalise(text)
    except BadName as problem:
        raise BadAddress(f"the domain cannot be used: {problem}") from None
    if "." not in domain or _ALL_DIGITS.match(domain.rpartition(".")[2]):
        raise BadAddress("give a whole domain name after the @, for instance example.com")
    return domain
