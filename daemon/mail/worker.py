"""The killable process that reads what is unusual: a request on stdin, one JSON object on stdout.

`python -P -m daemon.mail.worker parse` takes raw bytes, `… extract` a `ParsedMail` in JSON. The process limits
itself before it reads a byte; whoever started it holds the clock and may kill it at any time.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys

CPU_MAX_SECONDS = 10
MEMORY_MAX_BYTES = 1024 * 1024 * 1024
OUTPUT_MAX_BYTES = 16 * 1024 * 1024


def limit_self() -> None:
    """Bound this process: processor time, address space, what it writes; no core files."""
    for name, value in (
        ("RLIMIT_CPU", CPU_MAX_SECONDS),
        ("RLIMIT_AS", MEMORY_MAX_BYTES),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", OUTPUT_MAX_BYTES),
    ):
        # macOS knows RLIMIT_AS but refuses it; the other limits and the caller's clock remain.
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def main(verb: str) -> None:
    """Read a request, write its answer."""
    limit_self()
    raw = sys.stdin.buffer.read()
    if verb == "extract":
        from daemon.mail.extract import extract
        from daemon.mail.model import ParsedMail

        answer = extract(ParsedMail.from_json(json.loads(raw))).to_json()
    else:
        from daemon.mail.parse import parse

        answer = parse(raw).to_json()
    # Surrogates cannot leave as UTF-8; they stand for bytes that were no text.
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "parse")
