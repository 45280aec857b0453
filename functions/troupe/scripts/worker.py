"""Runs the jobs of scripts: speaks the lines, then makes one audio file or a video."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.errors import FileMissing, WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.media.captions import cues_to_json
from troupe.media.formats import AudioFormat, Resolution
from troupe.media.uploads.probe import check_video
from troupe.media.video.video import Shot, render_video
from troupe.recording.recorder import Recorder
from troupe.recording.records import Recorded, Sound
from troupe.recording.voices import Voices
from troupe.scripts.backgrounds import background_path, is_colour
from troupe.scripts.dialogue import Dialogue, JoinedDialogue
from troupe.scripts.records import DialogueAudio, FinalVideo, Line, Performance
from troupe.scripts.specs import SPECS, VIDEO
from troupe.scripts.writes import completed_writes, files_prefix, spoken_lines
from troupe.speech.engine import SpeechEngine

# Lines per task: enough to be worth a task, few enough to spread a script over several.
LINES_PER_PART = 8


class ScriptWorker:
    """Runs both job kinds. Spoken lines are stored with their script under a hash of everything
    that affects the sound, so that only new lines are spoken."""

    def __init__(self, engine: SpeechEngine, files: Files, *, part_characters: int) -> None:
        self._engine = engine
        self._files = files
        self._part_characters = part_characters
        self._recorder = Recorder(engine, files)
        self._voices = Voices(engine, files)

    def plan(self, job: Job, given: Performance) -> WorkPlan:
        lines = given.lines
        spoken = sum(line.audio is not None for line in lines)
        notes = {"audio_validation": f"Found {spoken}/{len(lines)} audio files"}
        cuts, new = self._cuts(lines), _new_characters(given)
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

        recorded = dialogue.record(first, end, folder, progress)
        new = _new_characters(given)
        spoken = [number for number in recorded.spoken if new[number]]
        return Recorded(
            sounds=recorded.sounds,
            characters=sum(new[number] for number in spoken),
            milliseconds=sum(recorded.sounds[number - first].milliseconds for number in spoken),
        )

    def assemble(
        self, job: Job, given: Performance, done: Sequence[Recorded], folder: Path, watch: Watch
    ) -> Outcome:
        """Joins the lines; for a video, also renders and checks the picture."""
        sounds = [sound for part in done for sound in part.sounds]
        make = self._video if job.kind == VIDEO.kind else self._audio
        return make(job, given, sounds, folder, watch)

    def _audio(
        self, job: Job, performance: Performance, sounds: list[Sound], folder: Path, watch: Watch
    ) -> Outcome:
        dialogue = self._dialogue(job, performance)
        form = AudioFormat(performance.format)
        target = folder / f"dialogue{form.extension}"
        watch.report("assembly", 0)
        joined = dialogue.join(sounds, target, form, folder, watch.check)
        watch.report("assembly", 0.8)
        base = f"{self._prefix(job)}audio-{_version(job)}"
        audio = DialogueAudio(
            path=f"{base}{form.extension}",
            cues_path=f"{base}.cues.json",
            format=form,
            size=self._files.upload(f"{base}{form.extension}", target, form.mime_type),
            seconds=round(joined.seconds, 3),
            starts=[round(start, 3) for start in joined.starts],
        )
        cues = cues_to_json(joined.cues).encode()
        self._files.upload(audio.cues_path, cues, "application/json")
        writes = completed_writes(
            job, performance, spoken_lines(performance, 0, sounds), audio, None, now()
        )
        paid = sum(
            sound.milliseconds
            for sound, new in zip(sounds, _new_characters(performance), strict=True)
            if not new
        )
        charge = job.charge.of_seconds(joined.seconds - paid / 1000) if job.charge else 0
        return Outcome(writes, charge, [audio.path, audio.cues_path])

    def _video(
        self, job: Job, performance: Performance, sounds: list[Sound], folder: Path, watch: Watch
    ) -> Outcome:
        dialogue = self._dialogue(job, performance)
        resolution = Resolution(performance.resolution)
        watch.report("video_generation", 0, "Preparing sound and pictures...")
        sound, target = folder / "dialogue.wav", folder / "video.mp4"
        joined = dialogue.join(sounds, sound, AudioFormat.WAV, folder, watch.check)
        shots = self._shots(performance, joined, folder)
        facts = render_video(
            target,
            sound=sound,
            shots=shots,
            cues=joined.cues if performance.captions else [],
            resolution=resolution,
            background=self._background(performance.background, folder),
            check=watch.check,
            report=lambda share: watch.report(
                "video_generation", share, "Rendering video segments..."
            ),
            title=performance.title,
            language=performance.performers[performance.lines[0].speaker].language,
        )
        watch.report("video_assembly", 0, "Assembling picture and sound...")
        check_video(target, joined.seconds)
        watch.report("upload", 0, "Storing the video...")
        name = f"{performance.script_id}_{_version(job)}_final.mp4"
        path = f"{self._prefix(job)}{name}"
        self._files.upload(path, target, "video/mp4")
        video = FinalVideo(
            name=name,
            path=path,
            size=facts.size,
            seconds=round(facts.seconds, 3),
            resolution=resolution,
            revision=performance.revision,
            job_id=job.id,
        )
        writes = completed_writes(
            job, performance, spoken_lines(performance, 0, sounds), None, video, now()
        )
        return Outcome(writes, job.charge.held if job.charge else 0, [path])

    def _shots(self, performance: Performance, joined: JoinedDialogue, folder: Path) -> list[Shot]:
        """One shot per line, up to the start of the next. A character with several pictures shows
        the next one each time it starts to speak."""
        faces = self._faces(performance, folder)
        turns: dict[str, int] = {}
        shots: list[Shot] = []
        ends = [*joined.starts[1:], joined.seconds]
        before = None
        for line, start, end in zip(performance.lines, joined.starts, ends, strict=True):
            if line.speaker != before:
                turns[line.speaker] = turns.get(line.speaker, -1) + 1
            before = line.speaker
            pictures = faces[line.speaker]
            picture = pictures[turns[line.speaker] % len(pictures)] if pictures else None
            shots.append(Shot(start, end, picture))
        return shots

    def _faces(self, performance: Performance, folder: Path) -> dict[str, list[Path]]:
        faces: dict[str, list[Path]] = {}
        for number, performer in enumerate(performance.performers.values()):
            faces[performer.id] = []
            for place, path in enumerate(performer.images):
                local = folder / f"face-{number}-{place}{Path(path).suffix}"
                try:
                    self._files.download(path, local)
                except FileMissing:
                    continue  # removed since the job was created; use the others
                faces[performer.id].append(local)
        return faces

    def _background(self, background: str, folder: Path) -> Path | str:
        if is_colour(background):
            return background
        local = folder / "background.mp4"
        try:
            self._files.download(background_path(background), local)
        except FileMissing:
            raise WorkError(
                "background_missing", "The background clip no longer exists.", retryable=False
            ) from None
        return local

    def _dialogue(self, job: Job, performance: Performance) -> Dialogue:
        return Dialogue(
            self._engine,
            self._recorder,
            self._voices,
            performance,
            owner=job.uid,
            prefix=self._prefix(job),
        )

    def _cuts(self, lines: Sequence[Line]) -> list[int]:
        """The first line of each part, and the end."""
        cuts, characters = [0], 0
        for number, line in enumerate(lines):
            full = number - cuts[-1] >= LINES_PER_PART
            if number > cuts[-1] and (full or characters + len(line.text) > self._part_characters):
                cuts.append(number)
                characters = 0
            characters += len(line.text)
        return [*cuts, len(lines)]

    @staticmethod
    def _prefix(job: Job) -> str:
        return files_prefix(job.subject.rpartition("/")[2])


def _version(job: Job) -> str:
    """Part of a file's name, so that a late worker cannot overwrite another one's files."""
    return f"{job.id[:12]}-{job.attempt}"


def _new_characters(given: Performance) -> list[int]:
    return given.new_characters or [len(line.text) for line in given.lines]
