"""Recordings that users upload."""

from __future__ import annotations

from datetime import datetime

from troupe.records import Record


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
