"""What people have said about something that was deleted: reviews of it, and comments on it.

The commit that deletes it adds `ending_write`, and the sweep erases what was said: see
`troupe.comments.endings`.
"""

from __future__ import annotations

from datetime import timedelta

from troupe.adapters.firestore import Document, Merge, Update, Write, now

COLLECTION = "endedSubjects"
# Longer than a request takes: one that has found the subject may still say something about it.
_REST = timedelta(minutes=2)


def ending_write(kind: str, subject_id: str) -> Write:
    """`kind`: what was deleted: a company, call, character, script or review."""
    fields = {"kind": kind, "subjectId": subject_id, "dueAt": now() + _REST}
    return Merge(ended_path(kind, subject_id), fields)


def ended_path(kind: str, subject_id: str) -> str:
    return f"{COLLECTION}/{kind}-{subject_id}"


def postponed(ended: Document) -> Write:
    """For a subject that may still be reviewed or commented on: looks at it again later."""
    return Update(ended.path, {"dueAt": now() + _REST})
