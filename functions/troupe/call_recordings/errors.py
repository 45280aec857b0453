"""What can go wrong with recordings of calls, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, Forbidden, NotFound, TroupeError, Unprocessable


class RecordingNotFound(NotFound):
    """Also for one of another call, and one that somebody else records."""

    code = "recording_not_found"
    message = "This recording does not exist, or you do not have access to it."


class RecordingOff(Forbidden):
    code = "recording_off"
    message = (
        "This call must not be recorded. Set `recordingPolicy` to `ask` in the settings of the "
        "company, and of the call."
    )


class RecordingStateDetails(TypedDict):
    id: str
    state: str


class AlreadyRecording(Conflict):
    code = "already_recording"
    details_type = RecordingStateDetails
    message = "This call is being recorded. Stop that recording first."


class NotRecording(Conflict):
    code = "not_recording"
    message = "This call is not being recorded."


class RecordingOver(Conflict):
    code = "recording_over"
    details_type = RecordingStateDetails
    message = "This recording takes no more parts. Start a new one."


class ConsentMissingDetails(TypedDict):
    """`waitingFor`: the ids of the users who have not agreed."""

    waitingFor: list[str]


class ConsentMissing(Conflict):
    code = "consent_missing"
    details_type = ConsentMissingDetails
    message = "Not everybody in the call has agreed to the recording. Record nothing until then."


class PartGapDetails(TypedDict):
    """`expected`: the number of the next part."""

    expected: int


class PartGap(Conflict):
    code = "gap"
    details_type = PartGapDetails
    message = "Parts must be sent in order. Send the part with the number `expected` first."


class PartDiffers(Conflict):
    code = "part_differs"
    message = "Another part with this number has been received. A repeat must have the same bytes."


class PartTooLargeDetails(TypedDict):
    maximumBytes: int


class PartTooLarge(TroupeError):
    status = 413
    code = "part_too_large"
    details_type = PartTooLargeDetails
    message = "A part can have at most 16 MB. Send smaller ones more often."


class PartEmpty(Unprocessable):
    code = "part_empty"
    message = "The part has no bytes."


class CallRecordingNotReady(Conflict):
    code = "not_ready"
    details_type = RecordingStateDetails
    message = "The file of this recording is not there yet, or the recording has failed."
