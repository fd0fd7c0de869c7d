"""Mail goes out through Azure Communication Services: each under its operation id, which the service takes once."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientConnectorError
from azure.communication.email.aio import EmailClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpRequest

from daemon.backends.protocols import Fate, HandedOver, NotTaken, Outgoing, Told
from daemon.backends.send.acs_mail import REQUEST_MAX_BYTES, Unsendable, as_json
from daemon.backends.send.pacing import Pacing

API_VERSION = "2025-09-01"
ANSWER_MAX_SECONDS = 60
LOOKS_MAX = 5  # at an operation that is under way, before it is left alone for a minute
LOOK_AGAIN_SECONDS = 2.0
BUSY_SECONDS = 60  # when the service is busy and does not say for how long
AT_ONCE_MAX = 16
_LIFE = {"notstarted", "running"}
_OURS_TO_MEND = frozenset({401, 403})

log = logging.getLogger("postern.acs")


class UnderWay(Exception):
    """The service has the mail and has not come to an end with it."""


class AzureMail:
    """The service has a mail once it has answered 202; it can be asked what became of it at any time."""

    at_once_max = AT_ONCE_MAX

    def __init__(self, endpoint: str, key: str, pacing: Pacing, default_sender: str | None = None) -> None:
        self.trouble: str | None = None
        self._client = EmailClient(
            endpoint,
            AzureKeyCredential(key),
            api_version=API_VERSION,
            retry_total=0,  # when to try again is the outbox's to say
            connection_timeout=ANSWER_MAX_SECONDS,
            read_timeout=ANSWER_MAX_SECONDS,
        )
        self._pacing = pacing
        self._default_sender = default_sender

    async def hand_over(self, mail: Outgoing) -> HandedOver:
        """Hand a mail over, and follow it for a while. Raises `NotTaken`; `UnderWay` when it takes longer."""
        wait = self._pacing.wait_seconds(mail.operation_id)
        if wait:
            raise NotTaken("it waits for its turn: Azure takes so many mails a minute and an hour", wait, in_turn=True)
        try:
            message = await asyncio.to_thread(self._request, mail)
        except Unsendable as problem:
            return _all(mail, Fate.REJECTED, str(problem))
        try:
            await (await self._client.begin_send(message, operation_id=mail.operation_id, polling=False)).result()
        except HttpResponseError as refusal:
            return self._refused(mail, refusal)
        except AzureError as problem:
            if isinstance(problem.__cause__, ClientConnectorError):
                self._in_trouble(f"Azure cannot be reached ({problem.__cause__}); see POSTERN_ACS_CONNECTION_STRING")
                raise NotTaken(self.trouble or "") from None
            raise
        self.trouble = None
        for _ in range(LOOKS_MAX):
            try:
                found = await self.look_up(mail)
            except UnderWay:
                found = None
            if found is not None:
                return found
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        raise UnderWay

    async def look_up(self, mail: Outgoing) -> HandedOver | None:
        """Ask what became of an operation; None: there is none. Raises `UnderWay`, and what the connection does."""
        response = await self._asked(mail.operation_id)
        if response.status_code == 404:
            return None
        response.raise_for_status()
        said = response.json()
        status = str(said.get("status", "")).lower()
        if status in _LIFE:
            raise UnderWay
        if status == "succeeded":
            return _all(mail, Fate.SENT, None)
        return _all(mail, Fate.REJECTED, _why(said.get("error")) or f"Azure says: {status}")

    async def check(self) -> None:
        """Ask for an operation that there is not. Raises `NotTaken` when the key, or the endpoint, is wrong."""
        try:
            status = (await self._asked(str(uuid.uuid4()))).status_code
        except AzureError as problem:
            raise NotTaken(f"Azure cannot be reached ({problem}); see POSTERN_ACS_CONNECTION_STRING") from None
        if status in _OURS_TO_MEND:
            raise NotTaken(_wrong_key(status))
        if status != 404:
            raise NotTaken(f"Azure answers {status} where 404 was right; see POSTERN_ACS_CONNECTION_STRING")

    async def close(self) -> None:
        await self._client.close()

    async def _asked(self, operation_id: str) -> AsyncHttpResponse:
        path = f"/emails/operations/{operation_id}?api-version={API_VERSION}"
        response: AsyncHttpResponse = await self._client.send_request(HttpRequest("GET", path))
        await response.read()
        return response

    def _request(self, mail: Outgoing) -> dict[str, Any]:
        message = as_json(mail, self._default_sender)
        size = len(json.dumps(message))
        if size > REQUEST_MAX_BYTES:
            raise Unsendable(f"Azure takes {REQUEST_MAX_BYTES} bytes at most; the mail has {size}, attachments encoded")
        return message

    def _refused(self, mail: Outgoing, refusal: HttpResponseError) -> HandedOver:
        """Say what an answer other than 202 comes to. Raises `NotTaken`, and the refusal where nothing is certain."""
        status = refusal.status_code or 0
        if status == 429:
            headers: Mapping[str, str] = getattr(refusal.response, "headers", {})
            asked = headers.get("Retry-After", "")
            seconds = int(asked) if asked.isdecimal() else BUSY_SECONDS
            self._pacing.close(seconds)
            raise NotTaken("429: Azure takes no more for now", seconds, in_turn=True)
        if status in _OURS_TO_MEND:
            self._in_trouble(_wrong_key(status))
            raise NotTaken(self.trouble or "")
        if status == 409 or status >= 500 or status < 400:
            raise refusal
        return _all(mail, Fate.REJECTED, f"{status} {_said(refusal)}")

    def _in_trouble(self, detail: str) -> None:
        if self.trouble is None:
            log.warning("no mail goes out", extra={"reason": detail})
        self.trouble = detail


def endpoint_and_key(connection_string: str) -> tuple[str, str]:
    """Read `endpoint=https://…;accesskey=…`. Plain http is for the loopback only. Raises `ValueError`."""
    parts = dict(piece.partition("=")[::2] for piece in connection_string.strip().split(";") if piece)
    found = {name.strip().lower(): value.strip() for name, value in parts.items()}
    endpoint, key = found.get("endpoint", "").rstrip("/"), found.get("accesskey", "")
    if not endpoint or not key:
        raise ValueError("it reads endpoint=https://NAME.communication.azure.com/;accesskey=KEY")
    if not endpoint.startswith("https://") and not endpoint.startswith("http://127.0.0.1:"):
        raise ValueError("its endpoint begins with https://")
    return endpoint, key


def _all(mail: Outgoing, fate: Fate, detail: str | None) -> HandedOver:
    return HandedOver(dict.fromkeys(mail.recipients, Told(fate, detail)), mail.operation_id)


def _wrong_key(status: int) -> str:
    return f"Azure refuses our key ({status}); correct POSTERN_ACS_CONNECTION_STRING"


def _why(error: Mapping[str, Any] | None) -> str:
    return "" if not error else f"{error.get('code', '')}: {error.get('message', '')}".strip(": ")


def _said(refusal: HttpResponseError) -> str:
    return f"{refusal.error.code}: {refusal.error.message}" if refusal.error else str(refusal.reason or "refused")
