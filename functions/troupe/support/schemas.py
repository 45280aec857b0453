"""Requests and responses of the support function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints

from troupe.support.errors import State
from troupe.support.records import Contact, ContactStatus, Faq, FaqCategory
from troupe.web.schema import (
    Email,
    Limit,
    Line,
    OneLine,
    Page,
    Schema,
    Text,
    example,
    limit_of,
)

if TYPE_CHECKING:
    from troupe.support.health import Check
    from troupe.support.service import Demo

Question = Annotated[OneLine, Field(max_length=500)]
Answer = Annotated[Text, Field(max_length=10_000)]


class CheckView(Schema):
    state: State
    latency_ms: float


class HealthData(Schema):
    status: State
    checks: dict[str, CheckView]

    @classmethod
    def of(cls, checks: Mapping[str, Check]) -> Self:
        views = {name: CheckView(**asdict(check)) for name, check in checks.items()}
        return cls(status="ok", checks=views)


class AssetPath(Schema):
    name: Literal["swagger-ui.css", "swagger-ui-bundle.js", "swagger.svg"]


class ContactBody(Schema):
    model_config = example(
        {
            "name": "Grace",
            "email": "grace@example.com",
            "subject": "A question",
            "message": "Can you make videos too?",
        }
    )

    name: Annotated[Line, Field(max_length=100)]
    email: Email
    subject: Line
    message: Annotated[Text, Field(max_length=5000)]
    website: Annotated[str, StringConstraints(max_length=2000)] = Field(
        "", description="Hidden from people to detect bots: leave it empty."
    )


class ContactView(Schema):
    id: str
    name: str
    email: str
    subject: str
    message: str
    status: ContactStatus
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, contact: Contact) -> Self:
        return cls(**contact.model_dump())


class MediaLinkBody(Schema):
    model_config = example({"path": "/api/voice/generations/ID_OF_A_GENERATION/audio"})

    path: Annotated[str, StringConstraints(max_length=2000)] = Field(
        description="The URL of a file as this API returned it, with or without a token."
    )


class MediaLinkData(Schema):
    url: str = Field(description="The path with its query and a token.")
    expires_at: datetime


class FaqView(Schema):
    id: str
    underscore_id: str = Field(alias="_id", description="The same as `id`.")
    category: FaqCategory
    question: str
    answer: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, faq: Faq) -> Self:
        return cls(**faq.model_dump(), underscore_id=faq.id)


class FaqQuery(Page):
    limit: Limit = limit_of(100, "Entries per page.")
    category: FaqCategory | None = None


class FaqList(Schema):
    faqs: list[FaqView]


class DemoUseView(Schema):
    """One use of tokens, and what is left after it."""

    action: str
    characters: int | None = Field(description="Length of the text; null for a video.")
    tokens: int
    remaining_tokens: int


class DemoView(Schema):
    """What a new account's tokens pay for at current prices."""

    total_tokens: int
    used_tokens: int
    remaining_tokens: int
    usage_percentage: float
    characters_per_token: int
    tokens_per_video: int
    usage: list[DemoUseView]


class DemoData(Schema):
    demo: DemoView

    @classmethod
    def of(cls, demo: Demo) -> Self:
        return cls(demo=DemoView(**asdict(demo)))
