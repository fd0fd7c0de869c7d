"""Backups: made under load, restored whole, and found out when they are damaged."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import data, posternctl
from tests.edges.support import a_world, at_once, background, looked_up, until
from tests.support import RunningDaemon
from zones.serial import is_newer

PASSPHRASE = "correct horse battery"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[RunningDaemon]:
    running = RunningDaemon(tmp_path / "data").start()
    yield running
    if running.process is not None:
        running.stop()


def ctl(home: Path, *words: str, stdin: str | None = None) -> Any:
    """Run posternctl on a data directory; return its exit code and its document."""
    done = posternctl(*words, "--json", "--data-dir", str(home), input=stdin)
    return done.returncode, json.loads(done.stdout)


def path_of(url: str) -> str:
    return "/" + "/".join(url.rsplit("/", 2)[1:])


def restored(home: Path, file: str, target: Path, *words: str, stdin: str | None = None) -> RunningDaemon:
    """Restore a backup, add the master key of the daemon that made it, and start a daemon on it."""
    code, found = ctl(target, "backup", "restore", file, *words, stdin=stdin)
    assert code == 0, found
    shutil.copy(home / "master.key", target / "master.key")
    return RunningDaemon(target).start()


def test_a_backup_holds_everything_acknowledged_before_its_moment(daemon: RunningDaemon, tmp_path: Path) -> None:
    key = daemon.agent(max_mailboxes=5_000)["agent_key"]
    made: list[str] = []
    stop = False

    def write() -> None:
        while not stop:
            made.append(daemon.inbox(key)["address"])
            daemon.deliver(made[-1])

    writers = [background(write) for _ in range(3)]
    try:
        until(lambda: daemon.operator("GET", "/v1/stats").json["inboxes"] > 5)
        backups = []
        for number in range(3):
            before = list(made)
            code, found = ctl(daemon.data_dir, "backup", "create", "--output", str(tmp_path / f"{number}.backup"))
            assert code == 0, found
            backups.append((found, before))
    finally:
        stop = True
    for writer in writers:
        writer.result(30)
    for number, (found, before) in enumerate(backups):
        file = tmp_path / f"{number}.backup"
        assert found["link"]["purpose"] == "download"
        assert found["data"]["file"] == str(file)
        code, verified = ctl(daemon.data_dir, "backup", "verify", str(file))
        assert (code, verified["data"]["ok"], verified["data"]["signatures_checked"]) == (0, True, True)
        assert verified["data"]["audit_lines"] == found["data"]["audit_seq"]
        again = restored(daemon.data_dir, str(file), tmp_path / f"restored-{number}")
        try:
            for address in before:
                assert again.operator("GET", f"/v1/inboxes/{address}").status == 200
            assert again.operator("GET", "/v1/audit/verify").json["ok"]
            # No change without its line, and no line without its change.
            created = looked_up(
                again, "SELECT json_extract(line, '$.target') FROM audit WHERE line LIKE '%:inbox:create%'"
            )
            assert sorted(created) == sorted(looked_up(again, "SELECT id FROM inboxes"))
        finally:
            again.stop()


def test_any_flipped_byte_is_found(daemon: RunningDaemon, tmp_path: Path) -> None:
    a_world(daemon)
    file = tmp_path / "whole.backup"
    ctl(daemon.data_dir, "backup", "create", "--output", str(file))
    whole = file.read_bytes()
    for at in (0, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        (broken := tmp_path / f"broken-{at}").write_bytes(damaged)
        code, found = ctl(daemon.data_dir, "backup", "verify", str(broken))
        assert code == 1
        assert "error" in found
        code, found = ctl(tmp_path / f"target-{at}", "backup", "restore", str(broken))
        assert code == 1
        assert not (tmp_path / f"target-{at}" / "postern.db").exists()


def test_encrypted_it_opens_with_its_passphrase_alone(daemon: RunningDaemon, tmp_path: Path) -> None:
    world, file = a_world(daemon), str(tmp_path / "sealed.backup")
    words = ("backup", "create", "--passphrase-stdin", "--output", file)
    code, found = ctl(daemon.data_dir, *words, stdin=PASSPHRASE + "\n")
    assert (code, found["data"]["encrypted"]) == (0, True)
    assert world.subject.encode() not in Path(file).read_bytes()
    assert ctl(daemon.data_dir, "backup", "verify", file)[1]["error"]["message"].startswith("Nobody is here to type")
    verify = ("backup", "verify", file, "--passphrase-stdin")
    code, wrong = ctl(daemon.data_dir, *verify, stdin="another one\n")
    assert code == 1
    assert "passphrase is wrong" in wrong["error"]["message"]
    assert ctl(daemon.data_dir, *verify, stdin=PASSPHRASE + "\n")[1]["data"]["ok"]
    again = restored(daemon.data_dir, file, tmp_path / "r", "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    assert again.call("GET", "/v1/whoami", key=world.agent_key).json["agent_id"] == world.agent
    again.stop()


def test_what_secondaries_saw_since_the_backup_is_older_than_what_is_restored(
    daemon: RunningDaemon, tmp_path: Path
) -> None:
    def serials(of: RunningDaemon) -> dict[str, int]:
        return {zone["name"]: zone["serial"] for zone in of.operator("GET", "/v1/zones").json["data"]}

    file = str(tmp_path / "old.backup")
    assert ctl(daemon.data_dir, "backup", "create", "--output", file)[0] == 0
    for zone in serials(daemon):
        for number in range(30):  # in far less than so many seconds
            record = {"name": "host", "type": "A", "data": [f"192.0.2.{number}"]}
            assert daemon.operator("PUT", f"/v1/zones/{zone}/records", record).status == 200
    seen = serials(daemon)
    assert daemon.stop() == 0

    again = restored(daemon.data_dir, file, tmp_path / "restored")
    now = serials(again)
    assert again.stop() == 0
    assert now.keys() == seen.keys()
    assert all(is_newer(now[zone], seen[zone]) for zone in seen), (now, seen)
    started = again.start()
    assert serials(started) == now, "a start by itself changes nothing"
    assert started.stop() == 0


def test_a_restore_replaces_nothing(daemon: RunningDaemon, tmp_path: Path) -> None:
    file = str(tmp_path / "one.backup")
    ctl(daemon.data_dir, "backup", "create", "--output", file)
    code, found = ctl(daemon.data_dir, "backup", "restore", file)
    assert (code, "Another daemon runs" in found["error"]["message"]) == (1, True)
    daemon.stop()
    code, found = ctl(daemon.data_dir, "backup", "restore", file)
    assert (code, "is there already" in found["error"]["message"]) == (1, True)


def test_a_tampered_log_is_found_in_a_backup_that_is_whole(daemon: RunningDaemon, tmp_path: Path) -> None:
    a_world(daemon)
    daemon.stop()
    with closing(sqlite3.connect(daemon.data_dir / "postern.db")) as conn:
        conn.execute("DROP TRIGGER audit_no_update")
        conn.execute("UPDATE audit SET line = replace(line, 'tenant:create', 'tenant:crEate') WHERE seq = 1")
        conn.commit()
    daemon.start()
    file = str(tmp_path / "tampered.backup")
    ctl(daemon.data_dir, "backup", "create", "--output", file)
    code, found = ctl(daemon.data_dir, "backup", "verify", file)
    assert code == 1
    assert "the audit chain is broken at line 1" in found["error"]["message"]


def test_its_link_opens_once_and_yields_the_file(daemon: RunningDaemon) -> None:
    _, made = ctl(daemon.data_dir, "backup", "create")
    opened = daemon.call("POST", path_of(made["link"]["url"]))
    assert opened.status == 200
    content = daemon.call("GET", path_of(opened.json["download"]["url"]))
    assert content.body == Path(made["data"]["file"]).read_bytes()
    part = daemon.call("GET", path_of(opened.json["download"]["url"]), headers={"Range": "bytes=2-5"})
    assert (part.status, part.body) == (206, content.body[2:6])
    assert daemon.call("POST", path_of(made["link"]["url"])).status == 410
    assert ctl(daemon.data_dir, "backup", "delete", made["data"]["id"])[0] == 0
    assert daemon.call("GET", path_of(opened.json["download"]["url"])).status == 410
    assert ctl(daemon.data_dir, "backup", "list")[1] == {"data": []}


def test_backups_are_made_one_at_a_time_and_leave_nothing_behind(daemon: RunningDaemon) -> None:
    answers = at_once(4, lambda _: daemon.operator("POST", "/v1/backups", {}))
    assert [one.status for one in answers] == [201] * 4
    place = daemon.data_dir / "backups"
    assert len(list(place.iterdir())) == 4
    assert {path.suffix for path in place.iterdir()} == {".postern-backup"}
    listed = data(posternctl("backup", "list", "--json", "--data-dir", str(daemon.data_dir)))
    assert {one["id"] for one in listed} == {one.json["id"] for one in answers}


def test_keys_are_rotated_and_recovered(daemon: RunningDaemon, tmp_path: Path) -> None:
    world = a_world(daemon)
    home = daemon.data_dir
    minted = daemon.operator(
        "POST", "/v1/enrollment-tokens", minted_key(world.tenant), headers={"Prefer": "receipt"}
    ).json
    before = ctl(home, "keyring", "show")[1]["data"]
    assert before["keys"][0]["sealed_values"] > 0
    code, rotated = ctl(home, "keyring", "rotate")
    assert code == 0, rotated
    after = rotated["data"]
    assert (after["current"] != before["current"], len(after["keys"])) == (True, 2)
    assert [one["sealed_values"] > 0 for one in after["keys"]] == [False, True]
    # What was sealed and signed before opens and verifies.
    assert daemon.call("POST", path_of(minted["link"]["url"])).json["secret"].startswith("pk_enroll_")
    daemon.stop()
    file = str(tmp_path / "recovery")
    assert ctl(home, "keyring", "recovery", file, "--passphrase-stdin", stdin=PASSPHRASE + "\n")[0] == 0
    (home / "master.key").unlink()
    code, told = ctl(home, "keyring", "recover", file, "--passphrase-stdin", stdin="not that one\n")
    assert (code, "passphrase is wrong" in told["error"]["message"]) == (1, True)
    assert ctl(home, "keyring", "recover", file, "--passphrase-stdin", stdin=PASSPHRASE + "\n")[0] == 0
    daemon.start()
    assert daemon.operator("GET", "/v1/keyring").json["current"] == after["current"]
    assert daemon.operator("GET", "/v1/audit/verify").json["ok"]


def minted_key(tenant: str) -> dict[str, Any]:
    return {"tenant_id": tenant, "label": "x", "scopes": ["mailbox:create"], "max_mailboxes": 1}
