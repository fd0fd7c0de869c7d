"""The parts of the page at /docs: text, tables of fields, the call as a command, and what comes back."""

from __future__ import annotations

import json
import re
import shlex
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from daemon.web.samples import Schema

_MODEL = "#/components/schemas/"


def about(text: str) -> str:
    """Return text as paragraphs; what stands between backticks is code."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return "".join(f"<p>{inline(part)}</p>" for part in paragraphs)


def inline(text: str) -> str:
    """Return one paragraph."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def parameters(document: dict[str, Any], operation: dict[str, Any]) -> str:
    """Return a table of what goes into path, query and headers."""
    rows = []
    for one in operation["parameters"]:
        told = _resolved(document, one)
        where = "" if told["in"] == "query" else told["in"]
        rows.append(
            _row(
                told["name"],
                _type(told["schema"]),
                told["description"],
                bool(told.get("required")),
                told["schema"],
                where,
            )
        )
    return _table("Parameters", rows)


def fields(document: dict[str, Any], title: str, schema: Schema) -> str:
    """Return a table of the fields of a model."""
    whole = _resolved(document, schema)
    required = whole.get("required", [])
    rows = [
        _row(name, _type(shape), shape.get("description", ""), name in required, shape)
        for name, shape in whole.get("properties", {}).items()
    ]
    return _table(title, rows)


def answers(document: dict[str, Any], operation: dict[str, Any]) -> str:
    """Return what may come back: statuses with their models, or their codes."""
    good, bad = [], []
    for status, response in operation["responses"].items():
        told = _resolved(document, response)
        number = f'<b class="s{status[0]}">{status}</b>'
        if "$ref" in response:
            codes = told["content"]["application/json"]["examples"]
            bad.append(f"<li>{number} {' '.join(f'<code>{code}</code>' for code in codes)}</li>")
            continue
        kinds = ", ".join(
            _shape(media["schema"]) if kind == "application/json" else f"<code>{escape(kind)}</code>"
            for kind, media in told["content"].items()
        )
        good.append(f"<li>{number} {kinds}</li>")
    return (
        f'<h4>Answers</h4><ul class="answers">{"".join(good)}</ul>'
        f'<h4><a href="#errors">Errors</a></h4><ul class="errors">{"".join(bad)}</ul>'
    )


def sample(response: dict[str, Any]) -> str:
    """Return an example of what comes back, where there is one."""
    for kind, media in response["content"].items():
        value = media.get("example", next((one["value"] for one in media.get("examples", {}).values()), None))
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
            return f'<pre class="answer" data-kind="{kind}"><code>{escape(text)}</code></pre>'
    return ""


def curl(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    """Return the call as a command for the shell: what has to be given, with the examples' values."""
    asked = {}
    for one in (_resolved(document, item) for item in operation["parameters"]):
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", quote(str(one["example"]), safe="@"))
        elif one["in"] == "query" and one["required"]:
            asked[one["name"]] = one["example"]
    url = document["servers"][0]["url"] + path + (f"?{urlencode(asked)}" if asked else "")
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}{shlex.quote(url)}"]
    if operation.get("security") != []:
        lines.append('-H "Authorization: Bearer $POSTERN_API_KEY"')
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        lines += [
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(body['example'], ensure_ascii=False))}",
        ]
    return " \\\n  ".join(lines)


def _table(title: str, rows: list[str]) -> str:
    if not rows:
        return ""
    heading = f"<h4>{title}</h4>" if title else ""
    return f'{heading}<dl class="fields">{"".join(rows)}</dl>'


def _row(name: str, kind: str, description: str, required: bool, schema: Schema, where: str = "") -> str:
    marks = (f"<em>{where}</em>" if where else "") + ("<em>required</em>" if required and where != "path" else "")
    limits = "".join(f"<small>{escape(one)}</small>" for one in _limits(schema))
    return f"<dt><code>{escape(name)}</code> <span>{kind}</span>{marks}</dt><dd>{inline(description)}{limits}</dd>"


def _limits(schema: Schema) -> list[str]:
    """Return the bounds of a value as a reader says them."""
    shape = next((one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"), schema)
    told = []
    if "enum" in shape and len(shape["enum"]) > 1:
        told.append("one of " + ", ".join(map(str, shape["enum"])))
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " fields"),
    ):
        low, high = shape.get(least), shape.get(most)
        if low is not None and high is not None:
            told.append(f"{low} to {high}{unit}")
        elif low is not None or high is not None:
            told.append(f"at most {high}{unit}" if low is None else f"at least {low}{unit}")
    default = schema.get("default")
    return told + ([f"default {json.dumps(default)}"] if default not in (None, [], "") else [])


def _type(schema: Schema) -> str:
    """Return a schema's type in a word or two; models are links."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_MODEL)
        return f'<a href="#model-{name}">{name}</a>'
    if "anyOf" in schema:
        left_out = [{"type": "null"}] if "default" in schema else []  # null is what leaving it out says
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"] if one not in left_out))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("format") == "date-time":
        return "time"
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _shape(schema: Schema) -> str:
    """Return what an answer is: a model, or a page of them."""
    if "anyOf" in schema:  # plain, or with its receipt
        return _type(schema["anyOf"][0])
    data = schema.get("properties", {}).get("data")
    return f"page of {_type(data['items'])}" if data else _type(schema)


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
