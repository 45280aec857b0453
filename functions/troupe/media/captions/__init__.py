"""Captions: words with their times become cues (`cues`), and cues WebVTT, SubRip or JSON.

What serves captions needs only what is named here; dividing words into cues takes more.
"""

from troupe.media.captions.cue import LINE, Cue, Said, label, width
from troupe.media.captions.formats import (
    MIME_TYPES,
    CaptionFormat,
    cues_from_json,
    cues_to_json,
    formatted,
    to_srt,
    to_vtt,
    words_from_json,
    words_to_json,
)

__all__ = [
    "LINE",
    "MIME_TYPES",
    "CaptionFormat",
    "Cue",
    "Said",
    "cues_from_json",
    "cues_to_json",
    "formatted",
    "label",
    "to_srt",
    "to_vtt",
    "width",
    "words_from_json",
    "words_to_json",
]
