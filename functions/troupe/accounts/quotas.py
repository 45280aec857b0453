"""Quotas: how much a user may keep, by plan.

Nothing is counted when something is deleted: usage is counted by aggregation queries when something
is added, so it cannot drift.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from troupe.accounts.errors import QuotaExceeded
from troupe.accounts.records import UserRecord
from troupe.accounts.tiers import UPLOADS, Kept, tier_names
from troupe.adapters.firestore import Database
from troupe.allowances import Quota
from troupe.settings import Settings

T = TypeVar("T")
# Another request for the same user may add something between the count and the commit. Within so
# many of the quota, what was added is counted again, and taken back.
_CLOSE = 100
# Far from the quota, an instance adds this share of what is left without counting: at most half of
# it in twenty instances.
_UNCOUNTED_SHARE = 40
_REMEMBERED_USERS = 10_000


@dataclass(frozen=True, slots=True)
class Usage:
    """`size`: in bytes, of uploaded files."""

    characters: int
    scripts: int
    files: int
    size: int
    dictionaries: int


class Quotas:
    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        # By quota, too: with another plan, what the one before allowed is void.
        self._uncounted: OrderedDict[tuple[str, Kept, int], int] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, user: UserRecord) -> Quota:
        return self._settings.quota(*tier_names(user.stored()))

    def usage(self, uid: str) -> Usage:
        """Four aggregation queries."""
        files, size = self._files(uid)
        counted = (Kept.CHARACTERS, Kept.SCRIPTS, Kept.DICTIONARIES)
        counts = {str(kind): self._count(uid, kind) for kind in counted}
        return Usage(files=files, size=size, **counts)

    def add(
        self, user: UserRecord, kind: Kept, make: Callable[[], T], undo: Callable[[T], object]
    ) -> T:
        """What `make` returns, which adds one of a kind. Raises QuotaExceeded, before or after it;
        `undo` takes back what it made."""
        most = getattr(self.of(user), kind)
        key = (user.id, kind, most)
        if self._take_uncounted(key):
            return make()
        used = self._count(user.id, kind)
        if used >= most:
            raise QuotaExceeded.of(kind, most)
        made = make()
        left = most - used - 1
        if left < _CLOSE and self._count(user.id, kind) > most:
            undo(made)
            raise QuotaExceeded.of(kind, most)
        self._allow(key, left // _UNCOUNTED_SHARE if left >= _CLOSE else 0)
        return made

    def add_file(
        self, user: UserRecord, size: int, make: Callable[[], T], undo: Callable[[T], object]
    ) -> T:
        """Like `add`, for an uploaded file of `size` bytes."""
        return self._add_file(user, size, make, undo)

    def add_upload(
        self, user: UserRecord, size: int, make: Callable[[], T], undo: Callable[[T], object]
    ) -> T:
        """Like `add_file`, for a file that will arrive later: those that have not arrived count,
        too, so that nobody fills the bucket with them."""
        return self._add_file(user, size, make, undo, arriving=True)

    def _add_file(
        self,
        user: UserRecord,
        size: int,
        make: Callable[[], T],
        undo: Callable[[T], object],
        *,
        arriving: bool = False,
    ) -> T:
        quota = self.of(user)
        self._check_files(user.id, quota, 1, size, arriving=arriving)
        made = make()
        try:
            self._check_files(user.id, quota, 0, 0, arriving=arriving)
        except QuotaExceeded:
            undo(made)
            raise
        return made

    def _check_files(self, uid: str, quota: Quota, more: int, size: int, *, arriving: bool) -> None:
        files, used = self._files(uid)
        if arriving:
            uploads, announced = self._files(uid, UPLOADS)
            files, used = files + uploads, used + announced
        if files + more > quota.files:
            raise QuotaExceeded.of(Kept.FILES, quota.files)
        if used + size > quota.bytes:
            raise QuotaExceeded.of("fileBytes", quota.bytes)

    def _count(self, uid: str, kind: Kept) -> int:
        return self._db.count(kind, where=[("uid", "==", uid)])

    def _files(self, uid: str, collection: str = Kept.FILES) -> tuple[int, int]:
        """How many, and their size."""
        return self._db.count_and_sum(collection, "size", where=[("uid", "==", uid)])

    def _take_uncounted(self, key: tuple[str, Kept, int]) -> bool:
        with self._lock:
            left = self._uncounted.get(key, 0)
            if left:
                self._uncounted[key] = left - 1
            return left > 0

    def _allow(self, key: tuple[str, Kept, int], number: int) -> None:
        with self._lock:
            self._uncounted[key] = number
            self._uncounted.move_to_end(key)
            while len(self._uncounted) > _REMEMBERED_USERS:
                self._uncounted.popitem(last=False)
