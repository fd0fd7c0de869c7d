"""The master keys, without the keys."""

from __future__ import annotations

from daemon.api.common import Model, Timestamp


class MasterKey(Model):
    """One master key. What the current one did not seal yet is sealed anew, little by little."""

    key_id: str
    current: bool
    created_at: Timestamp
    sealed_values: int


class KeyringStatus(Model):
    """Every master key that the database was made with."""

    current: str
    keys: list[MasterKey]
