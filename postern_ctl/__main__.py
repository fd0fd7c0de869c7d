"""`python -m postern_ctl` is `posternctl`."""

from __future__ import annotations

from postern_ctl.cli import main

if __name__ == "__main__":
    main()
