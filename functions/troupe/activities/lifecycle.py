"""Erasing the activities of a user who leaves."""

from __future__ import annotations

from troupe.activities.service import Activities


def erase(uid: str, limit: int, *, activities: Activities) -> int:
    """Deletes them all, in bounded commits; returns how many."""
    return activities.clear(uid)
