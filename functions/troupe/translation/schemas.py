"""Requests and responses of the operations on languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from troupe.translation.languages import CODE
from troupe.web.schema import OneLine, Schema, Text, WarnsOfUnknown, example

MAX_CHARACTERS = 10_000
# Compiled, a glossary of the largest size takes 160 kB, and Python keeps 512 of them.
MAX_TERMS, MAX_TERM = 100, 60
MAX_STYLE = 80
MAX_CANDIDATES = 50

Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=35, pattern=f"^{CODE.pattern}$"),
]
Term = Annotated[OneLine, Field(max_length=MAX_TERM)]
Words = Annotated[Text, Field(max_length=MAX_CHARACTERS)]


class Translate(WarnsOfUnknown):
    model_config = example(
        {
            "text": "Good morning! Your order is at https://example.com/orders.",
            "targetLanguage": "pt",
            "glossary": {"order": "pedido"},
        }
    )

    text: Words
    target_language: Code = Field(description="A code from `GET /api/translation/languages`.")
    source_language: Code | None = Field(None, description="Detected if absent.")
    glossary: dict[Term, Term] = Field(
        default_factory=dict,
        max_length=MAX_TERMS,
        description="Terms and their translations. Terms are whole words, in any letter case.",
    )
    style: Annotated[OneLine, Field(max_length=MAX_STYLE)] | None = Field(
        None, description="How to write, in words. Only some translators take it."
    )


class TranslatedText(Schema):
    text: str
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
