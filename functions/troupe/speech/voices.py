"""The voices that a request can name."""

from __future__ import annotations

from dataclasses import dataclass

from troupe.speech.engine import VoiceType


@dataclass(frozen=True, slots=True)
class NamedVoice:
    """A voice of an engine. `id`: unique among all engines; `languages`: codes of its engine, the
    best first; `licence`: an SPDX id, or the terms of its service; `rate`: samples per second;
    `cost_factor`: what it costs the operator, relative to the engine's cheapest voice."""

    id: str
    name: str
    engine: str
    languages: tuple[str, ...]
    type: VoiceType
    description: str
    licence: str
    rate: int
    cost_factor: float = 1.0
