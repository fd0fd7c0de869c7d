"""The killable process that reads what is unusual: a request on stdin, one JSON object on stdout.

`python -P -m daemon.mail.worker parse` takes raw bytes, `… extract` a `ParsedMail` in JSON. `… attachment:2` takes raw
bytes, too, and writes a line of JSON (null: there is none), then the bytes. The process limits
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
ATTACHMENT_MAX_BYTES = 65 * 1024 * 1024


def limit_self(output_max_bytes: int = OUTPUT_MAX_BYTES) -> None:
    """Bound this process: processor time, address space, what it writes; no core files."""
    for name, value in (
        ("RLIMIT_CPU", CPU_MAX_SECONDS),
        ("RLIMIT_AS", MEMORY_MAX_BYTES),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", output_max_bytes),
    ):
        # macOS knows RLIMIT_AS but refuses it; the other limits and the caller's clock remain.
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def main(verb: str) -> None:
    """Read a request, write its answer."""
    verb, _, index = verb.partition(":")
    limit_self(ATTACHMENT_MAX_BYTES if index else OUTPUT_MAX_BYTES)
    raw = sys.stdin.buffer.read()
    if index:
        write_attachment(raw, int(index))
        return
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


def write_attachment(raw: bytes, index: int) -> None:
    """Write an attachment with its description."""
    from dataclasses import asdict

    from daemon.mail.parse import open_attachment

    try:
        described, content = open_attachment(raw, index)
    except IndexError:
        sys.stdout.buffer.write(b"null\n")
    else:
        sys.stdout.buffer.write(json.dumps(asdict(described)).encode() + b"\n")
        sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "parse")
