"""Endpoints of uploaded recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.accounts.errors import QuotaExceeded
from troupe.caller import Scope
from troupe.files import schemas
from troupe.files.errors import (
    MAX_BYTES,
    FileTooLarge,
    OtherSize,
    UploadCompleted,
    UploadIncomplete,
    UploadNotFound,
    UserFileNotFound,
)
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
    from troupe.files.uploads import Uploads

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


@api.post(
    "/api/files/uploads",
    scope=Scope.FILES,
    status=201,
    data=schemas.BegunUpload,
    errors=(FileTooLarge, QuotaExceeded, KeyReused, UploadCompleted),
)
def begin_upload(
    header: schemas.UploadHeader,
    body: schemas.BeginUpload,
    caller: AccountCaller,
    uploads: Uploads,
    quotas: Quotas,
) -> Reply:
    """Begins an upload that can be resumed: send the file to its `url`, in one part or several,
    then complete it. For files that one request might not send within a minute."""
    if body.size > MAX_BYTES:
        raise FileTooLarge(details={"maximumBytes": MAX_BYTES})
    sent = body.model_dump(mode="json")
    asked = Asked.of(caller.uid, "beginUpload", sent, header.idempotency_key)
    upload = uploads.earlier(caller.uid, asked) or quotas.add_upload(
        caller.user,
        body.size,
        lambda: uploads.begin(
            caller.uid,
            body.name,
            body.size,
            asked,
            last_modified=body.last_modified,
            origin=header.page,
        ),
        lambda made: uploads.delete(caller.uid, made.id),
    )
    begun = schemas.BegunUpload(upload=schemas.UploadView.of(upload))
    return Reply(begun, "Upload begun successfully")


@api.get(
    "/api/files/uploads",
    scope=Scope.FILES,
    data=schemas.UploadList,
    errors=(BadCursor, PageTooDeep),
)
def list_uploads(query: Page, caller: Caller, uploads: Uploads) -> Reply:
    """Lists your unfinished uploads, newest first. The `url` of each says how much has arrived."""
    page, found = uploads.page(caller.uid, query)
    return Reply(
        schemas.UploadList(uploads=[schemas.UploadView.of(upload) for upload in page]),
        "Uploads fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.post(
    "/api/files/uploads/<uploadId>/complete",
    scope=Scope.FILES,
    auth=Auth.OWNER,
    status=201,
    data=schemas.UploadedFile,
    errors=(
        *(UploadNotFound, UploadIncomplete, OtherSize, UserFileNotFound, FileTooLarge),
        *(UnsupportedFile, BrokenAudio, RecordingTooLong, TooDemanding, DecodersBusy),
        QuotaExceeded,
    ),
    headers=("Location",),
)
def complete_upload(
    path: schemas.UploadPath,
    caller: AccountCaller,
    uploads: Uploads,
    user_files: UserFiles,
    quotas: Quotas,
) -> Reply:
    """Checks an upload that has arrived, like a file that came in one request, and makes it a file
    with the same id. What is rejected is deleted. A repeat gets the same response."""
    if earlier := user_files.find(caller.uid, path.upload_id):
        return _uploaded(earlier)
    file = quotas.add_file(
        caller.user,
        uploads.get(caller.uid, path.upload_id).size,
        lambda: uploads.complete(caller.uid, path.upload_id),
        lambda made: user_files.delete(caller.uid, made.id),
    )
    return _uploaded(file)


@api.delete(
    "/api/files/uploads/<uploadId>",
    scope=Scope.FILES,
    auth=Auth.OWNER,
    errors=(UploadNotFound,),
)
def delete_upload(path: schemas.UploadPath, caller: Caller, uploads: Uploads) -> Reply:
    """Ends an unfinished upload, and deletes what has arrived."""
    uploads.delete(caller.uid, path.upload_id)
    return Reply(message="Upload deleted successfully")


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
