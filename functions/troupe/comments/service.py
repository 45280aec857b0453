"""Comments: write, read, change, delete.

What is internal is left out of queries, so that neither lists nor their totals tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troupe import logs
from troupe.access import involved, keeper, owned
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Document,
    Update,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.comments.errors import (
    CommentChanged,
    CommentNotFound,
    InternalForCompany,
    ParentIsInternal,
)
from troupe.comments.places import Place, existing, place
from troupe.comments.records import (
    COLLECTION,
    Comment,
    CommentedKind,
    CommentKind,
    comment_path,
    subject_key,
)
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.reviews.errors import GuestTooLate
from troupe.text import name_key

# Of one subject, which a search looks at: the newest.
MOST_SEARCHED = 1000


@dataclass(frozen=True, slots=True)
class CommentDraft:
    """A comment as it is sent. `internal`: None for what is usual."""

    subject_kind: CommentedKind
    subject_id: str
    text: str
    parent_id: str | None = None
    at_seconds: float | None = None
    kind: CommentKind = CommentKind.GENERAL
    internal: bool | None = None
    tags: tuple[str, ...] = ()


class Comments:
    def __init__(self, db: Database, moderation: Moderation) -> None:
        self._db = db
        self._moderation = moderation

    def create(self, caller: AccountCaller, draft: CommentDraft, key: str | None) -> Comment:
        """A company's people write internal comments unless they say otherwise.

        Raises the error of a subject that is not for the caller, CommentNotFound for a parent,
        InternalForCompany, ParentIsInternal, GuestTooLate, KeyReused, ContentRefused,
        ModerationUnavailable.
        """
        here = self._place(caller, draft.subject_kind, draft.subject_id)
        comment_id = keyed_id(caller.uid, key)
        path = comment_path(comment_id)
        asked = None
        if key is not None:
            given = {name: getattr(draft, name) for name in CommentDraft.__slots__}
            asked = request_hash("createComment", given)
            # Before the parent is read, which may have been deleted since, and before moderation,
            # which may cost money.
            if (stored := self._db.get(path)).exists:
                return _repeated(stored, asked)
        if here.late:
            raise GuestTooLate
        internal = self._is_internal(here, draft)
        self._moderation.check(caller.uid, draft.text, *draft.tags)
        at = now()
        comment = Comment(
            id=comment_id,
            subject_kind=draft.subject_kind,
            subject_id=draft.subject_id,
            company_id=here.company_id,
            parent_id=draft.parent_id,
            uid=caller.uid,
            name=caller.user.public_name,
            guest=caller.guest,
            text=draft.text,
            kind=draft.kind,
            internal=internal,
            tags=list(draft.tags),
            at_seconds=draft.at_seconds,
            request=asked,
            created_at=at,
            updated_at=at,
        )
        try:
            self._db.commit(Create(path, comment.stored()))
        except AlreadyExists:  # the same request, or our own commit, whose response was lost
            return _repeated(self._db.get(path), asked)
        log.info("comment_created", commentId=comment_id, kind=draft.subject_kind)
        return comment

    def _is_internal(self, here: Place, draft: CommentDraft) -> bool:
        """Raises CommentNotFound, InternalForCompany, ParentIsInternal."""
        internal = here.inside if draft.internal is None else draft.internal
        if draft.parent_id is not None:
            parent = existing(self._db.get(comment_path(draft.parent_id)))
            if parent.subject != subject_key(here.kind, here.id) or not here.shows(parent):
                raise CommentNotFound
            if parent.internal and not internal:
                raise ParentIsInternal
        if internal and not here.inside:
            raise InternalForCompany
        return internal

    def page(
        self,
        caller: Caller,
        request: PageRequest,
        subject_kind: CommentedKind,
        subject_id: str,
        *,
        kind: CommentKind | None = None,
        internal: bool | None = None,
        search: str = "",
    ) -> tuple[list[Comment], PageOf]:
        """Newest first, with those that were deleted, which are empty. `search`: a part of the text
        or of a tag. Raises the error of a subject that is not for the caller."""
        here = self._place(caller, subject_kind, subject_id)
        if not here.inside and internal:
            return [], PageOf([], 0, None)
        where: list[tuple[str, str, Any]] = [("subject", "==", subject_key(here.kind, here.id))]
        if not here.inside or internal is not None:
            where.append(("internal", "==", bool(internal)))
        if kind is not None:
            where.append(("kind", "==", kind))
        if search:
            return self._search(request, where, search)
        found = newest_first(self._db, COLLECTION, request, field="createdAt", where=where)
        return [Comment.of(each) for each in found.documents], found

    def _search(
        self, request: PageRequest, where: list[tuple[str, str, Any]], search: str
    ) -> tuple[list[Comment], PageOf]:
        """Reads the comments of the subject: an index of the parts of all words would be larger
        than they are."""
        order = [("createdAt", True), ("__name__", True)]
        read = self._db.find(COLLECTION, where=where, order=order, limit=MOST_SEARCHED)
        sought = name_key(search)
        found = [each for each in map(Comment.of, read) if _has(each, sought)]
        start = (request.page - 1) * request.limit
        return found[start : start + request.limit], PageOf([], len(found), None)

    def get(self, caller: Caller, comment_id: str) -> Comment:
        """Raises CommentNotFound."""
        document = self._db.get(comment_path(comment_id))
        shown = self._shown(caller, document)
        involved(document, caller.uid, None if shown else CommentNotFound)
        return existing(document)

    def update(
        self, caller: Caller, comment_id: str, changes: Mapping[str, Any], revision: int | None
    ) -> Comment:
        """Changes the named fields of the caller's own comment. A change that is already made is
        not made again. `revision`: the one that was changed, None for any.

        Raises CommentNotFound, GuestTooLate, CommentChanged, ContentRefused, ModerationUnavailable.
        """
        path = comment_path(comment_id)
        self._own(caller, self._db.get(path))
        texts = [changes.get("text"), *changes.get("tags", ())]
        self._moderation.check(caller.uid, *texts)

        def attempt() -> Comment:
            document = self._db.get(path)
            before = self._own(caller, document)
            after = before.model_copy(update=dict(changes))
            if after == before:
                return before
            if revision not in (None, before.revision):
                raise CommentChanged(details={"revision": before.revision})
            moved = {"revision": before.revision + 1, "updated_at": now()}
            after = after.model_copy(update=moved)
            self._db.commit_or_stale(Update(path, after.stored(), seen=document))
            return after

        return contend(attempt)

    def delete(self, caller: Caller, comment_id: str) -> None:
        """Empties a comment, whose place stays; for its author, and for the company's managers.
        Raises CommentNotFound."""
        path, emptied = comment_path(comment_id), emptied_fields()

        def attempt() -> None:
            document = self._db.get(path)
            keeper(document, caller.uid, None if self._keeps(caller, document) else CommentNotFound)
            if document.data.get("deletedAt") == emptied["deletedAt"]:
                return  # our own commit: its response was lost, so it was sent again
            existing(document)
            self._db.commit_or_stale(Update(path, emptied, seen=document))

        contend(attempt)
        log.info("comment_deleted", commentId=comment_id)

    def _place(self, caller: Caller, kind: CommentedKind, subject_id: str) -> Place:
        """Where the caller reads and writes, and the check that they may. Raises the
        error of a subject that is not for the caller."""
        here = place(self._db, caller, kind, subject_id)
        involved(here.document, caller.uid, None if here.admitted else here.missing)
        return here

    def _there(self, caller: Caller, comment: Comment) -> Place:
        return place(self._db, caller, comment.subject_kind, comment.subject_id)

    def _shown(self, caller: Caller, document: Document) -> bool:
        if not document.exists:
            return False
        comment = Comment.of(document)
        return self._there(caller, comment).shows(comment)

    def _own(self, caller: Caller, document: Document) -> Comment:
        """The caller's own comment, where they may still write. Raises CommentNotFound, also for
        who has left the company and has written internally. Raises GuestTooLate."""
        logs.bind(commentId=document.id)
        comment = existing(owned(document, caller.uid, CommentNotFound))
        here = self._there(caller, comment)
        if not here.shows(comment):
            raise CommentNotFound
        if here.late:
            raise GuestTooLate
        return comment

    def _keeps(self, caller: Caller, document: Document) -> bool:
        """Whether the caller may delete a comment."""
        if not document.exists:
            return False
        comment = Comment.of(document)
        mine = comment.uid == caller.uid
        if mine and not comment.internal:
            return True  # also where they no longer read
        here = self._there(caller, comment)
        return here.manages or (mine and here.shows(comment))


def emptied_fields() -> dict[str, Any]:
    """Of a comment that is deleted now."""
    at = now()
    gone: dict[str, Any] = {"text": "", "tags": [], "starts": [], "request": None}
    return gone | {"deletedAt": at, "updatedAt": at}


def _has(comment: Comment, sought: str) -> bool:
    return any(sought in name_key(each) for each in (comment.text, *comment.tags))


def _repeated(stored: Document, asked: str | None) -> Comment:
    """Raises KeyReused."""
    comment = Comment.of(stored)
    if comment.request not in (None, asked):  # none of what was deleted
        raise KeyReused
    return comment
