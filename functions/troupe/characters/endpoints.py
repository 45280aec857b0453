"""Characters over HTTP."""

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
    *(UnsupportedFile, FileTooLarge, BrokenAudio, SampleTooShort, SampleTooLong, SampleSilent),
    *(BrokenImage, ImageTooLarge, TooManyImages, ConsentRequired, UnknownChoice),
)
# A file never changes under its name. Caches may keep it for an hour and not for a year: a voice
# that its owner has deleted is to be gone from them too.
_CACHED = "public, max-age=3600, immutable"


@api.get("/api/characters", data=schemas.CharactersData, errors=(BadCursor, PageTooDeep))
def list_characters(
    query: schemas.CharactersQuery,
    caller: AccountCaller,
    characters: Characters,
    settings: Settings,
) -> Reply:
    """Everybody's characters: the newest or the most starred first, all or by name. With
    `?starred=true` those that you have starred, the last starred first."""
    if query.starred:
        return _page(query, caller, settings, *characters.starred(caller.uid, query))
    return _page(query, caller, settings, *characters.page(caller.uid, query))


@api.get("/api/my-characters", data=schemas.CharactersData, errors=(BadCursor, PageTooDeep))
def list_my_characters(
    query: Page, caller: AccountCaller, characters: Characters, settings: Settings
) -> Reply:
    """The characters that you made, newest first."""
    return _page(query, caller, settings, *characters.mine(caller.uid, query))


@api.post("/api/characters/complete", status=201, data=schemas.CharacterData, errors=_FILE_ERRORS)
def create_character(
    form: schemas.CreateCharacter, caller: AccountCaller, characters: Characters, settings: Settings
) -> Reply:
    """Makes a character of a voice sample and pictures. The sample is kept as mono WAV, with a
    report on its quality; the pictures are kept without metadata. All of it can be seen and heard
    by everybody."""
    shown = characters.create(caller, form)
    return _one(shown, caller, settings, "Character created successfully")


@api.get("/api/characters/<characterId>", data=schemas.CharacterData, errors=(CharacterNotFound,))
def get_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters, settings: Settings
) -> Reply:
    """A character."""
    shown = characters.get(caller.uid, path.character_id)
    return _one(shown, caller, settings, "Character fetched successfully")


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
    """Changes what the form names, and leaves the rest. A new sample needs a new consent; keys of
    images that are removed are not used again."""
    shown = characters.update(caller, path.character_id, form)
    return _one(shown, caller, settings, "Character updated successfully")


@api.delete(
    "/api/characters/<characterId>",
    auth=Auth.OWNER,
    data=schemas.DeletedData,
    errors=(CharacterNotFound, NotOwner),
)
def delete_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters
) -> Reply:
    """Deletes a character with its files and stars. Scripts that it speaks in stay readable."""
    deleted = characters.delete(caller, path.character_id)
    return Reply(
        schemas.DeletedData(deleted_files=deleted),
        f"Character '{path.character_id}' deleted successfully",
    )


@api.post("/api/characters/<characterId>/star", data=schemas.StarData, errors=(CharacterNotFound,))
def star_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters
) -> Reply:
    """Stars a character; a second time changes nothing."""
    starring = characters.star(caller.uid, path.character_id)
    return _star(path, starring, "Character starred successfully")


@api.delete(
    "/api/characters/<characterId>/star", data=schemas.StarData, errors=(CharacterNotFound,)
)
def unstar_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters
) -> Reply:
    """Takes the star back; a second time changes nothing."""
    starring = characters.unstar(caller.uid, path.character_id)
    return _star(path, starring, "Character unstarred successfully")


@api.get(
    "/api/static/<kind>/<name>",
    auth=Auth.PUBLIC,
    errors=(FileMissing,),
    produces=("audio/wav", "image/png", "image/jpeg", "image/webp"),
)
def get_character_media(path: schemas.MediaPath, characters: Characters, files: Files) -> Response:
    """A voice sample or a picture of a character; byte ranges are honoured."""
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


def _one(shown: CharacterWithStar, caller: Caller, settings: Settings, message: str) -> Reply:
    return Reply(schemas.CharacterData(character=_view(shown, caller, settings)), message)


def _page(
    query: Page,
    caller: Caller,
    settings: Settings,
    shown: list[CharacterWithStar],
    found: PageOf,
) -> Reply:
    return Reply(
        schemas.CharactersData(characters=[_view(each, caller, settings) for each in shown]),
        "Characters fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


def _star(path: schemas.CharacterPath, starring: StarState, message: str) -> Reply:
    data = schemas.StarData(
        character_id=path.character_id, starred=starring.starred, is_starred=starring.is_starred
    )
    return Reply(data, message)


def _view(shown: CharacterWithStar, caller: Caller, settings: Settings) -> schemas.CharacterView:
    return schemas.CharacterView.of(
        shown.character,
        uid=caller.uid,
        is_starred=shown.is_starred,
        engine=settings.speech_engine,
    )
