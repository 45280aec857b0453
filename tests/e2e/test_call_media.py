"""Two browsers in a call, on the whole stack: what a microphone hears is read in another language,
and a screen is seen."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from tests.conftest import Running
from tests.e2e.test_call import a_call
from tests.e2e.test_transcription import SAID, spoken, words
from tests.support.browser import browse, needs_browser
from tests.support.factories import PROJECT
from troupe.adapters.firestore import Database, now
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

pytestmark = needs_browser
RATE = 48_000
PAUSE = 12  # seconds: on a busy machine, the next sentence has to wait until one is understood


def microphone(path: Path, sound: bytes) -> Path:
    """What the browser hears again and again: the sound, and a pause."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(io.BytesIO(sound), "r") as container:
        heard = [
            each.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for each in resampler.resample(frame)
        ]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.concatenate([*heard, np.zeros(PAUSE * RATE, np.int16)]).tobytes())
    return path


def test_a_guest_is_understood_and_a_screen_is_seen(
    stack: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, token, call_id, link = a_call(stack, monkeypatch)
    sound = microphone(tmp_path / "said.wav", spoken(client, SAID))
    company = client.data("GET", f"/api/videocalls/{call_id}")["call"]["companyId"]
    paid = grant_writes(Owner.company(company), "gift", Meter.TOKENS, 20, "test", now())
    Database.connect(PROJECT).commit(*paid)
    hosts = (stack.hosts["auth"], stack.hosts["firestore"])
    script = Path(__file__).with_name("call_media.mjs")
    found = browse(script, stack.base_url, *hosts, token, call_id, link, str(sound))
    print(found)
    assert found["errors"] == []
    guest, _, text = found["captions"]["spoken"].partition(": ")
    assert guest == "Grace"
    assert len(words(text) & words(SAID)) >= 5, text
    assert found["captions"]["read"].startswith("Grace: ")
    screen = found["screen"]
    assert screen["hidden"]
    assert min(screen["shown"].values()) > 0
    assert screen["left"] == 0
    assert found["face"] > 0
