"""Recordings of calls over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.call_recordings import schemas
from troupe.call_recordings.errors import (
    AlreadyRecording,
    CallRecordingNotReady,
    ConsentMissing,
    NotRecording,
    PartDiffers,
    PartEmpty,
    PartGap,
    PartTooLarge,
    RecordingNotFound,
    RecordingOff,
    RecordingOver,
)
from troupe.call_recordings.writes import MP4
from troupe.calls.errors import (
    CallEnded,
    CallNotFound,
    CallRoleRequired,
    CallUnpaid,
    NotInCall,
    Removed,
)
from troupe.calls.schemas import CallPath
from troupe.errors import Forbidden
from troupe.media.uploads.checks import UnsupportedFile
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.call_recordings.service import CallRecordings
    from troupe.caller import Caller

api = Api("call-recordings", "Recordings of video calls")


@api.post(
    "/api/calls/<callId>/recording",
    auth=Auth.MEMBER,
    data=schemas.RecordingData,
    errors=(
        *(CallNotFound, Removed, CallEnded, NotInCall, CallRoleRequired, RecordingOff),
        *(AlreadyRecording, NotRecording, RecordingNotFound, CallUnpaid),
    ),
    limit="call_recording",
)
def recording(
    path: CallPath, body: schemas.RecordingBody, caller: Caller, call_recordings: CallRecordings
) -> Reply:
    """Starts or stops the recording of a call, or says whether you agree to it. Nothing may be
    recorded until everybody in the call has agreed, nor after somebody has come in who has not.
    Who declines ends the recording."""
    match body.action:
        case "start":
            made = call_recordings.start(caller, path.call_id)
        case "stop":
            made = call_recordings.stop(caller, path.call_id, body.recording_id)
        case "consent":
            made = call_recordings.consent(caller, path.call_id, body.recording_id)
        case "decline":
            made = call_recordings.decline(caller, path.call_id, body.recording_id)
    return Reply(schemas.RecordingData.of(made), "Recording updated successfully")


@api.post(
    "/api/calls/<callId>/recording/parts",
    auth=Auth.OWNER,
    data=schemas.ReceivedData,
    errors=(
        *(RecordingNotFound, PartGap, PartDiffers, PartEmpty, PartTooLarge, UnsupportedFile),
        *(ConsentMissing, RecordingOver, CallUnpaid),
    ),
    limit="call_recording_part",
)
def recording_part(
    path: CallPath, form: schemas.PartForm, caller: Caller, call_recordings: CallRecordings
) -> Reply:
    """Sends the next part of a recording that you make, in order; a repeat with the same bytes
    changes nothing."""
    after = call_recordings.add_part(caller, path.call_id, form.recording_id, form.seq, form.part)
    return Reply(schemas.ReceivedData(received=after.parts), "Part received successfully")


@api.get(
    "/api/calls/<callId>/recordings",
    auth=Auth.COMPANY,
    data=schemas.RecordingsData,
    errors=(CallNotFound, Forbidden),
)
def recordings(path: CallPath, caller: Caller, call_recordings: CallRecordings) -> Reply:
    """Lists the recordings of a call, newest first, for its host and those who manage the
    company."""
    found = call_recordings.page(caller, path.call_id)
    return Reply(schemas.RecordingsData.of(found), "Recordings fetched successfully")


@api.get(
    "/api/calls/<callId>/recordings/<recordingId>/file",
    auth=Auth.COMPANY,
    errors=(CallNotFound, Forbidden, RecordingNotFound, CallRecordingNotReady),
    produces=MP4,
    media=True,
)
def recording_file(
    path: schemas.RecordingPath, caller: Caller, call_recordings: CallRecordings, files: Files
) -> Response:
    """Plays a recording: MP4 with H.264 and AAC. Supports byte ranges; large files redirect to a
    signed URL."""
    file, name = call_recordings.film(caller, path.call_id, path.recording_id)
    return file_response(files, file.path, size=file.size, content_type=MP4, filename=name)
