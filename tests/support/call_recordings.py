"""Recordings of calls for tests: films as browsers make them, and what is done over HTTP."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np

from tests.support.calls import Desk, Tab, a_call
from tests.support.companies import Firm, Person, a_firm
from tests.support.forms import multipart
from tests.support.rooms import ask, data
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Merge, Update, now
from troupe.call_recordings.records import CallRecording
from troupe.calls.writes import recording_path
from troupe.companies.writes import company_path
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video import VideoStream

RATE, FPS = 48_000, 10


def film(
    seconds: float = 2.0,
    tones: Sequence[float] = (440.0,),
    size: tuple[int, int] = (320, 180),
    *,
    picture: bool = True,
    codec: str = "libvpx",
    by_livekit: bool = False,
) -> bytes:
    """What a MediaRecorder makes, a WebM that says nothing of its length; or an MP4 of LiveKit."""
    target = io.BytesIO()
    name, options = ("mp4", {}) if by_livekit else ("webm", {"live": "1"})
    with av.open(target, "w", format=name, options=options) as container:
        codec = "libx264" if by_livekit else codec
        shown = a_picture(container, codec, size) if picture else None
        heard = container.add_stream("aac" if by_livekit else "libopus", RATE)
        heard.layout = "mono"
        for second in range(round(seconds)):
            moments = second + np.arange(RATE) / RATE
            sound = sum(8000 * np.sin(2 * np.pi * tone * moments) for tone in tones)
            samples = np.asarray(sound, np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, second * RATE, Fraction(1, RATE)
            for number in range(FPS if shown else 0):
                grey = np.full((size[1], size[0], 3), 20 * number + 30, np.uint8)
                picture_frame = av.VideoFrame.from_ndarray(grey, "rgb24")
                picture_frame.pts = second * FPS + number
                picture_frame.time_base = Fraction(1, FPS)
                container.mux(shown.encode(picture_frame))  # type: ignore[union-attr]
            container.mux(heard.encode(frame))
        if shown is not None:
            container.mux(shown.encode(None))
        container.mux(heard.encode(None))
    return target.getvalue()


def a_picture(container: OutputContainer, codec: str, size: tuple[int, int]) -> VideoStream:
    stream = cast("VideoStream", container.add_stream(codec, FPS))
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    return stream


def pieces(whole: bytes, count: int) -> list[bytes]:
    size = -(-len(whole) // count)
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@dataclass(frozen=True)
class Seen:
    """What is in a film. `tones`: the loudest frequencies, in Hz."""

    codecs: list[str]
    seconds: float
    size: tuple[int, int]
    level: float
    tones: set[int]
    index_first: bool


def look_at(video: bytes, count: int = 1) -> Seen:
    """`count`: of how many tones."""
    with av.open(io.BytesIO(video), "r") as container:
        codecs = [each.codec_context.name for each in container.streams]
        pictures = container.streams.video
        size = (pictures[0].width, pictures[0].height) if pictures else (0, 0)
        seconds = float((container.duration or 0) / 1_000_000)
        resampler = av.AudioResampler("s16", "mono", RATE)
        heard = [
            each.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for each in resampler.resample(frame)
        ]
    samples = np.concatenate(heard).astype(np.float64)
    level = float(np.sqrt(np.mean(samples**2)))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    tones = set[int]()
    for _ in range(count):
        loudest = int(np.argmax(spectrum))
        hertz = loudest * RATE / len(samples)
        tones.add(round(hertz / 10) * 10)
        width = round(40 * len(samples) / RATE)
        spectrum[max(0, loudest - width) : loudest + width] = 0
    return Seen(codecs, seconds, size, level, tones, video.index(b"moov") < video.index(b"mdat"))


def loudness(video: bytes, tone: int) -> float:
    """How much louder a tone is than what sounds beside it."""
    with av.open(io.BytesIO(video), "r") as container:
        resampler = av.AudioResampler("s16", "mono", RATE)
        heard = [
            each.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for each in resampler.resample(frame)
        ]
    samples = np.concatenate(heard).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    hertz = np.arange(len(spectrum)) * RATE / len(samples)
    beside = (np.abs(hertz - tone) > 100) & (np.abs(hertz - tone) < 200)
    return float(spectrum[np.abs(hertz - tone) < 5].max() / spectrum[beside].max())


def a_recorded_firm(db: Database, tokens: int = 20, owner: Person | None = None) -> Firm:
    """A company that allows recordings, and has so many tokens."""
    firm = a_firm(db, owner=owner)
    given = grant_writes(Owner.company(firm.id), "gift", Meter.TOKENS, tokens, "test", now())
    allowed = Update(company_path(firm.id), {"settings.recordingPolicy": "ask"})
    db.commit(allowed, *(given if tokens else []))
    return firm


@dataclass(frozen=True)
class Taped:
    """A call that its host records."""

    call: Desk
    host: Tab
    id: str

    @property
    def record(self) -> CallRecording:
        return CallRecording.of(self.call.db.get(recording_path(self.id)))

    def send(self, seq: int | str, part: bytes, person: Person | None = None, **fields: Any) -> Any:
        form = {"recordingId": self.id, "seq": str(seq), **fields}
        path = f"{self.call.inside}/recording/parts"
        given = multipart(**form, part=part)
        return ask(person or self.call.host, "POST", path, "calls", **given)

    def send_all(self, parts: Sequence[bytes]) -> None:
        for seq, part in enumerate(parts):
            answer = self.send(seq, part)
            assert answer.status_code == 200, answer.text
            assert answer.json["data"]["received"] == seq + 1

    def act(self, person: Person, action: str, **body: Any) -> Any:
        return act(self.call, person, action, **body)

    def agree(self, person: Person) -> Any:
        return self.act(person, "consent", recordingId=self.id)

    def stop(self) -> None:
        answer = self.act(self.call.host, "stop", recordingId=self.id)
        assert answer.status_code == 200, answer.text

    def due(self) -> CallRecording:
        """Lets the sweep look at it now."""
        past = {"dueAt": now() - timedelta(hours=1)}
        self.call.db.commit(Merge(recording_path(self.id), past))
        services().call_recording_endings.sweep(1000)
        return self.record

    def listed(self, person: Person | None = None) -> dict[str, Any]:
        path = f"{self.call.inside}/recordings"
        found = data(person or self.call.host, "GET", path, function="calls")["recordings"]
        return next(each for each in found if each["id"] == self.id)


def act(call: Desk, person: Person, action: str, **body: Any) -> Any:
    path = f"{call.inside}/recording"
    return ask(person, "POST", path, "calls", json={"action": action, **body})


def a_tape(db: Database, firm: Firm | None = None, guests: int = 0) -> Taped:
    """With as many guests in the call, who have not been asked before."""
    call = a_call(db, firm or a_recorded_firm(db))
    host = call.enter(call.host)
    for _ in range(guests):
        call.guest()
    answer = act(call, call.host, "start")
    assert answer.status_code == 200, answer.text
    return Taped(call, host, answer.json["data"]["recording"]["id"])
