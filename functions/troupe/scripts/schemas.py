"""What the script operations take and give."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.jobs.records import CurrentStep, JobStatus
from troupe.jobs.schemas import JobView
from troupe.media.formats import AudioFormat, Resolution
from troupe.scripts import records
from troupe.scripts.records import MAX_LINES
from troupe.scripts.screenplay import Said
from troupe.scripts.specs import AUDIO, SPECS, VIDEO
from troupe.scripts.writer import MAX_WRITTEN
from troupe.scripts.writes import video_url
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Line, Schema, Text, WarnsOfUnknown, example

if TYPE_CHECKING:
    from troupe.scripts.backgrounds import Background
    from troupe.scripts.jobs import ScriptJob
    from troupe.scripts.records import ScriptWithJobs

MAX_CAST = 20

Title = Annotated[Line, Field(max_length=120)]
Chosen = Annotated[list[Id], Field(min_length=1, max_length=MAX_CAST)]


class GenerateScript(WarnsOfUnknown):
    model_config = example(
        {
            "selectedCharacters": ["ID_OF_ANNA", "ID_OF_BEN"],
            "prompt": "Two lighthouse keepers argue about who saw the ship first.",
            "lines": 12,
            "language": "en-GB",
        }
    )

    selected_characters: Chosen = Field(description="Ids of the characters that may speak.")
    prompt: Text = Field(
        max_length=4_000,
        description="What the scene is about.",
        examples=["Two lighthouse keepers argue about who saw the ship first."],
    )
    lines: int | None = Field(
        None, ge=1, le=MAX_WRITTEN, description="Exactly so many; about a dozen without."
    )
    language: str | None = Field(
        None,
        max_length=35,
        description="A code of `GET /api/voice/languages`; without, the language of the prompt.",
    )


class DialogueLine(Schema):
    """A line as it was given out may be sent back: fields besides these two are ignored."""

    speaker: str = Field(max_length=128, description="The id of a character of the cast.")
    text: str


class CreateScript(WarnsOfUnknown):
    """Either `dialogue` or `screenplay`."""

    model_config = example(
        {
            "selectedCharacters": ["ID_OF_ANNA", "ID_OF_BEN"],
            "screenplay": "ANNA: Did you see it?\nBEN: (squinting)\nI saw it first.",
        }
    )

    title: Title | None = Field(None, description="Without, the first line.")
    selected_characters: Chosen = Field(description="Ids of the characters that may speak.")
    dialogue: list[DialogueLine] | None = None
    screenplay: str | None = Field(
        None,
        max_length=200_000,
        description="Plain text of `NAME: line`, with the names of the chosen characters.",
        examples=["ANNA: Did you see it?\nBEN: (squinting)\nI saw it first."],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.dialogue is None) == (self.screenplay is None):
            raise PydanticCustomError("one_of", "send either dialogue or screenplay")
        return self

    @property
    def said(self) -> list[Said]:
        return _said(self.dialogue or [])


class UpdateScript(Schema):
    model_config = example({"dialogue": [{"speaker": "ID_OF_ANNA", "text": "Did you see it?"}]})

    dialogue: list[DialogueLine]

    @property
    def said(self) -> list[Said]:
        return _said(self.dialogue)


def _said(lines: list[DialogueLine]) -> list[Said]:
    return [(line.speaker, line.text) for line in lines]


class GenerateAudio(WarnsOfUnknown):
    model_config = example({"format": "mp3"})

    format: AudioFormat = AudioFormat.MP3


class GenerateVideo(WarnsOfUnknown):
    model_config = example(
        {"backgroundVideo": "#203040", "resolution": "1280x720", "captions": True}
    )

    background_video: str | None = Field(
        None,
        max_length=64,
        description="A name of `GET /api/videos/backgrounds`, or a colour, `#rrggbb`; without, "
        "the first clip.",
    )
    resolution: Resolution = Resolution.LANDSCAPE
    captions: bool = Field(True, description="Whether captions are drawn into the picture.")


class LineView(Schema):
    """A line; `audioFile` is the address of its sound, "" while there is none."""

    speaker: str
    speaker_name: str
    text: str
    audio_file: MediaUrl


class ScriptView(Schema):
    """A script, with what was made of it. `audioUrl` and `captionsUrl` are of the whole dialogue
    and there once it was spoken as it is now; `revision` grows with each edit."""

    id: str
    title: str
    language: str
    selected_characters: list[str]
    original_prompt: str
    dialogue: list[LineView]
    revision: int
    created_at: datetime
    updated_at: datetime
    has_audio: bool
    audio_count: int = Field(description="Lines that have been spoken.")
    audio_duration: float | None = Field(description="Seconds.")
    audio_url: MediaUrl | None
    captions_url: MediaUrl | None
    active_job_id: str | None = Field(description="The job that works on the script.")
    audio_job_id: str | None
    audio_job_status: JobStatus | None
    audio_job_progress: int | None
    audio_job_error_message: str | None
    final_video_path: MediaUrl | None
    video_duration: float | None = Field(description="Seconds.")
    video_size: int | None = Field(description="Bytes.")
    video_revision: int | None = Field(description="The revision that the video shows.")
    video_job_id: str | None
    video_job_status: JobStatus | None
    video_job_progress: int | None
    video_job_current_step: CurrentStep | None
    video_job_started_at: datetime | None
    video_job_completed_at: datetime | None
    video_job_error_message: str | None

    @classmethod
    def of(cls, staged: ScriptWithJobs) -> Self:
        script, video = staged.script, staged.script.video
        spoken = sum(line.audio is not None for line in script.dialogue)
        base = f"/api/scripts/{script.id}"
        audio_job = JobView.of(staged.audio_job, AUDIO) if staged.audio_job else None
        video_job = JobView.of(staged.video_job, VIDEO) if staged.video_job else None
        return cls(
            id=script.id,
            title=script.title,
            language=script.language or "",
            selected_characters=script.selected_characters,
            original_prompt=script.original_prompt or "",
            dialogue=[
                _line_view(base, number, line, script.cast)
                for number, line in enumerate(script.dialogue)
            ],
            revision=script.revision,
            created_at=script.created_at,
            updated_at=script.updated_at,
            has_audio=spoken > 0,
            audio_count=spoken,
            audio_duration=script.audio.seconds if script.audio else None,
            audio_url=f"{base}/audio" if script.audio else None,
            captions_url=f"{base}/captions" if script.audio else None,
            active_job_id=script.active_job_id,
            audio_job_id=script.audio_job_id,
            audio_job_status=audio_job.status if audio_job else None,
            audio_job_progress=audio_job.overall_progress if audio_job else None,
            audio_job_error_message=audio_job.error_message if audio_job else None,
            final_video_path=video_url(video.name) if video else None,
            video_duration=video.seconds if video else None,
            video_size=video.size if video else None,
            video_revision=video.revision if video else None,
            video_job_id=script.video_job_id,
            video_job_status=video_job.status if video_job else None,
            video_job_progress=video_job.overall_progress if video_job else None,
            video_job_current_step=video_job.current_step if video_job else None,
            video_job_started_at=video_job.started_at if video_job else None,
            video_job_completed_at=video_job.completed_at if video_job else None,
            video_job_error_message=video_job.error_message if video_job else None,
        )


def _line_view(base: str, number: int, line: records.Line, cast: dict[str, str]) -> LineView:
    return LineView(
        speaker=line.speaker,
        speaker_name=cast.get(line.speaker, line.speaker),
        text=line.text,
        audio_file=f"{base}/audio?line={number}" if line.audio else "",
    )


class ScriptData(Schema):
    script: ScriptView


class MyScripts(Schema):
    scripts: list[ScriptView]
    user_tokens: int


class DeletedScript(Schema):
    deleted_media_files: list[str]
    deleted_count: int


class VideoJobView(JobView):
    """A job about a script. The video's fields are there once it is completed."""

    script_id: str
    user_id: str
    final_video_path: MediaUrl | None
    video_duration: float | None
    video_size: int | None

    @classmethod
    def film(cls, filming: ScriptJob) -> Self:
        video = filming.video
        return cls(
            **JobView.of(filming.job, SPECS[filming.job.kind]).model_dump(),
            script_id=filming.script_id,
            user_id=filming.job.uid,
            final_video_path=video_url(video.name) if video else None,
            video_duration=video.seconds if video else None,
            video_size=video.size if video else None,
        )


class VideoJobData(Schema):
    job: VideoJobView


class VideoStatus(Schema):
    """Where the last video of a script stands; `status` is `not_started` before the first."""

    script_id: str
    status: JobStatus | Literal["not_started"]
    stage: CurrentStep
    progress: int
    message: str
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None
    final_video_path: MediaUrl | None

    @classmethod
    def of(cls, staged: ScriptWithJobs) -> Self:
        if staged.video_job is None:
            return cls(
                script_id=staged.script.id,
                status="not_started",
                stage="",
                progress=0,
                message="No video has been asked for",
                started_at=None,
                completed_at=None,
                error_message=None,
                final_video_path=None,
            )
        video = staged.script.video
        made = video if video and video.job_id == staged.video_job.id else None
        job = JobView.of(staged.video_job, VIDEO)
        running = [step.message for step in job.steps if step.step_name == job.current_step]
        told = {
            JobStatus.QUEUED: "Waiting for a worker",
            JobStatus.IN_PROGRESS: running[0] if running else "",
            JobStatus.COMPLETED: "Video generation completed",
            JobStatus.FAILED: "Video generation failed",
            JobStatus.CANCELLED: "Video generation cancelled",
        }
        return cls(
            script_id=staged.script.id,
            status=job.status,
            stage=job.current_step,
            progress=job.overall_progress,
            message=told[job.status],
            started_at=job.started_at,
            completed_at=job.completed_at,
            error_message=job.error_message,
            final_video_path=video_url(made.name) if made else None,
        )


class BackgroundView(Schema):
    name: str
    title: str
    seconds: float
    width: int
    height: int
    size: int

    @classmethod
    def of(cls, background: Background) -> Self:
        return cls(name=background.id, **background.model_dump(exclude={"id", "created_at"}))


class Backgrounds(Schema):
    backgrounds: list[BackgroundView]


class ScriptPath(Schema):
    script_id: Id


class VideoJobPath(Schema):
    job_id: Id


class VideoPath(Schema):
    name: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}_[A-Za-z0-9_-]{1,64}\.mp4$")
    ]


class LineQuery(Schema):
    line: int | None = Field(
        None, ge=0, le=MAX_LINES, description="One line only, counted from 0, as WAV."
    )
