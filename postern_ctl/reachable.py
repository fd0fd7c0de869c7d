"""Whether the daemon answers on each of its doors, tried as a stranger would."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

from daemon.errors import PosternError
from postern_ctl.answers import Document, Unreachable
from postern_ctl.session import loaded, postern

KNOCK_MAX_SECONDS = 5.0
SOA = 6


def reached() -> list[Document]:
    """Return a finding for the daemon and one for each of its listeners."""
    try:
        stats = postern(with_key=True).stats.get().data
    except (Unreachable, PosternError) as problem:
        return [finding("daemon", "failed", str(problem), "Start it: posternctl daemon run")]
    return [finding("daemon", "ok", f"version {stats['version']}, process {stats['pid']}"), *_doors(stats)]


def finding(check: str, status: str, detail: str, fix: str | None = None) -> Document:
    """Return one finding, in the form that `python -m daemon doctor` uses."""
    return {"check": check, "status": status, "detail": detail, "fix": fix}


def _doors(stats: Document) -> Iterator[Document]:
    doors: tuple[tuple[str, Callable[[str, int], str], Any], ...] = (
        ("http", _http, stats["http"]),
        ("smtp", _smtp, stats["smtp"]),
        ("dns", _dns, stats["dns"]),
    )
    for name, knock, where in doors:
        if where is None:
            yield finding(name, "skipped", "switched off")
            continue
        host, _, port = str(where).rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  what it listens on, not we
        try:
            yield finding(name, "ok", f"{where}: {knock(host, int(port))}")
        except (OSError, ValueError) as problem:
            fix = "See the daemon's log, and whether a firewall stands in between."
            yield finding(name, "failed", f"{where}: {str(problem) or type(problem).__name__}", fix)


def _http(host: str, port: int) -> str:
    connection = HTTPConnection(host, port, timeout=KNOCK_MAX_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(10_000).decode("utf-8", "replace")
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(f"not ready: {body}")
    return "ready"


def _smtp(host: str, port: int) -> str:
    with socket.create_connection((host, port), KNOCK_MAX_SECONDS) as connection:
        banner = connection.recv(512).decode("ascii", "replace").strip()
        connection.sendall(b"QUIT\r\n")
    if not banner.startswith("220"):
        raise ValueError(f"no mail server answers: {banner[:60]}")
    return banner[:60]


def _dns(host: str, port: int) -> str:
    base = loaded().settings.base_domain
    labels = b"".join(bytes([len(part)]) + part.encode("ascii") for part in base.split("."))
    question = struct.pack(">6H", 1, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", SOA, 1)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(KNOCK_MAX_SECONDS)
        client.sendto(question, (host, port))
        answer = client.recv(4096)
    flags, _, answers = struct.unpack_from(">3H", answer, 2)
    if flags & 0x840F != 0x8400 or not answers:  # an authoritative answer, and no error
        raise ValueError(f"no authoritative answer for {base}")
    return f"answers for {base}"
