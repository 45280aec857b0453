"""Guests who have not come back are deleted, like any account: see `deletion`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from troupe.accounts.deletion import Deletions
from troupe.accounts.records import UserRecord
from troupe.adapters.firestore import Database, Document, Merge, Write, now
from troupe.adapters.identity import Identity
from troupe.logs import log

# Where the walk over all old guests continues. Most of them may be in use, so that looking only at
# the oldest would never reach the others.
STATE = "chores/guests"
_REST = timedelta(days=1)  # between two walks
_MOST = 50  # deletions in a run; each takes some calls


class _InUse(Exception):
    """The guest has become an account, or has been used."""


class GuestCleanup:
    def __init__(
        self, db: Database, identity: Identity, deletions: Deletions, keep: timedelta
    ) -> None:
        """`keep`: how long an unused guest is kept; 0: for ever."""
        self._db = db
        self._identity = identity
        self._deletions = deletions
        self._keep = keep

    def sweep(self, limit: int) -> int:
        """Looks at the next guests and deletes those who were not used; returns how many."""
        if not self._keep:
            return 0
        at, state = now(), self._db.get(STATE)
        if state.exists and state.data["dueAt"] > at:
            return 0
        before, size = at - self._keep, min(limit, _MOST)
        found = self._db.find(
            "users",
            where=[("guest", "==", True), ("createdAt", "<=", before)],
            order=[("createdAt", False), ("__name__", False)],
            after=state.data.get("after"),
            limit=size,
            select=["createdAt"],
        )
        deleted = sum(self._delete(document, before) for document in found)
        more = len(found) == size
        after = [found[-1].data["createdAt"], found[-1].id] if more else None
        self._db.commit(Merge(STATE, {"after": after, "dueAt": at if more else at + _REST}))
        return deleted

    def _delete(self, document: Document, before: datetime) -> bool:
        """Whether the guest was deleted."""
        if _written(document, before):
            return False
        try:
            # The SDK refreshes its tokens without telling us.
            seen = self._identity.last_seen(document.id)
            if seen is not None and seen > before:
                return False
            self._deletions.begin(document.id, lambda user: _unless_used(user, before))
        except _InUse:
            return False
        except Exception as error:  # one guest must not block the others
            log.error("guest_not_deleted", error, uid=document.id)
            return False
        log.info("guest_deleted", uid=document.id)
        return True


def _written(document: Document, before: datetime) -> bool:
    """Whether the document changed after `before`: everything a guest does with a session of ours
    (signing in, refreshing, spending) writes it."""
    return document.update_time is None or document.update_time > before


def _unless_used(user: UserRecord, before: datetime) -> Sequence[Write]:
    """For the commit that deletes the guest. Raises _InUse if something has changed since."""
    times = [user.updated_at, *(session.last_used_at for session in user.sessions.values())]
    if not user.guest or max(times) > before:
        raise _InUse
    return ()
