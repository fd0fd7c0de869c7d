"""What we sign, verified by dkimpy and OpenDKIM."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from daemon.mail.compose import File, compose, with_fields
from daemon.mail.sign import sign
from tests.mail.test_compose import BODIES, FILES, draft
from tests.mail.test_sign import AT_SECONDS, KEYS, UNSUBSCRIBE, plain, records_of
from tests.nameserver import name_server
from tests.support import cannot_run

pytestmark = pytest.mark.interop

SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's dkimpy is installed for it
DKIMPY = """
import json, sys, dkim
records, raw = json.loads(sys.argv[1]), sys.stdin.buffer.read()
find = lambda name, timeout=5: records.get(name.decode().rstrip(".") + " TXT", "").encode() or None
def passes(number):
    try:
        return dkim.DKIM(raw).verify(idx=number, dnsfunc=find)
    except dkim.ValidationError:
        return False
print(json.dumps([passes(number) for number in range(2)]))
"""
RESOLVER_HOST = "127.0.0.53"


def by_dkimpy(raw: bytes) -> list[bool]:
    records = {name: values[0] for name, values in records_of(*KEYS).items()}
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", DKIMPY, json.dumps(records)], input=raw, capture_output=True, check=True, timeout=60
    )
    said: list[bool] = json.loads(done.stdout)
    return said


@pytest.fixture(scope="module")
def dkimpy() -> None:
    command = [SYSTEM_PYTHON, "-c", "import dkim, nacl"]
    if shutil.which(SYSTEM_PYTHON) is None or subprocess.run(command, capture_output=True, check=False).returncode:
        cannot_run("python3-dkim and python3-nacl are not installed")


@pytest.mark.usefixtures("dkimpy")
def test_dkimpy_accepts_both_signatures_and_sees_a_change() -> None:
    signed = sign(plain(text="Your code is 482913.\n"), KEYS, AT_SECONDS)
    assert by_dkimpy(signed) == [True, True]
    assert by_dkimpy(signed.replace(b"482913", b"111111")) == [False, False]
    assert by_dkimpy(b"Subject: another\r\n" + signed) == [False, False]


@pytest.mark.usefixtures("dkimpy")
@given(text=BODIES, html=BODIES, files=FILES)
@settings(max_examples=15)
def test_dkimpy_accepts_whatever_is_composed(text: str | None, html: str | None, files: list[File]) -> None:
    raw = compose(draft(text=text or "", html=html, files=tuple(files)), "t" * 24)
    assert by_dkimpy(sign(with_fields(raw, UNSUBSCRIBE), KEYS, AT_SECONDS)) == [True, True]


@pytest.fixture
def opendkim(program: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[[bytes], str]]:
    """Return what OpenDKIM says of a mail: nothing when it is content. It asks the system's resolver, so it is given
    one of its own in a mount namespace."""
    verifier, unshare = program("opendkim-testmsg"), program("unshare")
    if os.geteuid() != 0:
        cannot_run("opendkim-testmsg is given a resolver of its own, which takes root")
    resolv = tmp_path / "resolv.conf"
    resolv.write_text(f"nameserver {RESOLVER_HOST}\n")
    script = f'mount --bind {resolv} /etc/resolv.conf && exec "$@"'

    def verify(raw: bytes) -> str:
        done = subprocess.run(
            [unshare, "--mount", "sh", "-c", script, "sh", verifier, "-t", str(tmp_path)],
            input=raw,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return (done.stdout + done.stderr).decode()

    with name_server(records_of(*KEYS), at=(RESOLVER_HOST, 53), ours=False):
        yield verify


@pytest.mark.parametrize("key", KEYS, ids=["rsa", "ed25519"])
def test_opendkim_accepts_what_we_sign_and_sees_a_change(opendkim: Callable[[bytes], str], key: object) -> None:
    kinds = [one for one in KEYS if one is key]
    signed = sign(plain(text="Your code is  482913.\t\n\n\n"), kinds, AT_SECONDS)
    assert opendkim(signed) == ""
    assert opendkim(signed.replace(b"482913", b"111111")) != ""
