"""What a request for speech asks for: checked, with the choices of its character and the defaults,
and priced."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from troupe.borders import Border
from troupe.characters.voices import attachment
from troupe.errors import UnknownChoice
from troupe.generations.errors import TextTooLong, TranslationNotOffered
from troupe.jobs.charges import Quote, speech_tariff
from troupe.media.formats import AudioFormat
from troupe.settings import Settings
from troupe.speech.catalogue import DEFAULT_STYLE, capabilities, language_named
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


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A text to speak, and how. Where `voice_type`, `speed` or `dictionary_id` is None, the
    character's own is used, or the default if there is no character."""

    text: str
    language: str
    voice_type: VoiceType | None = None
    voice_style: str = DEFAULT_STYLE
    character_id: str | None = None
    dictionary_id: str | None = None
    speed: float | None = None
    format: AudioFormat = AudioFormat.MP3
    target_language: str | None = None
    text_type: TextType = TextType.TEXT
    pauses: Mapping[Border, int] = field(default_factory=dict)


class Chosen(NamedTuple):
    """What a request asks for, with its character's choices and the defaults, and the price.
    `spoken`: the words without marks, with the aliases."""

    character: Character | None
    voice_type: VoiceType
    speed: float
    language: str
    dictionary: DictionaryRef | None
    quote: Quote
    warnings: tuple[ReadingWarning, ...]
    spoken: str


class Choices:
    """`dictionaries` is called only when one is named."""

    def __init__(
        self, cast: Cast, dictionaries: Callable[[], Dictionaries], settings: Settings
    ) -> None:
        self._cast = cast
        self._dictionaries = dictionaries
        self._settings = settings

    def of(self, uid: str, request: GenerationRequest) -> Chosen:
        """Raises TranslationNotOffered, CharacterNotFound, VoiceNotShared, UnknownChoice,
        TextTooLong, InvalidSSML, NothingToSpeak, UnreadableText, DictionaryNotFound,
        DictionaryLanguage and SpeechTooLong."""
        if request.target_language:
            raise TranslationNotOffered
        character = self._cast(uid, [request.character_id])[0] if request.character_id else None
        voice_type = request.voice_type or (
            VoiceType(character.voice_type) if character else DEFAULT_VOICE_TYPE
        )
        speed = request.speed or (character.config.speed if character else DEFAULT_SPEED)
        from troupe.speech.request import check_text  # noqa: PLC0415 (most requests need none)

        language = self._check(request, voice_type)
        checked = check_text(
            request.text,
            request.text_type,
            language=language,
            speed=speed,
            engine=self._settings.speech_engine,
            pauses=self._settings.pauses,
            asked=request.pauses,
        )
        SpeechTooLong.check(checked.about, self._settings.max_audio_seconds)
        quote = Quote.of(
            speech_tariff(self._settings.prices),
            len(request.text),
            math.ceil(checked.at_most),
            math.ceil(checked.about),
        )
        dictionary = self._dictionary(uid, request.dictionary_id, character, language)
        return Chosen(
            character,
            voice_type,
            speed,
            language,
            dictionary,
            quote,
            checked.warnings,
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

    def _check(self, request: GenerationRequest, voice_type: VoiceType) -> str:
        """Returns the engine's code of the language. Raises UnknownChoice (with the allowed values)
        and TextTooLong."""
        engine = self._settings.speech_engine
        offered = capabilities(engine)
        language = language_named(request.language, engine)
        wrong = []
        if language is None:
            wrong.append(UnknownChoice.field("language", [item.code for item in offered.languages]))
        if voice_type not in offered.voice_types:
            wrong.append(UnknownChoice.field("voiceType", sorted(offered.voice_types)))
        if request.voice_style not in offered.styles:
            wrong.append(UnknownChoice.field("voiceStyle", list(offered.styles)))
        if language is None or wrong:
            raise UnknownChoice(details={"fields": wrong})
        characters, maximum = len(request.text), self._settings.max_text_characters
        if characters > maximum:
            raise TextTooLong(
                f"The text is too long: {characters} characters (maximum {maximum}).",
                details={"characters": characters, "maximum": maximum},
            )
        return language.code


def hashed(request: GenerationRequest) -> dict[str, Any]:
    """The request as its idempotency hash sees it: an omitted choice equals its default."""
    choices = asdict(request) | {
        "voice_type": request.voice_type or DEFAULT_VOICE_TYPE,
        "speed": request.speed or DEFAULT_SPEED,
    }
    del choices["target_language"]  # never set when work is accepted
    # Hashes of requests from before these fields must stay as they are.
    if request.text_type is TextType.TEXT:
        del choices["text_type"]
    if not request.pauses:
        del choices["pauses"]
    if request.dictionary_id is None:
        del choices["dictionary_id"]
    return choices
