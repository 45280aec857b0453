"""Whisper on this machine, by faster-whisper: no key, and no network."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from troupe.adapters.models.errors import ModelMissing
from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import WHISPER, whisper
from troupe.logs import log
from troupe.recognition.catalogue import capabilities
from troupe.recognition.transcriber import NOTHING, Capabilities, Segment, Transcript, Word
from troupe.speech.errors import SpeechError

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # all files are in the model's directory
try:
    import faster_whisper
    from faster_whisper import WhisperModel
except ImportError as error:
    raise RuntimeError(
        "TRANSCRIBER=whisper needs its package: pip install -r requirements-extras.txt"
    ) from error

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

_MODEL = "base"
_MOST_THREADS = 4  # more do not help a model of this size
# Seconds without speech within which words are taken for invented, if they look like it.
_SILENCE = 2.0


class WhisperTranscriber:
    """Thread-safe: one sound at a time. The model is loaded with the first one, and stays: 0.4 GB.

    Silero's voice activity detection, which is part of the package, removes what is not speech
    before the model hears it. `threads`: of the model; as many as there are cores by default.
    """

    name = "whisper"
    version = f"{_MODEL}+{faster_whisper.__version__}"

    def __init__(self, files: ModelFiles, *, threads: int | None = None) -> None:
        self._files = files
        self._threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def transcribe(
        self, samples: Samples, language: str | None, check: Callable[[], None]
    ) -> Transcript:
        """See Transcriber. Raises SpeechError("transcriber_unavailable") if a file of the model is
        missing."""
        with self._lock:
            found, info = self._model.transcribe(
                samples.astype(np.float32) / 32768,
                language=language,
                word_timestamps=True,
                vad_filter=True,
                # The same sound has the same text. By default, up to five more attempts follow,
                # with chance, if the text repeats itself; but so do people.
                temperature=0.0,
                condition_on_previous_text=False,  # what was invented once would go on
                hallucination_silence_threshold=_SILENCE,
            )
            segments = tuple(_segments(found, check))
        if not segments:
            return NOTHING
        probability = None if language else float(info.language_probability)
        return Transcript(segments, str(info.language), probability)

    @cached_property
    def _model(self) -> WhisperModel:
        return WhisperModel(
            str(self._directory()),
            device="cpu",
            compute_type="int8",
            cpu_threads=self._threads,
            local_files_only=True,
        )

    def _directory(self) -> Path:
        try:
            model, *others = (self._files.path(whisper(file)) for file in WHISPER)
        except ModelMissing as error:
            log.warning("model_missing", model=error.name, reason=str(error))
            raise SpeechError("transcriber_unavailable", error.text, retryable=True) from error
        if any(other.parent != model.parent for other in others):
            raise SpeechError(
                "transcriber_unavailable",
                "The files of the model are in several directories on the server.",
                retryable=True,
            )
        return model.parent


def _segments(found: Any, check: Callable[[], None]) -> Iterator[Segment]:
    """The model works while this is read."""
    for each in found:
        check()
        words = _words(each.words or ())
        if words:
            yield Segment(
                words,
                no_speech=float(each.no_speech_prob),
                log_probability=float(each.avg_logprob),
            )


def _words(found: Any) -> tuple[Word, ...]:
    """White space, which Whisper has before its words, is after ours."""
    texts = [str(each.word) for each in found]
    after = [" " if text[:1].isspace() else "" for text in [*texts[1:], " "]]
    return tuple(
        # NumPy's numbers, which JSON and Firestore do not take.
        Word(text.strip() + space, float(each.start), float(each.end), float(each.probability))
        for each, text, space in zip(found, texts, after, strict=True)
    )
