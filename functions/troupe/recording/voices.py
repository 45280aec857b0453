"""Turns voice snapshots into voices of an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from troupe.adapters.storage import Files
from troupe.recording.records import VoiceSnapshot
from troupe.recording.references import References
from troupe.speech.choice import Engines
from troupe.speech.engine import SpeechEngine, Voice, VoiceType


class Speaker(NamedTuple):
    """A voice, with the engine that has it."""

    engine: SpeechEngine
    voice: Voice


class Voices:
    """Voices of all engines, with recordings from one bucket."""

    def __init__(self, engines: Engines, files: Files) -> None:
        self._engines = engines
        self._references = References(files)

    def speaker(self, snapshot: VoiceSnapshot) -> Speaker:
        """The voice, with its recording if it has one and the engine can clone.

        Raises SpeechError("reference_missing") if the recording is gone.
        """
        engine = self._engines(snapshot.engine)
        voice = Voice(
            language=snapshot.language,
            type=VoiceType(snapshot.voice_type),
            style=snapshot.voice_style,
            speed=snapshot.speed,
            id=snapshot.voice_id,
        )
        if not snapshot.sample_path or not engine.capabilities.cloning:
            return Speaker(engine, voice)
        reference = self._references.load(
            snapshot.sample_path, snapshot.sample_sha256 or "", snapshot.sample_text
        )
        return Speaker(
            engine,
            replace(
                voice,
                reference=reference,
                nfe_steps=snapshot.nfe_steps,
                cross_fade_seconds=snapshot.cross_fade_duration,
                remove_silences=snapshot.remove_silences,
            ),
        )
