"""Transcription by ElevenLabs' Scribe."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from troupe.recognition.catalogue import capabilities
from troupe.recognition.engines.answers import bad_answer, code_of, wav_file
from troupe.recognition.transcriber import Capabilities, Transcript, Word
from troupe.recognition.words import grouped
from troupe.speech.engines.remote import (
    Fault,
    server_hash,
    with_retry,
)

try:
    import httpx
    from elevenlabs.client import ElevenLabs
    from elevenlabs.core.request_options import RequestOptions

    from troupe.speech.engines.bounded import Bounded
    from troupe.speech.engines.elevenlabs_faults import explain
except ImportError as error:
    raise RuntimeError(
        "TRANSCRIBER=elevenlabs needs its package: pip install -r requirements-extras.txt"
    ) from error

if TYPE_CHECKING:
    from troupe.speech.engine import Samples


class _Piece(BaseModel):
    """`type`: word, spacing or audio_event."""

    text: str
    type: str
    start: float | None = None
    end: float | None = None
    logprob: float | None = None


class _Answer(BaseModel):
    language_code: str = ""
    language_probability: float | None = None
    words: list[_Piece]


class ElevenLabsTranscriber:
    """Thread-safe. `timeout`: seconds per call, including its retry."""

    name = "elevenlabs"

    def __init__(
        self, api_key: str, base_url: str | None, model: str, *, timeout: float = 240.0
    ) -> None:
        if not api_key:
            raise ValueError("TRANSCRIBER=elevenlabs needs ELEVENLABS_API_KEY")
        self._model = model
        self._timeout = timeout
        self._http = httpx.Client(
            transport=Bounded(httpx.HTTPTransport()), headers={"accept-encoding": "identity"}
        )
        self._client = ElevenLabs(api_key=api_key, base_url=base_url, httpx_client=self._http)
        self._server = server_hash(str(base_url))

    @property
    def version(self) -> str:
        return f"{self._model}@{self._server}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._http.close()

    def transcribe(
        self, samples: Samples, language: str | None, check: Callable[[], None]
    ) -> Transcript:
        """See Transcriber. Raises SpeechError as the speech engine of the same name does."""
        file = wav_file(samples)
        said = with_retry(
            lambda deadline: self._ask(file, language, deadline), _explain, self._timeout
        )
        try:
            answer = _Answer.model_validate(said)
        except ValidationError as error:
            raise bad_answer() from error
        return Transcript(
            tuple(grouped(_words(answer))),
            language or code_of(answer.language_code),
            None if language else answer.language_probability,
        )

    def _ask(self, file: bytes, language: str | None, deadline: float) -> Any:
        left = max(1.0, (deadline - time.monotonic()) / 2)
        try:
            answer = self._client.speech_to_text.convert(
                model_id=self._model,
                file=("sound.wav", file, "audio/wav"),
                language_code=language,
                tag_audio_events=False,
                timestamps_granularity="word",
                request_options=RequestOptions(timeout_in_seconds=math.ceil(left), max_retries=0),
            )
            return answer.model_dump()
        except (AttributeError, TypeError) as error:  # of unexpected JSON
            raise bad_answer() from error


def _words(answer: _Answer) -> Iterator[Word]:
    """Words with the spacing after them; what is no word is left out."""
    word: Word | None = None
    for piece in answer.words:
        if piece.type == "word" and piece.start is not None and piece.end is not None:
            if word is not None:
                yield word
            probability = None if piece.logprob is None else math.exp(min(0.0, piece.logprob))
            word = Word(piece.text, piece.start, piece.end, probability)
        elif piece.type == "spacing" and word is not None:
            yield Word(word.text + " ", word.start, word.end, word.probability)
            word = None
    if word is not None:
        yield word


def _explain(error: Exception) -> Fault | None:
    return explain(error, bad_answer())
