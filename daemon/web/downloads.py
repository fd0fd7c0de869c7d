"""Bytes that somebody else made, on their way to a file: never shown, never run, and in parts when asked."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from aiohttp import hdrs, web

from daemon.errors import Code, PosternError
from daemon.service.context import Blob
from daemon.web.errors import error_response
from daemon.web.server import REQUEST_ID

OPAQUE_TYPE = "application/octet-stream"
POSITION_MAX_DIGITS = 18
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")  # RFC 6838 section 4.2
_ACTIVE = re.compile(r"html|xml|svg|script|xsl|x-shockwave-flash|x-msdownload")  # a browser might run it
_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.IGNORECASE | re.ASCII)
_ATTR_CHARS = "!#$&+-.^_`|~"  # RFC 8187 section 3.2.1, with letters and digits
_HEADERS = {
    hdrs.ACCEPT_RANGES: "bytes",
    hdrs.CACHE_CONTROL: "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def download(request: web.Request, blob: Blob) -> web.Response:
    """Answer with a file, whole or the part that was asked for (RFC 9110 section 14)."""
    size, tag = len(blob.content), f'"{blob.tag}:{len(blob.content)}"'
    headers = {**_HEADERS, hdrs.CONTENT_DISPOSITION: disposition(blob.filename), hdrs.ETAG: tag}
    wanted = None
    # RFC 9110 section 13.1.5: a part of something else is of no use, the whole is.
    if request.headers.get(hdrs.IF_RANGE, tag) == tag:
        wanted = part_of(request.headers.get(hdrs.RANGE, ""), size)
    if wanted is None:
        return web.Response(body=blob.content, content_type=safe_type(blob.content_type), headers=headers)
    if not wanted:
        refusal = PosternError(Code.RANGE_NOT_SATISFIABLE, f"This range is outside the file, which has {size} bytes.")
        response = error_response(refusal, request[REQUEST_ID])
        response.headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
        return response
    headers[hdrs.CONTENT_RANGE] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    part = memoryview(blob.content)[wanted.start : wanted.stop]
    return web.Response(body=bytes(part), status=206, content_type=safe_type(blob.content_type), headers=headers)


def part_of(header: str, size: int) -> range | None:
    """Read a Range header (RFC 9110 section 14.1.2): the positions, empty when none is there, None for the whole.

    What is no range of bytes, and several ranges at once, are answered with the whole, as section 14.2 allows.
    """
    match = _RANGE.fullmatch(header)
    if match is None or match[0].strip().endswith("=-"):
        return None
    first, last = match[1], match[2]
    if not first:
        length = _position(last)
        return range(max(size - length, 0), size) if size or not length else None
    begin, end = _position(first), _position(last) if last else size - 1
    if last and end < begin:
        return None
    return range(begin, min(end + 1, size)) if begin < size else range(0)


def disposition(filename: str) -> str:
    """Return a Content-Disposition that saves (RFC 6266): a name in ASCII, and the very name where that differs."""
    folded = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode("ascii")
    plain = re.sub(r'[^ -~]|["\\%]', "_", folded).strip() or "download"
    if plain == filename:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe=_ATTR_CHARS, errors='replace')}"


def safe_type(content_type: str) -> str:
    """Return a media type as it was given, if it is one and of a kind that no browser runs."""
    told = content_type.lower()
    return told if _TYPE.fullmatch(told) and not _ACTIVE.search(told) else OPAQUE_TYPE


def _position(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or 0) if len(significant) <= POSITION_MAX_DIGITS else 10**POSITION_MAX_DIGITS
