"""The base classes and reusable field types of request and response schemas."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from troupe.text import EMAIL, MOST_EMAIL, belongs_in_line, is_visible, reorders

MOST_WARNINGS = 20
_NAME_LENGTH = 64
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(?:\[\])?$")
# The Unicode category Cc, without tabs and line breaks.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
MOST_ENTRIES = 100
# Whatever a phone may turn into a link: a scheme, "www.", or a domain.
_LINK = re.compile(r"://|\bwww\.|[^\W_]\.[^\W\d_]{2,}", re.IGNORECASE)


def _storable(at: datetime) -> datetime:
    """Refuses what Firestore, which keeps times in UTC, cannot store."""
    if not 1970 <= at.year < 9999:
        raise PydanticCustomError("date_out_of_range", "must be between the years 1970 and 9998")
    return at


Time = Annotated[AwareDatetime, AfterValidator(_storable)]


class Schema(BaseModel):
    """camelCase in JSON, snake_case in Python; requests may use either. Unknown fields are ignored.

    Validation errors never contain the input, which may be private. Validators are built on first
    use (pydantic does that under a lock), so a cold start pays for the schemas of one operation.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,
        allow_inf_nan=False,
        defer_build=True,
        json_schema_serialization_defaults_required=True,  # responses always have all fields
    )


def example(body: dict[str, Any]) -> ConfigDict:
    """A `model_config` with an example body for the interactive docs, in camelCase."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class Headers(BaseModel):
    """Base of `header` models: the field `idempotency_key` is the header `Idempotency-Key`."""

    model_config = ConfigDict(
        alias_generator=lambda name: name.replace("_", "-").title(),
        populate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,
        defer_build=True,
    )


class KeyHeader(Headers):
    """The header of a paid POST: repeats with the same key get the same response and one charge."""

    idempotency_key: (
        Annotated[str, StringConstraints(max_length=255, pattern=r"^[\x21-\x7e]{1,255}$")] | None
    ) = Field(
        None,
        description="Chosen by the client, 1 to 255 printable ASCII characters. A repeat with the "
        "same key and body gets the same response and is charged once.",
    )


class Notice(Schema):
    """Something of a request that has not the effect that its sender may expect: an unknown field
    (`ignored`), or a part of a text that is not read so."""

    field: str
    code: str = Field("ignored", description="A stable snake_case word.")
    message: str = "Unknown field, ignored."


class WarnsOfUnknown(Schema):
    """Base of a body or form whose unknown fields are reported in `warnings` of the response, so
    that a client that pays for something learns which fields had no effect. Only names are
    reported, never values; empty fields are not reported."""

    _ignored: list[Notice] = PrivateAttr(default_factory=list)

    @property
    def ignored(self) -> list[Notice]:
        return self._ignored

    @model_validator(mode="wrap")
    @classmethod
    def _note_unknown(cls, sent: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        made = validate(sent)
        if isinstance(sent, dict):
            known = {*cls.model_fields, *(field.alias for field in cls.model_fields.values())}
            unknown = [
                name
                for name, value in sent.items()
                if name not in known and value not in (None, "", [], {}) and _NAME.match(name)
            ]
            made._ignored = [Notice(field=name[:_NAME_LENGTH]) for name in unknown[:MOST_WARNINGS]]
        return made


class Nothing(Schema):
    """The `data` of an operation that returns none."""


class Meta(Schema):
    """The position of a page in its list."""

    # `success` omits None.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    total: int
    limit: int
    total_pages: int
    current_page: int
    next_cursor: str | None = Field(None, description="Absent on the last page.")


def _cut(limit: int) -> int:
    return min(limit, MOST_ENTRIES)


# The number of entries to list. Larger values are reduced to the maximum rather than rejected,
# because a client that wants everything sends one; `meta.limit` is the number used.
Limit = Annotated[int, Field(ge=1), AfterValidator(_cut)]


def limit_of(default: int, description: str, most: int = MOST_ENTRIES) -> Any:
    """The default and description of a `Limit`."""
    more = f"{description} Values above {most} count as {most}; see `meta.limit`."
    return Field(default, description=more)


class Sized(Schema):
    """The query of a list with `meta`, from its first entry. `meta_model`: the type of that, if it
    has more than the position."""

    meta_model: ClassVar[type[Meta]] = Meta

    limit: Limit = limit_of(20, "Entries per page.")

    def meta(self, total: int, next_cursor: str | None = None) -> Meta:
        return Meta(
            total=total,
            limit=self.limit,
            total_pages=-(-total // self.limit),
            current_page=1,
            next_cursor=next_cursor,
        )


class Page(Sized):
    """The query of a paged list."""

    page: int = Field(1, ge=1, le=10_000, description="Counted from 1.")
    limit: Limit = limit_of(20, "Entries per page.")
    cursor: str | None = Field(
        None, max_length=512, description="`meta.nextCursor` of the previous page; for long lists."
    )

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit

    def meta(self, total: int, next_cursor: str | None = None) -> Meta:
        return super().meta(total, next_cursor).model_copy(update={"current_page": self.page})


def _one_line(text: str) -> str:
    if not all(belongs_in_line(c) for c in text) or any(reorders(c) for c in text):
        raise PydanticCustomError("control_characters", "must be one line of plain text")
    return text


def without_links(text: str) -> str:
    """For the schemas of texts that are sent."""
    if _LINK.search(text):
        raise PydanticCustomError(
            "link", "must have no links; put a space after a full stop within the text"
        )
    return text


def _visible(text: str) -> str:
    if not is_visible(text):
        raise PydanticCustomError("invisible", "must contain something visible")
    return text


def _many_lines(text: str) -> str:
    if _CONTROLS.search(text):
        raise PydanticCustomError("control_characters", "must be plain text")
    return text


def _letter_and_digit(password: str) -> str:
    if not (re.search(r"[^\W\d_]", password) and re.search(r"\d", password)):
        raise PydanticCustomError("password_too_weak", "must contain a letter and a digit")
    return password


# One line of plain text: stripped, not empty, no NUL or other control characters, and none that
# reorder the text around them. Add `Field(max_length=...)` to `OneLine`, up to 2,000; `Line` has
# one, which a field can lower.
OneLine = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_one_line),
    AfterValidator(_visible),
]
Line = Annotated[OneLine, Field(max_length=200)]
# Multi-line text: no control characters except tabs and line breaks. Add `Field(max_length=...)`.
# `PlainText` may be empty.
PlainText = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_many_lines)]
Text = Annotated[PlainText, StringConstraints(min_length=1)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=MOST_EMAIL,
        pattern=EMAIL,
    ),
    AfterValidator(_one_line),
    Field(json_schema_extra={"format": "email"}),
]
Username = Annotated[str, StringConstraints(max_length=30, pattern=r"^[A-Za-z0-9._]{3,30}$")]
# `accounts.policy` adds the rules that settings change.
Password = Annotated[
    str,
    StringConstraints(min_length=6, max_length=128),
    AfterValidator(_one_line),
    AfterValidator(_letter_and_digit),
]
# A voice, or a blend of voices with their weights.
VoiceId = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+: -]*$"),
]
# Document ids of this API, and Firebase uids. Firestore reserves names like __this__.
Id = Annotated[
    str,
    StringConstraints(
        max_length=128, pattern=r"^(?:[A-Za-z0-9-]|_[A-Za-z0-9-])[A-Za-z0-9_-]{0,127}$"
    ),
]
