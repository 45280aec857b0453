"""Paging by page number, or by cursor for long lists. Reads are bounded."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from troupe.adapters.firestore import Database, Document
from troupe.errors import Unprocessable

# Firestore bills the documents that an offset skips. Use cursors beyond this.
DEEPEST_OFFSET = 10_000
_ID = re.compile(r"(?!__)[A-Za-z0-9_-]{1,128}")
_PATH = re.compile(rf"{_ID.pattern}/{_ID.pattern}(?:/{_ID.pattern}/{_ID.pattern})*")


class BadCursor(Unprocessable):
    code = "invalid_cursor"
    message = (
        "This cursor does not belong to this list. Use `meta.nextCursor` of the previous page."
    )


class PageTooDeep(Unprocessable):
    code = "page_too_deep"
    message = (
        f"Page numbers reach only the first {DEEPEST_OFFSET} items. Use `cursor` to go further."
    )


class PageRequest(Protocol):
    """The fields of `troupe.web.schema.Page`."""

    page: int  # counted from 1
    limit: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PageOf:
    """One page of documents. `total` counts the whole list; `next_cursor` is None on the last
    page."""

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
    """A page of `collection`, newest first by the time in `field`; one query and one count."""
    return ordered_page(
        db, collection, request, field=field, kind=datetime, where=where, select=select
    )


def ordered_page(
    db: Database,
    collection: str,
    request: PageRequest,
    *,
    field: str,
    kind: type[datetime] | type[int] | type[str],
    descending: bool = True,
    where: Sequence[tuple[str, str, Any]] = (),
    select: Sequence[str] | None = None,
    group: bool = False,
) -> PageOf:
    """A page of `collection`, ordered by `field`, with values of type `kind`, and then by id.
    `group`: of all collections with that name, at any level, and then by path.

    One query and one count, in parallel. A cursor is valid only for the same collection, order and
    `where`. Raises BadCursor, PageTooDeep.
    """
    tag = _tag(collection, field, descending, where)
    offset, after = 0, None
    if request.cursor is not None:
        after = _read_cursor(tag, kind, request.cursor, _PATH if group else _ID)
    else:
        offset = (request.page - 1) * request.limit
        if offset > DEEPEST_OFFSET:
            raise PageTooDeep
    counted = db.begin_count(collection, where=where, group=group)
    found = db.find(
        collection,
        where=where,
        order=[(field, descending), ("__name__", descending)],
        limit=request.limit + 1,
        offset=offset,
        after=after,
        select=select,
        group=group,
    )
    page = found[: request.limit]
    more = len(found) > request.limit
    return PageOf(
        documents=page,
        total=counted(),
        next_cursor=_cursor(tag, field, page[-1], page[-1].path if group else page[-1].id)
        if more
        else None,
    )


def _tag(collection: str, *order: Any) -> str:
    """Identifies a list and its order."""
    listed = json.dumps([collection, *order], default=str)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


def _cursor(tag: str, field: str, last: Document, name: str) -> str:
    value = last.data[field]
    if isinstance(value, datetime):
        value = value.isoformat()
    packed = json.dumps([tag, value, name], ensure_ascii=False)
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _read_cursor(tag: str, kind: type[Any], cursor: str, names: re.Pattern[str]) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        its_tag, value, name = json.loads(raw)
        if kind is datetime:
            value = datetime.fromisoformat(value)
        if (
            its_tag != tag
            or not names.fullmatch(name)
            or type(value) is not kind
            or not _storable(value)
        ):
            raise BadCursor
        return [value, name]
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor from error


def _storable(value: Any) -> bool:
    """Whether Firestore can store the value; otherwise the query would fail."""
    if isinstance(value, datetime):
        return value.tzinfo is not None and 1970 <= value.year < 9999
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    value.encode()  # a lone surrogate is a ValueError
    return True
