"""Users of the whole stack, and its operator."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from local.client import Client
from tests.conftest import Running

ROOT = Path(__file__).parents[2]
LONGEST_DELAY = 3.0  # seconds, of one user by others
SENTENCE = "This is sentence number {}, and it is spoken in its turn."


def text_of(characters: int) -> str:
    """Numbered sentences with `characters` characters in total (padded at the end)."""
    sentences: list[str] = []
    length = 0
    while length + 200 < characters:
        sentences.append(SENTENCE.format(len(sentences) + 1))
        length += len(sentences[-1]) + 1
    return " ".join(sentences).ljust(characters - 1, " ") + "."


def signed_up(stack: Running) -> tuple[Client, str, str]:
    """A new user's client, uid and access token."""
    email = f"{secrets.token_hex(6)}@example.com"
    answer = Client(stack.base_url).data(
        "POST", "/api/auth/register", json={"email": email, "password": "secret-123"}
    )
    token = answer["accessToken"]
    return Client(stack.base_url, token), answer["user"]["id"], token


def operator(
    stack: Running, *arguments: str, told: str | None = None
) -> subprocess.CompletedProcess[str]:
    """`told`: what the command reads."""
    return subprocess.run(
        [sys.executable, "-m", "troupe", *arguments],
        cwd=ROOT / "functions",
        env={**os.environ, **stack.env},
        input=told,
        capture_output=True,
        text=True,
        check=False,
    )


def administrator(stack: Running) -> str:
    """The address of a new administrator, with the password of `signed_up`."""
    email = f"{secrets.token_hex(6)}@example.com"
    done = operator(stack, "create-admin", email, "--create", told="secret-123\n")
    assert done.returncode == 0, done.stderr
    return email


def grant(stack: Running, client: Client, tokens: int) -> None:
    email = client.data("GET", "/api/auth/me")["user"]["email"]
    done = operator(stack, "grant", email, str(tokens), "--id", secrets.token_hex(4))
    assert done.returncode == 0, done.stderr


def wait_for(client: Client, generation_id: str, seconds: float = 240) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    for data in client.follow(generation_id):
        if data["generation"]["status"] in ("completed", "failed", "cancelled"):
            return data
        assert time.monotonic() < deadline, data["job"]
    raise AssertionError("unreachable")


def seconds_for_hello(client: Client) -> float:
    begun = time.monotonic()
    answer = client.call(
        "POST",
        "/api/voice/generate",
        json={"text": "Hello", "language": "en-US"},
        headers={"Prefer": "wait=30"},
    )
    assert answer.status_code == 200, answer.text
    return time.monotonic() - begun


def seconds_for_message(client: Client, room_id: str) -> float:
    """Until a message that is sent now has been spoken."""
    place = f"/api/rooms/{room_id}/messages"
    body = {"text": "Good morning!", "language": "en"}
    sent = client.data("POST", place, json=body)["message"]
    begun = time.monotonic()
    speech = {"language": "en"}
    while client.call("POST", f"{place}/{sent['id']}/speech", json=speech).status_code != 200:
        assert time.monotonic() < begun + 60
        time.sleep(0.1)
    return time.monotonic() - begun
