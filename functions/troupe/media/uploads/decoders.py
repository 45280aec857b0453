"""Opens what users upload: the one door for sounds, pictures and clips.

Nothing of an upload is decoded in this process. It looks at the first bytes, and hands the file's
descriptor to a child process (`decoder_host`), which has it decoded within limits of memory, time
and output. One child of each kind is kept (two for sounds), started on first use.

A file may take the whole time limit, so whoever has used the children least comes first: users who
send such files wait for the others, and delay them by one file at most.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from troupe.errors import TroupeError
from troupe.logs import log
from troupe.media.uploads import checks, decoder_host, refusals, sniffing
from troupe.media.uploads.checks import (
    TIME_LIMIT,
    BadClip,
    BrokenAudio,
    BrokenFilm,
    BrokenImage,
    Clip,
    DecodersBusy,
    JoinedFilm,
    PreparedAudio,
    PreparedImage,
    PreparedSample,
    TooDemanding,
    UnsupportedFile,
)
from troupe.media.uploads.proofs import Recording, RecordingTooLong

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one file: `memory` (bytes over the child's own), `seconds`, `output` (bytes)."""

    memory: int
    seconds: int
    output: int


@dataclass(frozen=True, slots=True)
class _Task:
    kind: str  # of child
    limits: Limits
    broken: type[TroupeError]  # what a file is that crashes the decoder


_TASKS = {
    "sample": _Task("sound", Limits(64 * _MB, TIME_LIMIT, 8 * _MB), BrokenAudio),
    "recording": _Task("sound", Limits(64 * _MB, TIME_LIMIT, _MB), BrokenAudio),
    "film": _Task("sound", Limits(64 * _MB, TIME_LIMIT, _MB), BrokenAudio),
    # A film of 32 MB, with the sound of half an hour. Nothing is decoded.
    "sound_of_film": _Task("sound", Limits(256 * _MB, 60, 80 * _MB), BrokenFilm),
    # Ten minutes of 16 kHz have 20 MB.
    "stretch": _Task("sound", Limits(96 * _MB, 60, 24 * _MB), BrokenAudio),
    # Five minutes as MP3 have 2.4 MB.
    "audio": _Task("sound", Limits(64 * _MB, TIME_LIMIT, 8 * _MB), BrokenAudio),
    "image": _Task("picture", Limits(232 * _MB, TIME_LIMIT, 24 * _MB), BrokenImage),
    # An hour of a call, which takes 300 s on one core.
    "joined": _Task("film", Limits(640 * _MB, 1200, 256 * _MB), BrokenFilm),
    # Only operators add clips, on their own machines: a minute of 4K.
    "clip": _Task("clip", Limits(1024 * _MB, 600, _MB), BadClip),
}
_CHILDREN = {"sound": 2, "picture": 1, "clip": 1, "film": 1}
_PATIENCE = TIME_LIMIT + 2.0  # seconds that a request waits for a child: longer than a file takes
_MOST_WAITING = 6  # requests of a user, each of which holds a thread of the instance
_HALF_LIFE = 60.0  # seconds after which a use of a child counts half
_REMEMBERED_USERS = 1_000
_START = 20.0  # seconds for a child to start; usually 0.4
_ERRORS = {
    error.code: error
    for error in (
        *(UnsupportedFile, TooDemanding, BrokenAudio, BrokenFilm, BrokenImage, BadClip),
        RecordingTooLong,
        *(checks.AudioTooShort, checks.AudioTooLong),
        *(checks.ImageTooLarge, checks.SampleTooShort, checks.SampleTooLong, checks.SampleSilent),
    )
}


class Decoders:
    """Thread-safe. The children end on `close()`, on garbage collection, and with this process.

    `patience`: seconds that a request waits for a child. `user`: who sent the file. Every method
    raises UnsupportedFile, TooDemanding (the file passes a limit), and DecodersBusy (all children
    are taken).
    """

    def __init__(self, *, patience: float = _PATIENCE) -> None:
        self._lanes = {
            kind: _Lane(partial(_Child, kind), count, patience) for kind, count in _CHILDREN.items()
        }

    def sample(self, file: BinaryIO, user: str = "") -> PreparedSample:
        """Raises BrokenAudio, SampleTooShort, SampleTooLong, SampleSilent."""
        _check_sound(file)
        fields, audio = self._run("sample", file, user)
        return PreparedSample(audio=audio, **fields)

    def recording(self, file: BinaryIO, user: str = "") -> Recording:
        """Raises BrokenAudio, RecordingTooLong."""
        _check_sound(file)
        return Recording(**self._run("recording", file, user)[0])

    def film(self, file: BinaryIO, user: str = "") -> Recording:
        """As `recording`, but the file may have a picture. Raises UnsupportedFile, BrokenAudio,
        RecordingTooLong."""
        _check_sound(file)
        return Recording(**self._run("film", file, user)[0])

    def with_sound(self, film: BinaryIO, sound: BinaryIO, user: str = "") -> bytes:
        """The film as MP4, with its sound replaced by `sound` (AAC in MP4). Raises BrokenFilm."""
        return self._run("sound_of_film", film, user, more=(sound,))[1]

    def joined(
        self, file: BinaryIO, user: str = "", *, films: Sequence[tuple[int, float]]
    ) -> JoinedFilm:
        """Films as one MP4. They lie behind each other in the file: the bytes of each, and of how
        many seconds it may be. Raises BrokenFilm."""
        fields, video = self._run("joined", file, user, films=films)
        return JoinedFilm(video=video, **fields)

    def stretch(self, file: BinaryIO, start: float, seconds: float, user: str = "") -> bytes:
        """Samples from `start` on (int16, mono, 16 kHz). Raises BrokenAudio."""
        _check_sound(file)
        return self._run("stretch", file, user, start=start, seconds=seconds)[1]

    def audio(self, file: BinaryIO, user: str = "", *, least: float, most: float) -> PreparedAudio:
        """A sound of `least` to `most` seconds as everybody can play it. Raises BrokenAudio,
        AudioTooShort, AudioTooLong."""
        _check_sound(file)
        fields, data = self._run("audio", file, user, least=least, most=most)
        return PreparedAudio(data=data, **fields)

    def image(self, file: BinaryIO, user: str = "") -> PreparedImage:
        """Raises BrokenImage, ImageTooLarge."""
        if sniffing.picture_kind(file) is None:
            raise refusals.no_picture(file)
        fields, data = self._run("image", file, user)
        smaller = dict[int, bytes]()
        for side, size in reversed(fields.pop("sizes")):  # they follow the picture
            data, smaller[side] = data[:-size], data[-size:]
        return PreparedImage(data=data, smaller=smaller, **fields)

    def clip(self, path: Path) -> Clip:
        """Raises BadClip, OSError."""
        with path.open("rb") as file:
            return Clip(**self._run("clip", file)[0])

    def close(self) -> None:
        for lane in self._lanes.values():
            lane.close()

    def _run(
        self,
        name: str,
        file: BinaryIO,
        user: str = "",
        *,
        more: Sequence[BinaryIO] = (),
        **arguments: float | Sequence[tuple[int, float]],
    ) -> tuple[dict[str, Any], bytes]:
        task, started = _TASKS[name], time.monotonic()
        with tempfile.TemporaryFile() as target, ExitStack() as stack:
            given = [stack.enter_context(_on_disk(each)) for each in (file, *more)]
            request = {"task": name, "arguments": arguments}
            descriptors = [target.fileno(), *given]
            ended = self._lanes[task.kind].ask(user, request, task.limits, descriptors)
            answer, data = ({}, b"") if ended["exit"] else _result(target)
        log.info(
            "upload_decoded",
            task=name,
            ms=round((time.monotonic() - started) * 1000, 1),
            cpuMs=round(ended["cpu"] * 1000),
            memoryMb=round(ended["memory"] / _MB, 1),
            exit=ended["exit"],
            broken=answer.get("broken"),
        )
        if "result" in answer:
            return answer["result"], data
        if "error" in answer:
            error = answer["error"]
            raise _ERRORS[error["code"]](error["text"], details=error["details"])
        raise _passed_limit(task, ended) or task.broken


def _passed_limit(task: _Task, ended: Mapping[str, Any]) -> TroupeError | None:
    """The error for how a fork ended; None if it crashed, or met damage without a name."""
    limits = task.limits
    if ended["late"] and ended["cpu"] < limits.seconds / 2:
        return DecodersBusy(retry_after=round(limits.seconds))  # the machine was slow, not the file
    if ended["late"] or ended["exit"] == -signal.SIGXCPU:
        return TooDemanding(details={"limit": "time", "maximum": limits.seconds})
    # Without our own kill, SIGKILL is the platform's, for memory.
    if ended["exit"] in (decoder_host.OUT_OF_MEMORY, -signal.SIGKILL):
        return TooDemanding(details={"limit": "memory", "maximum": limits.memory})
    if ended["exit"] == decoder_host.OUT_OF_SPACE:
        return TooDemanding(details={"limit": "output", "maximum": limits.output})
    return None


def _check_sound(file: BinaryIO) -> None:
    if sniffing.sound_kind(file) is None:
        raise refusals.no_sound(file)


@contextmanager
def _on_disk(file: BinaryIO) -> Iterator[int]:
    """The descriptor of a file's content; small uploads are in memory only."""
    with ExitStack() as stack:
        try:
            descriptor = file.fileno()
        except OSError:
            copy = stack.enter_context(tempfile.TemporaryFile())
            file.seek(0)
            shutil.copyfileobj(file, copy, _MB)
            file, descriptor = copy, copy.fileno()
        file.flush()
        yield descriptor


def _result(target: BinaryIO) -> tuple[dict[str, Any], bytes]:
    target.seek(0)
    (size,) = decoder_host.RESULT.unpack(target.read(decoder_host.RESULT.size))
    return json.loads(target.read(size)), target.read()


class _Lane:
    """A few children of one kind, each with one file at a time."""

    def __init__(self, make: Callable[[], _Child], count: int, patience: float) -> None:
        self._make = make
        self._patience = patience
        # The last one used is taken first, so that a second one starts only if two are needed.
        self._idle: list[_Child | None] = [None] * count
        self._waiting: list[str] = []  # users, in the order of their requests
        # How many seconds each user has used the children, and when the last time was.
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._changed = threading.Condition()

    def ask(
        self, user: str, request: dict[str, Any], limits: Limits, descriptors: list[int]
    ) -> dict[str, Any]:
        """How the fork ended. Raises DecodersBusy."""
        child = self._take(user)
        started = time.monotonic()
        try:
            for attempt in (1, 2):
                if child is None or child.parent != os.getpid():
                    # After a fork the parent still uses the old child: leave it alone.
                    child = self._make()
                try:
                    return child.ask(request, limits, descriptors)
                except (OSError, EOFError) as error:
                    child.close()
                    child = None
                    log.warning("decoder_ended", kind=type(error).__name__, attempt=attempt)
            raise DecodersBusy(retry_after=TIME_LIMIT)
        finally:
            self._give_back(child, user, started)

    def close(self) -> None:
        """Ends the idle children."""
        with self._changed:
            for number, child in enumerate(self._idle):
                if child is not None:
                    child.close()
                    self._idle[number] = None

    def _take(self, user: str) -> _Child | None:
        """A child for the next of those who wait; None has to be started. Raises DecodersBusy."""
        with self._changed:
            if self._waiting.count(user) >= _MOST_WAITING:
                raise DecodersBusy(retry_after=TIME_LIMIT)
            self._waiting.append(user)
            try:
                if not self._changed.wait_for(lambda: self._is_next(user), self._patience):
                    raise DecodersBusy(retry_after=TIME_LIMIT)
                return self._idle.pop()
            finally:
                self._waiting.remove(user)
                self._changed.notify_all()

    def _is_next(self, user: str) -> bool:
        return bool(self._idle) and min(self._waiting, key=self._seconds_used) == user

    def _give_back(self, child: _Child | None, user: str, started: float) -> None:
        with self._changed:
            self._idle.append(child)
            at = time.monotonic()
            self._used[user] = (self._seconds_used(user) + at - started, at)
            self._used.move_to_end(user)
            if len(self._used) > _REMEMBERED_USERS:
                self._used.popitem(last=False)
            self._changed.notify_all()

    def _seconds_used(self, user: str) -> float:
        seconds, at = self._used.get(user, (0.0, 0.0))
        return float(seconds * 0.5 ** ((time.monotonic() - at) / _HALF_LIFE))


class _Child:
    """A running `decoder_host`."""

    def __init__(self, kind: str) -> None:
        self.parent = os.getpid()
        self._socket, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                # -S: it gets our search path, and no environment: it keeps no secrets.
                [sys.executable, "-P", "-S", "-s", str(Path(decoder_host.__file__)), kind],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={
                    "LC_ALL": "C.UTF-8",
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "OPENBLAS_NUM_THREADS": "1",
                },
                start_new_session=True,  # so that its fork can be ended with it
            )
        self.close = weakref.finalize(self, _end, process, self._socket, self.parent)
        self._starting = _START

    def ask(self, task: dict[str, Any], limits: Limits, descriptors: list[int]) -> dict[str, Any]:
        """`descriptors`: of the file for the result, and of those to read. Raises OSError
        (TimeoutError if it does not answer at all), EOFError."""
        request = {
            **task,
            "memory": limits.memory,
            "seconds": limits.seconds,
            "output": limits.output,
        }
        # The child keeps to the time itself; this is for a child that hangs.
        self._socket.settimeout(self._starting + limits.seconds + 5)
        socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors)
        answer = b""
        while not answer.endswith(b"\n"):
            received = self._socket.recv(4096)
            if not received:
                raise EOFError
            answer += received
        self._starting = 0.0
        ended: dict[str, Any] = json.loads(answer)
        return ended


def _end(process: subprocess.Popen[bytes], connection: socket.socket, parent: int) -> None:
    connection.close()
    if os.getpid() != parent:
        process.returncode = 0  # the child of another process, which we cannot wait for
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
