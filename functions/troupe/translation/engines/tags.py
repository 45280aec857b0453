"""Placeholders as elements of markup, which services keep as they are."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from troupe.translation.placeholders import MARK


@dataclass(frozen=True, slots=True)
class Tags:
    """The start and the end of an element; its content is the number of the placeholder."""

    start: str
    end: str

    def written(self, text: str) -> str:
        """A text with placeholders as markup."""
        return MARK.sub(rf"{self.start}\1{self.end}", html.escape(text, quote=False))

    def read(self, markup: str) -> str:
        """The opposite of `written`."""
        found = rf"{re.escape(self.start)}\s*(\d{{1,5}})\s*{re.escape(self.end)}"
        return html.unescape(re.sub(found, r"⟦\1⟧", markup))


HTML = Tags('<span translate="no">', "</span>")
