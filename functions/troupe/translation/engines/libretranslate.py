"""Translation by any server with LibreTranslate's API (https://docs.libretranslate.com)."""

from __future__ import annotations

from typing import Any

import requests

from troupe.translation.engines.http import call, entries, strings
from troupe.translation.engines.once import OnceAnHour
from troupe.translation.engines.tags import HTML
from troupe.translation.translator import Capabilities, Languages, TranslationRequest


class LibreTranslateTranslator:
    """Thread-safe. Texts are sent as HTML, whose elements with `translate="no"` are kept."""

    name = "libretranslate"

    def __init__(self, api_key: str, base_url: str) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError("LIBRETRANSLATE_URL must begin with http:// or https://")
        self._url = base_url.rstrip("/")
        self._key = {"api_key": api_key} if api_key else {}
        self._session = requests.Session()
        self._languages = OnceAnHour(self._ask_languages)

    @property
    def version(self) -> str:
        return self._url

    @property
    def capabilities(self) -> Capabilities:
        # Servers without a GPU take seconds for so much; libretranslate.com takes 2,000.
        return Capabilities(texts=20, characters=1_000, text_characters=1_000)

    def languages(self, deadline: float) -> Languages:
        return self._languages.get(deadline)

    def alphabet(self, source: str, target: str) -> None:
        return None

    def close(self) -> None:
        self._session.close()

    def translate(self, request: TranslationRequest) -> list[str]:
        """Raises TranslationError."""
        body: dict[str, Any] = {
            "q": [HTML.written(text) for text in request.texts],
            "source": request.source,
            "target": request.target,
            "format": "html",
            **self._key,
        }
        url = f"{self._url}/translate"
        answer = call(self._session, "POST", url, deadline=request.deadline, body=body)
        texts = answer.get("translatedText") if isinstance(answer, dict) else None
        return [HTML.read(text) for text in strings(texts, len(request.texts))]

    def _ask_languages(self, deadline: float) -> Languages:
        """Servers translate everything into everything, through English where they must."""
        found = call(self._session, "GET", f"{self._url}/languages", deadline=deadline)
        codes = [each.get("code") for each in entries({"found": found}, "found")]
        both = tuple(strings(codes, len(codes)))
        return Languages(both, both)
