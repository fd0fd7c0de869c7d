"""Reading a mail without the garbage collector's rounds.

What is made meanwhile is gone by counting alone when the mail is read, for nothing of it is left in a circle. A round
would look through all of it, and through what is remembered of other mails, and find nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector from its rounds; also a decorator. It is left as it was found."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
