"""The HTTP endpoints of scripts: dialogue, audio and video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import Response

from troupe.accounts.errors import QuotaExceeded
from troupe.accounts.tiers import Kept
from troupe.adapters.models.errors import ModelMissing
from troupe.captions.schemas import CaptionQuery, Captions
from troupe.characters.errors import CharacterNotFound, VoiceNotShared
from troupe.errors import UnknownChoice
from troupe.idempotency import KeyReused
from troupe.jobs.errors import JobNotFound, TooManyJobs
from troupe.jobs.schemas import PaidHeaders, PriceData
from troupe.media.captions import MIME_TYPES
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.scripts import schemas
from troupe.scripts.errors import (
    CharacterGone,
    InvalidDialogue,
    LineNotFound,
    SameLanguage,
    ScriptAudioNotReady,
    ScriptBusy,
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
from troupe.scripts.records import ScriptWithJobs
from troupe.scripts.specs import AUDIO, VIDEO
from troupe.speech.errors import SpeechTooLong, UnreadableText
from troupe.translation.errors import TRANSLATOR_ERRORS, StyleNotOffered
from troupe.wallet.errors import PAYER_ERRORS, CostAboveMax, NotEnoughTokens
from troupe.wallet.payers import payer_of
from troupe.wallet.schemas import CompanyHeader
from troupe.web.body import TEXT_LIMIT
from troupe.web.caller import Auth
from troupe.web.files import file_response, text_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Notice

if TYPE_CHECKING:
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.scripts.jobs import ScriptJob, ScriptJobs
    from troupe.scripts.library import ScriptLibrary
    from troupe.scripts.records import Script
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
        *MODERATION_ERRORS,
    ),
    headers=("Location",),
    limit="script",
)
def generate_script(
    body: schemas.GenerateScript, caller: AccountCaller, scripts: ScriptService, quotas: Quotas
) -> Reply:
    """Has a language model write a dialogue for the chosen characters. Takes up to 45 seconds and
    costs no tokens; the number per hour is limited."""
    script = quotas.add(
        caller.user,
        Kept.SCRIPTS,
        lambda: scripts.generate(
            caller.uid,
            body.selected_characters,
            prompt=body.prompt,
            line_count=body.lines,
            language=body.language,
        ),
        lambda made: scripts.delete(caller.uid, made.id),
    )
    return _created(script, "Script generated successfully")


@api.post(
    "/api/scripts",
    status=201,
    data=schemas.ScriptData,
    errors=(
        CharacterNotFound,
        VoiceNotShared,
        InvalidDialogue,
        QuotaExceeded,
        *MODERATION_ERRORS,
    ),
    headers=("Location",),
    body_bytes=TEXT_LIMIT,
)
def create_script(
    body: schemas.CreateScript, caller: AccountCaller, scripts: ScriptService, quotas: Quotas
) -> Reply:
    """Creates a script from your own dialogue: a list of lines or a screenplay. Stage directions in
    either, such as `(laughs)`, are kept and not spoken."""
    script = quotas.add(
        caller.user,
        Kept.SCRIPTS,
        lambda: scripts.create(
            caller.uid,
            body.selected_characters,
            body.screenplay if body.screenplay is not None else body.utterances,
            title=body.title,
        ),
        lambda made: scripts.delete(caller.uid, made.id),
    )
    return _created(script, "Script created successfully")


@api.post(
    "/api/scripts/<scriptId>/translate",
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


@api.get("/api/my-scripts", data=schemas.MyScripts, errors=(BadCursor, PageTooDeep))
def list_my_scripts(
    query: schemas.ScriptsPage, caller: AccountCaller, script_library: ScriptLibrary
) -> Reply:
    """Lists your scripts, newest first, with your token balance."""
    mine, page = script_library.page(caller.uid, query)
    return Reply(
        schemas.MyScripts(
            scripts=[schemas.ScriptView.of(each) for each in mine],
            user_tokens=caller.user.tokens,
        ),
        "Scripts fetched successfully",
        meta=query.meta(page.total, page.next_cursor),
    )


@api.get(
    "/api/scripts/<scriptId>", auth=Auth.OWNER, data=schemas.ScriptData, errors=(ScriptNotFound,)
)
def get_script(
    path: schemas.ScriptPath, caller: AccountCaller, script_library: ScriptLibrary
) -> Reply:
    """Gets a script, with its audio and video."""
    return _script(script_library.get(caller.uid, path.script_id), "Script fetched")


@api.put(
    "/api/scripts/<scriptId>",
    auth=Auth.OWNER,
    data=schemas.ScriptData,
    errors=(ScriptNotFound, ScriptBusy, InvalidDialogue, *MODERATION_ERRORS),
    body_bytes=TEXT_LIMIT,
)
def update_script(
    path: schemas.ScriptPath,
    body: schemas.UpdateScript,
    caller: AccountCaller,
    scripts: ScriptService,
) -> Reply:
    """Replaces the dialogue. Unchanged lines keep their audio; the next audio or video job speaks
    only the others."""
    script = scripts.update(caller.uid, path.script_id, body.utterances)
    return _script(script, "Script updated successfully")


@api.delete(
    "/api/scripts/<scriptId>",
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


@api.get(
    "/api/scripts/<scriptId>/audio",
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
    return file_response(
        files,
        sound.path,
        size=sound.size,
        content_type=sound.content_type,
        filename=sound.name,
    )


@api.get(
    "/api/scripts/<scriptId>/captions",
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


@api.post(
    "/api/scripts/<scriptId>/generate-video",
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
    auth=Auth.OWNER,
    data=PriceData,
    errors=_QUOTE_ERRORS,
)
def quote_script(
    path: schemas.ScriptPath,
    body: schemas.QuoteScript,
    header: CompanyHeader,
    caller: AccountCaller,
    script_jobs: ScriptJobs,
) -> Reply:
    """Returns what the audio or the video of a script would cost, after the same checks as starting
    it. Lines that were spoken before cost nothing. Holds nothing."""
    spec = VIDEO if body.operation == "video" else AUDIO
    payer = payer_of(caller, header.x_troupe_company, body.company_id)
    price = script_jobs.quote(caller.uid, path.script_id, spec, payer)
    return Reply(PriceData.of(price), "Price calculated")


@api.get(
    "/api/scripts/<scriptId>/video-status",
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
    "/api/video-jobs/<jobId>", auth=Auth.OWNER, data=schemas.VideoJobData, errors=(JobNotFound,)
)
def get_video_job(
    path: schemas.VideoJobPath, caller: AccountCaller, script_jobs: ScriptJobs
) -> Reply:
    """Gets a script's audio or video job, with its steps."""
    return _job(script_jobs.job(caller.uid, path.job_id), "Job fetched")


@api.post(
    "/api/video-jobs/<jobId>/cancel",
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


@api.get("/api/videos/backgrounds", data=schemas.Backgrounds)
def list_backgrounds(script_jobs: ScriptJobs) -> Reply:
    """Lists the clips available as video backgrounds."""
    views = [schemas.BackgroundView.of(each) for each in script_jobs.backgrounds()]
    return Reply(schemas.Backgrounds(backgrounds=views), "Backgrounds fetched successfully")


@api.get(
    "/api/videos/<name>",
    auth=Auth.OWNER,
    errors=(VideoNotFound,),
    produces="video/mp4",
    media=True,
)
def get_video_file(
    path: schemas.VideoPath, caller: AccountCaller, script_library: ScriptLibrary, files: Files
) -> Response:
    """Downloads a video; supports byte ranges. Large files redirect to a signed URL."""
    script, video = script_library.video(caller.uid, path.name)
    return file_response(
        files,
        video.path,
        size=video.size,
        content_type="video/mp4",
        filename=f"{script.title}.mp4",
    )


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
