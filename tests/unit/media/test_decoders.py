"""The child processes that open uploads: their limits, and what is left of one that passes them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.support import bombs
from tests.support.machine import slack
from tests.support.media_files import MONO, SOUNDS, opened, picture, silent_video, sound, tone
from tests.support.phone_files import heic
from troupe.media.uploads import decoders as module
from troupe.media.uploads.checks import BrokenAudio, BrokenImage, Clip, DecodersBusy, TooDemanding
from troupe.media.uploads.decoders import Decoders, Limits

MB = 1024 * 1024


_others: set[int] = set()  # children of this process that other tests have left


@pytest.fixture
def others() -> None:
    _others.clear()
    _others.update(children())


@pytest.fixture
def decoders(others: None) -> Iterator[Decoders]:
    made = Decoders(patience=0.2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Decoders]:
    """For tests that ask nothing about the children: to start one takes as long as ten files."""
    made = Decoders()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside other tests, a good file may take longer than its time."""
    for name, task in list(module._TASKS.items()):
        limits = replace(task.limits, seconds=6 * task.limits.seconds)
        monkeypatch.setitem(module._TASKS, name, replace(task, limits=limits))


def limited(monkeypatch: pytest.MonkeyPatch, name: str, **limits: int) -> None:
    task = module._TASKS[name]
    values = {"memory": 256 * MB, "seconds": 10, "output": 8 * MB} | limits
    monkeypatch.setitem(module._TASKS, name, module._Task(task.kind, Limits(**values), task.broken))


def children(pid: int | str = "self") -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has just ended
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def child_of(kind: str) -> int:
    (found,) = (
        pid
        for pid in children()
        if pid not in _others
        and Path(f"/proc/{pid}/cmdline")
        .read_bytes()
        .endswith(f"decoder_host.py\0{kind}\0".encode())
    )
    return found


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_child_opens_every_sound(kind: str, shared: Decoders) -> None:
    """It cannot load anything that it has not loaded before."""
    data = io.BytesIO(sound(kind, channels=1 if kind in MONO else 2))
    assert shared.sample(data).seconds == pytest.approx(3, abs=0.05)
    assert shared.recording(data).seconds == pytest.approx(3, abs=0.05)


def test_a_child_opens_a_sound_with_streams_of_other_kinds(shared: Decoders) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream: Any = output.add_stream("libopus", 48_000, layout="mono")
        titles: Any = output.add_stream("ass")
        titles.codec_context.subtitle_header = b"[Script Info]\n"
        output.add_attachment("a.txt", "text/plain", b"a note")
        frame = av.AudioFrame.from_ndarray(tone(2, 48_000).reshape(1, -1), "s16", "mono")
        frame.sample_rate = 48_000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert shared.recording(file).seconds == pytest.approx(2, abs=0.05)
    assert shared.sample(file).seconds == pytest.approx(2, abs=0.05)


def test_a_child_opens_a_clip(shared: Decoders, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(silent_video())
    assert shared.clip(path) == Clip(seconds=2.0, width=64, height=64)


@pytest.mark.parametrize(
    "kind", ["png", "jpeg", "webp", "gif", "avif", "mpo", "heic", "heic tiles"]
)
def test_a_child_opens_every_picture(kind: str, shared: Decoders) -> None:
    if kind.startswith("heic"):
        plain = opened(picture(size=(3_000, 100))).convert("RGB")
        data = heic(plain, 512 if "tiles" in kind else None)
    else:
        data = picture(kind, (3_000, 100))
    prepared = shared.image(io.BytesIO(data))
    assert (prepared.width, prepared.height) == (2048, 68)
    assert len(prepared.data) > 100


@pytest.mark.slow
def test_decoding_leaves_memory_for_encoding(decoders: Decoders) -> None:
    """Both take most of what a fork may have, for a WebP with transparency and much detail."""
    noise = np.random.default_rng(1).integers(0, 255, (400, 400, 4), np.uint8)
    large = Image.fromarray(noise).resize((2_600, 2_600), Image.Resampling.NEAREST)
    file = io.BytesIO()
    large.save(file, "WEBP", quality=80, method=0)
    assert decoders.image(file).width == 2048


def test_a_file_on_disk_is_read_where_it_is(shared: Decoders, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(sound())
    with path.open("rb") as file:
        file.seek(77)
        assert shared.recording(file).seconds == 3
        file.seek(0)
        assert file.read() == sound()


def test_one_child_opens_one_file_after_the_other(decoders: Decoders) -> None:
    decoders.recording(io.BytesIO(sound()))
    first = child_of("sound")
    with pytest.raises(BrokenAudio):
        decoders.sample(io.BytesIO(sound()[:60]))
    decoders.sample(io.BytesIO(sound()))
    assert child_of("sound") == first
    assert not children(first)


def test_memory_is_limited(shared: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, "image", memory=32 * MB)
    with pytest.raises(TooDemanding) as failure:
        shared.image(io.BytesIO(bombs.png(4_000, 4_000)))
    assert failure.value.details == {"limit": "memory", "maximum": 32 * MB}
    assert shared.image(io.BytesIO(picture())).width == 60


def test_output_is_limited(shared: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, "sample", output=100_000)
    with pytest.raises(TooDemanding) as failure:
        shared.sample(io.BytesIO(sound(seconds=5)))
    assert failure.value.details == {"limit": "output", "maximum": 100_000}
    assert shared.sample(io.BytesIO(sound(seconds=1.2))).seconds == 1.2


def test_time_is_limited(decoders: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, "recording", seconds=1)
    slow = b"RIFF\xff\xff\xff\xffWAVE" + b"junk\0\0\0\0" * 3_000_000
    begun = time.monotonic()
    with pytest.raises((TooDemanding, DecodersBusy)) as failure:
        decoders.recording(io.BytesIO(slow))
    assert time.monotonic() - begun < 5 * slack()
    if isinstance(failure.value, TooDemanding):
        assert failure.value.details == {"limit": "time", "maximum": 1}
    assert decoders.sample(io.BytesIO(sound())).seconds == 3


@pytest.mark.slow
def test_a_decoder_with_several_threads_passes_the_time_limit_and_not_that_of_memory() -> None:
    """Its CPU time runs faster than the clock, so that the kernel ends it."""
    spin = "from troupe.media.uploads.decoder_host import _limit; _limit(1 << 30, 1, 1)\nwhile 1: 0"
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", spin], env=env, timeout=30, check=False)
    late = {"late": False, "cpu": 1.0, "exit": ended.returncode}
    failure = module._passed_limit(module._TASKS["recording"], late)
    assert failure is not None and failure.details is not None
    assert failure.details["limit"] == "time"


def test_a_file_that_crashes_its_decoder_is_damaged(decoders: Decoders) -> None:
    """Stands for any crash: the fork is killed from outside while it works."""
    decoders.image(io.BytesIO(picture()))
    host = child_of("picture")
    over = threading.Event()

    def crash() -> None:
        while not over.is_set():
            for pid in children(host):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSEGV)

    crasher = threading.Thread(target=crash)
    crasher.start()
    try:
        with pytest.raises(BrokenImage):
            decoders.image(io.BytesIO(bombs.png(6_000, 6_000)))
    finally:
        over.set()
        crasher.join()
    assert decoders.image(io.BytesIO(picture())).width == 60
    assert child_of("picture") == host


def test_a_child_that_died_is_replaced(decoders: Decoders) -> None:
    decoders.recording(io.BytesIO(sound()))
    first = child_of("sound")
    os.kill(first, signal.SIGKILL)
    assert decoders.recording(io.BytesIO(sound())).seconds == 3
    assert child_of("sound") != first


@pytest.mark.slow
def test_a_request_does_not_wait_long_for_a_child(decoders: Decoders) -> None:
    slow = bombs.png(6_300, 6_300)
    decoders.image(io.BytesIO(picture()))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(decoders.image, io.BytesIO(slow))
        while not children(child_of("picture")):
            time.sleep(0.005)
        with pytest.raises(DecodersBusy) as failure:
            decoders.image(io.BytesIO(picture()))
        assert failure.value.retry_after
        assert first.result().width == 2048


@pytest.mark.slow
@pytest.mark.usefixtures("others")
def test_those_who_used_the_children_least_come_first() -> None:
    decoders, order = Decoders(patience=60), list[str]()

    def send(user: str, data: bytes) -> None:
        decoders.image(io.BytesIO(data), user)
        order.append(user)

    slow = bombs.png(4_000, 4_000)
    send("eve", slow)
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(send, "eve", slow) for _ in range(3)]
        while not children(child_of("picture")):
            time.sleep(0.005)
        sent.append(pool.submit(send, "ada", picture()))
        for each in sent:
            each.result()
    decoders.close()
    assert sorted(order) == ["ada", *["eve"] * 4]
    assert order[-1] == "eve"  # who waited already


@pytest.mark.slow
def test_a_user_has_few_requests_waiting() -> None:
    decoders, slow = Decoders(patience=60), bombs.png(4_000, 4_000)
    decoders.image(io.BytesIO(picture()))
    with ThreadPoolExecutor(9) as pool:
        sent = [pool.submit(decoders.image, io.BytesIO(slow), "eve") for _ in range(9)]
        errors = [each.exception() for each in sent]
    decoders.close()
    refused = [each for each in errors if each is not None]
    # On a busy machine, the last may come when the first has been served.
    assert 1 <= len(refused) <= 2
    assert all(isinstance(each, DecodersBusy) for each in refused)


def test_a_fork_can_open_nothing_and_knows_no_secret(
    decoders: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_SECRET", "a secret of the service")
    limited(monkeypatch, "image")
    decoders.image(io.BytesIO(picture()))
    host = child_of("picture")
    assert b"secret" not in Path(f"/proc/{host}/environ").read_bytes()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(decoders.image, io.BytesIO(bombs.png(6_300, 6_300)))
        limits = seen_limits(host)
        working.result()
    for name in ("Max open files", "Max processes", "Max core file size"):
        assert limits[name] == ("0", "0")
    assert limits["Max cpu time"] == ("10", "11")


def seen_limits(host: int) -> dict[str, tuple[str, str]]:
    """The limits of the fork of a child, once it has set them."""
    while True:
        for pid in children(host):
            try:
                lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
            except OSError:
                continue
            limits = {line[:26].strip(): tuple(line[26:].split()[:2]) for line in lines[1:]}
            if limits["Max open files"] == ("0", "0"):
                return limits  # type: ignore[return-value]


def test_each_file_is_logged(shared: Decoders, capsys: pytest.CaptureFixture[str]) -> None:
    shared.image(io.BytesIO(picture()))
    line: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["message"], line["task"], line["exit"]) == ("upload_decoded", "image", 0)
    assert line["ms"] > 0
    assert 0 < line["memoryMb"] < 100
