"""Speech on the whole stack: real Hosting, Functions and Tasks, killed workers, many requests."""

from __future__ import annotations

import io
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import requests

from bench.serving import served
from local.client import Client
from tests.conftest import Running
from tests.e2e.users import grant, operator, signed_up, text_of, wait_for
from tests.support.machine import slack


def entries(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.data("GET", "/api/tokens/ledger?limit=100")["entries"]
    return found


def decoded(data: bytes) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(audio=0))
    rate = frames[0].sample_rate
    samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    return samples.astype(np.float32), rate


def cue_numbers(captions: str) -> list[int]:
    """The numbers of the spoken sentences, in the order of the captions."""
    words = captions.replace("\n", " ").split()
    return [
        int(words[at + 1].strip(",."))
        for at, word in enumerate(words[:-1])
        if word == "number" and words[at + 1].strip(",.").isdigit()
    ]


def last_cue_end(captions: str) -> float:
    end = [line for line in captions.splitlines() if " --> " in line][-1].split(" --> ")[1]
    hours, minutes, seconds = end.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_a_long_text_is_spoken_in_parts_and_joined_in_order(stack: Running) -> None:
    client, _, _ = signed_up(stack)
    grant(stack, client, 100)
    text = text_of(32_000)  # four times as many parts as run at once
    # The fastest format to encode, and half the duration.
    started = client.generate(text=text, language="en-US", format="ogg", speed=2)
    assert started["tokensReserved"] == 32
    progress = []
    for data in client.follow(started["generation"]["id"]):
        progress.append(data["job"]["overallProgress"])
    assert data["generation"]["status"] == "completed", data["job"]
    done = re.search(r"\((\d+)/(\d+) parts completed\)", data["job"]["steps"][0]["message"])
    assert done
    assert int(done[1]) == int(done[2]) >= 8
    assert progress == sorted(progress)
    assert progress[-1] == 100
    captions = client.call("GET", data["generation"]["captionsUrl"]).text
    numbers = cue_numbers(captions)
    assert numbers == list(range(1, len(numbers) + 1)), "in order, without gap or repeat"
    assert len(numbers) == text.count("number ")
    samples, rate = decoded(client.call("GET", data["generation"]["audioUrl"]).content)
    seconds = len(samples) / rate
    assert seconds == pytest.approx(data["generation"]["seconds"], abs=0.1)
    # Captions are in whole milliseconds.
    assert -0.001 < seconds - last_cue_end(captions) < 0.3
    # No second is silent.
    blocks = np.ptp(samples[: len(samples) // rate * rate].reshape(-1, rate), axis=1)
    assert (blocks > 0.02).all()
    settled = [entry for entry in entries(client) if entry["kind"] == "settle"]
    assert [entry["amount"] for entry in settled] == [-32]


def speaking(stack: Running) -> list[int]:
    """The processes of this stack that serve `generate` and are working: their espeak child runs.
    Killing one during its startup would stall the emulator for five minutes."""
    workers = _workers_of(stack)
    busy: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"espeak_host" in (folder / "cmdline").read_bytes():
                busy |= set(_ancestors(int(folder.name)))
    return [pid for pid in workers if pid in busy]


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        # "pid (name) state parent …", where the name may contain anything.
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        yield pid


def queued(stack: Running) -> int:
    """The number of tasks in the queues of this stack."""
    answer = requests.get(f"http://{stack.hosts['tasks']}/queueStats", timeout=60)
    return sum(queue["numberOfTasks"] for queue in answer.json().values())


def _workers_of(stack: Running) -> list[int]:
    """The processes of this stack that serve the function `generate`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        mine = f"FIRESTORE_EMULATOR_HOST={stack.env['FIRESTORE_EMULATOR_HOST']}".encode()
        ours = b"FUNCTION_TARGET=generate" in environment and mine in environment
        if ours and b"python" in command:
            found.append(int(folder.name))
    return found


def test_killed_workers_cost_time_and_nothing_else(stack: Running) -> None:
    client, _, _ = signed_up(stack)
    grant(stack, client, 100)
    started = client.generate(text=text_of(24_000), language="en-US", format="ogg")
    generation_id = started["generation"]["id"]
    victims: list[int] = []
    while not victims:
        job = client.data("GET", f"/api/voice/generations/{generation_id}")["job"]
        assert job["status"] != "completed", "no worker was found working"
        if job["overallProgress"] > 0:
            victims = speaking(stack)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    data = wait_for(client, generation_id)
    assert data["generation"]["status"] == "completed", data["job"]
    numbers = cue_numbers(client.call("GET", data["generation"]["captionsUrl"]).text)
    assert numbers == list(range(1, len(numbers) + 1))
    assert [entry["amount"] for entry in entries(client) if entry["kind"] == "settle"] == [-24]


def test_sixty_concurrent_requests_with_tokens_for_twenty(stack: Running) -> None:
    client, _, token = signed_up(stack)
    headers = {"Authorization": f"Bearer {token}"}

    def ask(number: int) -> int:
        body = {"text": f"Good evening, number {number}.", "language": "en-US"}
        return requests.post(
            f"{url}/api/voice/generate", json=body, headers=headers, timeout=60
        ).status_code

    with served("voice", "/api/voice/styles", stack.env) as server:
        url = server.url
        with ThreadPoolExecutor(60) as pool:
            begun = time.monotonic()
            answers = list(pool.map(ask, range(60)))
            seconds = time.monotonic() - begun
    assert (answers.count(202), answers.count(402)) == (20, 40)
    assert seconds < 15 * slack()
    history = client.data("GET", "/api/user/voice-history?limit=100")["history"]
    for item in history:
        assert wait_for(client, item["id"])["generation"]["status"] == "completed"
    usage = client.data("GET", "/api/auth/me")["user"]
    assert usage["tokens"] == 0
    done = operator(stack, "audit")
    assert done.returncode == 0, done.stderr


def test_cancel_while_running(stack: Running) -> None:
    client, uid, _ = signed_up(stack)
    grant(stack, client, 100)
    started = client.generate(text=text_of(20_000), language="en-US", format="ogg")
    generation_id = started["generation"]["id"]
    for data in client.follow(generation_id, every=0):
        if data["job"]["overallProgress"] > 0:
            break
    cancelled = client.data("POST", f"/api/voice/generations/{generation_id}/cancel")
    assert cancelled["job"]["status"] == "cancelled"
    charge = cancelled["job"]["charge"]
    assert (charge["meter"], charge["held"]) == ("tokens", 20)
    assert 0 < charge["charged"] <= 20
    assert cancelled["generation"]["tokensUsed"] == charge["charged"]
    before = client.data("GET", f"/api/voice/generations/{generation_id}")
    # Workers that were running finish now, and must change nothing.
    deadline = time.monotonic() + 60
    while queued(stack):
        assert time.monotonic() < deadline, "the tasks of a cancelled job stay in the queue"
        time.sleep(0.1)
    watched = time.monotonic() + 2
    while time.monotonic() < watched:
        assert client.data("GET", f"/api/voice/generations/{generation_id}") == before
    assert {entry["kind"] for entry in entries(client)} == {"grant", "hold", "settle"}
    usage = client.data("GET", f"/api/tokens/usage/{uid}")
    assert usage["usedTokens"] == charge["charged"]
    assert operator(stack, "audit").returncode == 0


def test_prefer_wait_returns_the_audio_in_one_request(stack: Running) -> None:
    client, _, _ = signed_up(stack)
    answer = client.call(
        "POST",
        "/api/voice/generate",
        json={"text": "Good evening.", "language": "en-US"},
        headers={"Prefer": "wait=30"},
    )
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=30"
    data = answer.json()["data"]
    assert data["tokensUsed"] == 1
    assert client.call("GET", data["audioUrl"]).headers["Content-Type"] == "audio/mpeg"


def test_outsiders_cannot_run_tasks(stack: Running) -> None:
    url = stack.function("generate")
    for headers in ({}, {"Authorization": "Bearer x"}, {"X-CloudTasks-QueueName": "generate"}):
        answer = requests.post(url, json={"data": {"jobId": "a"}}, headers=headers, timeout=30)
        assert answer.status_code == 401
