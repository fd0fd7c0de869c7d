"""Zonemaster's checks of a zone of ours, in a network of its own: `unshare --map-root-user --net python -m
tests.interop.zonemaster HOME`.

Zonemaster asks port 53 only, so everything listens there: a root server by NSD, and two processes of ours. Prints what
Zonemaster found, as JSON.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from tests.dns.support import DnsProcess
from tests.interop.test_dns_secondaries import _program as program
from tests.interop.test_dns_secondaries import running
from zones.mailzone import DkimKey, Mail, Servers, base_zone, mail_zone

ROOT, OURS = "127.0.0.9", ("127.0.0.1", "127.0.0.2")
HOST, ZONE = "mailhost.test", "tenant.example"
NAMES = (f"ns1.{HOST}", f"ns2.{HOST}")
SERIAL = 2026010100

_START = (
    "$TTL 3600\n@ SOA a.root-server.test. h.root-server.test. 1 14400 3600 1209600 3600\n@ NS a.root-server.test.\n"
)
_GLUE = "".join(f"{name}. A {address}\n" for name, address in zip(NAMES, OURS, strict=True))


def _delegation(name: str) -> str:
    return "".join(f"{name} NS {server}.\n" for server in NAMES)


ROOT_ZONES = {
    ".": f"{_START}a.root-server.test. A {ROOT}\n"
    "example. NS a.root-server.test.\n127.in-addr.arpa. NS a.root-server.test.\n" + _delegation(f"{HOST}.") + _GLUE,
    "example": _START + _delegation("tenant"),
    "127.in-addr.arpa": _START + "".join(f"{number}.0.0 PTR ns{number}.{HOST}.\n" for number in (1, 2)),
}


def main(home: Path) -> None:
    """Serve, check, print."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(_root_server(home), home))
        servers = Servers(
            nameservers=NAMES,
            hostmaster=f"hostmaster.{HOST}",
            addresses={name: (address,) for name, address in zip(NAMES, OURS, strict=True)} | {f"mx.{HOST}": OURS[:1]},
        )
        mail = Mail(mail_hosts=(f"mx.{HOST}",), spf_addresses=OURS[:1], dkim=(DkimKey("s1", "rsa", "QUJD" * 98),))
        for address in OURS:
            (home / address).mkdir()
            ours = DnsProcess(home / address, "--host", address, "--limit-loopback", "--rate", "0")
            ours.port = 53
            stack.callback(ours.start().stop)
            ours.feed(base_zone(HOST, servers, {}, SERIAL), mail_zone(ZONE, servers, mail, SERIAL))
        (home / "hints").write_text(f". 3600000 NS a.root-server.test.\na.root-server.test. 3600000 A {ROOT}\n")
        words = [program("zonemaster-cli"), "--hints", str(home / "hints"), "--no-ipv6", "--json", "--level", "NOTICE"]
        subprocess.run([*words, ZONE], check=True)


def _root_server(home: Path) -> list[str]:
    lines = [
        f'server:\n ip-address: {ROOT}@53\n username: ""\n zonesdir: "{home}"\n pidfile: "{home}/pid"\n database: ""',
        f' xfrdfile: "{home}/xfrd"\n zonelistfile: "{home}/list"\n xfrdir: "{home}"\n rrl-ratelimit: 0',
        "remote-control:\n control-enable: no",
    ]
    for number, (name, text) in enumerate(ROOT_ZONES.items()):
        (home / f"zone{number}").write_text(text)
        lines.append(f'zone:\n name: "{name}"\n zonefile: "zone{number}"')
    (home / "conf").write_text("\n".join(lines) + "\n")
    return [program("nsd"), "-d", "-c", str(home / "conf")]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
