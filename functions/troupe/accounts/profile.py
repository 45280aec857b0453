"""Users' own profiles: name, username, language, voice and picture."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, BinaryIO

from troupe.accounts.errors import AvatarTooLarge, UsernameTaken
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path, username_path
from troupe.adapters.firestore import (
    Create,
    Database,
    Delete,
    Document,
    Update,
    Write,
    contend,
    now,
)
from troupe.media.uploads.checks import File, PreparedImage
from troupe.orphans import NewFile, OrphanedFiles, OrphanRecord, orphan_record
from troupe.records import Witness, no_witness
from troupe.tokens import TokenInvalid

MAX_AVATAR_BYTES = 5 * 1024 * 1024
_FOLDER, _URL = "static/images", "/api/static/images"  # served by the characters function


class Profiles:
    def __init__(
        self,
        db: Database,
        orphans: OrphanedFiles,
        prepare: Callable[[BinaryIO, str], PreparedImage],
        check_voice: Callable[[str], None],
    ) -> None:
        """`prepare` decodes and re-encodes a picture that a user sent. `check_voice` raises
        UnknownChoice unless a voice exists."""
        self._db = db
        self._orphans = orphans
        self._prepare = prepare
        self._check_voice = check_voice

    def update(
        self,
        uid: str,
        *,
        name: str | None = None,
        username: str | None = None,
        language: str | None = None,
        picture: str | None = None,
        voice_id: str | None = None,
        phone: str | None = None,
        timezone: str | None = None,
    ) -> UserRecord:
        """Changes the fields that are not None. A new username is claimed and the old one released
        in the same commit. Raises UsernameTaken, UnknownChoice."""
        if voice_id:
            self._check_voice(voice_id)
        given = {"name": name, "username": username, "language": language}
        given |= {"profile_picture": picture, "voice_id": voice_id}
        given |= {"phone": phone, "timezone": timezone}
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}

        def attempt() -> tuple[UserRecord, OrphanRecord | None]:
            paths = [user_path(uid), *([username_path(username)] if username else [])]
            document, *names = self._db.get_all(paths)
            user = _require_user(document)
            after = user.model_copy(update=changes)
            orphan = None
            if picture is not None and picture != user.profile_picture and user.avatar_path:
                orphan = orphan_record([user.avatar_path])
                after = after.model_copy(update={"avatar_path": None})
            if after == user:
                return user, None
            after = after.model_copy(update={"updated_at": now()})
            writes = [_change(document, after), *_rename(user, after, names)]
            if orphan is not None:
                writes.append(orphan.create_write())
            self._db.commit_or_stale(*writes)
            return after, orphan

        after, orphan = contend(attempt)
        if orphan is not None:
            self._orphans.clean(orphan)
        return after

    def set_avatar(self, uid: str, file: File, witness: Witness = no_witness) -> UserRecord:
        """Stores a picture and makes it the profile picture.

        Raises AvatarTooLarge, UnsupportedFile, BrokenImage, ImageTooLarge, TooDemanding,
        DecodersBusy; stores nothing then.
        """
        if file.size > MAX_AVATAR_BYTES:
            raise AvatarTooLarge(details={"bytes": file.size, "maximum": MAX_AVATAR_BYTES})
        image = self._prepare(file.stream, uid)
        # Random, because the file is public: the name reveals neither the user nor older pictures.
        file_name = f"avatar_{secrets.token_hex(12)}-{secrets.token_hex(4)}{image.extension}"
        path = f"{_FOLDER}/{file_name}"

        def attempt() -> tuple[UserRecord, list[str]]:
            document = self._db.get(user_path(uid))
            user = _require_user(document)
            if user.avatar_path == path:
                return user, []  # our own commit succeeded, but its response was lost
            old = [user.avatar_path] if user.avatar_path else []
            after = user.model_copy(
                update={
                    "profile_picture": f"{_URL}/{file_name}",
                    "avatar_path": path,
                    "updated_at": now(),
                }
            )
            told = witness(user, after)
            self._db.commit_or_stale(_change(document, after), orphan.replace_write(old), *told)
            return after, old

        picture = NewFile(path, image.content_type, image.data)
        with self._orphans.stored([picture]) as orphan:
            after, old = contend(attempt)
        if old:
            self._orphans.clean(orphan.model_copy(update={"paths": old}))
        return after


def _require_user(document: Document) -> UserRecord:
    """Raises TokenInvalid if the user has been deleted in the meantime."""
    user = existing_user(document)
    if user is None:
        raise TokenInvalid
    return user


def _change(document: Document, after: UserRecord) -> Update:
    stored = after.stored()
    names = ("name", "nameKey", "username", "language", "profilePicture", "avatarPath", "voiceId")
    fields = {name: stored[name] for name in (*names, "phone", "timezone", "updatedAt")}
    return Update(document.path, fields, seen=document)


def _rename(user: UserRecord, after: UserRecord, names: list[Document]) -> list[Write]:
    """Raises UsernameTaken."""
    old, new = user.username, after.username
    if new is None or old == new or (old and username_path(old) == username_path(new)):
        return []  # unchanged, or changed only in case
    (taken,) = names
    if taken.exists and taken.data["uid"] != user.id:
        raise UsernameTaken
    writes: list[Write] = [] if old is None else [Delete(username_path(old))]
    if not taken.exists:
        writes.append(Create(taken.path, {"uid": user.id, "createdAt": after.updated_at}))
    return writes
