"""Comments as they are stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from troupe.records import Record
from troupe.text import name_key, prefixes

COLLECTION = "comments"
MOST_CHARACTERS = 2000
MOST_TAGS = 5
MOST_FOUND_BY = 20  # words of a text


class CommentedKind(StrEnum):
    CALL = "call"
    REVIEW = "review"
    SCRIPT = "script"
    RECORDING = "recording"


class CommentKind(StrEnum):
    GENERAL = "general"
    TECHNICAL = "technical"
    RESOLUTION = "resolution"
    FEEDBACK = "feedback"


class Comment(Record):
    """`comments/{id}`. `company_id`: of the call or review. `internal`: for the company alone, and
    never changed. `at_seconds`: where in a call or script. `request`: a hash of what was sent, if
    it had an idempotency key. A deleted comment keeps its place, and has no text."""

    id: str
    subject_kind: CommentedKind
    subject_id: str
    company_id: str | None = None
    parent_id: str | None = None
    uid: str
    name: str
    guest: bool = False
    text: str
    kind: CommentKind = CommentKind.GENERAL
    internal: bool = False
    tags: list[str] = Field(default_factory=list)
    at_seconds: float | None = None
    revision: int = 1
    request: str | None = None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @property
    def subject(self) -> str:
        return subject_key(self.subject_kind, self.subject_id)

    def stored(self) -> dict[str, Any]:
        """Adds what a search of the company compares: the first words, and the tags."""
        words = name_key(self.text).split()[:MOST_FOUND_BY]
        return super().stored() | {"subject": self.subject, "starts": prefixes(*words, *self.tags)}


def subject_key(kind: str, subject_id: str) -> str:
    return f"{kind}-{subject_id}"


def comment_path(comment_id: str) -> str:
    return f"{COLLECTION}/{comment_id}"
