"""Exports of companies: each is a job, and its file is there for a week for those who manage the
company."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Create, Database, Delete, now
from troupe.audit.records import Actor
from troupe.companies.choice import managed
from troupe.companies.roster import Roster, is_outside_admin
from troupe.company_exports.errors import (
    CompanyExportNotFound,
    CompanyExportNotReady,
    ExportNotOffered,
)
from troupe.company_exports.records import (
    FILTERS,
    CompanyExport,
    ExportFile,
    ExportInput,
    Table,
)
from troupe.company_exports.specs import COMPANY_EXPORT
from troupe.company_exports.writes import COLLECTION, export_path, files_prefix
from troupe.errors import Forbidden
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.records import Job, job_path
from troupe.logs import log

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.jobs.service import JobService

_PATIENCE = timedelta(days=2)  # for its job, beyond which it has failed


@dataclass(frozen=True, slots=True)
class Found:
    """`job` is None once the account of its maker has been deleted."""

    export: CompanyExport
    job: Job | None


class CompanyExports:
    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        jobs: JobService,
        audit_log: Callable[[], AuditLog],
        keep: timedelta,
    ) -> None:
        """`keep`: how long the file can be downloaded."""
        self._db = db
        self._files = files
        self._jobs = jobs
        self._audit_log = audit_log
        self._keep = keep

    def start(self, caller: Caller, given: ExportInput, key: str | None) -> Job:
        """Raises CompanyNotFound, Forbidden, ExportNotOffered, KeyReused, TooManyJobs."""
        company_id = managed(caller, given.company_id)
        Roster(self._db, company_id, [caller.uid]).require_manager(caller)
        _require_readable(caller, company_id, given.table)
        for name in given.filter.keys() - FILTERS[given.table]:
            known = ", ".join(sorted(FILTERS[given.table]))
            raise ExportNotOffered(f"filter.{name}", f"{given.table} can be filtered by {known}.")
        at, job_id = now(), keyed_id(caller.uid, key)
        export = CompanyExport(
            id=job_id,
            company_id=company_id,
            table=given.table,
            format=given.format,
            due_at=at + self._keep + _PATIENCE,
            created_at=at,
        )
        job = COMPANY_EXPORT.job(
            id=job_id,
            uid=caller.uid,
            subject=export_path(job_id),
            given=given,
            request_hash=request_hash("exportCompany", given.model_dump(mode="json")),
            at=at,
        )
        create = Create(export_path(job_id), export.stored())
        return self._jobs.submit(job, None, [create], keyed=key is not None)

    def get(self, caller: Caller, company_id: str, export_id: str) -> Found:
        """Raises CompanyNotFound, Forbidden, CompanyExportNotFound."""
        managed(caller, company_id)
        Roster(self._db, company_id)
        document, job = self._db.get_all([export_path(export_id), job_path(export_id)])
        if not document.exists or document.data["companyId"] != company_id:
            raise CompanyExportNotFound
        return Found(CompanyExport.of(document), Job.of(job) if job.exists else None)

    def download(self, caller: Caller, company_id: str, export_id: str) -> tuple[ExportFile, str]:
        """The file, and its name for the reader. What an administrator of Troupe downloads is in
        the audit log. Raises CompanyExportNotReady besides."""
        export = self.get(caller, company_id, export_id).export
        _require_readable(caller, company_id, export.table)
        if export.file is None:
            raise CompanyExportNotReady
        company = Roster(self._db, company_id).company
        if is_outside_admin(caller, company_id):
            actor = Actor.of(caller)
            self._audit_log().read(actor, "downloadCompanyExport", export_path(export_id))
        name = f"{company.name} {export.table} {export.created_at:%Y-%m-%d}.{export.format}"
        return export.file, name

    def expire(self, limit: int) -> int:
        """Deletes exports whose time has passed, with their files; returns how many."""
        expired = 0
        for document in self._db.due(COLLECTION, limit):
            try:
                self._delete(CompanyExport.of(document))
                expired += 1
            except Exception as error:  # one failure must not block the others
                log.error("company_export_not_expired", error, exportId=document.id)
        return expired

    def erase(self, company_id: str, limit: int) -> int:
        """Deletes up to `limit` exports of a company, then files that none references; returns how
        many."""
        found = self._db.find(COLLECTION, where=[("companyId", "==", company_id)], limit=limit)
        for document in found:
            self._delete(CompanyExport.of(document))
        if found:
            return len(found)
        strays = self._files().list(files_prefix(company_id))
        self._files().delete(strays)
        return len(strays)

    def _delete(self, export: CompanyExport) -> None:
        """Ends the job first: after that, no worker records a file any more."""
        if not export.status.ended and self._db.get(job_path(export.id)).exists:
            self._jobs.cancel(export.id)
        prefix = f"{files_prefix(export.company_id)}{export.id}-"
        self._files().delete(self._files().list(prefix))
        self._db.commit(Delete(export_path(export.id)))


def _require_readable(caller: Caller, company_id: str, table: Table) -> None:
    """Administrators of Troupe do not read what a company says among itself. Raises Forbidden."""
    if table is Table.COMMENTS and is_outside_admin(caller, company_id):
        raise Forbidden
