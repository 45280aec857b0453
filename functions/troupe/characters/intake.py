"""Uploads for characters: checks sizes, decodes them, and prepares them for storage."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import BinaryIO, NamedTuple, TypeVar

from troupe.characters.errors import FileTooLarge, TooManyImages
from troupe.characters.records import Image, Quality, Sample, smaller_path
from troupe.characters.writes import FOLDERS
from troupe.errors import TroupeError
from troupe.media.uploads.checks import File, PreparedImage, PreparedSample
from troupe.orphans import NewFile

T = TypeVar("T")

MAX_SAMPLE_BYTES = 20 * 1024 * 1024
MAX_IMAGE_BYTES = 5 * 1024 * 1024
MAX_IMAGES = 10


class Prepare(NamedTuple):
    """Decoding of uploads, each with the user who sent it (`troupe.media.uploads.decoders`)."""

    sample: Callable[[BinaryIO, str], PreparedSample]
    image: Callable[[BinaryIO, str], PreparedImage]


class Intake:
    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare

    def sample(self, uid: str, name: str, file: File) -> PreparedSample:
        """`name`: the form field, for errors. Raises FileTooLarge and the errors of
        `prepare_sample`."""
        return self._prepared(self._prepare.sample, uid, name, file, MAX_SAMPLE_BYTES)

    def images(self, uid: str, name: str, files: Sequence[File]) -> list[PreparedImage]:
        """Raises TooManyImages, FileTooLarge and the errors of `prepare_image`."""
        check_count(len(files))
        return [
            self._prepared(self._prepare.image, uid, f"{name}.{number}", file, MAX_IMAGE_BYTES)
            for number, file in enumerate(files)
        ]

    def _prepared(
        self, prepare: Callable[[BinaryIO, str], T], uid: str, name: str, file: File, maximum: int
    ) -> T:
        if file.size > maximum:
            raise FileTooLarge(details={"field": name, "bytes": file.size, "maximum": maximum})
        try:
            return prepare(file.stream, uid)
        except TroupeError as error:
            if error.details_type is not None:
                error.details = {"field": name, **(error.details or {})}
            raise


def check_count(images: int) -> None:
    """Raises TooManyImages."""
    if images > MAX_IMAGES:
        raise TooManyImages(details={"images": images, "maximum": MAX_IMAGES})


def sample_and_file(
    character_id: str, prepared: PreparedSample, text: str
) -> tuple[Sample, NewFile]:
    """The record of a sample, and the file to store."""
    name = _name(character_id, ".wav")
    file = NewFile(f"{FOLDERS['audio_files']}/{name}", "audio/wav", prepared.audio)
    measured = {key: value for key, value in asdict(prepared).items() if key != "audio"}
    sample = Sample(
        name=name,
        path=file.path,
        sha256=hashlib.sha256(prepared.audio).hexdigest(),
        size=len(prepared.audio),
        text=text,
        quality=Quality.model_validate(measured),
    )
    return sample, file


def image_and_files(character_id: str, prepared: PreparedImage) -> tuple[Image, list[NewFile]]:
    """The record of an image, and the files to store."""
    name = _name(character_id, prepared.extension)
    file = NewFile(f"{FOLDERS['images']}/{name}", prepared.content_type, prepared.data)
    image = Image(
        name=name,
        path=file.path,
        content_type=prepared.content_type,
        width=prepared.width,
        height=prepared.height,
        size=len(prepared.data),
        smaller=list(prepared.smaller),
    )
    copies = [
        NewFile(smaller_path(file.path, side), "image/webp", data)
        for side, data in prepared.smaller.items()
    ]
    return image, [file, *copies]


def _name(character_id: str, extension: str) -> str:
    """A random name, so that no two files or versions ever share one."""
    return f"{character_id}-{secrets.token_hex(4)}{extension}"
