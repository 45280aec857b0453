"""Account deletion: access ends at once, and the user's data is erased step by step.

One commit reduces `users/{uid}` to an empty shell and creates `deletions/{uid}`. The sweep then
erases in bounded, repeatable steps. See docs/decisions/013-account-deletion.md for the reasons.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from troupe.accounts.administration import remove_admin_writes
from troupe.accounts.errors import OwnsCompany, public_error
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path, username_path
from troupe.adapters.firestore import (
    DELETE_FIELD,
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityError
from troupe.logs import log
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.records import Record

COLLECTION = "deletions"
# The shell stays until no ID token (1 hour) or task (30 minutes) from before the deletion can still
# be valid: without it, they would create the user or files anew.
GRACE_PERIOD = timedelta(hours=2)
BATCH_SIZE = 50  # items per call of an eraser
RUN_SECONDS = 240.0  # a sweep has 540 in total
_MAX_RETRY_DELAY = timedelta(hours=1)
# Every change of the wallet also updates `tokens`; `companies` are left one by one.
_SHELL_FIELDS = {"createdAt", "tokens", "companies"}

# (uid, limit): erases at most `limit` items of a user and returns how many; 0 when none are left.
Eraser = Callable[[str, int], int]


class Deletion(Record):
    """`deletions/{uid}`. The sweep picks it up at `due_at`."""

    id: str
    requested_at: datetime
    due_at: datetime
    failures: int = 0


class Deletions:
    def __init__(
        self,
        db: Database,
        identity: Identity,
        orphans: OrphanedFiles,
        erasers: Callable[[], Mapping[str, Eraser]],
        *,
        grace_period: timedelta = GRACE_PERIOD,
    ) -> None:
        """`erasers`: returns the erasers of the domains by name, in the order in which to run them;
        called only when there is a user to erase."""
        self._db = db
        self._identity = identity
        self._orphans = orphans
        self._erasers = erasers
        self._grace_period = grace_period

    def begin(
        self, uid: str, extra_writes: Callable[[UserRecord], Sequence[Write]] = lambda user: ()
    ) -> None:
        """Ends all access, frees the username and email address, and schedules the erasure. Does
        nothing if the user is already deleted.

        `extra_writes`: further writes for the same commit. Raises LastAdmin, OwnsCompany.
        """
        orphan = contend(lambda: self._begin(uid, extra_writes))
        log.info("account_deletion_began", uid=uid)
        if orphan is not None:
            self._orphans.clean(orphan)
        try:
            self._identity.delete(uid)
        except IdentityError as error:  # access to our API has ended; the sweep tries again
            reason = type(public_error(error)).__name__
            log.warning("account_not_deleted_yet", uid=uid, reason=reason)

    def sweep(self, limit: int) -> int:
        """Continues the deletions that are due; returns how many it processed."""
        deadline = time.monotonic() + RUN_SECONDS
        due = self._db.due(COLLECTION, limit)
        processed = 0
        for document in due:
            if time.monotonic() > deadline:
                break
            self._continue(Deletion.of(document), document, deadline)
            processed += 1
        return processed

    def _begin(
        self, uid: str, extra_writes: Callable[[UserRecord], Sequence[Write]]
    ) -> OrphanRecord | None:
        document = self._db.get(user_path(uid))
        user, at = existing_user(document), now()
        if user is None:
            return None
        if user.owns_company:
            raise OwnsCompany
        deletion = Deletion(id=uid, requested_at=at, due_at=at)
        writes: list[Write] = [
            Update(document.path, _shell(document, at), seen=document),
            Create(f"{COLLECTION}/{uid}", deletion.stored()),
            *extra_writes(user),
        ]
        if user.username is not None:
            writes.append(Delete(username_path(user.username)))
        if user.role == "admin":
            writes += remove_admin_writes(self._db)
        orphan = orphan_record([user.avatar_path]) if user.avatar_path else None
        if orphan is not None:
            writes.append(orphan.create_write())
        try:
            self._db.commit(*writes)
        except AlreadyExists as error:
            raise Stale from error
        return orphan

    def _continue(self, deletion: Deletion, document: Document, deadline: float) -> None:
        uid, at = deletion.id, now()
        end = deletion.requested_at + self._grace_period
        try:
            done = self._erase(uid, deadline)
        except Exception as error:  # one user must not block the others
            log.error("account_deletion_stumbled", error, uid=uid)
            delay = min(timedelta(minutes=2**deletion.failures), _MAX_RETRY_DELAY)
            fields = {"dueAt": at + delay, "failures": deletion.failures + 1}
            self._db.commit(Update(document.path, fields))
            return
        if done and at >= end:
            self._db.commit(Delete(user_path(uid)), Delete(document.path))
            log.info("account_deleted")
            return
        self._db.commit(Update(document.path, {"dueAt": end if done else at, "failures": 0}))

    def _erase(self, uid: str, deadline: float) -> bool:
        """Whether everything is erased. A failing eraser does not stop the others; its error is
        raised at the end."""
        failure: Exception | None = None
        self._identity.delete(uid)
        for name, erase in self._erasers().items():
            try:
                while erase(uid, BATCH_SIZE):
                    if time.monotonic() > deadline:
                        return False
            except Exception as error:
                log.warning("eraser_stumbled", eraser=name, uid=uid, reason=repr(error))
                failure = failure or error
        if failure is not None:
            raise failure
        return True


def _shell(document: Document, at: datetime) -> dict[str, Any]:
    """The fields of the shell: no personal data, and no way to sign in."""
    kept = {name for name in _SHELL_FIELDS if document.data.get(name) != {}}
    gone = {name: DELETE_FIELD for name in document.data if name not in kept}
    return gone | {"role": "user", "deletedAt": at, "validAfter": at, "updatedAt": at}
