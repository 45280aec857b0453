"""Dictionaries: create, show, change, delete. `library` finds them for speech."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from troupe.access import owned
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Document,
    Update,
    Write,
    contend,
    now,
)
from troupe.dictionaries.checks import checked
from troupe.dictionaries.errors import DictionaryChanged, DictionaryNotFound
from troupe.dictionaries.records import (
    COLLECTION,
    VERSIONS,
    DictionaryWithEntries,
    UserDictionary,
    Version,
    dictionary_path,
    version_path,
)
from troupe.dictionaries.writes import deletion
from troupe.moderation.service import Moderation
from troupe.orphans import OrphanedFiles, OrphanRecord
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.settings import Settings
from troupe.speech.choice import offered_language
from troupe.speech.text.entry import Entry

# Longer than a job that names a superseded version waits and runs.
KEPT = timedelta(days=2)


class DictionaryService:
    def __init__(
        self, db: Database, orphans: OrphanedFiles, settings: Settings, moderation: Moderation
    ) -> None:
        self._db = db
        self._orphans = orphans
        self._settings = settings
        self._moderation = moderation

    def create(
        self, uid: str, name: str, language: str, entries: Sequence[Entry]
    ) -> DictionaryWithEntries:
        """Raises UnknownChoice, InvalidInput (see `checked`), ContentRefused and
        ModerationUnavailable."""
        code = self._language(language)
        rules = checked(entries)
        self._moderate(uid, name, rules)
        at = now()
        version = Version.made(rules, at)
        dictionary = UserDictionary(
            id=secrets.token_hex(16),
            uid=uid,
            name=name,
            language=code,
            version=1,
            sha256=version.sha256,
            entry_count=len(rules),
            created_at=at,
            updated_at=at,
        )
        with suppress(AlreadyExists):  # our own commit, sent again after its response was lost
            self._db.commit(
                Create(dictionary_path(dictionary.id), dictionary.stored()),
                Create(version_path(dictionary.id, 1), version.stored()),
            )
        return DictionaryWithEntries(dictionary, rules)

    def page(self, uid: str, page: PageRequest) -> tuple[list[UserDictionary], PageOf]:
        """Newest first. Raises BadCursor, PageTooDeep."""
        mine = [("uid", "==", uid)]
        found = newest_first(self._db, COLLECTION, page, field="createdAt", where=mine)
        return [UserDictionary.of(document) for document in found.documents], found

    def get(self, uid: str, dictionary_id: str) -> DictionaryWithEntries:
        """Raises DictionaryNotFound, also for another user's."""
        return self._with_entries(UserDictionary.of(self._read(uid, dictionary_id)))

    def update(
        self,
        uid: str,
        dictionary_id: str,
        *,
        name: str | None = None,
        entries: Sequence[Entry] | None = None,
        version: int | None = None,
    ) -> DictionaryWithEntries:
        """Replaces the name, the entries, or both; other entries are a new version. A change that
        is already made is not made again, so that a repeat gets the same answer.

        `version`: the one that the change is based on, None for any. Raises DictionaryNotFound,
        DictionaryChanged and the errors of `create`.
        """
        self._read(uid, dictionary_id)  # a stranger learns nothing about the entries
        rules = None if entries is None else checked(entries)
        self._moderate(uid, name, rules or [])
        at = now()
        made = None if rules is None else Version.made(rules, at)

        def attempt() -> UserDictionary:
            document = self._read(uid, dictionary_id)
            before = UserDictionary.of(document)
            changes = {"name": name or before.name}
            if made is not None:
                changes["sha256"] = made.sha256
            after = before.model_copy(update=changes)
            if after == before:
                return before
            if version not in (None, before.version):
                raise DictionaryChanged(details={"version": before.version})
            batch: list[Write] = []
            if made is not None and after.sha256 != before.sha256:
                after = after.model_copy(
                    update={"version": before.version + 1, "entry_count": len(made.entries)}
                )
                old = version_path(dictionary_id, before.version)
                batch = [
                    Create(version_path(dictionary_id, after.version), made.stored()),
                    Update(old, {"expiresAt": at + KEPT}),
                ]
            after = after.model_copy(update={"updated_at": at})
            self._db.commit_or_stale(Update(document.path, after.stored(), seen=document), *batch)
            return after

        after = contend(attempt)
        if rules is not None:
            return DictionaryWithEntries(after, rules)
        return self._with_entries(after)

    def delete(self, uid: str, dictionary_id: str) -> None:
        """Deletes the dictionary with all versions. Raises DictionaryNotFound."""
        record: OrphanRecord | None = None

        def attempt() -> None:
            nonlocal record
            if record is not None and self._db.get(record.path).exists:
                return  # our own commit: its response was lost, so it was sent again
            document = self._read(uid, dictionary_id)
            record, *batch = deletion(document)
            self._db.commit_or_stale(*batch)

        contend(attempt)
        if record is not None:
            self._orphans.clean(record)

    def expire(self, limit: int) -> int:
        """Deletes superseded versions that no job uses any more; returns how many."""
        old = self._db.due(VERSIONS, limit, field="expiresAt", select=[], group=True)
        self._db.delete_all([document.path for document in old])
        return len(old)

    def _read(self, uid: str, dictionary_id: str) -> Document:
        return owned(self._db.get(dictionary_path(dictionary_id)), uid, DictionaryNotFound)

    def _with_entries(self, dictionary: UserDictionary) -> DictionaryWithEntries:
        document = self._db.get(version_path(dictionary.id, dictionary.version))
        if not document.exists:  # deleted in the meantime
            raise DictionaryNotFound
        return DictionaryWithEntries(dictionary, Version.of(document).rules)

    def _language(self, code: str) -> str:
        """The engine's code for a language. Raises UnknownChoice."""
        return offered_language(code, self._settings.speech_engines).code

    def _moderate(self, uid: str, name: str | None, rules: Sequence[Entry]) -> None:
        """What is said for a term is not in the texts that are checked later."""
        self._moderation.check(uid, name, "\n".join(each.alias for each in rules if each.alias))
