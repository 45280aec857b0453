"""Reports of abuse: users make them, administrators decide them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from troupe.accounts.administration import AccountChange, AccountDiff, Administration
from troupe.adapters.firestore import Create, Database, Document, Update, Write, contend, now
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.characters.records import Character
from troupe.characters.withdrawal import Withdrawals
from troupe.characters.writes import audited, character_path
from troupe.jobs.admission import Admission
from troupe.jobs.shares import check_write
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.reports.errors import (
    ActionNotApplicable,
    AlreadyReported,
    ReportClosed,
    ReportNotFound,
)
from troupe.reports.records import (
    COLLECTION,
    Report,
    ReportAction,
    ReportStatus,
    SubjectKind,
)
from troupe.reports.subjects import SUBJECTS

_OPERATION = "adminUpdateReport"


@dataclass(frozen=True, slots=True)
class Decision:
    status: ReportStatus
    action: ReportAction | None = None

    def made(self, report: Report) -> bool:
        """Whether the report has been decided like this. Raises ReportClosed if otherwise."""
        if report.status is ReportStatus.OPEN:
            return False
        if (report.status, report.action) != (self.status, self.action):
            raise ReportClosed(details={"status": report.status, "action": report.action})
        return True


class Reports:
    def __init__(
        self,
        db: Database,
        withdrawals: Withdrawals,
        administration: Administration,
        admission: Admission,
    ) -> None:
        self._db = db
        self._withdrawals = withdrawals
        self._administration = administration
        self._admission = admission

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

    def decide(self, actor: Actor, report_id: str, decision: Decision) -> Report:
        """Closes an open report and takes the action in the same commit, with audit entries.
        Repeating the decision changes nothing.

        Raises ReportNotFound, ReportClosed, ActionNotApplicable; CharacterNotFound or UserNotFound
        if the subject is gone; and OwnAccount and CannotSuspendAdmin.
        """
        report, _ = self._read(report_id)
        if decision.made(report):
            return report
        if decision.action is ReportAction.SUSPEND_USER:
            self._suspend(actor, report, decision)
        elif decision.action is not None:
            self._take_down(actor, report, decision)
        else:
            contend(lambda: self._commit(self._closing_writes(actor, report_id, decision)))
        return self._read(report_id)[0]

    def _take_down(self, actor: Actor, report: Report, decision: Decision) -> None:
        if report.subject_kind is not SubjectKind.CHARACTER:
            raise ActionNotApplicable

        def also(before: Character, after: Character) -> list[Write]:
            target = character_path(report.subject_id)
            entry = entry_writes(actor, _OPERATION, target, audited(before), audited(after))
            return [*self._closing_writes(actor, report.id, decision), *entry]

        revoke = decision.action is ReportAction.REVOKE_CONSENT
        self._withdrawals.take_down(report.subject_id, also, revoke=revoke)

    def _suspend(self, actor: Actor, report: Report, decision: Decision) -> None:
        uid = report.subject_uid

        def attempt() -> AccountDiff:
            diff = self._administration.change(uid, AccountChange(suspended=True), actor.uid)
            changed = ({"suspended": user.suspended} for user in (diff.before, diff.after))
            entry = entry_writes(actor, _OPERATION, f"users/{uid}", *changed)
            closing = self._closing_writes(actor, report.id, decision)
            jobs = [check_write(uid, now())] if diff.suspends else []
            self._commit([*diff.writes, *closing, *entry, *jobs])
            return diff

        diff = contend(attempt)
        self._administration.after_commit(diff)
        if diff.suspends:
            self._admission.end_jobs(uid)

    def _closing_writes(self, actor: Actor, report_id: str, decision: Decision) -> list[Write]:
        """Closes the report; empty if our own commit has closed it. Raises ReportNotFound,
        ReportClosed."""
        report, document = self._read(report_id)
        if decision.made(report):
            return []
        changes = {"status": decision.status, "action": decision.action}
        stamps = {"decidedBy": actor.uid, "decidedAt": now()}
        before = {"status": report.status, "action": report.action}
        return [
            Update(document.path, {**changes, **stamps}, seen=document),
            *entry_writes(actor, _OPERATION, document.path, before, changes),
        ]

    def _read(self, report_id: str) -> tuple[Report, Document]:
        document = self._db.get(f"{COLLECTION}/{report_id}")
        if not document.exists:
            raise ReportNotFound
        return Report.of(document), document

    def _commit(self, batch: list[Write]) -> None:
        if batch:  # else our own commit had done everything
            self._db.commit_or_stale(*batch)


def _id(uid: str, kind: SubjectKind, subject_id: str) -> str:
    return hashlib.sha256(f"{uid}\n{kind}\n{subject_id}".encode()).hexdigest()[:32]
