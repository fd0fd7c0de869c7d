"""HTML text to a flat list of tags and texts, balanced as a browser's tree builder would balance them.

Lexbor builds the tree and writes it out again; what it wrote has one form only, so that one pattern reads it exactly.
That takes a fraction of the time that it takes to ask each node of the tree for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from daemon.mail.css_imports import imported, linked
from daemon.mail.text import OVERRIDE, unreversed

# What no reader is shown the inside of, or not in all of the usual programs (those strip drawings and formulas).
UNSEEN_TAGS = frozenset(
    "head title script style template noscript noframes noembed iframe frameset object embed applet audio video canvas"
    " select datalist meta link base rp rt param source track svg math progress meter xmp plaintext".split()
)
VOID_TAGS = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
REMEMBERED_TAGS = 2_000
REMEMBERED_CHARS = 500
# Attributes that differ between links, and between pictures, that look alike.
TARGETS = frozenset(("href", "alt", "src"))
# What is in these is not written out in the one form that is read here, or is long and of no interest.
_EMPTIED = "head,style,script,template,svg,math,iframe,frameset,noscript,noframes,noembed,xmp,plaintext"
_NOSCRIPT = re.compile(r"<noscript[\s>/].*?(?:</noscript|\Z)", re.IGNORECASE | re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>(.*?)(?:</style|\Z)", re.IGNORECASE | re.DOTALL)
# A name may hold any character but space, slash and `>`, and `=` at its start only (WHATWG HTML 13.2.5.32).
_REST = r' =?[^ =>]*+="[^"]*+"'
# Atomic groups around greedy ones: `re` of Python before 3.11.5 gets a possessive group wrong (python/cpython#100061).
ONE_TAG = re.compile(rf"<(!--.*?--|\?[^>]*+|[^ >]++(?>(?:{_REST})*))>", re.DOTALL)
# Links and pictures stand alone, for they are all different; other tags stand together as long as there is no text.
_OTHER = rf"(?:/[^>]*+|(?!a |img )[^ >!?][^ >]*+(?>(?:{_REST})*)|!--.*?--|\?[^>]*+)>"
_RUN = re.compile(rf"(<(?:{_OTHER}(?>(?:<{_OTHER})*)|(?:a|img)(?>(?:{_REST})+)>))", re.DOTALL)
_BLOCK_END = re.compile(r"</(?:p|div|td|th|tr|li|h\d|table|body)\b")
_ATTRIBUTE = re.compile(r' (=?[^ =>]*+)="([^"]*+)"')


class Looks(NamedTuple):
    """A start tag: name, attributes as written, id, classes, and the `keys` that a style sheet is asked by."""

    tag: str
    attributes: dict[str, str]
    id: str
    classes: tuple[str, ...]
    keys: frozenset[str]


class Markup(NamedTuple):
    """`pieces` are text, run, text, run, …, text: a run is of tags with nothing between them, each end tag there.

    `styles` are the texts of the `<style>` elements, in order, each as an `@media` block where it has a condition.
    """

    pieces: list[str]
    styles: list[str]


def read(html: str) -> Markup:
    """The markup of a document, without what is inside of most unseen elements and what is folded up."""
    styles, lowered = [], html.lower()
    if "<noscript" in lowered:
        # In a head the tree builder would let its content out into the body. A style in it counts in most readers.
        styles = [style[1] for found in _NOSCRIPT.finditer(html) for style in _STYLE.finditer(found[0])]
        html = _NOSCRIPT.sub("", html)
    tree = LexborHTMLParser(html)
    found = tree.css(_EMPTIED)
    styles += [_conditional(node) for node in found if node.tag == "style"]
    styles += [sheet for style in styles for sheet in imported(style)]
    if "<link" in lowered:
        styles += [sheet for link in tree.css("link[href]") for sheet in _linked(link)]
    for node in reversed(found):  # what is inside another comes after it
        if node.tag == "template":
            if "shadowrootmode" in node.attributes and node.parent is not None:
                node.parent.attrs["hidden"] = ""  # that is shown instead of what it stands in
            node.replace_with(tree.create_node("meta"))  # its content is a document of its own
        else:
            _empty(node)
    for node in reversed(tree.css("details:not([open])")):
        _empty(node, but="summary")
    root = tree.root
    whole = (root.html if root is not None else "") or ""
    pieces = _RUN.split(whole)
    return Markup(unreversed(pieces, _BLOCK_END) if OVERRIDE in whole else pieces, styles)


def _empty(node: LexborNode, but: str | None = None) -> None:
    child = node.first_child
    while child is not None:
        following = child.next
        if child.tag == but:
            but = None
        else:
            child.decompose()
        child = following


def _conditional(style: LexborNode) -> str:
    text = style.text(deep=True)
    attributes = style.attributes
    if media := attributes.get("media"):
        text = f"@media {media}{{{text}}}"
    if (attributes.get("type") or "text/css").strip().lower() != "text/css":
        text = f"@supports (unknown){{{text}}}"
    return text


def _linked(link: LexborNode) -> Iterator[str]:
    attributes = link.attributes
    if "stylesheet" in (attributes.get("rel") or "").lower().split():
        yield from linked(attributes.get("href") or "", attributes.get("media") or "")


def looks(piece: str) -> Looks:
    """What a start tag says; not to be changed, for it is kept: mails of one sender have most tags in common."""
    return (_known if len(piece) <= REMEMBERED_CHARS else _looks)(piece)


def _looks(piece: str) -> Looks:
    tag, space, _ = piece.partition(" ")
    if not space:
        return Looks(tag, {}, "", (), frozenset((tag,)))
    attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(piece)}
    classes = tuple(attributes.get("class", "").split())
    name = attributes.get("id", "")
    keys = [tag, *["." + each.lower() for each in classes]]
    if name:
        keys.append("#" + name.lower())
    return Looks(tag, attributes, name, classes, frozenset(keys))


_known = lru_cache(maxsize=REMEMBERED_TAGS)(_looks)


def split_off(run: str) -> tuple[str, str]:
    """A run of a link or a picture alone without what differs between those that look alike, and that: where the link
    leads, what the picture stands for. What is left is no run, and tells whether there is something."""
    if run[1] == "a":
        alike, own = _without(run, ' href="')
    else:
        alike, own = _without(run, ' alt="')
        alike, source = _without(alike, ' src="')
        own = own if source[:5] != "data:" else ""  # it is always shown, and what it stands for is not
    return alike[1:] + "+" * bool(own), own


def _without(tag: str, attribute: str) -> tuple[str, str]:
    at = tag.find(attribute)
    if at < 0:
        return tag, ""
    start = at + len(attribute)
    end = tag.index('"', start)
    return tag[:at] + tag[end:], tag[start:end]


def unescape(text: str) -> str:
    """What `text` stands for in the written tree (WHATWG HTML 13.3)."""
    if "&" not in text:
        return text
    text = text.replace("&nbsp;", "\xa0").replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&amp;", "&")
