"""One-time links: a page with a button for a person, a POST for a program. Looking never spends."""

from __future__ import annotations

import html
import json

from aiohttp import hdrs, web

from daemon.api.links import Opened
from daemon.errors import PosternError
from daemon.service.context import NOBODY, Call, Source
from daemon.service.link_tokens import Purpose
from daemon.web.downloads import download
from daemon.web.pages import GUARDS, button, page, refusal, wants_page
from daemon.web.server import REQUEST_ID, SERVICES

_ASK = {
    Purpose.REVEAL: ("A secret was left for you", "Show the secret"),
    Purpose.DOWNLOAD: ("A file was left for you", "Download the file"),
    Purpose.RECEIPT: ("A signed receipt was left for you", "Show the receipt"),
}


def add_routes(app: web.Application) -> None:
    """Register the page, the POST, and the download that one kind of link leads to."""
    app.router.add_get("/l/{token}", _page)
    app.router.add_post("/l/{token}", _open)
    app.router.add_get("/d/{token}", _download)


async def _page(request: web.Request) -> web.Response:
    try:
        purpose = await request.app[SERVICES].links.peek(request.match_info["token"])
    except PosternError as error:
        return refusal(request, error)
    title, pressed = _ASK[purpose]
    return page(title, f"<p>It can be opened once, and only until it expires.</p>{button(pressed)}")


async def _open(request: web.Request) -> web.Response:
    call = Call(principal=NOBODY, request_id=request[REQUEST_ID], source=Source.LINK, src_ip=request.remote)
    try:
        opened = await request.app[SERVICES].links.open(call, request.match_info["token"])
    except PosternError as error:
        return refusal(request, error)
    if not wants_page(request):
        return web.json_response(text=opened.model_dump_json(exclude_none=True), headers=GUARDS)
    if opened.download is not None:
        # RFC 9110 section 15.4.4: the browser fetches it, and saves. Relative, so that it stays with whoever asked.
        there = opened.download.url.rpartition("/")[2]
        return web.Response(status=303, headers={**GUARDS, hdrs.LOCATION: f"../d/{there}"})
    return page("Opened: keep it now, the link is spent", f"<pre>{html.escape(_content(opened))}</pre>")


async def _download(request: web.Request) -> web.StreamResponse:
    try:
        return await download(request, await request.app[SERVICES].links.download(request.match_info["token"]))
    except PosternError as error:
        return refusal(request, error)


def _content(opened: Opened) -> str:
    return opened.secret if opened.secret is not None else json.dumps(opened.receipt, indent=2, ensure_ascii=False)
