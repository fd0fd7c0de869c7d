"""One-click unsubscription (RFC 8058): a page with a button for a person, a POST for a mail program.

Looking changes nothing, for scanners look. No key, no cookie, no redirect.
"""

from __future__ import annotations

from aiohttp import web

from daemon.errors import PosternError, invalid
from daemon.service.context import NOBODY, Call, Source
from daemon.web.bodies import whole_body
from daemon.web.pages import GUARDS, button, page, refusal, wants_page
from daemon.web.server import REQUEST_ID, SERVICES

_FIELD, _VALUE = "List-Unsubscribe", "One-Click"


def add_routes(app: web.Application) -> None:
    """Register the page and the POST."""
    app.router.add_get("/u/{token}", _page)
    app.router.add_post("/u/{token}", _unsubscribe)


async def _page(request: web.Request) -> web.Response:
    try:
        request.app[SERVICES].unsubscribing.known(request.match_info["token"])
    except PosternError as error:
        return refusal(request, error)
    hidden = f'<input type="hidden" name="{_FIELD}" value="{_VALUE}">'
    return page("Unsubscribe?", f"<p>You will get no more mail of this kind.</p>{button('Unsubscribe', hidden)}")


async def _unsubscribe(request: web.Request) -> web.Response:
    token, unsubscribing = request.match_info["token"], request.app[SERVICES].unsubscribing
    call = Call(principal=NOBODY, request_id=request[REQUEST_ID], source=Source.LINK, src_ip=request.remote)
    try:
        unsubscribing.known(token)
        if not _is_one_click(await whole_body(request)):
            raise invalid(_FIELD, f"post the form field {_FIELD}={_VALUE} (RFC 8058)")
        await unsubscribing.unsubscribe(call, token)
    except PosternError as error:
        return refusal(request, error)
    if wants_page(request):
        return page("You are unsubscribed", "<p>You will get no more mail of this kind.</p>")
    return web.json_response({"unsubscribed": True}, headers=GUARDS)


def _is_one_click(body: bytes) -> bool:
    """Tell whether a form, in either encoding that RFC 8058 section 3.2 allows, says what only a click says."""
    return _FIELD.encode() in body and _VALUE.encode() in body
