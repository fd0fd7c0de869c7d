"""/docs: the OpenAPI document as one page for people. No script, nothing from elsewhere, so it works offline."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from html import escape
from importlib.resources import files
from typing import Any

from aiohttp import web

from daemon.web.docs_parts import about, answers, curl, fields, parameters, sample
from daemon.web.openapi import openapi
from daemon.web.server import SERVICES

_STYLE = files("daemon.web").joinpath("docs.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add_routes(app: web.Application) -> None:
    """Serve the page; it is built at the first request."""
    built: list[str] = []

    async def docs(request: web.Request) -> web.Response:
        if not built:
            url = request.app[SERVICES].mutations.public_url
            built.append(await asyncio.to_thread(lambda: page(openapi(url))))
        return web.Response(text=built[0], content_type="text/html", headers=_HEADERS)

    app.router.add_get("/docs", docs)


def page(document: dict[str, Any]) -> str:
    """Return the whole page."""
    by_noun: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            by_noun[operation["tags"][0]].append((method.upper(), path, operation))
    sections = "".join(
        f'<section class="noun" id="{tag["name"]}"><h2><a href="#{tag["name"]}">{_title(tag["name"])}</a></h2>'
        f"{about(tag['description'])}{''.join(_operation(document, *one) for one in by_noun[tag['name']])}</section>"
        for tag in document["tags"]
    )
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{info["title"]} API</title><style>{_STYLE}</style>'
        f'<a class="skip" href="#top">Skip to the text</a><div class="frame">{_navigation(info, by_noun)}'
        f'<main id="top">{_beginning(document)}{sections}{_errors(document)}{_models(document)}</main></div></html>'
    )


def _navigation(info: dict[str, Any], by_noun: dict[str, list[tuple[str, str, dict[str, Any]]]]) -> str:
    groups = "".join(
        f'<li><a class="group" href="#{noun}">{_title(noun)}</a><ul>'
        + "".join(
            f'<li><a href="#{one["operationId"]}">{_badge(method)}<span>{escape(_verb(one))}</span></a></li>'
            for method, _, one in operations
        )
        + "</ul></li>"
        for noun, operations in by_noun.items()
    )
    return (
        f'<header class="side"><a class="brand" href="#top">{info["title"]} <small>{info["version"]}</small></a>'
        f'<input type="checkbox" id="menu"><label for="menu">Contents</label>'
        f'<nav aria-label="Contents"><ul>{groups}'
        '<li><a class="group" href="#errors">Errors</a></li><li><a class="group" href="#models">Models</a></li></ul>'
        '<p><a href="v1/openapi.json">OpenAPI document</a></p></nav></header>'
    )


def _beginning(document: dict[str, Any]) -> str:
    info, url = document["info"], document["servers"][0]["url"]
    limits = document["components"]["headers"]
    return (
        f'<section class="opening"><h1>{info["title"]} API</h1>{about(info["description"])}'
        f"<dl><dt>Where</dt><dd><code>{escape(url)}</code></dd>"
        "<dt>Who</dt><dd><code>Authorization: Bearer pk_agent_…</code>, or <code>pk_operator_…</code></dd>"
        "<dt>Receipts</dt><dd><code>Prefer: receipt</code> on a change: its audit line and a one-time link, too</dd>"
        f"<dt>Limits</dt><dd><code>RateLimit-Policy: {escape(limits['RateLimit-Policy']['example'])}</code> "
        f"<code>RateLimit: {escape(limits['RateLimit']['example'])}</code>; a 429 says when to come back "
        "(<code>Retry-After</code>)</dd></dl></section>"
    )


def _errors(document: dict[str, Any]) -> str:
    examples = {
        (name.partition("-")[0], code): example["value"]["error"]["message"]
        for name, response in document["components"]["responses"].items()
        for code, example in response["content"]["application/json"]["examples"].items()
    }
    rows = "".join(
        f"<tr><td><code>{code}</code></td><td>{status}</td><td>{escape(message)}</td></tr>"
        for (status, code), message in sorted(examples.items())
    )
    return (
        '<section id="errors"><h2><a href="#errors">Errors</a></h2><div class="wide"><table>'
        "<thead><tr><th>Code</th><th>Status</th><th>It says, for instance</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    name = operation["operationId"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    access = "".join(f"<span>{escape(one)}</span>" for one in operation["x-postern-access"])
    success = next(iter(operation["responses"].values()))
    return (
        f'<article id="{name}"><h3><a href="#{name}">{escape(operation["summary"])}</a></h3>'
        f'<p class="call">{_badge(method)}<code>{_path(path)}</code><span class="access">{access}</span></p>'
        f'<div class="columns"><div class="told">{about(operation["description"])}'
        f"{parameters(document, operation)}"
        + (fields(document, "Body", body["schema"]) if body else "")
        + f"{answers(document, operation)}</div>"
        f'<div class="shown"><pre><code>{escape(curl(document, method, path, operation))}</code></pre>'
        f"{sample(success)}</div></div></article>"
    )


def _models(document: dict[str, Any]) -> str:
    models = "".join(
        f'<article class="model" id="model-{name}"><h3><a href="#model-{name}">{name}</a></h3>'
        f"{about(schema['description'])}{fields(document, '', schema)}</article>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return f'<section id="models"><h2><a href="#models">Models</a></h2>{models}</section>'


def _badge(method: str) -> str:
    return f'<b class="{method.lower()}">{method}</b>'


def _path(path: str) -> str:
    return re.sub(r"{\w+}", r"<i>\g<0></i>", path.replace("/", "/<wbr>"))


def _title(noun: str) -> str:
    return noun.capitalize()


def _verb(operation: dict[str, Any]) -> str:
    return str(operation["operationId"].partition(".")[2].replace("_", " "))
