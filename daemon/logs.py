"""Structured logs on stderr: one JSON object a line, and no secret in any of them."""

from __future__ import annotations

import json
import logging
import re
import sys

from daemon.clock import SECOND_MS, iso

# Whatever gets as far as a log line by mistake: keys, webhook secrets, link tokens.
_SECRETS = re.compile(r"(pk_(?:enroll|agent|operator)_[a-z2-7]+|whsec|/[ldu]/)[_/]?[A-Za-z0-9_\-+/=]{16,}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Renders a record with its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": iso(int(record.created * SECOND_MS)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return _SECRETS.sub(r"\1…", json.dumps(fields, ensure_ascii=False, default=str))


def _unquoted(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not kind.__module__.startswith("aiohttp.http_exceptions")


def configure(level: str) -> None:
    """Send every log line to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # aiosmtpd tells of every command, and so of every address.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    # aiohttp quotes requests that are malformed, and the credentials in them.
    logging.getLogger("aiohttp.server").addFilter(_unquoted)
