"""Translation by DeepL's API (https://developers.deepl.com/api-reference/translate)."""

from __future__ import annotations

import requests

from troupe.translation.engines.http import call, entries, strings
from troupe.translation.engines.once import OnceAnHour
from troupe.translation.engines.tags import Tags
from troupe.translation.translator import Capabilities, Languages, TranslationRequest

_FREE_KEY = ":fx"  # keys of the free plan end so, and belong to another server
_TAGS = Tags("<x>", "</x>")


class DeepLTranslator:
    """Thread-safe. Texts are sent as XML, in which the elements of placeholders are kept."""

    name = "deepl"

    def __init__(self, api_key: str, base_url: str | None) -> None:
        if not api_key:
            raise ValueError("TRANSLATOR=deepl needs DEEPL_API_KEY")
        host = "api-free" if api_key.endswith(_FREE_KEY) else "api"
        self._url = (base_url or f"https://{host}.deepl.com").rstrip("/")
        self._headers = {"Authorization": f"DeepL-Auth-Key {api_key}"}
        self._session = requests.Session()
        self._languages = OnceAnHour(self._ask_languages)

    @property
    def version(self) -> str:
        return "v2"

    @property
    def capabilities(self) -> Capabilities:
        # At most 50 texts and 128 KiB in a request; characters take up to four bytes.
        return Capabilities(texts=50, characters=20_000, text_characters=5_000)

    def languages(self, deadline: float) -> Languages:
        return self._languages.get(deadline)

    def alphabet(self, source: str, target: str) -> None:
        return None

    def close(self) -> None:
        self._session.close()

    def translate(self, request: TranslationRequest) -> list[str]:
        """Raises TranslationError."""
        body = {
            "text": [_TAGS.written(text) for text in request.texts],
            "source_lang": request.source.upper(),
            "target_lang": request.target.upper(),
            "tag_handling": "xml",
            "tag_handling_version": "v2",
            "ignore_tags": ["x"],
            # The texts are lines already.
            "split_sentences": "nonewlines",
            "preserve_formatting": True,
        }
        answer = call(
            self._session,
            "POST",
            f"{self._url}/v2/translate",
            deadline=request.deadline,
            headers=self._headers,
            body=body,
        )
        texts = [each.get("text") for each in entries(answer, "translations")]
        return [_TAGS.read(text) for text in strings(texts, len(request.texts))]

    def _ask_languages(self, deadline: float) -> Languages:
        sources, targets = (self._codes(kind, deadline) for kind in ("source", "target"))
        return Languages(sources, targets)

    def _codes(self, kind: str, deadline: float) -> tuple[str, ...]:
        url = f"{self._url}/v2/languages?type={kind}"
        found = call(self._session, "GET", url, deadline=deadline, headers=self._headers)
        codes = [each.get("language") for each in entries({"found": found}, "found")]
        return tuple(code_of(code) for code in strings(codes, len(codes)))


def code_of(code: str) -> str:
    """In the case of BCP 47: `pt-BR`, `zh-Hans`."""
    language, _, rest = code.partition("-")
    rest = rest.upper() if len(rest) == 2 else rest.capitalize()
    return f"{language.lower()}-{rest}" if rest else language.lower()
