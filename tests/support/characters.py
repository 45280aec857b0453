"""Shared by the tests of characters: drafts, callers, and stores that record or fail."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from werkzeug.datastructures import FileStorage

from tests.support.factories import test_settings
from tests.support.media_files import picture, sound
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.adapters.firestore import Committed, Database, Write, now
from troupe.adapters.storage import Files
from troupe.app.container import Container
from troupe.characters.edits import CharacterDraft, CharacterUpdate
from troupe.characters.library import CharacterLibrary
from troupe.characters.records import Character, Sample
from troupe.characters.schemas import CreateCharacter, UpdateCharacter
from troupe.characters.service import Characters
from troupe.characters.wording import STATEMENT
from troupe.errors import FileMissing

SOUND = sound(seconds=1.5)
OTHER_SOUND = sound(seconds=2)
PICTURE = picture()
CONSENT = STATEMENT


class Recorded(Files):
    """The real storage; records the paths of all uploads, and can fail."""

    def __init__(self, files: Files) -> None:
        super().__init__(files._bucket, can_sign=False)
        self.stored: list[str] = []
        self.failures: list[Exception] = []

    def upload(self, path: str, source: Path | bytes | BinaryIO, content_type: str) -> int:
        self.stored.append(path)
        if self.failures and len(self.stored) > 1:
            raise self.failures.pop()
        return super().upload(path, source, content_type)

    def left(self) -> set[str]:
        """The recorded paths that still exist."""
        return {path for path in self.stored if self._exists(path)}

    def _exists(self, path: str) -> bool:
        try:
            self.stat(path)
        except FileMissing:
            return False
        return True


class Interrupted(Database):
    """Runs `before` and `after` around every commit; either can raise."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.before: Callable[[tuple[Write, ...]], None] = lambda writes: None
        self.after: Callable[[tuple[Write, ...]], None] = lambda writes: None

    def commit(self, *writes: Write) -> Committed:
        self.before(writes)
        committed = super().commit(*writes)
        self.after(writes)
        return committed


def service(db: Database, files: Files) -> Characters:
    return Container(test_settings(), database=db, files=files).characters


def library_of(db: Database) -> CharacterLibrary:
    return Container(test_settings(), database=db).character_library


def caller(uid: str = "ada", role: Any = "user") -> AccountCaller:
    at = now()
    user = UserRecord(id=uid, name="Ada", created_at=at, updated_at=at)
    return AccountCaller(
        uid=uid, role=role, guest=False, email=None, session_id="pytest", user=user
    )


def new_caller() -> AccountCaller:
    return caller(secrets.token_hex(10))


def files_of(*contents: bytes) -> list[FileStorage]:
    return [FileStorage(BytesIO(content), filename="x") for content in contents]


def character_draft(name: str = "Ada", images: int = 0, **changes: Any) -> CharacterDraft:
    (audio,) = files_of(SOUND)
    form = CreateCharacter.model_validate(
        {
            "displayName": name,
            "audioFile": audio,
            "consent": CONSENT,
            "imageFiles": files_of(*[PICTURE] * images),
            **changes,
        }
    )
    return form.command()


def character_update(**changes: Any) -> CharacterUpdate:
    return UpdateCharacter.model_validate(changes).command()


def made(characters: Characters, who: AccountCaller, images: int = 0, **changes: Any) -> Character:
    return characters.create(who, character_draft(images=images, **changes)).character


def sample(character: Character) -> Sample:
    """The sample of a character that has one."""
    assert character.sample is not None
    return character.sample


def stored(db: Database, character: Character) -> Character:
    return Character.of(db.get(f"characters/{character.id}"))


def orphan_records(db: Database, files: Recorded) -> list[str]:
    """The ids of the remaining orphan records about this test's files."""
    documents = db.find("discards", limit=1000)
    return [each.id for each in documents if set(each.data["paths"]) & set(files.stored)]


def activities(db: Database, who: AccountCaller) -> list[str]:
    documents = db.find(f"users/{who.uid}/activities", order=[("timestamp", False)], limit=50)
    return [each.data["type"] for each in documents]
