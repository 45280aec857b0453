"""A script: its cast, its dialogue, its audio and its video."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from troupe.jobs.records import Job
from troupe.media.formats import Resolution
from troupe.recording.records import Sound, VoiceSnapshot
from troupe.records import Record

AUDIO_KIND = "script_audio"
VIDEO_KIND = "video"
MAX_LINES = 500
MAX_LINE_CHARACTERS = 2_000
# A script is one document of 1 MiB. How long its speech may be is limited in seconds: see
# MAX_AUDIO_SECONDS and MAX_VIDEO_SECONDS.
MAX_CHARACTERS = 50_000
MAX_WRITTEN = 60  # lines of a dialogue that a model writes
TITLE_CHARACTERS = 80  # the longest title that is derived from the script

Utterance = tuple[str, str]  # the speaker's id, and the text


class Line(Record):
    """One line of a character; `speaker` is the character's id. `audio` is stored under a path
    derived from everything the sound depends on; `voice_key` names the voice that spoke it
    (see voice_key.py). `text` is as written, with the stage directions in it, which are not
    spoken (see troupe.speech.text.directions). `directions`: what stands before the line in a
    screenplay and is not spoken."""

    speaker: str
    text: str
    directions: str = ""
    audio: Sound | None = None
    voice_key: str | None = None


class DialogueAudio(Record):
    """All lines in one file. `cues_path`: the captions with speakers, as JSON. `starts`: when each
    line starts, in seconds."""

    path: str
    cues_path: str
    format: str
    size: int
    seconds: float
    starts: list[float]


class FinalVideo(Record):
    """The finished video, served under `name`. `size` in bytes. `cues_path`: its captions as JSON,
    whether they are in the picture or not; videos made before 27 November 2026 have none."""

    name: str
    path: str
    cues_path: str | None = None
    size: int
    seconds: float
    resolution: str
    revision: int  # of the dialogue in the video
    job_id: str = ""  # the job that created it


class Script(Record):
    """`scripts/{id}`.

    `cast` maps character ids to the names at creation, so that a script stays readable after a
    character is deleted. `revision` increases with every edit of the dialogue; `audio` always
    matches the current revision, `video` may show an earlier one. At most one job works on a
    script at a time: `active_job_id`. `source_script_id`: the id of the script that this one
    translates; that script may have been deleted.
    """

    id: str
    uid: str
    title: str
    language: str | None = None
    source_script_id: str | None = None
    selected_characters: list[str]
    cast: dict[str, str]
    original_prompt: str | None = None
    dialogue: list[Line]
    revision: int = 1
    audio: DialogueAudio | None = None
    video: FinalVideo | None = None
    active_job_id: str | None = None
    audio_job_id: str | None = None
    video_job_id: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def cues_path(self) -> str | None:
        """The captions of the newest revision that has some. With the audio and the video of one
        revision, those of the audio."""
        if self.audio is not None:
            return self.audio.cues_path
        return self.video.cues_path if self.video else None


class Performer(VoiceSnapshot):
    """How a character speaks and looks in a job. `images`: storage paths, in display order."""

    id: str
    name: str
    images: list[str] = Field(default_factory=list)


class Performance(Record):
    """The input of a script's job. `format` applies to audio; `background`, `resolution` and
    `captions` apply to video. `new_characters`: see pricing; empty if all lines are new."""

    script_id: str
    revision: int
    title: str
    lines: list[Line]
    performers: dict[str, Performer]
    new_characters: list[int] = Field(default_factory=list)
    format: str = "mp3"
    background: str = ""  # a clip's name or a colour, "#rrggbb"
    resolution: str = ""
    captions: bool = True

    @model_validator(mode="before")
    @classmethod
    def _one_engine(cls, data: Any) -> Any:
        """Jobs created before 28 November 2026 name one engine for all performers, and can still
        run for a day."""
        if isinstance(data, dict) and isinstance(engine := data.get("engine"), str):
            named = {"engine": engine}
            return data | {"performers": {k: named | v for k, v in data["performers"].items()}}
        return data


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """The options of a video. `background`: a clip's name, a colour ("#rrggbb"), or None for the
    first clip."""

    background: str | None = None
    resolution: Resolution = Resolution.LANDSCAPE
    captions: bool = True


@dataclass(frozen=True, slots=True)
class ScriptWithJobs:
    """A script with its latest audio and video jobs, whose inputs are not loaded."""

    script: Script
    audio_job: Job | None = None
    video_job: Job | None = None
