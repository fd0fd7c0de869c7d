"""The command line: the time of a whole process, from its start to its end."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.support import RunningDaemon

RUNS = 10


def median_ms(daemon: RunningDaemon, cache: Path, *arguments: str, expected: str, completed: str = "") -> float:
    """Return the median time of `posternctl ARGUMENTS`, or of completing the line `completed`; `expected` must come.

    The bytecode lies in `cache`, as it lies beside the modules of an installation that was used once.
    """
    program = Path(sys.executable).with_name("posternctl")
    env = {name: value for name, value in daemon.env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(cache)
    if completed:
        word = completed.count(" ")
        env |= {"_POSTERNCTL_COMPLETE": "complete_bash", "COMP_WORDS": completed, "COMP_CWORD": str(word)}
    times = []
    for _ in range(1 + RUNS):
        begun = time.perf_counter()
        done = subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - begun)
        assert expected in done.stdout, done.stdout
    return statistics.median(times[1:]) * 1000
