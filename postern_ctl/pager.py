"""What does not fit on the screen is shown by the pager of whoever reads: $PAGER, or less."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

DEFAULT = "less"
LESS = "FRX"  # leave at once when it fits after all, let colours through, and leave the screen as it is


def page(lines: Sequence[str]) -> bool:
    """Show lines page by page; tell whether that was done: only on a terminal, and only what is longer than it."""
    if not sys.stdout.isatty() or len(lines) < shutil.get_terminal_size().lines:
        return False
    words = shlex.split(os.environ.get("PAGER") or DEFAULT)
    if not words or shutil.which(words[0]) is None:
        return False
    sys.stdout.flush()
    text = "".join(f"{line}\n" for line in lines)
    subprocess.run(words, input=text, text=True, check=False, env={"LESS": LESS, **os.environ})
    return True
