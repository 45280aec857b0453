"""Endpoints of uploaded recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.accounts.errors import QuotaExceeded
from troupe.caller import Scope
from troupe.files import schemas
from troupe.files.errors import FileTooLarge, UserFileNotFound
from troupe.idempotency import Asked, KeyReused, file_hash
from troupe.media.uploads.checks import BrokenAudio, DecodersBusy, TooDemanding, UnsupportedFile
from troupe.media.uploads.proofs import RecordingTooLong
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader, Page

if TYPE_CHECKING:
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.files.records import UserFile
    from troupe.files.service import UserFiles

api = Api("files", "Recordings")


@api.post(
    "/api/files/upload",
    scope=Scope.FILES,
    status=201,
    data=schemas.UploadedFile,
    errors=(
        *(FileTooLarge, UnsupportedFile, BrokenAudio, RecordingTooLong),
        *(TooDemanding, DecodersBusy, QuotaExceeded, KeyReused),
    ),
    headers=("Location",),
)
def upload_file(
    header: KeyHeader,
    form: schemas.UploadForm,
    caller: AccountCaller,
    user_files: UserFiles,
    quotas: Quotas,
) -> Reply:
    """Stores an audio file until `expiresAt`. Its type is detected from its content."""
    sent, key = form.file, header.idempotency_key
    body = {"name": sent.filename, "file": file_hash(sent.stream)} if key else {}
    asked = Asked.of(caller.uid, "uploadFile", body, key)
    if earlier := user_files.earlier(caller.uid, asked):
        return _uploaded(earlier)
    file = quotas.add_file(
        caller.user,
        sent.size,
        lambda: user_files.add(caller.uid, sent.filename, sent, asked),
        lambda made: user_files.delete(caller.uid, made.id),
    )
    return _uploaded(file)


@api.get(
    "/api/files/download/<fileId>",
    scope=Scope.FILES,
    auth=Auth.OWNER,
    errors=(UserFileNotFound,),
    produces="audio/*",
    media=True,
)
def download_file(
    path: schemas.FilePath, caller: Caller, user_files: UserFiles, files: Files
) -> Response:
    """Downloads a file under its original name; supports byte ranges. Large files redirect to a
    signed URL."""
    file = user_files.get(caller.uid, path.file_id)
    return file_response(
        files,
        file.path,
        size=file.size,
        content_type=file.content_type,
        filename=file.name,
        attachment=True,
    )


@api.get("/api/files", scope=Scope.FILES, data=schemas.FileList, errors=(BadCursor, PageTooDeep))
def list_files(query: Page, caller: Caller, user_files: UserFiles) -> Reply:
    """Lists your files, newest first."""
    files, found = user_files.page(caller.uid, query)
    return Reply(
        schemas.FileList(files=[schemas.FileView.of(file) for file in files]),
        "Files fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.delete("/api/files/<fileId>", scope=Scope.FILES, auth=Auth.OWNER, errors=(UserFileNotFound,))
def delete_file(path: schemas.FilePath, caller: Caller, user_files: UserFiles) -> Reply:
    """Deletes a file at once."""
    user_files.delete(caller.uid, path.file_id)
    return Reply(message="File deleted successfully")


def _uploaded(file: UserFile) -> Reply:
    return Reply(
        schemas.UploadedFile.of(file),
        "File uploaded successfully",
        headers={"Location": schemas.file_url(file)},
    )
