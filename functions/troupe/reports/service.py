"""Reports of abuse that users make; see `decisions` for what becomes of them."""

from __future__ import annotations

import hashlib

from troupe.adapters.firestore import Create, Database, Update, contend, now
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.reports.errors import AlreadyReported
from troupe.reports.records import COLLECTION, Report, ReportStatus, SubjectKind
from troupe.reports.subjects import SUBJECTS


class Reports:
    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, uid: str, kind: SubjectKind, subject_id: str, reason: str) -> Report:
        """Opens a report, or opens a decided one of the same user and subject again.

        Raises SubjectNotFound, also for subjects that `uid` cannot see, and AlreadyReported.
        """
        subject_type, report_id = SUBJECTS[kind], _id(uid, kind, subject_id)
        path, at = f"{COLLECTION}/{report_id}", now()

        def attempt() -> Report:
            document, previous = self._db.get_all([subject_type.path(subject_id), path])
            subject = subject_type.seen(document, uid)
            report = Report(
                id=report_id,
                uid=uid,
                subject_kind=kind,
                subject_id=subject_id,
                subject_uid=subject.uid,
                subject_name=subject.name,
                reason=reason,
                created_at=at,
            )
            if previous.exists:
                earlier = Report.of(previous)
                if earlier.created_at == at:
                    return earlier  # our own commit: its response was lost, so it was sent again
                if earlier.status is ReportStatus.OPEN:
                    raise AlreadyReported
                self._db.commit_or_stale(Update(path, report.stored(), seen=previous))
            else:
                self._db.commit_or_stale(Create(path, report.stored()))
            return report

        report = contend(attempt)
        log.info("abuse_reported", reportId=report_id, kind=kind, subjectId=subject_id)
        return report

    def page(self, page: PageRequest, status: ReportStatus | None) -> tuple[list[Report], PageOf]:
        """Newest first; of one status, or all."""
        where = [("status", "==", status)] if status else []
        found = newest_first(self._db, COLLECTION, page, field="createdAt", where=where)
        return [Report.of(document) for document in found.documents], found


def _id(uid: str, kind: SubjectKind, subject_id: str) -> str:
    return hashlib.sha256(f"{uid}\n{kind}\n{subject_id}".encode()).hexdigest()[:32]
