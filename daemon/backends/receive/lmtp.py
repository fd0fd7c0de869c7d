"""LMTP (RFC 2033): what a relay on this host or network hands mail over by, with an answer for each recipient."""

from __future__ import annotations

from daemon.backends.receive.session import Session

_NOT_HERE = "500 5.5.1 This is LMTP: say LHLO"


class LmtpSession(Session):
    """An SMTP session that is greeted with LHLO and answers DATA once for each recipient."""

    spoken = "LMTP"

    async def smtp_LHLO(self, arg: str | None) -> None:  # noqa: N802  aiosmtpd's name: prefix and wire verb
        """Take the greeting (RFC 2033, 4.1); it offers what EHLO does."""
        await super().smtp_EHLO(arg or "")

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802  aiosmtpd's name: prefix and wire verb
        await self.push(_NOT_HERE)

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802  aiosmtpd's name: prefix and wire verb
        await self.push(_NOT_HERE)

    async def check_helo_needed(self, helo: str = "LHLO") -> bool:
        return await super().check_helo_needed("LHLO")

    def for_all(self, answer: str, recipients: int) -> str:
        return "\r\n".join([answer] * recipients)
