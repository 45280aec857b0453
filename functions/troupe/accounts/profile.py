"""What users change about themselves: names, language, picture."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any

from troupe.accounts.errors import AvatarTooLarge, UsernameTaken
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import present, user_path, username_path
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.media.uploads.checks import File, PreparedImage
from troupe.orphans import NewFile, OrphanedFiles, OrphanRecord, orphan_record
from troupe.tokens import TokenInvalid

MAX_AVATAR_BYTES = 5 * 1024 * 1024
_FOLDER, _URL = "static/images", "/api/static/images"  # served by the characters function


class Profiles:
    def __init__(
        self, db: Database, discards: OrphanedFiles, prepare: Callable[[bytes], PreparedImage]
    ) -> None:
        """`prepare` decodes a picture and encodes it anew; it is slow to load, and called when
        there is one."""
        self._db = db
        self._discards = discards
        self._prepare = prepare
        # A picture can take 620 MB while it is decoded, and there is one core to do it.
        self._one_at_a_time = threading.Lock()

    def update(
        self,
        uid: str,
        *,
        name: str | None = None,
        username: str | None = None,
        language: str | None = None,
        picture: str | None = None,
    ) -> UserRecord:
        """Changes what is not None. A username is taken and the one before it given free in the
        same commit. Raises UsernameTaken."""
        given = {"name": name, "username": username, "language": language}
        given["profile_picture"] = picture
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}

        def attempt() -> tuple[UserRecord, OrphanRecord | None]:
            paths = [user_path(uid), *([username_path(username)] if username else [])]
            document, *names = self._db.get_all(paths)
            user = _present(document)
            after = user.model_copy(update=changes)
            note = None
            if picture is not None and picture != user.profile_picture and user.avatar_path:
                note = orphan_record([user.avatar_path])
                after = after.model_copy(update={"avatar_path": None})
            if after == user:
                return user, None
            after = after.model_copy(update={"updated_at": now()})
            writes = [_change(document, after), *_rename(user, after, names)]
            if note is not None:
                writes.append(note.create_write())
            self._commit(*writes)
            return after, note

        after, note = contend(attempt)
        if note is not None:
            self._discards.clean(note)
        return after

    def set_avatar(self, uid: str, file: File) -> UserRecord:
        """Keeps a picture and shows it. Raises AvatarTooLarge, UnsupportedFile, BrokenImage,
        ImageTooLarge; nothing is kept then."""
        if file.size > MAX_AVATAR_BYTES:
            raise AvatarTooLarge(details={"bytes": file.size, "maximum": MAX_AVATAR_BYTES})
        with self._one_at_a_time:
            image = self._prepare(file.read())
        # Random, for anybody may ask for it: it tells neither whose it is nor what came before.
        file_name = f"avatar_{secrets.token_hex(12)}-{secrets.token_hex(4)}{image.extension}"
        path = f"{_FOLDER}/{file_name}"
        note = self._discards.store([NewFile(path, image.content_type, image.data)])

        def attempt() -> tuple[UserRecord, list[str]]:
            document = self._db.get(user_path(uid))
            user = _present(document)
            if user.avatar_path == path:
                return user, []  # our own commit, whose answer was lost and which was sent again
            old = [user.avatar_path] if user.avatar_path else []
            after = user.model_copy(
                update={
                    "profile_picture": f"{_URL}/{file_name}",
                    "avatar_path": path,
                    "updated_at": now(),
                }
            )
            self._commit(_change(document, after), note.replace_write(old))
            return after, old

        try:
            after, old = contend(attempt)
        except (TokenInvalid, Stale):
            self._discards.clean(note)
            raise
        if old:
            self._discards.clean(note.model_copy(update={"paths": old}))
        return after

    def _commit(self, *writes: Write) -> None:
        """Raises Stale alone: to look again tells what it was."""
        try:
            self._db.commit(*writes)
        except (AlreadyExists, Missing) as error:
            raise Stale from error


def _present(document: Document) -> UserRecord:
    """Raises TokenInvalid for a user who has left meanwhile."""
    user = present(document)
    if user is None:
        raise TokenInvalid
    return user


def _change(document: Document, after: UserRecord) -> Update:
    stored = after.stored()
    names = ("name", "nameKey", "username", "language", "profilePicture", "avatarPath")
    fields = {name: stored[name] for name in (*names, "updatedAt")}
    return Update(document.path, fields, seen=document)


def _rename(user: UserRecord, after: UserRecord, names: list[Document]) -> list[Write]:
    """Raises UsernameTaken."""
    old, new = user.username, after.username
    if new is None or old == new or (old and username_path(old) == username_path(new)):
        return []  # nothing, or the same name in another spelling of upper and lower case
    (taken,) = names
    if taken.exists and taken.data["uid"] != user.id:
        raise UsernameTaken
    writes: list[Write] = [] if old is None else [Delete(username_path(old))]
    if not taken.exists:
        writes.append(Create(taken.path, {"uid": user.id, "createdAt": after.updated_at}))
    return writes
