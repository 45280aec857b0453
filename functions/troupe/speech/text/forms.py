"""How a text is written, as a request says."""

from __future__ import annotations

from enum import StrEnum


class TextType(StrEnum):
    TEXT = "text"  # plain text or Markdown, with marks
    SSML = "ssml"
