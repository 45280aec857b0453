"""The HTTP endpoints of characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.accounts.errors import QuotaExceeded
from troupe.accounts.tiers import Kept
from troupe.caller import Scope
from troupe.characters import schemas
from troupe.characters import view_schemas as views
from troupe.characters.errors import (
    CharacterHidden,
    CharacterNotFound,
    ConsentRequired,
    ConsentTooNarrow,
    FileTooLarge,
    GuestsPublishNothing,
    NotOwner,
    SampleMissing,
    TooManyImages,
    UnknownImage,
)
from troupe.characters.library import CharacterWithStar, StarState
from troupe.dictionaries.errors import DictionaryLanguage, DictionaryNotFound
from troupe.errors import FileMissing, Unauthorized, UnknownChoice
from troupe.idempotency import Asked, KeyReused
from troupe.media.uploads.checks import (
    BrokenAudio,
    BrokenImage,
    DecodersBusy,
    ImageTooLarge,
    SampleSilent,
    SampleTooLong,
    SampleTooShort,
    TooDemanding,
    UnsupportedFile,
)
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageOf, PageTooDeep
from troupe.web.addresses import client_address
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader, Page

if TYPE_CHECKING:
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.characters.library import CharacterLibrary
    from troupe.characters.service import Characters
    from troupe.characters.withdrawal import Withdrawals
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
    TooDemanding,
    DecodersBusy,
    TooManyImages,
    ConsentRequired,
    ConsentTooNarrow,
    GuestsPublishNothing,
    UnknownChoice,
    DictionaryNotFound,
    DictionaryLanguage,
    *MODERATION_ERRORS,
)
# The file behind a name never changes, but it may be deleted or become private, so that it has to
# disappear from caches.
_CACHED = "public, max-age=300"


@api.get(
    "/api/characters",
    scope=Scope.CHARACTERS_READ,
    data=views.CharactersData,
    errors=(BadCursor, PageTooDeep),
)
def list_characters(
    query: schemas.CharactersQuery,
    caller: AccountCaller,
    character_library: CharacterLibrary,
    settings: Settings,
) -> Reply:
    """Lists the public characters, newest or most starred first; can search by name. With
    `?starred=true`, lists those you have starred, most recently starred first."""
    if query.starred:
        listed = character_library.starred(caller.uid, query)
    else:
        listed = character_library.page(caller.uid, query, search=query.search, sort=query.sort)
    return _page(query, caller, settings, *listed)


@api.get(
    "/api/my-characters",
    scope=Scope.CHARACTERS_READ,
    data=views.CharactersData,
    errors=(BadCursor, PageTooDeep),
)
def list_my_characters(
    query: Page, caller: AccountCaller, character_library: CharacterLibrary, settings: Settings
) -> Reply:
    """Lists your own characters, newest first."""
    return _page(query, caller, settings, *character_library.mine(caller.uid, query))


@api.post(
    "/api/characters/complete",
    scope=Scope.CHARACTERS_WRITE,
    status=201,
    data=views.CharacterData,
    errors=(*_FILE_ERRORS, QuotaExceeded, KeyReused),
)
def create_character(
    header: KeyHeader,
    form: schemas.CreateCharacter,
    caller: AccountCaller,
    characters: Characters,
    quotas: Quotas,
    settings: Settings,
) -> Reply:
    """Creates a character from a voice sample and pictures. The sample is stored as mono WAV, with
    a quality report, and is for you alone; the pictures are stored without metadata."""
    key = header.idempotency_key
    asked = Asked.of(caller.uid, "createCharacter", form.hashed() if key else {}, key)
    if earlier := characters.earlier(caller.uid, asked):
        return _one(earlier, caller, settings, "Character created successfully")
    character = quotas.add(
        caller.user,
        Kept.CHARACTERS,
        lambda: characters.create(caller, form.command(client_address()), asked),
        lambda made: characters.delete(caller, made.character.id),
    )
    return _one(character, caller, settings, "Character created successfully")


@api.get(
    "/api/characters/<characterId>",
    scope=Scope.CHARACTERS_READ,
    data=views.CharacterData,
    errors=(CharacterNotFound,),
)
def get_character(
    path: schemas.CharacterPath,
    caller: AccountCaller,
    character_library: CharacterLibrary,
    settings: Settings,
) -> Reply:
    """Gets a character. Another user's private character looks as if it did not exist."""
    character = character_library.get(caller.uid, path.character_id)
    return _one(character, caller, settings, "Character fetched successfully")


@api.put(
    "/api/characters/<characterId>",
    scope=Scope.CHARACTERS_WRITE,
    auth=Auth.OWNER,
    data=views.CharacterData,
    errors=(
        CharacterNotFound,
        NotOwner,
        CharacterHidden,
        SampleMissing,
        UnknownImage,
        *_FILE_ERRORS,
    ),
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
    command = form.command(client_address())
    character = characters.update(caller, path.character_id, command)
    return _one(character, caller, settings, "Character updated successfully")


@api.delete(
    "/api/characters/<characterId>",
    scope=Scope.CHARACTERS_WRITE,
    auth=Auth.OWNER,
    data=views.DeletedData,
    errors=(CharacterNotFound, NotOwner),
)
def delete_character(
    path: schemas.CharacterPath, caller: AccountCaller, characters: Characters
) -> Reply:
    """Deletes a character with its files and stars. Scripts with the character stay readable."""
    deleted = characters.delete(caller, path.character_id)
    return Reply(
        views.DeletedData(deleted_files=deleted),
        f"Character '{path.character_id}' deleted successfully",
    )


@api.post(
    "/api/characters/<characterId>/consent/revoke",
    auth=Auth.OWNER,
    data=views.CharacterData,
    errors=(CharacterNotFound, NotOwner),
)
def revoke_consent(
    path: schemas.CharacterPath,
    caller: AccountCaller,
    withdrawals: Withdrawals,
    settings: Settings,
) -> Reply:
    """Revokes the consent to clone the voice of a character, which ends its use at once: the sample
    and its clones are deleted, others can no longer cast the character, and for you a stock voice
    speaks. Unfinished jobs that clone the voice fail with `reference_missing`; finished audio and
    video stay. Repeating it changes nothing."""
    character = withdrawals.revoke_consent(caller, path.character_id)
    return _one(character, caller, settings, "Consent revoked successfully")


@api.post("/api/characters/<characterId>/star", data=views.StarData, errors=(CharacterNotFound,))
def star_character(
    path: schemas.CharacterPath, caller: AccountCaller, character_library: CharacterLibrary
) -> Reply:
    """Stars a character; repeating it changes nothing."""
    star = character_library.star(caller.uid, path.character_id)
    return _star(path, star, "Character starred successfully")


@api.delete("/api/characters/<characterId>/star", data=views.StarData, errors=(CharacterNotFound,))
def unstar_character(
    path: schemas.CharacterPath, caller: AccountCaller, character_library: CharacterLibrary
) -> Reply:
    """Removes your star; repeating it changes nothing."""
    star = character_library.unstar(caller.uid, path.character_id)
    return _star(path, star, "Character unstarred successfully")


@api.get(
    "/api/static/<kind>/<name>",
    scope=Scope.CHARACTERS_READ,
    open_to_all_apps=True,
    auth=Auth.OPTIONAL,
    errors=(FileMissing, Unauthorized),
    produces=("audio/wav", "image/png", "image/jpeg", "image/webp"),
    media=True,
)
def get_character_media(
    path: schemas.MediaPath,
    caller: Caller | None,
    character_library: CharacterLibrary,
    files: Files,
) -> Response:
    """Downloads a picture of a character, a user or a company, or a voice sample; supports byte
    ranges. Samples and the pictures of private characters are for their owner."""
    if caller is None and path.kind == "audio_files":
        raise Unauthorized
    media = character_library.media(caller.uid if caller else None, path.kind, path.name)
    file = media.file
    response = file_response(
        files,
        file.path,
        size=file.size,
        content_type=file.content_type,
        filename=path.name,
    )
    if media.public and response.status_code in (200, 206, 304):
        response.headers["Cache-Control"] = _CACHED
    return response


def _one(entry: CharacterWithStar, caller: Caller, settings: Settings, message: str) -> Reply:
    return Reply(views.CharacterData(character=_view(entry, caller, settings)), message)


def _page(
    query: Page,
    caller: Caller,
    settings: Settings,
    characters: list[CharacterWithStar],
    page: PageOf,
) -> Reply:
    return Reply(
        views.CharactersData(characters=[_view(each, caller, settings) for each in characters]),
        "Characters fetched successfully",
        meta=query.meta(page.total, page.next_cursor),
    )


def _star(path: schemas.CharacterPath, star: StarState, message: str) -> Reply:
    data = views.StarData(
        character_id=path.character_id, starred=star.starred, is_starred=star.is_starred
    )
    return Reply(data, message)


def _view(entry: CharacterWithStar, caller: Caller, settings: Settings) -> views.CharacterView:
    return views.CharacterView.of(
        entry.character,
        uid=caller.uid,
        is_starred=entry.is_starred,
        engines=settings.speech_engines,
    )
