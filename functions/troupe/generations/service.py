"""Text to speech, from the request to the file: everything but the work itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from troupe.access import owned
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Database, Delete, now
from troupe.characters.voices import voice_snapshot
from troupe.errors import Conflict, FileMissing, NotFound, NotOffered, UnknownChoice, Unprocessable
from troupe.generations import writes
from troupe.generations.records import AudioFile, Generation, SpokenText
from troupe.generations.specs import VOICE
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.service import JobService, Quote
from troupe.media.captions import cues, to_srt, to_vtt, words_from_json
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.settings import Settings
from troupe.speech.catalogue import capabilities, language_named
from troupe.speech.engine import VoiceType
from troupe.text import shorten

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.characters.records import Character
    from troupe.generations.schemas import GenerateVoice

Cast = Callable[[Sequence[str]], "list[Character]"]

TITLE_CHARACTERS = 60
_POLL_SECONDS = (0.1, 1.0)  # the first wait between looks, and the longest


class TextTooLongDetails(TypedDict):
    characters: int
    maximum: int


class TextTooLong(Unprocessable):
    code = "text_too_long"
    details_type = TextTooLongDetails
    message = "The text is too long."


class GenerationNotFound(NotFound):
    code = "generation_not_found"
    message = "There is no such generation of yours."


class AudioNotReadyDetails(TypedDict):
    """The status of the generation."""

    status: JobStatus


class AudioNotReady(Conflict):
    code = "audio_not_ready"
    details_type = AudioNotReadyDetails | None
    message = "The audio is not there (yet)."


@dataclass(frozen=True, slots=True)
class GenerationWithJob:
    """A generation with the job that makes it."""

    generation: Generation
    job: Job


class TranslationNotOffered(NotOffered):
    message = (
        "targetLanguage: translation is not offered yet. Leave it out, and send the text in the "
        "language that it is to be spoken in."
    )

    def __init__(self) -> None:
        why = "translation is not offered yet"
        field = {"field": "targetLanguage", "message": why, "type": self.code}
        super().__init__(details={"fields": [field]})


class VoiceService:
    """`files` is called when a file is needed: most requests need none, and the client is slow to
    load."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        jobs: JobService,
        cast: Cast,
        settings: Settings,
    ) -> None:
        self._db = db
        self._files = files
        self._jobs = jobs
        self._cast = cast
        self._settings = settings

    def generate(self, uid: str, request: GenerateVoice, key: str | None) -> GenerationWithJob:
        """Commits the generation, its job and the hold, and enqueues the work. Raises
        TranslationNotOffered, UnknownChoice, TextTooLong, CharacterNotFound, NotEnoughTokens."""
        if request.target_language:
            raise TranslationNotOffered
        asked = request.model_dump(mode="json", exclude={"target_language"})
        character = self._cast([request.character_id])[0] if request.character_id else None
        request = self._checked(_as_character(request, character))
        cloned = (
            character is not None
            and character.consent is not None
            and capabilities(self._settings.speech_engine).cloning
        )
        at = now()
        generation_id = keyed_id(uid, key)
        prices = self._settings.prices
        characters = len(request.text)
        generation = Generation(
            id=generation_id,
            uid=uid,
            title=shorten(request.text, TITLE_CHARACTERS),
            characters=characters,
            language=request.language,
            voice_type=request.voice_type,
            voice_style=request.voice_style,
            speed=request.speed,
            format=request.format,
            engine=self._settings.speech_engine,
            character_id=request.character_id,
            voice_cloned=cloned,
            created_at=at,
            updated_at=at,
            expires_at=at + timedelta(days=self._settings.retention_days),
        )
        job = VOICE.job(
            id=generation_id,
            uid=uid,
            subject=writes.generation_path(generation_id),
            given=_spoken_text(request, character if cloned else None),
            request_hash=request_hash("generateVoice", asked),
            at=at,
        )
        quote = Quote(
            tokens=-(-characters // prices.characters_per_token),
            voice_seconds=math.ceil(characters * prices.held_seconds_per_character / request.speed),
        )
        batch = [
            writes.create_write(generation),
            activity_write(
                uid,
                "voice_generation_started",
                "Voice generation started",
                at=at,
                generationId=generation_id,
            ),
        ]
        job = self._jobs.submit(job, quote, batch, keyed=key is not None)
        if job.created_at != at:
            return self.get(uid, generation_id)  # a repeat: as it stands now
        return GenerationWithJob(generation, job)

    def wait(self, speaking: GenerationWithJob, seconds: int) -> GenerationWithJob:
        """Looks until the work has ended, at most so long."""
        deadline = time.monotonic() + seconds
        pause, longest = _POLL_SECONDS
        generation = speaking.generation
        while not generation.status.ended:
            if time.monotonic() + pause > deadline:
                return speaking
            time.sleep(pause)
            pause = min(pause * 1.5, longest)
            document = self._db.get(writes.generation_path(generation.id))
            if not document.exists:
                return speaking
            generation = Generation.of(document)
        return self.get(generation.uid, generation.id)

    def get(self, uid: str, generation_id: str) -> GenerationWithJob:
        generation, job = writes.read(self._db, generation_id)
        owned(generation, uid, GenerationNotFound)
        return GenerationWithJob(Generation.of(generation), Job.of(job))

    def cancel(self, uid: str, generation_id: str) -> GenerationWithJob:
        self.get(uid, generation_id)
        self._jobs.cancel(generation_id)
        return self.get(uid, generation_id)

    def delete(self, uid: str, generation_id: str) -> None:
        """Cancels what still runs, then deletes files, text and documents. The job stays as an
        empty shell: it remembers what was charged, and the idempotency key."""
        speaking = self.get(uid, generation_id)
        job = self._jobs.cancel(generation_id)
        self.erase(speaking.generation, job)

    def erase(self, generation: Generation, job: Job) -> None:
        done = self._jobs.parts(job)
        # Files first: whatever stops this half-way leaves documents that lead to the rest.
        self._files().delete(
            [
                *self._files().list(writes.files_prefix(generation.uid, generation.id)),
                *(path for part in done for path in VOICE.payload_of(part).files),
            ]
        )
        self._db.commit(
            Delete(writes.generation_path(generation.id)), *self._jobs.erase_writes(job, done)
        )

    def expire(self, limit: int) -> int:
        """Deletes generations that are past their retention; returns how many."""
        old = self._db.due(writes.COLLECTION, limit, field="expiresAt")
        for document in old:
            job = self._jobs.cancel(document.id)
            self.erase(Generation.of(document), job)
        return len(old)

    def history(self, uid: str, page: PageRequest) -> tuple[list[Generation], PageOf]:
        found = newest_first(
            self._db, writes.COLLECTION, page, field="createdAt", where=[("uid", "==", uid)]
        )
        return [Generation.of(document) for document in found.documents], found

    def audio(self, uid: str, generation_id: str) -> tuple[Generation, AudioFile]:
        """The finished audio of a generation. Raises AudioNotReady."""
        document = self._db.get(writes.generation_path(generation_id))
        generation = Generation.of(owned(document, uid, GenerationNotFound))
        if generation.audio is None:
            raise AudioNotReady(
                f"The audio is not there: the generation is {generation.status}.",
                details={"status": generation.status},
            )
        return generation, generation.audio

    def captions(self, uid: str, generation_id: str, caption_format: str) -> str:
        """The captions as WebVTT or SubRip text."""
        _, audio = self.audio(uid, generation_id)
        try:
            words = words_from_json(self._files().read(audio.words_path))
        except FileMissing as error:
            raise AudioNotReady from error
        render = to_srt if caption_format == "srt" else to_vtt
        return render(cues(words))

    def _checked(self, request: GenerateVoice) -> GenerateVoice:
        """The request with its language as the engine names it. Raises UnknownChoice (with what
        exists) and TextTooLong."""
        engine = self._settings.speech_engine
        offered = capabilities(engine)
        language = language_named(request.language, engine)
        wrong = []
        if language is None:
            wrong.append(UnknownChoice.field("language", [item.code for item in offered.languages]))
        if request.voice_type not in offered.voice_types:
            wrong.append(UnknownChoice.field("voiceType", sorted(offered.voice_types)))
        if request.voice_style not in offered.styles:
            wrong.append(UnknownChoice.field("voiceStyle", list(offered.styles)))
        if language is None or wrong:
            raise UnknownChoice(details={"fields": wrong})
        if len(request.text) > self._settings.max_text_characters:
            raise TextTooLong(
                f"The text has {len(request.text)} characters; "
                f"{self._settings.max_text_characters} are the most.",
                details={
                    "characters": len(request.text),
                    "maximum": self._settings.max_text_characters,
                },
            )
        return request.model_copy(update={"language": language.code})


def _as_character(request: GenerateVoice, character: Character | None) -> GenerateVoice:
    """Where the request says nothing, the character's own voice type and pace."""
    if character is None:
        return request
    own = {"voice_type": VoiceType(character.voice_type), "speed": character.config.speed}
    given = request.model_fields_set
    return request.model_copy(update={k: v for k, v in own.items() if k not in given})


def _spoken_text(request: GenerateVoice, cloned: Character | None) -> SpokenText:
    """What a worker needs. `cloned`: the character whose recording to speak with, if any."""
    recording = voice_snapshot(cloned, request.language).model_dump() if cloned else {}
    return SpokenText.model_validate(recording | request.model_dump(mode="json"))
