"""Requests and responses of the file operations."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from troupe.files.records import UserFile
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Schema
from troupe.web.upload import Form, Upload


class UploadForm(Form):
    file: Upload = Field(
        description="WAV, MP3, M4A, AAC, Ogg, FLAC, WebM, AIFF, CAF or AMR audio, at most 30 MB."
    )


class FileView(Schema):
    id: str
    name: str
    url: MediaUrl
    content_type: str
    size: int = Field(description="Bytes.")
    seconds: float
    created_at: datetime
    expires_at: datetime = Field(description="When the file is deleted.")

    @classmethod
    def of(cls, file: UserFile) -> Self:
        return cls(**file.model_dump(exclude={"uid", "path", "created_by"}), url=file_url(file))


class UploadedFile(Schema):
    file_url: MediaUrl
    file_id: str
    file: FileView

    @classmethod
    def of(cls, file: UserFile) -> Self:
        return cls(file_url=file_url(file), file_id=file.id, file=FileView.of(file))


class FileList(Schema):
    files: list[FileView]


class FilePath(Schema):
    file_id: Id


def file_url(file: UserFile) -> str:
    return f"/api/files/download/{file.id}"
