"""The work of a voice job: text to parts, parts to one audio file with its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.generations.records import AudioFile
from troupe.generations.writes import completed_writes, files_prefix
from troupe.jobs.records import Job, Part
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.media.audio import AudioWriter, read_wav
from troupe.media.captions import words_to_json
from troupe.media.formats import AudioFormat
from troupe.recording.recorder import Recorder, later
from troupe.recording.references import References
from troupe.speech.engine import SpeechEngine, SpeechError, Voice, VoiceType, WordTiming
from troupe.speech.speak import part_key
from troupe.speech.text.planner import cut, plain_text
from troupe.wallet.records import Meter

PARTS_KEPT = timedelta(days=7)
_BLOCK = 1 << 16  # samples per read while joining


class VoiceWorker:
    def __init__(self, engine: SpeechEngine, files: Files, *, part_characters: int) -> None:
        self._engine = engine
        self._files = files
        self._part_characters = part_characters
        self._recorder = Recorder(engine, files)
        self._references = References(files)

    def plan(self, job: Job) -> WorkPlan:
        """Raises SpeechError when the text holds nothing to speak."""
        given = job.input["text"]
        text = plain_text(given)
        if not text.strip():
            raise SpeechError(
                "nothing_to_speak", "The text holds nothing to speak.", retryable=False
            )
        cuts = cut(text, self._part_characters, job.input["language"])
        return WorkPlan(cuts, {} if text == given else {"input.text": text})

    def run_part(self, job: Job, number: int, folder: Path, watch: Watch) -> Part:
        """Speaks one part, unless the same words in the same voice are there already."""
        path, text, voice = self._cut(job, number)
        sound = self._recorder.record(path, text, voice, _local(folder, number), watch.check)
        return Part(id=str(number), sounds=[sound], expires_at=now() + PARTS_KEPT)

    def assemble(self, job: Job, done: Sequence[Part], folder: Path, watch: Watch) -> Outcome:
        """Joins the parts in their order and encodes once."""
        form = AudioFormat(job.input["format"])
        target = folder / f"audio{form.extension}"
        words: list[WordTiming] = []
        sounds = [part.sounds[0] for part in done]
        rate = sounds[0].rate
        with AudioWriter(target, form, rate) as writer:
            for number, sound in enumerate(sounds):
                watch.check()
                local = _local(folder, number)
                text, voice = self._cut(job, number)[1:]
                spoken = self._recorder.fetch(sound, text, voice, local, watch.check)
                words += later(spoken, writer.seconds)
                with local.open("rb") as file:
                    for samples in read_wav(file, _BLOCK):
                        writer.write(samples, sound.rate)
                local.unlink()
            if not words:
                raise SpeechError(
                    "nothing_to_speak", "The text holds nothing to speak.", retryable=False
                )
            seconds = writer.seconds
        watch.check()
        # The attempt is part of the name: a late worker cannot overwrite what another recorded.
        base = f"{files_prefix(job.uid, job.id)}{job.attempt}"
        path, words_path = f"{base}{form.extension}", f"{base}.words.json"
        audio = AudioFile(
            path=path,
            words_path=words_path,
            size=self._files.upload(path, target, form.mime_type),
            seconds=round(seconds, 3),
            rate=rate,
            timing_source=sounds[0].timing_source,
        )
        self._files.upload(words_path, words_to_json(words).encode(), "application/json")
        charge = job.charge.held
        if job.charge.meter is Meter.VOICE_SECONDS:
            charge = min(math.ceil(seconds), charge)
        return Outcome(completed_writes(job, audio, charge, now()), charge, [path, words_path])

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def forget(self, part: Part) -> None:
        self._files.delete(part.files)

    def tidy(self, job: Job) -> None:
        """Nothing: a part is kept for the next time that the same words are to be spoken."""

    def _cut(self, job: Job, number: int) -> tuple[str, str, Voice]:
        """Where part `number` is kept, what it says, and how."""
        assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
        text = job.input["text"][job.cuts[number] : job.cuts[number + 1]]
        voice = self._voice(job)
        key = part_key(job.uid, self._engine, voice, text)
        return f"speech/{job.uid}/{key}.wav", text, voice

    def _voice(self, job: Job) -> Voice:
        given = job.input
        voice = Voice(
            language=given["language"],
            type=VoiceType(given["voice_type"]),
            style=given["voice_style"],
            speed=given["speed"],
        )
        character = given.get("character")
        if character is None or not self._engine.capabilities.cloning:
            return voice
        return replace(
            voice,
            reference=self._references.bring(
                character["sample_path"], character["sample_sha256"], character["sample_text"]
            ),
            nfe_steps=character["nfe_steps"],
            cross_fade_seconds=character["cross_fade_duration"],
            remove_silences=character["remove_silences"],
        )


def _local(folder: Path, number: int) -> Path:
    return folder / f"part-{number}.wav"
