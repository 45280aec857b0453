"""What each transcriber supports. Static, so that HTTP functions can answer without loading one."""

from __future__ import annotations

from functools import cache

from troupe.recognition.transcriber import Capabilities
from troupe.speech.catalogue import capabilities as speech_capabilities
from troupe.speech.catalogue import language_named

# Those of the multilingual models: https://github.com/openai/whisper/blob/main/whisper/tokenizer.py
# fmt: off
WHISPER: tuple[str, ...] = (
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da",
    "de", "el", "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi",
    "hr", "ht", "hu", "hy", "id", "is", "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb",
    "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn",
    "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si", "sk", "sl", "sn", "so", "sq",
    "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur", "uz", "vi",
    "yi", "yo", "zh",
)
# fmt: on
# Other codes of the same languages.
_ALIASES = {"cmn": "zh", "yue": "zh", "nb": "no", "fil": "tl", "iw": "he", "in": "id", "jv": "jw"}

# Longer sound is divided at pauses. `whisper`: about a minute of work. `openai`: 19 MB of WAV, of
# 25 MB that a file may have. `google`: a minute is the limit of calls without a bucket.
_LONGEST = {"whisper": 600, "openai": 600, "google": 55, "elevenlabs": 600}
TRANSCRIBERS = tuple(_LONGEST)


@cache
def capabilities(name: str) -> Capabilities:
    """What the named transcriber supports. Raises ValueError for an unknown name."""
    if name not in _LONGEST:
        raise ValueError(f"unknown transcriber {name!r}; they are {', '.join(TRANSCRIBERS)}")
    languages = WHISPER
    if name == "google":
        languages = tuple(each.code for each in speech_capabilities("google").languages)
    return Capabilities(languages, word_times=True, longest_seconds=_LONGEST[name])


def language_code(code: str, name: str) -> str | None:
    """The transcriber's code for a language, ignoring case and, where it has none, the region; None
    if it does not know the language."""
    if name == "google":
        found = language_named(code, "google")
        return found.code if found else None
    base = code.strip().replace("_", "-").lower().partition("-")[0]
    base = _ALIASES.get(base, base)
    return base if base in capabilities(name).languages else None
