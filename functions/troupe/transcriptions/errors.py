"""What can go wrong with a transcription, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, Unavailable
from troupe.jobs.records import JobStatus


class TranscriberNotConfigured(Unavailable):
    code = "transcriber_not_configured"
    message = "This server does not transcribe: TRANSCRIBER is off."


class TranscriptionNotFound(NotFound):
    code = "transcription_not_found"
    message = "You don't have a transcription with this id."


class TranscriptNotReadyDetails(TypedDict):
    """The status of the transcription."""

    status: JobStatus


class TranscriptNotReady(Conflict):
    code = "transcript_not_ready"
    details_type = TranscriptNotReadyDetails | None
    message = "The text is not available."
