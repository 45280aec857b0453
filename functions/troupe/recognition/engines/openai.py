"""Transcription by OpenAI's `/audio/transcriptions`, or by any compatible server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import openai
from pydantic import BaseModel, ValidationError

from troupe.recognition.catalogue import capabilities
from troupe.recognition.engines.answers import bad_answer, code_of, wav_file
from troupe.recognition.transcriber import Capabilities, Segment, Transcript, Word
from troupe.recognition.words import grouped, spaced, written
from troupe.speech.engines.openai_faults import explain, late, timeout_until
from troupe.speech.engines.remote import (
    server_hash,
    sound_chunks,
    with_retry,
)

if TYPE_CHECKING:
    from troupe.speech.engine import Samples


class _Word(BaseModel):
    word: str
    start: float
    end: float


class _Segment(BaseModel):
    text: str
    start: float
    end: float
    no_speech_prob: float | None = None
    avg_logprob: float | None = None


class _Answer(BaseModel):
    """`verbose_json`. Only whisper-1, and models of other servers, can write it."""

    text: str
    language: str = ""
    segments: list[_Segment] = []
    words: list[_Word] = []


class OpenAITranscriber:
    """Thread-safe. `timeout`: seconds per call, including its retry."""

    name = "openai"

    def __init__(
        self, api_key: str, base_url: str | None, model: str, *, timeout: float = 240.0
    ) -> None:
        self._model = model
        self._timeout = timeout
        self._client = openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0)
        self._server = server_hash(str(self._client.base_url))

    @property
    def version(self) -> str:
        return f"{self._model}@{self._server}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._client.close()

    def transcribe(
        self, samples: Samples, language: str | None, check: Callable[[], None]
    ) -> Transcript:
        """See Transcriber. Raises SpeechError as the speech engine of the same name does."""
        file = wav_file(samples)
        body = with_retry(
            lambda deadline: self._ask(file, language, deadline), explain, self._timeout
        )
        try:
            answer = _Answer.model_validate_json(body)
        except ValidationError as error:
            raise bad_answer() from error
        return Transcript(tuple(_segments(answer)), language or code_of(answer.language))

    def _ask(self, file: bytes, language: str | None, deadline: float) -> bytes:
        with self._client.audio.transcriptions.with_streaming_response.create(
            model=self._model,
            file=("sound.wav", file, "audio/wav"),
            language=openai.omit if language is None else language,
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
            timeout=timeout_until(deadline),
        ) as response:
            return b"".join(sound_chunks(response.iter_bytes(), deadline, late))


def _segments(answer: _Answer) -> list[Segment]:
    """The words have no punctuation and the segments have no words, so both are joined by time."""
    words = [Word(each.word, each.start, each.end) for each in answer.words]
    if not answer.segments:
        return list(grouped(spaced(words, code_of(answer.language))))
    found, at = [], 0
    for number, each in enumerate(answer.segments):
        last = number + 1 == len(answer.segments)
        until = at
        while until < len(words) and (last or _middle(words[until]) < each.end):
            until += 1
        said = written(each.text, words[at:until], each.start, each.end)
        if said:
            found.append(Segment(said, each.no_speech_prob, each.avg_logprob))
        at = until
    return found


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
