"""The child process that opens uploads: `python decoder_host.py sound|picture|clip|film`.

It loads the decoders once, and then forks for every file: the fork gets limits of memory, time and
output, may not open files or connections, and ends with the file. So a hostile file takes down
nothing but its own fork, and leaves nothing behind for the next one.

Requests come over the socket that is standard input: a line of JSON, with the descriptors of an
empty file for the result (`RESULT`, JSON, bytes) and of the files to read. It answers each with a
line of JSON when the fork has ended, and ends when the socket closes.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, cast

from troupe.errors import TroupeError

if TYPE_CHECKING:
    from troupe.media.uploads.checks import PreparedImage

RESULT = struct.Struct("=I")  # the length of the JSON
OK, FAILED, OUT_OF_MEMORY, OUT_OF_SPACE = 0, 1, 3, 4  # exit codes of forks
_MESSAGE = 4096  # bytes

_MOST_FILES = 2
Task = Callable[..., tuple[dict[str, Any], bytes]]  # of the files, and the request's arguments


def _tasks(kind: str) -> dict[str, Task]:
    """The tasks of a kind of child, which loads only the decoders of its kind."""
    if kind == "picture":
        from troupe.media.uploads.images import prepare_image

        return {"image": lambda file: _split_picture(prepare_image(file))}
    if kind == "clip":
        from troupe.media.uploads.clips import look_at

        return {"clip": lambda file: _split(look_at(file))}
    if kind == "film":
        from troupe.media.uploads.meetings import join_film

        return {"joined": lambda file, **most: _split(join_film(file, **most), "video")}
    from troupe.media.uploads.films import with_sound
    from troupe.media.uploads.playable import prepare_audio
    from troupe.media.uploads.recordings import prove_recording
    from troupe.media.uploads.samples import prepare_sample
    from troupe.media.uploads.stretches import decode_stretch

    return {
        "sample": lambda file: _split(prepare_sample(file), "audio"),
        "recording": lambda file: _split(prove_recording(file)),
        "film": lambda file: _split(prove_recording(file, films=True)),
        "sound_of_film": lambda film, sound: _split(with_sound(film, sound), "video"),
        "audio": lambda file, **limits: _split(prepare_audio(file, **limits), "data"),
        "stretch": lambda file, **span: _split(decode_stretch(file, **span), "audio"),
    }


def _split(result: Any, data: str = "") -> tuple[dict[str, Any], bytes]:
    """A result as JSON, and its field of bytes."""
    fields = asdict(result)
    return fields, fields.pop(data, b"")


def _split_picture(picture: PreparedImage) -> tuple[dict[str, Any], bytes]:
    """As `_split`; the small copies follow the picture, and the JSON has their lengths."""
    fields, data = _split(picture, "data")
    smaller = fields.pop("smaller")
    sizes = [[side, len(copy)] for side, copy in smaller.items()]
    return fields | {"sizes": sizes}, b"".join([data, *smaller.values()])


class _Upload(io.RawIOBase):
    """Reads by position: the descriptor's own is shared with the service."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = os.pread(self._descriptor, len(buffer), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("cannot seek to before the start")
        self._at = start + offset
        return self._at


def serve(requests: socket.socket, tasks: dict[str, Task]) -> None:
    """Answers requests until the socket closes."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _MESSAGE, 1 + _MOST_FILES)
        if not message:
            return
        answer = _supervise(json.loads(message), tasks, *descriptors)
        requests.sendall(json.dumps(answer).encode() + b"\n")


def _supervise(
    request: dict[str, Any], tasks: dict[str, Task], result: int, *uploads: int
) -> dict[str, Any]:
    """Runs a request in a fork; returns how it ended, and what it took over the base: `memory` in
    bytes, `cpu` in seconds."""
    base = _pages(1) - _pages(2)  # what is not shared with other programs
    alive, held = os.pipe()  # ends when the fork has ended, because only it holds the other end
    pid = os.fork()
    if pid == 0:
        try:
            os.close(alive)
            os.close(0)
            _work(request, tasks, result, uploads)
        finally:
            os._exit(FAILED)
    for descriptor in (held, result, *uploads):
        os.close(descriptor)
    ended, _, _ = select.select([alive], [], [], request["seconds"])
    os.close(alive)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "exit": os.waitstatus_to_exitcode(status),
        "late": not ended,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": max(0, usage.ru_maxrss * unit - base),
    }


def _work(
    request: dict[str, Any], tasks: dict[str, Task], result: int, uploads: Sequence[int]
) -> NoReturn:
    _limit(request["memory"], request["seconds"], request["output"])
    try:
        answer, data = _answer(tasks[request["task"]], uploads, request["arguments"])
        told = json.dumps(answer).encode()
        with open(result, "wb", closefd=False) as target:
            target.write(RESULT.pack(len(told)) + told)
            target.write(data)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except OSError:
        os._exit(OUT_OF_SPACE)
    os._exit(OK)


def _answer(
    task: Task, uploads: Sequence[int], arguments: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """The result of a task, or its error; MemoryError is raised."""
    try:
        # The readers are never closed, nor are the files: the fork ends without cleaning up.
        files = [cast("BinaryIO", io.BufferedReader(_Upload(each), 1 << 16)) for each in uploads]
        result, data = task(*files, **arguments)
        return {"result": result}, data
    except TroupeError as error:
        said = {"code": error.code, "text": error.text, "details": error.details}
        return {"error": said}, b""
    except MemoryError:
        raise
    except Exception as error:  # a decoder that raises something else has met a damaged file
        return {"broken": f"{type(error).__name__}: {error}"[:200]}, b""


def _limit(memory: int, seconds: int, output: int) -> None:
    """Limits this process for good: `memory` in bytes over what it has."""
    mapped = _pages(0)
    if mapped:
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))
    # SIGXCPU at the soft limit tells time from memory; at the hard one, the kernel sends SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output, output))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    # Nothing can be opened any more: no file, no connection, no environment of the service.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _pages(field: int) -> int:
    """A field of /proc/self/statm (0 mapped, 1 resident, 2 shared) in bytes; 0 on systems without
    it, which do not limit memory either."""
    try:
        fields = Path("/proc/self/statm").read_text().split()
        return int(fields[field]) * resource.getpagesize()
    except OSError:
        return 0


def _warm_up(tasks: dict[str, Task]) -> None:
    """Runs the tasks once, because what they load later could not be opened by a fork."""
    if "image" not in tasks:
        import av

        # PyAV loads the classes of subtitles, data and attachments when it meets such a stream.
        for module in pkgutil.walk_packages(av.__path__, "av."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    if "image" in tasks:
        from PIL import Image, ImageCms

        exif, profile = Image.Exif(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        exif[0x0112] = 6
        for kind in ("PNG", "JPEG", "WEBP", "GIF"):  # these load all that AVIF and HEIC need
            file = io.BytesIO()
            picture = Image.new("RGB", (8, 4))
            picture.save(file, kind, exif=exif, icc_profile=profile.tobytes())
            tasks["image"](file)
    if "sample" in tasks:
        import numpy as np

        from troupe.media.audio import write_wav

        file = io.BytesIO()
        write_wav(file, 8_000, [np.arange(16_000, dtype=np.int16) % 40 * 100])
        tasks["sample"](file)
        tasks["recording"](file)
        tasks["stretch"](file, start=0.0, seconds=1.0)
        tasks["audio"](file, least=0.1, most=10.0)


def main(kind: str) -> None:
    tasks = _tasks(kind)
    _warm_up(tasks)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the socket closes when the service ends
    serve(socket.socket(fileno=0), tasks)


if __name__ == "__main__":
    main(sys.argv[1])
