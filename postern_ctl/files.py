"""Files that commands write, new ones only, which only the caller may read; and files that go with a mail."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from postern_ctl.answers import Document
from postern_ctl.invocation import WrongUsage


@contextmanager
def new_file(path: str) -> Iterator[BinaryIO]:
    """Open a file that is not there yet, mode 0600; what fails half-way leaves nothing. Raises `WrongUsage`."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise WrongUsage(f"{path} is there already. Give another name, or remove it first.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except BaseException:
        Path(path).unlink()
        raise


def write_new(path: str, content: bytes) -> None:
    """Write a new file whole."""
    with new_file(path) as file:
        file.write(content)


def attachment(path: str | os.PathLike[str]) -> Document:
    """Return a file as an attachment of a mail. Raises `WrongUsage`."""
    try:
        content = Path(path).read_bytes()
    except OSError as problem:
        raise WrongUsage(f"{os.fspath(path)} cannot be read: {problem.strerror}.") from None
    return {"filename": Path(path).name, "content": base64.b64encode(content).decode("ascii")}
