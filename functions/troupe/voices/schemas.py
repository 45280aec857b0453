"""Requests and responses of the list of voices."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from troupe.speech.catalogue import capabilities
from troupe.speech.engine import VoiceType
from troupe.speech.voices import NamedVoice
from troupe.web.schema import Page, Schema


class VoicesQuery(Page):
    language: str | None = Field(
        None, max_length=40, description="A code from `GET /api/voice/languages`."
    )
    type: VoiceType | None = None
    engine: str | None = Field(None, max_length=40, description="The name of a speech engine.")
    style: str | None = Field(
        None, max_length=40, description="An id from `GET /api/voice/styles`."
    )
    search: str | None = Field(
        None, max_length=100, description="Words of the name, the id or the description."
    )


class VoiceView(Schema):
    id: str = Field(description="For `voiceId`.")
    name: str
    engine: str
    languages: list[str] = Field(description="Codes; the language it speaks best comes first.")
    type: VoiceType | None = Field(description="Null if nobody knows it.")
    styles: list[str]
    description: str
    licence: str = Field(description="An SPDX id, or the address of the terms of the service.")
    cloned: bool
    sample_rate: int = Field(description="In samples per second.")
    cost_factor: float = Field(description="What it costs the operator; 1 is the cheapest.")

    @classmethod
    def of(cls, voice: NamedVoice) -> Self:
        return cls(
            id=voice.id,
            name=voice.name,
            engine=voice.engine,
            languages=list(voice.languages),
            type=voice.type,
            styles=list(capabilities(voice.engine).styles),
            description=voice.description,
            licence=voice.licence,
            cloned=False,
            sample_rate=voice.rate,
            cost_factor=voice.cost_factor,
        )


class VoicesData(Schema):
    voices: list[VoiceView]
