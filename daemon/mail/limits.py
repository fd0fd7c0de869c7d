"""How much of a message is read: one set of limits for the event loop, a wider one for a worker process."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


class TooMuch(Exception):
    """A message exceeds the limits it was to be read within."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Past a limit a message is read in part and its `problem` says so.

    `html_tags` counts every `<`, closing tags and comments too; `html_work` bounds the costs that grow with the square
    of the input (see `daemon.mail.guard`); `style_checks` is how often a style rule may be held against an element.
    """

    raw_bytes: int
    header_bytes: int
    headers: int
    addresses: int
    encoded_words: int
    depth: int
    parts: int
    body_chars: int
    html_chars: int
    html_tags: int
    html_work: int
    style_checks: int


# Ordinary mail: tens of milliseconds where somebody made it to cost, a few where nobody did.
INLINE = Limits(
    raw_bytes=512 * KIB,
    header_bytes=64 * KIB,
    headers=300,
    addresses=300,
    encoded_words=500,
    depth=12,
    parts=60,
    body_chars=200_000,
    html_chars=300_000,
    html_tags=4_000,
    html_work=30_000,
    style_checks=3_000,
)
# Everything that is read at all, in a process of its own.
FULL = Limits(
    raw_bytes=64 * MIB,
    header_bytes=256 * KIB,
    headers=1_000,
    addresses=1_000,
    encoded_words=4_000,
    depth=50,
    parts=1_000,
    body_chars=500_000,
    html_chars=500_000,
    html_tags=20_000,
    html_work=1_000_000,
    style_checks=500_000,
)
