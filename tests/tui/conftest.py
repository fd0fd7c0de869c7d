"""A furnished daemon, and a console before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from postern_ctl.client import Postern
from tests.edges.support import World, a_world
from tests.support import RunningDaemon
from tests.tui.seat import SMALL, Seat, seated

Sit = Callable[..., AbstractAsyncContextManager[Seat]]


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon)


@pytest.fixture
def sit(daemon: RunningDaemon) -> Sit:
    """Open a console: `async with sit() as seat`."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = SMALL, *, readonly: bool = False) -> AsyncIterator[Seat]:
        client = Postern(socket_path=daemon.ready["socket"])
        async with seated(client, size, readonly=readonly) as seat:
            await seat.until(lambda: seat.app.live.connected)
            yield seat

    return opened
