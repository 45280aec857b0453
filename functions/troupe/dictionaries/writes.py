"""Deletes dictionaries in Firestore."""

from __future__ import annotations

from troupe.adapters.firestore import Delete, Document, Write
from troupe.dictionaries.records import versions_path
from troupe.orphans import OrphanRecord, orphan_record


def deletion(document: Document) -> tuple[OrphanRecord, Write, Write]:
    """The writes that delete a dictionary, as read, and the record they leave of its versions."""
    record = orphan_record([], collection=versions_path(document.id))
    return record, Delete(document.path, seen=document), record.create_write()
