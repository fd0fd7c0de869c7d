from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import unquote

import pytest

from tests.edges.support import World, a_world, at_once, audit_head, audit_since, key_with
from tests.inside import DaemonInside
from tests.support import Answer, RunningDaemon, mail

CONTENT = bytes(range(256)) * 8
FILES = {"plan.bin": CONTENT, "Übersicht 100%.pdf": b"second", "../../etc/passwd": b"third"}
RECEIPT = {"Prefer": "receipt"}
PAGE = {"Accept": "text/html,*/*"}


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Downloads")


@pytest.fixture(scope="module")
def message(daemon: RunningDaemon, world: World) -> str:
    return delivered(daemon, world, mail(world.address, attachments=FILES))


def delivered(daemon: RunningDaemon, world: World, raw: bytes) -> str:
    daemon.deliver(world.address, raw)
    listed = daemon.operator("GET", f"/v1/inboxes/{world.inbox}/messages?limit=1").json["data"]
    return str(listed[0]["id"])


def get(daemon: RunningDaemon, world: World, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return daemon.call("GET", f"/v1/messages/{path}", key=world.agent_key, headers=named)


def linked(daemon: RunningDaemon, world: World, path: str) -> dict[str, Any]:
    """Make a link as the agent; add its path."""
    answer = get(daemon, world, f"{path}?link=true")
    assert answer.status == 200, answer.body
    return {**answer.json, "path": "/l/" + answer.json["url"].rpartition("/l/")[2]}


def path_of(opened: Answer) -> str:
    return "/d/" + str(opened.json["download"]["url"]).rpartition("/d/")[2]


def test_an_attachment_comes_decoded_and_is_only_ever_saved(daemon: RunningDaemon, world: World, message: str) -> None:
    shown = get(daemon, world, message).json["attachments"]
    for one, (name, content) in zip(shown, FILES.items(), strict=True):
        answer = get(daemon, world, f"{message}/attachments/{one['index']}")
        assert (answer.status, answer.body) == (200, content)
        assert one["size_bytes"] == len(content)
        headers = answer.headers
        assert headers["Content-Disposition"].startswith("attachment; filename=")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("sandbox;")
        assert headers["Accept-Ranges"] == "bytes"
        assert "no-store" in headers["Cache-Control"]
        assert "/" not in one["filename"], name
    plain, wide, climbing = (
        get(daemon, world, f"{message}/attachments/{n}").headers["Content-Disposition"] for n in range(3)
    )
    assert plain == 'attachment; filename="plan.bin"'
    assert wide.partition("; filename*=UTF-8''")[0] == 'attachment; filename="Ubersicht 100_.pdf"'
    assert unquote(wide.partition("UTF-8''")[2]) == "Übersicht 100%.pdf"
    assert climbing == 'attachment; filename="passwd"'


@pytest.mark.parametrize("n", ["3", "-1", "x", "1.0", "²", "99999999999999999999", "%00", "0x1"])
def test_an_attachment_that_is_not_there_is_404(daemon: RunningDaemon, world: World, message: str, n: str) -> None:
    for query in ("", "?link=true"):
        before = audit_head(daemon)
        answer = get(daemon, world, f"{message}/attachments/{n.replace('²', '%C2%B2')}{query}")
        assert (answer.status, answer.code) == (404, "not_found")
        assert audit_head(daemon) == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("application/pdf", "application/pdf"),
        ("image/png", "image/png"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/javascript", "application/octet-stream"),
        ("text/<script>", "application/octet-stream"),
    ],
)
def test_nothing_that_a_browser_runs_is_called_so(daemon: RunningDaemon, world: World, given: str, told: str) -> None:
    part = f"Content-Type: {given}\r\nContent-Disposition: attachment; filename=x\r\n\r\nhello"
    raw = f"To: {world.address}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{part}\r\n--b--\r\n"
    answer = get(daemon, world, f"{delivered(daemon, world, raw.encode())}/attachments/0")
    assert (answer.body, answer.headers["Content-Type"]) == (b"hello", told)


def test_a_large_attachment_comes_whole(daemon: RunningDaemon, world: World) -> None:
    content = bytes(range(256)) * 8_000
    message = delivered(daemon, world, mail(world.address, attachments={"a": b"small", "large.bin": content}))
    assert get(daemon, world, f"{message}/attachments/1").body == content
    assert get(daemon, world, f"{message}/attachments/1", Range="bytes=-3").body == content[-3:]
    assert get(daemon, world, f"{message}/attachments/2").status == 404


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=2000-", (2000, 2048)),
        ("bytes=2000-99999999999999999999999", (2000, 2048)),
        ("bytes=-48", (2000, 2048)),
        ("bytes=-99999", (0, 2048)),
        ("BYTES=0-1", (0, 2)),
    ],
)
def test_a_part_that_is_asked_for(
    daemon: RunningDaemon, world: World, message: str, asked: str, span: tuple[int, int]
) -> None:
    answer = get(daemon, world, f"{message}/attachments/0", Range=asked)
    assert (answer.status, answer.body) == (206, CONTENT[slice(*span)])
    assert answer.headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/2048"
    assert answer.headers["Content-Length"] == str(span[1] - span[0])


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,5-6", "bytes", "0-1"])
def test_what_is_no_range_is_answered_whole(daemon: RunningDaemon, world: World, message: str, asked: str) -> None:
    answer = get(daemon, world, f"{message}/attachments/0", Range=asked)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize("asked", ["bytes=2048-", "bytes=99999999999999999999-", "bytes=-0"])
def test_a_range_outside_is_416(daemon: RunningDaemon, world: World, message: str, asked: str) -> None:
    answer = get(daemon, world, f"{message}/attachments/0", Range=asked)
    assert (answer.status, answer.code) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */2048"


def test_a_part_of_something_else_is_not_given(daemon: RunningDaemon, world: World, message: str) -> None:
    tag = get(daemon, world, f"{message}/attachments/0").headers["ETag"]
    assert tag != get(daemon, world, f"{message}/attachments/1").headers["ETag"]
    statuses = [
        get(daemon, world, f"{message}/attachments/0", Range="bytes=0-9", If_Range=condition).status
        for condition in (tag, f"W/{tag}", '"other"', "Sat, 29 Oct 1994 19:43:31 GMT")
    ]
    assert statuses == [206, 200, 200, 200]


def test_a_raw_message_comes_in_parts_and_unchanged(daemon: RunningDaemon, world: World, message: str) -> None:
    whole = get(daemon, world, f"{message}/raw")
    assert whole.headers["Content-Type"] == "message/rfc822"
    assert b64encode(CONTENT)[:70] in whole.body
    part = get(daemon, world, f"{message}/raw", Range="bytes=100-")
    assert (part.status, whole.body[:100] + part.body) == (206, whole.body)


def test_a_link_opens_once_into_a_minute_of_downloading(inside: DaemonInside) -> None:
    world = a_world(inside)
    message = delivered(inside, world, mail(world.address, attachments=FILES))
    link = linked(inside, world, f"{message}/attachments/0")
    assert link["purpose"] == "download"
    before = audit_head(inside)
    opened = inside.call("POST", link["path"])
    assert opened.json["target"] == f"{message}/attachments/0"
    assert inside.call("POST", link["path"]).status == 410
    first = inside.call("GET", path_of(opened), headers={"Range": "bytes=0-99"})
    inside.clock.advance(seconds=59)
    rest = inside.call("GET", path_of(opened), headers={"Range": "bytes=100-", "If-Range": first.headers["ETag"]})
    assert (first.status, rest.status, first.body + rest.body) == (206, 206, CONTENT)
    assert rest.headers["Content-Disposition"] == 'attachment; filename="plan.bin"'
    assert [line["outcome"] for line in audit_since(inside, before)] == ["ok", "refused"], "reading on leaves no line"
    inside.clock.advance(seconds=1)
    assert inside.call("GET", path_of(opened)).code == "gone"
    assert inside.call("GET", path_of(opened)[:-1] + "A").code == "not_found"


def test_a_link_lives_ten_minutes(inside: DaemonInside) -> None:
    world = a_world(inside)
    kept, lost = (linked(inside, world, f"{world.message}/raw") for _ in range(2))
    inside.clock.advance(seconds=599)
    assert inside.call("POST", kept["path"]).status == 200
    inside.clock.advance(seconds=1)
    assert inside.call("POST", lost["path"]).status == 410


def test_making_a_link_is_a_change_with_its_line(daemon: RunningDaemon, world: World, message: str) -> None:
    before = audit_head(daemon)
    answer = daemon.call("GET", f"/v1/messages/{message}/raw?link=true", key=world.agent_key, headers=RECEIPT)
    line, link = answer.json["audit"], answer.json["link"]
    assert answer.json["data"] == link
    assert answer.headers["X-Postern-Audit"] == str(line["seq"]) == str(before + 1)
    assert (line["action"], line["target"]) == ("rest:link:create", link["id"])
    row = daemon.operator("GET", f"/v1/links/{link['id']}").json
    assert (row["target"], row["purpose"], row["issuer"]) == (f"{message}/raw", "download", f"agent:{world.agent}")
    plain = get(daemon, world, f"{message}/raw?link=true")
    assert set(plain.json) == {"id", "url", "purpose", "expires_at"}
    assert plain.headers["X-Postern-Audit"] == str(before + 2)


def test_a_person_gets_a_page_with_a_button_and_then_the_file(
    daemon: RunningDaemon, world: World, message: str
) -> None:
    link = linked(daemon, world, f"{message}/raw")
    page = daemon.call("GET", link["path"], headers=PAGE)
    assert page.status == 200
    assert "Download the file" in page.body.decode()
    sent = daemon.call("POST", link["path"], headers=PAGE)
    assert (sent.status, sent.body) == (303, b"")
    assert sent.headers["Location"].startswith("../d/")
    assert sent.headers["Cache-Control"] == "no-store"
    file = daemon.call("GET", sent.headers["Location"].removeprefix(".."), headers=PAGE)
    assert (file.status, file.headers["Content-Type"]) == (200, "message/rfc822")
    again = daemon.call("POST", link["path"], headers=PAGE)
    assert (again.status, again.headers["Content-Type"]) == (410, "text/html; charset=utf-8")


def test_of_many_racers_one_gets_the_download(daemon: RunningDaemon, world: World, message: str) -> None:
    link = linked(daemon, world, f"{message}/attachments/1")
    answers = at_once(16, lambda _: daemon.call("POST", link["path"]))
    assert sorted(answer.status for answer in answers) == [200] + [410] * 15


def test_the_two_kinds_of_tokens_are_not_each_other(daemon: RunningDaemon, world: World, message: str) -> None:
    link = linked(daemon, world, f"{message}/raw")
    assert daemon.call("GET", link["path"].replace("/l/", "/d/")).status == 404
    opened = path_of(daemon.call("POST", link["path"]))
    for method in ("GET", "POST"):
        assert daemon.call(method, opened.replace("/d/", "/l/")).status == 404
    assert daemon.call("POST", opened).status == 405


@pytest.mark.parametrize("end", ["message", "inbox", "key", "agent", "tenant", "link"])
def test_a_link_and_its_download_end_with_what_they_stand_on(daemon: RunningDaemon, end: str) -> None:
    world = a_world(daemon, "Ending")
    key = world.agent_key
    spent, unspent = (linked(daemon, world, f"{world.message}/attachments/0") for _ in range(2))
    opened = daemon.call("POST", spent["path"])
    assert daemon.call("GET", path_of(opened)).status == 200
    enders = {
        "message": lambda: daemon.call("DELETE", f"/v1/messages/{world.message}", key=key),
        "inbox": lambda: daemon.call("DELETE", f"/v1/inboxes/{world.inbox}", key=key),
        "key": lambda: daemon.operator("DELETE", f"/v1/agent-keys/{world.agent_key_id}"),
        "agent": lambda: daemon.operator("PATCH", f"/v1/agents/{world.agent}", {"disabled": True}),
        "tenant": lambda: daemon.operator("PATCH", f"/v1/tenants/{world.tenant}", {"suspended": True}),
        "link": lambda: [daemon.operator("DELETE", f"/v1/links/{one['id']}") for one in (spent, unspent)][-1],
    }
    assert enders[end]().status == 200
    assert daemon.call("GET", path_of(opened)).code == "gone"
    assert daemon.call("POST", unspent["path"]).code == "gone"


def test_nobody_makes_a_link_to_anothers_mail(daemon: RunningDaemon, world: World, message: str) -> None:
    other = key_with(daemon, world, "mailbox:read")
    before = audit_head(daemon)
    for path in ("raw", "attachments/0"):
        answer = daemon.call("GET", f"/v1/messages/{message}/{path}?link=true", key=other)
        assert (answer.status, answer.code) == (404, "not_found")
    assert audit_head(daemon) == before
