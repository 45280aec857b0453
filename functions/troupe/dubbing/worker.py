"""The work of a dubbing job: listen, translate, speak each line in its place, join with the film.

The parts are those of a transcription. The rest is done by one task, which keeps the translation
and each spoken line in storage, so that another attempt continues where this one ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.borders import Border
from troupe.dubbing.lines import LineTranslation, lines_of
from troupe.dubbing.pricing import charge_for
from troupe.dubbing.records import Dubbed, File, Late, Lines, Original
from troupe.dubbing.timing import Placed, placed
from troupe.dubbing.voice import StoredVoice
from troupe.dubbing.writes import completed_writes, files_prefix, work_prefix
from troupe.errors import FileMissing, TroupeError, Unavailable, WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.media.audio import AAC, AudioWriter, Encoding
from troupe.media.captions import Said, cues_to_json
from troupe.media.captions.cues import captions
from troupe.media.formats import AudioFormat
from troupe.recording.recorder import Recorder, shifted
from troupe.recording.voices import Voices
from troupe.records import Record
from troupe.settings import Prices
from troupe.speech.choice import Engines
from troupe.transcriptions.records import (
    Heard,
    main_language,
    seconds_heard,
    segments_from_json,
)
from troupe.transcriptions.worker import TranscriptionWorker

RecordT = TypeVar("RecordT", bound=Record)
# (film, new sound as AAC in MP4, user) -> the film with that sound.
WithSound = Callable[[BinaryIO, BinaryIO, str], bytes]
_FORMS: tuple[AudioFormat | Encoding, ...] = (AudioFormat.MP3, AAC)
_LATE = 0.1  # seconds; a shorter delay is not noticed
_MOST_TOLD = 100  # late lines that are reported


@dataclass(slots=True)
class _Track:
    """The new sound: what was written, and how it fits."""

    said: list[Said] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    spoken: float = 0.0
    faster: int = 0

    def add(self, number: int, each: Placed) -> None:
        self.said.append(Said(shifted(each.spoken.words, each.start), None, number))
        self.spoken += each.spoken.seconds
        self.faster += each.speed > 1
        if each.late > _LATE and len(self.late) < _MOST_TOLD:
            start = round(each.start - each.late, 3)
            self.late.append(Late(line=number, start=start, seconds=round(each.late, 3)))


class DubbingWorker:
    def __init__(
        self,
        listening: TranscriptionWorker,
        translation: LineTranslation,
        engines: Engines,
        files: Files,
        with_sound: WithSound,
        pauses: Mapping[Border, int],
        prices: Prices,
    ) -> None:
        """`pauses`: in milliseconds."""
        self._listening = listening
        self._translation = translation
        self._files = files
        self._recorder = Recorder(files)
        self._voices = Voices(engines, files)
        self._with_sound = with_sound
        self._pauses = pauses
        self._prices = prices

    def plan(self, job: Job, given: Original) -> WorkPlan:
        return self._listening.plan(job, given)

    def run_part(self, job: Job, given: Original, number: int, folder: Path, watch: Watch) -> Heard:
        """Listens, unless an earlier attempt has. Raises WorkError."""
        path = f"{work_prefix(job.uid, job.id)}heard-{number}.json"
        return self._kept(
            path, Heard, lambda: self._listening.run_part(job, given, number, folder, watch)
        )

    def assemble(
        self, job: Job, given: Original, done: Sequence[Heard], folder: Path, watch: Watch
    ) -> Outcome:
        """Raises WorkError, for example if nobody speaks or the picture is broken."""
        watch.report("translation", 0)
        language = given.source or main_language(done)
        lines = self._lines(job, given, done, language)
        # The attempt is part of the name, so a late worker cannot overwrite the file of another.
        base = f"{files_prefix(job.uid, job.id)}{job.attempt}"
        sound, aac = folder / "sound.mp3", folder / "sound.m4a"
        seconds, track = self._speak(job, given, lines, [sound, aac][: 1 + given.film], watch)
        watch.report("assembly", 0)
        # First, because the picture may be a reason to fail.
        video = self._film(job, given, aac, f"{base}.mp4", folder) if given.film else None
        cues = cues_to_json(captions(track.said, until=seconds)).encode()
        form = AudioFormat.MP3
        path, cues_path = f"{base}{form.extension}", f"{base}.cues.json"
        result = Dubbed(
            audio=File(path=path, size=self._files.upload(path, sound, form.mime_type)),
            video=video,
            cues_path=cues_path,
            seconds=round(seconds, 3),
            source_language=language,
            lines=len(lines.lines),
            characters=sum(len(line.said) for line in lines.lines),
            heard=seconds_heard(done),
            spoken=round(track.spoken, 3),
            faster=track.faster,
            late=track.late,
            untranslated=lines.untranslated,
        )
        self._files.upload(cues_path, cues, "application/json")
        charge = charge_for(
            result.heard, result.spoken, result.characters, job.charge, self._prices
        )
        made = [path, cues_path, *([video.path] if video else [])]
        return Outcome(completed_writes(job, result, charge, now()), charge, made)

    def _lines(self, job: Job, given: Original, done: Sequence[Heard], language: str) -> Lines:
        """The translated lines; those of an earlier attempt, if it kept them. Raises WorkError."""

        def translated() -> Lines:
            heard = lines_of(each for part in done for each in segments_from_json(part.segments))
            if not heard:
                message = "Nobody speaks in the recording. Nothing was charged."
                raise WorkError("nothing_said", message, retryable=False)
            return self._translation.translated(job.uid, heard, language, given.target)

        return self._kept(f"{work_prefix(job.uid, job.id)}lines.json", Lines, translated)

    def _kept(self, path: str, kind: type[RecordT], make: Callable[[], RecordT]) -> RecordT:
        """The record at `path`, made and stored if it is not there."""
        try:
            return kind.model_validate_json(self._files.read(path))
        except FileMissing:
            made = make()
        self._files.upload(path, made.model_dump_json().encode(), "application/json")
        return made

    def _speak(
        self, job: Job, given: Original, lines: Lines, targets: Sequence[Path], watch: Watch
    ) -> tuple[float, _Track]:
        """Writes the new sound to each target, as MP3 and as AAC; returns its length in seconds.
        Raises SpeechError."""
        folder = targets[0].parent
        speaker = self._voices.speaker(given.voice)
        prefix = work_prefix(job.uid, job.id)
        voice = StoredVoice(self._recorder, speaker, self._pauses, prefix, folder, watch.check)
        track, writers = _Track(), list[AudioWriter]()
        with ExitStack() as stack:
            for number, each in enumerate(placed(lines.lines, voice, given.seconds)):
                if not writers:
                    writers = [
                        stack.enter_context(AudioWriter(target, form, each.spoken.rate))
                        for target, form in zip(targets, _FORMS, strict=False)
                    ]
                for writer in writers:
                    writer.write_silence(max(0.0, each.start - writer.seconds))
                    writer.write(each.spoken.samples, each.spoken.rate)
                track.add(number, each)
                watch.report("speech", (number + 1) / len(lines.lines))
            for writer in writers:
                writer.write_silence(max(0.0, given.seconds - writer.seconds))
            seconds = writers[0].seconds
        return seconds, track

    def _film(self, job: Job, given: Original, sound: Path, path: str, folder: Path) -> File:
        """Raises WorkError."""
        local = folder / "film"
        try:
            self._files.download(given.path, local)
            with local.open("rb") as film, sound.open("rb") as new:
                video = self._with_sound(film, new, job.uid)
        except FileMissing as error:
            message = "The film no longer exists."
            raise WorkError("sound_missing", message, retryable=False) from error
        except TroupeError as error:
            transient = isinstance(error, Unavailable)
            raise WorkError(error.code, error.text, retryable=transient) from error
        return File(path=path, size=self._files.upload(path, video, "video/mp4"))
