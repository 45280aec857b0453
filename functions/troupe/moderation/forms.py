"""The forms in which a text is judged."""

from __future__ import annotations

from collections.abc import Sequence

from troupe.speech.text.plain import plain_text


def written_and_spoken(texts: Sequence[str]) -> list[str]:
    """Each text as it is written, and where that differs, as it is spoken: the marks of Markdown
    can stand inside a word."""
    return [form for text in texts for form in dict.fromkeys((text, plain_text(text)))]
