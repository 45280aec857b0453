"""The errors of exports of companies."""

from __future__ import annotations

from troupe.errors import Conflict, NotFound, NotOffered


class CompanyExportNotFound(NotFound):
    code = "export_not_found"
    message = "This company has no export with this id, or no longer."


class CompanyExportNotReady(Conflict):
    code = "export_not_ready"
    message = "There is no file: the export has not finished, or has failed."


class ExportNotOffered(NotOffered):
    """A filter that the table does not have."""

    def __init__(self, field: str, why: str) -> None:
        wrong = {"field": field, "message": why, "type": self.code}
        super().__init__(f"{field}: {why}", details={"fields": [wrong]})
