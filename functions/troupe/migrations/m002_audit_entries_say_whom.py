"""Entries of the audit log list the documents they are about.

Since 26 November 2026 an entry can be about several documents, such as a page of users that an
administrator read, and the log is searched by them. Older entries are about their target.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troupe.adapters.firestore import Document
from troupe.migrations.records import Migration


def _change(entry: Document, others: Mapping[str, Document]) -> Mapping[str, Any]:
    return {} if entry.data.get("about") else {"about": [entry.data["target"]]}


MIGRATION = Migration(
    number=2,
    title="entries of the audit log list the documents they are about",
    collection="audit",
    change=_change,
)
