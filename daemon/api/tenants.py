"""Tenants: one customer each; everything belongs to exactly one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from daemon.api.common import Label, Model, Timestamp, Whole

RATE_MAX = 1_000_000

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]

SEND_CAP_MAX = 1_000_000


class TenantLimits(Model):
    """Limits of one tenant, its keys, mailboxes and threads; what is not given follows the settings.

    0 is no limit for what begins with `rate_`. A mailbox sends `send_cap_first` a day (recipients) on its first day, and
    `send_cap_full` a day once it is `send_cap_ramp_days` old; between them the cap rises day by day.
    """

    retention_days: Whole | None = Field(None, ge=0, le=36_500)
    rate_per_minute: Whole | None = Field(None, ge=0, le=RATE_MAX)
    rate_waits: Whole | None = Field(None, ge=0, le=RATE_MAX)
    rate_streams: Whole | None = Field(None, ge=0, le=RATE_MAX)
    rate_replies_per_hour: Whole | None = Field(None, ge=0, le=RATE_MAX)
    rate_replies_per_day: Whole | None = Field(None, ge=0, le=RATE_MAX)
    rate_auto_replies_per_day: Whole | None = Field(None, ge=0, le=RATE_MAX)
    rate_inbound_per_sender: Whole | None = Field(None, ge=0, le=RATE_MAX)
    rate_inbound_per_network: Whole | None = Field(None, ge=0, le=RATE_MAX)
    send_cap_first: Whole | None = Field(None, ge=0, le=SEND_CAP_MAX)
    send_cap_full: Whole | None = Field(None, ge=0, le=SEND_CAP_MAX)
    send_cap_ramp_days: Whole | None = Field(None, ge=0, le=36_500)


class TenantCreate(Model):
    """A new tenant. `label` names its shared subdomain; from the name when it is not given."""

    name: Label
    label: DnsLabel | None = None


class TenantUpdate(Model):
    """What is given changes, the rest stays."""

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
