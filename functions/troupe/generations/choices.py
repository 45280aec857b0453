"""What a request for speech asks for: checked, with the choices of its character and the defaults,
and priced."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from troupe.borders import Border
from troupe.characters.voices import attachment, character_voice
from troupe.errors import UnknownChoice
from troupe.generations.errors import TextTooLong
from troupe.generations.translating import Translations, Words
from troupe.jobs.charges import Quote, speech_tariff
from troupe.media.formats import AudioFormat
from troupe.settings import Settings
from troupe.speech.catalogue import DEFAULT_STYLE, capabilities
from troupe.speech.choice import VoiceChoice, best_language, choose_named, choose_voice
from troupe.speech.engine import VoiceType
from troupe.speech.errors import SpeechTooLong
from troupe.speech.text.forms import TextType

if TYPE_CHECKING:
    from troupe.characters.records import Character
    from troupe.dictionaries.library import Dictionaries
    from troupe.dictionaries.records import DictionaryRef
    from troupe.speech.text.marks import ReadingWarning

Cast = Callable[[str, Sequence[str]], "list[Character]"]

DEFAULT_VOICE_TYPE = VoiceType.FEMALE
DEFAULT_SPEED = 1.0
DEFAULT_LANGUAGE = "en-US"


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A text to speak, and how. Where `voice_id` and `voice_type`, `speed` or `dictionary_id` is
    None, the character's own is used, or the default if there is no character. Without a language,
    the voice or the character speaks its own. With `target_language`, the text is translated from
    `language` (None: detected), and all other choices are for the language that is spoken.
    `own_voice`: the one of the user's profile, which speaks if the request names no voice, type or
    character, and if it speaks the language. `engine`: the one that speaks; None for any."""

    text: str
    language: str | None
    voice_id: str | None = None
    voice_type: VoiceType | None = None
    voice_style: str = DEFAULT_STYLE
    character_id: str | None = None
    dictionary_id: str | None = None
    speed: float | None = None
    format: AudioFormat = AudioFormat.MP3
    target_language: str | None = None
    text_type: TextType = TextType.TEXT
    pauses: Mapping[Border, int] = field(default_factory=dict)
    own_voice: str = ""
    engine: str | None = None


class Chosen(NamedTuple):
    """What a request asks for, with its character's choices and the defaults, and the price.
    `cloned`: the character's recording speaks. `spoken`: the words without marks, with the
    aliases; `words`: the text."""

    words: Words
    character: Character | None
    voice: VoiceChoice
    cloned: bool
    speed: float
    dictionary: DictionaryRef | None
    quote: Quote
    warnings: tuple[ReadingWarning, ...]
    spoken: str


class Choices:
    """`dictionaries` is called only when one is named."""

    def __init__(
        self,
        cast: Cast,
        dictionaries: Callable[[], Dictionaries],
        translations: Translations,
        settings: Settings,
    ) -> None:
        self._translations = translations
        self._cast = cast
        self._dictionaries = dictionaries
        self._settings = settings

    def of(self, uid: str, request: GenerationRequest) -> Chosen:
        """Raises CharacterNotFound, VoiceNotShared, UnknownChoice, TextTooLong, InvalidSSML,
        NothingToSpeak, UnreadableText, DictionaryNotFound, DictionaryLanguage, SpeechTooLong, and
        the errors of Translations.of."""
        character = self._cast(uid, [request.character_id])[0] if request.character_id else None
        TextTooLong.check(request.text, self._settings.max_text_characters)
        words = Words(request.text)
        if target := request.target_language:
            voice = self._target_voice(request, character, target)
            words = self._translations.of(
                uid, request.text, request.text_type, request.language, target
            )
        else:
            voice = self._voice(request, character)
        speed = request.speed or (character.config.speed if character else DEFAULT_SPEED)
        from troupe.speech.request import check_text  # noqa: PLC0415 (most requests need none)

        checked = check_text(
            words.text,
            request.text_type,
            language=voice.language,
            speed=speed,
            engine=voice.engine,
            pauses=self._settings.pauses,
            asked=request.pauses,
        )
        SpeechTooLong.check(checked.about, self._settings.max_audio_seconds)
        quote = Quote.of(
            speech_tariff(self._settings.prices),
            len(words.text),
            math.ceil(checked.at_most),
            math.ceil(checked.about),
        )
        dictionary = self._dictionary(uid, request.dictionary_id, character, voice.language)
        return Chosen(
            words,
            character,
            voice,
            _is_cloned(voice, character),
            speed,
            dictionary,
            quote,
            (*words.warnings, *checked.warnings),
            checked.spoken,
        )

    def _dictionary(
        self, uid: str, dictionary_id: str | None, character: Character | None, language: str
    ) -> DictionaryRef | None:
        """Raises DictionaryNotFound and DictionaryLanguage."""
        if dictionary_id is not None:
            return self._dictionaries().for_speech(uid, dictionary_id, language)
        if character is None or character.config.dictionary_id is None:
            return None
        return self._dictionaries().attached([attachment(character, language)])[0]

    def _target_voice(
        self, request: GenerationRequest, character: Character | None, target: str
    ) -> VoiceChoice:
        """As `_voice`, in the language to translate into. Raises UnknownChoice."""
        try:
            return self._voice(replace(request, language=target), character)
        except UnknownChoice as error:
            raise _about_target(error) from None

    def _voice(self, request: GenerationRequest, character: Character | None) -> VoiceChoice:
        """The voice with the id that is asked for, or the first of the type that is asked for, or
        the character's. Raises UnknownChoice."""
        engines = (request.engine,) if request.engine else self._settings.speech_engines
        own = request.own_voice if character is None and request.voice_type is None else ""
        language = request.language
        if language is None:
            language = _own_language(request.voice_id or own, character, engines)
        style = request.voice_style
        if request.voice_id is not None:
            return choose_named(engines, request.voice_id, language, style)
        if character is not None:
            return character_voice(engines, character, language, request.voice_type, style)
        if own:
            with suppress(UnknownChoice):  # it may not speak the language, or no longer exist
                return choose_named(engines, own, language, style)
        voice_type = request.voice_type or DEFAULT_VOICE_TYPE
        return choose_voice(engines, language, voice_type, style)


def _about_target(error: UnknownChoice) -> UnknownChoice:
    """The error with `targetLanguage` in place of `language`, which is always the first field."""
    first, *others = (error.details or {})["fields"]
    if first["field"] != "language":
        return error
    field = UnknownChoice.field("targetLanguage", first["allowed"])
    return UnknownChoice(details={"fields": [field, *others]})


def _own_language(voice_id: str, character: Character | None, engines: tuple[str, ...]) -> str:
    """The language of the voice or the character, for a request that names none."""
    if voice_id:
        return best_language(engines, voice_id) or DEFAULT_LANGUAGE
    return character.language if character else DEFAULT_LANGUAGE


def _is_cloned(voice: VoiceChoice, character: Character | None) -> bool:
    """Whether the character's recording speaks."""
    if character is None or voice.voice_id or not character.clonable:
        return False
    return capabilities(voice.engine).cloning


def hashed(request: GenerationRequest) -> dict[str, Any]:
    """The request as its idempotency hash sees it: an omitted choice equals its default."""
    choices = asdict(request) | {
        "voice_type": request.voice_type or DEFAULT_VOICE_TYPE,
        "speed": request.speed or DEFAULT_SPEED,
    }
    del choices["own_voice"]  # the profile may change before the request is repeated
    # Hashes of requests from before these fields must stay as they are.
    if request.text_type is TextType.TEXT:
        del choices["text_type"]
    if not request.pauses:
        del choices["pauses"]
    if request.dictionary_id is None:
        del choices["dictionary_id"]
    if request.voice_id is None:
        del choices["voice_id"]
    if request.target_language is None:
        del choices["target_language"]
    if request.engine is None:
        del choices["engine"]
    return choices
