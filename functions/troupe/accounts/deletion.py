"""Leaving: access ends at once, and what there is of a user is erased step by step.

One commit leaves an empty shell of `users/{uid}` behind and makes `deletions/{uid}`, which the
sweep carries out: bounded steps that can be repeated, whatever stops them. Why it is done this way
is told in docs/decisions/013-account-deletion.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from troupe.accounts.admins import leave_writes
from troupe.accounts.errors import shown
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import present, user_path, username_path
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
from troupe.adapters.identity import Identity, IdentityError
from troupe.logs import log
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.records import Record

COLLECTION = "deletions"
# The shell stays until nothing can come from the user's last moments any more: ID tokens live for
# an hour, tasks for half of one, and either would make a new user or new files where none is.
PATIENCE = timedelta(hours=2)
STEP = 50  # documents that an eraser takes at once
RUN_SECONDS = 240.0  # of the 540 that a sweep has
_LONGEST_WAIT = timedelta(hours=1)
_KEPT = {"createdAt", "tokens"}  # the wallet's changes are committed with `tokens` until the end

# Erases at most so many things of a user, and returns how many; 0: nothing is left.
Eraser = Callable[[str, int], int]


class Deletion(Record):
    """`deletions/{uid}`. `due_at`: when the sweep looks at it."""

    id: str
    requested_at: datetime
    due_at: datetime
    failures: int = 0


class Deletions:
    def __init__(
        self,
        db: Database,
        identity: Identity,
        discards: OrphanedFiles,
        erasers: Callable[[], Mapping[str, Eraser]],
        *,
        patience: timedelta = PATIENCE,
    ) -> None:
        """`erasers`: what the domains have to erase, by name and in this order; called when there
        is somebody to erase."""
        self._db = db
        self._identity = identity
        self._discards = discards
        self._erasers = erasers
        self._patience = patience

    def begin(
        self, uid: str, also: Callable[[UserRecord], Sequence[Write]] = lambda user: ()
    ) -> None:
        """Ends all access, frees username and address, and notes what is to be done; nothing for
        one who has left already. `also`: what is committed with it. Raises LastAdmin."""
        note = contend(lambda: self._leave(uid, also))
        log.info("account_deletion_began", uid=uid)
        if note is not None:
            self._discards.clean(note)
        try:
            self._identity.delete(uid)
        except IdentityError as error:  # the sweep does it; our own access has ended
            log.warning("account_not_deleted_yet", uid=uid, reason=type(shown(error)).__name__)

    def sweep(self, limit: int) -> int:
        """Carries on with what is due; returns with how many users."""
        deadline = time.monotonic() + RUN_SECONDS
        due = self._db.due(COLLECTION, limit)
        taken = 0
        for document in due:
            if time.monotonic() > deadline:
                break
            self._carry_on(Deletion.of(document), document, deadline)
            taken += 1
        return taken

    def _leave(
        self, uid: str, also: Callable[[UserRecord], Sequence[Write]]
    ) -> OrphanRecord | None:
        document = self._db.get(user_path(uid))
        user, at = present(document), now()
        if user is None:
            return None
        deletion = Deletion(id=uid, requested_at=at, due_at=at)
        writes: list[Write] = [
            Update(document.path, _shell(document, at), seen=document),
            Create(f"{COLLECTION}/{uid}", deletion.stored()),
            *also(user),
        ]
        if user.username is not None:
            writes.append(Delete(username_path(user.username)))
        if user.role == "admin":
            writes += leave_writes(self._db)
        note = orphan_record([user.avatar_path]) if user.avatar_path else None
        if note is not None:
            writes.append(note.create_write())
        try:
            self._db.commit(*writes)
        except AlreadyExists as error:
            raise Stale from error
        return note

    def _carry_on(self, deletion: Deletion, document: Document, deadline: float) -> None:
        uid, at = deletion.id, now()
        end = deletion.requested_at + self._patience
        try:
            done = self._erase(uid, deadline)
        except Exception as error:  # one user must not hold up all others
            log.error("account_deletion_stumbled", error, uid=uid)
            wait = min(timedelta(minutes=2**deletion.failures), _LONGEST_WAIT)
            fields = {"dueAt": at + wait, "failures": deletion.failures + 1}
            self._db.commit(Update(document.path, fields))
            return
        if done and at >= end:
            self._db.commit(Delete(user_path(uid)), Delete(document.path))
            log.info("account_deleted")
            return
        self._db.commit(Update(document.path, {"dueAt": end if done else at, "failures": 0}))

    def _erase(self, uid: str, deadline: float) -> bool:
        """Whether all is done. One eraser that fails does not keep the others from their work."""
        failure: Exception | None = None
        self._identity.delete(uid)
        for name, erase in self._erasers().items():
            try:
                while erase(uid, STEP):
                    if time.monotonic() > deadline:
                        return False
            except Exception as error:
                log.warning("eraser_stumbled", eraser=name, uid=uid, reason=repr(error))
                failure = failure or error
        if failure is not None:
            raise failure
        return True


def _shell(document: Document, at: datetime) -> dict[str, Any]:
    """What is left of a user: nothing that says who it was, and no way in."""
    gone = {name: DELETE_FIELD for name in document.data if name not in _KEPT}
    return gone | {"role": "user", "deletedAt": at, "validAfter": at, "updatedAt": at}
