"""What a migration is, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Document
from troupe.records import Record

COLLECTION = "migrations"


def no_others(document: Document) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """Changes the documents of one collection, each by itself.

    `change` returns the fields to set in a document (as in `Update`), and {} if it needs none, so
    that a second run changes nothing. It gets the documents whose paths `others` returned, which
    were read after the document itself. A migration names fields as they are stored, and uses no
    records of the domains: those change later, and the migration must not.
    """

    number: int
    title: str  # what is true afterwards
    collection: str
    change: Callable[[Document, Mapping[str, Document]], Mapping[str, Any]]
    others: Callable[[Document], Sequence[str]] = no_others

    @property
    def path(self) -> str:
        """Its progress."""
        return f"{COLLECTION}/{self.number:03}"


class Progress(Record):
    """`migrations/{number}`. `after` is the id of the last document that was looked at."""

    id: str
    title: str
    after: str | None = None
    read: int = 0
    changed: int = 0
    started_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
