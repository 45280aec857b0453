"""Recordings that users upload."""

from __future__ import annotations

from datetime import datetime

from troupe.records import Record

# Where files arrive that are sent in parts, by user. No rule and no operation reads what is there.
ARRIVALS = "uploads"


class UserFile(Record):
    """`files/{id}`. `size` in bytes; `name` is the user's, with the extension of its real type.
    `created_by`: the request that uploaded it, if that had an idempotency key."""

    id: str
    uid: str
    name: str
    path: str
    content_type: str
    size: int
    seconds: float
    created_at: datetime
    expires_at: datetime
    created_by: str | None = None


class OpenUpload(Record):
    """`uploads/{id}`: a file that is being sent to Cloud Storage in parts; it will have this id.

    `size` in bytes, as announced. `path`: where it arrives. `url`: of the session, to which whoever
    has it can write. `last_modified`: of the file on the user's device. `created_by`: as of files.
    """

    id: str
    uid: str
    name: str
    size: int
    path: str
    url: str
    last_modified: datetime | None = None
    created_at: datetime
    expires_at: datetime
    created_by: str | None = None
