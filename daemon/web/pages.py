"""Pages for people: one heading, one paragraph, perhaps one button. Nothing is stored, fetched, framed or indexed."""

from __future__ import annotations

import html

from aiohttp import hdrs, web

from daemon.errors import Code, PosternError
from daemon.web.errors import STATUS

GUARDS = {
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


def page(title: str, body: str, status: int = 200) -> web.Response:
    """Return a page; `body` is HTML."""
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>{body}</html>"
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=GUARDS)


def button(text: str, hidden: str = "") -> str:
    """Return a form that posts to its own address; `hidden` is HTML that goes with it."""
    return f'<form method="post">{hidden}<button>{text}</button></form>'


def refusal(request: web.Request, error: PosternError) -> web.Response:
    """Tell a person that a link is no more, or never was; a program gets the error itself, by raising it."""
    if error.code not in (Code.NOT_FOUND, Code.GONE) or not wants_page(request):
        raise error
    title = "This link is spent or has expired" if error.code is Code.GONE else "There is no such link"
    return page(title, f"<p>{html.escape(error.message)}</p>", status=STATUS[error.code])


def wants_page(request: web.Request) -> bool:
    """Tell whether a person's browser asks."""
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")
