"""The errors of exports."""

from __future__ import annotations

from troupe.errors import Conflict, NotFound


class ExportNotFound(NotFound):
    code = "export_not_found"
    message = "You don't have an export with this id."


class ExportNotReady(Conflict):
    code = "export_not_ready"
    message = "There is no archive: the export has not finished, or the archive has expired."
