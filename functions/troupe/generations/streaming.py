"""Speaks a short text at once, and hands over the sound while it is made.

It is a job like any other, with the same hold, file and captions, only that this process runs it.
If the process dies, the sweep enqueues the job; if the client goes away, the work goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue

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
from troupe.media.formats import LiveFormat
from troupe.media.live import LiveEncoder
from troupe.recording.recorder import Listener
from troupe.wallet.payers import Payer

# How long a client waits for the first sound, and between two pieces. In seconds.
PATIENCE = 50.0


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
        worker: Callable[[Listener], VoiceWorker],
    ) -> None:
        """`worker`: makes one that tells a listener what it speaks."""
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
    ) -> LiveSpeech | GenerationWithJob:
        """Starts to speak, and returns when the first sound is there. A repeat under the same `key`
        returns the first generation.

        Raises the errors of Generations.generate, SpeechFailed and StillSpeaking.
        """
        found = self._generations.generate(
            uid, request, key, max_tokens, payer=payer, run_here=True
        )
        if found.repeated:
            return found
        sent: SimpleQueue[bytes | None] = SimpleQueue()
        live = LiveEncoder(form, sent.put)
        threading.Thread(
            target=in_context(self._run),
            args=(found.job, live, sent),
            name=f"stream-{found.job.id}",
            daemon=True,
        ).start()
        chunks = self._received(found.generation, sent)
        first = next(chunks)
        assert live.rate is not None  # noqa: S101 (there was sound)
        return LiveSpeech(found, live.rate, _chained(first, chunks))

    def _run(self, job: Job, live: LiveEncoder, sent: SimpleQueue[bytes | None]) -> None:
        deadlines.begin(None)
        try:
            with live:
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
        current = self._generations.get(generation.uid, generation.id).generation
        if current.error is not None:
            raise SpeechFailed(current.error.message)
        if current.audio is None:
            raise StillSpeaking.of(generation.id)


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
