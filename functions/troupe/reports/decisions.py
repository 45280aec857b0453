"""Decisions of administrators on reports of abuse. Apart from `service`, because they load what the
actions need, and most requests take none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.administration import AccountChange, AccountDiff, Administration
from troupe.adapters.firestore import Database, Document, Update, Write, contend, now
from troupe.audit.service import entry_writes
from troupe.characters.writes import audited, character_path
from troupe.jobs.shares import check_write
from troupe.notifications.records import NotificationType, muted
from troupe.notifications.writes import notice_writes
from troupe.reports.errors import ActionNotApplicable, ReportClosed, ReportNotFound
from troupe.reports.records import (
    COLLECTION,
    Decision,
    Report,
    ReportAction,
    ReportStatus,
    SubjectKind,
)

if TYPE_CHECKING:
    from troupe.audit.records import Actor
    from troupe.characters.records import Character
    from troupe.characters.withdrawal import Withdrawals
    from troupe.jobs.admission import Admission

_OPERATION = "adminUpdateReport"


class Decisions:
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

    def decide(self, actor: Actor, report_id: str, decision: Decision) -> Report:
        """Closes an open report and takes the action in the same commit, with audit entries.
        Repeating the decision changes nothing.

        Raises ReportNotFound, ReportClosed, ActionNotApplicable; CharacterNotFound or UserNotFound
        if the subject is gone; and OwnAccount and CannotSuspendAdmin.
        """
        report, _ = self._read(report_id)
        if _made(decision, report):
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

        owner = self._db.get(f"users/{report.subject_uid}")

        def also(before: Character, after: Character) -> list[Write]:
            target = character_path(report.subject_id)
            entry = entry_writes(actor, _OPERATION, target, audited(before), audited(after))
            closing = self._closing_writes(actor, report.id, decision)
            told = closing and owner.exists and not owner.data.get("deletedAt")
            notice = _taken_down(report, owner) if told else []
            return [*closing, *entry, *notice]

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
        if _made(decision, report):
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


def _taken_down(report: Report, owner: Document) -> list[Write]:
    """Tells the owner of a character. Not who has reported it."""
    return notice_writes(
        owner.id,
        NotificationType.CHARACTER_TAKEN_DOWN,
        f"report-{report.id}",
        now(),
        muted=muted(owner.data),
        params={"character": report.subject_name},
        link=f"/api/characters/{report.subject_id}",
    )


def _made(decision: Decision, report: Report) -> bool:
    """Whether the report has been decided like this. Raises ReportClosed if otherwise."""
    if report.status is ReportStatus.OPEN:
        return False
    if (report.status, report.action) != (decision.status, decision.action):
        raise ReportClosed(details={"status": report.status, "action": report.action})
    return True
