"""Addresses: normal form, and which local parts may be had."""

from __future__ import annotations

import re

from daemon.errors import invalid
from zones.name import BadName, normalise

RESERVED_FOR_OPERATOR = frozenset({"abuse", "postmaster"})
# RFC 2142 names that reach the operator, and those that people take for one.
RESERVED_LOCAL_PARTS = frozenset(
    "abuse admin administrator daemon hostmaster info mailer-daemon noc postmaster root security webmaster".split()
)
LOCAL_PART_MAX_OCTETS = 64
BOUNCE_LABEL = "bounce-"
MESSAGE_PREFIX = "msg_"
_LOCAL_PART = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,62}(?<![.])\Z")


def local_part(text: str) -> str:
    """Return a user name in its normal form. Raises `PosternError` (`validation_failed`)."""
    name = text.strip().lower()
    if not _LOCAL_PART.match(name):
        raise invalid(
            "username", "use up to 63 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit"
        )
    if name in RESERVED_LOCAL_PARTS:
        raise invalid("username", f"{name} is reserved (RFC 2142); choose another")
    return name


def operator_address(domain: str) -> str:
    """Return the address of the operator's mailbox on a domain."""
    return f"postmaster@{domain}"


def list_entry(field: str, text: str) -> str:
    """Return an entry of an allow or block list in its normal form: an address, or `@` and a domain.

    Raises `PosternError` (`validation_failed`).
    """
    local, _, domain = text.strip().rpartition("@")
    name = domain_name(field, domain)
    if "+" in local:
        raise invalid(field, "leave +label out: an address stands for all of its labels")
    return f"{local.lower()}@{name}"


def domain_name(field: str, text: str) -> str:
    """Return a domain in its normal form. Raises `PosternError` (`validation_failed`)."""
    try:
        return normalise(text)
    except BadName as problem:
        raise invalid(field, str(problem)) from None


def normal_domain(text: str) -> str | None:
    """Return a domain in its normal form; None when it is none."""
    try:
        return normalise(text)
    except BadName:
        return None


def bounce_address(address: str, message_id: str) -> str:
    """Return the envelope sender of a message: the mailbox's address, labelled so that a bounce tells what it is of.

    A name that leaves no room for the label goes without (RFC 5321, 4.5.3.1.1).
    """
    local, _, domain = address.rpartition("@")
    labelled = f"{local}+{BOUNCE_LABEL}{message_id.removeprefix(MESSAGE_PREFIX)}"
    return f"{labelled if len(labelled) <= LOCAL_PART_MAX_OCTETS else local}@{domain}"


def bounced_message(address: str) -> str | None:
    """Return the id of the message that a bounce to this address is of; None when it names none."""
    label = address.rpartition("@")[0].partition("+")[2]
    return MESSAGE_PREFIX + label.removeprefix(BOUNCE_LABEL) if label.startswith(BOUNCE_LABEL) else None


def normal_address(text: str) -> str | None:
    """Return an address as it is stored: lower case, A-labels, without `+label`; None when it is none."""
    local, at, domain = text.strip().rpartition("@")
    local = local.lower().partition("+")[0]
    if not at or not local:
        return None
    try:
        return f"{local}@{normalise(domain)}"
    except BadName:
        return None


def correspondent(text: str) -> str:
    """Return under what an address that is written to is remembered: its normal form, so all its labels are one.

    What has no normal form is itself, in lower case: it is never refused here.
    """
    return normal_address(text) or text.strip().lower()
