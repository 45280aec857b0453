"""Converts any audio file to MP3, which every browser and phone can play.

Nothing but the sound is kept: no cover art, no tags, no location. Runs in the child process of
`decoders`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO, cast

import av

from troupe.media.audio import AudioWriter
from troupe.media.formats import AudioFormat
from troupe.media.uploads.checks import (
    SAMPLE_RATE,
    AudioTooLong,
    AudioTooShort,
    BrokenAudio,
    PreparedAudio,
)
from troupe.media.uploads.films import picture_of
from troupe.media.uploads.opening import open_sound
from troupe.media.uploads.refusals import a_film
from troupe.media.uploads.samples import check_complete

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

_PADDING = 0.1  # seconds that an encoder may add
_FORMAT = AudioFormat.MP3


def prepare_audio(file: BinaryIO, least: float, most: float) -> PreparedAudio:
    """Re-encodes a sound of `least` to `most` seconds, piece by piece.

    Raises UnsupportedFile, BrokenAudio, AudioTooShort, AudioTooLong, MemoryError.
    """
    limits = {"minimum": least, "maximum": most}
    target = io.BytesIO()
    with open_sound(file) as (container, stream):
        if picture_of(container) is not None:
            raise a_film()
        resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
        with AudioWriter(target, _FORMAT, SAMPLE_RATE) as writer:
            for frame in container.decode(stream):
                for mono in resampler.resample(frame):
                    writer.write(cast("Samples", mono.to_ndarray()[0]))
                if writer.seconds > most + _PADDING:
                    raise AudioTooLong(details=limits)
            for mono in resampler.resample(None):
                writer.write(cast("Samples", mono.to_ndarray()[0]))
            seconds = writer.seconds
            if not seconds:
                raise BrokenAudio
            check_complete(container, stream, seconds)
            if round(seconds, 2) < least:
                raise AudioTooShort(details=limits | {"seconds": round(seconds, 2)})
    return PreparedAudio(
        data=target.getvalue(),
        content_type=_FORMAT.mime_type,
        extension=_FORMAT.extension,
        seconds=round(seconds, 2),
    )
