"""A script: who speaks, what they say, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from troupe.jobs.records import Job
from troupe.media.formats import Resolution
from troupe.recording.records import Sound, VoiceSnapshot
from troupe.records import Record

AUDIO_KIND = "script_audio"
VIDEO_KIND = "video"
MAX_LINES = 500
MAX_LINE_CHARACTERS = 2_000
# About 70 minutes of speech: its video is rendered well within one task's half hour.
MAX_CHARACTERS = 50_000


class Line(Record):
    """What one character says; `speaker` is the character's id. `audio` is the line spoken, kept
    under a path made of all that its sound depends on."""

    speaker: str
    text: str
    audio: Sound | None = None


class DialogueAudio(Record):
    """All lines as one file. `cues_path`: its captions, with speakers, as JSON. `starts`: when
    each line begins, in seconds."""

    path: str
    cues_path: str
    format: str
    size: int
    seconds: float
    starts: list[float]


class FinalVideo(Record):
    """The finished video; it is served as `name`. `size` in bytes."""

    name: str
    path: str
    size: int
    seconds: float
    resolution: str
    revision: int  # of the dialogue that it shows
    job_id: str = ""  # the job that made it


class Script(Record):
    """`scripts/{id}`.

    `cast`: the names of the chosen characters by id, as they were when they were chosen, so that
    a script stays readable when a character is gone. `revision` grows with every edit of the
    dialogue; `audio` is of the present one, `video` may be of an earlier one. At most one job
    works on a script at a time: `active_job_id`.
    """

    id: str
    uid: str
    title: str
    language: str | None = None
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
    def characters(self) -> int:
        """How much there is to speak."""
        return sum(len(line.text) for line in self.dialogue)


class Performer(VoiceSnapshot):
    """How one character speaks and looks in a job. `images`: paths in storage, in their order."""

    id: str
    name: str
    images: list[str] = Field(default_factory=list)


class Performance(Record):
    """The input of a job about a script. `format` is that of the audio; the rest of the choices
    are the video's."""

    script_id: str
    revision: int
    title: str
    lines: list[Line]
    performers: dict[str, Performer]
    format: str = "mp3"
    background: str = ""  # a clip's name or a colour, "#rrggbb"
    resolution: str = ""
    captions: bool = True


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """What the owner chose for a video. `background`: a clip's name, a colour ("#rrggbb"), or None
    for the first clip."""

    background: str | None = None
    resolution: Resolution = Resolution.LANDSCAPE
    captions: bool = True


@dataclass(frozen=True, slots=True)
class ScriptWithJobs:
    """A script with the last jobs that made its audio and its video; those without their input."""

    script: Script
    audio_job: Job | None = None
    video_job: Job | None = None
