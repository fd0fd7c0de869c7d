"""Zonemaster, which checks delegations for registries, finds no fault with a zone of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import cannot_run

pytestmark = pytest.mark.interop
IN_A_NETWORK_OF_ITS_OWN = ["unshare", "--map-root-user", "--net"]
CHECK_MAX_SECONDS = 300
OF_LOOPBACK = {"NAMESERVER_IP_PRIVATE_NETWORK", "Z01_MNAME_HAS_LOCALHOST_ADDR"}


def test_it_finds_no_fault(tmp_path: Path) -> None:
    for program in ("zonemaster-cli", "ip", "unshare"):
        if shutil.which(program) is None:
            cannot_run(f"{program} is not installed")
    if subprocess.run([*IN_A_NETWORK_OF_ITS_OWN, "true"], capture_output=True, check=False).returncode:
        cannot_run("this machine allows no network namespaces")
    done = subprocess.run(
        [*IN_A_NETWORK_OF_ITS_OWN, sys.executable, "-m", "tests.interop.zonemaster", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=CHECK_MAX_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "NOT_SIGNED" in {one["tag"] for one in found}, "it got as far as the zone itself"
    faults = [one for one in found if one["level"] not in ("NOTICE", "INFO") and one["tag"] not in OF_LOOPBACK]
    assert not faults
