"""Senders at Azure: a mailbox's local part is a sender user name of its domain, kept by the resource manager."""

from __future__ import annotations

import re
from typing import NamedTuple

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.mgmt.communication.aio import CommunicationServiceManagementClient

from daemon.backends.protocols import SenderRefused

ANSWER_MAX_SECONDS = 30
_RESOURCE = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Communication/emailServices/([^/]+)/?\Z",
    re.IGNORECASE,
)


class EmailService(NamedTuple):
    """Where the domains are."""

    subscription: str
    group: str
    name: str


def email_service(resource_id: str) -> EmailService:
    """Read the resource id of an email service. Raises `ValueError`."""
    found = _RESOURCE.match(resource_id.strip())
    if found is None:
        raise ValueError(
            "it reads /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Communication/emailServices/NAME"
        )
    return EmailService(*found.groups())


class AzureSenders:
    """Registers and removes them; both may be asked twice."""

    def __init__(self, service: EmailService, credential: AsyncTokenCredential, manager: str | None = None) -> None:
        self._service = service
        self._credential = credential
        # A token is sent in the clear to nobody but a stand-in on this machine.
        self._enforce_https = not (manager or "").startswith("http://127.0.0.1:")
        self._client = CommunicationServiceManagementClient(
            credential,
            service.subscription,
            manager,
            retry_total=0,
            connection_timeout=ANSWER_MAX_SECONDS,
            read_timeout=ANSWER_MAX_SECONDS,
        )

    async def register(self, address: str) -> None:
        local, _, domain = address.rpartition("@")
        body = {"properties": {"username": local, "displayName": local}}
        try:
            await self._client.sender_usernames.create_or_update(
                self._service.group, self._service.name, domain, local, body, enforce_https=self._enforce_https
            )
        except AzureError as problem:
            raise SenderRefused(_why(problem)) from None

    async def remove(self, address: str) -> None:
        local, _, domain = address.rpartition("@")
        try:
            await self._client.sender_usernames.delete(
                self._service.group, self._service.name, domain, local, enforce_https=self._enforce_https
            )
        except AzureError as problem:
            if not (isinstance(problem, HttpResponseError) and problem.status_code == 404):
                raise SenderRefused(_why(problem)) from None

    async def close(self) -> None:
        await self._client.close()
        await self._credential.close()


def _why(problem: AzureError) -> str:
    if isinstance(problem, HttpResponseError) and problem.error is not None:
        return f"Azure: {problem.error.code}: {problem.error.message}"
    return f"Azure: {' '.join(str(problem.message).split())}"
