"""Erases what people have said about something that was deleted."""

from __future__ import annotations

from troupe.adapters.firestore import Database, Delete, Document
from troupe.calls.records import COLLECTION as CALLS
from troupe.comments.records import COLLECTION, subject_key
from troupe.ended_subjects import COLLECTION as ENDED
from troupe.ended_subjects import postponed
from troupe.logs import log
from troupe.reviews.records import COLLECTION as REVIEWS
from troupe.reviews.writes import ratings_path

BATCH = 100
STEPS = 20  # of one subject in a run
# Whose reviews go with them. Those of a call stay with its company.
_REVIEWED = ("company", "character")


class SubjectEndings:
    def __init__(self, db: Database) -> None:
        self._db = db

    def sweep(self, limit: int) -> int:
        """Continues with the subjects that are due; returns how many."""
        due = self._db.due(ENDED, limit)
        for document in due:
            try:
                self._finish(document)
            except Exception as error:  # one must not block the others
                log.error("subject_not_erased", error, subject=document.id)
        return len(due)

    def _finish(self, ended: Document) -> None:
        kind, subject_id = ended.data["kind"], ended.data["subjectId"]
        subject = subject_key(kind, subject_id)
        if kind == "company":  # with all of its calls
            where = [("companyId", "==", subject_id)]
        else:
            where = [("subject", "==", subject)]
        # Its calls are erased with the company, and can be reviewed until then.
        has_calls = kind == "company" and bool(
            self._db.find(CALLS, where=where, limit=1, select=[])
        )
        counted = [ratings_path(subject)] if kind in _REVIEWED else []
        for _ in range(STEPS):
            more = self._erase_reviews(where) if kind in _REVIEWED else False
            if not (self._erase_comments(where) or more):
                if has_calls:
                    self._db.commit(postponed(ended))
                else:
                    self._db.commit(*map(Delete, [*counted, ended.path]))
                return

    def _erase_comments(self, where: list[tuple[str, str, str]]) -> bool:
        """Whether there were any."""
        found = self._db.find(COLLECTION, where=where, limit=BATCH, select=[])
        self._db.delete_all([each.path for each in found])
        return bool(found)

    def _erase_reviews(self, where: list[tuple[str, str, str]]) -> bool:
        """Whether there were any. The comments on them are erased first."""
        found = self._db.find(REVIEWS, where=where, limit=BATCH, select=["subject"])
        for each in found:
            of_review = [("subject", "==", subject_key("review", each.id))]
            while self._erase_comments(of_review):
                pass
        gone = [each.path for each in found]
        gone += {ratings_path(each.data["subject"]) for each in found}
        self._db.delete_all(gone)
        return bool(found)
