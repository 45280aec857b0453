"""Sounds and pictures of messages: how they are checked, and where they are stored.

Each upload gets a random name, so the file of a repeat never replaces that of the first one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from troupe.adapters.firestore import Document
from troupe.errors import TroupeError
from troupe.idempotency import file_hash
from troupe.media.uploads.checks import File, PreparedAudio, PreparedImage
from troupe.orphans import NewFile, OrphanRecord, orphan_record
from troupe.rooms.errors import AttachmentTooLarge
from troupe.rooms.records import MessageAudio, MessagePhoto
from troupe.rooms.writes import files_prefix

MAX_AUDIO_BYTES, MAX_PHOTO_BYTES = 10 * 1024 * 1024, 6 * 1024 * 1024
MIN_SECONDS, MAX_SECONDS = 0.4, 300.0
# The fields of a message that name files.
FILE_FIELDS = ("audio", "photo", "speech")
# Paths in a record, each of up to 250 bytes: a document has at most 1 MiB.
_RECORDED = 2000

T = TypeVar("T")


class Prepare(Protocol):
    """Decodes and re-encodes an upload, for the user who sent it
    (`troupe.media.uploads.decoders`)."""

    def audio(self, file: Any, user: str, *, least: float, most: float) -> PreparedAudio: ...

    def image(self, file: Any, user: str) -> PreparedImage: ...


@dataclass(frozen=True, slots=True)
class SentFiles:
    """What somebody sends besides the text."""

    audio: File | None = None
    photo: File | None = None

    def __bool__(self) -> bool:
        return self.audio is not None or self.photo is not None

    def identified(self) -> dict[str, str]:
        """Identifies the files by their content."""
        files = {"audio": self.audio, "photo": self.photo}
        return {name: file_hash(file.stream) for name, file in files.items() if file is not None}


@dataclass(frozen=True, slots=True)
class Attached:
    """The fields of the message, and the files to store for it."""

    audio: MessageAudio | None = None
    photo: MessagePhoto | None = None
    files: list[NewFile] = field(default_factory=list)

    def is_of(self, document: Document) -> bool:
        """Whether a message has these files."""
        return {each.path for each in self.files} <= set(paths_of(document))


class Attachments:
    def __init__(self, prepare: Callable[[], Prepare]) -> None:
        """`prepare` is called when there is a file."""
        self._prepare = prepare

    def prepared(self, uid: str, room_id: str, message_id: str, sent: SentFiles) -> Attached:
        """Raises AttachmentTooLarge, UnsupportedFile, BrokenAudio, AudioTooShort, AudioTooLong,
        BrokenImage, ImageTooLarge, TooDemanding, DecodersBusy."""
        # Both are checked before one is prepared, which takes time.
        _check("audio", sent.audio, MAX_AUDIO_BYTES)
        _check("photo", sent.photo, MAX_PHOTO_BYTES)
        attached = Attached()
        if sent.audio is not None:
            stream = sent.audio.stream
            audio = _named(
                "audio",
                lambda: self._prepare().audio(stream, uid, least=MIN_SECONDS, most=MAX_SECONDS),
            )
            path = _path(room_id, message_id, audio.extension)
            record = MessageAudio(
                path=path,
                content_type=audio.content_type,
                size=len(audio.data),
                seconds=audio.seconds,
            )
            file = NewFile(path, audio.content_type, audio.data)
            attached = Attached(audio=record, files=[file])
        if sent.photo is not None:
            picture = sent.photo.stream
            photo = _named("photo", lambda: self._prepare().image(picture, uid))
            path = _path(room_id, message_id, photo.extension)
            shown = MessagePhoto(
                path=path,
                content_type=photo.content_type,
                size=len(photo.data),
                width=photo.width,
                height=photo.height,
            )
            file = NewFile(path, photo.content_type, photo.data)
            attached = Attached(attached.audio, shown, [*attached.files, file])
        return attached


def paths_of(document: Document) -> list[str]:
    """The files of a message, as read: its sound, its picture, and what was spoken of it."""
    data = document.data
    parts = [data.get("audio"), data.get("photo"), *(data.get("speech") or {}).values()]
    return [each["path"] for each in parts if each and each.get("path")]


def orphans_of(documents: Iterable[Document]) -> list[OrphanRecord]:
    """The records of the files of messages, for the commit that deletes them; none without files.
    That commit must require these documents unchanged, since a message may get more files."""
    paths = [path for document in documents for path in paths_of(document)]
    starts = range(0, len(paths), _RECORDED)
    return [orphan_record(paths[start : start + _RECORDED]) for start in starts]


def _check(name: str, file: File | None, most: int) -> None:
    """Raises AttachmentTooLarge."""
    if file is not None and file.size > most:
        raise AttachmentTooLarge(details={"field": name, "bytes": file.size, "maximum": most})


def _named(name: str, prepare: Callable[[], T]) -> T:
    """Errors name the form field of the file."""
    try:
        return prepare()
    except TroupeError as error:
        if error.details_type is not None:
            error.details = {"field": name, **(error.details or {})}
        raise


def _path(room_id: str, message_id: str, extension: str) -> str:
    return f"{files_prefix(room_id)}{message_id}-{secrets.token_hex(8)}{extension}"
