"""The tools: each a row of OPERATIONS that names one, with its guide, its schemas, and how its arguments are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp import types
from pydantic import ValidationError

from daemon.api.models import model
from daemon.api.operations import OPERATIONS, Answers, Operation
from daemon.errors import invalid
from daemon.web.errors import from_validation
from daemon.web.mcp.guides import GUIDES, Guide, or_null
from daemon.web.mcp.untrusted import plain_schema, separated_schema

PATH_VALUE_MAX_CHARS = 400
TEXT_MAX_CHARS = 1_000_000
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of one call: for the operation, and those that only the tool has."""

    values: list[Any]
    more: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool, as it is listed and read."""

    name: str
    operation: Operation
    guide: Guide
    listed: types.Tool

    def read(self, given: Mapping[str, Any]) -> Asked:
        """Read the arguments into path values and models. Raises `PosternError` (`validation_failed`)."""
        offered: Schema = self.listed.input_schema["properties"]
        there = {name: value for name, value in given.items() if value is not None}
        for name in there:
            if name not in offered:
                raise invalid(name, f"there is no such argument; {self.name} takes {', '.join(offered) or 'none'}")
            most = offered[name].get("maxLength")
            if isinstance(there[name], str) and most is not None and len(there[name]) > most:
                raise invalid(name, f"give at most {most} characters")
        values: list[Any] = [_path_value(name, there.pop(name, None)) for name in self.operation.path_names]
        more = {
            name: _checked(name, there.pop(name), self.guide.more[name]) for name in self.guide.more if name in there
        }
        kinds = [kind for kind in (self.operation.query, self.operation.request) if kind is not None]
        values += [_read(kind, {**self.guide.defaults, **there}) for kind in kinds]
        return Asked(values, more)


def _path_value(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise invalid(name, "give it as a string")
    return value


def _checked(name: str, value: Any, shape: Schema) -> Any:
    """Check an argument that only the tool has: a boolean, or a whole number within its bounds."""
    if shape["type"] == "boolean" and isinstance(value, bool):
        return value
    whole = isinstance(value, int) and not isinstance(value, bool)
    if shape["type"] == "integer" and whole and shape["minimum"] <= value <= shape["maximum"]:
        return value
    raise invalid(name, f"give it as {shape['type']}")


def _read(kind: str, given: Mapping[str, Any]) -> Any:
    try:
        return model(kind).model_validate_json(json.dumps(given), by_alias=True, by_name=False)
    except ValidationError as refused:
        raise from_validation(refused) from None


def _input_schema(operation: Operation, guide: Guide) -> Schema:
    properties: Schema = {
        name: {"type": "string", "minLength": 1, "maxLength": PATH_VALUE_MAX_CHARS} for name in operation.path_names
    }
    required = list(operation.path_names)
    for kind in (operation.query, operation.request):
        if kind is not None:
            schema = plain_schema(model(kind).model_json_schema(by_alias=True))
            fields = {name: _bounded(_optional(shape)) for name, shape in schema["properties"].items()}
            properties |= {name: shape for name, shape in fields.items() if name not in guide.hidden}
            required += schema.get("required", [])
    for name, default in guide.defaults.items():
        properties[name]["default"] = default
    for name, words in guide.arguments.items():
        if name in properties:
            properties[name]["description"] = words
    return {
        "type": "object",
        "properties": {**properties, **guide.more},
        "required": [name for name in required if name not in guide.optional],
        "additionalProperties": False,
    }


def _optional(shape: Schema) -> Schema:
    """Return the shape of a field that may be null as that of one that may be left out."""
    kinds = [kind for kind in shape.get("anyOf", []) if kind != {"type": "null"}]
    rest = {key: value for key, value in shape.items() if key != "anyOf" and (key, value) != ("default", None)}
    return rest | kinds[0] if len(kinds) == 1 else (rest | {"anyOf": kinds} if kinds else rest)


def _bounded(shape: Schema) -> Schema:
    """Return the shape of a field with a limit, where it is a text that has none."""
    is_free = shape.get("type") == "string" and not {"maxLength", "pattern", "enum", "format"} & shape.keys()
    return {"maxLength": TEXT_MAX_CHARS, **shape} if is_free else shape


def _output_schema(operation: Operation, guide: Guide) -> Schema:
    shape = separated_schema(operation.response)
    if operation.trial is not None:  # tried only, it answers something else
        other = separated_schema(operation.trial)
        shape = shape | {"properties": shape["properties"] | other["properties"], "required": []}
    if operation.answers is Answers.LIST:
        page = {"data": {"type": "array", "items": shape}, "next_cursor": or_null({"type": "string"})}
        shape = {"type": "object", "properties": page, "required": list(page), "additionalProperties": False}
    return shape | {"properties": shape["properties"] | guide.told}


def _tool(operation: Operation) -> Tool:
    name = operation.tool or ""
    guide = GUIDES[name]
    changes = operation.effect is not None
    listed = types.Tool(
        name=name,
        title=guide.title,
        description=guide.description,
        input_schema=_input_schema(operation, guide),
        output_schema=_output_schema(operation, guide),
        annotations=types.ToolAnnotations(
            title=guide.title,
            read_only_hint=not changes,
            destructive_hint=operation.method == "DELETE",
            idempotent_hint=guide.repeatable or not changes,
            open_world_hint=guide.open_world,
        ),
    )
    return Tool(name, operation, guide, listed)


TOOLS: dict[str, Tool] = {one.tool: _tool(one) for one in OPERATIONS if one.tool is not None}
