"""Tools that the conformance suite asks for: content of each kind, notifications, questions to the client."""

from __future__ import annotations

import json
from typing import Any

from mcp import types
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import PromptsListChanged, ToolsListChanged

from tests.mcp import fixture_input
from tests.mcp.fixture_media import PNG, WAV

MISSING_CAPABILITY = -32021
NOTHING = {"type": "object", "properties": {}}
Context = Any


def _one(name: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string", **properties}}, "required": [name]}


SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
USER = {
    "type": "object",
    "properties": {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    },
    "required": ["username", "email"],
}
DEFAULTS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    },
}


def _titled(kind: str, word: str) -> list[dict[str, str]]:
    return [{"const": f"value{number}", "title": f"{which} {word}"} for number, which in enumerate(kind.split(), 1)]


ENUMS = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {"type": "string", "oneOf": _titled("First Second Third", "Option")},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
        "titledMulti": {"type": "array", "items": {"anyOf": _titled("First Second Third", "Choice")}},
    },
}

SCHEMAS: dict[str, dict[str, Any]] = {
    "test_sampling": _one("prompt"),
    "test_elicitation": _one("message"),
    "json_schema_2020_12_tool": SCHEMA_2020_12,
    "test_custom_header": _one("region", **{"x-mcp-header": "Region"}),
}
PLAIN = (
    "test_simple_text test_image_content test_audio_content test_embedded_resource test_multiple_content_types "
    "test_tool_with_logging test_logging_tool test_error_handling test_tool_with_progress test_reconnection "
    "test_elicitation_sep1034_defaults test_elicitation_sep1330_enums test_missing_capability "
    "test_streaming_elicitation test_trigger_tool_change test_trigger_prompt_change"
).split()


async def listed(context: Context, params: Any) -> dict[str, Any]:
    names = [*PLAIN, *fixture_input.TOOLS, *SCHEMAS]
    tools = [
        {"name": name, "description": name.replace("_", " "), "inputSchema": SCHEMAS.get(name, NOTHING)}
        for name in names
    ]
    return {"tools": tools, "ttlMs": 1000, "cacheScope": "public"}


async def call(context: Context, params: types.CallToolRequestParams, bus: InMemorySubscriptionBus) -> dict[str, Any]:
    given = params.arguments or {}
    if params.name in fixture_input.TOOLS:
        return fixture_input.call(context, params)
    match params.name:
        case "test_simple_text":
            return _told("This is a simple text response for testing.")
        case "test_image_content":
            return {"content": [_image()]}
        case "test_audio_content":
            return {"content": [{"type": "audio", "data": WAV, "mimeType": "audio/wav"}]}
        case "test_embedded_resource":
            return {"content": [_resource("test://embedded-resource", "text/plain", EMBEDDED)]}
        case "test_multiple_content_types":
            mixed = _resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')
            return {"content": [{"type": "text", "text": "Multiple content types test:"}, _image(), mixed]}
        case "test_tool_with_logging" | "test_logging_tool":
            return await _log(context)
        case "test_error_handling":
            return _told("This tool intentionally returns an error for testing") | {"isError": True}
        case "test_tool_with_progress":
            return await _progress(context)
        case "test_reconnection":
            return await _reconnect(context)
        case "test_sampling":
            return await _sample(context, given["prompt"])
        case "test_elicitation":
            return await _elicit(context, given["message"], USER, "User response")
        case "test_elicitation_sep1034_defaults":
            return await _elicit(context, "Check these", DEFAULTS, "Elicitation completed")
        case "test_elicitation_sep1330_enums":
            return await _elicit(context, "Choose", ENUMS, "Elicitation completed")
        case "test_missing_capability":
            needed: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
            raise MCPError(code=MISSING_CAPABILITY, message="This tool needs sampling.", data=needed)
        case "test_streaming_elicitation":
            await context.session.report_progress(1, 1, "asking")
            return fixture_input.asked({"name": fixture_input.elicitation("What is your name?", "name")})
        case "test_trigger_tool_change":
            await bus.publish(ToolsListChanged())
            return _told("changed")
        case "test_trigger_prompt_change":
            await bus.publish(PromptsListChanged())
            return _told("changed")
        case "json_schema_2020_12_tool" | "test_custom_header":
            return _told(json.dumps(given))
    raise MCPError(code=types.INVALID_PARAMS, message="There is no such tool.")


EMBEDDED = "This is an embedded resource content."


def _told(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


def _image() -> dict[str, Any]:
    return {"type": "image", "data": PNG, "mimeType": "image/png"}


def _resource(uri: str, mime_type: str, text: str) -> dict[str, Any]:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": text}}


async def _log(context: Context) -> dict[str, Any]:
    for text in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.session.send_log_message("info", text, related_request_id=context.request_id)
    return _told("Logged three times.")


async def _progress(context: Context) -> dict[str, Any]:
    for done in (0, 50, 100):
        await context.session.report_progress(done, 100)
    return _told("Done, with progress.")


async def _reconnect(context: Context) -> dict[str, Any]:
    if context.close_sse_stream is not None:
        await context.close_sse_stream()
    return _told("Reconnected.")


async def _sample(context: Context, prompt: str) -> dict[str, Any]:
    asked = types.SamplingMessage(role="user", content=types.TextContent(text=prompt))
    answer = await context.session.create_message([asked], max_tokens=100, related_request_id=context.request_id)
    return _told(f"LLM response: {answer.content.text}")


async def _elicit(context: Context, message: str, schema: dict[str, Any], word: str) -> dict[str, Any]:
    answer = await context.session.elicit_form(message, schema, related_request_id=context.request_id)
    return _told(f"{word}: action={answer.action}, content={json.dumps(answer.content)}")
