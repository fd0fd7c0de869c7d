"""Tenants: one customer each; everything belongs to exactly one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from daemon.api.common import INTEGRAL, Label, Model, Timestamp

RATE_MAX = 1_000_000

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]

Rate = Annotated[int, Field(ge=0, le=RATE_MAX), INTEGRAL]


class TenantLimits(Model):
    """Limits of one tenant, the rates for each of its keys; what is not given follows the settings, 0 is no limit."""

    retention_days: Annotated[int, Field(ge=0, le=36_500), INTEGRAL] | None = None
    rate_per_minute: Rate | None = None
    rate_waits: Rate | None = None
    rate_streams: Rate | None = None


class TenantCreate(Model):
    """A new tenant. `label` names its shared subdomain; from the name when it is not given."""

    name: Label
    label: DnsLabel | None = None


class TenantUpdate(Model):
    """What is given changes, the rest stays; a limit that is null follows the settings again."""

    name: Label | None = None
    suspended: bool | None = None
    limits: TenantLimits | None = None


class Tenant(Model):
    """One customer."""

    id: str
    name: str
    label: str
    domain: str
    suspended: bool
    limits: TenantLimits
    created_at: Timestamp
