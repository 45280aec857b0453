"""The text that a voice should speak, without Markdown."""

from __future__ import annotations

from troupe.speech.text.blocks import blocks
from troupe.speech.text.clean import tidy
from troupe.speech.text.mapped import Mapped


def plain_text(text: str) -> str:
    """`text` without Markdown marks. Blocks are separated by an empty line. Linear in len(text)."""
    found = (block.text.text for block in blocks(tidy(Mapped.of(text))))
    return "\n\n".join(filter(None, found))
