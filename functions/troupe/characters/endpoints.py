"""The HTTP endpoints of characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.characters import schemas
from troupe.characters.errors import (
    CharacterNotFound,
    ConsentRequired,
    FileTooLarge,
    NotOwner,
    TooManyImages,
    UnknownImage,
)
from troupe.characters.service import CharacterWithStar, StarState
from troupe.errors import FileMissing, UnknownChoice
from troupe.media.uploads.checks import (
    BrokenAudio,
    BrokenImage,
    ImageTooLarge,
    SampleSilent,
    SampleTooLong,
    SampleTooShort,
    UnsupportedFile,
)
from troupe.paging import BadCursor, PageOf, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Page

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.characters.service import Characters
    from troupe.settings import Settings

api = Api("characters", "Characters")

_FILE_ERRORS = (
    UnsupportedFile,
    FileTooLarge,
    BrokenAudio,
    SampleTooShort,
    SampleTooLong,
    SampleSilent,
    BrokenImage,
    ImageTooLarge,
    TooManyImages,
    ConsentRequired,
    UnknownChoice,
)
# The file behind a name never changes. Cached for an hour rather than a year, so that a deleted
# voice also disappears from caches.
_CACHED = "public, max-age=3600, immutable"


@api.get("/api/characters", data=schemas.CharactersData, errors=(BadCursor, PageTooDeep))
def list_characters(
    query: schemas.CharactersQuery,
    caller: AccountCaller,
    characters: Characters,
    settings: Settings,
) -> Reply:
    """Lists everyone's characters, newest or most starred first; can search by name. With
    `?starred=true`, lists the characters you have starred, most recently starred first."""
    if query.starred:
        listed = characters.starred(caller.uid, query)
    else:
        listed = characters.page(caller.uid, query, search=query.search, sort=query.sort)
    return _page(query, caller, settings, *listed)


@api.get("/api/my-characters", data=schemas.CharactersData, errors=(BadCursor, PageTooDeep))
def list_my_characters(
    query: Page, caller: AccountCaller, characters: Characters, settings: Settings
) -> Reply:
    """Lists your own characters, newest first."""
    return _page(query, caller, settings, *characters.mine(caller.uid, query))


@api.post("/api/characters/complete", status=201, data=schemas.CharacterData, errors=_FILE_ERRORS)
def create_character(
    form: schemas.CreateCharacter, caller: AccountCaller, characters: Characters, settings: Settings
) -> Reply:
    """Creates a character from a voice sample and pictures. The sample is stored as mono WAV, with
    a quality report; the pictures are stored without metadata. Everything is public."""
    character = characters.create(caller, form.command())
    return _one(character, caller, settings, "Character created successfully")


@api.get("/api/characters/<characterId>", data=schemas.CharacterData, errors=(CharacterNotFound,))
def get_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters, settings: Settings
) -> Reply:
    """Gets a character."""
    character = characters.get(caller.uid, path.character_id)
    return _one(character, caller, settings, "Character fetched successfully")


@api.put(
    "/api/characters/<characterId>",
    auth=Auth.OWNER,
    data=schemas.CharacterData,
    errors=(CharacterNotFound, NotOwner, UnknownImage, *_FILE_ERRORS),
)
def update_character(
    path: schemas.CharacterPath,
    form: schemas.UpdateCharacter,
    caller: AccountCaller,
    characters: Characters,
    settings: Settings,
) -> Reply:
    """Updates a character; fields that you omit stay unchanged. A new sample needs a new consent;
    the keys of removed images are never reused."""
    character = characters.update(caller, path.character_id, form.command())
    return _one(character, caller, settings, "Character updated successfully")


@api.delete(
    "/api/characters/<characterId>",
    auth=Auth.OWNER,
    data=schemas.DeletedData,
    errors=(CharacterNotFound, NotOwner),
)
def delete_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters
) -> Reply:
    """Deletes a character with its files and stars. Scripts with the character stay readable."""
    deleted = characters.delete(caller, path.character_id)
    return Reply(
        schemas.DeletedData(deleted_files=deleted),
        f"Character '{path.character_id}' deleted successfully",
    )


@api.post("/api/characters/<characterId>/star", data=schemas.StarData, errors=(CharacterNotFound,))
def star_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters
) -> Reply:
    """Stars a character; repeating it changes nothing."""
    star = characters.star(caller.uid, path.character_id)
    return _star(path, star, "Character starred successfully")


@api.delete(
    "/api/characters/<characterId>/star", data=schemas.StarData, errors=(CharacterNotFound,)
)
def unstar_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters
) -> Reply:
    """Removes your star; repeating it changes nothing."""
    star = characters.unstar(caller.uid, path.character_id)
    return _star(path, star, "Character unstarred successfully")


@api.get(
    "/api/static/<kind>/<name>",
    open_to_all_apps=True,
    auth=Auth.PUBLIC,
    errors=(FileMissing,),
    produces=("audio/wav", "image/png", "image/jpeg", "image/webp"),
)
def get_character_media(path: schemas.MediaPath, characters: Characters, files: Files) -> Response:
    """Downloads a character's voice sample or picture; supports byte ranges."""
    file = characters.media(path.kind, path.name)
    response = file_response(
        files,
        file.path,
        size=file.size,
        content_type=file.content_type,
        filename=path.name,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.status_code in (200, 206, 304):
        response.headers["Cache-Control"] = _CACHED
    return response


def _one(entry: CharacterWithStar, caller: Caller, settings: Settings, message: str) -> Reply:
    return Reply(schemas.CharacterData(character=_view(entry, caller, settings)), message)


def _page(
    query: Page,
    caller: Caller,
    settings: Settings,
    characters: list[CharacterWithStar],
    page: PageOf,
) -> Reply:
    return Reply(
        schemas.CharactersData(characters=[_view(each, caller, settings) for each in characters]),
        "Characters fetched successfully",
        meta=query.meta(page.total, page.next_cursor),
    )


def _star(path: schemas.CharacterPath, star: StarState, message: str) -> Reply:
    data = schemas.StarData(
        character_id=path.character_id, starred=star.starred, is_starred=star.is_starred
    )
    return Reply(data, message)


def _view(entry: CharacterWithStar, caller: Caller, settings: Settings) -> schemas.CharacterView:
    return schemas.CharacterView.of(
        entry.character,
        uid=caller.uid,
        is_starred=entry.is_starred,
        engine=settings.speech_engine,
    )
