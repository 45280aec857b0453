"""Dubbing over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.access import key_reads
from troupe.caller import Scope
from troupe.captions.schemas import Captions
from troupe.dubbing import schemas
from troupe.dubbing.errors import (
    DubbingNotFound,
    DubbingNotOffered,
    DubbingNotReady,
    NoVideo,
    SameLanguage,
)
from troupe.dubbing.service import DubbingRequest
from troupe.errors import UnknownChoice
from troupe.file_names import split
from troupe.files.errors import UserFileNotFound
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.schemas import PaidHeaders
from troupe.media.captions import MIME_TYPES
from troupe.media.formats import AudioFormat
from troupe.media.uploads.checks import BrokenAudio, DecodersBusy, TooDemanding, UnsupportedFile
from troupe.media.uploads.proofs import RecordingTooLong
from troupe.paging import BadCursor, PageTooDeep
from troupe.transcriptions.errors import TranscriberNotConfigured
from troupe.translation.errors import TRANSLATOR_ERRORS
from troupe.wallet.errors import PAYER_ERRORS, NotEnoughTokens
from troupe.wallet.payers import payer_of
from troupe.web.caller import Auth
from troupe.web.files import file_response, text_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Page

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.dubbing.service import Dubbings

api = Api("dubbing", "Dubbing")
_AUDIO = AudioFormat.MP3


@api.post(
    "/api/dubbing",
    scope=Scope.TRANSCRIBE,
    status=202,
    data=schemas.DubbingAndJob,
    headers=("Location",),
    errors=(
        *(DubbingNotOffered, UnknownChoice, SameLanguage, UserFileNotFound),
        *(UnsupportedFile, BrokenAudio, RecordingTooLong, TooDemanding, DecodersBusy),
        *(TranscriberNotConfigured, *TRANSLATOR_ERRORS),
        *(*PAYER_ERRORS, NotEnoughTokens, KeyReused, TooManyJobs),
    ),
)
def dub(form: schemas.DubForm, header: PaidHeaders, caller: Caller, dubbings: Dubbings) -> Reply:
    """Dubs a recording or a film into another language: each line starts where its original starts.
    The work is a job: poll `GET /api/dubbing/{id}`. Speech in the original and new speech are
    charged; the most that a recording of this length can cost is held until the work is done. The
    uploaded `media` is deleted when the work has ended."""
    if form.script_id is not None:
        raise DubbingNotOffered("scriptId", "a script cannot be dubbed yet. Send `media`.")
    if form.keep_voice:
        raise DubbingNotOffered(
            "keepVoice",
            "a voice is cloned only with its owner's consent, which a recording does not show. "
            "Choose a `voiceId`.",
        )
    if form.file_id is not None:
        key_reads(caller, Scope.FILES)
    request = DubbingRequest(
        target_language=form.target_language,
        source_language=form.source_language,
        voice_id=form.voice_id,
        media=form.media.stream if form.media else None,
        name=form.media.filename if form.media else "",
        file_id=form.file_id,
    )
    payer = payer_of(caller, header.x_troupe_company, form.company_id)
    found = dubbings.start(caller.uid, request, header.idempotency_key, payer)
    return Reply(
        schemas.DubbingAndJob.of(found),
        "Dubbing started",
        headers={"Location": f"/api/dubbing/{found.dubbing.id}"},
    )


@api.get(
    "/api/dubbing",
    scope=Scope.TRANSCRIBE,
    data=schemas.DubbingList,
    errors=(BadCursor, PageTooDeep),
)
def list_dubbings(query: Page, caller: Caller, dubbings: Dubbings) -> Reply:
    """Lists your dubbings, newest first."""
    items, found = dubbings.page(caller.uid, query)
    return Reply(
        schemas.DubbingList(dubbings=[schemas.DubbingView.of(each) for each in items]),
        "Dubbings fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get(
    "/api/dubbing/<dubbingId>",
    scope=Scope.TRANSCRIBE,
    auth=Auth.OWNER,
    data=schemas.DubbingAndJob,
    errors=(DubbingNotFound,),
)
def get_dubbing(path: schemas.DubbingPath, caller: Caller, dubbings: Dubbings) -> Reply:
    """Returns a dubbing with the progress of its job. `warnings` name the lines that start late."""
    found = dubbings.get(caller.uid, path.dubbing_id)
    return Reply(
        schemas.DubbingAndJob.of(found),
        "Dubbing fetched",
        warnings=schemas.notices_of(found.dubbing.result),
    )


@api.delete(
    "/api/dubbing/<dubbingId>", scope=Scope.TRANSCRIBE, auth=Auth.OWNER, errors=(DubbingNotFound,)
)
def delete_dubbing(path: schemas.DubbingPath, caller: Caller, dubbings: Dubbings) -> Reply:
    """Deletes a dubbing and its files. Unfinished work is cancelled, and costs nothing."""
    dubbings.delete(caller.uid, path.dubbing_id)
    return Reply(message="Dubbing deleted successfully")


@api.get(
    "/api/dubbing/<dubbingId>/media",
    scope=Scope.TRANSCRIBE,
    auth=Auth.OWNER,
    errors=(DubbingNotFound, DubbingNotReady, NoVideo),
    produces=(_AUDIO.mime_type, "video/mp4", *MIME_TYPES.values()),
    produced_json=Captions,
    media=True,
)
def dubbing_media(
    path: schemas.DubbingPath,
    query: schemas.MediaQuery,
    caller: Caller,
    dubbings: Dubbings,
    files: Files,
) -> Response:
    """Returns the new sound, the film with it (`?kind=video`), or the captions (`?kind=captions`,
    with `format` vtt, srt or json). Files support byte ranges; large ones redirect to a signed
    URL."""
    if query.kind == "captions":
        text = dubbings.captions(caller.uid, path.dubbing_id, query.format)
        mime = MIME_TYPES[query.format]
        return text_response(text, content_type=mime, filename=f"captions.{query.format}")
    find, mime, extension = (
        (dubbings.video, "video/mp4", ".mp4")
        if query.kind == "video"
        else (dubbings.audio, _AUDIO.mime_type, _AUDIO.extension)
    )
    dubbing, file = find(caller.uid, path.dubbing_id)
    return file_response(
        files,
        file.path,
        size=file.size,
        content_type=mime,
        filename=f"{split(dubbing.name)[0]}{extension}",
    )
