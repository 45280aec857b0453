"""What the operations on translations and glossaries of rooms take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.rooms.records import MOST_TRANSLATIONS, Term, TranslationState
from troupe.translation.fields import MAX_TERM, MAX_TERMS, Style, Target
from troupe.translation.fields import Term as Words
from troupe.translation.languages import CODE
from troupe.web.schema import OneLine, Schema, WarnsOfUnknown, example

_MOST_TERMS = 200
# A document with these is under 1 MiB in any script; a pattern of the terms is as large as one of
# the largest glossary of a translation.
_MOST_CHARACTERS = 40_000
_MOST_SOURCE_CHARACTERS = MAX_TERMS * MAX_TERM


def _is_code(code: str) -> str:
    if not CODE.fullmatch(code):
        raise PydanticCustomError("language", "must be the code of a language, such as `pt-BR`")
    return code


# Not Code, whose pattern would make a map of patterns in the JSON Schema, without a type of values.
Key = Annotated[OneLine, Field(max_length=35), AfterValidator(_is_code)]


class RequestTranslation(WarnsOfUnknown):
    model_config = example({"targetLanguage": "pt-BR"})

    target_language: Target
    style: Style = None


class TranslationData(Schema):
    text: str
    translation_state: TranslationState = Field(
        description="`done`; `partial` if some of the text was left as it was; `none` if there was "
        "nothing to translate."
    )


class GlossaryTerm(Schema):
    """Either `keep` or `targets`."""

    source: Words = Field(description="Whole words, as they are written in messages.")
    targets: Annotated[dict[Key, Words], Field(max_length=MOST_TRANSLATIONS)] = Field(
        default_factory=dict, description="What the term is in other languages, by code."
    )
    keep: bool = Field(False, description="Whether the term stays as it is in all languages.")
    case_sensitive: bool = Field(False, description="Whether only this letter case is the term.")

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.keep == bool(self.targets):
            raise PydanticCustomError("one_of", "send either keep: true or targets")
        return self

    @property
    def term(self) -> Term:
        return Term(**dict(self))

    @property
    def matches(self) -> tuple[str, bool]:
        """What is alike for two terms that are found in the same places."""
        source = self.source if self.case_sensitive else self.source.casefold()
        return source, self.case_sensitive


class SetGlossary(WarnsOfUnknown):
    model_config = example(
        {
            "terms": [
                {"source": "order", "targets": {"pt": "pedido"}},
                {"source": "Troupe", "keep": True, "caseSensitive": True},
            ]
        }
    )

    terms: list[GlossaryTerm] = Field(max_length=_MOST_TERMS, description="Replaces all terms.")

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if len({each.matches for each in self.terms}) < len(self.terms):
            raise PydanticCustomError("repeated", "terms must name each source once")
        sources = sum(len(each.source) for each in self.terms)
        said = sum(len(text) for each in self.terms for text in each.targets.values())
        for size, most, what in (
            (sources, _MOST_SOURCE_CHARACTERS, "the sources"),
            (sources + said, _MOST_CHARACTERS, "the terms and their translations"),
        ):
            if size > most:
                raise PydanticCustomError(
                    "too_much",
                    "{what} can have {most} characters in all; send fewer terms",
                    {"what": what, "most": most},
                )
        return self


class TermView(Schema):
    source: str
    targets: dict[str, str] = Field(description="By language.")
    keep: bool
    case_sensitive: bool


class GlossaryData(Schema):
    terms: list[TermView]

    @classmethod
    def of(cls, terms: Sequence[Term]) -> Self:
        return cls(terms=[TermView(**dict(each)) for each in terms])
