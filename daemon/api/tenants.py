"""Tenants: one customer each; everything belongs to exactly one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from daemon.api.common import INTEGRAL, Label, Model, Timestamp

RATE_MAX = 1_000_000

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]

SEND_CAP_MAX = 1_000_000

Days = Annotated[int, Field(ge=0, le=36_500), INTEGRAL]
Rate = Annotated[int, Field(ge=0, le=RATE_MAX), INTEGRAL]
SendCap = Annotated[int, Field(ge=0, le=SEND_CAP_MAX), INTEGRAL]


class TenantLimits(Model):
    """Limits of one tenant, its keys, mailboxes and threads; what is not given follows the settings.

    A rate of 0 is no limit. A mailbox sends `send_cap_first` a day (recipients) on its first day, and `send_cap_full` a
    day once it is `send_cap_ramp_days` old; between them the cap rises day by day.
    """

    retention_days: Days | None = None
    rate_per_minute: Rate | None = None
    rate_waits: Rate | None = None
    rate_streams: Rate | None = None
    rate_replies_per_hour: Rate | None = None
    rate_replies_per_day: Rate | None = None
    rate_auto_replies_per_day: Rate | None = None
    rate_inbound_per_sender: Rate | None = None
    rate_inbound_per_network: Rate | None = None
    send_cap_first: SendCap | None = None
    send_cap_full: SendCap | None = None
    send_cap_ramp_days: Days | None = None


class TenantCreate(Model):
    """A new tenant. `label` names its shared subdomain; from the name when it is not given."""

    name: Label
    label: DnsLabel | None = None


class TenantUpdate(Model):
    """What is given changes, the rest stays; a limit that is null follows the settings again."""

    name: Label | None = None
    suspended: bool | None = None
    limits: TenantLimits | None = None


class TenantSending(Model):
    """How a tenant stands with those it wrote to in the last `window_days`.

    `brake` is open, throttled (complaints above 0.1 %) or stopped (above 0.3 %), and then only an operator lifts it.
    The rate is taken over 1,000 sends at least.
    """

    brake: str
    complaint_rate: float
    sends: int
    complaints: int
    window_days: int
    stopped_at: Timestamp | None


class Tenant(Model):
    """One customer. `operator_mailbox` gets what comes for `postmaster@` and `abuse@` of its domains."""

    id: str
    name: str
    label: str
    domain: str
    operator_mailbox: str
    suspended: bool
    limits: TenantLimits
    sending: TenantSending
    created_at: Timestamp
