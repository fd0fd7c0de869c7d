from __future__ import annotations

import base64
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.app import StartError
from tests.conftest import Start
from tests.inside import DaemonInside
from tests.support import RunningDaemon

KEY = "master.key"


def refusal(home: Path, **environment: str) -> str:
    """Start a daemon that must refuse; return the one line that it says."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "daemon", "run"],
        env=RunningDaemon(home).env | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("postern: ")
    return line


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """The data directory of a daemon that ran once."""
    daemon = DaemonInside(tmp_path / "used").start()
    daemon.tenant()
    daemon.stop()
    return daemon.data_dir


def key_file(key_id: str = "0a1b2c3d", octets: int = 32) -> str:
    return json.dumps({"current": key_id, "keys": {key_id: base64.b64encode(os.urandom(octets)).decode()}})


def take_away(path: Path) -> None:
    path.unlink()


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (take_away, "is missing"),
    "another": (lambda path: path.write_text(key_file()), "not the master key of this database"),
    "the right id with other bytes": (
        lambda path: path.write_text(key_file(json.loads(path.read_text())["current"])),
        "not the master key of this database",
    ),
    "readable by the group": (lambda path: path.chmod(0o640), "chmod 600"),
    "readable by all": (lambda path: path.chmod(0o604), "chmod 600"),
    "too short": (lambda path: path.write_text(key_file(octets=16)), "no master key file"),
    "no JSON": (lambda path: path.write_text("secret"), "no master key file"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe"), "no master key file"),
    "of another form": (lambda path: path.write_text('{"current": 1, "keys": []}'), "no master key file"),
    "with an id that no link can carry": (lambda path: path.write_text(key_file("prod")), "no master key file"),
    "a directory": (make_directory, "cannot be read"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_master_key_that_is_wrong_refuses_to_start_and_stays_as_it_is(what: str, used: Path) -> None:
    spoil, told = WRONG[what]
    key = used / KEY
    spoil(key)
    before = key.read_bytes() if key.is_file() else None
    with pytest.raises(StartError, match=re.escape(str(key))) as refused:
        DaemonInside(used).start()
    assert told in str(refused.value)
    assert (key.read_bytes() if key.is_file() else None) == before


def test_a_refusal_is_one_line_and_exit_code_1(used: Path) -> None:
    (used / KEY).chmod(0o644)
    assert refusal(used).endswith(f"chmod 600 {used / KEY}")


def test_everything_in_the_data_directory_is_its_owners_alone(start: Start) -> None:
    daemon = start()
    daemon.inbox(daemon.agent()["agent_key"])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in daemon.data_dir.iterdir()}
    assert stat.S_IMODE(daemon.data_dir.stat().st_mode) == 0o700
    assert {"postern.db", "postern.db-wal", "postern.db-shm", "postern.sock", KEY, "daemon.lock"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_a_systemd_credential_comes_before_the_file(
    used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (used / KEY).rename(credentials / "postern-master-key")
    (credentials / "postern-master-key").chmod(0o440)  # as systemd hands it out
    (used / KEY).write_text(key_file())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    DaemonInside(used).start().stop()


def test_a_second_daemon_in_one_directory_refuses(inside: DaemonInside) -> None:
    with pytest.raises(StartError, match="Another daemon runs in"):
        DaemonInside(inside.data_dir).start()
    assert inside.operator("GET", "/v1/stats").status == 200, "the first one still has its socket"


@pytest.mark.parametrize("name", ["HTTP", "SMTP", "LMTP"])
def test_a_taken_port_refuses_to_start(name: str, inside: DaemonInside, tmp_path: Path) -> None:
    taken = inside.ready["http" if name == "HTTP" else "smtp"]
    with pytest.raises(StartError, match=f"Cannot listen on {taken}"):
        DaemonInside(tmp_path / "other", {f"{name}_LISTEN": taken}).start()


def test_a_file_that_is_no_database_refuses_to_start(used: Path) -> None:
    (used / "postern.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(StartError, match="cannot be used"):
        DaemonInside(used).start()


@pytest.mark.parametrize(
    "spoil", [lambda path: path.symlink_to("/nowhere/postern.db"), Path.mkdir], ids=["link", "dir"]
)
def test_whatever_stands_in_the_databases_place_refuses_to_start(
    spoil: Callable[[Path], object], tmp_path: Path
) -> None:
    home = tmp_path / "data"
    home.mkdir(mode=0o700)
    spoil(home / "postern.db")
    with pytest.raises(StartError, match=re.escape("postern.db cannot be used")):
        DaemonInside(home).start()


def test_a_directory_in_the_control_sockets_place_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "data" / "postern.sock").mkdir(parents=True)
    (tmp_path / "data").chmod(0o700)
    with pytest.raises(StartError, match=re.escape("postern.sock cannot be made")):
        DaemonInside(tmp_path / "data").start()


def test_a_certificate_that_is_none_refuses_to_start(tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.write_text("no PEM")
    with pytest.raises(StartError, match=re.escape(str(certificate))):
        DaemonInside(tmp_path / "data", {"TLS_CERT": str(certificate)}).start()


def test_a_wrong_setting_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "daemon", "run"],
        env=RunningDaemon(tmp_path / "data").env | {"POSTERN_HTTP_LISTEN": "nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "POSTERN_HTTP_LISTEN" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_data_directory_with_a_long_name_has_its_socket_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="run") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        daemon = DaemonInside(tmp_path / ("long" * 30) / "data").start()
        assert daemon.ready["socket"].startswith(runtime)
        assert Path(daemon.ready["socket"]).stat().st_mode & 0o777 == 0o600
        assert daemon.tenant()
        daemon.stop()


def test_a_directory_that_others_use_is_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    (shared / "somebody-elses").touch()
    assert "Choose a directory for Postern alone" in refusal(shared)
    assert shared.stat().st_mode & 0o777 == 0o755
