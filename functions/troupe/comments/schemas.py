"""What the operations on comments take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from troupe.comments.records import (
    MOST_CHARACTERS,
    MOST_TAGS,
    Comment,
    CommentedKind,
    CommentKind,
)
from troupe.comments.service import CommentDraft
from troupe.web.schema import Id, Line, Page, Schema, Text, example

CommentText = Annotated[Text, Field(max_length=MOST_CHARACTERS)]
CommentTag = Annotated[Line, Field(max_length=40)]
CommentTags = Annotated[
    list[CommentTag],
    Field(max_length=MOST_TAGS),
    AfterValidator(lambda tags: list(dict.fromkeys(tags))),
]
Seconds = Annotated[float, Field(ge=0, le=10**6)]


class CreateComment(Schema):
    model_config = example(
        {
            "subjectKind": "call",
            "subjectId": "ID_OF_AN_ATTENDED_CALL",
            "text": "The router was restarted.",
            "kind": "resolution",
            "atSeconds": 312.5,
        }
    )

    subject_kind: CommentedKind
    subject_id: Id
    text: CommentText = Field(description="`content` is accepted, too.")
    parent_id: Id | None = Field(None, description="The comment that this one answers.")
    at_seconds: Seconds | None = Field(None, description="Where in the call, recording or script.")
    kind: CommentKind = CommentKind.GENERAL
    internal: bool | None = Field(
        None,
        description="Whether it is for the company alone, which is the default for its members.",
    )
    tags: CommentTags = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _synonyms(cls, sent: Any) -> Any:
        return _with_text(sent)

    def draft(self) -> CommentDraft:
        return CommentDraft(
            subject_kind=self.subject_kind,
            subject_id=self.subject_id,
            text=self.text,
            parent_id=self.parent_id,
            at_seconds=self.at_seconds,
            kind=self.kind,
            internal=self.internal,
            tags=tuple(self.tags),
        )


class UpdateComment(Schema):
    """Omitted fields stay unchanged."""

    model_config = example({"text": "The router was replaced.", "revision": 1})

    text: CommentText | None = None
    at_seconds: Seconds | None = Field(None, description="Null removes it.")
    kind: CommentKind | None = None
    tags: CommentTags | None = None
    revision: int | None = Field(
        None,
        ge=1,
        le=2**53,
        description="The revision that you have changed: 409 if it is no longer the current one.",
    )

    @model_validator(mode="before")
    @classmethod
    def _synonyms(cls, sent: Any) -> Any:
        return _with_text(sent)

    def changes(self) -> dict[str, Any]:
        """The given fields of a `Comment`."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"revision"}}
        return {
            name: each for name, each in given.items() if each is not None or name == "at_seconds"
        }


class CommentPath(Schema):
    comment_id: Id


class CommentsQuery(Page):
    subject_kind: CommentedKind
    subject_id: Id
    kind: CommentKind | None = None
    internal: bool | None = None
    search: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = Field(
        "",
        description="A part of the text or of a tag, among the newest 1,000 comments. Pages are by "
        "`page`.",
    )


class CommentView(Schema):
    id: str
    subject_kind: CommentedKind
    subject_id: str
    company_id: str | None = Field(description="Of a call, or of a review of a call or company.")
    parent_id: str | None
    user_id: str = Field(description="Empty if the account was deleted.")
    name: str
    guest: bool
    text: str = Field(description="Empty if the comment was deleted.")
    kind: CommentKind
    internal: bool = Field(description="Whether it is for the company alone.")
    tags: list[str]
    at_seconds: float | None
    revision: int = Field(description="1, and one more with every change.")
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    @classmethod
    def of(cls, comment: Comment) -> Self:
        hidden = {"uid", "request"}
        return cls(user_id=comment.uid, **comment.model_dump(exclude=hidden))


class CommentData(Schema):
    comment: CommentView

    @classmethod
    def of(cls, comment: Comment) -> Self:
        return cls(comment=CommentView.of(comment))


class CommentsData(Schema):
    comments: list[CommentView]


def _with_text(sent: Any) -> Any:
    """A body with its `text` under that name."""
    if isinstance(sent, dict) and "text" not in sent and "content" in sent:
        return sent | {"text": sent["content"]}
    return sent
