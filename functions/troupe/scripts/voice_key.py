"""The voice of a line that was spoken, as far as the line's price depends on it."""

from __future__ import annotations

import hashlib
import json

from troupe.recording.records import VoiceSnapshot
from troupe.speech.catalogue import capabilities

_REFERENCE_FIELDS = {
    "sample_path",
    "sample_sha256",
    "sample_text",
    "nfe_steps",
    "cross_fade_duration",
    "remove_silences",
}


def voice_key(voice: VoiceSnapshot, engine: str) -> str:
    """A hash of everything but the text that a line's price depends on. `engine`: its name."""
    fields = voice.model_dump(include=set(VoiceSnapshot.model_fields))
    # The hashes are enough; and without a dictionary, the key is that from before there were any.
    del fields["sample_path"], fields["dictionary_id"], fields["dictionary_version"]
    if fields["dictionary_sha256"] is None:
        del fields["dictionary_sha256"]
    if not engine or not capabilities(engine).cloning:
        fields = {name: fields[name] for name in fields if name not in _REFERENCE_FIELDS}
    content = json.dumps([engine, fields], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]
