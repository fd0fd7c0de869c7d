from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from daemon.__main__ import main
from daemon.audit import GENESIS, chained
from tests.conftest import Start
from tests.edges.support import a_world, until
from tests.support import RunningDaemon

BAD_SEQ = 5


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> RunningDaemon:
    """A daemon that did some work, signed a checkpoint in the middle and stopped."""
    daemon = RunningDaemon(tmp_path_factory.mktemp("audit") / "data").start()
    a_world(daemon)
    kept = daemon.operator("POST", "/v1/audit/checkpoints").json
    (daemon.data_dir.parent / "kept.json").write_text(json.dumps(kept))
    a_world(daemon)
    daemon.stop()
    return daemon


@pytest.fixture
def home(stopped: RunningDaemon, tmp_path: Path) -> Path:
    """A copy of its data directory, to tamper with."""
    return Path(shutil.copytree(stopped.data_dir, tmp_path / "data"))


@pytest.fixture
def kept(stopped: RunningDaemon) -> Path:
    return stopped.data_dir.parent / "kept.json"


def tamper(home: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    """Change the file as somebody who owns it could: without the triggers."""
    with closing(sqlite3.connect(home / "postern.db")) as conn:
        for table in ("audit", "audit_checkpoints"):
            for verb in ("update", "delete"):
                conn.execute(f"DROP TRIGGER {table}_no_{verb}")
        for statement in statements:
            conn.execute(statement, values)
        conn.commit()


def verify(home: Path, *arguments: str) -> dict[str, Any]:
    """Run the proof offline, as `python -m daemon audit-verify` does; its exit code says the same as its answer."""
    with redirect_stdout(StringIO()) as out:
        code = main(["audit-verify", "--data-dir", str(home), *arguments])
    answer: dict[str, Any] = json.loads(out.getvalue())
    assert code == (0 if answer["ok"] else 1)
    return answer


def lines(home: Path) -> list[tuple[int, str, str, str]]:
    with closing(sqlite3.connect(home / "postern.db")) as conn:
        return conn.execute("SELECT seq, line, prev, hash FROM audit ORDER BY seq").fetchall()


def test_an_untouched_log_holds(home: Path, kept: Path) -> None:
    for arguments in ([], ["--checkpoint", str(kept)]):
        answer = verify(home, *arguments)
        assert (answer["ok"], answer["first_bad_seq"], answer["reason"]) == (True, None, None)
        assert answer["lines"] == len(lines(home)) > 2 * BAD_SEQ
        assert answer["head"] == lines(home)[-1][3]


EDITS: dict[str, tuple[str, tuple[object, ...]]] = {
    "a byte of the line": ("UPDATE audit SET line = replace(line, 'ok', 'ko') WHERE seq = 5", ()),
    "a space": ("UPDATE audit SET line = line || ' ' WHERE seq = 5", ()),
    "no text any more": ("UPDATE audit SET line = CAST(x'ff00fe' AS TEXT) WHERE seq = 5", ()),
    "a blob": ("UPDATE audit SET line = CAST(line AS BLOB) WHERE seq = 5", ()),
    "a number": ("UPDATE audit SET line = 7 WHERE seq = 5", ()),
    "the hash": ("UPDATE audit SET hash = ? WHERE seq = 5", ("0" * 64,)),
    "the hash, no text any more": ("UPDATE audit SET hash = CAST(x'ff' AS TEXT) WHERE seq = 5", ()),
    "the hash, a blob": ("UPDATE audit SET hash = x'00' WHERE seq = 5", ()),
    "the previous hash": ("UPDATE audit SET prev = ? WHERE seq = 5", ("f" * 64,)),
    "a line removed": ("DELETE FROM audit WHERE seq = 5", ()),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_tampered_line_is_named(what: str, home: Path) -> None:
    statement, values = EDITS[what]
    tamper(home, statement, values=values)
    answer = verify(home)
    assert (answer["ok"], answer["first_bad_seq"]) == (False, BAD_SEQ)
    assert str(BAD_SEQ) in answer["reason"]


def test_any_byte_counts(home: Path) -> None:
    line = lines(home)[BAD_SEQ - 1][1]
    for position in range(0, len(line), 17):
        tampered = line[:position] + chr(ord(line[position]) ^ 1) + line[position + 1 :]
        with closing(sqlite3.connect(home / "postern.db")) as conn:
            conn.execute("DROP TRIGGER IF EXISTS audit_no_update")
            conn.execute("UPDATE audit SET line = ? WHERE seq = ?", (tampered, BAD_SEQ))
            conn.commit()
        assert verify(home)["first_bad_seq"] == BAD_SEQ


def test_two_lines_swapped_are_named(home: Path) -> None:
    old = {seq: rest for seq, *rest in lines(home)}
    for here, there in ((5, 6), (6, 5)):
        with closing(sqlite3.connect(home / "postern.db")) as conn:
            conn.execute("DROP TRIGGER IF EXISTS audit_no_update")
            statement = "UPDATE audit SET line = ?, prev = ?, hash = ? WHERE seq = ?"
            conn.execute(statement, (*old[there], here))
            conn.commit()
    assert verify(home)["first_bad_seq"] == 5


def test_lines_cut_off_after_a_checkpoint_are_named(home: Path, kept: Path) -> None:
    size = json.loads(kept.read_text())["size"]
    tamper(home, f"DELETE FROM audit WHERE seq >= {size}")
    answer = verify(home)
    assert (answer["ok"], answer["first_bad_seq"]) == (False, size)
    assert "cut off" in answer["reason"]


def test_lines_cut_off_with_their_checkpoints_show_against_one_kept_elsewhere(home: Path, kept: Path) -> None:
    size = json.loads(kept.read_text())["size"]
    tamper(home, f"DELETE FROM audit WHERE seq >= {size}", "DELETE FROM audit_checkpoints")
    assert verify(home)["ok"] is True, "nothing in the file can tell"
    assert verify(home, "--checkpoint", str(kept))["first_bad_seq"] == size


def rewrite(home: Path, change: Callable[[int, str], str]) -> None:
    """Write the whole log anew, with right hashes."""
    prev, anew = GENESIS, []
    for seq, line, _, _ in lines(home):
        digest = chained(prev, change(seq, line))
        anew.append((change(seq, line), prev, digest, seq))
        prev = digest
    tamper(home)
    with closing(sqlite3.connect(home / "postern.db")) as conn:
        conn.executemany("UPDATE audit SET line = ?, prev = ?, hash = ? WHERE seq = ?", anew)
        conn.commit()


def test_a_log_rewritten_with_right_hashes_shows_against_a_checkpoint(home: Path, kept: Path) -> None:
    rewrite(home, lambda seq, line: line.replace('"ok"', '"refused"') if seq == 2 else line)
    size = json.loads(kept.read_text())["size"]
    assert verify(home)["first_bad_seq"] == size
    with closing(sqlite3.connect(home / "postern.db")) as conn:
        conn.execute("DELETE FROM audit_checkpoints")
        conn.commit()
    assert verify(home)["ok"] is True, "nothing in the file can tell"
    answer = verify(home, "--checkpoint", str(kept))
    assert (answer["ok"], answer["first_bad_seq"]) == (False, size)


def test_a_checkpoint_that_was_altered_or_is_of_another_key_does_not_hold(
    home: Path, tmp_path: Path, kept: Path
) -> None:
    genuine = json.loads(kept.read_text())
    for field, value in (("signature", "00" * 64), ("head", "0" * 64), ("public_key", "11" * 32), ("signature", "zz")):
        forged = tmp_path / "forged.json"
        forged.write_text(json.dumps(genuine | {field: value}))
        assert verify(home, "--checkpoint", str(forged))["ok"] is False
    tamper(home, "UPDATE audit_checkpoints SET signature = replace(signature, 'a', 'b')")
    assert verify(home)["first_bad_seq"] == genuine["size"]


def test_the_daemon_starts_with_a_broken_log_says_so_and_works_on(home: Path, start: Start) -> None:
    tamper(home, "UPDATE audit SET line = CAST(x'ff00fe' AS TEXT) WHERE seq = (SELECT max(seq) FROM audit)")
    last = count(home)
    daemon = start(DATA_DIR=str(home))
    until(lambda: daemon.call("GET", "/readyz").status == 503)
    assert f"broken at line {last}" in daemon.call("GET", "/readyz").json["problems"][0]
    assert "audit chain broken" in daemon.log
    shown = daemon.operator("GET", "/v1/audit/verify").json
    assert (shown["ok"], shown["first_bad_seq"]) == (False, last)
    assert daemon.tenant(), "mutations go on"
    assert daemon.operator("GET", f"/v1/audit/{last}").json["entry"] == {}
    assert len(daemon.operator("GET", "/v1/audit").json["data"]) == last + 1
    assert daemon.operator("GET", "/v1/audit/verify").json["first_bad_seq"] == last


def count(home: Path) -> int:
    with closing(sqlite3.connect(home / "postern.db")) as conn:
        return int(conn.execute("SELECT count(*) FROM audit").fetchone()[0])


@pytest.mark.parametrize("table", ["audit", "audit_checkpoints"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_the_file_itself_refuses_to_change_or_forget(table: str, statement: str, home: Path) -> None:
    with (
        closing(sqlite3.connect(home / "postern.db")) as conn,
        pytest.raises(sqlite3.IntegrityError, match="only grows"),
    ):
        conn.execute(statement.format(table))


def test_what_cannot_be_checked_is_one_line(tmp_path: Path, home: Path) -> None:
    no_checkpoint = tmp_path / "x.json"
    no_checkpoint.write_text("{}")
    for arguments in (
        ["--data-dir", str(tmp_path / "nowhere")],
        ["--data-dir", str(home), "--checkpoint", str(tmp_path / "nothing.json")],
        ["--data-dir", str(home), "--checkpoint", str(no_checkpoint)],
    ):
        command = [sys.executable, "-P", "-m", "daemon", "audit-verify", *arguments]
        done = subprocess.run(command, env=RunningDaemon(home).env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
