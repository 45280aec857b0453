"""What request and response schemas are made of: the base class and the reusable field types."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
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

_MOST_WARNINGS = 20
_NAME_LENGTH = 64
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(?:\[\])?$")
MOST_ENTRIES = 100


class Schema(BaseModel):
    """camelCase outside, snake_case inside; requests may use either. Unknown fields are ignored.

    Validation errors of it never hold the input, which may be private. What a schema compiles to
    is built at its first use (pydantic does that under a lock): a cold start pays for the schemas
    of one operation, not of all.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,
        allow_inf_nan=False,
        defer_build=True,
        json_schema_serialization_defaults_required=True,  # an answer has all its fields
    )


def example(body: dict[str, Any]) -> ConfigDict:
    """The `model_config` of a body that the interactive docs begin with, as clients spell it."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class Headers(BaseModel):
    """Base of a `header` model: the field `idempotency_key` is the header `Idempotency-Key`."""

    model_config = ConfigDict(
        alias_generator=lambda name: name.replace("_", "-").title(),
        populate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,
    )


class KeyHeader(Headers):
    """The header of a paid POST: a repeat under the same key answers the same, and pays once."""

    idempotency_key: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")] | None = (
        Field(
            None,
            description="Made by the client, 1 to 255 printable ASCII characters. The same key "
            "and body get the same answer and are charged once.",
        )
    )


class Ignored(Schema):
    """A field of a request that nothing was done about."""

    field: str
    code: Literal["ignored"] = "ignored"
    message: str = "There is no such field here: it was ignored."


class WarnsOfUnknown(Schema):
    """Base of a body or form for which unknown fields are told in `warnings` of the answer: who
    pays for something learns which of the wishes was not heard. Names alone are told, never what
    was sent; a field that is empty is no wish."""

    _ignored: list[Ignored] = PrivateAttr(default_factory=list)

    @property
    def ignored(self) -> list[Ignored]:
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
            made._ignored = [
                Ignored(field=name[:_NAME_LENGTH]) for name in unknown[:_MOST_WARNINGS]
            ]
        return made


class Nothing(Schema):
    """The `data` of an operation that has nothing to tell."""


class Meta(Schema):
    """Where a page stands in its list."""

    # `success` leaves out what is None.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    total: int
    limit: int
    total_pages: int
    current_page: int
    next_cursor: str | None = Field(None, description="Absent on the last page.")


def _cut(limit: int) -> int:
    return min(limit, MOST_ENTRIES)


# How many entries to list. More than the most is no mistake of a client that wants all there is:
# `meta.limit` tells how many it gets.
Limit = Annotated[int, Field(ge=1), AfterValidator(_cut)]


def limit_of(default: int, description: str) -> Any:
    """The default and description of a `Limit`."""
    more = f"{description} More than {MOST_ENTRIES} is cut to it; `meta.limit` tells."
    return Field(default, description=more)


class Sized(Schema):
    """The query of a list whose answer has `meta`: at most so many entries, from the first on."""

    limit: Limit = limit_of(20, "Entries on a page.")

    def meta(self, total: int, next_cursor: str | None = None) -> Meta:
        return Meta(
            total=total,
            limit=self.limit,
            total_pages=-(-total // self.limit),
            current_page=1,
            next_cursor=next_cursor,
        )


class Page(Sized):
    """The query of a list that is walked page by page."""

    page: int = Field(1, ge=1, le=10_000, description="Counted from 1.")
    limit: Limit = limit_of(20, "Entries on a page.")
    cursor: str | None = Field(
        None, max_length=512, description="`meta.nextCursor` of the page before; for long walks."
    )

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit

    def meta(self, total: int, next_cursor: str | None = None) -> Meta:
        return super().meta(total, next_cursor).model_copy(update={"current_page": self.page})


def _one_line(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text):
        raise PydanticCustomError("control_characters", "must be one line of plain text")
    return text


def _many_lines(text: str) -> str:
    if any(unicodedata.category(c) == "Cc" and c not in "\t\n\r" for c in text):
        raise PydanticCustomError("control_characters", "must be plain text")
    return text


def _letter_and_digit(password: str) -> str:
    if not (re.search(r"[^\W\d_]", password) and re.search(r"\d", password)):
        raise PydanticCustomError("password_too_weak", "must hold a letter and a digit")
    return password


# One line of plain text: stripped, not empty, no NUL or other control characters.
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_one_line),
]
# Text of many lines: no control characters but tab and line ends. Add a `Field(max_length=...)`.
# `PlainText` may be empty.
PlainText = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_many_lines)]
Text = Annotated[PlainText, StringConstraints(min_length=1)]
# Firebase Auth keeps addresses in lower case and judges them finally; 254 is RFC 5321's limit.
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+\.[^\s@\x00-\x1f\x7f]+$",
    ),
    Field(json_schema_extra={"format": "email"}),
]
Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._]{3,30}$")]
Password = Annotated[
    str,
    StringConstraints(min_length=6, max_length=128),
    AfterValidator(_one_line),
    AfterValidator(_letter_and_digit),
]
# A document id as this API makes them (and Firebase uids); anything else is not found.
# The ids we make, and Firebase's; names like __this__ are Firestore's own and refused by it.
Id = Annotated[
    str, StringConstraints(pattern=r"^(?:[A-Za-z0-9-]|_[A-Za-z0-9-])[A-Za-z0-9_-]{0,127}$")
]
