"""Prompts and resources that the conformance suite asks for."""

from __future__ import annotations

import json
import re
from typing import Any

from mcp import types
from mcp.shared.exceptions import MCPError

from tests.mcp.fixture_media import PNG

Params = Any
Context = Any

TEXT = "This is the content of the static text resource."
RESOURCES: dict[str, dict[str, Any]] = {
    "test://static-text": {"mimeType": "text/plain", "text": TEXT},
    "test://static-binary": {"mimeType": "image/png", "blob": PNG},
    "test://watched-resource": {"mimeType": "text/plain", "text": "watched"},
}
_TEMPLATE = re.compile(r"test://template/([^/]+)/data")


async def list_resources(context: Context, params: Params) -> dict[str, Any]:
    rows = [
        {"uri": uri, "name": uri.rpartition("/")[2], "description": uri, "mimeType": content["mimeType"]}
        for uri, content in RESOURCES.items()
    ]
    return {"resources": rows, "ttlMs": 1000, "cacheScope": "public"}


async def list_templates(context: Context, params: Params) -> dict[str, Any]:
    template = {"uriTemplate": "test://template/{id}/data", "name": "template", "description": "Substitutes an id."}
    return {"resourceTemplates": [template | {"mimeType": "application/json"}], "ttlMs": 1000, "cacheScope": "public"}


async def read_resource(context: Context, params: types.ReadResourceRequestParams) -> dict[str, Any]:
    uri = params.uri
    content = RESOURCES.get(uri)
    if match := _TEMPLATE.fullmatch(uri):
        data = {"id": match[1], "templateTest": True, "data": f"Data for ID: {match[1]}"}
        content = {"mimeType": "application/json", "text": json.dumps(data)}
    if content is None:
        raise MCPError(code=types.INVALID_PARAMS, message="Resource not found", data={"uri": uri})
    return {"contents": [{"uri": uri, **content}], "ttlMs": 1000, "cacheScope": "private"}


def _text(text: str) -> dict[str, Any]:
    return {"role": "user", "content": {"type": "text", "text": text}}


ARGUMENTS = {
    "test_simple_prompt": [],
    "test_prompt_with_arguments": ["arg1", "arg2"],
    "test_prompt_with_embedded_resource": ["resourceUri"],
    "test_prompt_with_image": [],
    "test_input_required_result_prompt": [],
}


async def list_prompts(context: Context, params: Params) -> dict[str, Any]:
    rows = [
        {
            "name": name,
            "description": name.replace("_", " "),
            "arguments": [{"name": one, "description": one, "required": True} for one in arguments],
        }
        for name, arguments in ARGUMENTS.items()
    ]
    return {"prompts": rows, "ttlMs": 1000, "cacheScope": "public"}


async def get_prompt(context: Context, params: types.GetPromptRequestParams) -> Any:
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            return {"messages": [_text("This is a simple prompt for testing.")]}
        case "test_prompt_with_arguments":
            return {"messages": [_text(f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'")]}
        case "test_prompt_with_embedded_resource":
            resource = {"uri": given["resourceUri"], "mimeType": "text/plain"}
            embedded = {"type": "resource", "resource": resource | {"text": "Embedded resource content for testing."}}
            there = {"role": "user", "content": embedded}
            return {"messages": [there, _text("Please process the embedded resource above.")]}
        case "test_prompt_with_image":
            image = {"role": "user", "content": {"type": "image", "data": PNG, "mimeType": "image/png"}}
            return {"messages": [image, _text("Please analyze the image above.")]}
        case "test_input_required_result_prompt":
            return _asking(params)
    raise MCPError(code=types.INVALID_PARAMS, message="There is no such prompt.")


def _asking(params: types.GetPromptRequestParams) -> dict[str, Any]:
    if "user_context" in (params.input_responses or {}):
        return {"messages": [_text("With the context that you gave.")]}
    schema = {"type": "object", "properties": {"context": {"type": "string"}}, "required": ["context"]}
    asked = {"message": "What context should the prompt use?", "requestedSchema": schema}
    return {
        "resultType": "input_required",
        "inputRequests": {"user_context": {"method": "elicitation/create", "params": asked}},
    }
