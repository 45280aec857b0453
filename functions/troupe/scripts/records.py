"""A script: its cast, its dialogue, its audio and its video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from troupe.jobs.records import Job
from troupe.media.formats import Resolution
from troupe.recording.records import Sound, VoiceSnapshot
from troupe.records import Record

AUDIO_KIND = "script_audio"
LINE_KIND = "script_line"
VIDEO_KIND = "video"
MAX_LINES = 500
MAX_LINE_CHARACTERS = 2_000
# A script is one document of 1 MiB. How long its speech may be is limited in seconds: see
# MAX_AUDIO_SECONDS and MAX_VIDEO_SECONDS.
MAX_CHARACTERS = 50_000
MOST_CAST = 20  # characters of a script
MAX_WRITTEN = 60  # lines of a dialogue that a model writes
TITLE_CHARACTERS = 80  # the longest title that is derived from the script
MOST_TAKES = 99  # the highest number of a take
MOST_PAUSE = 10_000  # milliseconds

Utterance = tuple[str, str]  # the speaker's id, and the text


class Delivery(NamedTuple):
    """How a line is to be spoken: see Line."""

    speed: float | None = None
    pause: int | None = None


class Line(Record):
    """One line of a character; `speaker` is the character's id. `audio` is stored under a path
    derived from everything the sound depends on; `voice_key` names the voice that spoke it
    (see voice_key.py). `text` is as written, with the stage directions in it, which are not
    spoken (see troupe.speech.text.directions). `directions`: what stands before the line in a
    screenplay and is not spoken. `speed`: None for the character's. `pause`: the silence before it
    in milliseconds, None for the usual one. `take`: how often the line was spoken anew although
    nothing about it had changed."""

    speaker: str
    text: str
    directions: str = ""
    speed: float | None = None
    pause: int | None = None
    take: int = 0
    audio: Sound | None = None
    voice_key: str | None = None


class DialogueAudio(Record):
    """All lines in one file. `cues_path`: the captions with speakers, as JSON. `peaks_path`: its
    waveform, None for older audio. `starts`: when each line starts, in seconds."""

    path: str
    cues_path: str
    peaks_path: str | None = None
    format: str
    size: int
    seconds: float
    starts: list[float]

    @property
    def files(self) -> list[str]:
        peaks = [self.peaks_path] if self.peaks_path else []
        return [self.path, self.cues_path, *peaks]


class FinalVideo(Record):
    """The finished video, served under `name`. `size` in bytes. `cues_path`: its captions as JSON,
    whether they are in the picture or not; videos made before 27 November 2026 have none.
    `poster_path`: a picture of it, None for older ones."""

    name: str
    path: str
    cues_path: str | None = None
    poster_path: str | None = None
    size: int
    seconds: float
    resolution: str
    revision: int  # of the dialogue in the video
    job_id: str = ""  # the job that created it

    @property
    def files(self) -> list[str]:
        return [path for path in (self.path, self.cues_path, self.poster_path) if path]


class Script(Record):
    """`scripts/{id}`.

    `cast` maps character ids to the names at creation, so that a script stays readable after a
    character is deleted. `revision` increases with every edit of the dialogue; `audio` always
    matches the current revision, `video` may show an earlier one. At most one job works on a
    script at a time: `active_job_id`. `source_script_id`: the id of the script that this one
    translates; that script may have been deleted. `created_by`: the request that created it, if
    that had an idempotency key.
    """

    id: str
    uid: str
    title: str
    language: str | None = None
    source_script_id: str | None = None
    created_by: str | None = None
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
    `captions` apply to video; `only`, the number of a line, and its new `take` to a job that speaks
    one line. `new_characters`: see pricing; empty if all lines are new."""

    script_id: str
    revision: int
    title: str
    lines: list[Line]
    performers: dict[str, Performer]
    new_characters: list[int] = Field(default_factory=list)
    only: int | None = None
    take: int = 0
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

    def performer(self, number: int) -> Performer:
        """Who speaks a line, at its speed."""
        return performer_of(self.lines[number], self.performers)

    def to_speak(self) -> list[Line]:
        """The lines, the only one with its new take."""
        lines = list(self.lines)
        if self.only is not None:
            new = {"take": self.take, "audio": None}
            lines[self.only] = lines[self.only].model_copy(update=new)
        return lines


def performer_of(line: Line, performers: Mapping[str, Performer]) -> Performer:
    """Who speaks a line, at its speed."""
    performer = performers[line.speaker]
    if line.speed is None:
        return performer
    return performer.model_copy(update={"speed": line.speed})


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """The options of a video. `background`: a clip's name, a colour ("#rrggbb"), or None for the
    first clip."""

    background: str | None = None
    resolution: Resolution = Resolution.LANDSCAPE
    captions: bool = True


class ChosenLine(NamedTuple):
    """A line by its number, and the take that is to be spoken: None for the one that it has. The
    names are part of the request hash: renaming one breaks
    pending repeats."""

    only: int
    take: int | None = None


@dataclass(frozen=True, slots=True)
class ScriptWithJobs:
    """A script with its latest audio and video jobs, whose inputs are not loaded."""

    script: Script
    audio_job: Job | None = None
    video_job: Job | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file to serve. `size` in bytes; `name`: the file name offered to the client."""

    path: str
    size: int
    content_type: str
    name: str
