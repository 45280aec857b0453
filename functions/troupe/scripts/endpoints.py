"""Scripts over HTTP: dialogue, its audio and its video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.characters.errors import CharacterNotFound
from troupe.errors import UnknownChoice
from troupe.generations.schemas import CaptionQuery
from troupe.idempotency import KeyReused
from troupe.paging import BadCursor, PageTooDeep
from troupe.scripts import schemas
from troupe.scripts.backgrounds import UnknownBackground
from troupe.scripts.errors import (
    CharacterGone,
    JobNotFound,
    LineNotFound,
    ScriptAudioNotReady,
    ScriptBusy,
    ScriptEmpty,
    ScriptNotFound,
    VideoNotFound,
)
from troupe.scripts.records import ScriptWithJobs
from troupe.scripts.screenplay import InvalidDialogue
from troupe.scripts.writer import (
    ScriptRefused,
    ScriptWriterBusy,
    ScriptWriterFailed,
    ScriptWriterNotConfigured,
    ScriptWriterUnavailable,
)
from troupe.wallet.errors import NotEnoughTokens
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader, Page

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.scripts.jobs import ScriptJob, ScriptJobs
    from troupe.scripts.service import ScriptService

api = Api("scripts", "Dialogue, its audio and its video")

_JOB_ERRORS = (
    *(ScriptNotFound, ScriptBusy, ScriptEmpty, CharacterGone, UnknownChoice),
    *(NotEnoughTokens, KeyReused),
)


@api.post(
    "/api/scripts/generate",
    status=201,
    data=schemas.ScriptData,
    errors=(
        *(CharacterNotFound, UnknownChoice, ScriptRefused, ScriptWriterBusy, ScriptWriterFailed),
        *(ScriptWriterNotConfigured, ScriptWriterUnavailable),
    ),
    headers=("Location",),
    limit="script",
)
def generate_script(
    body: schemas.GenerateScript, caller: AccountCaller, scripts: ScriptService
) -> Reply:
    """Has a language model write a dialogue for the chosen characters. It takes up to 45 seconds
    and costs no token; how many you may have in an hour is limited."""
    script = scripts.generate(caller.uid, body)
    return _created(ScriptWithJobs(script), "Script generated successfully")


@api.post(
    "/api/scripts",
    status=201,
    data=schemas.ScriptData,
    errors=(CharacterNotFound, InvalidDialogue),
    headers=("Location",),
)
def create_script(
    body: schemas.CreateScript, caller: AccountCaller, scripts: ScriptService
) -> Reply:
    """Stores a dialogue of your own, as a list of lines or as a screenplay. In a screenplay,
    `NAME: line` begins a line, which goes on until an empty line or the next name; (directions),
    [notes] and scene headings on lines of their own are not spoken."""
    script = scripts.create(caller.uid, body)
    return _created(ScriptWithJobs(script), "Script created successfully")


@api.get("/api/my-scripts", data=schemas.MyScripts, errors=(BadCursor, PageTooDeep))
def list_my_scripts(query: Page, caller: AccountCaller, scripts: ScriptService) -> Reply:
    """Your scripts, newest first, and your balance."""
    mine, found = scripts.page(caller.uid, query)
    return Reply(
        schemas.MyScripts(
            scripts=[schemas.ScriptView.of(staged) for staged in mine],
            user_tokens=caller.user.tokens,
        ),
        "Scripts fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get(
    "/api/scripts/<scriptId>", auth=Auth.OWNER, data=schemas.ScriptData, errors=(ScriptNotFound,)
)
def get_script(path: schemas.ScriptPath, caller: AccountCaller, scripts: ScriptService) -> Reply:
    """A script, and what was made of it."""
    return _script(scripts.get(caller.uid, path.script_id), "Script fetched")


@api.put(
    "/api/scripts/<scriptId>",
    auth=Auth.OWNER,
    data=schemas.ScriptData,
    errors=(ScriptNotFound, ScriptBusy, InvalidDialogue),
)
def update_script(
    path: schemas.ScriptPath,
    body: schemas.UpdateScript,
    caller: AccountCaller,
    scripts: ScriptService,
) -> Reply:
    """Replaces the dialogue. Lines that stay as they are keep their sound; the next audio or video
    speaks the others alone."""
    staged = scripts.update(caller.uid, path.script_id, body.said)
    return _script(staged, "Script updated successfully")


@api.delete(
    "/api/scripts/<scriptId>",
    auth=Auth.OWNER,
    data=schemas.DeletedScript,
    errors=(ScriptNotFound,),
)
def delete_script(path: schemas.ScriptPath, caller: AccountCaller, scripts: ScriptService) -> Reply:
    """Deletes the script with its audio and its video; work that still runs is cancelled first."""
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
    header: KeyHeader,
    caller: AccountCaller,
    script_jobs: ScriptJobs,
) -> Reply:
    """Speaks the dialogue, each line with its character's voice. Watch the job at
    `GET /api/video-jobs/{jobId}`. A token per started thousand characters is reserved, and charged
    when the audio is there."""
    filming = script_jobs.start_audio(caller.uid, path.script_id, body, header.idempotency_key)
    return _started(filming, "Audio generation started successfully!")


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
    scripts: ScriptService,
    files: Files,
) -> Response:
    """The whole dialogue as one file, or a single line of it; byte ranges are honoured."""
    sound = scripts.audio(caller.uid, path.script_id, query.line)
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
    produces=("text/vtt", "application/x-subrip"),
    media=True,
)
def get_script_captions(
    path: schemas.ScriptPath, query: CaptionQuery, caller: AccountCaller, scripts: ScriptService
) -> Response:
    """The captions of the whole dialogue, with who speaks: WebVTT, or SubRip with
    `?format=srt`."""
    text = scripts.captions(caller.uid, path.script_id, query.format)
    mime = "application/x-subrip" if query.format == "srt" else "text/vtt"
    return Response(text, mimetype=mime)


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
    header: KeyHeader,
    caller: AccountCaller,
    script_jobs: ScriptJobs,
) -> Reply:
    """Makes a video: the dialogue as sound, who speaks in the picture, captions. One token is
    reserved, and charged when the video is there."""
    filming = script_jobs.start_video(caller.uid, path.script_id, body, header.idempotency_key)
    return _started(filming, f"Video generation started successfully! Job ID: {filming.job.id}")


@api.get(
    "/api/scripts/<scriptId>/video-status",
    auth=Auth.OWNER,
    data=schemas.VideoStatus,
    errors=(ScriptNotFound,),
)
def get_video_status(
    path: schemas.ScriptPath, caller: AccountCaller, script_jobs: ScriptJobs
) -> Reply:
    """Where the last video of a script stands."""
    staged = script_jobs.status(caller.uid, path.script_id)
    return Reply(schemas.VideoStatus.of(staged), "Video status fetched")


@api.get(
    "/api/video-jobs/<jobId>", auth=Auth.OWNER, data=schemas.VideoJobData, errors=(JobNotFound,)
)
def get_video_job(
    path: schemas.VideoJobPath, caller: AccountCaller, script_jobs: ScriptJobs
) -> Reply:
    """A job about a script, step by step: of its video, or of its audio."""
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
    """Stops the work; nothing is charged. What has ended already stays as it is."""
    filming = script_jobs.cancel(caller.uid, path.job_id)
    return _job(filming, f"The job is {filming.job.status}")


@api.get("/api/videos/backgrounds", data=schemas.Backgrounds)
def list_backgrounds(script_jobs: ScriptJobs) -> Reply:
    """The clips that a video may play before."""
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
    path: schemas.VideoPath, caller: AccountCaller, scripts: ScriptService, files: Files
) -> Response:
    """The video; byte ranges are honoured. Large files are a redirect to a signed URL."""
    script, video = scripts.video(caller.uid, path.name)
    return file_response(
        files,
        video.path,
        size=video.size,
        content_type="video/mp4",
        filename=f"{script.title}.mp4",
    )


def _script(staged: ScriptWithJobs, message: str) -> Reply:
    return Reply(schemas.ScriptData(script=schemas.ScriptView.of(staged)), message)


def _created(staged: ScriptWithJobs, message: str) -> Reply:
    headers = {"Location": f"/api/scripts/{staged.script.id}"}
    view = schemas.ScriptView.of(staged)
    return Reply(schemas.ScriptData(script=view), message, headers=headers)


def _job(filming: ScriptJob, message: str, headers: dict[str, str] | None = None) -> Reply:
    data = schemas.VideoJobData(job=schemas.VideoJobView.film(filming))
    return Reply(data, message, headers=headers or {})


def _started(filming: ScriptJob, message: str) -> Reply:
    return _job(filming, message, {"Location": f"/api/video-jobs/{filming.job.id}"})
