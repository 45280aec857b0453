"""The picture of a dialogue, and the video file.

A short video is rendered by the task that joins its sound. A long one would not end in a task's
time: each part renders the picture of its lines as well, and the last task only joins. A part does
not know when it starts, so it starts at a frame of its own, and a background clip begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from troupe.adapters.storage import Files
from troupe.errors import FileMissing, WorkError
from troupe.jobs.worker import Watch
from troupe.media.audio import AAC, AudioWriter
from troupe.media.captions import Cue, words_from_json
from troupe.media.formats import AudioFormat, Resolution
from troupe.media.uploads.probe import check_video
from troupe.media.video.frames import RATE, frames_of
from troupe.media.video.segments import join_segments, render_segment
from troupe.media.video.video import Shot, render_video
from troupe.recording.join import Take, expected_seconds, timeline
from troupe.recording.recorder import shifted
from troupe.recording.records import Recorded, Segment, Sound
from troupe.scripts.backgrounds import background_path, is_colour
from troupe.scripts.dialogue import Dialogue
from troupe.scripts.length import dialogue_seconds
from troupe.scripts.records import Performance
from troupe.speech.errors import too_long

# Above this, by the estimate, every part renders its own picture.
SHORT_SECONDS = 600.0
# The finished file is in memory: its index can only be put first once all of it is there. With 90
# MB of sound and the process itself, it stays below a gigabyte, half of the function's memory.
MAX_BYTES = 600_000_000
_SOUND_BITS = 100_000  # per second, with the container's overhead
_PICTURE_BITS = 8_000_000  # per second, at most; no clip needs them


def is_long(performance: Performance) -> bool:
    """Whether every part renders its own picture; the same for all tasks of a job."""
    return dialogue_seconds(performance.lines, performance.performers) > SHORT_SECONDS


@dataclass(frozen=True, slots=True)
class Film:
    """The video of one performance; local files are in `folder`. `max_seconds`: its longest."""

    files: Files
    dialogue: Dialogue
    performance: Performance
    prefix: str
    folder: Path
    watch: Watch
    max_seconds: int

    def segment(self, first: int, sounds: Sequence[Sound], name: str) -> Segment:
        """Renders and stores the picture of the lines from number `first` on."""
        takes = self._takes(first, sounds)
        starts, seconds = timeline(takes)
        cues = self._cues(first, takes, starts, float(seconds))
        shots = self._shots(first, starts, float(seconds))
        if first and self.performance.captions:
            before = self.performance.lines[first - 1].speaker
            name_before = self.performance.performers[before].name
            cues.insert(0, Cue(-1.0, 0.0, "", name_before))
        frames = frames_of(seconds)
        target = self.folder / "segment.mp4"
        render_segment(
            target,
            frames=frames,
            shots=shots,
            cues=cues,
            resolution=Resolution(self.performance.resolution),
            background=self._background(),
            bit_rate=self._bit_rate(),
            check=self.watch.check,
            language=self._language,
        )
        path = f"{self.prefix}segments/{name}.mp4"
        size = self.files.upload(path, target, "video/mp4")
        target.unlink()
        return Segment(path=path, frames=frames, size=size)

    def finish(self, target: Path, done: Sequence[Recorded]) -> tuple[float, list[Cue]]:
        """Writes the video to `target`; returns its length in seconds, and its captions, which are
        in the picture if asked for. Raises SpeechError if it is longer than it may be."""
        segments = [part.segment for part in done if part.segment is not None]
        if len(segments) == len(done):
            seconds, cues = self._join(target, done, segments)
        else:
            sounds = [sound for part in done for sound in part.sounds]
            seconds, cues = self._render(target, sounds)
        self.watch.report("video_assembly", 0, "Assembling picture and sound...")
        check_video(target, seconds)
        return seconds, cues

    def _render(self, target: Path, sounds: Sequence[Sound]) -> tuple[float, list[Cue]]:
        takes = self._takes(0, sounds)
        self._check_length(expected_seconds(takes))
        sound = self.folder / "dialogue.wav"
        rate = max(take.sound.rate for take in takes)
        with AudioWriter(sound, AudioFormat.WAV, rate) as writer:
            starts, cues = self.dialogue.write(0, takes, writer, self.watch.check)
        facts = render_video(
            target,
            sound=sound,
            shots=self._shots(0, starts, writer.seconds),
            cues=cues if self.performance.captions else [],
            resolution=Resolution(self.performance.resolution),
            background=self._background(),
            check=self.watch.check,
            report=lambda share: self.watch.report(
                "video_generation", share, "Rendering video segments..."
            ),
            title=self.performance.title,
            language=self._language,
        )
        sound.unlink()
        return facts.seconds, cues

    def _join(
        self, target: Path, done: Sequence[Recorded], segments: Sequence[Segment]
    ) -> tuple[float, list[Cue]]:
        takes: list[Take] = []
        frames = 0
        for part, segment in zip(done, segments, strict=True):
            new = self._takes(len(takes), part.sounds)
            # The sound of a part starts with its picture, however the part before was rounded.
            takes += [replace(new[0], start=frames / RATE), *new[1:]]
            frames += segment.frames
        self._check_length(Fraction(frames, RATE))
        if sum(segment.size for segment in segments) > 1.2 * MAX_BYTES:
            raise WorkError(
                "video_too_large", "The video is too large. Use fewer lines.", retryable=False
            )
        self.watch.report("video_generation", 0, "Joining the sound...")
        sound = self.folder / "sound.m4a"
        rate = max(take.sound.rate for take in takes)
        with AudioWriter(sound, AAC, rate) as writer:
            _, cues = self.dialogue.write(0, takes, writer, self.watch.check)
            writer.write_silence(max(0.0, frames / RATE - writer.seconds))
        join_segments(
            target,
            sound=sound,
            segments=self._downloaded(segments),
            check=self.watch.check,
            title=self.performance.title,
        )
        sound.unlink()
        return frames / RATE, cues

    def _downloaded(self, segments: Sequence[Segment]) -> Iterator[tuple[Path, int]]:
        for number, segment in enumerate(segments):
            share = number / len(segments)
            self.watch.report("video_generation", share, "Joining the picture...")
            local = self.folder / f"segment-{number}.mp4"
            self.files.download(segment.path, local)
            yield local, segment.frames

    def _check_length(self, seconds: Fraction) -> None:
        if seconds > self.max_seconds:
            raise too_long(self.max_seconds)

    def _bit_rate(self) -> int:
        """Of the picture, so that the whole file stays below MAX_BYTES."""
        likely = 1.5 * dialogue_seconds(self.performance.lines, self.performance.performers)
        most = int(MAX_BYTES * 8 / min(likely, self.max_seconds)) - _SOUND_BITS
        return min(_PICTURE_BITS, most)

    def _takes(self, first: int, sounds: Sequence[Sound]) -> list[Take]:
        return [
            self.dialogue.take(number, sound, self.folder)
            for number, sound in enumerate(sounds, first)
        ]

    def _cues(
        self, first: int, takes: Sequence[Take], starts: Sequence[float], seconds: float
    ) -> list[Cue]:
        if not self.performance.captions:
            return []
        words = [
            shifted(words_from_json(take.sound.words or "[]"), start)
            for take, start in zip(takes, starts, strict=True)
        ]
        return self.dialogue.captions(first, words, seconds)

    @property
    def _language(self) -> str:
        return self.performance.performers[self.performance.lines[0].speaker].language

    def _shots(self, first: int, starts: Sequence[float], seconds: float) -> list[Shot]:
        """One shot per line, up to the start of the next; before the first, who spoke before. A
        character with several pictures shows the next one each time it starts to speak."""
        shown = self.performance.lines[max(0, first - 1) : first + len(starts)]
        faces = self._faces({line.speaker for line in shown})
        turns: dict[str, int] = {}
        shots: list[Shot] = []
        times = [-1.0] * (first > 0) + [*starts, seconds]
        before = None
        for number, line in enumerate(self.performance.lines[: first + len(starts)]):
            if line.speaker != before:
                turns[line.speaker] = turns.get(line.speaker, -1) + 1
            before = line.speaker
            if number >= first - 1:
                pictures = faces[line.speaker]
                picture = pictures[turns[line.speaker] % len(pictures)] if pictures else None
                start, end = times[len(shots) : len(shots) + 2]
                shots.append(Shot(start, end, picture))
        return shots

    def _faces(self, speakers: set[str]) -> dict[str, list[Path]]:
        """Downloads the pictures of these speakers."""
        faces: dict[str, list[Path]] = {}
        for number, speaker in enumerate(speakers):
            performer = self.performance.performers[speaker]
            faces[speaker] = []
            for place, path in enumerate(performer.images):
                local = self.folder / f"face-{number}-{place}{Path(path).suffix}"
                try:
                    self.files.download(path, local)
                except FileMissing:
                    continue  # removed since the job was created; use the others
                faces[speaker].append(local)
        return faces

    def _background(self) -> Path | str:
        background = self.performance.background
        if is_colour(background):
            return background
        local = self.folder / "background.mp4"
        try:
            self.files.download(background_path(background), local)
        except FileMissing:
            raise WorkError(
                "background_missing", "The background clip no longer exists.", retryable=False
            ) from None
        return local
