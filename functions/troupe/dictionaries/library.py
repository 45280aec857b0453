"""Dictionaries for speech: which version a job uses, and that version, ready to be applied."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from troupe.access import belongs, owned
from troupe.adapters.firestore import Database, Document
from troupe.dictionaries.errors import DictionaryLanguage, DictionaryNotFound
from troupe.dictionaries.records import (
    Attachment,
    DictionaryRef,
    Version,
    dictionary_path,
    version_path,
)
from troupe.speech.catalogue import same_language
from troupe.speech.errors import SpeechError
from troupe.speech.text.dictionary import Dictionary

_KEPT = 8  # the cast of one scene; the largest takes 25 MB
_REF = ["uid", "language", "version", "sha256"]


class Dictionaries:
    """Thread-safe: a version that two threads load at once is loaded twice."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: OrderedDict[DictionaryRef, Dictionary] = OrderedDict()
        self._lock = threading.Lock()

    def for_speech(self, uid: str, dictionary_id: str, language: str) -> DictionaryRef:
        """The current version of a user's dictionary, for a text in `language`. Raises
        DictionaryNotFound, also for another user's, and DictionaryLanguage."""
        (document,) = self._db.get_all([dictionary_path(dictionary_id)], select=_REF)
        owned(document, uid, DictionaryNotFound)
        its = document.data["language"]
        if not same_language(its, language):
            raise DictionaryLanguage.of(its, language)
        return _ref(document)

    def attached(self, attachments: Sequence[Attachment]) -> list[DictionaryRef | None]:
        """The current versions of characters' dictionaries, whoever casts them; one call. None for
        one that was deleted since, or that is for another language: a character speaks without."""
        paths = [dictionary_path(each.dictionary_id) for each in attachments if each.dictionary_id]
        found = {each.id: each for each in self._db.get_all(paths, select=_REF)}
        return [_attached(each, found.get(each.dictionary_id or "")) for each in attachments]

    def load(self, ref: DictionaryRef) -> Dictionary:
        """A version, from the cache of this process if it was used before. Raises
        SpeechError("dictionary_missing") if it was deleted, also from the cache."""
        path = version_path(ref.id, ref.version)
        kept = self._kept.get(ref)
        (document,) = self._db.get_all([path], select=None if kept is None else [])
        if not document.exists:
            with self._lock:
                self._kept.pop(ref, None)
            raise SpeechError(
                "dictionary_missing",
                "The pronunciation dictionary was deleted while the work was waiting or running.",
                retryable=False,
            )
        if kept is None:
            kept = Dictionary(Version.of(document).rules, ref.sha256)
        with self._lock:
            self._kept[ref] = kept
            self._kept.move_to_end(ref)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept


def _attached(attachment: Attachment, document: Document | None) -> DictionaryRef | None:
    if document is None or not belongs(document, attachment.owner):
        return None
    applies = same_language(document.data["language"], attachment.language)
    return _ref(document) if applies else None


def _ref(document: Document) -> DictionaryRef:
    return DictionaryRef(document.id, document.data["version"], document.data["sha256"])
