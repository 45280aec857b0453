"""Pronunciation dictionaries over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.errors import QuotaExceeded
from troupe.accounts.tiers import Kept
from troupe.dictionaries import schemas
from troupe.dictionaries.errors import DictionaryChanged, DictionaryNotFound
from troupe.errors import UnknownChoice
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Page

if TYPE_CHECKING:
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.dictionaries.records import DictionaryWithEntries
    from troupe.dictionaries.service import DictionaryService

api = Api("dictionaries", "Pronunciation dictionaries")
# 150,000 bytes of text, escaped as \uXXXX, and what is around them.
_BYTES = 1024 * 1024


@api.get("/api/voice/dictionaries", data=schemas.DictionaryList, errors=(BadCursor, PageTooDeep))
def list_dictionaries(query: Page, caller: Caller, dictionary_service: DictionaryService) -> Reply:
    """Lists your dictionaries without their entries, newest first."""
    page, found = dictionary_service.page(caller.uid, query)
    views = [schemas.DictionarySummary.of(each) for each in page]
    meta = query.meta(found.total, found.next_cursor)
    data = schemas.DictionaryList(dictionaries=views)
    return Reply(data, "Dictionaries fetched successfully", meta=meta)


@api.post(
    "/api/voice/dictionaries",
    status=201,
    data=schemas.DictionaryData,
    errors=(UnknownChoice, QuotaExceeded, *MODERATION_ERRORS),
    headers=("Location",),
    limit="dictionary",
    body_bytes=_BYTES,
)
def create_dictionary(
    body: schemas.CreateDictionary,
    caller: AccountCaller,
    dictionary_service: DictionaryService,
    quotas: Quotas,
) -> Reply:
    """Creates a dictionary: how to say terms of one language, in other words or in phonetic
    symbols. Name it in `POST /api/voice/generate`, or attach it to a character. At most 1,000
    entries and 150,000 bytes of text in UTF-8."""
    made = quotas.add(
        caller.user,
        Kept.DICTIONARIES,
        lambda: dictionary_service.create(
            caller.uid, body.name, body.language, schemas.rules_of(body.entries)
        ),
        lambda made: dictionary_service.delete(caller.uid, made.dictionary.id),
    )
    headers = {"Location": f"/api/voice/dictionaries/{made.dictionary.id}"}
    return _one(made, "Dictionary created successfully", headers)


@api.get(
    "/api/voice/dictionaries/<dictionaryId>",
    auth=Auth.OWNER,
    data=schemas.DictionaryData,
    errors=(DictionaryNotFound,),
)
def get_dictionary(
    path: schemas.DictionaryPath, caller: Caller, dictionary_service: DictionaryService
) -> Reply:
    """Returns a dictionary with its entries."""
    found = dictionary_service.get(caller.uid, path.dictionary_id)
    return _one(found, "Dictionary fetched successfully")


@api.put(
    "/api/voice/dictionaries/<dictionaryId>",
    auth=Auth.OWNER,
    data=schemas.DictionaryData,
    errors=(DictionaryNotFound, DictionaryChanged, *MODERATION_ERRORS),
    limit="dictionary",
    body_bytes=_BYTES,
)
def update_dictionary(
    path: schemas.DictionaryPath,
    body: schemas.UpdateDictionary,
    caller: Caller,
    dictionary_service: DictionaryService,
) -> Reply:
    """Replaces the name, all entries, or both. Other entries are a new version; the same ones keep
    it. Unfinished jobs go on with the version that they were started with."""
    changed = dictionary_service.update(
        caller.uid,
        path.dictionary_id,
        name=body.name,
        entries=None if body.entries is None else schemas.rules_of(body.entries),
        version=body.version,
    )
    return _one(changed, "Dictionary updated successfully")


@api.delete("/api/voice/dictionaries/<dictionaryId>", auth=Auth.OWNER, errors=(DictionaryNotFound,))
def delete_dictionary(
    path: schemas.DictionaryPath, caller: Caller, dictionary_service: DictionaryService
) -> Reply:
    """Deletes a dictionary with all its versions. Unfinished jobs that use it fail with
    `dictionary_missing`; characters that have it speak without it."""
    dictionary_service.delete(caller.uid, path.dictionary_id)
    return Reply(message="Dictionary deleted successfully")


def _one(
    found: DictionaryWithEntries, message: str, headers: dict[str, str] | None = None
) -> Reply:
    view = schemas.DictionaryView.with_entries(found)
    return Reply(schemas.DictionaryData(dictionary=view), message, headers=headers or {})
