"""Users' activities. Other domains write one in the same commit as the action it records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from troupe.adapters.firestore import Database, Merge, Write, now
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.records import Record


class Category(StrEnum):
    SCRIPT = "script"
    CHARACTER = "character"
    VIDEO = "video"
    VOICE = "voice"


class Activity(Record):
    """`users/{uid}/activities/{id}`. The ids name the objects involved; those that do not apply are
    None."""

    id: str
    type: str
    category: Category
    message: str
    timestamp: datetime
    script_id: str | None = None
    character_id: str | None = None
    generation_id: str | None = None
    transcription_id: str | None = None
    dubbing_id: str | None = None
    job_id: str | None = None
    video_path: str | None = None


_SUBJECTS = ("scriptId", "characterId", "generationId", "transcriptionId", "dubbingId")
_IDS = {*_SUBJECTS, "jobId", "videoPath"}


@dataclass(frozen=True, slots=True)
class ActivityStats:
    counts: dict[Category, int]
    last_at: datetime | None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def activities_path(uid: str) -> str:
    return f"users/{uid}/activities"


def activity_write(
    uid: str, type: str, message: str, *, at: datetime | None = None, **ids: str | None
) -> Write:
    """Creates an activity, or replaces the one of the same type and subject in this hour, so that
    repeating an action does not add documents. Commit it together with the action it records.

    `type` starts with its category (`voice_generation_completed`); `ids` are those of `Activity`,
    e.g. `generationId=...`. Raises ValueError for an unknown category or id.
    """
    unknown = set(ids) - _IDS
    if unknown:
        raise ValueError(f"unknown ids of an activity: {sorted(unknown)}")
    at = at or now()
    subject = next((ids[name] for name in _SUBJECTS if ids.get(name)), "")
    activity = Activity.model_validate(
        {
            "id": f"{type}-{subject}-{at:%Y%m%d%H}",
            "type": type,
            "category": Category(type.partition("_")[0]),
            "message": message,
            "timestamp": at,
            **ids,
        }
    )
    return Merge(f"{activities_path(uid)}/{activity.id}", activity.stored())


class Activities:
    def __init__(self, db: Database, keep: timedelta) -> None:
        """`keep`: how long an activity is kept; 0: for ever."""
        self._db = db
        self._keep = keep

    def page(self, uid: str, request: PageRequest) -> tuple[list[Activity], PageOf]:
        """Newest first. Raises BadCursor, PageTooDeep."""
        found = newest_first(self._db, activities_path(uid), request, field="timestamp")
        return [Activity.of(document) for document in found.documents], found

    def newest(self, limit: int) -> list[tuple[str, Activity]]:
        """The latest activities of all users, as (uid, activity)."""
        found = self._db.find("activities", group=True, order=[("timestamp", True)], limit=limit)
        return [(document.path.split("/")[1], Activity.of(document)) for document in found]

    def clear(self, uid: str) -> int:
        """Deletes all activities of a user; returns how many."""
        return self._db.clear(activities_path(uid))

    def expire(self, limit: int) -> int:
        """Deletes old activities; returns how many."""
        if not self._keep:
            return 0
        old = self._db.find(
            "activities",
            group=True,
            where=[("timestamp", "<=", now() - self._keep)],
            order=[("timestamp", False)],
            limit=limit,
            select=[],
        )
        self._db.delete_all([document.path for document in old])
        return len(old)

    def stats(self, uid: str) -> ActivityStats:
        """Counts by aggregation; reads only the newest document."""
        path = activities_path(uid)
        counts = {c: self._db.count(path, where=[("category", "==", c)]) for c in Category}
        newest = self._db.find(path, order=[("timestamp", True)], limit=1, select=["timestamp"])
        return ActivityStats(counts, newest[0].data["timestamp"] if newest else None)
