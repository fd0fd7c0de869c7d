"""The OPERATIONS table. REST routes, the OpenAPI document, MCP's tools and the clients all come from it.

An operation `noun.verb` is the method `verb` of the service `noun`, called with the path's values and then the query or
the body. Standard library only, so that the command line can read it for free; models are named, not imported.
"""

from __future__ import annotations

from daemon.api.domain_plane import DOMAIN_PLANE
from daemon.api.keeping_plane import KEEPING_PLANE
from daemon.api.list_plane import LIST_PLANE
from daemon.api.operation import Access, Answers, Operation, Scope, change, listing, read
from daemon.api.operator_plane import OPERATOR_PLANE
from daemon.api.webhook_plane import WEBHOOK_PLANE
from daemon.errors import Code

__all__ = ["BY_NAME", "OPERATIONS", "Access", "Answers", "Operation", "Scope"]

_ANY, _CREATE, _READ, _SEND = Access.ANY, Access.CREATE, Access.READ, Access.SEND

_AGENT_PLANE = (
    change(
        "enrollment.redeem",
        "POST",
        "/v1/enroll",
        Access.OPEN,
        "agent:enroll",
        "Redeem an enrollment key for an agent key",
        "Enrolled",
        request="EnrollRequest",
        mints=True,
        errors=(
            Code.INVALID_ENROLLMENT_TOKEN,
            Code.ENROLLMENT_TOKEN_REVOKED,
            Code.ENROLLMENT_TOKEN_EXPIRED,
            Code.ENROLLMENT_TOKEN_EXHAUSTED,
        ),
        tool="redeem_enrollment",
    ),
    change(
        "inboxes.create",
        "POST",
        "/v1/inboxes",
        _CREATE,
        "inbox:create",
        "Create a mailbox",
        "InboxCreated",
        request="InboxCreate",
        status=201,
        idempotent=True,
        errors=(
            Code.ADDRESS_TAKEN,
            Code.CONFLICT,
            Code.DOMAIN_NOT_ALLOWED,
            Code.ENROLLMENT_TOKEN_EXHAUSTED,
            Code.ENROLLMENT_TOKEN_REVOKED,
        ),
        tool="create_inbox",
    ),
    listing("inboxes.list", "/v1/inboxes", _READ, "List mailboxes", "Inbox", "InboxQuery", tool="list_inboxes"),
    read("inboxes.get", "/v1/inboxes/{addr}", _READ, "Show a mailbox", "Inbox", tool="get_inbox"),
    change(
        "inboxes.delete",
        "DELETE",
        "/v1/inboxes/{addr}",
        _CREATE,
        "inbox:delete",
        "Delete a mailbox",
        "Deleted",
        tool="delete_inbox",
    ),
    change(
        "inboxes.credentials",
        "POST",
        "/v1/inboxes/{addr}/credentials",
        _READ,
        "inbox:credentials",
        "Show how a mail program reads a mailbox by IMAP, with its password",
        "InboxCredentials",
    ),
    Operation(
        name="waits.wait",
        method="POST",
        path="/v1/inboxes/{addr}/wait",
        access=_READ,
        or_scope=Scope.OTP,
        summary="Wait for a mail and return its code and link",
        request="WaitRequest",
        claims=True,
        response="WaitAnswer",
        errors=(Code.IDEMPOTENCY_CONFLICT, Code.GONE),
        tool="wait_for_email",
    ),
    read(
        "waits.resume",
        "/v1/waits/{wait_id}",
        _READ,
        "Resume a durable wait",
        "WaitAnswer",
        or_scope=Scope.OTP,
        query="WaitResumeQuery",
        claims=True,
        errors=(Code.GONE,),
    ),
    change(
        "waits.drop",
        "DELETE",
        "/v1/waits/{wait_id}",
        _READ,
        "wait:drop",
        "Forget a durable wait",
        "Deleted",
        or_scope=Scope.OTP,
    ),
    listing(
        "messages.list",
        "/v1/inboxes/{addr}/messages",
        _READ,
        "List a mailbox's messages",
        "MessageSummary",
        "MessageQuery",
        tool="read_messages",
    ),
    read(
        "messages.get",
        "/v1/messages/{id}",
        _READ,
        "Show a message with its text and what was extracted",
        "Message",
        query="MessageGetQuery",
    ),
    read(
        "messages.text",
        "/v1/messages/{id}/text",
        _READ,
        "Read a message as a person would see it, page by page",
        "MessageText",
        query="MessageTextQuery",
        tool="get_message",
    ),
    read(
        "messages.raw",
        "/v1/messages/{id}/raw",
        _READ,
        "Download a message as it arrived",
        "message/rfc822",
        answers=Answers.BYTES,
        query="DownloadQuery",
    ),
    read(
        "messages.attachment",
        "/v1/messages/{id}/attachments/{n}",
        _READ,
        "Download an attachment, decoded",
        "*/*",
        answers=Answers.BYTES,
        query="DownloadQuery",
    ),
    change(
        "messages.update",
        "PATCH",
        "/v1/messages/{id}",
        _READ,
        "message:update",
        "Mark a message read or unread",
        "MessageSummary",
        request="MessageUpdate",
    ),
    change(
        "messages.delete",
        "DELETE",
        "/v1/messages/{id}",
        _CREATE,
        "message:delete",
        "Delete a message for good",
        "Deleted",
    ),
    change(
        "messages.send",
        "POST",
        "/v1/inboxes/{addr}/send",
        _SEND,
        "message:send",
        "Send a mail",
        "Sent",
        request="SendRequest",
        trial="DryRun",
        large=True,
        idempotent=True,
        errors=(Code.SEND_CAP_REACHED,),
        status=202,
        tool="send_email",
    ),
    change(
        "messages.reply",
        "POST",
        "/v1/messages/{id}/reply",
        _SEND,
        "message:reply",
        "Answer a message",
        "Sent",
        request="ReplyRequest",
        trial="DryRun",
        large=True,
        idempotent=True,
        errors=(Code.SEND_CAP_REACHED,),
        status=202,
        tool="reply_email",
    ),
    listing(
        "threads.list",
        "/v1/inboxes/{addr}/threads",
        _READ,
        "List a mailbox's threads",
        "Thread",
        tool="list_threads",
    ),
    read(
        "threads.get",
        "/v1/threads/{id}",
        _READ,
        "Show a thread with its messages",
        "ThreadWhole",
        query="PageQuery",
    ),
    listing(
        "search.find",
        "/v1/search",
        _READ,
        "Search mail",
        "MessageSummary",
        "SearchQuery",
        errors=(Code.NOT_FOUND,),
        tool="search",
    ),
    read("access.whoami", "/v1/whoami", _ANY, "Show who you are and what you may do", "Whoami", tool="whoami"),
)

OPERATIONS: tuple[Operation, ...] = (
    _AGENT_PLANE + LIST_PLANE + WEBHOOK_PLANE + OPERATOR_PLANE + DOMAIN_PLANE + KEEPING_PLANE
)
BY_NAME: dict[str, Operation] = {operation.name: operation for operation in OPERATIONS}
