"""Domains and zones with name servers that are not ours: NSD as the parent, Knot DNS and BIND as secondaries, each set
up with what posternctl prints."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.backends.resolve import parent as parent_servers
from tests.dns.support import HOST, free_port
from tests.inside import DaemonInside
from tests.interop.test_dns_secondaries import (
    NOTIFIED_MAX_SECONDS,
    PARENT,
    SECONDARY,
    START_MAX_SECONDS,
    WRONG,
    _program,
    running,
    until,
)
from tests.nameserver import name_server

import dns.exception  # isort: skip
import dns.message  # isort: skip
import dns.query  # isort: skip

pytestmark = pytest.mark.interop
NAME = "agents.customer.test"


def ask(host: str, port: int, name: str, kind: str) -> list[str] | None:
    """Return the data that a server answers with; None: it does not answer, or not with authority."""
    try:
        answer = dns.query.udp(dns.message.make_query(name, kind), host, port=port, timeout=0.5)
    except (dns.exception.Timeout, OSError):
        return None
    return [one.to_text() for rrset in answer.answer for one in rrset] if answer.rcode() == 0 else None


def record(daemon: DaemonInside, value: str) -> str:
    """Set a record by the command line; return its new serial."""
    done = daemon.ctl("zone", "record", "set", NAME, "www", "A", value)
    assert f"+ www.{NAME}. 300 IN A {value}" in done.stdout
    [serial] = ask(HOST, port_of(daemon), NAME, "SOA") or [""]
    return serial.split()[2]


def port_of(daemon: DaemonInside) -> int:
    return int(daemon.ready["dns"].rpartition(":")[2])


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonInside]:
    with name_server({"customer.test NS": ["ns.parent.test."], "ns.parent.test A": [PARENT]}) as resolver:
        started = DaemonInside(tmp_path / "data", {"DNS_WORKERS": "1", "RESOLVER": str(resolver.at)}).start()
        try:
            started.ctl("tenant", "create", "acme")
            yield started
        finally:
            started.stop()


def test_nsd_as_the_parent_says_when_a_domain_is_delegated(
    daemon: DaemonInside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port(PARENT)
    monkeypatch.setattr(parent_servers, "PORT", port)
    zone = tmp_path / "customer.test.zone"
    head = "$TTL 60\n@ SOA ns.parent.test. h.customer.test. {serial} 14400 3600 1209600 60\n@ NS ns.parent.test.\n"
    (tmp_path / "conf").write_text(
        f'server:\n ip-address: {PARENT}@{port}\n username: ""\n zonesdir: "{tmp_path}"\n pidfile: "{tmp_path}/pid"\n'
        f' xfrdfile: "{tmp_path}/xfrd"\n zonelistfile: "{tmp_path}/list"\n database: ""\n xfrdir: "{tmp_path}"\n'
        f'remote-control:\n control-enable: no\nzone:\n name: "customer.test"\n zonefile: "{zone}"\n'
    )
    added = daemon.ctl("domain", "add", NAME, "--tenant", "acme", "--mode", "delegated").stdout
    lines = [line for line in added.splitlines() if " IN NS " in line]
    assert len(lines) == 2
    for wanted, delegation in (("pending", []), ("live", lines), ("degraded", ["agents NS ns.elsewhere.test."])):
        zone.write_text(head.format(serial=1) + "".join(f"{line}\n" for line in delegation))
        with running([_program("nsd"), "-d", "-c", str(tmp_path / "conf")], tmp_path) as log:
            until(lambda: ask(PARENT, port, "customer.test", "SOA") is not None, START_MAX_SECONDS, log)
            done = daemon.ctl("domain", "verify", NAME, check=False)
        assert f"  {wanted}" in done.stdout, done.stdout + done.stderr
        assert done.returncode == (0 if wanted == "live" else 1)


def configured(daemon: DaemonInside, server: str, host: str, port: int) -> str:
    """Add a secondary by the command line; return the configuration that it prints."""
    words = ["zone", "secondary", "add", NAME, "ns2", host, "--port", str(port), "--format", server, "--reveal"]
    printed = daemon.ctl(*words, "--primary", daemon.ready["dns"]).stdout
    return printed[printed.index("# Knot" if server == "knot" else "// BIND") :]


def knot(daemon: DaemonInside, home: Path, port: int) -> tuple[list[str], str]:
    (home / "db").mkdir()
    own = configured(daemon, "knot", SECONDARY, port)
    storage = f"    storage: {home}\n"
    (home / "conf").write_text(
        f"server:\n    rundir: {home}\n    listen: {SECONDARY}@{port}\ndatabase:\n    storage: {home}/db\n"
        f"log:\n  - target: stderr\n    any: info\n{own}{storage}"
    )
    return [_program("knotd"), "-c", str(home / "conf")], SECONDARY


def bind(daemon: DaemonInside, home: Path, port: int) -> tuple[list[str], str]:
    (home / "conf").write_text(
        f'options {{ directory "{home}"; listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }};'
        f' pid-file "{home}/pid"; session-keyfile "{home}/key"; recursion no; notify no; empty-zones-enable no;'
        f" dnssec-validation no; }};\ncontrols {{ }};\n" + configured(daemon, "bind", HOST, port)
    )
    return [_program("named"), "-g", "-n", "1", "-c", str(home / "conf")], HOST


@pytest.mark.parametrize("make", [knot, bind])
def test_a_secondary_set_up_as_printed_follows_the_zone(daemon: DaemonInside, tmp_path: Path, make: Any) -> None:
    daemon.ctl("domain", "add", NAME, "--tenant", "acme")
    record(daemon, "192.0.2.1")
    home = tmp_path / "secondary"
    home.mkdir()
    port = free_port(SECONDARY if make is knot else HOST)
    words, host = make(daemon, home, port)
    with running(words, home) as log:
        until(lambda: ask(host, port, f"www.{NAME}", "A") == ["192.0.2.1"], START_MAX_SECONDS, log)
        for number in range(2, 5):
            value = f"192.0.2.{number}"
            record(daemon, value)
            until(lambda: ask(host, port, f"www.{NAME}", "A") == [value], NOTIFIED_MAX_SECONDS, log)  # noqa: B023
        assert ask(host, port, NAME, "MX") == ask(HOST, port_of(daemon), NAME, "MX")
        told = log.read_text().lower()
        assert "ixfr" in told or " 6 records" in told, "what changed, not the whole zone"
        daemon.ctl("zone", "secondary", "remove", NAME, "ns2")
        record(daemon, "192.0.2.9")
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    conf = (home / "conf").read_text().replace(str(home), str(wrong))
    (wrong / "conf").write_text(conf)
    (wrong / "db").mkdir()
    with running([word.replace(str(home), str(wrong)) for word in words], wrong) as log:
        refused = ("badkey", "notauth", "not auth", "tsig", "failed to verify", "refused")
        until(lambda: any(word in log.read_text().lower() for word in refused), START_MAX_SECONDS, log)
        assert ask(host, port, NAME, "SOA") is None, "its key opens nothing any more"


@pytest.mark.parametrize("make", [knot, bind])
def test_a_wrong_key_gets_nothing(daemon: DaemonInside, tmp_path: Path, make: Any) -> None:
    daemon.ctl("domain", "add", NAME, "--tenant", "acme")
    port = free_port(SECONDARY if make is knot else HOST)
    words, host = make(daemon, tmp_path, port)
    conf = tmp_path / "conf"
    text, count = re.subn(r"[A-Za-z0-9+/]{43}=", WRONG, conf.read_text())
    assert count == 1
    conf.write_text(text)
    with running(words, tmp_path) as log:
        refused = ("badsig", "notauth", "not auth", "tsig", "failed to verify")
        until(lambda: any(word in log.read_text().lower() for word in refused), START_MAX_SECONDS, log)
        assert ask(host, port, NAME, "SOA") is None


def test_printed_configurations_are_what_their_checkers_take(daemon: DaemonInside, tmp_path: Path) -> None:
    daemon.ctl("domain", "add", NAME, "--tenant", "acme")
    words = ["zone", "secondary", "add", NAME, "ns2", "192.0.2.53", "--format", "nsd", "--reveal"]
    printed = daemon.ctl(*words).stdout
    (tmp_path / "nsd.conf").write_text(printed[printed.index("# NSD") :])
    checked = subprocess.run(
        [_program("nsd-checkconf"), str(tmp_path / "nsd.conf")], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
