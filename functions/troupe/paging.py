"""Pages of a listing: by number for people, by cursor for long walks. Reads are bounded."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from troupe.adapters.firestore import Database, Document
from troupe.errors import Unprocessable

# Firestore bills the documents that an offset skips: beyond this, a cursor is the way.
DEEPEST_OFFSET = 10_000


class BadCursor(Unprocessable):
    code = "invalid_cursor"
    message = "This cursor is not one of this list. Use `meta.nextCursor` of the page before."


class PageTooDeep(Unprocessable):
    code = "page_too_deep"
    message = f"Pages reach {DEEPEST_OFFSET} items deep; walk further with `cursor`."


class PageRequest(Protocol):
    """What `troupe.web.schema.Page` brings from the query."""

    page: int  # counted from 1
    limit: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PageOf:
    """One page of documents; `total` counts the whole list, `next_cursor` is None at its end."""

    documents: list[Document]
    total: int
    next_cursor: str | None


def newest_first(
    db: Database,
    collection: str,
    request: PageRequest,
    *,
    field: str,
    where: Sequence[tuple[str, str, Any]] = (),
    select: Sequence[str] | None = None,
) -> PageOf:
    """A page of `collection`, ordered by the time in `field`; one query and one count."""
    offset, after = 0, None
    if request.cursor is not None:
        after = _read_cursor(collection, field, request.cursor)
    else:
        offset = (request.page - 1) * request.limit
        if offset > DEEPEST_OFFSET:
            raise PageTooDeep
    found = db.find(
        collection,
        where=where,
        order=[(field, True), ("__name__", True)],
        limit=request.limit + 1,
        offset=offset,
        after=after,
        select=select,
    )
    page = found[: request.limit]
    more = len(found) > request.limit
    return PageOf(
        documents=page,
        total=db.count(collection, where=where),
        next_cursor=_cursor(collection, field, page[-1]) if more else None,
    )


def _cursor(collection: str, field: str, last: Document) -> str:
    value = json.dumps([collection, field, last.data[field].isoformat(), last.id])
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def _read_cursor(collection: str, field: str, cursor: str) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        its_collection, its_field, at, name = json.loads(raw)
        time = datetime.fromisoformat(at)
        if (
            (its_collection, its_field) != (collection, field)
            or not re.fullmatch(r"(?!__)[A-Za-z0-9_-]{1,128}", name)
            or time.tzinfo is None
            or not 1970 <= time.year < 9999
        ):
            raise BadCursor
        return [time, name]
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor from error
