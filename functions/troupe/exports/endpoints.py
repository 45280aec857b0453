"""Exporting one's data over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.accounts.errors import RecentSignInRequired
from troupe.exports import schemas
from troupe.exports.errors import ExportNotFound, ExportNotReady
from troupe.jobs.errors import TooManyJobs
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.exports.service import Exports

api = Api("exports", "Exports of one's data")


@api.post(
    "/api/auth/export",
    status=202,
    data=schemas.ExportStarted,
    headers=("Location",),
    errors=(TooManyJobs, RecentSignInRequired),
    limit="export",
)
def export_account(caller: AccountCaller, accounts: Accounts, exports: Exports) -> Reply:
    """Starts collecting everything that is stored about you into one zip archive. Sign in at most 5
    minutes before; a guest need not. The work is a job: poll it at `GET
    /api/auth/export/{jobId}`. While one is running, returns that one; a new export replaces the
    archive of the one before."""
    accounts.require_recent_sign_in(caller)
    found = exports.start(caller.uid)
    headers = {"Location": f"/api/auth/export/{found.job.id}"}
    return Reply(schemas.ExportStarted.of(found), "Export started", headers=headers)


@api.get(
    "/api/auth/export/<exportId>",
    auth=Auth.OWNER,
    data=schemas.ExportData,
    errors=(ExportNotFound,),
)
def get_export(path: schemas.ExportPath, caller: Caller, exports: Exports) -> Reply:
    """Returns an export with the progress of its job, and the archive once it is there."""
    return Reply(schemas.ExportData.of(exports.get(caller.uid, path.export_id)), "Export fetched")


@api.get(
    "/api/auth/export/<exportId>/archive",
    auth=Auth.OWNER,
    errors=(ExportNotFound, ExportNotReady),
    produces="application/zip",
    media=True,
)
def download_export(
    path: schemas.ExportPath, caller: Caller, exports: Exports, files: Files
) -> Response:
    """Downloads the archive. Supports byte ranges; large files redirect to a signed URL."""
    archive = exports.archive(caller.uid, path.export_id)
    return file_response(
        files,
        archive.path,
        size=archive.size,
        content_type="application/zip",
        filename=f"troupe-export-{archive.created_at:%Y-%m-%d}.zip",
        attachment=True,
    )
