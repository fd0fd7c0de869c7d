"""What an HTML text would cost the tree builder, estimated in one linear pass before it is built.

HTML tree construction is not linear: each block re-opens the formatting elements left open before it, each attribute
is compared with those of its tag, each tag may walk the stack of open ones. 100 kB can be made to take minutes, and
a C call can be interrupted by nothing. So the bounds come first; they count what opens and trust nothing that closes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from daemon.mail.limits import Limits

# A tag on whose end every tokenizer agrees: quotes only around values, no angle brackets within them.
_CLEAN_TAG = re.compile(
    r"""<[a-zA-Z][^<>"'=]*+(?>(?:=(?>(?:"[^"<>]*+"|'[^'<>]*+'|\s*+(?:"[^"<>]*+"|'[^'<>]*+'))?)[^<>"'=]*+)*)>"""
)
_TAG_START = re.compile(r"<[a-zA-Z]")
_TAG_TO_BRACKET = re.compile(r"<[a-zA-Z][^>]*+>")
# WHATWG HTML 13.2.4.3: the elements that are re-opened; at most three alike. A link closes the one before it.
_FORMATTING = re.compile(
    r"<(?=[bBcCeEfFiInNsStTuU])(?:[bB](?:[iI][gG])?|[cC][oO][dD][eE]|[eE][mM]|[fF][oO][nN][tT]|[iI]|[nN][oO][bB][rR]|[sS](?:[mM][aA][lL][lL]"
    r"|[tT][rR][iI][kK][eE]|[tT][rR][oO][nN][gG])?|[tT]{2}|[uU])(?![a-zA-Z])[^>]*"
)
REOPENED_ALIKE = 3
LONG_TAG_CHARS = 160
ATTRIBUTE_PAIRS_PER_UNIT = 250


@dataclass(frozen=True, slots=True)
class Cost:
    """`tags` counts every `<`; `work` is in units of about a microsecond; `odd` tells that the estimate may be low."""

    tags: int
    work: int
    odd: bool

    def within(self, limits: Limits) -> bool:
        """Whether the limits allow it."""
        return self.tags <= limits.html_tags and self.work <= limits.html_work


@lru_cache(maxsize=2)
def cost(html: str) -> Cost:
    """Estimate the tree builder's work on `html`; the last are kept, for whoever asks is followed by who builds."""
    tags, rest, odd = _tags(html)
    alike = Counter(_FORMATTING.findall(rest))
    formatting = 1 + sum([min(REOPENED_ALIKE, count) for count in alike.values()])
    pairs = sum([_attributes(tag) ** 2 for tag in tags if len(tag) > LONG_TAG_CHARS])
    return Cost(
        tags=html.count("<"),
        work=formatting * len(tags) + pairs // ATTRIBUTE_PAIRS_PER_UNIT,
        odd=odd,
    )


def _tags(html: str) -> tuple[list[str], str, bool]:
    """The clean tags, the text in which every start tag is to be found, and whether there is one that is not clean.

    Nearly always all are, and that shows when they are looked at together, in a fraction of the time.
    """
    end = html.rfind(">") + 1
    tags = _TAG_TO_BRACKET.findall(html, 0, end)  # each start has its end, or this would not be linear
    together = "".join(tags)
    is_plain = together.count("<") == len(tags) and _TAG_START.search(html, end) is None
    if is_plain and (_are_clean(together, '"') or _are_clean(together, "'")):
        return tags, together, False
    tags = _CLEAN_TAG.findall(html)
    return tags, html, len(tags) != len(_TAG_START.findall(html))


def _are_clean(tags: str, quote: str) -> bool:
    """Whether tags, of which none has an angle bracket but its own, quote values only, and with this quote only."""
    pieces = tags.split(quote)
    outside, values = quote.join(pieces[::2]), "".join(pieces[1::2])
    return (
        ("'" if quote == '"' else '"') not in outside
        and outside.count("=" + quote) == len(pieces) // 2
        and ">" not in values
    )


def _attributes(tag: str) -> int:
    """At least as many as the tag has: the pieces between white space and slashes, outside quotes."""
    if "'" in tag:
        return len(tag.replace("/", " ").split())
    return len(" ".join(tag.split('"')[::2]).replace("/", " ").split())


def trim(html: str, limits: Limits) -> tuple[str, str | None]:
    """`html` cut to what fits the limits, and the problem to report if it had to be cut."""
    problem = None
    if len(html) > limits.html_chars:
        html, problem = html[: limits.html_chars], f"html longer than {limits.html_chars} characters"
    while html and not cost(html).within(limits):
        html, problem = html[: len(html) * 2 // 3], "html too complex to be read whole"
    return html, problem


def is_ordinary(html: str, limits: Limits) -> bool:
    """Whether `html` surely costs no more than the limits: within them, and with no tag that could be read two ways."""
    if len(html) > limits.html_chars:
        return False
    estimate = cost(html)
    return estimate.within(limits) and not estimate.odd
