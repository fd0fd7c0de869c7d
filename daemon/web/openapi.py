"""The OpenAPI 3.1 document, made from the OPERATIONS table, the models and the glossary."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web
from pydantic.json_schema import models_json_schema

from daemon import __version__
from daemon.api.glossary_places import NOUNS, PATH
from daemon.api.models import MODELS
from daemon.api.operations import OPERATIONS, Access, Answers, Operation
from daemon.errors import Code
from daemon.web.errors import STATUS
from daemon.web.openapi_headers import BYTES_HEADERS, HEADERS, PARAMETERS, header_refs
from daemon.web.refusals import MEANING, refusals
from daemon.web.samples import Samples, Schema
from daemon.web.server import AUDIT_HEADER, RATE_HEADER, RATE_POLICY_HEADER, REQUEST_ID_HEADER, SERVICES
from daemon.web.streams import LAST_EVENT_ID, STREAM_TYPE

_REF = "#/components/schemas/{model}"
_ALWAYS = (REQUEST_ID_HEADER, RATE_POLICY_HEADER, RATE_HEADER)
_ABOUT = """Real e-mail for AI agents: an address in one call, a code out of a verification mail.

Every call but `POST /v1/enroll` sends its key as `Authorization: Bearer pk_agent_…`. Whatever is no success answers
`{"error": {"code", "message", "details", "request_id"}}`: `code` is for programs and stable, `message` says what to do
next. Times are ISO 8601 in UTC. Lists come in pages: pass `next_cursor` on as `cursor` until it is null."""


def add_routes(app: web.Application) -> None:
    """Serve the document; it is built at the first request."""
    built: list[str] = []

    async def document(request: web.Request) -> web.Response:
        if not built:
            url = request.app[SERVICES].mutations.public_url
            built.append(json.dumps(await asyncio.to_thread(openapi, url)))
        return web.json_response(text=built[0])

    app.router.add_get("/v1/openapi.json", document)


def openapi(url: str) -> dict[str, Any]:
    """Return the whole document, of a daemon that is reached at `url`."""
    return _Document().whole(url)


class _Document:
    """The document in the making."""

    def __init__(self) -> None:
        inputs = {name for operation in OPERATIONS for name in (operation.request, operation.query) if name}
        modes = [(item, "validation" if name in inputs else "serialization") for name, item in MODELS.items()]
        _, made = models_json_schema(modes, ref_template=_REF)  # type: ignore[arg-type]  # the modes are literals
        self._schemas: dict[str, Schema] = made["$defs"]
        self._samples = Samples(self._schemas)
        self._responses: dict[str, Any] = {}

    def whole(self, url: str) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for operation in OPERATIONS:
            paths.setdefault(operation.path, {})[operation.method.lower()] = self._operation(operation)
        nouns = dict.fromkeys(operation.noun for operation in OPERATIONS)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Postern",
                "version": __version__,
                "description": _ABOUT,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": url}],
            "tags": [{"name": noun, "description": NOUNS[noun]} for noun in nouns],
            "paths": paths,
            "components": {
                "schemas": self._schemas,
                "responses": self._responses,
                "headers": HEADERS,
                "parameters": PARAMETERS,
                "securitySchemes": {
                    "key": {"type": "http", "scheme": "bearer", "description": "pk_agent_… or pk_operator_…"}
                },
            },
            "security": [{"key": []}],
        }

    def _operation(self, operation: Operation) -> dict[str, Any]:
        described: dict[str, Any] = {
            "operationId": operation.name,
            "summary": operation.summary,
            "description": _about(operation),
            "tags": [operation.noun],
            "parameters": self._parameters(operation),
            "responses": self._answers(operation),
            "x-postern-access": [one.value for one in (operation.access, operation.or_scope) if one],  # one is enough
        }
        if operation.request is not None:
            required = bool(self._schemas[operation.request].get("required"))
            content = _json({"$ref": _ref(operation.request)}, self._samples.request(operation.request))
            described["requestBody"] = {"required": required, "content": content}
        if operation.access is Access.OPEN:
            described["security"] = []
        return described

    def _parameters(self, operation: Operation) -> list[dict[str, Any]]:
        parameters = [_path_parameter(operation, name) for name in operation.path_names]
        if operation.query is not None:
            schema = self._schemas[operation.query]
            required = schema.get("required", [])
            parameters += [_query_parameter(name, it, name in required) for name, it in schema["properties"].items()]
        headers = {
            "Prefer": operation.may_change or operation.answers is Answers.BYTES,
            "Idempotency-Key": operation.idempotent,
            "Range": operation.answers is Answers.BYTES,
            "If-Range": operation.answers is Answers.BYTES,
            LAST_EVENT_ID: operation.answers is Answers.STREAM,
        }
        return parameters + [{"$ref": f"#/components/parameters/{name}"} for name, taken in headers.items() if taken]

    def _answers(self, operation: Operation) -> dict[str, Any]:
        always = header_refs(*_ALWAYS)
        headers = header_refs(*_ALWAYS, AUDIT_HEADER, "Preference-Applied") if operation.may_change else always
        if operation.effect is not None and operation.trial != operation.response:
            headers[AUDIT_HEADER] = HEADERS[AUDIT_HEADER] | {"required": True}
        if operation.answers is Answers.BYTES:
            headers = header_refs(*_ALWAYS, AUDIT_HEADER, "Preference-Applied", *BYTES_HEADERS)
        content = self._content(operation)
        success = {"description": operation.summary, "headers": headers, "content": content}
        responses: dict[str, Any] = {str(operation.status): success}
        if operation.idempotent and operation.status == 201:
            responses["200"] = success | {"description": "The answer of the first request, without its secrets."}
        if operation.trial not in (None, operation.response):
            tried: Schema = {"$ref": _ref(operation.trial)}
            described = {"description": "It was only to be tried: nothing changed.", "headers": always}
            responses["200"] = described | {"content": _json(tried, self._samples.answer(tried))}
        if operation.answers is Answers.BYTES:
            part = {operation.response: content[operation.response]}
            part_headers = headers | header_refs("Content-Range")
            responses["206"] = {"description": "The part that was asked for", "headers": part_headers, "content": part}
        for status, codes in refusals(operation).items():
            responses[str(status)] = {"$ref": f"#/components/responses/{self._refusal(status, codes)}"}
        return responses

    def _refusal(self, status: int, codes: list[Code]) -> str:
        """Return the name of a response in the components, made when it is first asked for."""
        name = "-".join([str(status), *codes])
        if name in self._responses:
            return name
        names = list(_ALWAYS)
        if status == STATUS[Code.INVALID_API_KEY]:
            names.append("WWW-Authenticate")
        if status in (STATUS[Code.RATE_LIMITED], STATUS[Code.BACKEND_UNAVAILABLE]):
            names.append("Retry-After")
        if status == STATUS[Code.RANGE_NOT_SATISFIABLE]:
            names.append("Content-Range")
        narrowed = {"properties": {"error": {"properties": {"code": {"enum": [code.value for code in codes]}}}}}
        content = _json({"allOf": [{"$ref": _ref("ErrorBody")}, narrowed]})
        content["application/json"]["examples"] = {code.value: {"value": self._error(code)} for code in codes}
        self._responses[name] = {
            "description": ", ".join(f"`{code}`" for code in codes),
            "headers": header_refs(*names),
            "content": content,
        }
        return name

    def _error(self, code: Code) -> dict[str, Any]:
        error = self._samples.answer({"$ref": _ref("ErrorInfo")}) | {"code": code.value, "message": MEANING[code]}
        if code is Code.VALIDATION_FAILED:
            error["details"] = [self._samples.answer({"$ref": _ref("ErrorDetail")})]
        return {"error": error}

    def _content(self, operation: Operation) -> dict[str, Any]:
        if operation.answers is Answers.STREAM:
            data = self._samples.answer({"$ref": _ref(operation.response)})
            example = {"event": data["event"], "data": json.dumps(data), "id": "AAAAAAAAAAc1nFu178Z3"}
            about = {"contentMediaType": "application/json", "contentSchema": {"$ref": _ref(operation.response)}}
            one = {"event": {"type": "string"}, "data": {"type": "string", **about}, "id": {"type": "string"}}
            each = {"type": "object", "properties": one, "required": ["data"]}  # of the stream's events
            return {STREAM_TYPE: {"schema": each, "example": example}}
        if operation.answers is Answers.BYTES:
            binary = {"schema": {"type": "string", "format": "binary"}}
            return {operation.response: binary} | self._or_receipt({"$ref": _ref("LinkRef")})
        shape: Schema = {"$ref": _ref(operation.response)}
        if operation.answers is Answers.LIST:
            page = {"data": {"type": "array", "items": shape}, "next_cursor": {"type": ["string", "null"]}}
            listed = {"type": "object", "properties": page, "required": list(page), "additionalProperties": False}
            return _json(listed, {"data": [self._samples.answer(shape)], "next_cursor": None})
        return self._or_receipt(shape) if operation.may_change else _json(shape, self._samples.answer(shape))

    def _or_receipt(self, shape: Schema) -> dict[str, Any]:
        properties = {
            "data": shape,
            "audit": {"$ref": _ref("AuditRef")},
            "link": {"anyOf": [{"$ref": _ref("LinkRef")}, {"type": "null"}]},
        }
        receipt = {"type": "object", "properties": properties, "required": list(properties)}
        content = _json({"anyOf": [shape, receipt | {"additionalProperties": False}]})
        content["application/json"]["examples"] = {
            "plain": {"value": self._samples.answer(shape)},
            "receipt": {"summary": "with `Prefer: receipt`", "value": self._samples.answer(receipt)},
        }
        return content


def _about(operation: Operation) -> str:
    """Return what a stranger has to know beside the summary."""
    lesser = f" (`{operation.or_scope}` will do)" if operation.or_scope else ""
    told = {
        Access.OPEN: "Needs no key.",
        Access.ANY: "Needs a key, whichever.",
        Access.OPERATOR: "For operators: needs an operator's key, or the control socket.",
    }.get(operation.access, f"Needs a key with the scope `{operation.access}`{lesser}, or an operator's.")
    if operation.effect is not None:
        told += f" A change: it leaves an audit line, which `{AUDIT_HEADER}` names."
    if operation.mints:
        told += " The secret in the answer is shown once."
    if operation.claims:
        told += " With `claim` it is a change, with its audit line."
    return told


def _path_parameter(operation: Operation, name: str) -> dict[str, Any]:
    before = operation.path.partition(f"/{{{name}}}")[0].rpartition("/")[2]
    meaning, example = PATH.get(f"{before}/{name}") or PATH[name]
    parameter = {"name": name, "in": "path", "required": True, "description": meaning}
    return parameter | {"schema": {"type": "string"}, "example": example}


def _query_parameter(name: str, schema: Schema, required: bool) -> dict[str, Any]:
    """Describe a field as a parameter, which is text or not there: never null."""
    shape = {word: value for word, value in schema.items() if word not in ("description", "examples")}
    some = [one for one in shape.pop("anyOf", ()) if one != {"type": "null"}]
    if some:
        shape = some[0] | shape
        shape.pop("default", None)
    parameter = {"name": name, "in": "query", "required": required, "description": schema["description"]}
    return parameter | {"schema": shape, "example": schema["examples"][0]}


def _json(schema: Schema, example: Any = ...) -> dict[str, Any]:
    shown = {} if example is ... else {"example": example}
    return {"application/json": {"schema": schema} | shown}


def _ref(name: str) -> str:
    return _REF.format(model=name)
