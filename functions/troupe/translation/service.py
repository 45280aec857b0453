"""Translates texts, tells their language, and lists the languages there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from troupe.adapters.models.files import ModelMissing
from troupe.errors import TroupeError, UnknownChoice
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.translation.detection import Detected, LanguageDetector
from troupe.translation.errors import (
    StyleNotOffered,
    TranslationFailed,
    TranslationTimeout,
    TranslatorBusy,
    TranslatorNotConfigured,
    TranslatorUnavailable,
)
from troupe.translation.languages import offered_code, same
from troupe.translation.texts import translate
from troupe.translation.translator import Languages, TranslationError, Translator

_SECONDS = 45.0  # for all calls of a request; the function's own timeout is 60
_RETRY_AFTER = 5  # seconds
# How much more likely a language is that the translator has.
_OFFERED = 10.0
_ERRORS: Mapping[str, type[TroupeError]] = {
    "translator_timeout": TranslationTimeout,
    "translator_unavailable": TranslatorUnavailable,
    "translator_rate_limited": TranslatorBusy,
    "translator_auth_failed": TranslatorNotConfigured,
    "translator_bad_answer": TranslatorUnavailable,
    "translator_model": TranslatorUnavailable,
    "translator_crashed": TranslationFailed,
    "translator_refused": TranslationFailed,
    "model_missing": TranslatorNotConfigured,
}


@dataclass(frozen=True, slots=True)
class Translated:
    """`source`: the language that the texts were in. `engine`: the translator; "" if there was
    nothing to translate. `kept`: how many stretches are as they were, since they failed."""

    texts: list[str]
    source: str
    engine: str = ""
    kept: int = 0


class TranslationService:
    def __init__(
        self,
        translator: Callable[[], Translator | None],
        detector: LanguageDetector,
        moderation: Moderation,
    ) -> None:
        """`translator` is called when there is something to translate, because translators load
        slowly; it returns None if there is none, and raises ValueError if a setting is missing."""
        self._translator = translator
        self._detector = detector
        self._moderation = moderation

    def languages(self) -> Languages:
        """Empty without a translator. Raises the TRANSLATOR_ERRORS."""
        translator = self._selected()
        if translator is None:
            return Languages((), ())
        with _reported():
            return translator.languages(time.monotonic() + _SECONDS)

    def detect(self, text: str, candidates: Sequence[str] = ()) -> Detected | None:
        """The language of a text; None if it has no letters. Raises ModelMissing."""
        return self._detected(text, candidates)

    def translate(
        self,
        uid: str,
        texts: Sequence[str],
        target: str,
        source: str | None = None,
        *,
        glossary: Mapping[str, str] | None = None,
        style: str = "",
    ) -> Translated:
        """Texts of one language in another. `source`: None to detect it. Raises UnknownChoice,
        StyleNotOffered, ContentRefused, ModerationUnavailable, ModelMissing and the
        TRANSLATOR_ERRORS."""
        translator = self._chosen()
        if style and not translator.capabilities.styles:
            raise StyleNotOffered
        deadline = time.monotonic() + _SECONDS
        with _reported():
            offered = translator.languages(deadline)
        into = _named("targetLanguage", target, offered.targets)
        origin = self._source(texts, source, offered)
        if origin is None or same(origin, into):
            return Translated(list(texts), origin or into)
        self._moderation.check(uid, *texts, *(glossary or {}).values(), style)
        started = time.monotonic()
        with _reported():
            made = translate(
                translator,
                texts,
                origin,
                into,
                deadline=deadline,
                glossary=glossary,
                style=style,
            )
        log.info(
            "translated",
            engine=translator.name,
            source=origin,
            target=into,
            characters=sum(map(len, texts)),
            kept=made.kept,
            ms=round((time.monotonic() - started) * 1000),
        )
        return Translated(made.texts, origin, translator.name, made.kept)

    def _chosen(self) -> Translator:
        translator = self._selected()
        if translator is None:
            raise TranslatorNotConfigured
        return translator

    def _selected(self) -> Translator | None:
        try:
            return self._translator()
        except ValueError as error:
            log.error("translator_misconfigured", reason=str(error))
            raise TranslatorNotConfigured from error

    def _detected(
        self, text: str, candidates: Sequence[str] = (), prior: Mapping[str, float] | None = None
    ) -> Detected | None:
        try:
            return self._detector.detect(text, candidates, prior)
        except ModelMissing as error:
            log.error("language_model_missing", reason=str(error))
            raise

    def _source(self, texts: Sequence[str], source: str | None, offered: Languages) -> str | None:
        """The language to translate from; None if there are no letters. Raises UnknownChoice."""
        if source is not None:
            return _named("sourceLanguage", source, offered.sources)
        likely = dict.fromkeys(offered.sources, _OFFERED)
        detected = self._detected("\n".join(texts), prior=likely)
        if detected is None:
            return None
        return _named("sourceLanguage", detected.language, offered.sources, detected=True)


def _named(field: str, code: str, offered: Sequence[str], *, detected: bool = False) -> str:
    if chosen := offered_code(code, offered):
        return chosen
    details = {"fields": [UnknownChoice.field(field, list(offered))]}
    if not detected:
        raise UnknownChoice(details=details)
    message = f"The text seems to be in the language `{code}`. If it is not, send `{field}`."
    raise UnknownChoice(message, details=details)


@contextmanager
def _reported() -> Iterator[None]:
    """Raises the error of the API for one of a translator."""
    try:
        yield
    except TranslationError as error:
        kind = _ERRORS[error.code]
        # The text may be the reason, or a service that is busy; else somebody has to do something.
        passing = error.retryable or kind is TranslationFailed
        write = log.warning if passing else log.error
        write("translation_failed", code=error.code, reason=str(error))
        message = str(error) if error.code == "model_missing" else None
        raise kind(message, retry_after=_RETRY_AFTER if error.retryable else None) from error
