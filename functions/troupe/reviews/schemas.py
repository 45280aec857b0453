"""What the operations on reviews take and answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.reviews.records import MOST_CHARACTERS, MOST_TAGS, Aspects, Review, ReviewedKind
from troupe.reviews.service import ReviewDraft, ReviewFilter
from troupe.reviews.statistics import Statistics
from troupe.web.schema import Id, Line, Meta, Page, PlainText, Schema, Text, example

Stars = Annotated[int, Field(ge=1, le=5)]
Title = Annotated[Line, Field(max_length=120)] | Literal[""]
ReviewText = Annotated[PlainText, Field(max_length=MOST_CHARACTERS)]
Tag = Annotated[Line, Field(max_length=40)]
Tags = Annotated[
    list[Tag],
    Field(max_length=MOST_TAGS),
    AfterValidator(lambda tags: list(dict.fromkeys(tags))),
]
# What the database can compare.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
]
# Fields of existing clients.
_TEXT = ("content", "comment")
_CALL = ("videoCallId", "video_call_id", "callId", "call_id")


class ReviewAspects(Schema):
    service: Stars | None = None
    host: Stars | None = None

    def record(self) -> Aspects:
        return Aspects(service=self.service, host=self.host)


class CreateReview(Schema):
    model_config = example(
        {
            "subjectKind": "call",
            "subjectId": "ID_OF_AN_ATTENDED_CALL",
            "ratings": {"service": 5, "host": 4},
            "text": "She knew at once what was wrong.",
            "solved": True,
        }
    )

    subject_kind: ReviewedKind
    subject_id: Id = Field(description="`callId` in place of both is accepted, too.")
    rating: Stars | None = Field(
        None, description="The mean of `ratings` by default; required without them."
    )
    ratings: ReviewAspects = Field(
        default_factory=ReviewAspects, description="What can be rated on its own."
    )
    title: Title = ""
    text: ReviewText = Field("", description="`content` is accepted, too.")
    solved: bool | None = Field(None, description="Whether the call solved the problem.")
    tags: Tags = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _synonyms(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        called = {"subjectId", "subject_id"}.isdisjoint(sent)
        named = next((sent[name] for name in _CALL if called and sent.get(name)), None)
        subject = {} if named is None else {"subjectKind": "call", "subjectId": named}
        return subject | with_text(sent)

    @model_validator(mode="after")
    def _rated(self) -> Self:
        if self._rating() is None:
            raise PydanticCustomError("rating", "`rating` or `ratings` is required")
        return self

    def _rating(self) -> int | None:
        return self.ratings.record().mean if self.rating is None else self.rating

    def draft(self) -> ReviewDraft:
        return ReviewDraft(
            kind=self.subject_kind,
            subject_id=self.subject_id,
            rating=self._rating() or 0,
            ratings=self.ratings.record(),
            title=self.title,
            text=self.text,
            solved=self.solved,
            tags=self.tags,
        )


class UpdateReview(Schema):
    """Omitted fields stay unchanged."""

    model_config = example({"rating": 4, "text": "She knew what was wrong.", "revision": 1})

    rating: Stars | None = Field(None, description="The mean of `ratings`, if these are sent.")
    ratings: ReviewAspects | None = Field(None, description="Replaces both.")
    title: Title | None = None
    text: ReviewText | None = None
    solved: bool | None = Field(None, description="Null takes the answer back.")
    tags: Tags | None = None
    revision: int | None = Field(
        None,
        ge=1,
        le=2**53,
        description="The revision that you have changed: 409 if it is no longer the current one.",
    )

    @model_validator(mode="before")
    @classmethod
    def _synonyms(cls, sent: Any) -> Any:
        return with_text(sent) if isinstance(sent, dict) else sent

    def changes(self) -> dict[str, Any]:
        """The given fields of a `Review`."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"revision"}}
        if self.ratings is not None:
            given["ratings"] = self.ratings.record()
        return {name: each for name, each in given.items() if each is not None or name == "solved"}


class RespondReview(Schema):
    model_config = example({"text": "Thank you! We are glad that we could help."})

    text: Annotated[Text, Field(max_length=MOST_CHARACTERS)]


class ReviewPath(Schema):
    review_id: Id


class ReviewStatistics(Schema):
    """Of all that the list finds, not only of this page."""

    average: float | None = Field(description="Two decimal places; null without reviews.")
    count: int
    by_rating: dict[str, int] = Field(description="How many have `1` to `5` stars.")

    @classmethod
    def of(cls, found: Statistics) -> Self:
        by_rating = {str(star): count for star, count in found.by_rating.items()}
        return cls(average=found.average, count=found.count, by_rating=by_rating)


class ReviewsMeta(Meta):
    statistics: ReviewStatistics


class ReviewsQuery(Page):
    meta_model: ClassVar[type[Meta]] = ReviewsMeta

    company_id: Id | None = Field(
        None, description="Needed without a subject if you belong to several companies."
    )
    subject_kind: ReviewedKind | None = None
    subject_id: Id | None = Field(None, description="Needs `subjectKind`.")
    mine: bool = Field(
        False, description="The reviews that you have written. Not with `subjectId`."
    )
    rating: Stars | None = None
    host_id: Id | None = None
    solved: bool | None = None
    since: Moment | None = Field(None, alias="from", description="When they were written.")
    until: Moment | None = Field(None, alias="to", description="Exclusive.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.subject_id is not None and self.subject_kind is None:
            raise PydanticCustomError("subject", "`subjectId` needs `subjectKind`")
        if self.mine and self.subject_id is not None:
            raise PydanticCustomError("subject", "`mine` and `subjectId` exclude each other")
        if self.since and self.until and self.since >= self.until:
            raise PydanticCustomError("order", "`to` must be after `from`")
        return self

    def filter(self) -> ReviewFilter:
        return ReviewFilter(
            kind=self.subject_kind,
            subject_id=self.subject_id,
            rating=self.rating,
            host_id=self.host_id,
            solved=self.solved,
            since=self.since,
            until=self.until,
        )


class ReviewAspectsView(Schema):
    service: int | None
    host: int | None


class ReviewResponseView(Schema):
    text: str
    by: str = Field(description="The id of the user; empty if the account was deleted.")
    at: datetime


class ReviewView(Schema):
    id: str
    subject_kind: ReviewedKind
    subject_id: str
    company_id: str | None = Field(description="Of a call or company.")
    host_id: str | None = Field(description="Of a call.")
    user_id: str = Field(description="Empty if the account was deleted, as are name and text.")
    name: str
    guest: bool
    rating: int
    ratings: ReviewAspectsView
    title: str
    text: str
    solved: bool | None
    tags: list[str]
    verified: bool = Field(
        description="Whether the author was in the call, or in one of the company."
    )
    response: ReviewResponseView | None = Field(description="The company's answer.")
    revision: int = Field(description="1, and one more with every change by the author.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, review: Review) -> Self:
        response = review.response
        return cls(
            id=review.id,
            subject_kind=review.subject_kind,
            subject_id=review.subject_id,
            company_id=review.company_id,
            host_id=review.host_uid,
            user_id=review.uid,
            name=review.name,
            guest=review.guest,
            rating=review.rating,
            ratings=ReviewAspectsView(**review.ratings.model_dump()),
            title=review.title,
            text=review.text,
            solved=review.solved,
            tags=review.tags,
            verified=review.verified,
            response=response and ReviewResponseView(**response.model_dump()),
            revision=review.revision,
            created_at=review.created_at,
            updated_at=review.updated_at,
        )


class ReviewData(Schema):
    review: ReviewView

    @classmethod
    def of(cls, review: Review) -> Self:
        return cls(review=ReviewView.of(review))


class ReviewsData(Schema):
    reviews: list[ReviewView]


def with_text(sent: dict[str, Any]) -> dict[str, Any]:
    """A body with its `text` under that name."""
    if "text" in sent:
        return sent
    named = next((sent[name] for name in _TEXT if name in sent), None)
    return sent if named is None else sent | {"text": named}
