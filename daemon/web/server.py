"""Around every request: its id, who is calling, the error table, one log line, and no secret in it."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from daemon.errors import Code, PosternError
from daemon.ids import Ids
from daemon.service.context import LOCAL_OPERATOR, NOBODY, Call, Principal, Source
from daemon.service.rates import WINDOW_SECONDS, Rates
from daemon.service.services import Services
from daemon.web.errors import error_response, from_http
from daemon.web.peer import is_local, is_owner

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

IDEMPOTENCY_KEY_MAX_CHARS = 200
BODY_MAX_BYTES = 1024 * 1024
REQUEST_ID_HEADER = "X-Postern-Request-Id"
RATE_POLICY_HEADER = "RateLimit-Policy"
RATE_HEADER = "RateLimit"
NO_ROUTE = "(none)"
AUDIT_HEADER = "X-Postern-Audit"
REQUEST_ID = web.RequestKey("request_id", str)
CALL = web.RequestKey("call", Call)
SERVICES = web.AppKey("services", Services)

log = logging.getLogger("postern.http")


def around(ids: Ids, services: Services, handler: Handler) -> Handler:
    """Return the handler with the frame around it. No middleware: aiohttp refuses an `Expect` outside of those."""

    async def framed(request: web.Request) -> web.StreamResponse:
        request_id = request[REQUEST_ID] = ids.new("req")
        started = time.perf_counter()
        status = 499  # the caller went away
        try:
            response = await _answered(request, services.rates, handler, request_id)
            status = response.status
            if not response.prepared:
                response.headers.update(own_headers(request))
            return response
        finally:
            seconds = time.perf_counter() - started
            caller = str(request[CALL].principal.actor) if CALL in request else "-"
            route = _route(request)
            method = request.method if request.method in hdrs.METH_ALL else "other"
            services.meters.http_seconds.labels(method, route, status).observe(seconds)
            log_request(request_id, request.method, route, status, seconds, caller)

    return framed


async def _answered(request: web.Request, rates: Rates, handler: Handler, request_id: str) -> web.StreamResponse:
    try:
        if is_local(request) and not is_owner(request):
            raise PosternError(Code.INVALID_API_KEY, "The control socket is for the user that runs the daemon.")
        return await handler(request)
    except PosternError as refusal:
        return error_response(rates.instead(_src_ip(request), refusal), request_id)
    except web.HTTPException as raised:
        response = error_response(from_http(raised.status), request_id)
        if hdrs.ALLOW in raised.headers:
            response.headers[hdrs.ALLOW] = raised.headers[hdrs.ALLOW]
        return response
    except Exception:
        log.exception("unexpected error", extra={"request_id": request_id})
        message = f"Something unexpected happened. The daemon's log has it under {request_id}."
        return error_response(PosternError(Code.INTERNAL_ERROR, message), request_id)


async def caller(request: web.Request) -> Call:
    """Find out who is calling. Raises `invalid_api_key` for a bad credential, not for a missing one."""
    principal = await _principal(request)
    call = Call(
        principal=principal,
        request_id=request[REQUEST_ID],
        source=Source.SOCKET if is_local(request) else Source.REST,
        src_ip=_src_ip(request),
        wants_receipt="receipt" in _preferences(request),
        idempotency_key=_idempotency_key(request),
    )
    request[CALL] = call
    return call


def own_headers(request: web.Request) -> dict[str, str]:
    """Return what every answer carries: its id, and what is left to its key.

    The latter as draft-ietf-httpapi-ratelimit-headers-10 has it: the quota of a window, what remains, and when it is
    whole again.
    """
    headers = {REQUEST_ID_HEADER: request[REQUEST_ID]}
    quota = request.app[SERVICES].rates.quota(request[CALL]) if CALL in request else None
    if quota is not None:
        headers[RATE_POLICY_HEADER] = f'"key";q={quota.per_minute};w={WINDOW_SECONDS}'
        headers[RATE_HEADER] = f'"key";r={quota.left};t={quota.whole_in_seconds}'
    return headers


def _src_ip(request: web.Request) -> str | None:
    return None if is_local(request) else request.remote


def _idempotency_key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key") or None
    if key is not None and (len(key) > IDEMPOTENCY_KEY_MAX_CHARS or not (key.isascii() and key.isprintable())):
        raise PosternError(
            Code.BAD_REQUEST, f"Give at most {IDEMPOTENCY_KEY_MAX_CHARS} printable ASCII characters as Idempotency-Key."
        )
    return key


def bearer(request: web.Request) -> str | None:
    """Return the key that a request carries. Raises `invalid_api_key` for another kind of credential."""
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is None:
        return None
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "bearer":
        raise PosternError(Code.INVALID_API_KEY, "Send the key as: Authorization: Bearer pk_agent_…")
    return credential.strip()


async def _principal(request: web.Request) -> Principal:
    key = bearer(request)
    if key is None:
        return LOCAL_OPERATOR if is_local(request) else NOBODY
    return await request.app[SERVICES].access.authenticate(key)


def _preferences(request: web.Request) -> set[str]:
    """Return the names in the Prefer headers (RFC 7240)."""
    values = ",".join(request.headers.getall("Prefer", []))
    return {item.partition(";")[0].partition("=")[0].strip().lower() for item in values.split(",")}


def _route(request: web.Request) -> str:
    match = request._match_info  # None for who is refused before a route is looked for: `match_info` would raise
    resource = None if match is None else match.route.resource
    return NO_ROUTE if resource is None else resource.canonical


def log_request(request_id: str, method: str, route: str, status: int, seconds: float = 0.0, caller: str = "-") -> None:
    """Write one line. The route, never the path: a path may be a link's token."""
    fields = {
        "request_id": request_id,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "caller": caller,
    }
    log.info("request", extra=fields)
