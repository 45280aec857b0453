"""Files that users might upload, valid and invalid: audio from FFmpeg, pictures from Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from PIL import Image
from werkzeug.datastructures import FileStorage

from troupe.media.uploads import images, recordings, samples
from troupe.web.upload import Upload

if TYPE_CHECKING:
    from av.audio import AudioStream

    from troupe.media.uploads.checks import PreparedImage, PreparedSample
    from troupe.media.uploads.proofs import Recording
    from troupe.speech.engine import Samples

# Container, codec, rate and sample format of every accepted kind.
SOUNDS = {
    "wav": ("wav", "pcm_s16le", 44_100, "s16"),
    "wav24": ("wav", "pcm_s24le", 48_000, "s32"),
    "wav-float": ("wav", "pcm_f32le", 22_050, "flt"),
    "wav-u8": ("wav", "pcm_u8", 11_025, "u8"),
    "mp3": ("mp3", "libmp3lame", 44_100, "s16p"),
    "m4a": ("ipod", "aac", 44_100, "fltp"),
    "ogg": ("ogg", "libopus", 48_000, "s16"),
    "flac": ("flac", "flac", 44_100, "s16"),
    "webm": ("webm", "libopus", 48_000, "s16"),
    "aac": ("adts", "aac", 44_100, "fltp"),
    "amr": ("amr", "libopencore_amrnb", 8_000, "s16"),
    "3gp-amr": ("3gp", "libopencore_amrnb", 8_000, "s16"),
    "mov": ("mov", "pcm_s24le", 48_000, "s32"),
    "mov-aac": ("mov", "aac", 44_100, "fltp"),
    "mov-ima": ("mov", "adpcm_ima_qt", 22_050, "s16p"),
    "aiff": ("aiff", "pcm_s16be", 44_100, "s16"),
    "aiff24": ("aiff", "pcm_s24be", 48_000, "s32"),
    "aifc-sowt": ("aiff", "pcm_s16le", 44_100, "s16"),
    "aifc-float": ("aiff", "pcm_f32be", 44_100, "flt"),
    "caf": ("caf", "pcm_s16le", 44_100, "s16"),
    "caf-alac": ("caf", "alac", 44_100, "s16p"),
    "caf-ima": ("caf", "adpcm_ima_qt", 44_100, "s16p"),
    "rf64": ("wav", "pcm_s16le", 44_100, "s16"),
    "w64": ("w64", "pcm_s16le", 44_100, "s16"),
}
# Codecs of one channel only.
MONO = {"amr", "3gp-amr"}


def tone(seconds: float, rate: int, level: float = 0.2) -> Samples:
    """int16; 220 Hz that swells and fades, at `level` of full scale."""
    times = np.arange(round(seconds * rate)) / rate
    swell = 0.7 + 0.3 * np.sin(2 * np.pi * 2 * times)
    wave = np.clip(level * swell * np.sin(2 * np.pi * 220 * times), -1, 1)
    return cast("Samples", (32_767 * wave).astype(np.int16))


def sound(kind: str = "wav", seconds: float = 3, level: float = 0.2, *, channels: int = 1) -> bytes:
    """An audio file of the given kind, a key of `SOUNDS`."""
    return encoded(kind, tone(seconds, SOUNDS[kind][2], level), channels=channels)


def encoded(kind: str, samples: Samples, *, channels: int = 1) -> bytes:
    """Encodes samples, which must have the kind's rate; all channels get the same."""
    container, codec, rate, sample_format = SOUNDS[kind]
    layout = "mono" if channels == 1 else "stereo"
    file = io.BytesIO()
    options = {"rf64": "always"} if kind == "rf64" else {}
    with av.open(file, "w", format=container, options=options) as output:
        stream = cast("AudioStream", output.add_stream(codec, rate, layout=layout))
        stream.format = sample_format
        packed = np.repeat(samples, channels).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        size = stream.codec_context.frame_size or 0
        resampler = av.AudioResampler(sample_format, layout, rate, frame_size=size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


def silent_video() -> bytes:
    """An mp4 with a picture and no sound."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = cast(Any, output.add_stream("libx264", 10))
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(20):
            output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    return file.getvalue()


def picture(kind: str = "png", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    """Red on the left, blue on the right; `options` are those of Pillow's `save`."""
    image = Image.new("RGB", size, (220, 20, 20))
    image.paste((20, 20, 220), (size[0] // 2, 0, *size))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixel_bomb(side: int = 20_000) -> bytes:
    """A PNG of a few bytes whose header claims `side` x `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def sent(data: bytes, name: str = "a.wav") -> Upload:
    """A file as a handler gets it."""
    return Upload(FileStorage(io.BytesIO(data), name))


# As the child process runs them, in this process: for coverage, and to change their limits.


def prepare_sample(data: bytes) -> PreparedSample:
    return samples.prepare_sample(io.BytesIO(data))


def prepare_image(data: bytes) -> PreparedImage:
    return images.prepare_image(io.BytesIO(data))


def prove_recording(data: bytes) -> Recording:
    return recordings.prove_recording(io.BytesIO(data))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ZIP = b"PK\x05\x06" + bytes(18)
