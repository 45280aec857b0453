"""The Piper voices that an operator has put into a folder: NAME.onnx with its NAME.onnx.json.

https://huggingface.co/rhasspy/piper-voices has voices for about forty languages, each with a
licence of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DEPLOYED = Path(__file__).parents[2] / "models" / "piper"


@dataclass(frozen=True, slots=True)
class PiperVoice:
    """`id`: the name of its file; `language`: BCP 47; `region`: ISO 3166; `reader`: a voice of
    espeak-ng; `rate`: samples per second. Nothing tells whether a man or a woman speaks."""

    id: str
    path: Path
    language: str
    language_name: str
    region: str
    reader: str
    rate: int


def folders() -> tuple[Path, ...]:
    """Where voices are looked for: `piper` in MODELS_DIR and in functions/models."""
    own = os.environ.get("MODELS_DIR")
    return (*([Path(own) / "piper"] if own else []), _DEPLOYED)


@cache
def installed(places: tuple[Path, ...]) -> dict[str, PiperVoice]:
    """The voices in these folders by id. Of two with the same name, the first one counts."""
    found: dict[str, PiperVoice] = {}
    for place in places:
        for path in sorted(place.glob("*.onnx")):
            voice = _voice(path)
            if voice is not None:
                found.setdefault(voice.id, voice)
    return found


def languages(voices: Iterable[PiperVoice]) -> tuple[tuple[str, str, str], ...]:
    """Code, English name and region of each language, by name."""
    rows = {(voice.language, voice.language_name, voice.region) for voice in voices}
    return tuple(sorted(rows, key=lambda row: row[1]))


def _voice(path: Path) -> PiperVoice | None:
    """None for what is no voice, or one that does not use espeak-ng."""
    try:
        config = json.loads(path.with_name(f"{path.name}.json").read_bytes())
        language = config["language"]
        if config.get("phoneme_type", "espeak") != "espeak":
            return None
        return PiperVoice(
            id=path.stem,
            path=path,
            language=language["code"].replace("_", "-"),
            language_name=f"{language['name_english']} ({language['country_english']})",
            region=language["region"],
            reader=config["espeak"]["voice"],
            rate=config["audio"]["sample_rate"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
