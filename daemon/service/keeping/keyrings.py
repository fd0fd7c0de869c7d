"""The master keys: which there are, a new one, and everything sealed anew under it."""

from __future__ import annotations

import asyncio

from daemon import keys
from daemon.api.keyring import KeyringStatus, MasterKey
from daemon.clock import iso
from daemon.errors import Code, PosternError
from daemon.keys import KeyringError, Place
from daemon.service.context import Call, Done
from daemon.service.mutations import Change
from daemon.service.tools import Service, Tools
from daemon.store import keyring, sealed
from daemon.store.database import Tx

KEY_ID_OCTETS = 4
RESEALED_AT_ONCE = 100


class Keyrings(Service):
    """The noun `keyring`."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._one_at_a_time = asyncio.Lock()

    async def get(self, call: Call) -> KeyringStatus:
        """Show the keys, without their octets."""
        known, counts = await self._database.read(lambda conn: (keyring.every(conn), sealed.counts(conn)))
        shown = [
            MasterKey(
                key_id=row.key_id,
                current=row.key_id == self._keyring.current,
                created_at=iso(row.created_ms),
                sealed_values=counts.get(row.key_id, 0),
            )
            for row in known
        ]
        return KeyringStatus(current=self._keyring.current, keys=shown)

    async def rotate(self, call: Call) -> Done[KeyringStatus]:
        """Make a new key, seal and sign with it from now on, and seal anew what others sealed.

        Older keys stay: links and checkpoints that they signed are still to be verified. What is sealed anew when the
        daemon is killed in the middle is done, and the rest is done after the next start. Raises `conflict`.
        """
        async with self._one_at_a_time:
            new_id = self._ids.random_bytes(KEY_ID_OCTETS).hex()
            try:
                key = await asyncio.to_thread(keys.add_master_key, self._settings.home, new_id)
            except (KeyringError, OSError, ValueError) as problem:
                raise PosternError(Code.CONFLICT, f"The master key cannot be rotated. {problem}") from None

            def change(tx: Tx) -> Change[KeyringStatus]:
                self._keyring.add(new_id, key)
                keyring.add(tx, new_id, self._keyring.check_value(new_id))
                return Change(data=KeyringStatus(current=new_id, keys=[]), target=f"key:{new_id}", tenant=None)

            done = await self._mutations.run(call, "keyring:rotate", change)
            await self.reseal()
        status = await self.get(call)
        return Done(status, done.audit, done.link)

    async def reseal(self) -> None:
        """Seal anew what an older key sealed, some at a time."""
        while await self._database.write(self._reseal_some):
            pass

    def _reseal_some(self, tx: Tx) -> int:
        count = 0
        for row in sealed.older(tx.conn, self._keyring.current, RESEALED_AT_ONCE):
            place = Place(row.tenant_id or "", row.table, row.id, row.column)
            sealed.replace(tx, row, self._keyring.seal(place, self._keyring.unseal(place, row.value)))
            count += 1
        return count
