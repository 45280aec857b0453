"""Request and response schemas of scripts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from troupe.jobs.records import CurrentStep, JobStatus
from troupe.jobs.schemas import CompanyId, JobView, MaxTokens
from troupe.media.formats import AudioFormat, Resolution
from troupe.scripts import records
from troupe.scripts.records import (
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    MAX_WRITTEN,
    MOST_CAST,
    MOST_PAUSE,
    MOST_TAKES,
    ChosenLine,
    Delivery,
    Utterance,
    VideoOptions,
)
from troupe.scripts.specs import AUDIO, SPECS, VIDEO
from troupe.scripts.writes import poster_url, video_url
from troupe.settings import MOST_CHARACTERS
from troupe.translation.fields import Code, Glossary, Style, Target
from troupe.web.media import MediaUrl
from troupe.web.schema import (
    Headers,
    Id,
    Limit,
    Line,
    Page,
    Schema,
    Text,
    WarnsOfUnknown,
    example,
    limit_of,
)

if TYPE_CHECKING:
    from troupe.scripts.backgrounds import Background
    from troupe.scripts.jobs import ScriptJob
    from troupe.scripts.records import ScriptWithJobs

SCREENPLAY = """A screenplay, a play or a transcript as plain text. A speech starts with
`NAME: text`, or with a name alone on a line (Fountain), and continues until an empty line or the
next name.

A name is a character's name or id. Letter case, accents, quotes, Markdown and invisible characters
do not matter, and `(O.S.)`, `(CONT'D)` or a time may stand beside it. Also understood:
`NAME. — text`, `NAME「text」`, a tab after the name, `[00:01:02] NAME: text`, chats, and SRT and
WebVTT with names.

Not spoken, but kept in the text of the line: `(laughs)`, `[sighs]`, `*laughs*`, and a bracket that
stands alone on a line, begins a speech or follows a sentence. Not spoken, but kept in
`directions` of the next line: directions between speeches, headings (`INT.`, `SCENE 2`, `# Act`),
transitions (`CUT TO:`), cues (`SFX:`, `MUSIC:`), a title page, and text without a name if names
stand on their own lines. Elsewhere, text without a name is an error, as is a name that is not in
the cast; errors tell the line and the way out. Not kept: `/* */`, `[[notes]]`, and what follows
the last speech."""
MOST_SCRIPTS = 20  # of a page: each can have 500 lines

Title = Annotated[Line, Field(max_length=120)]
Chosen = Annotated[list[Id], Field(min_length=1, max_length=MOST_CAST)]


class GenerateScript(WarnsOfUnknown):
    model_config = example(
        {
            "selectedCharacters": ["ID_OF_ANNA", "ID_OF_BEN"],
            "prompt": "Two lighthouse keepers argue about who saw the ship first.",
            "lines": 12,
            "language": "en-GB",
        }
    )

    selected_characters: Chosen = Field(description="Ids of the characters who can speak.")
    prompt: Text = Field(
        max_length=4_000,
        description="What the scene is about.",
        examples=["Two lighthouse keepers argue about who saw the ship first."],
    )
    lines: int | None = Field(
        None, ge=1, le=MAX_WRITTEN, description="The exact number of lines; default: about a dozen."
    )
    language: str | None = Field(
        None,
        max_length=35,
        description="A code from `GET /api/voice/languages`; default: the language of the prompt.",
    )


class DialogueLine(Schema):
    """Lines from a response can be sent back as they are: other fields are ignored."""

    speaker: str = Field(max_length=128, description="The id of a character in the cast.")
    # The service checks it, and names every line that is too long.
    text: str = Field(json_schema_extra={"maxLength": MAX_LINE_CHARACTERS})
    speed: float | None = Field(
        None, ge=0.5, le=2.0, description="1 is normal; default: the speed of the character."
    )
    pause: int | None = Field(
        None,
        ge=0,
        le=MOST_PAUSE,
        description="The silence before the line in milliseconds; default: 150 after a line of the "
        "same character, else 350. The first line begins at once.",
    )


Dialogue = Annotated[list[DialogueLine], Field(max_length=MAX_LINES)]


class CreateScript(WarnsOfUnknown):
    """Either `dialogue` or `screenplay`."""

    model_config = example(
        {
            "selectedCharacters": ["ID_OF_ANNA", "ID_OF_BEN"],
            "screenplay": "ANNA: Did you see it?\nBEN: (squinting)\nI saw it first.",
        }
    )

    title: Title | None = Field(None, description="Default: the first line.")
    selected_characters: Chosen = Field(description="Ids of the characters who can speak.")
    dialogue: Dialogue | None = None
    screenplay: str | None = Field(
        None,
        max_length=MOST_CHARACTERS,
        description=SCREENPLAY,
        examples=["ANNA: Did you see it?\nBEN: (squinting)\nI saw it first."],
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.dialogue is None) == (self.screenplay is None):
            raise PydanticCustomError("one_of", "send either dialogue or screenplay")
        return self

    @property
    def utterances(self) -> list[Utterance]:
        return _utterances(self.dialogue or [])

    @property
    def deliveries(self) -> list[Delivery]:
        return _deliveries(self.dialogue or [])


class UpdateScript(Schema):
    """At least one of the fields; what is left out stays."""

    model_config = example({"dialogue": [{"speaker": "ID_OF_ANNA", "text": "Did you see it?"}]})

    title: Title | None = None
    selected_characters: Chosen | None = Field(
        None,
        description="Ids of the characters who can speak: everybody who has a line must be among "
        "them. Those who were in the cast before keep their names.",
    )
    dialogue: Dialogue | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.title is None and self.selected_characters is None and self.dialogue is None:
            raise PydanticCustomError("nothing", "send title, selectedCharacters or dialogue")
        return self

    @property
    def utterances(self) -> list[Utterance] | None:
        return None if self.dialogue is None else _utterances(self.dialogue)

    @property
    def deliveries(self) -> list[Delivery]:
        return _deliveries(self.dialogue or [])


Revision = Annotated[str, StringConstraints(max_length=20, pattern=r'^(\*|\d{1,9}|"\d{1,9}")$')]


class RevisionHeader(Headers):
    if_match: Revision | None = Field(
        None,
        description="The `revision` that your edit is based on, such as `3`. If the dialogue has "
        "another one by now, nothing changes.",
    )

    @property
    def revision(self) -> int | None:
        return None if self.if_match in (None, "*") else int(self.if_match.strip('"'))


def _utterances(lines: list[DialogueLine]) -> list[Utterance]:
    return [(line.speaker, line.text) for line in lines]


def _deliveries(lines: list[DialogueLine]) -> list[Delivery]:
    return [Delivery(line.speed, line.pause) for line in lines]


class TranslateScript(WarnsOfUnknown):
    model_config = example({"targetLanguage": "pt-BR", "glossary": {"keeper": "faroleiro"}})

    target_language: Target
    source_language: Code | None = Field(
        None, description="By default the script's own language; if it has none, the detected one."
    )
    glossary: Glossary = Field(default_factory=dict)
    style: Style = None


Taken = Annotated[
    int | None,
    Field(
        ge=0,
        le=MOST_TAKES,
        description="Which take of the line to speak; default: the one that the line has. Another "
        "number has it spoken anew. The take before is lost once the new one is ready.",
    ),
]


class GenerateAudio(WarnsOfUnknown):
    model_config = example({"format": "mp3"})

    format: AudioFormat = AudioFormat.MP3
    max_tokens: MaxTokens = None
    company_id: CompanyId = None


class SpeakLine(WarnsOfUnknown):
    model_config = example({"take": 1})

    take: Taken = None
    max_tokens: MaxTokens = None
    company_id: CompanyId = None


class QuoteScript(Schema):
    model_config = example({"operation": "video"})

    operation: Literal["audio", "video", "line"]
    line: int | None = Field(
        None, ge=0, lt=MAX_LINES, description="The number of the line, from 0; only for `line`."
    )
    take: Taken = None
    company_id: CompanyId = None

    @model_validator(mode="after")
    def _line_of_a_line(self) -> Self:
        if (self.operation == "line") != (self.line is not None):
            raise PydanticCustomError("line", "send line with the operation line, and only then")
        return self

    @property
    def chosen(self) -> ChosenLine | None:
        return None if self.line is None else ChosenLine(self.line, self.take)


class GenerateVideo(WarnsOfUnknown):
    model_config = example(
        {"backgroundVideo": "#203040", "resolution": "1280x720", "captions": True}
    )

    background_video: str | None = Field(
        None,
        max_length=64,
        description="A name from `GET /api/videos/backgrounds`, or a colour (`#rrggbb`); default: "
        "the first clip.",
    )
    resolution: Resolution = Resolution.LANDSCAPE
    captions: bool = Field(True, description="Whether to draw captions into the picture.")
    max_tokens: MaxTokens = None
    company_id: CompanyId = None

    def options(self) -> VideoOptions:
        return VideoOptions(self.background_video, self.resolution, self.captions)


class LineView(Schema):
    """A line. `audioFile`: the URL of its audio, "" until it has been spoken."""

    speaker: str
    speaker_name: str
    text: str = Field(description="As written, with the stage directions, which are not spoken.")
    directions: str = Field(
        description="What stands before the line in its screenplay and is not spoken: headings, "
        'action, cues for sound; "" if nothing does.'
    )
    speed: float | None = Field(description="Null for the speed of the character.")
    pause: int | None = Field(
        description="The silence before it in milliseconds; null for the usual one."
    )
    take: int = Field(description="Which take this is, counted from 0.")
    seconds: float | None = Field(description="The length of its audio.")
    start: float | None = Field(
        description="When it starts in the audio of the whole dialogue, in seconds; null without."
    )
    audio_file: MediaUrl


class ScriptView(Schema):
    """A script with its audio and video. `audioUrl` is for the whole dialogue, and set once its
    current revision has been spoken; `captionsUrl` is set with it, or else with the video, whose
    revision may be an earlier one. `revision` increases with each edit."""

    id: str
    title: str
    language: str
    source_script_id: str | None = Field(
        description="The id of the script that this one translates; null if it is no translation."
    )
    selected_characters: list[str]
    original_prompt: str
    dialogue: list[LineView] = Field(description="Empty in a list with `?view=summary`.")
    line_count: int
    revision: int
    created_at: datetime
    updated_at: datetime
    has_audio: bool
    audio_count: int = Field(description="Lines that have been spoken.")
    audio_duration: float | None = Field(description="Seconds.")
    audio_url: MediaUrl | None
    captions_url: MediaUrl | None
    active_job_id: str | None = Field(description="The job that is working on the script.")
    audio_job_id: str | None
    audio_job_status: JobStatus | None
    audio_job_progress: int | None
    audio_job_error_message: str | None
    final_video_path: MediaUrl | None
    poster_url: MediaUrl | None = Field(
        description="A picture of the video, for `<video poster>`; null for older videos."
    )
    video_duration: float | None = Field(description="Seconds.")
    video_size: int | None = Field(description="Bytes.")
    video_revision: int | None = Field(description="The revision shown in the video.")
    video_job_id: str | None
    video_job_status: JobStatus | None
    video_job_progress: int | None
    video_job_current_step: CurrentStep | None
    video_job_started_at: datetime | None
    video_job_completed_at: datetime | None
    video_job_error_message: str | None

    @classmethod
    def of(cls, script_with_jobs: ScriptWithJobs, *, summary: bool = False) -> Self:
        """`summary`: without the lines."""
        script = script_with_jobs.script
        video = script.video
        spoken = sum(line.audio is not None for line in script.dialogue)
        base = f"/api/scripts/{script.id}"
        jobs = script_with_jobs
        audio_job = JobView.of(jobs.audio_job, AUDIO) if jobs.audio_job else None
        video_job = JobView.of(jobs.video_job, VIDEO) if jobs.video_job else None
        return cls(
            id=script.id,
            title=script.title,
            language=script.language or "",
            source_script_id=script.source_script_id,
            selected_characters=script.selected_characters,
            original_prompt=script.original_prompt or "",
            dialogue=[] if summary else _line_views(base, script),
            line_count=len(script.dialogue),
            revision=script.revision,
            created_at=script.created_at,
            updated_at=script.updated_at,
            has_audio=spoken > 0,
            audio_count=spoken,
            audio_duration=script.audio.seconds if script.audio else None,
            audio_url=f"{base}/audio" if script.audio else None,
            captions_url=f"{base}/captions" if script.cues_path else None,
            active_job_id=script.active_job_id,
            audio_job_id=script.audio_job_id,
            audio_job_status=audio_job.status if audio_job else None,
            audio_job_progress=audio_job.overall_progress if audio_job else None,
            audio_job_error_message=audio_job.error_message if audio_job else None,
            final_video_path=video_url(video.name) if video else None,
            poster_url=poster_url(video.name) if video and video.poster_path else None,
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


def _line_views(base: str, script: records.Script) -> list[LineView]:
    starts = script.audio.starts if script.audio else [None] * len(script.dialogue)
    return [
        LineView(
            speaker=line.speaker,
            speaker_name=script.cast.get(line.speaker, line.speaker),
            text=line.text,
            directions=line.directions,
            speed=line.speed,
            pause=line.pause,
            take=line.take,
            seconds=round(line.audio.seconds, 3) if line.audio else None,
            start=start,
            audio_file=f"{base}/audio?line={number}" if line.audio else "",
        )
        for number, (line, start) in enumerate(zip(script.dialogue, starts, strict=True))
    ]


class ScriptData(Schema):
    script: ScriptView


class ScriptsPage(Page):
    limit: Limit = limit_of(MOST_SCRIPTS, "Entries per page.", MOST_SCRIPTS)
    view: Literal["full", "summary"] = Field("full", description="`summary`: without the lines.")

    @field_validator("limit")
    @classmethod
    def _cut(cls, limit: int) -> int:
        return min(limit, MOST_SCRIPTS)


class MyScripts(Schema):
    scripts: list[ScriptView]
    user_tokens: int


class DeletedScript(Schema):
    deleted_media_files: list[str]
    deleted_count: int


class VideoJobView(JobView):
    """A script's job. The video fields are set once a video job has completed."""

    script_id: str
    user_id: str
    final_video_path: MediaUrl | None
    video_duration: float | None
    video_size: int | None

    @classmethod
    def of_script(cls, script_job: ScriptJob) -> Self:
        job, video = script_job.job, script_job.video
        return cls(
            **JobView.of(job, SPECS[job.kind]).model_dump(),
            script_id=script_job.script_id,
            user_id=job.uid,
            final_video_path=video_url(video.name) if video else None,
            video_duration=video.seconds if video else None,
            video_size=video.size if video else None,
        )


class VideoJobData(Schema):
    job: VideoJobView


class VideoStatus(Schema):
    """The status of a script's latest video; `not_started` before the first."""

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
    def of(cls, script_with_jobs: ScriptWithJobs) -> Self:
        script, video_job = script_with_jobs.script, script_with_jobs.video_job
        if video_job is None:
            return cls(
                script_id=script.id,
                status="not_started",
                stage="",
                progress=0,
                message="No video has been requested",
                started_at=None,
                completed_at=None,
                error_message=None,
                final_video_path=None,
            )
        video = script.video if script.video and script.video.job_id == video_job.id else None
        job = JobView.of(video_job, VIDEO)
        running = [step.message for step in job.steps if step.step_name == job.current_step]
        messages = {
            JobStatus.QUEUED: "Waiting for a worker",
            JobStatus.IN_PROGRESS: running[0] if running else "",
            JobStatus.COMPLETED: "Video generation completed",
            JobStatus.FAILED: "Video generation failed",
            JobStatus.CANCELLED: "Video generation cancelled",
        }
        return cls(
            script_id=script.id,
            status=job.status,
            stage=job.current_step,
            progress=job.overall_progress,
            message=messages[job.status],
            started_at=job.started_at,
            completed_at=job.completed_at,
            error_message=job.error_message,
            final_video_path=video_url(video.name) if video else None,
        )


class BackgroundView(Schema):
    name: str
    title: str
    seconds: float
    width: int
    height: int
    size: int
    url: MediaUrl
    poster_url: MediaUrl | None = Field(description="A picture of it; null for older ones.")

    @classmethod
    def of(cls, background: Background) -> Self:
        url = f"/api/videos/backgrounds/{background.id}"
        return cls(
            name=background.id,
            url=url,
            poster_url=None
            if background.poster_size is None
            else url.removesuffix(".mp4") + ".jpg",
            **background.model_dump(exclude={"id", "created_at", "poster_size"}),
        )


class Backgrounds(Schema):
    backgrounds: list[BackgroundView]


class ScriptPath(Schema):
    script_id: Id


class LinePath(Schema):
    script_id: Id
    number: int = Field(ge=0, lt=MAX_LINES, description="Counted from 0.")


class VideoJobPath(Schema):
    job_id: Id


class VideoPath(Schema):
    name: Annotated[
        str,
        StringConstraints(
            max_length=133, pattern=r"^[A-Za-z0-9-]{1,64}_[A-Za-z0-9_-]{1,64}\.(?:mp4|jpg)$"
        ),
    ]


class BackgroundPath(Schema):
    name: Annotated[
        str, StringConstraints(max_length=65, pattern=r"^[a-z0-9][a-z0-9_-]{0,60}\.(?:mp4|jpg)$")
    ]


class LineQuery(Schema):
    line: int | None = Field(
        None, ge=0, le=MAX_LINES, description="Only this line (counted from 0), as WAV."
    )
