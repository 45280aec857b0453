"""Translates a text before it is spoken, while the request waits: the price depends on the
translation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from troupe.generations.errors import TextTooLong, TranslationNotOffered
from troupe.generations.records import Translation
from troupe.speech.text.forms import TextType

if TYPE_CHECKING:
    from troupe.speech.text.marks import ReadingWarning
    from troupe.translation.service import TranslationService

_SECONDS = 20.0  # afterwards, the request commits a job, and may wait for it
_WAY_OUT = "Translate it first, in pieces, with `POST /api/translation/translate`, or send less."


class Words(NamedTuple):
    """The text that is spoken. `translation`: None if it is the text that was sent."""

    text: str
    translation: Translation | None = None
    warnings: tuple[ReadingWarning, ...] = ()


class Translations:
    """`service`: loaded with the first text that is translated; None if the server does not
    translate."""

    def __init__(self, service: Callable[[], TranslationService] | None) -> None:
        self._service = service

    def of(
        self, uid: str, text: str, text_type: TextType, language: str | None, target: str
    ) -> Words:
        """The text in the language `target`. `language`: of the text; None to detect it.

        Raises TranslationNotOffered, TextTooLong and the errors of TranslationService.translate.
        """
        if self._service is None:
            raise TranslationNotOffered
        from troupe.translation.languages import same  # noqa: PLC0415 (most requests need none)
        from troupe.translation.service import MAX_CHARACTERS, Fields  # noqa: PLC0415

        if language is not None and same(language, target):
            return Words(text)
        if text_type is TextType.SSML:
            raise TranslationNotOffered("only plain text can be translated, not SSML")
        TextTooLong.check(text, MAX_CHARACTERS, "The text is too long to translate", _WAY_OUT)
        fields = Fields(source="language")
        made = self._service().translate(
            uid, [text], target, language, fields=fields, seconds=_SECONDS
        )
        if not made.engine:
            return Words(text)
        (said,) = made.texts
        translation = Translation(
            text=text, translated_text=said, source_language=made.source, engine=made.engine
        )
        return Words(said, translation, _partly() if made.kept else ())


def _partly() -> tuple[ReadingWarning]:
    from troupe.speech.text.marks import ReadingWarning  # noqa: PLC0415
    from troupe.translation.service import PARTLY_MESSAGE, PARTLY_TRANSLATED  # noqa: PLC0415

    return (ReadingWarning(PARTLY_TRANSLATED, PARTLY_MESSAGE),)
