"""Every model by the name that the OPERATIONS table uses."""

from __future__ import annotations

from daemon.api import (
    agents,
    audit,
    common,
    enrollment,
    events,
    inboxes,
    links,
    messages,
    operators,
    search,
    stats,
    tenants,
    threads,
    waits,
    webhooks,
)
from daemon.api.common import Model

_MODULES = (
    agents,
    audit,
    common,
    enrollment,
    events,
    inboxes,
    links,
    messages,
    operators,
    search,
    stats,
    tenants,
    threads,
    waits,
    webhooks,
)

MODELS: dict[str, type[Model]] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, Model) and value is not Model
}


def model(name: str) -> type[Model]:
    """Return the model called `name`. Raises `KeyError`."""
    return MODELS[name]
