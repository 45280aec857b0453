"""A translator that does what a test tells it: waits, fails, or writes nonsense."""

from __future__ import annotations

from collections.abc import Callable

from troupe.translation.translator import Capabilities, Languages, TranslationRequest


class ToldTranslator:
    """Puts the target before the text: `[en] Hallo`. `do` is called with each request first, and
    may raise; `asked`: the texts and targets of all requests."""

    name, version = "told", "1"

    def __init__(
        self,
        *languages: str,
        do: Callable[[TranslationRequest], object] | None = None,
        styles: bool = False,
    ) -> None:
        self._languages = languages or ("de", "en", "fr", "pt")
        self._styles = styles
        self.do = do or (lambda request: None)
        self.asked: list[tuple[str, str]] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            texts=100, characters=10_000, text_characters=4_000, styles=self._styles
        )

    def languages(self, deadline: float) -> Languages:
        return Languages(self._languages, self._languages)

    def alphabet(self, source: str, target: str) -> None:
        return None

    def close(self) -> None:
        """Has nothing to close."""

    def translate(self, request: TranslationRequest) -> list[str]:
        self.do(request)
        self.asked += [(text, request.target) for text in request.texts]
        mark = f"[{request.target}{'/' + request.style if request.style else ''}]"
        return [f"{mark} {text}" for text in request.texts]
