"""What the daemon answers anywhere in the tests is what the operation declares: status and code, or the test fails."""

from __future__ import annotations

import json
import re

from daemon.api.operations import OPERATIONS
from daemon.web.refusals import refusals

NOT_AN_OPERATIONS = {405}  # answered below the routes

_ROUTES = [(one.method, re.compile(re.sub(r"{\w+}", "[^/]+", one.path)), one) for one in OPERATIONS]


def undeclared(method: str, path: str, status: int, body: bytes) -> str | None:
    """Return what is wrong with an answer, None when its operation declares it or there is no operation."""
    bare = path.partition("?")[0]
    for asked, pattern, operation in _ROUTES:
        if asked != method or not pattern.fullmatch(bare) or status < 400 or status in NOT_AN_OPERATIONS:
            continue
        code = json.loads(body)["error"]["code"]
        if code not in refusals(operation).get(status, []):
            return f"{operation.name} answered {status} {code}: declare it in its row (errors=)"
        return None
    return None
