"""Two browsers in a call that one of them records, on the whole stack: what is in the film."""

from __future__ import annotations

import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local.client import Client
from tests.conftest import Running
from tests.e2e.test_call import a_call
from tests.support.browser import browse, needs_browser
from tests.support.call_recordings import look_at, loudness
from tests.support.factories import PROJECT
from tests.support.machine import slack
from troupe.adapters.firestore import Database, now
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

pytestmark = needs_browser
RATE = 48_000
TONES = (600, 1500)  # Hz
SECONDS = 120


def beeps(path: Path, tone: int) -> Path:
    """A browser takes what sounds all the time for noise, and removes it."""
    moments = np.arange(4 * RATE) / RATE
    on = moments % 1 < 0.4
    samples = (12_000 * np.sin(2 * np.pi * tone * moments) * on).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def ready(client: Client, call_id: str) -> dict[str, Any]:
    ends = time.monotonic() + SECONDS * slack()
    while True:
        (found,) = client.data("GET", f"/api/calls/{call_id}/recordings")["recordings"]
        if found["state"] in ("ready", "failed"):
            return dict(found)
        assert time.monotonic() < ends, found
        time.sleep(0.5)


def test_a_recording_has_both_people(
    stack: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, token, call_id, link = a_call(stack, monkeypatch)
    company = client.data("GET", f"/api/videocalls/{call_id}")["call"]["companyId"]
    settings = {"settings": {"recordingPolicy": "ask"}}
    client.data("PUT", f"/api/companies/{company}/settings", json=settings)
    client.data("PUT", f"/api/videocalls/{call_id}", json={"recordingPolicy": "ask"})
    db = Database.connect(PROJECT)
    owner = Owner.company(company)
    db.commit(*grant_writes(owner, "gift", Meter.TOKENS, 20, "test", now()))
    tones = [str(beeps(tmp_path / f"{tone}.wav", tone)) for tone in TONES]
    hosts = (stack.hosts["auth"], stack.hosts["firestore"])
    script = Path(__file__).with_name("call_recording.mjs")
    found = browse(script, stack.base_url, *hosts, token, call_id, link, *tones)
    assert found == {"asked": "requested", "errors": []}
    made = ready(client, call_id)
    assert (made["state"], made["error"]) == ("ready", None), made
    assert len(made["consented"]) == 3
    film = client.call("GET", made["file"]["url"]).content
    seen = look_at(film)
    assert seen.codecs == ["h264", "aac"]
    assert seen.size == (640, 360)
    assert 8 < seen.seconds < SECONDS
    heard = [loudness(film, tone) for tone in TONES]
    assert min(heard) > 3, heard
    assert seen.index_first
