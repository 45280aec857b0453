"""ElevenLabs' names of models and voices, and what they mean here."""

from __future__ import annotations

import re
from typing import NamedTuple

from troupe.openai_api import names
from troupe.openai_api.names import ChosenVoice
from troupe.speech.engine import VoiceType

_MODEL = re.compile(r"eleven_[a-z0-9_]+")


class Premade(NamedTuple):
    name: str
    type: VoiceType


_MALE = {
    "CwhRBWXzGAHq8TQ4Fs17": "Roger",
    "IKne3meq5aSn9XLyUdCD": "Charlie",
    "JBFqnCBsd6RMkjVDRZzb": "George",
    "N2lVS1w4EtoT3dr4eOWO": "Callum",
    "TX3LPaxmHKxFdv7VOQHJ": "Liam",
    "bIHbv24MWmeRgasZH58o": "Will",
    "cjVigY5qzO86Huf0OWal": "Eric",
    "iP95p4xoKVk53GoZ742B": "Chris",
    "nPczCjzI2devNBz1zQrb": "Brian",
    "onwK4e9ZLuTAKqWW03F9": "Daniel",
    "pNInz6obpgDQGcFmaJgB": "Adam",
    "pqHfZKP75CvOlQylNhV4": "Bill",
}
_FEMALE = {
    "21m00Tcm4TlvDq8ikWAM": "Rachel",
    "9BWtsMINqrJLrRacOk9x": "Aria",
    "EXAVITQu4vr4xnSDxMaL": "Sarah",
    "FGY2WhTYpPnrIDTdsKH5": "Laura",
    "XB0fDUnXU5powFXDhCwa": "Charlotte",
    "Xb7hH8MSUJpSbSDYk0k2": "Alice",
    "XrExE9yKIg1WjnnlVkGX": "Matilda",
    "cgSgspJ2msm6clMCkdW9": "Jessica",
    "pFZP5JQG7iQjIQuC4Bku": "Lily",
}
# The voices of every account of ElevenLabs, which programs and examples name. They sound like
# nobody here: the engine chooses among its own.
PREMADE = {
    **{voice_id: Premade(name, VoiceType.MALE) for voice_id, name in _MALE.items()},
    **{voice_id: Premade(name, VoiceType.FEMALE) for voice_id, name in _FEMALE.items()},
}


def speaks(model: str, engines: tuple[str, ...]) -> bool:
    return _MODEL.fullmatch(model) is not None or names.speaks(model, engines)


def chosen_voice(voice_id: str, engines: tuple[str, ...]) -> ChosenVoice:
    """One of ElevenLabs' voices, or what OpenAI's clients can name: a voice of ours, a blend, a
    type, or else a character."""
    if premade := PREMADE.get(voice_id):
        return ChosenVoice(voice_type=premade.type)
    return names.chosen_voice(voice_id, engines)
