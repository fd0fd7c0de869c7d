from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from daemon.api.models import MODELS
from daemon.api.operations import BY_NAME, OPERATIONS, Access, Answers, Operation
from daemon.errors import Code
from daemon.service.services import Services
from daemon.web import application
from daemon.web.errors import STATUS
from daemon.web.openapi_headers import BYTES_HEADERS
from daemon.web.refusals import MEANING, refusals
from tests.declared import undeclared
from tests.edges.examples import EXAMPLES
from tests.edges.support import EPOCH, World, a_world
from tests.support import RunningDaemon

CLAIMING = {"waits.wait", "waits.resume"}  # mutations, when they claim
IDEMPOTENT = {"inboxes.create", "messages.send", "messages.reply"}
KEYWORDS = set(
    "$ref additionalProperties anyOf const default description enum examples exclusiveMinimum format items maximum"
    " maxItems maxLength maxProperties minimum minItems minLength pattern properties required title type".split()
)
AROUND_THE_TABLE = {
    "/docs",
    "/v1/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/hooks/acs",
    "/.well-known/mta-sts.txt",
    "/l/{token}",
    "/d/{token}",
    "/u/{token}",
    "/mcp",
    "/mcp/enroll",
}


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


def every_object(node: object) -> Iterator[dict[str, Any]]:
    """Yield each object below a node."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every_object(child)


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def parameters(document: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [resolved(document, one) for one in operation["parameters"]]


def responses(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {status: resolved(document, one) for status, one in operation["responses"].items()}


def problems(document: dict[str, Any], schema: dict[str, Any], value: object) -> list[str]:
    """Return what keeps a value from having a schema of the document."""
    validator = OAS31Validator({**schema, "components": document["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def shown(node: dict[str, Any]) -> Iterator[object]:
    """Yield the examples of a media type, a parameter or a header."""
    if "example" in node:
        yield node["example"]
    yield from (one["value"] for one in node.get("examples", {}).values())


def test_an_independent_validator_finds_nothing(document: dict[str, Any]) -> None:
    validate(document)


def test_every_example_is_valid(document: dict[str, Any]) -> None:
    """Of bodies, parameters, headers and fields; whatever is asked or answered in JSON has one."""
    seen = 0
    for node in every_object(document):
        if "schema" in node:
            for value in shown(node):
                assert problems(document, node["schema"], value) == []
                seen += 1
        if isinstance(node.get("content"), dict):
            asked = node["content"].get("application/json", {"example": None})
            assert {"example", "examples"} & set(asked)
    for name, schema in document["components"]["schemas"].items():
        for field, shape in schema.get("properties", {}).items():
            for value in shape.get("examples", ()):
                assert problems(document, shape, value) == [], f"{name}.{field}"
                seen += 1
    assert seen > 500


def test_everything_is_told_to_a_stranger(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        for field, shape in schema.get("properties", {}).items():
            assert shape.get("description"), f"the glossary lacks {name}.{field}"
    for _, _, operation in described(document):
        assert operation["summary"]
        assert operation["description"]
        assert all(one["description"] for one in parameters(document, operation))
        assert all("example" in one for one in parameters(document, operation))
    assert {tag["name"] for tag in document["tags"]} == {operation.noun for operation in OPERATIONS}
    assert all(tag["description"] for tag in document["tags"])
    assert document["servers"] == [{"url": document["servers"][0]["url"]}]
    assert set(MEANING) == set(Code)


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
        success = responses(document, operation)[str(row.status)]
        taken = {one["name"] for one in parameters(document, operation) if one["in"] == "header"}
        assert ("Prefer" in taken) == (changes or row.answers is Answers.BYTES)
        assert ("Idempotency-Key" in taken) == (row.name in IDEMPOTENT)
        assert ("X-Postern-Audit" in success["headers"]) == (changes or row.answers is Answers.BYTES)


def test_every_error_is_declared_with_its_codes_and_headers(document: dict[str, Any]) -> None:
    for _, _, operation in described(document):
        row = BY_NAME[operation["operationId"]]
        told = {}
        for status, response in responses(document, operation).items():
            assert "X-Postern-Request-Id" in response["headers"]
            assert {"RateLimit", "RateLimit-Policy"} <= set(response["headers"])
            if int(status) < 400:
                continue
            shape = response["content"]["application/json"]["schema"]["allOf"]
            assert shape[0] == {"$ref": "#/components/schemas/ErrorBody"}
            codes = shape[1]["properties"]["error"]["properties"]["code"]["enum"]
            assert set(response["content"]["application/json"]["examples"]) == set(codes)
            assert ("Retry-After" in response["headers"]) == (status in ("429", "503"))
            told[int(status)] = codes
        assert told == {status: [code.value for code in codes] for status, codes in refusals(row).items()}
        assert {429, 500, 503} <= set(told)
        assert (403 in told) == (row.access not in (Access.OPEN, Access.ANY))
        assert ("idempotency_conflict" in told.get(409, [])) == (row.name in IDEMPOTENT | {"waits.wait"})


def test_its_paths_are_the_routes_that_are_served(document: dict[str, Any]) -> None:
    app = application.build(cast(Services, None))  # nothing is called
    served = {route.resource.canonical for route in app.router.routes() if route.resource is not None}
    assert served == set(document["paths"]) | AROUND_THE_TABLE


def test_every_model_is_there_and_null_is_a_type(document: dict[str, Any]) -> None:
    assert set(MODELS) <= set(document["components"]["schemas"])
    assert not any("nullable" in node for node in every_object(document)), "that is OpenAPI 3.0"


def every_schema(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    inside = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("allOf", ())]
    inside += [schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)]
    for one in inside:
        yield from every_schema(one)


def test_no_bound_of_a_field_is_lost_on_its_way(document: dict[str, Any]) -> None:
    words = {
        word for schema in document["components"]["schemas"].values() for one in every_schema(schema) for word in one
    }
    assert words <= KEYWORDS
    limits = document["components"]["schemas"]["TenantLimits"]["properties"]["rate_waits"]["anyOf"]
    assert limits[0] == {"type": "integer", "minimum": 0, "maximum": 1_000_000}


def test_every_operation_is_whole(document: dict[str, Any]) -> None:
    for path, _, operation in described(document):
        taken = parameters(document, operation)
        names = [(one["name"], one["in"]) for one in taken]
        assert len(names) == len(set(names))
        in_path = {one["name"] for one in taken if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(one["required"] is True for one in taken if one["in"] == "path")
        assert all("schema" in one for one in taken)
        assert operation["tags"]
        for status, response in responses(document, operation).items():
            assert re.fullmatch(r"[2345]\d\d", status)
            assert response["description"]
            assert response["content"]
            assert int(status) < 400 or int(status) in STATUS.values()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_answer_has_the_shape_that_is_described(
    operation: Operation, daemon: RunningDaemon, document: dict[str, Any]
) -> None:
    world = a_world(daemon)
    told = responses(document, document["paths"][operation.path][operation.method.lower()])
    for headers in (None, {"Prefer": "receipt"} if operation.effect else None):
        again = EXAMPLES[operation.name](a_world(daemon) if headers else world)
        answer = again.send(daemon, operation.name, local=True, headers=headers)
        success = told[str(answer.status)]
        needed = {name for name, it in success["headers"].items() if resolved(document, it).get("required")}
        assert needed <= set(answer.headers)
        if operation.answers is Answers.STREAM:
            assert answer.headers["Content-Type"] in success["content"]
        elif operation.answers is Answers.BYTES:
            assert operation.response in (answer.headers["Content-Type"], "*/*")
            assert all(name in answer.headers for name in BYTES_HEADERS)
        else:
            assert problems(document, success["content"]["application/json"]["schema"], answer.json) == []
    refused = EXAMPLES[operation.name](world).send(daemon, operation.name, headers={"Authorization": "Basic x"})
    assert problems(document, told["401"]["content"]["application/json"]["schema"], refused.json) == []


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.answers is Answers.BYTES], ids=str)
def test_a_link_to_bytes_has_the_shape_that_is_described(
    operation: Operation, daemon: RunningDaemon, world: World, document: dict[str, Any]
) -> None:
    path = EXAMPLES[operation.name](world).path
    url = operation.path
    for name, value in zip(operation.path_names, path, strict=True):
        url = url.replace(f"{{{name}}}", value)
    success = responses(document, document["paths"][operation.path]["get"])["200"]
    for headers in (None, {"Prefer": "receipt"}):
        who = {"local": True} if operation.access is Access.OPERATOR else {"key": world.agent_key}
        answer = daemon.call("GET", f"{url}?link=true", headers=headers, **who)
        assert ("X-Postern-Audit" in answer.headers) == ("X-Postern-Audit" in success["headers"])
        assert problems(document, success["content"]["application/json"]["schema"], answer.json) == []


def test_a_claim_has_the_shape_that_is_described(daemon: RunningDaemon, document: dict[str, Any]) -> None:
    world = a_world(daemon)
    path = "/v1/inboxes/{addr}/wait"
    success = document["paths"][path]["post"]["responses"]["200"]
    body = {"since": EPOCH, "timeout_seconds": 0, "claim": True, "wait_id": "claiming"}
    asked, prefer = path.replace("{addr}", world.inbox), {"Prefer": "receipt"}
    claimed = daemon.call("POST", asked, body, key=world.agent_key, headers=prefer)
    assert set(claimed.json) == {"data", "audit", "link"}
    assert {"X-Postern-Audit", "Preference-Applied"} <= set(success["headers"]) & set(claimed.headers)
    assert problems(document, success["content"]["application/json"]["schema"], claimed.json) == []
    other = daemon.call("POST", asked, body | {"claim": False}, key=world.agent_key)
    assert (other.status, other.code) == (409, "idempotency_conflict")


def test_its_examples_of_requests_are_taken(daemon: RunningDaemon, document: dict[str, Any]) -> None:
    """What a reader copies is understood: what is refused is only that the things in it are not there."""
    for path, method, operation in described(document):
        if "requestBody" not in operation:
            continue
        url = path
        for one in operation["parameters"]:
            url = url.replace(f"{{{one.get('name')}}}", str(one.get("example")))
        needed = {
            one["name"]: one["example"]
            for one in operation["parameters"]
            if one.get("in") == "query" and one["required"]
        }
        url += f"?{urlencode(needed)}" if needed else ""
        body = operation["requestBody"]["content"]["application/json"]["example"]
        if "timeout_seconds" in body:
            body["timeout_seconds"] = 0
        answer = daemon.operator(method, url, body)
        about_things = ("agent_id", "tenant_id", "tenant", "audit_seq", "enrollment_key_id")
        assert answer.status in (200, 201, 401, 404) or (
            answer.status == 422 and all(one["field"] in about_things for one in answer.json["error"]["details"])
        ), (operation["operationId"], json.dumps(body), answer.body)


def test_the_check_itself_can_fail(document: dict[str, Any], daemon: RunningDaemon) -> None:
    schema = {"$ref": "#/components/schemas/Inbox"}
    inbox = daemon.inbox(daemon.agent()["agent_key"])
    assert problems(document, schema, inbox) == []
    wrongs: list[object] = [inbox | {"surprise": 1}, inbox | {"id": 7}, {"id": "x"}, [], None]
    for wrong in wrongs:
        assert problems(document, schema, wrong)


def test_the_check_of_every_answer_in_the_tests_can_fail() -> None:
    body = json.dumps({"error": {"code": "not_found"}}).encode()
    assert undeclared("GET", "/v1/inboxes/x?limit=1", 404, body) is None
    assert undeclared("GET", "/v1/nothing", 404, body) is None
    assert "access.whoami answered 404 not_found" in (undeclared("GET", "/v1/whoami", 404, body) or "")
