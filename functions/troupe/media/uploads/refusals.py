"""Errors that say what a refused file is, and what to send instead."""

from __future__ import annotations

from typing import BinaryIO

from troupe.media.uploads.checks import UnsupportedFile
from troupe.media.uploads.sniffing import PICTURES, RECORDED, SOUNDS, name


def no_sound(file: BinaryIO) -> UnsupportedFile:
    return UnsupportedFile(
        _message(file, "an audio file", "WAV, MP3 or M4A"), details={"allowed": SOUNDS}
    )


def a_film() -> UnsupportedFile:
    """Where only sound is taken."""
    return UnsupportedFile(
        "The file is a video. Send its sound alone.", details={"allowed": SOUNDS}
    )


def no_film(file: BinaryIO) -> UnsupportedFile:
    """Where what a browser has recorded is taken."""
    return UnsupportedFile(_message(file, "a film", "WebM or MP4"), details={"allowed": RECORDED})


def no_picture(file: BinaryIO) -> UnsupportedFile:
    return UnsupportedFile(_message(file, "an image", "JPEG or PNG"), details={"allowed": PICTURES})


def _message(file: BinaryIO, wanted: str, right: str) -> str:
    found = name(file)
    if found is None:
        return f"The file is not {wanted}. Send it as {right}."
    return f"This is {found}, and not {wanted} that can be read. Export it as {right}."
