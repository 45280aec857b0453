"""Scripts in another language: a new script with the same cast and the same lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from troupe.adapters.firestore import Database
from troupe.characters.voices import character_voice
from troupe.errors import UnknownChoice
from troupe.moderation.service import Moderation
from troupe.scripts import writes
from troupe.scripts.errors import SameLanguage, ScriptEmpty
from troupe.scripts.library import ScriptLibrary
from troupe.scripts.lines import check_dialogue
from troupe.scripts.records import Line, Script
from troupe.scripts.service import CastOf
from troupe.scripts.translated_lines import Masked, masked, names_pattern
from troupe.settings import Settings
from troupe.speech.catalogue import capabilities
from troupe.speech.choice import VoiceChoice, known_language
from troupe.text import shorten
from troupe.translation.errors import TranslatorBusy
from troupe.translation.service import PARTLY_MESSAGE, PARTLY_TRANSLATED, TranslationService
from troupe.waiters import WAITERS

if TYPE_CHECKING:
    from troupe.characters.records import Character

_LONGEST_TITLE = 120
_LONGEST_NAMES = 200  # characters of a message


class Warned(NamedTuple):
    """Something that the user should know; `code` is stable."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TranslatedScript:
    script: Script
    warnings: list[Warned]


class ScriptTranslations:
    """`translation` is called only for a script that is translated."""

    def __init__(
        self,
        db: Database,
        library: ScriptLibrary,
        cast: CastOf,
        translation: Callable[[], TranslationService],
        settings: Settings,
        moderation: Moderation,
    ) -> None:
        self._db = db
        self._library = library
        self._cast = cast
        self._translation = translation
        self._engines = settings.speech_engines
        self._moderation = moderation

    def translate(
        self,
        uid: str,
        script_id: str,
        target: str,
        source: str | None = None,
        *,
        glossary: Mapping[str, str],
        style: str = "",
    ) -> TranslatedScript:
        """Stores a new script in the language `target`. `source`: by default the script's own
        language, or else the one that is detected.

        Raises ScriptNotFound, ScriptEmpty, SameLanguage, CharacterNotFound, VoiceNotShared,
        InvalidDialogue, and the errors of TranslationService.translate.
        """
        _, script = self._library.own(uid, script_id)
        if not script.dialogue:
            raise ScriptEmpty
        speaking = self._cast(uid, list(dict.fromkeys(line.speaker for line in script.dialogue)))
        names = names_pattern(script.cast.values(), glossary)
        title = masked(script.title, names, directed=False)
        lines = [masked(line.text, names) for line in script.dialogue]
        with WAITERS.place(uid) as placed:
            if not placed:
                raise TranslatorBusy(retry_after=10)
            made = self._translation().translate(
                uid,
                [each.text for each in (title, *lines)],
                target,
                source or script.language,
                glossary=glossary,
                style=style,
            )
        if not made.engine:
            raise SameLanguage
        said_title, *said = made.texts
        dialogue, kept = _dialogue(script, lines, said)
        offered = known_language(target, self._engines)
        translated = writes.new_script(
            uid,
            # Firestore sorts the keys of a map.
            {each: script.cast[each] for each in script.selected_characters},
            dialogue,
            title=shorten(title.unmasked(said_title) or script.title, _LONGEST_TITLE),
            language=offered.code if offered else target,
            source_script_id=script.id,
        )
        self._moderation.check(uid, translated.title, *(line.text for line in dialogue))
        writes.store_new(self._db, translated, "script_translated", "translated")
        partly = [Warned(PARTLY_TRANSLATED, PARTLY_MESSAGE)] if made.kept or kept else []
        return TranslatedScript(translated, [*partly, *self._unspoken(speaking, target)])

    def _unspoken(self, speaking: Iterable[Character], language: str) -> list[Warned]:
        """Warns of voices that cannot speak the language."""
        if not known_language(language, self._engines):
            message = "No speech engine speaks this language: the script can only be read."
            return [Warned("language_not_spoken", message)]
        replaced = [one.display_name for one in speaking if self._is_replaced(one, language)]
        if not replaced:
            return []
        names = shorten(", ".join(replaced), _LONGEST_NAMES)
        message = f"Another voice speaks for {names}: their own does not speak this language."
        return [Warned("voice_replaced", message)]

    def _is_replaced(self, one: Character, language: str) -> bool:
        """Whether a character with a voice of its own has another one in `language`."""
        with suppress(UnknownChoice):
            own = _own_voice(one, character_voice(self._engines, one, one.language))
            other = _own_voice(one, character_voice(self._engines, one, language))
            return own not in ("", other)
        return False


def _own_voice(character: Character, voice: VoiceChoice) -> str:
    """What makes a voice the character's own: the id of a chosen voice, or its recording. "" for
    any voice of its type."""
    if voice.voice_id:
        return voice.voice_id
    return "recording" if character.clonable and capabilities(voice.engine).cloning else ""


def _dialogue(script: Script, lines: Iterable[Masked], said: list[str]) -> tuple[list[Line], int]:
    """The lines with their translations, and how many stay as they were. Raises
    InvalidDialogue."""
    texts, kept = list[str](), 0
    for line, before, after in zip(script.dialogue, lines, said, strict=True):
        text = before.unmasked(after)
        kept += text is None
        texts.append(line.text if text is None else text)
    speakers = [line.speaker for line in script.dialogue]
    checked = check_dialogue(list(zip(speakers, texts, strict=True)), script.cast)
    directed = zip(checked, script.dialogue, strict=True)
    same = {"directions", "speed", "pause"}
    return [new.model_copy(update=old.model_dump(include=same)) for new, old in directed], kept
