from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from aiohttp import web

from daemon.api.models import MODELS
from daemon.api.operations import BY_NAME, OPERATIONS, Access, Answers, Operation
from daemon.service.services import Services
from daemon.web import health, links, openapi, rest
from daemon.web.errors import STATUS
from daemon.web.server import SERVICES
from tests.edges.examples import EXAMPLES
from tests.edges.support import EPOCH, World, a_world
from tests.support import RunningDaemon

CLAIMING = {"waits.wait", "waits.resume"}  # mutations, when they claim
JSON_TYPES = {"null", "boolean", "object", "array", "number", "integer", "string"}
AROUND_THE_TABLE = {"/v1/openapi.json", "/healthz", "/readyz", "/metrics", "/l/{token}", "/d/{token}"}


@pytest.fixture(scope="module")
def document(daemon: RunningDaemon) -> dict[str, Any]:
    answer = daemon.call("GET", "/v1/openapi.json")
    assert answer.status == 200
    whole: dict[str, Any] = answer.json
    return whole


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon)


def described(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def every_schema(node: object) -> Iterator[dict[str, Any]]:
    """Yield each object below a node."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every_schema(child)


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def matches(document: dict[str, Any], schema: dict[str, Any], value: object) -> bool:
    """Check a value against the part of JSON Schema that our models use."""
    schema = resolved(document, schema)
    if "anyOf" in schema:
        return any(matches(document, one, value) for one in schema["anyOf"])
    types = schema.get("type", list(JSON_TYPES))
    fitting = {
        "null": value is None,
        "boolean": isinstance(value, bool),
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "string": isinstance(value, str),
    }
    if not any(fitting[name] for name in ([types] if isinstance(types, str) else types)):
        return False
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return False
    if isinstance(value, list):
        return all(matches(document, schema.get("items", {}), item) for item in value)
    if isinstance(value, dict) and "properties" in schema:
        strict = schema.get("additionalProperties") is not False or set(value) <= set(schema["properties"])
        inside = all(matches(document, schema["properties"].get(name, {}), item) for name, item in value.items())
        return strict and inside and set(schema.get("required", [])) <= set(value)
    return True


def test_it_says_what_it_is(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version", "license"} <= set(document["info"])
    assert set(document) <= {"openapi", "info", "paths", "components", "security", "servers", "tags"}
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_it_describes_the_table_and_nothing_else(document: dict[str, Any]) -> None:
    told = {operation["operationId"]: (method, path) for path, method, operation in described(document)}
    assert told == {operation.name: (operation.method, operation.path) for operation in OPERATIONS}
    for _, _, operation in described(document):
        row = BY_NAME[operation["operationId"]]
        assert operation["x-postern-access"] == [row.access.value] + ([row.or_scope.value] if row.or_scope else [])
        assert (operation.get("security") == []) == (row.access is Access.OPEN)
        assert ("requestBody" in operation) == (row.request is not None)
        changes = row.effect is not None or row.name in CLAIMING
        success = operation["responses"][str(row.status)]
        assert any(one["name"] == "Prefer" for one in operation["parameters"]) == changes
        assert ("X-Postern-Audit" in success["headers"]) == changes
        assert ("409" in operation["responses"]) == changes
        assert not changes or "idempotency_conflict" in operation["responses"]["409"]["description"]
        assert str(row.status) in operation["responses"]


def test_its_paths_are_the_routes_that_are_served(document: dict[str, Any]) -> None:
    app = web.Application()
    app[SERVICES] = cast(Services, None)  # nothing is called
    for room in (rest, links, health, openapi):
        room.add_routes(app)
    served = {route.resource.canonical for route in app.router.routes() if route.resource is not None}
    assert served == set(document["paths"]) | AROUND_THE_TABLE


def test_every_reference_leads_somewhere_and_every_type_is_one(document: dict[str, Any]) -> None:
    for schema in every_schema(document):
        if isinstance(schema.get("$ref"), str):
            assert resolved(document, schema)
        kinds = schema.get("type")
        if isinstance(kinds, str) and kinds != "http":
            assert kinds in JSON_TYPES
        assert "nullable" not in schema, "that is OpenAPI 3.0"
    assert set(MODELS) <= set(document["components"]["schemas"])


def test_every_operation_is_whole(document: dict[str, Any]) -> None:
    for path, _, operation in described(document):
        parameters = operation["parameters"]
        names = [(one["name"], one["in"]) for one in parameters]
        assert len(names) == len(set(names))
        in_path = {one["name"] for one in parameters if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(one["required"] is True for one in parameters if one["in"] == "path")
        assert all("schema" in one for one in parameters)
        assert operation["summary"]
        assert operation["tags"]
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[2345]\d\d", status)
            assert response["description"]
            assert response["content"]
            assert int(status) < 400 or int(status) in STATUS.values()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_answer_has_the_shape_that_is_described(
    operation: Operation, daemon: RunningDaemon, document: dict[str, Any]
) -> None:
    world = a_world(daemon)
    responses = document["paths"][operation.path][operation.method.lower()]["responses"]
    for headers in (None, {"Prefer": "receipt"} if operation.effect else None):
        again = EXAMPLES[operation.name](a_world(daemon) if headers else world)
        answer = again.send(daemon, operation.name, local=True, headers=headers)
        content = responses[str(answer.status)]["content"]
        if operation.answers is Answers.STREAM:
            assert answer.headers["Content-Type"] in content
        elif operation.answers is Answers.BYTES:
            assert operation.response in (answer.headers["Content-Type"], "*/*")
        else:
            assert matches(document, content["application/json"]["schema"], answer.json)
    refused = EXAMPLES[operation.name](world).send(daemon, operation.name, headers={"Authorization": "Basic x"})
    if operation.access is not Access.OPEN:
        assert matches(document, responses["401"]["content"]["application/json"]["schema"], refused.json)


def test_a_claim_has_the_shape_that_is_described(daemon: RunningDaemon, document: dict[str, Any]) -> None:
    world = a_world(daemon)
    path = "/v1/inboxes/{addr}/wait"
    success = document["paths"][path]["post"]["responses"]["200"]
    body = {"since": EPOCH, "timeout_seconds": 0, "claim": True, "wait_id": "claiming"}
    asked, prefer = path.replace("{addr}", world.inbox), {"Prefer": "receipt"}
    claimed = daemon.call("POST", asked, body, key=world.agent_key, headers=prefer)
    assert set(claimed.json) == {"data", "audit", "link"}
    assert set(success["headers"]) <= set(claimed.headers)
    assert matches(document, success["content"]["application/json"]["schema"], claimed.json)
    other = daemon.call("POST", asked, body | {"claim": False}, key=world.agent_key)
    assert (other.status, other.code) == (409, "idempotency_conflict")


def test_the_check_itself_can_fail(document: dict[str, Any], daemon: RunningDaemon) -> None:
    schema = {"$ref": "#/components/schemas/Inbox"}
    inbox = daemon.inbox(daemon.agent()["agent_key"])
    assert matches(document, schema, inbox)
    wrongs: list[object] = [inbox | {"surprise": 1}, inbox | {"id": 7}, {"id": "x"}, [], None]
    for wrong in wrongs:
        assert not matches(document, schema, wrong)
