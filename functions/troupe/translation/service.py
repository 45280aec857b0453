"""Translates texts, tells their language, and lists the languages there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from troupe.adapters.models.errors import ModelMissing
from troupe.errors import TroupeError, UnknownChoice
from troupe.logs import in_context, log
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

MAX_CHARACTERS = 10_000  # of a request whose response waits for the translation
PARTLY_TRANSLATED = "partly_translated"  # the code of a warning, and its message
PARTLY_MESSAGE = "Some of the text could not be translated, and was left as it is."
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


class Fields(NamedTuple):
    """The names of the request's language fields, for errors."""

    source: str = "sourceLanguage"
    target: str = "targetLanguage"


@dataclass(frozen=True, slots=True)
class Translated:
    """`source`: the language that the texts were in. `engine`: the translator; "" if there was
    nothing to translate. `kept`: how many stretches are as they were, since they failed.
    `reworded`: whether the glossary has put words of its own into a text."""

    texts: list[str]
    source: str
    engine: str = ""
    kept: int = 0
    reworded: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """A glossary for one language: terms and their translations, and those that count only in
    their letter case."""

    said: Mapping[str, str] = field(default_factory=dict)
    exact: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """By target: the translations, and why there is none. UnknownChoice: the translator lacks the
    language, or that of the text."""

    made: dict[str, Translated]
    failed: dict[str, TroupeError]


_FIELDS = Fields()
_NO_TERMS = Terms()
_AT_ONCE = 4  # languages
# Trying again later can help, if somebody has mended a setting meanwhile.
PASSING = (TranslationTimeout, TranslatorBusy, TranslatorNotConfigured, TranslatorUnavailable)


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

    def detect(
        self, text: str, candidates: Sequence[str] = (), prior: Mapping[str, float] | None = None
    ) -> Detected | None:
        """The language of a text; None if it has no letters. `prior`: see LanguageDetector. Raises
        ModelMissing."""
        return self._detected(text, candidates, prior)

    def translate(
        self,
        uid: str,
        texts: Sequence[str],
        target: str,
        source: str | None = None,
        *,
        glossary: Mapping[str, str] | None = None,
        style: str = "",
        fields: Fields = _FIELDS,
        seconds: float = _SECONDS,
    ) -> Translated:
        """Texts of one language in another, within `seconds`. `source`: None to detect it. Raises
        UnknownChoice, StyleNotOffered, ContentRefused, ModerationUnavailable, ModelMissing and the
        TRANSLATOR_ERRORS."""
        (made,) = self.translate_into(
            uid,
            texts,
            [target],
            source,
            glossary=glossary,
            style=style,
            fields=fields,
            seconds=seconds,
        )
        return made

    def translate_into(
        self,
        uid: str,
        texts: Sequence[str],
        targets: Sequence[str],
        source: str | None = None,
        *,
        glossary: Mapping[str, str] | None = None,
        style: str = "",
        fields: Fields = _FIELDS,
        seconds: float = _SECONDS,
    ) -> list[Translated]:
        """As `translate`, in several languages, in the order of `targets`. If one of them is not
        offered, nothing is translated."""
        translator = self._chosen()
        if style and not translator.capabilities.styles:
            raise StyleNotOffered
        deadline = time.monotonic() + seconds
        with _reported():
            offered = translator.languages(deadline)
        into = _named_targets(fields.target, targets, offered.targets)
        origin = self._source(fields.source, texts, source, offered)
        if any(origin and not same(origin, target) for target in into):
            self._moderation.check(uid, *texts, *(glossary or {}).values(), style)
        request = _Request(translator, texts, glossary or {}, style, deadline)
        return [_translated(request, origin, target) for target in into]

    def translate_each(
        self,
        text: str,
        source: str,
        targets: Sequence[str],
        *,
        seconds: float,
        terms: Mapping[str, Terms] | None = None,
        style: str = "",
    ) -> Outcomes:
        """A text in several languages side by side, each of which may fail alone. The text, the
        terms (by target) and the style have been checked. Raises StyleNotOffered, and the
        TRANSLATOR_ERRORS if nothing can be translated."""
        translator = self._chosen()
        if style and not translator.capabilities.styles:
            raise StyleNotOffered
        deadline = time.monotonic() + seconds
        with _reported():
            offered = translator.languages(deadline)
        outcomes = Outcomes({}, {})
        into: dict[str, list[str]] = {}  # targets by the offered code that they mean
        for target in targets:
            try:
                origin = _named(_FIELDS.source, source, offered.sources)
                code = _named(_FIELDS.target, target, offered.targets)
            except UnknownChoice as error:
                outcomes.failed[target] = error
            else:
                into.setdefault(code, []).append(target)

        def one(code: str) -> Translated | TroupeError:
            chosen = (terms or {}).get(into[code][0], _NO_TERMS)
            request = _Request(translator, [text], chosen.said, style, deadline, chosen.exact)
            try:
                return _translated(request, origin, code)
            except TroupeError as error:
                return error

        if len(into) == 1:
            found = [one(code) for code in into]
        else:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                found = [each.result() for each in [pool.submit(in_context(one), c) for c in into]]
        for code, each in zip(into, found, strict=True):
            for target in into[code]:
                if isinstance(each, Translated):
                    outcomes.made[target] = each
                else:
                    outcomes.failed[target] = each
        return outcomes

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

    def _source(
        self, field: str, texts: Sequence[str], source: str | None, offered: Languages
    ) -> str | None:
        """The language to translate from; None if there are no letters. Raises UnknownChoice."""
        if source is not None:
            return _named(field, source, offered.sources)
        likely = dict.fromkeys(offered.sources, _OFFERED)
        detected = self._detected("\n".join(texts), prior=likely)
        if detected is None:
            return None
        return _named(field, detected.language, offered.sources, detected=True)


class _Request(NamedTuple):
    translator: Translator
    texts: Sequence[str]
    glossary: Mapping[str, str]
    style: str
    deadline: float
    exact: Collection[str] = ()


def _translated(request: _Request, origin: str | None, target: str) -> Translated:
    """The texts in one language. `origin`: None if they have no letters."""
    if origin is None or same(origin, target):
        return Translated(list(request.texts), origin or target)
    started = time.monotonic()
    with _reported():
        made = translate(
            request.translator,
            request.texts,
            origin,
            target,
            deadline=request.deadline,
            glossary=request.glossary,
            exact=request.exact,
            style=request.style,
        )
    log.info(
        "translated",
        engine=request.translator.name,
        source=origin,
        target=target,
        characters=sum(map(len, request.texts)),
        kept=made.kept,
        ms=round((time.monotonic() - started) * 1000),
    )
    name = request.translator.name
    return Translated(made.texts, origin, name, made.kept, made.reworded)


def _named_targets(field: str, codes: Sequence[str], offered: Sequence[str]) -> list[str]:
    """The offered codes that match. Raises UnknownChoice, which names all that are not offered."""
    found = {code: offered_code(code, offered) for code in codes}
    if not (wrong := [code for code in codes if not found[code]]):
        return [chosen for chosen in found.values() if chosen]
    details = {"fields": [UnknownChoice.field(field, list(offered))]}
    if len(codes) == 1:
        raise UnknownChoice(details=details)
    names = ", ".join(f"`{code}`" for code in wrong)
    raise UnknownChoice(f"{field}: the translator does not offer {names}.", details=details)


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
