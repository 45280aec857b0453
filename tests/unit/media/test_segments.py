"""Long videos: segments rendered apart and joined look and sound like one video."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.film import GREY, Film, apart, render, write_picture, write_sound
from troupe.media.audio import AAC, AudioWriter
from troupe.media.captions import Cue
from troupe.media.formats import Resolution
from troupe.media.video.frames import RATE, Shot, frames_of
from troupe.media.video.segments import join_segments, render_segment

LANDSCAPE = Resolution.LANDSCAPE
CUTS = [0.0, 2.0, 3.2, 6.0]  # seconds; on frames


def segment(path: Path, shots: list[Shot], cues: list[Cue], seconds: float) -> int:
    frames = frames_of(seconds)
    render_segment(
        path,
        frames=frames,
        shots=shots,
        cues=cues,
        resolution=LANDSCAPE,
        background=GREY,
        bit_rate=2_000_000,
        check=lambda: None,
    )
    return frames


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Film, Film, Path]:
    """The same scene as one video and as three joined segments, and its sound."""
    folder = tmp_path_factory.mktemp("segments")
    faces = [
        write_picture(folder / "red.png", ["#d03030", "#f0f0f0"]),
        write_picture(folder / "blue.png", ["#3030d0", "#101010"]),
    ]
    shots = [Shot(0, 1, faces[0]), Shot(1, 2, faces[1]), Shot(2, 3.2, faces[1])]
    shots.append(Shot(3.2, 6, faces[0]))
    cues = [Cue(shot.start, shot.end - 0.2, f"Line {n}", "Ada") for n, shot in enumerate(shots)]
    sound = write_sound(folder / "sound.wav", CUTS[-1])
    render(folder, name="whole.mp4", shots=shots, cues=cues, sound=sound)

    def segments() -> Iterator[tuple[Path, int]]:
        for number, (start, end) in enumerate(itertools.pairwise(CUTS)):
            inside = [Shot(s.start - start, s.end - start, s.face) for s in shots if s.end > start]
            inside = [shot for shot in inside if shot.start < end - start]
            if number:
                before = [shot for shot in shots if shot.end <= start][-1]
                inside.insert(0, Shot(-1.0, inside[0].start, before.face))
            spoken = [c for c in cues if start <= c.start < end]
            moved = [Cue(c.start - start, c.end - start, c.text, c.speaker) for c in spoken]
            path = folder / f"segment-{number}.mp4"
            yield path, segment(path, inside, moved, end - start)
            assert not path.exists(), "a segment is deleted before the next is needed"

    track = folder / "sound.m4a"
    with AudioWriter(track, AAC, 24000) as writer:
        writer.append(sound)
    joined = folder / "joined.mp4"
    frames = join_segments(
        joined, sound=track, segments=segments(), check=lambda: None, title="The scene"
    )
    assert frames == frames_of(CUTS[-1])
    return Film(folder / "whole.mp4"), Film(joined), sound


def test_every_frame_looks_the_same(films: tuple[Film, Film, Path]) -> None:
    whole, joined = (film.map(lambda pixels: pixels[::4, ::4].copy()) for film in films[:2])
    assert len(joined) == CUTS[-1] * RATE
    for number, (one, other) in enumerate(zip(whole, joined, strict=True)):
        assert apart(one, other) < 3, f"frame {number}"


def test_frames_follow_each_other_at_a_constant_rate(films: tuple[Film, Film, Path]) -> None:
    with av.open(str(films[1].path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
        assert container.streams.video[0].duration is not None
    assert times == pytest.approx([n / RATE for n in range(len(times))], abs=1e-4)
    assert len(times) == CUTS[-1] * RATE


def test_the_sound_is_in_sync_at_every_joint(films: tuple[Film, Film, Path]) -> None:
    rate = 24000
    with av.open(str(films[1].path)) as container:
        resampler = av.AudioResampler("s16", "mono", rate)
        parts = [
            (frame.time, part.to_ndarray()[0])
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    assert parts[0][0] == pytest.approx(0, abs=0.03)
    heard = np.concatenate([samples for _, samples in parts]).astype(float)
    with wave.open(str(films[2])) as file:
        meant = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    for moment in [0.3, *CUTS[1:-1], CUTS[-1] - 0.5]:
        at, size = round(moment * rate), rate // 4
        window = meant[at : at + size]
        shifts = range(-600, 601, 20)
        best = max(shifts, key=lambda s: float(np.dot(window, heard[at + s : at + s + size])))
        assert abs(best) <= 40, f"{best / rate * 1000:.1f} ms apart at {moment} s"


def test_the_joined_file_starts_with_its_index(films: tuple[Film, Film, Path]) -> None:
    data = films[1].path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(films[1].path)) as container:
        assert container.metadata["title"] == "The scene"


def test_picture_and_sound_are_interleaved(films: tuple[Film, Film, Path]) -> None:
    """A player that reads in order never waits for one of them."""
    latest = {"video": 0.0, "audio": 0.0}
    with av.open(str(films[1].path)) as container:
        packets = sorted(
            (packet.pos or 0, packet.stream.type, float(packet.dts * packet.time_base))
            for packet in container.demux()
            if packet.dts is not None
        )
    for _, kind, moment in packets:
        latest[kind] = moment
        assert abs(latest["video"] - latest["audio"]) < 1.5


def test_the_bit_rate_is_limited(tmp_path: Path) -> None:
    noise = tmp_path / "noise.mp4"
    shapes = np.random.default_rng(1)
    with av.open(str(noise), "w", format="mp4") as container:
        stream = container.add_stream("libx264", RATE, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(25):
            pixels = shapes.integers(0, 255, (360, 640, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    target = tmp_path / "segment.mp4"
    render_segment(
        target,
        frames=RATE,
        shots=[],
        cues=[],
        resolution=LANDSCAPE,
        background=noise,
        bit_rate=600_000,
        check=lambda: None,
    )
    # The encoder may save up four seconds of it. Without a limit, it takes 50 Mbit/s.
    assert target.stat().st_size * 8 < (1 + 4) * 600_000


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound.wav", 1)
    with AudioWriter(tmp_path / "sound.m4a", AAC, 24000) as writer:
        writer.append(tmp_path / "sound.wav")
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    with pytest.raises(av.FFmpegError):
        join_segments(
            tmp_path / "joined.mp4",
            sound=tmp_path / "sound.m4a",
            segments=iter([(bad, 25)]),
            check=lambda: None,
        )
    assert not (tmp_path / "joined.mp4").exists()


@pytest.mark.parametrize(("seconds", "frames"), [(0.0, 1), (0.04, 1), (0.041, 2), (2.0, 50)])
def test_the_last_frame_is_shown_to_the_end(seconds: float, frames: int) -> None:
    assert frames_of(seconds) == frames
    assert frames_of(Fraction(str(seconds))) == frames
