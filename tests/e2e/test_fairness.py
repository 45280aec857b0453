"""Fairness on the whole stack: many jobs of one user hardly delay another user's short text, nor a
message in a room of their own."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor

from local.client import Client
from tests.conftest import Running
from tests.e2e.users import (
    LONGEST_DELAY,
    grant,
    operator,
    seconds_for_hello,
    seconds_for_message,
    signed_up,
    text_of,
    wait_for,
)
from tests.support.machine import slack

JOBS, CHARACTERS = 60, 3_900


def test_sixty_jobs_of_one_user_hardly_delay_another(stack: Running) -> None:
    (many, _, token), (other, _, _) = signed_up(stack), signed_up(stack)
    grant(stack, many, (JOBS + 1) * 4 + 5)
    room = many.data("POST", "/api/rooms", json={"name": "Chat"})["room"]["id"]
    # The emulator starts a process for each task at once; that is no part of the delay.
    first = many.generate(text=text_of(CHARACTERS), language="en-US")["generation"]["id"]
    seconds_for_hello(other)
    wait_for(many, first)
    alone = statistics.median(seconds_for_hello(other) for _ in range(3))
    seconds_for_message(many, room)
    spoken_alone = seconds_for_message(many, room)
    text = text_of(CHARACTERS)
    with ThreadPoolExecutor(6) as pool:
        begun = [pool.submit(many.generate, text=text, language="en-US") for _ in range(JOBS)]
        ids = [each.result()["generation"]["id"] for each in begun]
    with_others = [seconds_for_hello(other) for _ in range(5)]
    many = Client(stack.base_url, token)  # Hosting has closed the idle connections
    spoken = [seconds_for_message(many, room) for _ in range(3)]
    history = many.data("GET", f"/api/user/voice-history?limit={JOBS}")["history"]
    unfinished = [item for item in history if item["status"] in ("queued", "in_progress")]
    delay = max(with_others) - alone
    print(
        f"Hello alone: {alone:.2f} s; with {len(unfinished)} jobs of another user: "
        f"{', '.join(f'{each:.2f}' for each in with_others)} s; delay {delay:.2f} s"
    )
    print(f"a message alone: {spoken_alone:.2f} s; now: {max(spoken):.2f} s")
    with ThreadPoolExecutor(6) as pool:
        paths = [f"/api/voice/generations/{each}/cancel" for each in ids]
        list(pool.map(lambda path: many.data("POST", path), paths))
    assert len(unfinished) > JOBS / 2, "the jobs ended before anything was measured"
    assert delay <= LONGEST_DELAY * slack()
    assert max(spoken) - spoken_alone <= LONGEST_DELAY * slack()
    assert operator(stack, "audit").returncode == 0
