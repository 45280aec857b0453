"""Characters: made, changed, starred, listed and deleted; and the cast of a script."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe.access import editable
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
from troupe.characters.edits import Change, new_character, slug, statement
from troupe.characters.errors import CharacterNotFound, NotOwner, UnknownImage
from troupe.characters.intake import Intake, Prepare, check_count, kept_image, kept_sample
from troupe.characters.records import Character, Config
from troupe.characters.writes import activity, character_path, star_path
from troupe.errors import TroupeError, UnknownChoice
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.paging import PageOf, PageRequest
from troupe.settings import Settings
from troupe.speech.catalogue import capabilities, language_named
from troupe.text import name_key

if TYPE_CHECKING:
    from troupe.adapters.storage import Files, StoredFile
    from troupe.characters.schemas import CharactersQuery, CreateCharacter, UpdateCharacter

_CONFIG = tuple(Config.model_fields)


@dataclass(frozen=True, slots=True)
class CharacterWithStar:
    """A character, and whether the one who looks at it has starred it."""

    character: Character
    is_starred: bool


@dataclass(frozen=True, slots=True)
class StarState:
    starred: int
    is_starred: bool


class Characters:
    """`files` is called when a file is needed, and so is `prepare`: most requests need neither."""

    def __init__(
        self, db: Database, files: Callable[[], Files], settings: Settings, prepare: Prepare
    ) -> None:
        self._db = db
        self._files = files
        self._settings = settings
        self._intake = Intake(prepare)
        self._discards = OrphanedFiles(db, files)

    def create(self, caller: AccountCaller, form: CreateCharacter) -> CharacterWithStar:
        """Raises ConsentRequired, UnknownChoice, and what the files are refused for; nothing is
        stored then."""
        statement(form.consent)  # before any work is done
        language = self._language(form.language)
        prepared = self._intake.sample("audioFile", form.audio_file)
        images = self._intake.images("imageFiles", form.image_files)
        character_id = secrets.token_hex(16)
        sample, *files = kept_sample(character_id, prepared, form.sample_text or "")
        kept = [kept_image(character_id, image) for image in images]
        files += [file for _, file in kept]
        character = new_character(
            character_id, caller, form, language, sample, [image for image, _ in kept]
        )
        note = self._discards.store(files)
        message = f"Character {character.display_name} created"
        try:
            self._db.commit(
                writes.create_write(character),
                note.replace_write([]),
                activity(caller.uid, "created", character_id, message, character.created_at),
            )
        except AlreadyExists:
            pass  # our own commit, whose answer was lost and which the client library sent again
        except (Stale, Missing):
            self._discards.clean(note)
            raise
        return CharacterWithStar(character, False)

    def update(
        self, caller: AccountCaller, character_id: str, form: UpdateCharacter
    ) -> CharacterWithStar:
        """Changes what the form names. Raises CharacterNotFound, NotOwner, UnknownImage,
        ConsentRequired, UnknownChoice, and what the files are refused for."""
        document, star = self._db.get_all(
            [character_path(character_id), star_path(character_id, caller.uid)]
        )
        character = _editable(document, caller)
        removed = form.remove_image_keys.split(",") if form.remove_image_keys else []
        if unknown := [key for key in removed if key not in character.images]:
            raise UnknownImage(details={"unknown": unknown, "images": sorted(character.images)})
        check_count(len(character.images) - len(removed) + len(form.new_image_files))
        change = self._change(character_id, form)
        images = self._intake.images("newImageFiles", form.new_image_files)
        added = [kept_image(character_id, image) for image in images]
        new = [*change.files, *(file for _, file in added)]
        note = self._discards.store(new) if new else orphan_record([])
        seen = [document]

        def attempt() -> tuple[Character, list[str]]:
            if seen:
                document = seen.pop()
            else:
                document, noted = self._db.get_all([character_path(character_id), note.path])
                if document.exists and (not note.holds(noted) if new else noted.exists):
                    # It was our own commit, whose answer was lost and which was sent again.
                    return Character.of(document), noted.data.get("paths", [])
            before = _editable(document, caller)
            after = change.applied(before, removed, [image for image, _ in added])
            check_count(len(after.images))
            old = sorted(set(before.files) - set(after.files))
            message = f"Character {after.display_name} updated"
            batch: list[Write] = [
                writes.change_write(after, document),
                activity(caller.uid, "updated", character_id, message, after.updated_at),
            ]
            if after.sample.sha256 != before.sample.sha256:
                batch += clone_deletion_writes(self._settings.speech_engine, before.sample)
            if new:
                batch.append(note.replace_write(old))
            elif old:
                batch.append(note.model_copy(update={"paths": old}).create_write())
            self._commit(*batch)
            return after, old

        try:
            after, old = contend(attempt)
        except TroupeError:
            if new:
                self._discards.clean(note)
            raise
        if old:
            self._discards.clean(note.model_copy(update={"paths": old}))
        return CharacterWithStar(after, star.exists)

    def delete(self, caller: AccountCaller, character_id: str) -> list[str]:
        """Deletes the character with its files and its stars; returns the paths of the files.

        Raises CharacterNotFound and NotOwner.
        """
        note = orphan_record([], collection=writes.stars_path(character_id))

        def attempt() -> OrphanRecord:
            document, noted = self._db.get_all([character_path(character_id), note.path])
            if noted.exists:
                return OrphanRecord.of(noted)  # our own commit again, see `update`
            character = _editable(document, caller)
            filled = note.model_copy(update={"paths": character.files})
            message = f"Character {character.display_name} deleted"
            self._commit(
                writes.delete_write(character, document),
                filled.create_write(),
                activity(caller.uid, "deleted", character_id, message, now()),
                *clone_deletion_writes(self._settings.speech_engine, character.sample),
            )
            return filled

        filled = contend(attempt)
        self._discards.clean(filled)
        return filled.paths

    def star(self, uid: str, character_id: str) -> StarState:
        """Counted once, however often it is asked for. Raises CharacterNotFound."""

        def attempt() -> StarState:
            try:
                result = self._db.commit(*writes.star_writes(character_id, uid, now()))
            except Missing:
                raise _not_found(character_id) from None
            except AlreadyExists:
                path = character_path(character_id)
                (character,) = self._db.get_all([path], select=["starred"])
                if not character.exists:
                    raise _not_found(character_id) from None
                return StarState(character.data["starred"], True)
            return StarState(result.transforms[1][0], True)

        return contend(attempt)

    def unstar(self, uid: str, character_id: str) -> StarState:
        """Raises CharacterNotFound."""

        def attempt() -> StarState:
            document, star = self._db.get_all(
                [character_path(character_id), star_path(character_id, uid)]
            )
            if not document.exists:
                raise _not_found(character_id)
            if not star.exists:
                return StarState(document.data["starred"], False)
            batch = writes.unstar_writes(character_id, uid, star, now())
            return StarState(self._commit(*batch)[1][0], False)

        return contend(attempt)

    def get(self, uid: str, character_id: str) -> CharacterWithStar:
        """Raises CharacterNotFound."""
        document, star = self._db.get_all(
            [character_path(character_id), star_path(character_id, uid)]
        )
        if not document.exists:
            raise _not_found(character_id)
        return CharacterWithStar(Character.of(document), star.exists)

    def page(self, uid: str, query: CharactersQuery) -> tuple[list[CharacterWithStar], PageOf]:
        """Everybody's characters, as `uid` sees them."""
        found = writes.page_of_all(self._db, query, query.search, query.sort)
        return self._shown(found, uid), found

    def mine(self, uid: str, request: PageRequest) -> tuple[list[CharacterWithStar], PageOf]:
        """The characters that `uid` made, newest first."""
        found = writes.page_of_user(self._db, request, uid)
        return self._shown(found, uid), found

    def starred(self, uid: str, request: PageRequest) -> tuple[list[CharacterWithStar], PageOf]:
        """The characters that `uid` has starred, the last starred first. Two documents are read
        for each: the star and the character."""
        found = writes.page_of_stars(self._db, request, uid)
        paths = [star.path.rpartition("/stars/")[0] for star in found.documents]
        documents = self._db.get_all(paths, select=writes.SHOWN_FIELDS) if paths else []
        # Of a character that was just deleted, the stars are still to go.
        there = [Character.of(document) for document in documents if document.exists]
        return [CharacterWithStar(each, True) for each in there], found

    def cast(self, ids: Sequence[str]) -> list[Character]:
        """The characters in the order of `ids`, by one call.

        Raises CharacterNotFound, whose details name all that are `missing`.
        """
        wanted = [character_id for character_id in dict.fromkeys(ids) if writes.is_id(character_id)]
        paths = [character_path(each) for each in wanted]
        documents = self._db.get_all(paths, select=writes.SHOWN_FIELDS) if wanted else []
        found = {each.id: Character.of(each) for each in documents if each.exists}
        if missing := [each for each in dict.fromkeys(ids) if each not in found]:
            raise _not_found(*missing)
        return [found[each] for each in ids]

    def media(self, kind: str, name: str) -> StoredFile:
        """A file of a character, by its public name. Raises FileMissing."""
        return self._files().stat(f"{writes.FOLDERS[kind]}/{name}")

    def _shown(self, found: PageOf, uid: str) -> list[CharacterWithStar]:
        characters = [Character.of(document) for document in found.documents]
        # Stars are counted in the commits that make them: where there is none, none is of `uid`.
        with_stars = [each.id for each in characters if each.starred]
        starred = writes.starred_among(self._db, with_stars, uid)
        return [CharacterWithStar(each, each.id in starred) for each in characters]

    def _language(self, code: str) -> str:
        """The language as the engine calls it. Raises UnknownChoice."""
        engine = self._settings.speech_engine
        if language := language_named(code, engine):
            return language.code
        allowed = [item.code for item in capabilities(engine).languages]
        raise UnknownChoice(details={"fields": [UnknownChoice.field("language", allowed)]})

    def _change(self, character_id: str, form: UpdateCharacter) -> Change:
        fields: dict[str, Any] = {}
        if form.display_name is not None:
            fields["display_name"] = form.display_name
            fields["name_key"] = name_key(form.display_name)
            fields["output_prefix"] = slug(form.display_name, character_id)
        if form.language is not None:
            fields["language"] = self._language(form.language)
        if form.voice_type is not None:
            fields["voice_type"] = form.voice_type
        config = form.model_dump(include=set(_CONFIG), exclude_none=True)
        if form.audio_file is None:
            return Change(fields, config, form.sample_text, None, "", [])
        stated = statement(form.consent)
        prepared = self._intake.sample("audioFile", form.audio_file)
        sample, file = kept_sample(character_id, prepared, form.sample_text or "")
        return Change(fields, config, None, sample, stated, [file])

    def _commit(self, *batch: Write) -> list[list[int]]:
        """What the transforms left behind. Raises Stale alone: to look again tells what it was."""
        try:
            return self._db.commit(*batch).transforms
        except (AlreadyExists, Missing) as error:
            raise Stale from error


def _editable(document: Document, caller: AccountCaller) -> Character:
    """The character, if the caller may change it. Raises CharacterNotFound and NotOwner."""
    return Character.of(editable(document, caller, _not_found(document.id), NotOwner))


def _not_found(*ids: str) -> CharacterNotFound:
    return CharacterNotFound(details={"missing": list(ids)})
