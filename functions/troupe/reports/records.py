"""Reports as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from troupe.records import Record

COLLECTION = "reports"


class SubjectKind(StrEnum):
    """What can be reported: see `troupe.reports.subjects`."""

    CHARACTER = "character"
    USER = "user"


class ReportStatus(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class ReportAction(StrEnum):
    """What an administrator does about a report."""

    HIDE_CHARACTER = "hide_character"  # makes it private, for good
    REVOKE_CONSENT = "revoke_consent"  # ends the use of its voice
    SUSPEND_USER = "suspend_user"  # the reported user, or the owner of the character


@dataclass(frozen=True, slots=True)
class Decision:
    """How a report is closed. `action`: None if nothing is done about its subject."""

    status: ReportStatus
    action: ReportAction | None = None


class Report(Record):
    """`reports/{id}`: what the user `uid` reported about a subject. The id is made from the
    reporter and the subject, so that there is one report for both.

    `subject_uid`: the reported user, or the owner; `subject_name`: its name at the time."""

    id: str
    uid: str
    subject_kind: SubjectKind
    subject_id: str
    subject_uid: str
    subject_name: str
    reason: str
    status: ReportStatus = ReportStatus.OPEN
    action: ReportAction | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    created_at: datetime
