"""The peer: what a home-made receiver does. Each mail goes to a Maildir, file and directory synced before its 250."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class MaildirHandler:
    """Keeps every mail for everybody; parses nothing, indexes nothing, tells nobody."""

    def __init__(self, home: Path) -> None:
        self._temporary, self._new = home / "tmp", home / "new"
        for directory in (self._temporary, self._new, home / "cur"):
            directory.mkdir(parents=True)
        self._directory = os.open(self._new, os.O_RDONLY)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        name = uuid.uuid4().hex
        with (self._temporary / name).open("wb") as file:
            file.write(envelope.original_content or b"")
            file.flush()
            os.fsync(file.fileno())
        (self._temporary / name).rename(self._new / name)
        os.fsync(self._directory)
        return "250 OK"


async def main(home: Path) -> None:
    """Serve until terminated; the first line printed is the address."""
    loop, handler = asyncio.get_running_loop(), MaildirHandler(home)
    server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
