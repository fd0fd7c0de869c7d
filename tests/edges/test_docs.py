from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.support import Answer, RunningDaemon

CLOSED_BY_ITSELF = {"meta", "wbr", "input"}
LEFT_OPEN = {"html"}  # head and body are implied
FETCHED = {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form"}


class Page(HTMLParser):
    """Reads the page, and fails where it is not well formed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.hrefs: list[str] = []
        self.commands: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        assert tag not in FETCHED
        assert not {"src", "style", "onclick"} & set(told)
        if "id" in told:
            self.ids.append(told["id"] or "")
        if "href" in told:
            self.hrefs.append(told["href"] or "")
        if tag not in CLOSED_BY_ITSELF:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if data.startswith("curl "):
            self.commands.append(data)


@pytest.fixture(scope="module")
def answer(daemon: RunningDaemon) -> Answer:
    return daemon.call("GET", "/docs")


@pytest.fixture(scope="module")
def page(answer: Answer) -> Page:
    return Page(answer.body.decode())


@pytest.fixture(scope="module")
def document(daemon: RunningDaemon) -> dict[str, Any]:
    whole: dict[str, Any] = daemon.call("GET", "/v1/openapi.json").json
    return whole


def test_the_page_is_whole_and_brings_all_that_it_needs(answer: Answer, page: Page) -> None:
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
    assert style is not None
    told = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{told}';")
    assert "unsafe" not in policy
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert len(page.ids) == len(set(page.ids))
    inside = {href.removeprefix("#") for href in page.hrefs if href.startswith("#")}
    assert inside <= set(page.ids)
    # Relative: behind a proxy there may be more before /docs.
    assert {href for href in page.hrefs if not href.startswith("#")} == {
        "v1/openapi.json"
    }  # relative: behind a proxy there may be more before /docs


def test_it_says_what_the_document_says(page: Page, document: dict[str, Any]) -> None:
    operations = {one["operationId"]: one for item in document["paths"].values() for one in item.values()}
    assert set(operations) <= set(page.ids)
    assert {f"model-{name}" for name in document["components"]["schemas"]} <= set(page.ids)
    assert {tag["name"] for tag in document["tags"]} <= set(page.ids)
    text = " ".join("".join(page.words).split())
    for operation in operations.values():
        assert operation["summary"] in text
    for response in document["components"]["responses"].values():
        for code in response["content"]["application/json"]["examples"]:
            assert code in text


def test_each_command_is_the_call_of_its_operation(page: Page, document: dict[str, Any]) -> None:
    """What a reader copies into a shell is understood as it stands, with a key in the environment."""
    operations = [
        (method.upper(), path, one) for path, item in document["paths"].items() for method, one in item.items()
    ]
    assert len(page.commands) == len(operations)
    asked = set()
    for command in page.commands:
        words = shlex.split(command.replace("\\\n", " "))
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        url = next(word for word in words if word.startswith("http"))
        asked.add((method, re.sub(r"\?.*", "", url)))
        if "-d" in words:
            assert isinstance(json.loads(words[words.index("-d") + 1]), dict)
    assert len(asked) == len(operations)
    assert all(url.startswith(document["servers"][0]["url"]) for _, url in asked)
