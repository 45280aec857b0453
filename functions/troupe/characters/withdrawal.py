"""Ends the use of a voice: by revoking its consent, or by hiding its character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import Database, Document, Write, contend, now
from troupe.characters.clones import clone_deletion_writes
from troupe.characters.errors import not_found
from troupe.characters.library import CharacterWithStar
from troupe.characters.records import Character, Visibility
from troupe.characters.service import editable_character
from troupe.characters.writes import (
    activity,
    audit_writes,
    change_write,
    character_path,
    star_path,
)
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.settings import Settings

# The further writes for the commit that changes a character, for example of an audit entry.
Also = Callable[[Character, Character], Sequence[Write]]


class Withdrawals:
    def __init__(self, db: Database, orphans: OrphanedFiles, settings: Settings) -> None:
        self._db = db
        self._orphans = orphans
        self._settings = settings

    def revoke_consent(self, caller: AccountCaller, character_id: str) -> CharacterWithStar:
        """Deletes the sample and the clones; from then on a stock voice speaks for the character,
        for its owner only. Repeating it changes nothing. Jobs that still need the sample fail.

        Raises CharacterNotFound and NotOwner.
        """

        def attempt() -> tuple[CharacterWithStar, OrphanRecord | None]:
            paths = [character_path(character_id), star_path(character_id, caller.uid)]
            document, star = self._db.get_all(paths)
            before = editable_character(document, caller)
            after = _revoked(before, at := now())
            record = None
            if after != before:
                message = f"Consent for {before.display_name} revoked"
                done = activity(caller.uid, "consent_revoked", character_id, message, at)
                entry = audit_writes(caller, "revokeConsent", before, after)
                record = self._commit(before, after, document, [done, *entry])
            return CharacterWithStar(after, star.exists), record

        revoked, record = contend(attempt)
        if record is not None:
            self._orphans.clean(record)
        return revoked

    def take_down(self, character_id: str, also: Also, *, revoke: bool) -> Character:
        """Hides a character, or with `revoke` revokes its consent, together with `also`.

        Raises CharacterNotFound.
        """

        def attempt() -> tuple[Character, OrphanRecord | None]:
            document = self._db.get(character_path(character_id))
            if not document.exists:
                raise not_found(character_id)
            before, at = Character.of(document), now()
            after = _revoked(before, at) if revoke else _hidden(before, at)
            return after, self._commit(before, after, document, also(before, after))

        after, record = contend(attempt)
        if record is not None:
            self._orphans.clean(record)
        return after

    def _commit(
        self, before: Character, after: Character, seen: Document, also: Sequence[Write]
    ) -> OrphanRecord | None:
        """Returns the record of the file to delete. Raises Stale."""
        batch: list[Write] = [change_write(after, seen), *also]
        record = None
        if before.sample is not None and after.sample is None:
            # The next sweep deletes the file if this process cannot.
            record = orphan_record([before.sample.path]).model_copy(update={"due_at": now()})
            engines = self._settings.speech_engines
            batch += [
                record.create_write(),
                *clone_deletion_writes(engines, before.sample, at_once=True),
            ]
        self._db.commit_or_stale(*batch)
        return record


def _revoked(before: Character, at: datetime) -> Character:
    if before.consent is None or before.consent.revoked_at is not None:
        return before
    consent = before.consent.model_copy(update={"revoked_at": at})
    changes = {"consent": consent, "sample": None, "allow_use": False, "updated_at": at}
    return before.model_copy(update=changes)


def _hidden(before: Character, at: datetime) -> Character:
    if before.hidden_at is not None:
        return before
    changes = {"visibility": Visibility.PRIVATE, "hidden_at": at, "updated_at": at}
    return before.model_copy(update=changes)
