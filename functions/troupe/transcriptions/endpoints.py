"""Transcription over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.access import key_reads
from troupe.caller import Scope
from troupe.captions.schemas import CaptionQuery, Captions
from troupe.errors import UnknownChoice
from troupe.files.errors import UserFileNotFound
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.media.captions import MIME_TYPES
from troupe.media.uploads.checks import BrokenAudio, DecodersBusy, TooDemanding, UnsupportedFile
from troupe.media.uploads.proofs import RecordingTooLong
from troupe.paging import BadCursor, PageTooDeep
from troupe.transcriptions import schemas
from troupe.transcriptions.errors import (
    TranscriberNotConfigured,
    TranscriptionNotFound,
    TranscriptNotReady,
)
from troupe.transcriptions.service import SHORT
from troupe.waiters import WAITERS
from troupe.wallet.errors import PAYER_ERRORS, CostAboveMax, NotEnoughTokens
from troupe.wallet.payers import payer_of
from troupe.web.caller import Auth
from troupe.web.files import text_response
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.transcriptions.service import Transcriptions

api = Api("transcriptions", "Transcription")
_WAIT = 45.0  # seconds; Hosting ends a request after 60


@api.post(
    "/api/audio/transcribe",
    scope=Scope.TRANSCRIBE,
    other_statuses=(202,),
    data=schemas.Transcribed,
    headers=("Location",),
    errors=(
        *(TranscriberNotConfigured, UnknownChoice, UserFileNotFound),
        *(UnsupportedFile, BrokenAudio, RecordingTooLong, TooDemanding, DecodersBusy),
        *(*PAYER_ERRORS, NotEnoughTokens, CostAboveMax, KeyReused, TooManyJobs),
    ),
)
def transcribe(
    form: schemas.TranscribeForm,
    header: schemas.TranscribeHeaders,
    caller: Caller,
    transcriptions: Transcriptions,
) -> Reply:
    """Turns speech into text. Sound of up to 60 seconds is answered with its text. Longer sound,
    and any if the server is busy, is answered with 202 and a job: poll
    `GET /api/audio/transcriptions/{id}`. Only the seconds in which somebody speaks are charged; the
    whole length is reserved before. The `audio` is deleted when the work has ended."""
    if form.file_id is not None:
        key_reads(caller, Scope.FILES)
    found = transcriptions.start(
        caller.uid,
        form.audio or form.file_id or "",
        form.audio.filename if form.audio else "",
        form.language,
        header.idempotency_key,
        form.max_tokens,
        payer_of(caller, header.x_troupe_company, form.company_id),
    )
    if found.transcription.seconds <= SHORT and "respond-async" not in (header.prefer or ""):
        with WAITERS.place(caller.uid) as placed:
            if placed:
                found = transcriptions.wait(found, _WAIT)
    done = found.segments is not None
    return Reply(
        schemas.Transcribed.of(found),
        "Transcription completed" if done else "Transcription started",
        status=200 if done else 202,
        headers={"Location": f"/api/audio/transcriptions/{found.transcription.id}"},
    )


@api.get(
    "/api/audio/transcriptions",
    scope=Scope.TRANSCRIBE,
    data=schemas.TranscriptionList,
    errors=(BadCursor, PageTooDeep),
)
def list_transcriptions(
    query: schemas.TranscriptionsQuery, caller: Caller, transcriptions: Transcriptions
) -> Reply:
    """Lists your transcriptions, newest first, without their texts."""
    items, found = transcriptions.page(caller.uid, query, query.file_id)
    views = [schemas.TranscriptionView.of(each) for each in items]
    return Reply(
        schemas.TranscriptionList(transcriptions=views),
        "Transcriptions fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get(
    "/api/audio/transcriptions/<transcriptionId>",
    scope=Scope.TRANSCRIBE,
    auth=Auth.OWNER,
    data=schemas.Transcribed,
    errors=(TranscriptionNotFound, TranscriptNotReady),
)
def get_transcription(
    path: schemas.TranscriptionPath, caller: Caller, transcriptions: Transcriptions
) -> Reply:
    """Returns a transcription with its text, or with the progress of its job."""
    found = transcriptions.get(caller.uid, path.transcription_id)
    return Reply(schemas.Transcribed.of(found), "Transcription fetched")


@api.get(
    "/api/audio/transcriptions/<transcriptionId>/captions",
    scope=Scope.TRANSCRIBE,
    auth=Auth.OWNER,
    errors=(TranscriptionNotFound, TranscriptNotReady),
    produces=tuple(MIME_TYPES.values()),
    produced_json=Captions,
    media=True,
)
def get_transcription_captions(
    path: schemas.TranscriptionPath,
    query: CaptionQuery,
    caller: Caller,
    transcriptions: Transcriptions,
) -> Response:
    """Returns what is said as captions: WebVTT, SubRip with `?format=srt`, or JSON with all words
    and their times with `?format=json`."""
    text = transcriptions.captions(caller.uid, path.transcription_id, query.format)
    mime = MIME_TYPES[query.format]
    return text_response(text, content_type=mime, filename=f"captions.{query.format}")


@api.delete(
    "/api/audio/transcriptions/<transcriptionId>",
    scope=Scope.TRANSCRIBE,
    auth=Auth.OWNER,
    errors=(TranscriptionNotFound,),
)
def delete_transcription(
    path: schemas.TranscriptionPath, caller: Caller, transcriptions: Transcriptions
) -> Reply:
    """Deletes the text, and the sound if it is still there. Unfinished work is cancelled, and costs
    nothing."""
    transcriptions.delete(caller.uid, path.transcription_id)
    return Reply(message="Transcription deleted successfully")
