"""The HTTP endpoints of scripts: dialogue, audio and video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import Response

from troupe.accounts.errors import QuotaExceeded
from troupe.accounts.tiers import Kept
from troupe.adapters.models.errors import ModelMissing
from troupe.caller import Scope
from troupe.captions.schemas import CaptionQuery, Captions
from troupe.characters.errors import CharacterNotFound, VoiceNotShared
from troupe.errors import UnknownChoice
from troupe.idempotency import Asked, KeyReused
from troupe.jobs.errors import JobNotFound, TooManyJobs
from troupe.jobs.schemas import PaidHeaders, PriceData
from troupe.media.captions import MIME_TYPES
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.scripts import schemas
from troupe.scripts.errors import (
    BackgroundNotFound,
    CharacterGone,
    InvalidDialogue,
    LineNotFound,
    LineSpoken,
    SameLanguage,
    ScriptAudioNotReady,
    ScriptBusy,
    ScriptChanged,
    ScriptEmpty,
    ScriptNotFound,
    ScriptRefused,
    ScriptWriterBusy,
    ScriptWriterFailed,
    ScriptWriterNotConfigured,
    ScriptWriterUnavailable,
    UnknownBackground,
    VideoNotFound,
)
from troupe.scripts.records import ChosenLine, ScriptWithJobs
from troupe.scripts.specs import AUDIO, LINE, VIDEO
from troupe.speech.errors import SpeechTooLong, UnreadableText
from troupe.translation.errors import TRANSLATOR_ERRORS, StyleNotOffered
from troupe.wallet.errors import PAYER_ERRORS, CostAboveMax, NotEnoughTokens
from troupe.wallet.payers import payer_of
from troupe.wallet.schemas import CompanyHeader
from troupe.waveforms.errors import NoWaveform
from troupe.waveforms.schemas import WaveformData
from troupe.web.body import TEXT_LIMIT
from troupe.web.caller import Auth
from troupe.web.files import file_response, text_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader, Notice, Schema

if TYPE_CHECKING:
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.scripts.jobs import ScriptJob, ScriptJobs
    from troupe.scripts.library import ScriptLibrary
    from troupe.scripts.records import Script, StoredFile
    from troupe.scripts.service import ScriptService
    from troupe.scripts.translations import ScriptTranslations

api = Api("scripts", "Dialogue, audio and video")

# A script counts as this many translations: it can have as many characters as five texts.
SCRIPT_WEIGHT = 5
_QUOTE_ERRORS = (
    ScriptNotFound,
    ScriptBusy,
    ScriptEmpty,
    CharacterGone,
    VoiceNotShared,
    UnknownChoice,
    SpeechTooLong,
    UnreadableText,
    *PAYER_ERRORS,
)
_JOB_ERRORS = (
    *_QUOTE_ERRORS,
    *MODERATION_ERRORS,
    NotEnoughTokens,
    CostAboveMax,
    KeyReused,
    TooManyJobs,
)


@api.post(
    "/api/scripts/generate",
    scope=Scope.SCRIPTS,
    status=201,
    data=schemas.ScriptData,
    errors=(
        CharacterNotFound,
        VoiceNotShared,
        UnknownChoice,
        ScriptRefused,
        ScriptWriterBusy,
        ScriptWriterFailed,
        ScriptWriterNotConfigured,
        ScriptWriterUnavailable,
        QuotaExceeded,
        KeyReused,
        *MODERATION_ERRORS,
    ),
    headers=("Location",),
    limit="script",
)
def generate_script(
    header: KeyHeader,
    body: schemas.GenerateScript,
    caller: AccountCaller,
    scripts: ScriptService,
    quotas: Quotas,
) -> Reply:
    """Has a language model write a dialogue for the chosen characters. Takes up to 45 seconds and
    costs no tokens; the number per hour is limited."""
    asked = _asked(caller, "generateScript", body, header)
    if earlier := scripts.earlier(caller.uid, asked):
        return _created(earlier, "Script generated successfully")
    script = quotas.add(
        caller.user,
        Kept.SCRIPTS,
        lambda: scripts.generate(
            caller.uid,
            body.selected_characters,
            prompt=body.prompt,
            line_count=body.lines,
            language=body.language,
            asked=asked,
        ),
        lambda made: scripts.delete(caller.uid, made.id),
    )
    return _created(script, "Script generated successfully")


@api.post(
    "/api/scripts",
    scope=Scope.SCRIPTS,
    status=201,
    data=schemas.ScriptData,
    errors=(
        CharacterNotFound,
        VoiceNotShared,
        InvalidDialogue,
        QuotaExceeded,
        KeyReused,
        *MODERATION_ERRORS,
    ),
    headers=("Location",),
    body_bytes=TEXT_LIMIT,
)
def create_script(
    header: KeyHeader,
    body: schemas.CreateScript,
    caller: AccountCaller,
    scripts: ScriptService,
    quotas: Quotas,
) -> Reply:
    """Creates a script from your own dialogue: a list of lines or a screenplay. Stage directions in
    either, such as `(laughs)`, are kept and not spoken."""
    asked = _asked(caller, "createScript", body, header)
    if earlier := scripts.earlier(caller.uid, asked):
        return _created(earlier, "Script created successfully")
    script = quotas.add(
        caller.user,
        Kept.SCRIPTS,
        lambda: scripts.create(
            caller.uid,
            body.selected_characters,
            body.screenplay if body.screenplay is not None else body.utterances,
            deliveries=body.deliveries,
            title=body.title,
            asked=asked,
        ),
        lambda made: scripts.delete(caller.uid, made.id),
    )
    return _created(script, "Script created successfully")


@api.post(
    "/api/scripts/<scriptId>/translate",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    status=201,
    data=schemas.ScriptData,
    errors=(
        ScriptNotFound,
        ScriptEmpty,
        SameLanguage,
        CharacterNotFound,
        VoiceNotShared,
        UnknownChoice,
        InvalidDialogue,
        QuotaExceeded,
        StyleNotOffered,
        ModelMissing,
        *TRANSLATOR_ERRORS,
        *MODERATION_ERRORS,
    ),
    headers=("Location",),
    limit="translation",
    guest_limit="guest_translation",
    limit_weight=lambda _: SCRIPT_WEIGHT,
)
def translate_script(
    path: schemas.ScriptPath,
    body: schemas.TranslateScript,
    caller: AccountCaller,
    script_translations: ScriptTranslations,
    scripts: ScriptService,
    quotas: Quotas,
) -> Reply:
    """Creates a script in another language, with the same cast and the same lines. The title and
    what is spoken are translated; directions and the names of the cast stay as they are. Costs no
    tokens, and counts as five translations in the rate limit. `warnings` name characters whose
    voice does not speak the language."""
    made = quotas.add(
        caller.user,
        Kept.SCRIPTS,
        lambda: script_translations.translate(
            caller.uid,
            path.script_id,
            body.target_language,
            body.source_language,
            glossary=body.glossary,
            style=body.style or "",
        ),
        lambda made: scripts.delete(caller.uid, made.script.id),
    )
    warnings = [
        Notice(field="targetLanguage", code=each.code, message=each.message)
        for each in made.warnings
    ]
    return _created(made.script, "Script translated successfully", warnings)


@api.get(
    "/api/my-scripts", scope=Scope.SCRIPTS, data=schemas.MyScripts, errors=(BadCursor, PageTooDeep)
)
def list_my_scripts(
    query: schemas.ScriptsPage, caller: AccountCaller, script_library: ScriptLibrary
) -> Reply:
    """Lists your scripts, newest first, with your token balance; with `?view=summary`, without
    their lines."""
    mine, page = script_library.page(caller.uid, query)
    return Reply(
        schemas.MyScripts(
            scripts=[schemas.ScriptView.of(each, summary=query.view == "summary") for each in mine],
            user_tokens=caller.user.tokens,
        ),
        "Scripts fetched successfully",
        meta=query.meta(page.total, page.next_cursor),
    )


@api.get(
    "/api/scripts/<scriptId>",
    auth=Auth.OWNER,
    data=schemas.ScriptData,
    errors=(ScriptNotFound,),
    scope=Scope.SCRIPTS,
)
def get_script(
    path: schemas.ScriptPath, caller: AccountCaller, script_library: ScriptLibrary
) -> Reply:
    """Gets a script, with its audio and video."""
    return _script(script_library.get(caller.uid, path.script_id), "Script fetched")


@api.put(
    "/api/scripts/<scriptId>",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    data=schemas.ScriptData,
    errors=(
        ScriptNotFound,
        ScriptChanged,
        ScriptBusy,
        CharacterNotFound,
        VoiceNotShared,
        InvalidDialogue,
        *MODERATION_ERRORS,
    ),
    body_bytes=TEXT_LIMIT,
)
def update_script(
    header: schemas.RevisionHeader,
    path: schemas.ScriptPath,
    body: schemas.UpdateScript,
    caller: AccountCaller,
    scripts: ScriptService,
) -> Reply:
    """Changes the title, the cast or the dialogue. Unchanged lines keep their audio; the next audio
    or video job speaks only the others. A line with another `speed` is spoken again, one with
    another `pause` is not. Send `If-Match` to overwrite nothing that was edited in another tab."""
    script = scripts.update(
        caller.uid,
        path.script_id,
        body.utterances,
        deliveries=body.deliveries,
        title=body.title,
        character_ids=body.selected_characters,
        revision=header.revision,
    )
    return _script(script, "Script updated successfully")


@api.delete(
    "/api/scripts/<scriptId>",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    data=schemas.DeletedScript,
    errors=(ScriptNotFound,),
)
def delete_script(path: schemas.ScriptPath, caller: AccountCaller, scripts: ScriptService) -> Reply:
    """Deletes the script with its audio and video; a running job is cancelled first."""
    deleted = scripts.delete(caller.uid, path.script_id)
    return Reply(
        schemas.DeletedScript(deleted_media_files=deleted, deleted_count=len(deleted)),
        f"Script '{path.script_id}' deleted successfully",
    )


@api.post(
    "/api/scripts/<scriptId>/generate-audio",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    status=202,
    data=schemas.VideoJobData,
    headers=("Location",),
    errors=_JOB_ERRORS,
)
def generate_audio(
    path: schemas.ScriptPath,
    body: schemas.GenerateAudio,
    header: PaidHeaders,
    caller: AccountCaller,
    script_jobs: ScriptJobs,
) -> Reply:
    """Speaks the dialogue, each line in its character's voice. Poll the job at
    `GET /api/video-jobs/{jobId}`. One token per 1,000 characters or part of it is reserved, and
    charged when the audio is ready."""
    script_job = script_jobs.start_audio(
        caller.uid,
        path.script_id,
        body.format,
        header.idempotency_key,
        body.max_tokens,
        payer_of(caller, header.x_troupe_company, body.company_id),
    )
    return _started(script_job, "Audio generation started successfully!")


@api.post(
    "/api/scripts/<scriptId>/lines/<number>/speak",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    status=202,
    data=schemas.VideoJobData,
    headers=("Location",),
    errors=(*_JOB_ERRORS, LineNotFound, LineSpoken),
)
def speak_line(
    path: schemas.LinePath,
    body: schemas.SpeakLine,
    header: PaidHeaders,
    caller: AccountCaller,
    script_jobs: ScriptJobs,
) -> Reply:
    """Speaks one line, for the first time or as another take; poll the job at
    `GET /api/video-jobs/{jobId}`. A take with another number is spoken anew and charged again: one
    token per 1,000 characters or part of it. If the line had a sound, the audio of the whole
    dialogue is dropped, and a video shows an earlier revision. If the job fails or is cancelled,
    the line stays as it is. Some speech engines speak every take of a text alike."""
    script_job = script_jobs.start_line(
        caller.uid,
        path.script_id,
        ChosenLine(path.number, body.take),
        header.idempotency_key,
        body.max_tokens,
        payer_of(caller, header.x_troupe_company, body.company_id),
    )
    return _started(script_job, "The line is being spoken")


@api.get(
    "/api/scripts/<scriptId>/audio",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    errors=(ScriptNotFound, LineNotFound, ScriptAudioNotReady),
    produces="audio/*",
    media=True,
)
def get_script_audio(
    path: schemas.ScriptPath,
    query: schemas.LineQuery,
    caller: AccountCaller,
    script_library: ScriptLibrary,
    files: Files,
) -> Response:
    """Downloads the whole dialogue, or a single line; supports byte ranges."""
    sound = script_library.audio(caller.uid, path.script_id, query.line)
    return _file(sound, files)


@api.get(
    "/api/scripts/<scriptId>/captions",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    errors=(ScriptNotFound, ScriptAudioNotReady),
    produces=tuple(MIME_TYPES.values()),
    produced_json=Captions,
    media=True,
)
def get_script_captions(
    path: schemas.ScriptPath,
    query: CaptionQuery,
    caller: AccountCaller,
    script_library: ScriptLibrary,
) -> Response:
    """Downloads the captions of the whole dialogue, with the speakers' names: WebVTT, SubRip with
    `?format=srt`, or JSON with all words and their times with `?format=json`. They are those of the
    audio, or of the video if the current dialogue has no audio."""
    text = script_library.captions(caller.uid, path.script_id, query.format)
    mime = MIME_TYPES[query.format]
    return text_response(text, content_type=mime, filename=f"captions.{query.format}")


@api.get(
    "/api/scripts/<scriptId>/waveform",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    data=WaveformData,
    errors=(ScriptNotFound, ScriptAudioNotReady, NoWaveform),
)
def get_script_waveform(
    path: schemas.ScriptPath, caller: AccountCaller, script_library: ScriptLibrary
) -> Reply:
    """Returns the waveform of the whole dialogue, to draw it without loading the audio."""
    waveform, seconds = script_library.waveform(caller.uid, path.script_id)
    return Reply(WaveformData.of(waveform, seconds), "Waveform fetched")


@api.post(
    "/api/scripts/<scriptId>/generate-video",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    status=202,
    data=schemas.VideoJobData,
    headers=("Location",),
    errors=(*_JOB_ERRORS, UnknownBackground),
)
def generate_video(
    path: schemas.ScriptPath,
    body: schemas.GenerateVideo,
    header: PaidHeaders,
    caller: AccountCaller,
    script_jobs: ScriptJobs,
) -> Reply:
    """Makes a video: the spoken dialogue, pictures of the speaking characters, and captions. It
    costs one token, which includes some speech (2,000 characters, unless the operator changed
    that); more is charged as speech is, and lines that were spoken before cost nothing. The tokens
    are reserved now and charged when the video is ready. `POST /api/scripts/{scriptId}/quote` tells
    the price."""
    script_job = script_jobs.start_video(
        caller.uid,
        path.script_id,
        body.options(),
        header.idempotency_key,
        body.max_tokens,
        payer_of(caller, header.x_troupe_company, body.company_id),
    )
    message = f"Video generation started successfully! Job ID: {script_job.job.id}"
    return _started(script_job, message)


@api.post(
    "/api/scripts/<scriptId>/quote",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    data=PriceData,
    errors=(*_QUOTE_ERRORS, LineNotFound, LineSpoken),
)
def quote_script(
    path: schemas.ScriptPath,
    body: schemas.QuoteScript,
    header: CompanyHeader,
    caller: AccountCaller,
    script_jobs: ScriptJobs,
) -> Reply:
    """Returns what the audio or the video of a script, or one line, would cost, after the same
    checks as starting it. Lines that were spoken before cost nothing. Holds nothing."""
    spec = {"audio": AUDIO, "video": VIDEO, "line": LINE}[body.operation]
    payer = payer_of(caller, header.x_troupe_company, body.company_id)
    price = script_jobs.quote(caller.uid, path.script_id, spec, payer, body.chosen)
    return Reply(PriceData.of(price), "Price calculated")


@api.get(
    "/api/scripts/<scriptId>/video-status",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    data=schemas.VideoStatus,
    errors=(ScriptNotFound,),
)
def get_video_status(
    path: schemas.ScriptPath, caller: AccountCaller, script_jobs: ScriptJobs
) -> Reply:
    """Gets the status of a script's latest video."""
    script = script_jobs.status(caller.uid, path.script_id)
    return Reply(schemas.VideoStatus.of(script), "Video status fetched")


@api.get(
    "/api/video-jobs/<jobId>",
    auth=Auth.OWNER,
    data=schemas.VideoJobData,
    errors=(JobNotFound,),
    scope=Scope.SCRIPTS,
)
def get_video_job(
    path: schemas.VideoJobPath, caller: AccountCaller, script_jobs: ScriptJobs
) -> Reply:
    """Gets a job of a script, with its steps."""
    return _job(script_jobs.job(caller.uid, path.job_id), "Job fetched")


@api.post(
    "/api/video-jobs/<jobId>/cancel",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    data=schemas.VideoJobData,
    errors=(JobNotFound,),
)
def cancel_video_job(
    path: schemas.VideoJobPath, caller: AccountCaller, script_jobs: ScriptJobs
) -> Reply:
    """Cancels a job. What has been spoken so far is charged, including lines that are being
    spoken, and at least one token; a job that is still queued costs nothing. Finished parts stay
    with the script and cost nothing again. A job that has already ended does not change."""
    script_job = script_jobs.cancel(caller.uid, path.job_id)
    return _job(script_job, f"The job is {script_job.job.status}")


@api.get("/api/videos/backgrounds", scope=Scope.SCRIPTS, data=schemas.Backgrounds)
def list_backgrounds(script_jobs: ScriptJobs) -> Reply:
    """Lists the clips available as video backgrounds."""
    views = [schemas.BackgroundView.of(each) for each in script_jobs.backgrounds()]
    return Reply(schemas.Backgrounds(backgrounds=views), "Backgrounds fetched successfully")


@api.get(
    "/api/videos/backgrounds/<name>",
    scope=Scope.SCRIPTS,
    errors=(BackgroundNotFound,),
    produces=("video/mp4", "image/jpeg"),
    media=True,
)
def get_background(path: schemas.BackgroundPath, script_jobs: ScriptJobs, files: Files) -> Response:
    """Downloads the clip of a background, or with `.jpg` instead of `.mp4` a picture of it;
    supports byte ranges."""
    return _file(script_jobs.background_file(path.name), files)


@api.get(
    "/api/videos/<name>",
    scope=Scope.SCRIPTS,
    auth=Auth.OWNER,
    errors=(VideoNotFound,),
    produces=("video/mp4", "image/jpeg"),
    media=True,
)
def get_video_file(
    path: schemas.VideoPath, caller: AccountCaller, script_library: ScriptLibrary, files: Files
) -> Response:
    """Downloads a video, or with `.jpg` instead of `.mp4` a picture of it; supports byte ranges.
    Large files redirect to a signed URL."""
    return _file(script_library.video_file(caller.uid, path.name), files)


def _file(stored: StoredFile, files: Files) -> Response:
    return file_response(
        files,
        stored.path,
        size=stored.size,
        content_type=stored.content_type,
        filename=stored.name,
    )


def _asked(caller: AccountCaller, operation: str, body: Schema, header: KeyHeader) -> Asked:
    return Asked.of(caller.uid, operation, body.model_dump(mode="json"), header.idempotency_key)


def _script(script: ScriptWithJobs, message: str) -> Reply:
    return Reply(schemas.ScriptData(script=schemas.ScriptView.of(script)), message)


def _created(script: Script, message: str, warnings: Sequence[Notice] = ()) -> Reply:
    headers = {"Location": f"/api/scripts/{script.id}"}
    view = schemas.ScriptView.of(ScriptWithJobs(script))
    return Reply(schemas.ScriptData(script=view), message, headers=headers, warnings=list(warnings))


def _job(script_job: ScriptJob, message: str, headers: dict[str, str] | None = None) -> Reply:
    data = schemas.VideoJobData(job=schemas.VideoJobView.of_script(script_job))
    return Reply(data, message, headers=headers or {})


def _started(script_job: ScriptJob, message: str) -> Reply:
    return _job(script_job, message, {"Location": f"/api/video-jobs/{script_job.job.id}"})
