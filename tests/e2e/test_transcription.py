"""What is spoken is understood, on the whole stack and with the real model."""

from __future__ import annotations

import re
import time

from bench.speech import prose
from local.client import Client
from tests.conftest import Running
from tests.e2e.users import grant, signed_up

# What espeak-ng says well enough for a small model.
SAID = "The weather in the mountains is very good today, and the train to the city leaves at noon."
TRANSCRIBE = "/api/audio/transcribe"


def spoken(client: Client, text: str) -> bytes:
    """The text as an mp3."""
    started = client.generate(
        text=text, language="en-US", voiceType="male", format="mp3", speed=0.9
    )["generation"]
    for _ in client.follow(started["id"]):
        pass
    return client.call("GET", f"/api/voice/generations/{started['id']}/audio").content


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def test_speech_is_transcribed_at_once(stack: Running) -> None:
    client, _, _ = signed_up(stack)
    audio = spoken(client, SAID)
    answer = client.call("POST", TRANSCRIBE, files={"audio": ("a.mp3", audio)})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert len(words(SAID) - words(data["text"])) <= 4, data["text"]
    assert data["language"] == "en"
    assert data["transcription"]["tokensUsed"] == 1
    captions = client.call("GET", answer.headers["Location"] + "/captions").text
    assert captions.startswith("WEBVTT")


def test_a_longer_recording_is_a_job(stack: Running) -> None:
    client, _, _ = signed_up(stack)
    grant(stack, client, 10)
    audio = spoken(client, prose(1_200))
    answer = client.call(
        "POST", TRANSCRIBE, files={"audio": ("a.mp3", audio)}, data={"language": "en"}
    )
    assert answer.status_code == 202, answer.text
    path = answer.headers["Location"]
    deadline = time.monotonic() + 240
    while client.data("GET", path)["job"]["status"] != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.5)
    data = client.data("GET", path)
    seconds = data["transcription"]["seconds"]
    assert seconds > 60
    assert 0.6 * seconds < data["transcription"]["speechSeconds"] < seconds
    assert data["segments"][-1]["end"] > seconds - 5
    assert 140 < len(data["text"].split()) < 300
