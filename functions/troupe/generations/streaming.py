"""Speaks a short text at once, and hands over the sound while it is made.

It is a job like any other, with the same hold, file and captions, only that this process runs it.
If the process dies, the sweep enqueues the job; if the client goes away, the work goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, BinaryIO, cast

from troupe import deadlines
from troupe.adapters.queue import QueueUnavailable
from troupe.generations.choices import GenerationRequest
from troupe.generations.errors import SpeechFailed, StillSpeaking
from troupe.generations.records import Generation
from troupe.generations.service import Generations, GenerationWithJob
from troupe.generations.worker import VoiceWorker
from troupe.jobs.errors import TryAgain
from troupe.jobs.records import Job
from troupe.jobs.runner import Runner
from troupe.jobs.sender import TaskSender
from troupe.logs import in_context, log
from troupe.media.audio import read_wav, wav_rate
from troupe.media.formats import LiveFormat
from troupe.media.live import LiveEncoder
from troupe.recording.recorder import Listener
from troupe.waiters import WAITERS
from troupe.wallet.payers import Payer

if TYPE_CHECKING:
    from troupe.adapters.storage import Files

# How long a client waits for the first sound, and between two pieces. In seconds.
PATIENCE = 50.0
# How long it waits for the whole, in a function that may take five minutes.
WHOLE = 240.0
_BLOCK = 1 << 15  # samples
_PIECE = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class LiveSpeech:
    """A generation that is being spoken. `rate`: samples per second; `chunks`: the bytes of the
    file in order. The first are there already; an error ends the iteration with SpeechFailed or
    StillSpeaking."""

    found: GenerationWithJob
    rate: int
    chunks: Iterator[bytes]


class Streams:
    def __init__(
        self,
        generations: Generations,
        runner: Runner,
        sender: TaskSender,
        worker: Callable[[Listener | None], VoiceWorker],
        files: Callable[[], Files],
    ) -> None:
        """`worker`: makes one that tells a listener what it speaks."""
        self._files = files
        self._generations = generations
        self._runner = runner
        self._sender = sender
        self._worker = worker

    def speak(
        self,
        uid: str,
        request: GenerationRequest,
        form: LiveFormat,
        key: str | None,
        max_tokens: int | None = None,
        payer: Payer | None = None,
        *,
        retried: bool = False,
        ended_within: timedelta | None = None,
        pcm_rate: int | None = None,
    ) -> LiveSpeech | GenerationWithJob:
        """Starts to speak, and returns when the first sound is there. A repeat under the same `key`
        or, without a key, one that may be `retried`, returns the first generation (`ended_within`:
        see JobService.repeated). `pcm_rate`: of raw samples, that of the voice by default.

        Raises the errors of Generations.generate, SpeechFailed and StillSpeaking.
        """
        found = self._generations.generate(
            uid,
            request,
            key,
            max_tokens,
            payer=payer,
            run_here=True,
            retried=retried,
            ended_within=ended_within,
        )
        if found.repeated:
            return found
        sent: SimpleQueue[bytes | None] = SimpleQueue()
        live = LiveEncoder(form, sent.put, pcm_rate)
        self._start(found.job, sent, live)
        chunks = self._received(found.generation, sent)
        first = next(chunks)
        assert live.rate is not None  # noqa: S101 (there was sound)
        return LiveSpeech(found, live.rate, _chained(first, chunks))

    def whole(
        self,
        uid: str,
        request: GenerationRequest,
        key: str | None,
        max_tokens: int | None = None,
        payer: Payer | None = None,
        *,
        retried: bool = False,
        ended_within: timedelta | None = None,
    ) -> GenerationWithJob:
        """As `speak`, but returns when all of the audio is there, for formats that begin with its
        length."""
        found = self._generations.generate(
            uid,
            request,
            key,
            max_tokens,
            payer=payer,
            run_here=True,
            retried=retried,
            ended_within=ended_within,
        )
        if found.repeated:
            return self.ended(found)
        sent: SimpleQueue[bytes | None] = SimpleQueue()
        self._start(found.job, sent)
        try:
            sent.get(timeout=WHOLE)
        except Empty:
            raise StillSpeaking.of(found.generation.id) from None
        return replace(self._complete(found.generation), warnings=found.warnings)

    def ended(self, found: GenerationWithJob) -> GenerationWithJob:
        """What an earlier request started, with its audio; waits for it, if there is a place to
        wait. Raises SpeechFailed and StillSpeaking."""
        if not found.generation.status.ended:
            with WAITERS.place(found.generation.uid) as placed:
                if placed:
                    found = self._generations.wait(found, int(WHOLE))
        return self._complete(found.generation)

    def stored(
        self, generation: Generation, form: LiveFormat | None, pcm_rate: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of finished audio, as they are kept or, with `form`, as `speak` sends them.
        Raises FileMissing and Unavailable."""
        audio = generation.audio
        assert audio is not None  # noqa: S101 (it is finished)
        files = self._files()
        with files.open(audio.path, audio.size) as file, files.reading(audio.path):
            if form is None or form.stored.value == form.value:
                while piece := file.read(_PIECE):
                    yield piece
                return
            sent: SimpleQueue[bytes] = SimpleQueue()
            wav = cast("BinaryIO", file)
            rate = wav_rate(wav)
            with LiveEncoder(form, sent.put, pcm_rate) as live:
                for samples in read_wav(wav, _BLOCK):
                    live(samples, rate)
                    while not sent.empty():
                        yield sent.get()
            while not sent.empty():
                yield sent.get()

    def _start(
        self, job: Job, sent: SimpleQueue[bytes | None], live: LiveEncoder | None = None
    ) -> None:
        threading.Thread(
            target=in_context(self._run),
            args=(job, live, sent),
            name=f"stream-{job.id}",
            daemon=True,
        ).start()

    def _run(self, job: Job, live: LiveEncoder | None, sent: SimpleQueue[bytes | None]) -> None:
        deadlines.begin(None)
        try:
            with live or nullcontext():
                self._runner.run(job.id, uid=job.uid, worker=self._worker(live))
        except TryAgain:
            self._pass_to_queue(job)
        except Exception as error:
            log.error("stream_stumbled", error, jobId=job.id)
            self._pass_to_queue(job)
        finally:
            sent.put(None)

    def _pass_to_queue(self, job: Job) -> None:
        """A task tries again."""
        try:
            self._sender.send(job)
        except QueueUnavailable as error:  # the sweep enqueues it
            log.warning("job_not_enqueued", jobId=job.id, reason=str(error))

    def _received(self, generation: Generation, sent: SimpleQueue[bytes | None]) -> Iterator[bytes]:
        """Raises SpeechFailed and StillSpeaking if the end comes before the audio is complete."""
        try:
            while (chunk := sent.get(timeout=PATIENCE)) is not None:
                yield chunk
        except Empty:
            raise StillSpeaking.of(generation.id) from None
        self._complete(generation)

    def _complete(self, generation: Generation) -> GenerationWithJob:
        """The generation as it is now. Raises SpeechFailed and StillSpeaking if it has no audio."""
        current = self._generations.get(generation.uid, generation.id)
        if current.generation.error is not None:
            raise SpeechFailed(current.generation.error.message)
        if current.generation.audio is None:
            raise StillSpeaking.of(generation.id)
        return current


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
