"""The voice of a line that was spoken, as far as the line's price depends on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache

from troupe.recording.records import VoiceSnapshot
from troupe.scripts.records import Line, Performer, performer_of
from troupe.speech.catalogue import capabilities

_REFERENCE_FIELDS = {
    "sample_path",
    "sample_sha256",
    "sample_text",
    "nfe_steps",
    "cross_fade_duration",
    "remove_silences",
}


def voice_key(voice: VoiceSnapshot) -> str:
    """A hash of everything but the text that a line's price depends on."""
    engine, fields = voice.engine, voice.model_dump(include=set(VoiceSnapshot.model_fields))
    # The hashes are enough; and what is not chosen is left out, so that keys from before there
    # were such choices stay as they are.
    del fields["engine"], fields["sample_path"]
    del fields["dictionary_id"], fields["dictionary_version"]
    if fields["dictionary_sha256"] is None:
        del fields["dictionary_sha256"]
    if not fields["voice_id"]:
        del fields["voice_id"]
    if not engine or not capabilities(engine).cloning:
        fields = {name: fields[name] for name in fields if name not in _REFERENCE_FIELDS}
    content = json.dumps([engine, fields], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def line_keys(performers: Mapping[str, Performer]) -> Callable[[Line], str]:
    """Tells the key of the voice that speaks a line."""

    @cache
    def key(speaker: str, speed: float | None) -> str:
        return voice_key(performer_of(Line(speaker=speaker, text="", speed=speed), performers))

    return lambda line: key(line.speaker, line.speed)
