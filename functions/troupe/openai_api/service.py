"""Speech and transcriptions for requests in OpenAI's form: jobs like those of our own API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice

from troupe.characters.errors import CharacterNotFound
from troupe.generations.choices import GenerationRequest
from troupe.generations.service import GenerationWithJob
from troupe.generations.streaming import WHOLE, LiveSpeech, Streams
from troupe.jobs.records import JobStatus
from troupe.media.captions import CaptionFormat
from troupe.media.formats import LiveFormat
from troupe.media.uploads.checks import File
from troupe.openai_api.errors import InvalidVoice, StillListening, TranscriptionFailed
from troupe.transcriptions.service import Transcriptions, TranscriptionWithJob
from troupe.waiters import WAITERS
from troupe.wallet.payers import Payer

PCM_RATE = 24_000  # of OpenAI's raw samples


@dataclass(frozen=True, slots=True)
class Asking:
    """Who sends a request, and how. `retried`: it may be sent again, because the client says so or,
    with `ended_within`, because its clients do so without saying it (see JobService.repeated)."""

    uid: str
    payer: Payer
    key: str | None = None
    retried: bool = False
    ended_within: timedelta | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """`chunks`: the bytes of the audio. An error ends the iteration."""

    found: GenerationWithJob
    chunks: Iterator[bytes]


class OpenAIAudio:
    def __init__(self, streams: Streams, transcriptions: Transcriptions) -> None:
        self._streams = streams
        self._transcriptions = transcriptions

    def speak(
        self,
        asking: Asking,
        request: GenerationRequest,
        live: LiveFormat | None,
        pcm_rate: int = PCM_RATE,
        *,
        whole: bool = False,
    ) -> Spoken:
        """Speaks, and hands over the audio as it is made; without a `live` format, or if it is to
        be `whole`, when all of it is there. `pcm_rate`: of raw samples.

        Raises InvalidVoice, and the errors of Streams.speak."""
        uid, key, most, payer = asking.uid, asking.key, asking.max_tokens, asking.payer
        retried, ended_within = asking.retried, asking.ended_within
        try:
            if live is None or whole:
                found = self._streams.whole(
                    uid, request, key, most, payer, retried=retried, ended_within=ended_within
                )
                return self._stored(found, live, pcm_rate)
            speech = self._streams.speak(
                uid,
                request,
                live,
                key,
                most,
                payer,
                retried=retried,
                ended_within=ended_within,
                pcm_rate=pcm_rate,
            )
        except CharacterNotFound:
            raise InvalidVoice from None
        if isinstance(speech, LiveSpeech):
            return Spoken(speech.found, speech.chunks)
        return self._stored(self._streams.ended(speech), live, pcm_rate)

    def _stored(self, found: GenerationWithJob, live: LiveFormat | None, pcm_rate: int) -> Spoken:
        """Its first bytes are read at once: if the file is gone, that is an error, and no answer
        has begun."""
        chunks = self._streams.stored(found.generation, live, pcm_rate)
        return Spoken(found, chain([*islice(chunks, 1)], chunks))

    def made(self, found: GenerationWithJob) -> GenerationWithJob:
        """What has just been spoken, with its length and its charge."""
        return self._streams.ended(found)

    def transcribe(
        self, asking: Asking, source: File, name: str, language: str | None
    ) -> TranscriptionWithJob:
        """Transcribes, and waits for the text.

        Raises the errors of Transcriptions.start, TranscriptionFailed and StillListening."""
        found = self._transcriptions.start(
            asking.uid,
            source,
            name,
            language,
            asking.key,
            asking.max_tokens,
            asking.payer,
            retried=asking.retried,
        )
        with WAITERS.place(asking.uid) as placed:
            if placed:
                found = self._transcriptions.wait(found, WHOLE)
        status, error = found.transcription.status, found.transcription.error
        if status in (JobStatus.FAILED, JobStatus.CANCELLED):
            raise TranscriptionFailed(error.message if error else None)
        if found.segments is None:
            raise StillListening(retry_after=10)
        return found

    def captions(self, found: TranscriptionWithJob, form: CaptionFormat) -> str:
        transcription = found.transcription
        return self._transcriptions.captions(transcription.uid, transcription.id, form)
