"""Captions: words with their times become cues, and cues WebVTT, SubRip or JSON."""

from troupe.media.captions.cue import LINE, Cue, Said, label, width
from troupe.media.captions.cues import captions, cues
from troupe.media.captions.formats import (
    CaptionFormat,
    cues_from_json,
    cues_to_json,
    formatted,
    to_json,
    to_srt,
    to_vtt,
    words_from_json,
    words_to_json,
)
from troupe.media.captions.timing import FRAMES, MAX_SECONDS, MIN_SECONDS, READING

__all__ = [
    "FRAMES",
    "LINE",
    "MAX_SECONDS",
    "MIN_SECONDS",
    "READING",
    "CaptionFormat",
    "Cue",
    "Said",
    "captions",
    "cues",
    "cues_from_json",
    "cues_to_json",
    "formatted",
    "label",
    "to_json",
    "to_srt",
    "to_vtt",
    "width",
    "words_from_json",
    "words_to_json",
]
