"""Requests and responses of the file operations."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from troupe.files.records import OpenUpload, UserFile
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, KeyHeader, Schema, Time, example
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


class UploadHeader(KeyHeader):
    origin: str | None = Field(
        None,
        max_length=300,
        description="Sent by browsers. Cloud Storage takes the file only from its pages.",
    )

    @property
    def page(self) -> str | None:
        """The origin, if it has the form of one."""
        return self.origin if _ORIGIN.fullmatch(self.origin or "") else None


class BeginUpload(Schema):
    model_config = example({"name": "Interview with Ada.wav", "size": 20_971_520})

    name: Annotated[str, Field(min_length=1, max_length=1000)]
    size: int = Field(ge=1, description="Bytes, at most 30 MB.")
    last_modified: Time | None = Field(
        None, description="Of the file on the device, to recognize it when it is chosen again."
    )


class UploadView(Schema):
    id: str
    name: str
    url: str = Field(
        description="Takes the file by the resumable uploads of Cloud Storage: PUT with "
        "`Content-Range`. It needs no token, so keep it secret."
    )
    size: int = Field(description="Bytes.")
    last_modified: datetime | None
    created_at: datetime
    expires_at: datetime = Field(description="When what has arrived is deleted.")

    @classmethod
    def of(cls, upload: OpenUpload) -> Self:
        return cls(**upload.model_dump(exclude={"uid", "path", "created_by"}))


class BegunUpload(Schema):
    upload: UploadView


class UploadList(Schema):
    uploads: list[UploadView]


class UploadPath(Schema):
    upload_id: Id


_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}")


def file_url(file: UserFile) -> str:
    return f"/api/files/download/{file.id}"
