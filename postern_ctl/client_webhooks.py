"""The part of the client that is about being told: webhooks, and the stream of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from postern_ctl.answers import Answer, Listing
from postern_ctl.calls import Group

if TYPE_CHECKING:
    from postern_ctl.streams import Following

OUTCOME_MAX_SECONDS = 45.0  # the server waits for the receiver before it answers


class Webhooks(Group):
    """Webhooks and their deliveries."""

    def create(
        self, url: str, *, events: Sequence[str], address: str | None = None, agent_id: str | None = None
    ) -> Answer:
        """Have events posted to a URL; the answer shows the signing secret once, as `secret`."""
        return self._do("webhooks.create", url=url, events=list(events), address=address, agent_id=agent_id)

    def list(self, *, tenant: str | None = None, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List webhooks, `limit` to a page."""
        return self._list("webhooks.list", tenant=tenant, limit=limit, cursor=cursor)

    def get(self, id: str) -> Answer:
        """Show a webhook without its secret."""
        return self._do("webhooks.get", id)

    def delete(self, id: str) -> Answer:
        """Delete a webhook."""
        return self._do("webhooks.delete", id)

    def rotate(self, id: str) -> Answer:
        """Give a webhook a new secret, shown once as `secret`; for a day the old one signs beside it."""
        return self._do("webhooks.rotate", id)

    def test(self, id: str) -> Answer:
        """Post a made-up event once; the answer tells how that went."""
        return self._do("webhooks.test", id, within_seconds=OUTCOME_MAX_SECONDS)

    def deliveries(
        self, id: str, *, status: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Listing:
        """List a webhook's deliveries, newest first, `limit` to a page."""
        return self._list("webhooks.deliveries", id, status=status, limit=limit, cursor=cursor)

    def follow(
        self, id: str, *, status: str | None = None, limit: int | None = None, last_event_id: str | None = None
    ) -> Following:
        """Follow a webhook's deliveries, for ever: the newest `limit` as they are, or what changed since an event, then
        each that changes.
        """
        return self._stream("webhooks.follow", id, after=last_event_id, status=status, limit=limit)

    def replay(self, id: str) -> Answer:
        """Deliver once more, now; the answer tells how that went."""
        return self._do("webhooks.replay", id, within_seconds=OUTCOME_MAX_SECONDS)


class Events(Group):
    """What happens."""

    def stream(self, *, tenant: str | None = None, last_event_id: str | None = None) -> Following:
        """Follow what happens, for ever; a connection that is lost is taken up again after the last event."""
        return self._stream("events.stream", after=last_event_id, tenant=tenant)


class Activity(Group):
    """What the daemon does, for operators."""

    def stream(self, *, last_event_id: str | None = None) -> Following:
        """Follow every change, and how things stand: a snapshot first, then one whenever something changed."""
        return self._stream("activity.stream", after=last_event_id)
