"""Remote operators: whoever runs Postern from away."""

from __future__ import annotations

from daemon.api.common import Label, Model, Timestamp


class OperatorCreate(Model):
    """A remote operator. Without `expires_at` its key lives until it is revoked."""

    name: Label
    expires_at: Timestamp | None = None


class Operator(Model):
    """A remote operator without its secret."""

    id: str
    name: str
    prefix: str
    expires_at: Timestamp | None
    revoked: bool
    created_at: Timestamp


class OperatorMinted(Operator):
    """The key itself, shown once."""

    operator_key: str
