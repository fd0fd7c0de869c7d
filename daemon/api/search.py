"""Search."""

from __future__ import annotations

from pydantic import Field

from daemon.api.common import TenantQuery

SEARCH_MAX_CHARS = 500


class SearchQuery(TenantQuery):
    """What is looked for, all of it: words, "phrases", prefix*, from: subject: has:attachment before: after:.

    `inbox` narrows to one mailbox, by address or id; `tenant` is the operators'.
    """

    q: str = Field(max_length=SEARCH_MAX_CHARS)
    inbox: str | None = Field(None, max_length=400)
