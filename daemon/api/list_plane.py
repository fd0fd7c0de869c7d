"""The rows of the OPERATIONS table about whom mail is taken from."""

from __future__ import annotations

from daemon.api.operation import Access, change, listing

LIST_PLANE = (
    listing(
        "lists.list",
        "/v1/lists/{list}",
        Access.READ,
        "List the senders that are allowed or blocked",
        "ListEntry",
        "ListQuery",
    ),
    change(
        "lists.put",
        "PUT",
        "/v1/lists/{list}",
        Access.CREATE,
        "list:put",
        "Allow or block a sender or a domain",
        "ListEntry",
        request="ListEntryName",
    ),
    change(
        "lists.delete",
        "DELETE",
        "/v1/lists/{list}",
        Access.CREATE,
        "list:delete",
        "Take a sender or a domain off the list",
        "ListEntry",
        query="ListEntryName",
    ),
)
