"""Creating, updating, starring, listing and deleting characters, and finding a script's cast.

A private character exists for its owner only: others get the same answers as for an id without a
character."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe.access import editable, owned, readable
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import (
    AlreadyExists,
    Database,
    Document,
    Missing,
    Stale,
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
from troupe.characters.errors import CharacterNotFound, NotOwner, UnknownImage, VoiceNotShared
from troupe.characters.intake import Intake, Prepare, check_count, image_and_file, sample_and_file
from troupe.characters.records import Character, Visibility
from troupe.characters.sharing import check_guest
from troupe.characters.writes import Sort, activity, character_path, star_path
from troupe.errors import FileMissing, TroupeError, UnknownChoice
from troupe.moderation.service import Moderation
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.paging import PageOf, PageRequest
from troupe.settings import Settings
from troupe.speech.catalogue import capabilities, language_named
from troupe.text import name_key

if TYPE_CHECKING:
    from troupe.adapters.storage import Files, StoredFile

# Profile pictures are in the same folder. They belong to no character, and are public.
AVATAR_PREFIX = "avatar_"


@dataclass(frozen=True, slots=True)
class CharacterWithStar:
    """A character, and whether the caller has starred it."""

    character: Character
    is_starred: bool


@dataclass(frozen=True, slots=True)
class Media:
    """A stored sample or picture. `public`: whether everybody may have it."""

    file: StoredFile
    public: bool


@dataclass(frozen=True, slots=True)
class StarState:
    """`starred`: how many users have starred the character."""

    starred: int
    is_starred: bool


class Characters:
    """`files` and `prepare` are called only when needed: most requests need neither."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        settings: Settings,
        prepare: Prepare,
        moderation: Moderation,
    ) -> None:
        self._db = db
        self._files = files
        self._settings = settings
        self._intake = Intake(prepare)
        self._moderation = moderation
        self._orphans = OrphanedFiles(db, files)

    def create(self, caller: AccountCaller, draft: CharacterDraft) -> CharacterWithStar:
        """Raises ConsentRequired, ConsentTooNarrow, GuestsPublishNothing, UnknownChoice,
        ContentRefused, ModerationUnavailable and the errors of `Intake`; then nothing is stored."""
        # Before decoding anything.
        check_guest(caller, draft.visibility, draft.allow_use)
        required_consent(draft.consent).check_use(draft.allow_use)
        language = self._language(draft.language)
        self._moderation.check(caller.uid, draft.display_name, draft.sample_text)
        prepared = self._intake.sample(caller.uid, "audioFile", draft.audio)
        images = self._intake.images(caller.uid, "imageFiles", draft.images)
        character_id = secrets.token_hex(16)
        sample, *files = sample_and_file(character_id, prepared, draft.sample_text)
        images_and_files = [image_and_file(character_id, image) for image in images]
        files += [file for _, file in images_and_files]
        character = new_character(
            character_id,
            caller,
            draft,
            language,
            sample,
            [image for image, _ in images_and_files],
            self._settings,
        )
        record = self._orphans.store(files)
        message = f"Character {character.display_name} created"
        try:
            self._db.commit(
                writes.create_write(character),
                record.replace_write([]),
                activity(caller.uid, "created", character_id, message, character.created_at),
            )
        except AlreadyExists:
            pass  # our own commit: its response was lost, so the client library sent it again
        except (Stale, Missing):
            self._orphans.clean(record)
            raise
        return CharacterWithStar(character, False)

    def update(
        self, caller: AccountCaller, character_id: str, update: CharacterUpdate
    ) -> CharacterWithStar:
        """Raises CharacterNotFound, NotOwner, CharacterHidden, GuestsPublishNothing, UnknownImage,
        ConsentRequired, ConsentTooNarrow, SampleMissing, UnknownChoice, ContentRefused,
        ModerationUnavailable and the errors of `Intake`."""
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
        secret = self._settings.jwt_secret
        prepared.applied(character, caller, (), (), secret)  # before storing anything
        images = self._intake.images(caller.uid, "newImageFiles", update.new_images)
        added = [image_and_file(character_id, image) for image in images]
        new = [*prepared.files, *(file for _, file in added)]
        record = self._orphans.store(new) if new else orphan_record([])
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
            ]
            if before.sample and after.sample and after.sample.sha256 != before.sample.sha256:
                batch += clone_deletion_writes(self._settings.speech_engine, before.sample)
            if new:
                batch.append(record.replace_write(old))
            elif old:
                batch.append(record.model_copy(update={"paths": old}).create_write())
            self._commit(*batch)
            return after, old

        try:
            after, old = contend(attempt)
        except TroupeError:
            if new:
                self._orphans.clean(record)
            raise
        if old:
            self._orphans.clean(record.model_copy(update={"paths": old}))
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
            self._commit(
                writes.delete_write(character, document),
                filled.create_write(),
                activity(caller.uid, "deleted", character_id, message, now()),
                *clone_deletion_writes(self._settings.speech_engine, character.sample),
            )
            return filled

        filled = contend(attempt)
        self._orphans.clean(filled)
        return filled.paths

    def star(self, uid: str, character_id: str) -> StarState:
        """Counts once per user, however often it is called. Raises CharacterNotFound."""

        def attempt() -> StarState:
            document, star = self._star(uid, character_id)
            if star.exists:
                return StarState(document.data["starred"], True)
            batch = writes.star_writes(character_id, uid, now())
            return StarState(self._commit(*batch)[1][0], True)

        return contend(attempt)

    def unstar(self, uid: str, character_id: str) -> StarState:
        """Raises CharacterNotFound."""

        def attempt() -> StarState:
            document, star = self._star(uid, character_id)
            if not star.exists:
                return StarState(document.data["starred"], False)
            batch = writes.unstar_writes(character_id, uid, star, now())
            return StarState(self._commit(*batch)[1][0], False)

        return contend(attempt)

    def _star(self, uid: str, character_id: str) -> tuple[Document, Document]:
        """The fields of a character that a star needs, and the star. Raises CharacterNotFound."""
        paths = [character_path(character_id), star_path(character_id, uid)]
        document, star = self._db.get_all(paths, select=["uid", "visibility", "starred"])
        return readable(document, uid, not_found(character_id)), star

    def get(self, uid: str, character_id: str) -> CharacterWithStar:
        """Raises CharacterNotFound."""
        document, star = self._db.get_all(
            [character_path(character_id), star_path(character_id, uid)]
        )
        readable(document, uid, not_found(character_id))
        return CharacterWithStar(Character.of(document), star.exists)

    def page(
        self, uid: str, request: PageRequest, *, search: str = "", sort: Sort = "newest"
    ) -> tuple[list[CharacterWithStar], PageOf]:
        """The public characters, as `uid` sees them. `search`: the beginning of a name."""
        page = writes.page_of_all(self._db, request, search, sort)
        return self._with_stars(page, uid), page

    def mine(self, uid: str, request: PageRequest) -> tuple[list[CharacterWithStar], PageOf]:
        """The characters created by `uid`, newest first."""
        page = writes.page_of_user(self._db, request, uid)
        return self._with_stars(page, uid), page

    def starred(self, uid: str, request: PageRequest) -> tuple[list[CharacterWithStar], PageOf]:
        """The public and own characters that `uid` has starred, most recently starred first. Reads
        two documents for each: the star and the character."""
        page = writes.page_of_stars(self._db, request, uid)
        paths = [star.path.rpartition("/stars/")[0] for star in page.documents]
        documents = self._db.get_all(paths, select=writes.SHOWN_FIELDS) if paths else []
        # The stars of a character are deleted shortly after it, so a star can outlive it.
        characters = [Character.of(document) for document in documents if document.exists]
        shown = [
            each for each in characters if each.uid == uid or each.visibility is Visibility.PUBLIC
        ]
        return [CharacterWithStar(each, True) for each in shown], page

    def cast(self, uid: str, ids: Sequence[str]) -> list[Character]:
        """The characters that `uid` casts, in the order of `ids`; one call.

        Raises CharacterNotFound, with all `missing` ids in its details, and VoiceNotShared.
        """
        unique = [character_id for character_id in dict.fromkeys(ids) if writes.is_id(character_id)]
        paths = [character_path(each) for each in unique]
        documents = self._db.get_all(paths, select=writes.SHOWN_FIELDS) if unique else []
        found = {each.id: Character.of(each) for each in documents if each.exists}
        characters = {
            each.id: each
            for each in found.values()
            if each.uid == uid or each.visibility is not Visibility.PRIVATE
        }
        if missing := [each for each in dict.fromkeys(ids) if each not in characters]:
            raise not_found(*missing)
        if kept := [each.id for each in characters.values() if each.uid != uid and not each.shared]:
            raise VoiceNotShared(details={"characters": kept})
        return [characters[each] for each in ids]

    def media(self, uid: str | None, kind: str, name: str) -> Media:
        """A file by its name, as `uid` may have it (None: not signed in): samples and the pictures
        of private characters are for the owner. `kind`: a key of `FOLDERS`.

        Raises FileMissing, also for another user's file.
        """
        public = True
        if not (kind == "images" and name.startswith(AVATAR_PREFIX)):
            path = character_path(name.rpartition("-")[0])
            (document,) = self._db.get_all([path], select=["uid", "visibility"])
            if kind == "images":
                readable(document, uid or "", FileMissing)
                public = document.data.get("visibility") != Visibility.PRIVATE
            else:
                owned(document, uid or "", FileMissing)
                public = False
        return Media(self._files().stat(f"{writes.FOLDERS[kind]}/{name}"), public)

    def _with_stars(self, page: PageOf, uid: str) -> list[CharacterWithStar]:
        characters = [Character.of(document) for document in page.documents]
        # The count is exact (stars are counted in the commit that creates them), so a character
        # without stars needs no lookup.
        with_stars = [each.id for each in characters if each.starred]
        starred = writes.starred_among(self._db, with_stars, uid)
        return [CharacterWithStar(each, each.id in starred) for each in characters]

    def _language(self, code: str) -> str:
        """The engine's code for a language. Raises UnknownChoice."""
        engine = self._settings.speech_engine
        if language := language_named(code, engine):
            return language.code
        allowed = [item.code for item in capabilities(engine).languages]
        raise UnknownChoice(details={"fields": [UnknownChoice.field("language", allowed)]})

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

    def _commit(self, *batch: Write) -> list[list[int]]:
        """The results of the transforms. Raises only Stale: the next attempt finds out why."""
        try:
            return self._db.commit(*batch).transforms
        except (AlreadyExists, Missing) as error:
            raise Stale from error


def editable_character(document: Document, caller: AccountCaller) -> Character:
    """The character, if the caller can change it. Raises CharacterNotFound and NotOwner."""
    return Character.of(editable(document, caller, not_found(document.id), NotOwner))


def not_found(*ids: str) -> CharacterNotFound:
    return CharacterNotFound(details={"missing": list(ids)})
