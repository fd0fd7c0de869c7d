"""The OpenAPI 3.1 document, made from the OPERATIONS table and the models."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic.json_schema import models_json_schema

from daemon import __version__
from daemon.api.models import MODELS, model
from daemon.api.operations import OPERATIONS, Access, Answers, Operation
from daemon.errors import Code
from daemon.web.errors import STATUS
from daemon.web.server import AUDIT_HEADER, REQUEST_ID_HEADER
from daemon.web.streams import LAST_EVENT_ID, STREAM_TYPE

_REF = "#/components/schemas/{model}"


def add_routes(app: web.Application) -> None:
    """Serve the document; it is built at the first request."""
    built: list[dict[str, Any]] = []

    async def document(request: web.Request) -> web.Response:
        if not built:
            built.append(openapi())
        return web.json_response(built[0])

    app.router.add_get("/v1/openapi.json", document)


def openapi() -> dict[str, Any]:
    """Return the whole document."""
    inputs = {name for operation in OPERATIONS for name in (operation.request, operation.query) if name}
    modes = [(item, "validation" if name in inputs else "serialization") for name, item in MODELS.items()]
    _, definitions = models_json_schema(modes, ref_template=_REF)  # type: ignore[arg-type]  # the modes are literals
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, definitions["$defs"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Postern",
            "version": __version__,
            "description": "Real e-mail for AI agents: an address in one call, a code out of a verification mail.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "pk_agent_… or pk_operator_…"}
            },
        },
        "security": [{"key": []}],
    }


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in operation.path_names
    ]
    if operation.query is not None:
        parameters += _query_parameters(schemas[operation.query])
    if operation.may_change:
        parameters.append(
            {
                "name": "Prefer",
                "in": "header",
                "schema": {"const": "receipt"},
                "description": "also return audit and link",
            }
        )
    if operation.answers is Answers.BYTES:
        parameters += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in ("Range", "If-Range")]
    if operation.answers is Answers.STREAM:
        parameters.append(
            {
                "name": LAST_EVENT_ID,
                "in": "header",
                "schema": {"type": "string"},
                "description": "go on after this event, as the query's last_event_id does",
            }
        )
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.noun],
        "parameters": parameters,
        "responses": _responses(operation),
        "x-postern-access": [one.value for one in (operation.access, operation.or_scope) if one],  # one is enough
    }
    if operation.request is not None:
        required = bool(model(operation.request).model_json_schema().get("required"))
        described["requestBody"] = {"required": required, "content": _json({"$ref": _ref(operation.request)})}
    if operation.access is Access.OPEN:
        described["security"] = []
    return described


def _query_parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in schema["properties"].items()
    ]


def _responses(operation: Operation) -> dict[str, Any]:
    headers = {REQUEST_ID_HEADER: {"schema": {"type": "string"}}}
    if operation.may_change:
        headers[AUDIT_HEADER] = {"schema": {"type": "string"}}
    success = {"description": operation.summary, "headers": headers, "content": _content(operation)}
    responses: dict[str, Any] = {str(operation.status): success}
    if operation.name == "inboxes.create":
        responses["200"] = success
    if operation.trial is not None:
        responses["200"] = success | {"description": "only tried", "content": _json({"$ref": _ref(operation.trial)})}
    if operation.answers is Answers.BYTES:
        responses["206"] = success
    for status in _error_statuses(operation):
        names = ", ".join(code.value for code, number in STATUS.items() if number == status)
        responses[str(status)] = {"description": names, "content": _json({"$ref": _ref("ErrorBody")})}
    return responses


def _content(operation: Operation) -> dict[str, Any]:
    if operation.answers is Answers.STREAM:
        return {STREAM_TYPE: {"schema": {"$ref": _ref(operation.response)}}}
    if operation.answers is Answers.BYTES:
        link = _json({"anyOf": [{"$ref": _ref("LinkRef")}, _receipt({"$ref": _ref("LinkRef")})]})
        return {operation.response: {"schema": {"type": "string", "format": "binary"}}} | link
    shape: dict[str, Any] = {"$ref": _ref(operation.response)}
    if operation.answers is Answers.LIST:
        page = {"data": {"type": "array", "items": shape}, "next_cursor": {"type": ["string", "null"]}}
        return _json({"type": "object", "properties": page, "required": ["data", "next_cursor"]})
    if not operation.may_change:
        return _json(shape)
    return _json({"anyOf": [shape, _receipt(shape)]})


def _receipt(shape: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "data": shape,
        "audit": {"$ref": _ref("AuditRef")},
        "link": {"anyOf": [{"$ref": _ref("LinkRef")}, {"type": "null"}]},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _error_statuses(operation: Operation) -> list[int]:
    statuses = {400, 401, 500, 503}
    if operation.access is not Access.OPEN:
        statuses.add(403)
    if operation.path_names:
        statuses.add(404)
    if operation.request or operation.query:
        statuses.add(422)
    if operation.request:
        statuses |= {408, 413, 415}
    if operation.answers is Answers.BYTES:
        statuses.add(STATUS[Code.RANGE_NOT_SATISFIABLE])
    if operation.answers is Answers.STREAM:
        statuses.add(STATUS[Code.GONE])
    if operation.may_change:
        statuses.add(STATUS[Code.CONFLICT])
    if operation.access is Access.SEND:
        statuses.add(STATUS[Code.SEND_CAP_REACHED])
    return sorted(statuses)


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(name: str) -> str:
    return _REF.format(model=name)
