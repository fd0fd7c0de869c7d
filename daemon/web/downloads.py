"""Bytes that somebody else made, on their way to a file: never shown, never run, and in parts when asked."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web

from daemon.errors import Code, PosternError
from daemon.service.context import Blob
from daemon.web.errors import error_response
from daemon.web.server import REQUEST_ID, own_headers

OPAQUE_TYPE = "application/octet-stream"
POSITION_MAX_DIGITS = 18
PIECE_BYTES = 256 * 1024
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


async def download(request: web.Request, blob: Blob) -> web.StreamResponse:
    """Answer with a file, whole or the part that was asked for (RFC 9110 section 14)."""
    size = blob.content.stat().st_size if isinstance(blob.content, Path) else len(blob.content)
    tag = f'"{blob.tag}:{size}"'
    headers = {**_HEADERS, hdrs.CONTENT_DISPOSITION: disposition(blob.filename), hdrs.ETAG: tag}
    wanted = None
    # RFC 9110 section 13.1.5: a part of something else is of no use, the whole is.
    if request.headers.get(hdrs.IF_RANGE, tag) == tag:
        wanted = part_of(request.headers.get(hdrs.RANGE, ""), size)
    if wanted is not None and not wanted:
        refusal = PosternError(Code.RANGE_NOT_SATISFIABLE, f"This range is outside the file, which has {size} bytes.")
        response = error_response(refusal, request[REQUEST_ID])
        response.headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
        return response
    status, content_type = 200, safe_type(blob.content_type)
    if wanted is not None:
        status, headers[hdrs.CONTENT_RANGE] = 206, f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    wanted = range(size) if wanted is None else wanted
    if isinstance(blob.content, Path):
        own = {**own_headers(request), **headers, hdrs.CONTENT_TYPE: content_type}
        return await _streamed(request, blob.content, wanted, status, own)
    part = blob.content if len(wanted) == size else bytes(memoryview(blob.content)[wanted.start : wanted.stop])
    return web.Response(body=part, status=status, content_type=content_type, headers=headers)


async def _streamed(
    request: web.Request, path: Path, wanted: range, status: int, headers: dict[str, str]
) -> web.StreamResponse:
    """Send part of a file, piece by piece: it may be larger than memory."""
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(wanted)
    with path.open("rb") as file:
        file.seek(wanted.start)
        await response.prepare(request)
        left = len(wanted)
        while request.method != hdrs.METH_HEAD and left and (piece := file.read(min(left, PIECE_BYTES))):
            await response.write(piece)
            left -= len(piece)
    await response.write_eof()
    return response


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
