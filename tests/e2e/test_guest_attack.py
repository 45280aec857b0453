"""A guest with nothing but the API's address tries to spend, store, exhaust and delay."""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

import main as deployed
from tests.conftest import Running
from tests.e2e.users import (
    LONGEST_DELAY,
    grant,
    operator,
    seconds_for_hello,
    signed_up,
    text_of,
    wait_for,
)
from tests.support import bombs, sound_bombs
from tests.support.footprint import footprint, repeating
from tests.support.machine import slack
from tests.support.sounds import recording
from troupe.characters.wording import STATEMENT

MB = 1024 * 1024
AT_ONCE = 8
T = TypeVar("T")
Told = dict[str, Counter[int]]


class Guest:
    def __init__(self, stack: Running) -> None:
        self._url = stack.base_url
        answer = requests.post(f"{self._url}/api/auth/guest", timeout=60).json()["data"]
        self.uid = answer["user"]["id"]
        self._headers = {"Authorization": f"Bearer {answer['accessToken']}"}

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        return requests.request(
            method, self._url + path, headers=self._headers, timeout=90, **given
        )

    def profile(self) -> Any:
        return self.ask("GET", "/api/user/profile").json()["data"]


def at_once(number: int, action: Callable[[int], requests.Response]) -> Counter[int]:
    """The statuses of the answers."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(answer.status_code for answer in pool.map(action, range(number)))


class Memory:
    """The largest footprint of each function while the context lasts, in bytes."""

    def __init__(self, stack: Running) -> None:
        self._folder = stack.folder
        self.peaks: dict[str, int] = defaultdict(int)

    def watched(self) -> AbstractContextManager[None]:
        return repeating(self._measure, every=0.5)

    def _measure(self) -> None:
        for pid, function in self._workers():
            self.peaks[function] = max(self.peaks[function], footprint(pid))

    def _workers(self) -> Iterator[tuple[int, str]]:
        """The process of every instance of a function of this stack, with the function's name."""
        for process in Path("/proc").iterdir():
            with suppress(OSError, KeyError, ValueError):
                env = dict(
                    entry.split("=", 1)
                    for entry in (process / "environ").read_text().split("\0")
                    if "=" in entry
                )
                command = (process / "cmdline").read_text()
                mine = env["TMPDIR"].startswith(self._folder)
                if mine and "functions" in command and "python" in command.split("\0")[0]:
                    yield int(process.name), env["FUNCTION_TARGET"]


@pytest.mark.slow
def test_a_guest_cannot_spend_store_exhaust_or_delay(stack: Running) -> None:
    guest, (other, _, _) = Guest(stack), signed_up(stack)
    grant(stack, other, 500)
    memory = Memory(stack)
    granted = guest.profile()["tokensRemaining"]
    # The emulator gives every request at once a process of its own, where an instance of a deployed
    # function serves many; starting one takes a core for a second or two. The first attack, with as
    # many requests of each kind as are sent at once, starts them all.
    with memory.watched():
        speak = partial(other.generate, text="Warm.", language="en-US")
        _, spoken = during(partial(attack_with, Guest(stack), most=AT_ONCE), speak)
        wait_for(other, spoken[-1]["generation"]["id"])
        alone = statistics.median(seconds_for_hello(other) for _ in range(3))
        told, delayed = during(partial(attack_with, guest), lambda: seconds_for_hello(other))
    print(f"\n{told}")

    # Spent: no more than the grant, and no plan.
    profile = guest.profile()
    assert 0 <= profile["tokensRemaining"] <= granted
    assert (profile["minutesRemaining"], profile["subscription"]["plan"]) == (0, "free")
    assert set(told["plans"]) <= {402, 403}
    assert told["speech"][202] <= granted
    assert operator(stack, "audit").returncode == 0

    # Stored: no more than the quota.
    quotas = profile["quotas"]
    print(quotas)
    assert all(quota["used"] <= quota["maximum"] for quota in quotas.values())
    assert told["scripts"][409] > 0
    assert told["files"][409] > 0

    # Exhausted: no function takes more than half of its memory, and none answered 500.
    limits = {
        name: getattr(deployed, name).__firebase_endpoint__.availableMemoryMb
        for name in memory.peaks
    }
    used = {name: f"{size // MB} of {limits[name]} MB" for name, size in memory.peaks.items()}
    print(used)
    assert {"files", "characters", "auth", "scripts"} <= used.keys()
    assert [name for name, size in memory.peaks.items() if size > limits[name] * MB / 2] == []
    assert all(status != 500 for kind in told.values() for status in kind)

    # Delayed: another user's short text by at most three seconds.
    print(f"Hello alone {alone:.2f} s, during the attack {[round(each, 2) for each in delayed]}")
    assert len(delayed) >= 3
    assert max(delayed) - alone <= LONGEST_DELAY * slack()


def during(attacking: Callable[[], Told], action: Callable[[], T]) -> tuple[Told, list[T]]:
    """The answers to an attack, and the results of an action that is repeated meanwhile."""
    results = []
    with ThreadPoolExecutor(1) as attacker:
        attack = attacker.submit(attacking)
        while not attack.done():
            results.append(action())
            time.sleep(0.5)
        return attack.result(), results


def attack_with(guest: Guest, most: int = 100) -> Told:
    """The status codes of the responses to each kind of attack, with at most so many requests."""
    told = {}
    speak = {"text": text_of(900), "language": "en-US"}
    told["speech"] = at_once(
        min(24, most), lambda _: guest.ask("POST", "/api/voice/generate", json=speak)
    )
    told["plans"] = Counter(
        [
            guest.ask("POST", "/api/subscriptions/subscribe", json={"planId": "pro"}).status_code,
            guest.ask("POST", "/api/subscriptions/add-minutes", json={"minutes": 600}).status_code,
        ]
    )
    sound = recording(seconds=2)
    told["characters"] = at_once(
        6,
        lambda _: guest.ask(
            "POST",
            "/api/characters/complete",
            data={"displayName": "Ada", "consent": STATEMENT},
            files={"audioFile": ("a.wav", sound)},
        ),
    )
    mine = guest.ask("GET", "/api/my-characters").json()["data"]["characters"]
    script = {
        "selectedCharacters": [mine[0]["id"]],
        "dialogue": [{"speaker": mine[0]["id"], "text": "Mine, all mine."}],
    }
    told["scripts"] = at_once(
        min(30, most), lambda _: guest.ask("POST", "/api/scripts", json=script)
    )
    told["large"] = Counter(
        guest.ask(
            "POST",
            "/api/scripts",
            data=b'{"selectedCharacters": [' + b"{}," * 1_300_000 + b"{}]}",
        ).status_code
        for _ in range(2)
    )
    # Before the quota is full, so that they are opened.
    hostile = [make() for make in list(sound_bombs.SOUNDS.values())[::9][:most]]
    told["sounds"] = at_once(
        len(hostile),
        lambda number: guest.ask(
            "POST", "/api/files/upload", files={"file": ("a", hostile[number])}
        ),
    )
    told["files"] = at_once(
        min(12, most),
        lambda _: guest.ask("POST", "/api/files/upload", files={"file": ("a.wav", sound)}),
    )
    pictures = [make() for make in list(bombs.PICTURES.values())[::9][:most]]
    told["pictures"] = at_once(
        len(pictures),
        lambda number: guest.ask(
            "POST", "/api/auth/avatar", files={"avatar": ("a.png", pictures[number])}
        ),
    )
    return told
