"""Reports of abuse over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.reports import schemas
from troupe.reports.errors import AlreadyReported, SubjectNotFound
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.reports.service import Reports

api = Api("reports", "Reports of abuse")


@api.post("/api/reports", status=201, errors=(SubjectNotFound, AlreadyReported), limit="report")
def report(body: schemas.ReportBody, caller: Caller, reports: Reports) -> Reply:
    """Reports a character or a user to the administrators."""
    reports.add(caller.uid, body.subject_kind, body.subject_id, body.reason)
    return Reply(message="Thank you for your report. An administrator will look at it.")
