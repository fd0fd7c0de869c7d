"""Tools that need input first (MCP 2026-07-28): asked for in a result, answered in another call."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from mcp import types
from mcp.shared.exceptions import MCPError

KEY = b"only for this fixture"
ROOTS: dict[str, Any] = {"method": "roots/list", "params": {}}
TOOLS = [
    f"test_input_required_result_{name}"
    for name in (
        "elicitation sampling list_roots request_state multiple_inputs multi_round tampered_state capabilities"
    ).split()
]


def elicitation(message: str, field: str, kind: str = "string") -> dict[str, Any]:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sampling(text: str, max_tokens: int) -> dict[str, Any]:
    message = {"role": "user", "content": {"type": "text", "text": text}}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": max_tokens}}


def asked(requests: dict[str, dict[str, Any]], state: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"resultType": "input_required", "inputRequests": requests}
    return told if state is None else told | {"requestState": signed(state)}


def signed(state: str) -> str:
    return f"{state}.{hmac.new(KEY, state.encode(), hashlib.sha256).hexdigest()}"


def checked(state: str | None) -> str:
    """Return what was signed. Raises `MCPError` for what was not."""
    text = (state or "").rpartition(".")[0]
    if not hmac.compare_digest(signed(text).encode(), (state or "").encode()):
        raise MCPError(code=types.INVALID_PARAMS, message="requestState is not as it was given.")
    return text


def call(context: Any, params: types.CallToolRequestParams) -> dict[str, Any]:
    answers: dict[str, Any] = dict(params.input_responses or {})
    match params.name.removeprefix("test_input_required_result_"):
        case "elicitation":
            name = _content(answers.get("user_name")).get("name")
            if name is None:
                return asked({"user_name": elicitation("What is your name?", "name")})
            return _told(f"Hello, {name}!")
        case "sampling":
            if "capital_question" not in answers:
                return asked({"capital_question": sampling("What is the capital of France?", 100)})
            return _told(str(_plain(answers["capital_question"])))
        case "list_roots":
            if "client_roots" not in answers:
                return asked({"client_roots": ROOTS})
            return _told(str(_plain(answers["client_roots"])))
        case "request_state" | "tampered_state":
            if params.request_state is None:
                return asked({"confirm": elicitation("Please confirm", "ok", "boolean")}, "begun")
            checked(params.request_state)
            return _told("state-ok")
        case "multiple_inputs":
            wanted = {
                "user_name": elicitation("What is your name?", "name"),
                "greeting": sampling("Generate a greeting", 50),
                "client_roots": ROOTS,
            }
            if not wanted.keys() <= answers.keys():
                return asked(wanted, "begun")
            checked(params.request_state)
            return _told("All there.")
        case "multi_round":
            return _round(answers, params.request_state)
    capabilities = context.session.client_capabilities
    offered = {}
    if capabilities is not None and capabilities.elicitation is not None:
        offered["user_name"] = elicitation("What is your name?", "name")
    if capabilities is not None and capabilities.sampling is not None:
        offered["greeting"] = sampling("Generate a greeting", 50)
    return _told("Thank you.") if answers else asked(offered)


def _round(answers: dict[str, Any], state: str | None) -> dict[str, Any]:
    done = "" if state is None else checked(state)
    if done == "one" and "step1" in answers:
        return asked({"step2": elicitation("Step 2: What is your favorite color?", "color")}, "two")
    if done == "two" and "step2" in answers:
        return _told("Both steps are done.")
    return asked({"step1": elicitation("Step 1: What is your name?", "name")}, "one")


def _told(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


def _plain(answer: Any) -> Any:
    return answer.model_dump(mode="json", by_alias=True) if hasattr(answer, "model_dump") else answer


def _content(answer: Any) -> dict[str, Any]:
    content = (_plain(answer) or {}).get("content")
    return content if isinstance(content, dict) else {}
