"""Errors of uploaded files."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import NotFound, TroupeError

MAX_BYTES = 30 * 1024 * 1024


class UserFileNotFound(NotFound):
    code = "file_not_found"
    message = "You don't have a file with this id."


class MaximumSizeDetails(TypedDict):
    maximumBytes: int


class FileTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    details_type = MaximumSizeDetails
    message = f"The file is too large (maximum {MAX_BYTES // 1024**2} MB)."
