"""Exports of companies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.companies.schemas import CompanyPath
from troupe.company_exports import schemas
from troupe.company_exports.errors import (
    CompanyExportNotFound,
    CompanyExportNotReady,
    ExportNotOffered,
)
from troupe.company_exports.formats import MIME
from troupe.company_exports.records import Format
from troupe.errors import CompanyNotFound, Forbidden
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.company_exports.service import CompanyExports

api = Api("company-exports", "Companies")


@api.post(
    "/api/companies/<companyId>/exports",
    auth=Auth.COMPANY,
    status=202,
    data=schemas.ExportStarted,
    headers=("Location",),
    errors=(CompanyNotFound, Forbidden, ExportNotOffered, KeyReused, TooManyJobs),
    limit="company_export",
)
def export_company(
    header: KeyHeader,
    path: CompanyPath,
    body: schemas.ExportCompany,
    caller: Caller,
    company_exports: CompanyExports,
) -> Reply:
    """Starts an export of a company's users, licenses, payments, usage, calls, reviews or comments
    as a table. The work is a
    job; the finished file is there for 7 days, for those who manage the company. In a CSV file, a
    quote stands before what a spreadsheet would take for a formula."""
    job = company_exports.start(caller, body.given(path.company_id), header.idempotency_key)
    headers = {"Location": f"/api/companies/{path.company_id}/exports/{job.id}"}
    return Reply(schemas.ExportStarted.of(job), "Export started", headers=headers)


@api.get(
    "/api/companies/<companyId>/exports/<exportId>",
    auth=Auth.COMPANY,
    data=schemas.CompanyExportData,
    errors=(CompanyNotFound, Forbidden, CompanyExportNotFound),
)
def get_company_export(
    path: schemas.CompanyExportPath, caller: Caller, company_exports: CompanyExports
) -> Reply:
    """Returns an export of a company with the progress of its job, and the URL of the file once it
    is there."""
    found = company_exports.get(caller, path.company_id, path.export_id)
    return Reply(schemas.CompanyExportData.of(found), "Export fetched")


@api.get(
    "/api/companies/<companyId>/exports/<exportId>/file",
    auth=Auth.COMPANY,
    errors=(CompanyNotFound, Forbidden, CompanyExportNotFound, CompanyExportNotReady),
    produces=("text/csv", "application/json"),
    media=True,
)
def download_company_export(
    path: schemas.CompanyExportPath,
    caller: Caller,
    company_exports: CompanyExports,
    files: Files,
) -> Response:
    """Downloads the file. Supports byte ranges; large files redirect to a signed URL."""
    file, name = company_exports.download(caller, path.company_id, path.export_id)
    return file_response(
        files,
        file.path,
        size=file.size,
        content_type=MIME[Format(file.path.rpartition(".")[2])],
        filename=name,
        attachment=True,
    )
