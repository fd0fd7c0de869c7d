"""All services over a database of their own, on a clock that stands still; no listeners."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.api.messages import Authentication
from daemon.api.models import model
from daemon.api.operations import BY_NAME
from daemon.backends.deliver.sender import HttpSender
from daemon.backends.deliver.targets import Allowed
from daemon.backends.protocols import Arrival, Authenticate, Delegation, Outside, Unseen
from daemon.clock import ManualClock
from daemon.errors import PosternError
from daemon.events import Bus
from daemon.ids import Ids
from daemon.keys import load_keyring
from daemon.service.context import LOCAL_OPERATOR, Call, Done, Principal, Source
from daemon.service.services import Services
from daemon.settings import Settings
from daemon.store.database import Database


@dataclass(frozen=True)
class House:
    """The services and what they stand on."""

    services: Services
    database: Database
    bus: Bus
    clock: ManualClock

    async def ask(
        self,
        name: str,
        *path: str,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        by: str | None = None,
        receipt: bool = False,
    ) -> Any:
        """Perform an operation by a bearer's key, or as the local operator; return the answer or the refusal's code."""
        operation = BY_NAME[name]
        forms = ((operation.query, query), (operation.request, body))
        given = [model(form).model_validate_json(json.dumps(values or {})) for form, values in forms if form]
        arguments = [*path, *given]
        try:
            principal: Principal = LOCAL_OPERATOR if by is None else await self.services.access.authenticate(by)
            call = Call(principal=principal, request_id="req_test", source=Source.REST, wants_receipt=receipt)
            answer = await self.services.perform(call, operation, *arguments)
        except PosternError as refusal:
            return refusal.code
        return answer.data if isinstance(answer, Done) and not receipt else answer

    async def look(self, statement: str, *values: object) -> list[Any]:
        """Ask the store."""

        def query(conn: sqlite3.Connection) -> list[Any]:
            return [tuple(row) for row in conn.execute(statement, values)]

        return await self.database.read(query)


@asynccontextmanager
async def house(
    home: Path,
    clock: ManualClock | None = None,
    authenticate: Authenticate | None = None,
    outside: Outside | None = None,
) -> AsyncIterator[House]:
    """Open one in a directory; a second time there, with the clock of the first, it is the same one started again."""
    clock, bus = clock or ManualClock(), Bus()
    database = Database(home / "postern.db", clock)
    database.open()
    try:
        keyring = load_keyring(home, {})
        sender = HttpSender(Allowed(), clock)
        services = Services(
            Settings(data_dir=home),
            database,
            keyring,
            bus,
            clock,
            Ids(),
            sender,
            authenticate or _unknown,
            outside or Nowhere(),
        )
        await services.publisher.prepare()
        services.mutations.public_url = "http://postern.test"
        yield House(services, database, bus, clock)
    finally:
        await database.close()


class Nowhere:
    """A world of which nothing can be seen."""

    async def delegation(self, name: str) -> Delegation:
        raise Unseen("there is no resolver")

    async def records(self, name: str, kind: str) -> tuple[str, ...]:
        raise Unseen("there is no resolver")


async def _unknown(arrival: Arrival, raw: bytes) -> Authentication:
    return Authentication()
