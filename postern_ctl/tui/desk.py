"""The public client, used from an event loop: every call runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from textual.dom import DOMNode

from postern_ctl.client import Postern

if TYPE_CHECKING:
    from postern_ctl.tui.app import Console

T = TypeVar("T")

NAMES_MAX = 1_000
PAGE_ROWS = 100


async def aside(work: Callable[[], T]) -> T:
    """Run `work` in a thread and return what it returns.

    The thread holds up nobody's exit: an answer that comes when nobody waits any more is dropped.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, problem: BaseException | None) -> None:
        if future.done():
            return
        if problem is None:
            future.set_result(result)  # type: ignore[arg-type]  # None only where T is
        else:
            future.set_exception(problem)

    def run() -> None:
        result, problem = None, None
        try:
            result = work()
        except Exception as caught:  # noqa: BLE001  it is raised where the result is awaited
            problem = caught
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name="console", daemon=True).start()
    return await future


def by_itself(
    node: DOMNode, console: Console, job: Callable[[], Coroutine[Any, Any, None]], *, group: str = "default"
) -> None:
    """Run a job beside what goes on, as long as `node` is there; of a group only the last. What goes wrong is told."""

    async def told() -> None:
        try:
            await job()
        except Exception as problem:  # noqa: BLE001  the console stays, whatever it was
            console.complain(problem)

    node.run_worker(told, group=group, exclusive=group != "default")  # type: ignore[arg-type]  # a worker may return None


class Desk:
    """What views work with: the client, and the names of tenants, which rows know by id only."""

    def __init__(self, client: Postern) -> None:
        self.client = client
        self._names: dict[str, str] | None = None

    def tenant_name(self, tenant_id: str | None) -> str:
        """Return a tenant's name, its id when it has none that is known. Call in a thread."""
        if tenant_id is None:
            return ""
        if self._names is None:
            self._names = {}
            for page in self.client.tenants.list(limit=200).pages():
                self._names |= {row["id"]: row["name"] for row in page.data}
                if len(self._names) >= NAMES_MAX:
                    break
        return self._names.get(tenant_id, tenant_id)

    def forget_names(self) -> None:
        """Ask for them again when they are next needed."""
        self._names = None
