"""The work of a voice job: cut the text into parts, speak them, join them into one file."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.borders import Border
from troupe.dictionaries.records import DictionaryRef
from troupe.errors import WorkError
from troupe.generations.records import AudioFile, SpokenText
from troupe.generations.writes import completed_writes, files_prefix, spoken_prefix
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.media.audio import read_wav
from troupe.media.captions import cues_to_json
from troupe.media.captions.cues import cues
from troupe.media.formats import AudioFormat
from troupe.recording.join import ENCODING, Take, join
from troupe.recording.recorder import Listener, Recorder
from troupe.recording.records import Recorded, Sound, part_name
from troupe.recording.voices import Speaker, Voices
from troupe.speech.choice import Engines
from troupe.speech.estimate import seconds_about
from troupe.speech.speak import part_key
from troupe.speech.text.dictionary import Dictionary
from troupe.speech.text.pieces import Form, parts, pieces, within
from troupe.speech.text.reading import Passage, Pauses, passage

# About how long a part is at most. Its file is in memory while it is spoken: 80 MB.
PART_SECONDS = 1800.0


class VoiceWorker:
    def __init__(
        self,
        engines: Engines,
        files: Files,
        *,
        part_characters: int,
        max_seconds: int,
        pauses: Mapping[Border, int],
        dictionary: Callable[[DictionaryRef], Dictionary],
        listener: Listener | None = None,
    ) -> None:
        """`max_seconds`: the longest audio. `pauses`: in milliseconds. `dictionary`: loads one.
        `listener`: hears each part, also one that is stored already."""
        self._listener = listener
        self._dictionary = dictionary
        self._max_seconds = max_seconds
        self._files = files
        self._part_characters = part_characters
        self._pauses = pauses
        self._recorder = Recorder(files)
        self._voices = Voices(engines, files)

    def plan(self, job: Job, given: SpokenText) -> WorkPlan:
        """Raises WorkError("nothing_to_speak")."""
        text = given.text
        found = pieces(text, given.language, Form(given.text_type))
        if not found:
            raise WorkError(
                "nothing_to_speak", "The text contains nothing to speak.", retryable=False
            )
        about = seconds_about(text, given.language, given.speed)
        limit = min(self._part_characters, max(1, int(len(text) * PART_SECONDS / about)))
        cuts = parts(found, text, limit, given.language)
        characters = [end - start for start, end in itertools.pairwise(cuts)]
        return WorkPlan(cuts, characters=characters)

    def run_part(
        self, job: Job, given: SpokenText, number: int, folder: Path, watch: Watch
    ) -> Recorded:
        """Speaks one part, unless the same words in the same voice are stored already."""
        made_for = part_name(job.id, number)
        speaker = self._voices.speaker(given)
        said = self._passage(job, given, number, speaker)
        path = f"{spoken_prefix(job.uid)}{part_key(job.uid, *speaker, said)}.wav"
        local = _local(folder, number)
        sound = self._recorder.find(path)
        if sound is None:
            sound = self._recorder.record(
                path, said, speaker, local, watch.check, made_for, self._listener
            )
        elif self._listener is not None and sound.samples:
            self._files.download(sound.path, local)
            with local.open("rb") as file:
                for samples in read_wav(file, sound.rate):
                    self._listener(samples, sound.rate)
        if sound.made_for != made_for:
            return Recorded(sounds=[sound])
        start, end = _bounds(job, number)
        characters = end - start if sound.samples else 0
        return Recorded(sounds=[sound], characters=characters, milliseconds=sound.milliseconds)

    def assemble(
        self, job: Job, given: SpokenText, done: Sequence[Recorded], folder: Path, watch: Watch
    ) -> Outcome:
        """Joins the parts in order and encodes them once."""
        form = AudioFormat(given.format)
        sounds = [sound for part in done for sound in part.sounds]
        takes = self._takes(job, given, sounds, folder)

        def progress(share: float) -> None:
            if len(takes) > 1:  # one is encoded before anybody looks
                watch.report("assembly", ENCODING * share)

        most = self._max_seconds
        if job.charge is not None:
            most = job.charge.seconds_allowed(most)
        # The attempt is part of the name, so a late worker cannot overwrite the file of another.
        base = f"{files_prefix(job.uid, job.id)}{job.attempt}"
        path, cues_path = f"{base}{form.extension}", f"{base}.cues.json"
        joined = join(
            self._recorder,
            self._files,
            takes,
            path,
            form,
            folder,
            watch.check,
            most=most,
            progress=progress,
        )
        audio = AudioFile(
            path=path,
            cues_path=cues_path,
            peaks_path=joined.peaks_path,
            size=joined.size,
            seconds=round(joined.seconds, 3),
            rate=joined.rate,
            timing_source=sounds[0].timing_source,
        )
        # Made here and not when they are asked for: those of a book take seconds.
        said = [word for part in joined.words for word in part]
        captions = cues(said, until=joined.seconds)
        self._files.upload(cues_path, cues_to_json(captions).encode(), "application/json")
        charge = job.charge.of_seconds(joined.seconds) if job.charge else 0
        files = [path, cues_path, joined.peaks_path]
        return Outcome(completed_writes(job, audio, charge, now()), charge, files)

    def _takes(
        self, job: Job, given: SpokenText, sounds: Sequence[Sound], folder: Path
    ) -> list[Take]:
        speaker = self._voices.speaker(given)

        def said(number: int) -> Callable[[], Passage]:
            return partial(self._passage, job, given, number, speaker)

        return [
            Take(sound, said(number), speaker, _local(folder, number))
            for number, sound in enumerate(sounds)
        ]

    def _passage(self, job: Job, given: SpokenText, number: int, speaker: Speaker) -> Passage:
        """What a part says."""
        start, end = _bounds(job, number)
        return passage(
            within(pieces(given.text, given.language, Form(given.text_type)), start, end),
            given.language,
            given.speed,
            speaker.engine.capabilities,
            Pauses.of(self._pauses, given.pauses),
            last=end == len(given.text),
            dictionary=self._dictionary(given.dictionary) if given.dictionary else None,
        )


def _bounds(job: Job, number: int) -> tuple[int, int]:
    """Where a part begins and ends in the text."""
    assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
    return job.cuts[number], job.cuts[number + 1]


def _local(folder: Path, number: int) -> Path:
    return folder / f"part-{number}.wav"
