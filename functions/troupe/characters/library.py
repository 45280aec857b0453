"""Listing, showing and starring characters, finding their files, and casting them.

A private character exists for its owner only: others get the same answers as for an id without a
character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from troupe.access import belongs, owned, readable
from troupe.adapters.firestore import Database, Document, contend, now
from troupe.characters import writes
from troupe.characters.errors import VoiceNotShared, not_found
from troupe.characters.records import Character, Visibility, smaller_path
from troupe.characters.writes import Sort, character_path, star_path
from troupe.errors import FileMissing
from troupe.paging import PageOf, PageRequest

if TYPE_CHECKING:
    from troupe.adapters.storage import Files, StoredFile

# Profile pictures are in the same folder. They belong to no character, and are public.
PUBLIC_PREFIXES = ("avatar_", "logo_")  # pictures of users and companies


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


class CharacterLibrary:
    """`files` is called only when a file is needed: most requests need none."""

    def __init__(self, db: Database, files: Callable[[], Files]) -> None:
        self._db = db
        self._files = files

    def star(self, uid: str, character_id: str) -> StarState:
        """Counts once per user, however often it is called. Raises CharacterNotFound."""

        def attempt() -> StarState:
            document, star = self._star(uid, character_id)
            if star.exists:
                return StarState(document.data["starred"], True)
            batch = writes.star_writes(character_id, uid, now())
            return StarState(self._db.commit_or_stale(*batch).transforms[0][0], True)

        return contend(attempt)

    def unstar(self, uid: str, character_id: str) -> StarState:
        """Raises CharacterNotFound."""

        def attempt() -> StarState:
            document, star = self._star(uid, character_id)
            if not star.exists:
                return StarState(document.data["starred"], False)
            batch = writes.unstar_writes(character_id, uid, star, now())
            return StarState(self._db.commit_or_stale(*batch).transforms[0][0], False)

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

    def own_voice(self, uid: str, character_id: str) -> Character | None:
        """A character, if it is the user's own, and its sample may be cloned."""
        if not writes.is_id(character_id):
            return None
        document = self._db.get(character_path(character_id))
        character = Character.of(document) if belongs(document, uid) else None
        return character if character is not None and character.clonable else None

    def media(self, uid: str | None, kind: str, name: str, side: int | None = None) -> Media:
        """A file by its name, as `uid` may have it (None: not signed in): samples and the pictures
        of private characters are for the owner. `kind`: a key of `FOLDERS`. `side`: for the small
        copy of a picture, if there is one.

        Raises FileMissing, also for another user's file.
        """
        public = True
        if not (kind == "images" and name.startswith(PUBLIC_PREFIXES)):
            path = character_path(name.rpartition("-")[0])
            (document,) = self._db.get_all([path], select=["uid", "visibility"])
            if kind == "images":
                readable(document, uid or "", FileMissing)
                public = document.data.get("visibility") != Visibility.PRIVATE
            else:
                owned(document, uid or "", FileMissing)
                public = False
        path = f"{writes.FOLDERS[kind]}/{name}"
        if side is not None and kind == "images":
            with suppress(FileMissing):
                return Media(self._files().stat(smaller_path(path, side)), public)
        return Media(self._files().stat(path), public)

    def _with_stars(self, page: PageOf, uid: str) -> list[CharacterWithStar]:
        characters = [Character.of(document) for document in page.documents]
        # The count is exact (stars are counted in the commit that creates them), so a character
        # without stars needs no lookup.
        with_stars = [each.id for each in characters if each.starred]
        starred = writes.starred_among(self._db, with_stars, uid)
        return [CharacterWithStar(each, each.id in starred) for each in characters]
