"""Text to speech over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response

from troupe.adapters.models.errors import ModelMissing
from troupe.caller import Scope
from troupe.captions.schemas import CaptionQuery, Captions
from troupe.characters.errors import CharacterNotFound, VoiceNotShared
from troupe.dictionaries.errors import DictionaryLanguage, DictionaryNotFound
from troupe.errors import UnknownChoice
from troupe.generations import request_schemas, schemas
from troupe.generations.errors import (
    AudioNotReady,
    GenerationNotFound,
    TextTooLong,
    TranslationNotOffered,
)
from troupe.generations.specs import VOICE
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.schemas import JobView, PriceData
from troupe.media.captions import MIME_TYPES
from troupe.media.formats import AudioFormat
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.speech.choice import count_voices, offered_languages, offered_styles
from troupe.speech.errors import InvalidSSML, NothingToSpeak, SpeechTooLong, UnreadableText
from troupe.translation.errors import TRANSLATOR_ERRORS
from troupe.waiters import WAITERS
from troupe.wallet.errors import PAYER_ERRORS, CostAboveMax, NotEnoughTokens
from troupe.wallet.payers import payer_of
from troupe.wallet.schemas import CompanyHeader
from troupe.waveforms.errors import NoWaveform
from troupe.waveforms.schemas import WaveformData
from troupe.web.body import TEXT_LIMIT
from troupe.web.caller import Auth
from troupe.web.files import file_response, text_response
from troupe.web.reply import Reply
from troupe.web.routes import Api, Limited
from troupe.web.schema import Notice

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.generations.records import AudioFile, Generation
    from troupe.generations.service import Generations, GenerationWithJob
    from troupe.settings import Settings
    from troupe.speech.text.marks import ReadingWarning

api = Api("voice", "Text to speech")
CHOICE_ERRORS = (
    UnknownChoice,
    TextTooLong,
    InvalidSSML,
    NothingToSpeak,
    UnreadableText,
    SpeechTooLong,
    CharacterNotFound,
    VoiceNotShared,
    DictionaryNotFound,
    DictionaryLanguage,
    TranslationNotOffered,
    ModelMissing,
    *TRANSLATOR_ERRORS,
    *MODERATION_ERRORS,
)
# Requests with a `targetLanguage` count in the rate limit of translations; others do not.
TRANSLATES: Limited = {
    "limit": "translation",
    "guest_limit": "guest_translation",
    "limit_weight": lambda given: int(bool(given["body"].target_language)),
}
LONGEST_WAIT = 30  # seconds; a waiting function is billed


@api.get("/api/voice/languages", auth=Auth.PUBLIC, data=schemas.Languages)
def list_languages(settings: Settings) -> Reply:
    """Lists the languages of the speech engines."""
    engines = settings.speech_engines
    views = [
        schemas.LanguageView(
            code=each.code,
            name=each.name,
            flag=each.flag,
            engines=[
                schemas.VoiceCount(engine=engine, voices=voices)
                for engine, voices in count_voices(engines, each.code).items()
            ],
        )
        for each in offered_languages(engines)
    ]
    return Reply(schemas.Languages(languages=views), "Languages fetched successfully")


@api.get("/api/voice/styles", auth=Auth.PUBLIC, data=schemas.Styles)
def list_styles(settings: Settings) -> Reply:
    """Lists the speaking styles of the speech engines."""
    views = [
        schemas.StyleView(id=schemas.VoiceStyle(x.id), name=x.name, description=x.description)
        for x in offered_styles(settings.speech_engines)
    ]
    return Reply(schemas.Styles(styles=views), "Styles fetched successfully")


@api.post(
    "/api/voice/generate",
    scope=Scope.SPEECH,
    status=202,
    other_statuses=(200,),
    data=schemas.GenerationStarted,
    headers=("Location", "Preference-Applied"),
    errors=(
        *CHOICE_ERRORS,
        *PAYER_ERRORS,
        NotEnoughTokens,
        CostAboveMax,
        KeyReused,
        TooManyJobs,
    ),
    body_bytes=TEXT_LIMIT,
    **TRANSLATES,
)
def generate_voice(
    body: request_schemas.GenerateVoice,
    header: request_schemas.GenerateHeaders,
    caller: AccountCaller,
    generations: Generations,
) -> Reply:
    """Converts text to speech. The work is a job: poll it at `GET /api/voice/generations/{id}`, or
    send `Prefer: wait=20` to get the URL of the finished audio in this response (200) if it is
    ready in time. With `targetLanguage`, the text is translated first, and the response waits for
    the translation. If too many of your requests wait already, the response comes at once, without
    `Preference-Applied`. Tokens are reserved now and charged when the audio is ready."""
    found = generations.generate(
        caller.uid,
        body.command(caller.user.voice_id),
        header.idempotency_key,
        body.max_tokens,
        payer=payer_of(caller, header.x_troupe_company, body.company_id),
    )
    headers = {"Location": f"/api/voice/generations/{found.generation.id}"}
    if wait := _wait(header.prefer):
        with WAITERS.place(caller.uid) as placed:
            if placed:
                found = generations.wait(found, wait)
                headers["Preference-Applied"] = f"wait={wait}"
    return _started(found, headers, waited="Preference-Applied" in headers)


@api.post(
    "/api/voice/quote",
    scope=Scope.SPEECH,
    data=PriceData,
    errors=(*CHOICE_ERRORS, *PAYER_ERRORS),
    body_bytes=TEXT_LIMIT,
    **TRANSLATES,
)
def quote_voice(
    body: request_schemas.GenerateVoice,
    header: CompanyHeader,
    caller: AccountCaller,
    generations: Generations,
) -> Reply:
    """Returns what this text would cost, after the same checks as `POST /api/voice/generate`.
    Holds nothing. `maxTokens` has no effect."""
    payer = payer_of(caller, header.x_troupe_company, body.company_id)
    price = generations.quote(caller.uid, body.command(caller.user.voice_id), payer)
    return Reply(PriceData.of(price), "Price calculated")


@api.get(
    "/api/voice/generations/<generationId>",
    scope=Scope.SPEECH,
    auth=Auth.OWNER,
    data=schemas.GenerationAndJob,
    errors=(GenerationNotFound,),
)
def get_generation(path: schemas.GenerationPath, caller: Caller, generations: Generations) -> Reply:
    """Returns a generation with the progress of its job."""
    return _both(generations.get(caller.uid, path.generation_id), "Generation fetched")


@api.get(
    "/api/voice/generations/<generationId>/text",
    scope=Scope.SPEECH,
    auth=Auth.OWNER,
    data=schemas.TextData,
    errors=(GenerationNotFound,),
)
def get_generation_text(
    path: schemas.GenerationPath, caller: Caller, generations: Generations
) -> Reply:
    """Returns the text of a generation, which is kept as long as the generation, to speak it again
    or to edit it."""
    written = generations.text(caller.uid, path.generation_id)
    data = schemas.TextData(
        text=written.text, text_type=written.text_type, pauses=dict(written.pauses)
    )
    return Reply(data, "Text fetched")


@api.put(
    "/api/voice/generations/<generationId>",
    auth=Auth.OWNER,
    data=schemas.GenerationAndJob,
    errors=(GenerationNotFound, *MODERATION_ERRORS),
)
def update_generation(
    path: schemas.GenerationPath,
    body: schemas.UpdateGeneration,
    caller: Caller,
    generations: Generations,
) -> Reply:
    """Renames a generation, or makes it a favourite. Favourites expire like all others."""
    found = generations.update(
        caller.uid, path.generation_id, title=body.title, favourite=body.favourite
    )
    return _both(found, "Generation updated successfully")


@api.post("/api/voice/generations/delete", data=schemas.DeletedGenerations)
def delete_generations(
    body: schemas.DeleteGenerations, caller: Caller, generations: Generations
) -> Reply:
    """Deletes up to 50 of your generations, each as `DELETE /api/voice/generations/{id}` does. If a
    request fails halfway, send it again: what is deleted already is among `missing`."""
    deleted, missing = generations.delete_all(caller.uid, body.ids)
    data = schemas.DeletedGenerations(deleted=deleted, missing=missing)
    return Reply(data, "Generations deleted successfully")


@api.post(
    "/api/voice/generations/<generationId>/cancel",
    scope=Scope.SPEECH,
    auth=Auth.OWNER,
    data=schemas.GenerationAndJob,
    errors=(GenerationNotFound,),
)
def cancel_generation(
    path: schemas.GenerationPath, caller: Caller, generations: Generations
) -> Reply:
    """Stops the work. What has been spoken so far is charged, including parts that are being
    spoken, and at least one token; a generation that is still queued costs nothing. One that has
    already ended is unchanged."""
    found = generations.cancel(caller.uid, path.generation_id)
    return _both(found, f"The generation is {found.generation.status}")


@api.delete("/api/voice/generations/<generationId>", auth=Auth.OWNER, errors=(GenerationNotFound,))
def delete_generation(
    path: schemas.GenerationPath, caller: Caller, generations: Generations
) -> Reply:
    """Deletes the audio, the captions and the text. Unfinished work is cancelled first, and
    charged like any cancelled work."""
    generations.delete(caller.uid, path.generation_id)
    return Reply(message="Generation deleted successfully")


@api.get(
    "/api/voice/generations/<generationId>/audio",
    scope=Scope.SPEECH,
    auth=Auth.OWNER,
    errors=(GenerationNotFound, AudioNotReady),
    produces="audio/*",
    media=True,
)
def get_generation_audio(
    path: schemas.GenerationPath, caller: Caller, generations: Generations, files: Files
) -> Response:
    """Returns the audio file. Supports byte ranges; large files redirect to a signed URL."""
    generation, audio = generations.audio(caller.uid, path.generation_id)
    return audio_response(files, generation, audio, attachment=False)


@api.get(
    "/api/voice/generations/<generationId>/captions",
    scope=Scope.SPEECH,
    auth=Auth.OWNER,
    errors=(GenerationNotFound, AudioNotReady),
    produces=tuple(MIME_TYPES.values()),
    produced_json=Captions,
    media=True,
)
def get_generation_captions(
    path: schemas.GenerationPath,
    query: CaptionQuery,
    caller: Caller,
    generations: Generations,
) -> Response:
    """Returns the captions, timed to the audio: WebVTT, SubRip with `?format=srt`, or JSON with all
    words and their times with `?format=json`."""
    text = generations.captions(caller.uid, path.generation_id, query.format)
    mime = MIME_TYPES[query.format]
    return text_response(text, content_type=mime, filename=f"captions.{query.format}")


@api.get(
    "/api/voice/generations/<generationId>/waveform",
    scope=Scope.SPEECH,
    auth=Auth.OWNER,
    data=WaveformData,
    errors=(GenerationNotFound, AudioNotReady, NoWaveform),
)
def get_generation_waveform(
    path: schemas.GenerationPath, caller: Caller, generations: Generations
) -> Reply:
    """Returns the waveform of the audio, to draw it without loading the audio."""
    waveform, seconds = generations.waveform(caller.uid, path.generation_id)
    return Reply(WaveformData.of(waveform, seconds), "Waveform fetched")


@api.get(
    "/api/user/voice-history",
    scope=Scope.JOBS_READ,
    data=schemas.History,
    errors=(BadCursor, PageTooDeep),
)
def list_voice_history(
    query: schemas.HistoryQuery, caller: Caller, generations: Generations
) -> Reply:
    """Lists your generations, newest first. The filters combine; `search` stands alone."""
    items, found = generations.history(caller.uid, query, query.chosen)
    return Reply(
        schemas.History(history=[schemas.HistoryItem.of(item) for item in items]),
        "Voice history fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.post(
    "/api/user/download-audio",
    scope=Scope.SPEECH,
    auth=Auth.OWNER,
    errors=(GenerationNotFound, AudioNotReady),
    produces="audio/*",
)
def download_audio(
    body: schemas.DownloadAudio, caller: Caller, generations: Generations, files: Files
) -> Response:
    """Downloads the audio file, named after the text."""
    generation, audio = generations.audio(caller.uid, body.audio_id)
    return audio_response(files, generation, audio, attachment=True)


def audio_response(
    files: Files, generation: Generation, audio: AudioFile, *, attachment: bool
) -> Response:
    form = AudioFormat(generation.format)
    return file_response(
        files,
        audio.path,
        size=audio.size,
        content_type=form.mime_type,
        filename=f"{generation.title}{form.extension}",
        attachment=attachment,
    )


def _wait(prefer: str | None) -> int:
    """The seconds of `Prefer: wait=N` (RFC 7240), at most LONGEST_WAIT; 0 if absent."""
    found = re.search(r"(?:^|[,;\s])wait=(\d{1,9})(?:$|[,;\s])", prefer or "", re.IGNORECASE)
    return min(int(found[1]), LONGEST_WAIT) if found else 0


def _started(found: GenerationWithJob, headers: dict[str, str], *, waited: bool) -> Reply:
    generation, job = found.generation, found.job
    view = schemas.GenerationView.of(generation)
    done = waited and generation.audio is not None
    return Reply(
        schemas.GenerationStarted(
            generation=view,
            job=JobView.of(job, VOICE),
            tokens_reserved=job.charge.tokens_held if job.charge else 0,
            remaining_tokens=job.charge.remaining_tokens if job.charge else 0,
            audio_url=view.audio_url if done else None,
            tokens_used=generation.tokens_used if done else None,
        ),
        "Voice generated successfully" if done else "Voice generation started",
        status=200 if done else None,
        headers=headers,
        warnings=notices_of(found.warnings),
    )


def notices_of(warnings: Iterable[ReadingWarning]) -> list[Notice]:
    return [Notice(field="text", code=each.code, message=each.message) for each in warnings]


def _both(found: GenerationWithJob, message: str) -> Reply:
    return Reply(
        schemas.GenerationAndJob(
            generation=schemas.GenerationView.of(found.generation),
            job=JobView.of(found.job, VOICE),
        ),
        message,
    )
