"""One-time links: a page with a button for a person, a POST for a program. Looking never spends."""

from __future__ import annotations

import html
import json

from aiohttp import hdrs, web

from daemon.api.links import Opened
from daemon.errors import Code, PosternError
from daemon.service.context import NOBODY, Call, Source
from daemon.service.link_tokens import Purpose
from daemon.web.downloads import download
from daemon.web.errors import STATUS
from daemon.web.server import REQUEST_ID, SERVICES

_GUARDS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color:#1c2430;"
    "background:#fbfbf9}h1{font-size:1.3rem}button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;"
    "background:#1f4b99;color:#fff;cursor:pointer}pre{white-space:pre-wrap;word-break:break-all;padding:1rem;"
    "background:#eef0ec;border-radius:.4rem}@media(prefers-color-scheme:dark){body{background:#14181d;color:#e6e8ea}"
    "pre{background:#20262d}}"
)
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
        return _refusal(request, error)
    title, button = _ASK[purpose]
    return _html(
        title,
        f'<p>It can be opened once, and only until it expires.</p><form method="post"><button>{button}</button></form>',
    )


async def _open(request: web.Request) -> web.Response:
    call = Call(principal=NOBODY, request_id=request[REQUEST_ID], source=Source.LINK, src_ip=request.remote)
    try:
        opened = await request.app[SERVICES].links.open(call, request.match_info["token"])
    except PosternError as error:
        return _refusal(request, error)
    if not _wants_page(request):
        return web.json_response(text=opened.model_dump_json(exclude_none=True), headers=_GUARDS)
    if opened.download is not None:
        # RFC 9110 section 15.4.4: the browser fetches it, and saves. Relative, so that it stays with whoever asked.
        there = opened.download.url.rpartition("/")[2]
        return web.Response(status=303, headers={**_GUARDS, hdrs.LOCATION: f"../d/{there}"})
    return _html("Opened: keep it now, the link is spent", f"<pre>{html.escape(_content(opened))}</pre>")


async def _download(request: web.Request) -> web.Response:
    try:
        return download(request, await request.app[SERVICES].links.download(request.match_info["token"]))
    except PosternError as error:
        return _refusal(request, error)


def _content(opened: Opened) -> str:
    return opened.secret if opened.secret is not None else json.dumps(opened.receipt, indent=2, ensure_ascii=False)


def _refusal(request: web.Request, error: PosternError) -> web.Response:
    if error.code not in (Code.NOT_FOUND, Code.GONE) or not _wants_page(request):
        raise error
    title = "This link is spent or has expired" if error.code is Code.GONE else "There is no such link"
    return _html(title, f"<p>{html.escape(error.message)}</p>", status=STATUS[error.code])


def _wants_page(request: web.Request) -> bool:
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")


def _html(title: str, body: str, status: int = 200) -> web.Response:
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>{body}</html>"
    )
    return web.Response(text=page, status=status, content_type="text/html", headers=_GUARDS)
