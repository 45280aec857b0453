"""Reviews: write, read, change, delete, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from troupe import logs
from troupe.access import company_admin, hosted, involved, manages, member_of, owned, readable
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import Create, Database, Delete, Document, Update, contend, now
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.caller import Caller
from troupe.calls.errors import CallNotFound
from troupe.calls.writes import call_path
from troupe.characters.errors import not_found
from troupe.characters.writes import character_path
from troupe.companies.roster import is_outside_admin
from troupe.ended_subjects import ended_path, ending_write
from troupe.errors import CompanyNotFound, Forbidden
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.reviews.errors import (
    AlreadyReviewed,
    ReviewBeingDeleted,
    ReviewChanged,
    ReviewNotFound,
)
from troupe.reviews.records import (
    COLLECTION,
    Aspects,
    Response,
    Review,
    ReviewedKind,
    subject_key,
)
from troupe.reviews.statistics import Statistics, Where, counted, of_subject
from troupe.reviews.subjects import may_read, reviewable
from troupe.reviews.writes import (
    changes_of,
    counted_paths,
    counting_writes,
    review_id_of,
    review_path,
)

_SWEPT_WITHIN = 300  # seconds; as often as the sweep runs


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """A review as it is sent. `rating`: None for the mean of `ratings`."""

    kind: ReviewedKind
    subject_id: str
    rating: int
    ratings: Aspects
    title: str
    text: str
    solved: bool | None
    tags: list[str]


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which reviews to list; None for all. `since` is inclusive, `until` is not."""

    kind: ReviewedKind | None = None
    subject_id: str | None = None
    rating: int | None = None
    host_id: str | None = None
    solved: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    reviews: list[Review]
    page: PageOf
    statistics: Statistics


class Reviews:
    def __init__(self, db: Database, moderation: Moderation) -> None:
        self._db = db
        self._moderation = moderation

    def create(self, caller: AccountCaller, draft: ReviewDraft) -> Review:
        """One for each author and subject.

        Raises the errors of `reviewable`, AlreadyReviewed, ReviewBeingDeleted, ContentRefused,
        ModerationUnavailable.
        """
        at = now()
        subject = reviewable(self._db, caller, draft.kind, draft.subject_id, at)
        review = Review(
            id=review_id_of(subject.kind, subject.id, caller.uid),
            subject_kind=subject.kind,
            subject_id=subject.id,
            company_id=subject.company_id,
            host_uid=subject.host_uid,
            uid=caller.uid,
            name=caller.user.public_name,
            guest=caller.guest,
            rating=draft.rating,
            ratings=draft.ratings,
            title=draft.title,
            text=draft.text,
            solved=draft.solved,
            tags=draft.tags,
            verified=subject.verified,
            created_at=at,
            updated_at=at,
        )
        path, ending = review_path(review.id), ended_path("review", review.id)
        before = self._read(path, ending)  # before moderation, which may cost money
        if before[path].exists:
            raise AlreadyReviewed(details={"reviewId": review.id})
        _require_erased(before[ending])
        self._moderation.check(caller.uid, draft.title, draft.text, *draft.tags)

        def attempt() -> Review:
            documents = self._read(path, ending, *counted_paths(review))
            if documents[path].exists:
                earlier = Review.of(documents[path])
                if earlier.created_at == at:
                    return earlier  # our own commit: its response was lost, so it was sent again
                raise AlreadyReviewed(details={"reviewId": review.id})
            _require_erased(documents[ending])
            if subject.kind is ReviewedKind.CALL and not documents[call_path(subject.id)].exists:
                raise CallNotFound  # erased meanwhile: nothing would erase the review
            self._db.commit_or_stale(
                Create(path, review.stored()),
                *counting_writes(review, changes_of(None, review), documents),
            )
            return review

        made = contend(attempt, on=_contended(review))
        log.info("review_created", reviewId=made.id, kind=made.subject_kind)
        return made

    def get(self, caller: Caller, review_id: str) -> Review:
        """Raises ReviewNotFound."""
        document = self._db.get(review_path(review_id))
        review = Review.of(document) if document.exists else None
        reads = review is not None and may_read(self._db, caller, review)
        involved(document, caller.uid, None if reads else ReviewNotFound)
        return Review.of(document)

    def page(
        self, caller: Caller, request: PageRequest, company_id: str | None, filter: ReviewFilter
    ) -> ReviewPage:
        """Newest first: of the subject that the filter names, else of a company, else the caller's
        own (`company_id` None).

        Raises the error of the subject that is not found, CompanyNotFound, and Forbidden for
        members of a company who do not manage it, but for the calls that they have hosted.
        """
        rest = _where(filter)
        if filter.kind is not None and filter.subject_id is not None:
            self._check_subject(caller, filter.kind, filter.subject_id)
            subject = subject_key(filter.kind, filter.subject_id)
            where = [("subject", "==", subject), *rest]
            if not rest:
                return self._found(request, where, of_subject(self._db, subject))
        else:
            where = [*_of_company(caller, company_id, filter.host_id), *rest]
            if filter.kind is not None:
                where.append(("subjectKind", "==", filter.kind))
        without_rating = [each for each in where if each[0] != "rating"]
        return self._found(request, where, counted(self._db, without_rating, filter.rating))

    def _found(self, request: PageRequest, where: Where, statistics: Statistics) -> ReviewPage:
        found = newest_first(self._db, COLLECTION, request, field="createdAt", where=where)
        return ReviewPage([Review.of(each) for each in found.documents], found, statistics)

    def _check_subject(self, caller: Caller, kind: ReviewedKind, subject_id: str) -> None:
        """Whether the caller reads all reviews of a subject."""
        if kind is ReviewedKind.CHARACTER:
            character = self._db.get(character_path(subject_id))
            readable(character, caller.uid, not_found(subject_id))
        elif kind is ReviewedKind.CALL:
            call = self._db.get(call_path(subject_id)).data
            hosted(call.get("companyId", ""), call.get("hostUid", ""), caller, CallNotFound)
        else:
            company_admin(subject_id, caller, CompanyNotFound)

    def update(
        self,
        caller: Caller,
        review_id: str,
        changes: Mapping[str, Any],
        revision: int | None,
    ) -> Review:
        """Changes the named fields of the caller's own review. A change that is already made is not
        made again. `revision`: the one that was changed, None for any.

        Raises ReviewNotFound, ReviewChanged, ContentRefused, ModerationUnavailable, and for guests
        the errors of `reviewable`.
        """
        path = review_path(review_id)
        review = self._own(caller, self._db.get(path))
        if caller.guest:
            reviewable(self._db, caller, review.subject_kind, review.subject_id, now())
        texts = [changes.get("title"), changes.get("text"), *changes.get("tags", ())]
        self._moderation.check(caller.uid, *texts)

        def attempt() -> Review:
            documents = self._read(path, *counted_paths(review))
            before = self._own(caller, documents[path])
            after = before.model_copy(update=dict(changes))
            if "ratings" in changes and "rating" not in changes:
                after = after.model_copy(update={"rating": after.ratings.mean or before.rating})
            if after == before:
                return before
            if revision not in (None, before.revision):
                raise ReviewChanged(details={"revision": before.revision})
            moved = {"revision": before.revision + 1, "updated_at": now()}
            after = after.model_copy(update=moved)
            self._db.commit_or_stale(
                Update(path, after.stored(), seen=documents[path]),
                *counting_writes(after, changes_of(before, after), documents),
            )
            return after

        return contend(attempt, on=_contended(review))

    def delete(self, caller: Caller, review_id: str) -> None:
        """The sweep deletes the comments on it. Raises ReviewNotFound."""
        path = review_path(review_id)
        review = self._own(caller, self._db.get(path))

        def attempt() -> None:
            documents = self._read(path, *counted_paths(review))
            if not documents[path].exists:
                return  # by our own commit, whose response was lost, or by the same request again
            before = self._own(caller, documents[path])
            self._db.commit_or_stale(
                Delete(path, seen=documents[path]),
                ending_write("review", review_id),
                *counting_writes(before, changes_of(before, None), documents),
            )

        contend(attempt, on=_contended(review))
        log.info("review_deleted", reviewId=review_id)

    def respond(self, caller: Caller, review_id: str, text: str) -> Review:
        """The company's answer, which replaces the one before. Raises ReviewNotFound, Forbidden,
        ContentRefused, ModerationUnavailable."""
        path = review_path(review_id)
        self._managed(caller, self._db.get(path))
        self._moderation.check(caller.uid, text)

        def attempt() -> Review:
            document = self._db.get(path)
            before = self._managed(caller, document)
            if before.response is not None and before.response.text == text:
                return before
            at = now()
            response = Response(text=text, by=caller.uid, at=at)
            after = before.model_copy(update={"response": response, "updated_at": at})
            fields = {"response": response.model_dump(by_alias=True), "updatedAt": at}
            entries = []
            if is_outside_admin(caller, before.company_id or ""):
                said = "" if before.response is None else before.response.text
                changed = ({"response": said}, {"response": text})
                entries = entry_writes(Actor.of(caller), "respondReview", path, *changed)
            self._db.commit_or_stale(Update(path, fields, seen=document), *entries)
            return after

        return contend(attempt)

    def _own(self, caller: Caller, document: Document) -> Review:
        """Raises ReviewNotFound."""
        logs.bind(reviewId=document.id)
        return Review.of(owned(document, caller.uid, ReviewNotFound))

    def _managed(self, caller: Caller, document: Document) -> Review:
        """Raises ReviewNotFound, Forbidden."""
        company_admin(document.data.get("companyId") or "", caller, ReviewNotFound)
        return Review.of(document)

    def _read(self, *paths: str) -> dict[str, Document]:
        return {each.path: each for each in self._db.get_all(paths)}


def _require_erased(ending: Document) -> None:
    """A review that replaces a deleted one has the same id, so it would have its comments. Raises
    ReviewBeingDeleted."""
    if ending.exists:
        left = int((ending.data["dueAt"] - now()).total_seconds())
        raise ReviewBeingDeleted(retry_after=max(0, left) + _SWEPT_WITHIN)


def _contended(review: Review) -> str | None:
    """What all reviews of a call change, which the commits name."""
    is_call = review.subject_kind is ReviewedKind.CALL
    return call_path(review.subject_id) if is_call else None


def _where(filter: ReviewFilter) -> list[tuple[str, str, Any]]:
    """All but the subject."""
    given = {"rating": filter.rating, "hostUid": filter.host_id, "solved": filter.solved}
    where: list[tuple[str, str, Any]] = [
        (name, "==", value) for name, value in given.items() if value is not None
    ]
    if filter.since is not None:
        where.append(("createdAt", ">=", filter.since))
    if filter.until is not None:
        where.append(("createdAt", "<", filter.until))
    return where


def _of_company(
    caller: Caller, company_id: str | None, host_id: str | None
) -> list[tuple[str, str, Any]]:
    """Raises CompanyNotFound, Forbidden."""
    if company_id is None:
        return [("uid", "==", caller.uid)]
    where = [("companyId", "==", company_id)]
    if manages(company_id, caller) or company_id not in caller.companies:
        company_admin(company_id, caller, CompanyNotFound)
    else:
        member_of(company_id, caller, CompanyNotFound)
        if host_id not in (None, caller.uid):
            raise Forbidden
        if host_id is None:
            where.append(("hostUid", "==", caller.uid))
    return where
