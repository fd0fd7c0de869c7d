"""Work on a data directory with no daemon running: the daemon's own code does it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from postern_ctl import diagnostics
from postern_ctl.answers import Document
from postern_ctl.diagnostics import Failed
from postern_ctl.session import loaded

SAYS = "postern: "


def asked(verb: str, *words: str, stdin: str | None = None, told: str = "Working") -> Document:
    """Return what `python -m daemon VERB` answers. Raises `Failed` when it cannot do it."""
    command = [sys.executable, "-P", "-m", "daemon", verb, *words, "--data-dir", str(loaded().settings.home)]
    with diagnostics.progress(told):
        done = subprocess.run(command, input=stdin or "", capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise Failed(verb.replace("-", "_"), said[-1].removeprefix(SAYS)) from None
    return found  # type: ignore[no-any-return]  # the model that the verb answers with
