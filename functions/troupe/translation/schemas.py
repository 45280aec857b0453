"""Requests and responses of the operations on languages."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.translation.fields import Code, Glossary, Style, Target
from troupe.translation.service import MAX_CHARACTERS
from troupe.web.schema import Schema, Text, WarnsOfUnknown, example

MAX_TARGETS = 20
MAX_CANDIDATES = 50

Words = Annotated[Text, Field(max_length=MAX_CHARACTERS)]


class Translate(WarnsOfUnknown):
    """Either `targetLanguage` or `targetLanguages`."""

    model_config = example(
        {
            "text": "Good morning! Your order is at https://example.com/orders.",
            "targetLanguage": "pt",
            "glossary": {"order": "pedido"},
        }
    )

    text: Words
    target_language: Target | None = None
    target_languages: list[Target] | None = Field(
        None,
        min_length=1,
        max_length=MAX_TARGETS,
        json_schema_extra={"uniqueItems": True},
        description="Several languages, each once. The text may then have at most 10,000 "
        "characters divided by their number, and each counts in the rate limit.",
    )
    source_language: Code | None = Field(None, description="Detected if absent.")
    glossary: Glossary = Field(default_factory=dict)
    style: Style = None

    @model_validator(mode="after")
    def _targets(self) -> Self:
        several = self.target_languages
        if (self.target_language is None) == (several is None):
            raise PydanticCustomError("one_of", "send either targetLanguage or targetLanguages")
        if several is None:
            return self
        if len({code.replace("_", "-").lower() for code in several}) < len(several):
            raise PydanticCustomError("repeated", "targetLanguages must name each language once")
        if len(self.text) * len(several) > MAX_CHARACTERS:
            raise PydanticCustomError(
                "too_much",
                "a text for {targets} languages can have at most {most} characters; send fewer "
                "languages at once, or less text",
                {"targets": len(several), "most": MAX_CHARACTERS // len(several)},
            )
        return self

    @property
    def targets(self) -> list[str]:
        """The languages asked for, in order."""
        one = self.target_language
        return [one] if one is not None else list(self.target_languages or ())


class Translation(Schema):
    target_language: str = Field(description="The code as it was sent.")
    text: str


class TranslatedText(Schema):
    text: str = Field(description="Empty if `targetLanguages` was sent.")
    translations: list[Translation] = Field(
        description="One for each of `targetLanguages`, in their order. Empty if `targetLanguage` "
        "was sent."
    )
    source_language: str
    engine: str = Field(description="The translator. Empty if there was nothing to translate.")


class Detect(WarnsOfUnknown):
    model_config = example({"text": "Bom dia!", "candidates": ["en", "pt"]})

    text: Words
    candidates: list[Code] = Field(
        default_factory=list,
        max_length=MAX_CANDIDATES,
        description="The languages that the text can be in. All if absent.",
    )


class DetectedLanguage(Schema):
    language: str = Field(description="One of `candidates`. Empty if the text has no letters.")
    confidence: float = Field(description="From 0 to 1.")


class OfferedLanguage(Schema):
    code: str
    name: str
    source: bool = Field(description="Whether texts in it can be translated.")
    target: bool = Field(description="Whether texts can be translated into it.")


class TranslationLanguages(Schema):
    languages: list[OfferedLanguage]
