"""What the operations about files take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from troupe.files.records import UserFile
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Schema
from troupe.web.upload import Form, Upload


class UploadForm(Form):
    file: Upload = Field(description="Audio: wav, mp3, m4a, ogg, flac or webm; at most 30 MB.")


class FileView(Schema):
    id: str
    name: str
    url: MediaUrl
    content_type: str
    size: int = Field(description="Bytes.")
    seconds: float
    created_at: datetime
    expires_at: datetime = Field(description="When it is deleted.")

    @classmethod
    def of(cls, file: UserFile) -> Self:
        return cls(**file.model_dump(exclude={"uid", "path"}), url=file_url(file))


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
