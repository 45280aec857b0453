"""Creating, updating and deleting characters. `library` shows and casts them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from troupe.access import editable, owned
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import (
    AlreadyExists,
    Database,
    Document,
    Write,
    contend,
    now,
)
from troupe.characters import writes
from troupe.characters.clones import clone_deletion_writes
from troupe.characters.consent import required_consent
from troupe.characters.edits import (
    CharacterDraft,
    CharacterUpdate,
    PreparedUpdate,
    new_character,
    slug,
)
from troupe.characters.errors import NotOwner, UnknownImage, not_found
from troupe.characters.intake import Intake, Prepare, check_count, image_and_files, sample_and_file
from troupe.characters.library import CharacterWithStar
from troupe.characters.records import Character
from troupe.characters.sharing import check_guest
from troupe.characters.writes import activity, audit_writes, character_path, star_path
from troupe.ended_subjects import ending_write
from troupe.idempotency import Asked
from troupe.moderation.service import Moderation
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.settings import Settings
from troupe.speech.catalogue import DEFAULT_STYLE, capabilities
from troupe.speech.choice import choose_named, offered_language
from troupe.text import name_key

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.dictionaries.library import Dictionaries
    from troupe.jobs.service import JobService


class Characters:
    """`files`, `prepare`, `dictionaries` and `jobs` are called only when needed: most requests
    need none."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        settings: Settings,
        prepare: Prepare,
        moderation: Moderation,
        dictionaries: Callable[[], Dictionaries],
        jobs: Callable[[], JobService],
    ) -> None:
        self._db = db
        self._settings = settings
        self._intake = Intake(prepare)
        self._moderation = moderation
        self._dictionaries = dictionaries
        self._jobs = jobs
        self._orphans = OrphanedFiles(db, files)

    def earlier(self, uid: str, asked: Asked) -> CharacterWithStar | None:
        """The character that an earlier request with the same key has created. Raises KeyReused."""
        if asked.created_by is None:
            return None
        document, star = self._db.get_all([character_path(asked.id), star_path(asked.id, uid)])
        if not document.exists:
            return None
        character = Character.of(owned(document, uid, not_found(asked.id)))
        asked.check(character.created_by)
        return CharacterWithStar(character, star.exists)

    def create(
        self, caller: AccountCaller, draft: CharacterDraft, asked: Asked | None = None
    ) -> CharacterWithStar:
        """`asked`: the request; one with the same key may have created it at the same time.

        Raises KeyReused, ConsentRequired, ConsentTooNarrow, GuestsPublishNothing, UnknownChoice,
        DictionaryNotFound, DictionaryLanguage, ContentRefused, ModerationUnavailable and the errors
        of `Intake`; then nothing is stored."""
        # Before decoding anything.
        check_guest(caller, draft.visibility, draft.allow_use)
        required_consent(draft.consent).check_use(draft.allow_use)
        language = self._language(draft.language)
        self._check_voice(caller.uid, draft.config.model_dump(), language)
        self._moderation.check(caller.uid, draft.display_name, draft.sample_text)
        prepared = self._intake.sample(caller.uid, "audioFile", draft.audio)
        images = self._intake.images(caller.uid, "imageFiles", draft.images)
        asked = asked or Asked(secrets.token_hex(16))
        character_id = asked.id
        sample, *files = sample_and_file(character_id, prepared, draft.sample_text)
        stored = [image_and_files(character_id, image) for image in images]
        files += [file for _, made in stored for file in made]
        character = new_character(
            asked,
            caller,
            draft,
            language,
            sample,
            [image for image, _ in stored],
            self._settings,
        )
        message = f"Character {character.display_name} created"
        with self._orphans.stored(files) as record:
            try:
                self._db.commit(
                    writes.create_write(character),
                    record.replace_write([]),
                    activity(caller.uid, "created", character_id, message, character.created_at),
                )
            except AlreadyExists:  # or our own commit, sent again after its response was lost
                first = self.earlier(caller.uid, asked)
                if first is not None and first.character.files != character.files:
                    self._orphans.clean(record)
                    return first
        self._request_text(character)
        return CharacterWithStar(character, False)

    def update(
        self, caller: AccountCaller, character_id: str, update: CharacterUpdate
    ) -> CharacterWithStar:
        """Raises CharacterNotFound, NotOwner, CharacterHidden, GuestsPublishNothing, UnknownImage,
        ConsentRequired, ConsentTooNarrow, SampleMissing, UnknownChoice, DictionaryNotFound,
        DictionaryLanguage, ContentRefused, ModerationUnavailable and the errors of `Intake`."""
        document, star = self._db.get_all(
            [character_path(character_id), star_path(character_id, caller.uid)]
        )
        character = editable_character(document, caller)
        check_guest(caller, update.visibility, update.allow_use)
        removed = update.removed_image_keys
        if unknown := [key for key in removed if key not in character.images]:
            raise UnknownImage(details={"unknown": unknown, "images": sorted(character.images)})
        check_count(len(character.images) - len(removed) + len(update.new_images))
        self._moderation.check(caller.uid, update.display_name, update.sample_text)
        prepared = self._prepare_update(caller.uid, character_id, update)
        language = prepared.fields.get("language", character.language)
        self._check_voice(character.uid, update.config, language)
        secret = self._settings.jwt_secret
        prepared.applied(character, caller, (), (), secret)  # before storing anything
        images = self._intake.images(caller.uid, "newImageFiles", update.new_images)
        added = [image_and_files(character_id, image) for image in images]
        new = [*prepared.files, *(file for _, made in added for file in made)]
        seen = [document]

        def attempt() -> tuple[Character, list[str]]:
            if seen:
                document = seen.pop()
            else:
                document, record_document = self._db.get_all(
                    [character_path(character_id), record.path]
                )
                committed = not record.holds(record_document) if new else record_document.exists
                if document.exists and committed:
                    # Our own commit: its response was lost, so it was sent again.
                    return Character.of(document), record_document.data.get("paths", [])
            before = editable_character(document, caller)
            after = prepared.applied(before, caller, removed, [image for image, _ in added], secret)
            check_count(len(after.images))
            old = sorted(set(before.files) - set(after.files))
            message = f"Character {after.display_name} updated"
            batch: list[Write] = [
                writes.change_write(after, document),
                activity(caller.uid, "updated", character_id, message, after.updated_at),
                *audit_writes(caller, "updateCharacter", before, after),
            ]
            if before.sample and after.sample and after.sample.sha256 != before.sample.sha256:
                batch += clone_deletion_writes(self._settings.speech_engines, before.sample)
            if new:
                batch.append(record.replace_write(old))
            elif old:
                batch.append(record.model_copy(update={"paths": old}).create_write())
            self._db.commit_or_stale(*batch)
            return after, old

        with self._orphans.stored(new) as record:
            after, old = contend(attempt)
        if old:
            self._orphans.clean(record.model_copy(update={"paths": old}))
        if prepared.sample is not None:
            self._request_text(after)
        return CharacterWithStar(after, star.exists)

    def delete(self, caller: AccountCaller, character_id: str) -> list[str]:
        """Deletes the character with its files and stars; returns the paths of the files.

        Raises CharacterNotFound and NotOwner.
        """
        record = orphan_record([], collection=writes.stars_path(character_id))

        def attempt() -> OrphanRecord:
            document, record_document = self._db.get_all(
                [character_path(character_id), record.path]
            )
            if record_document.exists:
                return OrphanRecord.of(record_document)  # our own commit, sent again: see `update`
            character = editable_character(document, caller)
            filled = record.model_copy(update={"paths": character.files})
            message = f"Character {character.display_name} deleted"
            self._db.commit_or_stale(
                writes.delete_write(character, document),
                filled.create_write(),
                ending_write("character", character_id),
                activity(caller.uid, "deleted", character_id, message, now()),
                *audit_writes(caller, "deleteCharacter", character, None),
                *clone_deletion_writes(self._settings.speech_engines, character.sample),
            )
            return filled

        filled = contend(attempt)
        self._orphans.clean(filled)
        return filled.paths

    def _request_text(self, character: Character) -> None:
        if _wants_text(character, self._settings):
            from troupe.characters.sample_texts import request_text  # noqa: PLC0415 (loads jobs)

            request_text(self._jobs(), character, self._settings)

    def _check_voice(self, owner: str, config: Mapping[str, Any], language: str) -> None:
        """Raises UnknownChoice, DictionaryNotFound and DictionaryLanguage."""
        if voice_id := config.get("voice_id"):
            choose_named(self._settings.speech_engines, voice_id, language, DEFAULT_STYLE)
        if dictionary_id := config.get("dictionary_id"):
            self._dictionaries().for_speech(owner, dictionary_id, language)

    def _language(self, code: str) -> str:
        """The engine's code for a language. Raises UnknownChoice."""
        return offered_language(code, self._settings.speech_engines).code

    def _prepare_update(
        self, uid: str, character_id: str, update: CharacterUpdate
    ) -> PreparedUpdate:
        fields: dict[str, Any] = {}
        if update.display_name is not None:
            fields["display_name"] = update.display_name
            fields["name_key"] = name_key(update.display_name)
            fields["output_prefix"] = slug(update.display_name, character_id)
        if update.language is not None:
            fields["language"] = self._language(update.language)
        if update.voice_type is not None:
            fields["voice_type"] = update.voice_type
        if update.visibility is not None:
            fields["visibility"] = update.visibility
        consent, use = update.consent, update.allow_use
        if update.audio is not None or consent is not None:
            consent = required_consent(consent)
            consent.check_use(use)
        text = update.sample_text
        if update.audio is None:
            return PreparedUpdate(fields, update.config, text, None, consent, use, [])
        prepared = self._intake.sample(uid, "audioFile", update.audio)
        sample, file = sample_and_file(character_id, prepared, text or "")
        return PreparedUpdate(fields, update.config, None, sample, consent, use, [file])


def editable_character(document: Document, caller: AccountCaller) -> Character:
    """The character, if the caller can change it. Raises CharacterNotFound and NotOwner."""
    return Character.of(editable(document, caller, not_found(document.id), NotOwner))


def _wants_text(character: Character, settings: Settings) -> bool:
    """Whether the sample has no text, a transcriber can write it, and an engine uses it."""
    if character.sample is None or character.sample.text or settings.transcriber == "off":
        return False
    return any(capabilities(engine).cloning for engine in settings.speech_engines)
