"""Errors of uploaded files."""

from __future__ import annotations

from typing import Self

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, TroupeError, Unprocessable

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


class UploadNotFound(NotFound):
    code = "upload_not_found"
    message = "You don't have an unfinished upload with this id. Begin a new one."


class UploadIncomplete(Conflict):
    code = "upload_incomplete"
    message = (
        "The file has not arrived yet. Send the rest of it to the `url` of the upload first. If "
        "that answers with 404 or 410, delete the upload and begin a new one."
    )


class CompletedDetails(TypedDict):
    fileId: str


class UploadCompleted(Conflict):
    code = "upload_completed"
    details_type = CompletedDetails
    message = "This upload is complete; its file is in your list. Use a new Idempotency-Key."

    @classmethod
    def of(cls, file_id: str) -> Self:
        return cls(details={"fileId": file_id})


class OtherSizeDetails(TypedDict):
    """Bytes."""

    announced: int
    arrived: int


class OtherSize(Unprocessable):
    code = "upload_has_other_size"
    details_type = OtherSizeDetails
    message = "The file that arrived does not have the size that was announced. Begin a new upload."

    @classmethod
    def of(cls, announced: int, arrived: int) -> Self:
        return cls(details={"announced": announced, "arrived": arrived})
