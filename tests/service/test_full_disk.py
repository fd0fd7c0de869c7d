from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

import daemon.service.mutations
from tests.edges.support import World, a_world, audit_head, looked_up, waiting
from tests.inside import DaemonInside
from tests.support import mail

SPARE_PAGES = 30


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[DaemonInside, World]]:
    """A daemon whose disk has room for a few pages more."""
    daemon = DaemonInside(tmp_path / "full").start()
    world = a_world(daemon)
    limit(daemon, SPARE_PAGES)
    yield daemon, world
    limit(daemon, None)
    assert daemon.call("GET", "/readyz").status == 200, "when there is room again, all is well again"
    assert daemon.tenant("After")
    assert looked_up(daemon, "PRAGMA integrity_check") == [("ok",)]
    assert daemon.operator("GET", "/v1/audit/verify").json["ok"] is True
    daemon.stop()


def limit(daemon: DaemonInside, spare: int | None) -> None:
    """Let the file grow by so many pages and no more: SQLite then says that the disk is full."""
    ((pages,),) = looked_up(daemon, "PRAGMA page_count")
    most = 1 << 30 if spare is None else pages + spare
    database = daemon.services.stats._database
    daemon.run(database.write(lambda tx: tx.conn.execute(f"PRAGMA max_page_count={most}").fetchone()[0]))


def fill(daemon: DaemonInside, world: World) -> int:
    """Send mail until no more is taken; return how many were."""
    with smtplib.SMTP(*daemon.smtp, timeout=20) as server:
        server.ehlo("x.test")
        for kept in range(1_000):
            server.mail("a@x.test")
            server.rcpt(world.address)
            code, _ = server.data(mail(world.address, text="x" * 3_000 + str(kept)))
            if code != 250:
                assert code == 451
                return kept
    raise AssertionError("the disk was never full")


def test_mail_that_cannot_be_kept_is_451_and_nothing_is_half_written(full: tuple[DaemonInside, World]) -> None:
    daemon, world = full
    wait = waiting(daemon, world.address, world.agent_key, subject="never")
    kept = fill(daemon, world)
    assert kept > 0
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages?limit=200", key=world.agent_key).json["data"]
    assert len(listed) == kept + 1
    counts = [looked_up(daemon, f"SELECT count(*) FROM {table}")[0][0] for table in ("messages", "raws", "threads")]
    assert counts == [kept + 1] * 3
    ((events,),) = looked_up(daemon, "SELECT count(*) FROM events")
    assert events == kept + 1
    assert not wait.done()
    daemon.call("DELETE", f"/v1/inboxes/{world.inbox}", key=world.agent_key)


def test_mutations_are_503_and_reads_go_on(full: tuple[DaemonInside, World]) -> None:
    daemon, world = full
    fill(daemon, world)
    before = audit_head(daemon)
    refused = daemon.operator("POST", "/v1/tenants", {"name": "No room"})
    while refused.status == 201:
        before += 1
        refused = daemon.operator("POST", "/v1/tenants", {"name": "No room"})
    assert (refused.status, refused.code) == (503, "backend_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert audit_head(daemon) == before
    for path in ("/v1/whoami", f"/v1/messages/{world.message}", f"/v1/messages/{world.message}/raw"):
        assert daemon.call("GET", path, key=world.agent_key).status == 200
    assert daemon.operator("GET", "/v1/audit").status == 200


def test_a_change_whose_line_cannot_be_written_does_not_happen(
    inside: DaemonInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world(inside)
    before = audit_head(inside)

    def fails(*arguments: object) -> None:
        raise RuntimeError("the audit log cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(daemon.service.mutations, "append", fails)
        assert inside.operator("POST", "/v1/tenants", {"name": "Unrecorded"}).status == 500
        assert inside.call("POST", "/v1/inboxes", {"client_id": "x"}, key=world.agent_key).status == 500
        assert inside.call("DELETE", f"/v1/inboxes/{world.inbox}", key=world.agent_key).status == 500
        assert inside.operator("PATCH", f"/v1/agents/{world.agent}", {"disabled": True}).status == 500
    assert audit_head(inside) == before
    assert "Unrecorded" not in inside.operator("GET", "/v1/tenants").body.decode()
    assert inside.call("GET", "/v1/whoami", key=world.agent_key).json["mailboxes_used"] == 1
    assert inside.call("GET", f"/v1/messages/{world.message}", key=world.agent_key).status == 200
    assert inside.call("POST", "/v1/inboxes", {"client_id": "x"}, key=world.agent_key).status == 201
