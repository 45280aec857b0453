"""Runs the jobs of scripts: speaks the lines, then makes one audio file or a video."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.borders import Border
from troupe.dictionaries.records import DictionaryRef
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.media.captions import Cue, cues_to_json
from troupe.media.formats import AudioFormat
from troupe.media.video.poster import MIME_TYPE, poster
from troupe.recording.join import ENCODING
from troupe.recording.recorder import Recorder
from troupe.recording.records import Recorded, Sound, part_name
from troupe.recording.voices import Voices
from troupe.scripts.dialogue import Dialogue
from troupe.scripts.film import Film, is_long
from troupe.scripts.length import pause_before
from troupe.scripts.records import DialogueAudio, FinalVideo, Performance
from troupe.scripts.specs import SPECS, VIDEO
from troupe.scripts.writes import completed_writes, files_prefix, spoken_lines
from troupe.speech.choice import Engines
from troupe.speech.errors import SpeechError
from troupe.speech.estimate import seconds_about
from troupe.speech.text.dictionary import Dictionary

# Lines per task: enough to be worth a task, few enough to spread a script over several.
LINES_PER_PART = 8
# About how long the speech of a part is at most: rendering five minutes takes about two.
PART_SECONDS = 300.0


class ScriptWorker:
    """Runs both job kinds. Spoken lines are stored with their script under a hash of everything
    that affects the sound, so that only new lines are spoken."""

    def __init__(
        self,
        engines: Engines,
        files: Files,
        *,
        part_characters: int,
        max_audio_seconds: int,
        max_video_seconds: int,
        pauses: Mapping[Border, int],
        dictionary: Callable[[DictionaryRef], Dictionary],
    ) -> None:
        """`pauses`: within a line, in milliseconds. `dictionary`: loads one."""
        self._dictionary = dictionary
        self._max_audio_seconds = max_audio_seconds
        self._max_video_seconds = max_video_seconds
        self._pauses = pauses
        self._files = files
        self._part_characters = part_characters
        self._recorder = Recorder(files)
        self._voices = Voices(engines, files)

    def plan(self, job: Job, given: Performance) -> WorkPlan:
        lines = given.lines
        new = _new_characters(given)
        if given.only is not None:
            end = given.only + 1
            return WorkPlan([given.only, end], units=1, characters=[new[given.only]])
        spoken = sum(line.audio is not None for line in lines)
        notes = {"audio_validation": f"Found {spoken}/{len(lines)} audio files"}
        long = job.kind == VIDEO.kind and is_long(given)
        cuts = self._cuts(given, len(lines) if long else LINES_PER_PART)
        characters = [sum(new[start:end]) for start, end in itertools.pairwise(cuts)]
        return WorkPlan(cuts, units=len(lines), notes=notes, characters=characters)

    def run_part(
        self, job: Job, given: Performance, number: int, folder: Path, watch: Watch
    ) -> Recorded:
        """Speaks the lines of one part that are not stored yet."""
        assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
        dialogue = self._dialogue(job, given)
        first, end = job.cuts[number : number + 2]
        step = SPECS[job.kind].parts_step

        def progress(line: int) -> None:
            watch.report(step, (line - first) / (end - first))

        made_for = part_name(job.id, number)
        sounds = dialogue.record(first, end, folder, progress, made_for)
        new, segment = _new_characters(given)[first:end], None
        # Equal lines share a sound, which was spoken once.
        spoken = {
            sound.path: (characters, sound.milliseconds)
            for sound, characters in zip(sounds, new, strict=True)
            if characters and sound.made_for == made_for
        }
        if job.kind == VIDEO.kind and is_long(given):
            film = self._film(job, dialogue, given, folder, watch)
            segment = film.segment(first, sounds, made_for)
        return Recorded(
            sounds=sounds,
            segment=segment,
            characters=sum(characters for characters, _ in spoken.values()),
            milliseconds=sum(milliseconds for _, milliseconds in spoken.values()),
        )

    def assemble(
        self, job: Job, given: Performance, done: Sequence[Recorded], folder: Path, watch: Watch
    ) -> Outcome:
        """Joins the lines; for a video, also renders and checks the picture. A job of one line only
        charges it."""
        if given.only is not None:
            return self._line(job, given, given.only, done[0].sounds[0])
        make = self._video if job.kind == VIDEO.kind else self._audio
        return make(job, given, done, folder, watch)

    def _line(self, job: Job, performance: Performance, number: int, sound: Sound) -> Outcome:
        if not sound.samples:
            raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
        lines = list(performance.lines)
        (lines[number],) = spoken_lines(performance, number, [sound])
        writes = completed_writes(job, performance, lines, None, None, now())
        charge = job.charge.of_seconds(sound.seconds) if job.charge else 0
        return Outcome(writes, charge)

    def _audio(
        self,
        job: Job,
        performance: Performance,
        done: Sequence[Recorded],
        folder: Path,
        watch: Watch,
    ) -> Outcome:
        sounds = [sound for part in done for sound in part.sounds]
        dialogue = self._dialogue(job, performance)
        form = AudioFormat(performance.format)
        watch.report("assembly", 0)
        base = f"{self._prefix(job)}audio-{_version(job)}"
        # Lines that were paid for before are not in the hold, nor are the pauses before them.
        paid = sum(
            pause_before(performance.lines, number) + sound.seconds
            for number, (sound, new) in enumerate(
                zip(sounds, _new_characters(performance), strict=True)
            )
            if not new
        )
        most: float = self._max_audio_seconds
        if job.charge is not None:
            most = min(most, job.charge.seconds_allowed(self._max_audio_seconds) + paid)
        joined = dialogue.join(
            sounds,
            f"{base}{form.extension}",
            form,
            folder,
            watch.check,
            most=most,
            progress=lambda share: watch.report("assembly", ENCODING * share),
        )
        audio = DialogueAudio(
            path=f"{base}{form.extension}",
            cues_path=self._store_cues(base, joined.cues),
            peaks_path=joined.peaks_path,
            format=form,
            size=joined.size,
            seconds=round(joined.seconds, 3),
            starts=[round(start, 3) for start in joined.starts],
        )
        writes = completed_writes(
            job, performance, spoken_lines(performance, 0, sounds), audio, None, now()
        )
        # A paid line that had to be spoken again can be shorter than it was.
        charge = job.charge.of_seconds(max(0.0, joined.seconds - paid)) if job.charge else 0
        return Outcome(writes, charge, audio.files)

    def _video(
        self,
        job: Job,
        performance: Performance,
        done: Sequence[Recorded],
        folder: Path,
        watch: Watch,
    ) -> Outcome:
        watch.report("video_generation", 0, "Preparing sound and pictures...")
        target = folder / "video.mp4"
        dialogue = self._dialogue(job, performance)
        film = self._film(job, dialogue, performance, folder, watch)
        seconds, cues = film.finish(target, done)
        watch.report("upload", 0, "Storing the video...")
        name = f"{performance.script_id}_{_version(job)}_final.mp4"
        path = f"{self._prefix(job)}{name}"
        poster_path = f"{self._prefix(job)}video-{_version(job)}.jpg"
        self._files.upload(poster_path, poster(target, seconds), MIME_TYPE)
        video = FinalVideo(
            name=name,
            path=path,
            poster_path=poster_path,
            cues_path=self._store_cues(f"{self._prefix(job)}video-{_version(job)}", cues),
            size=self._files.upload(path, target, "video/mp4"),
            seconds=round(seconds, 3),
            resolution=performance.resolution,
            revision=performance.revision,
            job_id=job.id,
        )
        sounds = [sound for part in done for sound in part.sounds]
        writes = completed_writes(
            job, performance, spoken_lines(performance, 0, sounds), None, video, now()
        )
        return Outcome(writes, job.charge.held if job.charge else 0, video.files)

    def _store_cues(self, base: str, cues: Sequence[Cue]) -> str:
        path = f"{base}.cues.json"
        self._files.upload(path, cues_to_json(cues).encode(), "application/json")
        return path

    def _film(
        self, job: Job, dialogue: Dialogue, performance: Performance, folder: Path, watch: Watch
    ) -> Film:
        return Film(
            self._files,
            dialogue,
            performance,
            self._prefix(job),
            folder,
            watch,
            self._max_video_seconds,
        )

    def _dialogue(self, job: Job, performance: Performance) -> Dialogue:
        return Dialogue(
            self._recorder,
            self._files,
            self._voices,
            performance,
            owner=job.uid,
            prefix=self._prefix(job),
            pauses=self._pauses,
            dictionary=self._dictionary,
        )

    def _cuts(self, given: Performance, most: int) -> list[int]:
        """The first line of each part, and the end. `most`: lines in a part."""
        cuts, characters, seconds = [0], 0, 0.0
        for number, line in enumerate(given.lines):
            performer = given.performer(number)
            about = seconds_about(line.text, performer.language, performer.speed)
            if number > cuts[-1] and (
                number - cuts[-1] >= most
                or characters + len(line.text) > self._part_characters
                or seconds + about > PART_SECONDS
            ):
                cuts.append(number)
                characters, seconds = 0, 0.0
            characters += len(line.text)
            seconds += about
        return [*cuts, len(given.lines)]

    @staticmethod
    def _prefix(job: Job) -> str:
        return files_prefix(job.subject.rpartition("/")[2])


def _version(job: Job) -> str:
    """Part of a file's name, so that a late worker cannot overwrite another one's files."""
    return f"{job.id[:12]}-{job.attempt}"


def _new_characters(given: Performance) -> list[int]:
    return given.new_characters or [len(line.text) for line in given.lines]
