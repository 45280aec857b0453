"""A film is transcribed, translated and spoken by the packaged models, each line in its place."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
from werkzeug.datastructures import FileStorage

from tests.support.factories import signed_in, test_settings
from tests.support.film import packets, write_film
from tests.support.forms import multipart
from tests.support.speeches import silence, spoken
from tests.support.wiring import app_for, deliver, held_queue, rewired
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.recognition.energy import levels
from troupe.recognition.transcriber import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from troupe.speech.engine import Samples

LINES = ("The weather in the mountains is very good today.", "The train leaves at noon.")
WINDOW = 0.03  # seconds, of a level


def sound_of(file: bytes) -> Samples:
    """int16, mono, RATE."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(io.BytesIO(file), "r") as container:
        frames = [*container.decode(audio=0), None]
        parts = [each.to_ndarray()[0] for frame in frames for each in resampler.resample(frame)]
    return cast("Samples", np.concatenate(parts))


def onsets(samples: Samples) -> list[float]:
    """When sound begins after half a second of silence, in seconds."""
    heard: NDArray[np.intp] = np.flatnonzero(levels(samples) > -40) * WINDOW  # type: ignore[assignment]
    return [float(at) for n, at in enumerate(heard) if n == 0 or at - heard[n - 1] > 0.5]


@pytest.mark.slow
def test_a_film_is_dubbed(emulators: object, db: Database, files: Files, tmp_path: Path) -> None:
    uid, headers = signed_in(db)
    original = np.concatenate([spoken(LINES[0]), silence(1.5), spoken(LINES[1]), silence(1)])
    film = write_film(tmp_path / "film.mp4", original, RATE)
    settings = test_settings(TRANSCRIBER="whisper", TRANSLATOR="firefox")
    with rewired(settings=settings), held_queue() as queue:
        client = app_for("language").test_client()
        sent = FileStorage(io.BytesIO(film.read_bytes()), "My film.mp4")
        form = multipart(media=sent, targetLanguage="pt-BR")
        answer = client.post("/api/dubbing", headers=headers, **form)
        assert answer.status_code == 202, answer.json
        deliver(queue)
        path = answer.headers["Location"]
        dubbing = client.get(path, headers=headers).json["data"]["dubbing"]
        assert dubbing["status"] == "completed", dubbing["error"]
        get = f"{path}/media?kind="
        audio, video = (client.get(get + kind, headers=headers) for kind in ("audio", "video"))
        cues = client.get(f"{get}captions&format=json", headers=headers).json["cues"]

    assert [cue["line"] for cue in cues] == [0, 1]
    assert "montanha" in cues[0]["text"]
    # Each line begins with its original, in the sound and in the captions.
    found, before = onsets(sound_of(audio.data)), onsets(original)
    assert found == pytest.approx(before, abs=0.3)
    assert [cue["start"] for cue in cues] == pytest.approx(found, abs=0.1)
    # The picture is the same, and the film as long as before.
    target = tmp_path / "dubbed.mp4"
    target.write_bytes(video.data)
    assert packets(target) == packets(film)
    for each in (sound_of(audio.data), sound_of(video.data)):
        # AAC adds up to two of its packets of 64 ms.
        assert len(each) / RATE == pytest.approx(len(original) / RATE, abs=0.13)
    assert video.data.index(b"moov") < video.data.index(b"mdat")
    assert 'filename="My film.mp4"' in video.headers["Content-Disposition"]
    # Nothing is left but the result.
    assert len(files.list(f"dubbings/{uid}/")) == 3
