"""`posternctl`, and `python -m postern_ctl`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run posternctl on this process's arguments.

    Nothing that is imported is ever garbage. Not to look for any, now or at the end, is a sixth of a short command.
    """
    gc.disable()
    from postern_ctl.cli import run

    gc.freeze()
    gc.enable()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
