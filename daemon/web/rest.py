"""REST: one route for each row of the OPERATIONS table."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from daemon.api.common import Model
from daemon.api.models import model
from daemon.api.operations import OPERATIONS, Access, Answers, Operation
from daemon.errors import Code, PosternError, invalid
from daemon.service.context import Blob, Done, Listed, Stream
from daemon.web.bodies import whole_body
from daemon.web.downloads import download
from daemon.web.errors import from_validation
from daemon.web.server import AUDIT_HEADER, BODY_MAX_BYTES, SERVICES, Handler, caller
from daemon.web.streams import LAST_EVENT_ID, streamed


def add_routes(app: web.Application) -> None:
    """Register every operation."""
    for operation in OPERATIONS:
        path = operation.path.replace("{seq}", "{seq:[0-9]+}")  # else GET /v1/audit/hash would ask for a line "hash"
        app.router.add_route(operation.method, path, _handler(operation))


def _handler(operation: Operation) -> Handler:
    body_model = model(operation.request) if operation.request else None
    query_model = model(operation.query) if operation.query else None

    async def handle(request: web.Request) -> web.StreamResponse:
        call = await caller(request)
        if call.principal.type == "anonymous" and operation.access is not Access.OPEN:
            raise PosternError(Code.INVALID_API_KEY, "Send a key: Authorization: Bearer pk_agent_…")
        request.app[SERVICES].rates.admit(call, operation)
        arguments: list[Any] = [request.match_info[name] for name in operation.path_names]
        if query_model is not None:
            arguments.append(_query(request, query_model, resumes=operation.answers is Answers.STREAM))
        if body_model is not None:
            arguments.append(await _body(roomy(request) if operation.large else request, body_model))
        answer = await request.app[SERVICES].perform(call, operation, *arguments)
        if isinstance(answer, Stream):
            return await streamed(request, answer)
        if isinstance(answer, Blob):
            return await download(request, answer)
        return _response(operation, answer, receipt=call.wants_receipt)

    return handle


def _query(request: web.Request, query_model: type[Model], *, resumes: bool) -> Model:
    for name in set(request.query):
        if len(request.query.getall(name)) > 1:
            raise invalid(name, "give it once")
    asked = dict(request.query)
    if resumes and request.headers.get(LAST_EVENT_ID):
        asked["last_event_id"] = request.headers[LAST_EVENT_ID]
    try:
        return query_model.model_validate_strings(asked)
    except ValidationError as refused:
        raise from_validation(refused) from None


def roomy(request: web.Request) -> web.Request:
    """Return the request with room for a body that holds files: base64 takes 4 octets for 3, escaped text more."""
    room = 2 * request.app[SERVICES].sending.max_bytes + BODY_MAX_BYTES
    return request.clone(client_max_size=room)


async def _body(request: web.Request, body_model: type[Model]) -> Model:
    content = await whole_body(request)
    if content and request.content_type != "application/json":
        raise PosternError(Code.UNSUPPORTED_MEDIA_TYPE, "Send the body as Content-Type: application/json.")
    try:
        return body_model.model_validate_json(content or b"{}", by_alias=True, by_name=False)
    except ValidationError as refused:
        raise from_validation(refused) from None


def _response(operation: Operation, answer: object, *, receipt: bool) -> web.Response:
    if isinstance(answer, Done):
        status = HTTPStatus.OK if answer.replayed and operation.status == HTTPStatus.CREATED else operation.status
        text = _receipt(answer) if receipt else answer.data.model_dump_json()
        response = web.json_response(text=text, status=status, headers={AUDIT_HEADER: str(answer.audit.seq)})
        if receipt:
            response.headers["Preference-Applied"] = "receipt"
        return response
    if isinstance(answer, Listed):
        items = ",".join(item.model_dump_json() for item in answer.data)
        cursor = "null" if answer.next_cursor is None else f'"{answer.next_cursor}"'
        return web.json_response(text=f'{{"data":[{items}],"next_cursor":{cursor}}}')
    if isinstance(answer, Model):
        # A mutation that answers without a line was only to be tried.
        status = HTTPStatus.OK if operation.effect else operation.status
        return web.json_response(text=answer.model_dump_json(), status=status)
    raise TypeError(f"{operation.name} answered {type(answer).__name__}")


def _receipt(done: Done[Model]) -> str:
    link = "null" if done.link is None else done.link.model_dump_json()
    return f'{{"data":{done.data.model_dump_json()},"audit":{done.audit.model_dump_json()},"link":{link}}}'
