"""The settings of mail that goes out."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.settings.values import one_of, setting, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingSettings:
    """Who takes outgoing mail, how he is reached, and how much he is given."""

    send_backend: str = setting(
        "loopback",
        "who takes outgoing mail: loopback delivers between local mailboxes only",
        read=one_of("loopback"),
    )
    max_send_bytes: int = setting(10 * 1024 * 1024, "largest mail sent, whole", read=whole, unit="bytes")
    send_cap_first: int = setting(10, "sends a day of a mailbox on its first day", read=whole, unit="recipients")
    send_cap_full: int = setting(50, "sends a day of a mailbox in the end", read=whole, unit="recipients")
    send_cap_ramp_days: int = setting(28, "how long the first becomes the full cap", read=whole, unit="days")
