"""Erasing the activities of a deleted account."""

from __future__ import annotations

from troupe.activities.service import Activities


def erase(uid: str, limit: int, *, activities: Activities) -> int:
    """Deletes all of them in bounded commits, regardless of `limit`; returns how many."""
    return activities.clear(uid)
