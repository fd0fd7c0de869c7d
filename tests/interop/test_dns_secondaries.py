"""Real name servers as secondaries and as a parent: Knot DNS, BIND and NSD on loopback addresses of their own."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.dns.support import EXAMPLE, HOST, DnsProcess, free_port, zone
from tests.support import cannot_run
from zones.zone import with_serial

pytestmark = pytest.mark.interop
SECRET = base64.b64encode(b"a shared secret of 32 octets....").decode()
WRONG = base64.b64encode(b"another secret of 32 octets.....").decode()
SECONDARY, PARENT = "127.0.0.2", "127.0.0.3"
NAME = "example.test."
START_MAX_SECONDS, NOTIFIED_MAX_SECONDS = 60.0, 30.0

Config = Callable[[Path, int, int, str], list[str]]


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        cannot_run(f"{name} is not installed")
    return found


def knot(home: Path, port: int, primary: int, secret: str) -> list[str]:
    (home / "db").mkdir()
    (home / "conf").write_text(f"""\
server:
    rundir: {home}
    listen: {SECONDARY}@{port}
database:
    storage: {home}/db
log:
  - target: stderr
    any: info
key:
  - id: secondary
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: primary
    address: {HOST}@{primary}
    via: {SECONDARY}
    key: secondary
acl:
  - id: notified
    address: 127.0.0.0/8
    key: secondary
    action: notify
zone:
  - domain: {NAME}
    master: primary
    acl: notified
    storage: {home}
""")
    return [_program("knotd"), "-c", str(home / "conf")]


def bind(home: Path, port: int, primary: int, secret: str) -> list[str]:
    (home / "conf").write_text(f"""\
options {{ directory "{home}"; listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }}; pid-file "{home}/pid";
  session-keyfile "{home}/key"; recursion no; notify no; empty-zones-enable no; dnssec-validation no; }};
controls {{ }};
key secondary {{ algorithm hmac-sha256; secret "{secret}"; }};
zone "{NAME}" {{ type secondary; file "zone"; primaries {{ {HOST} port {primary} key secondary; }};
  allow-notify {{ key secondary; }}; }};
""")
    return [_program("named"), "-g", "-n", "1", "-c", str(home / "conf")]


@contextlib.contextmanager
def running(words: list[str], home: Path) -> Iterator[Path]:
    """Run a server; yield its log."""
    log = home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, cwd=home)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(START_MAX_SECONDS)


def serial_at(host: str, port: int) -> int | None:
    """Return the serial that a server answers with authority, or None."""
    try:
        answer = dns.query.udp(dns.message.make_query(NAME, "SOA"), host, port=port, timeout=0.2)
    except (dns.exception.Timeout, OSError):
        return None
    return answer.answer[0][0].serial if answer.rcode() == 0 and answer.answer else None


def until(condition: Callable[[], bool], seconds: float, log: Path) -> float:
    """Wait until something holds; return how long it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, log.read_text()[-4000:]
    return time.monotonic() - begun


@pytest.fixture
def primary(tmp_path: Path) -> Iterator[DnsProcess]:
    home = tmp_path / "primary"
    home.mkdir()
    server = DnsProcess(home).start()
    server.ask("keys", keys={"secondary": SECRET})
    yield server
    server.stop()


LISTENS_AT: dict[Config, str] = {knot: SECONDARY, bind: HOST}  # BIND takes only addresses that an interface has


def tell(primary: DnsProcess, host: str, port: int) -> None:
    primary.ask(
        "secondaries",
        zone=NAME,
        allow=[{"key": "secondary", "networks": [f"{host}/32"]}],
        notify=[{"host": host, "port": port, "key": "secondary"}],
    )


@pytest.mark.parametrize("config", [knot, bind])
def test_a_secondary_has_the_zone_and_follows_it(primary: DnsProcess, config: Config, tmp_path: Path) -> None:
    host = LISTENS_AT[config]
    port = free_port(host)
    tell(primary, host, port)
    primary.feed(zone())
    with running(config(tmp_path, port, primary.port, SECRET), tmp_path) as log:
        until(lambda: serial_at(host, port) == 1, START_MAX_SECONDS, log)
        for serial in range(2, 6):
            changed = with_serial(zone(EXAMPLE + f"new{serial} A 192.0.2.{serial}\n"), serial)
            primary.put(changed)
            took = until(lambda: serial_at(host, port) == serial, NOTIFIED_MAX_SECONDS, log)  # noqa: B023
            assert took < NOTIFIED_MAX_SECONDS
        for name, rrtype in (("new5", "A"), ("new4", "A"), ("web", "HTTPS"), ("txt97", "TYPE97"), ("long", "TXT")):
            asked = dns.message.make_query(f"{name}.{NAME}", rrtype, use_edns=0, payload=4096)
            ours = dns.query.tcp(asked, HOST, port=primary.port, timeout=5)
            theirs = dns.query.tcp(asked, host, port=port, timeout=5)
            assert ours.answer == theirs.answer, name
            assert bool(ours.answer) == (name != "new4")
        until(lambda: primary.ask("stats")["notify"][NAME][0]["heard"], NOTIFIED_MAX_SECONDS, log)
    told = log.read_text().lower()
    assert "ixfr" in told or " 6 records" in told, "what changed, not the whole zone"


@pytest.mark.parametrize("config", [knot, bind])
def test_a_secondary_with_a_wrong_key_gets_nothing(primary: DnsProcess, config: Config, tmp_path: Path) -> None:
    host = LISTENS_AT[config]
    port = free_port(host)
    tell(primary, host, port)
    primary.feed(zone())
    with running(config(tmp_path, port, primary.port, WRONG), tmp_path) as log:
        refused = ("badsig", "notauth", "not auth", "tsig", "failed to verify")
        until(lambda: any(word in log.read_text().lower() for word in refused), START_MAX_SECONDS, log)
        assert serial_at(host, port) is None


def test_a_resolver_finds_us_through_a_real_parent(primary: DnsProcess, tmp_path: Path) -> None:
    """As `dig +trace` goes: from the parent's referral to our answer."""
    port = free_port(PARENT)
    (tmp_path / "test.zone").write_text(
        "$TTL 60\n@ SOA ns.test. h.test. 1 14400 3600 1209600 60\n@ NS ns\nns A 127.0.0.3\n"
        f"example NS ns1.example\nns1.example A {HOST}\n"
    )
    (tmp_path / "conf").write_text(
        f'server:\n ip-address: {PARENT}@{port}\n username: ""\n zonesdir: "{tmp_path}"\n pidfile: "{tmp_path}/pid"\n'
        f' xfrdfile: "{tmp_path}/xfrd"\n zonelistfile: "{tmp_path}/list"\n database: ""\n xfrdir: "{tmp_path}"\n'
        'remote-control:\n control-enable: no\nzone:\n name: "test"\n zonefile: "test.zone"\n'
    )
    primary.feed(zone(EXAMPLE.replace("192.0.2.1\n", f"{HOST}\n")))
    asked = dns.message.make_query("mx.example.test", "A", use_edns=0, payload=1232)

    def ask(host: str, at: int) -> dns.message.Message | None:
        with contextlib.suppress(dns.exception.Timeout, OSError):
            return dns.query.udp(asked, host, port=at, timeout=0.5)
        return None

    with running([_program("nsd"), "-d", "-c", str(tmp_path / "conf")], tmp_path) as log:
        until(lambda: ask(PARENT, port) is not None, START_MAX_SECONDS, log)
        referral = ask(PARENT, port)
        assert referral is not None
        assert not referral.flags & dns.flags.AA
        [delegation] = referral.authority
        [glue] = referral.additional
        assert (delegation[0].target, glue[0].address) == (glue.name, HOST)
        answer = ask(glue[0].address, primary.port)
        assert answer is not None
        assert answer.flags & dns.flags.AA
        assert answer.answer[0][0].address == "192.0.2.25"
        ours = ask(HOST, primary.port)
        assert ours is not None
        at_apex = dns.query.udp(dns.message.make_query(NAME, "NS"), HOST, port=primary.port, timeout=5)
        assert delegation[0] in at_apex.answer[0], "the child agrees that this is its name server"
