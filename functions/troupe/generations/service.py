"""Text to speech: everything from the request to the file except the speaking itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troupe.access import owned
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Database, Delete, Missing, Update, now
from troupe.borders import Border
from troupe.characters.voices import dictionary_fields, voice_snapshot
from troupe.errors import FileMissing, TroupeError
from troupe.generations import writes
from troupe.generations.choices import Cast, Choices, Chosen, GenerationRequest, hashed
from troupe.generations.errors import (
    AudioNotReady,
    GenerationNotFound,
    TextTooLong,
)
from troupe.generations.records import AudioFile, DictionaryUse, Generation, SpokenText
from troupe.generations.specs import VOICE
from troupe.generations.translating import Translations
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.charges import Price
from troupe.jobs.records import Job, JobStatus, input_path, job_path
from troupe.jobs.writes import erase_writes, whole
from troupe.logs import log
from troupe.media.captions import (
    CaptionFormat,
    Cue,
    cues_from_json,
    formatted,
    words_from_json,
)
from troupe.media.waveform import Waveform
from troupe.moderation.service import Moderation
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.recording.records import VoiceSnapshot
from troupe.settings import Settings
from troupe.speech.text.forms import TextType
from troupe.text import prefixes, search_key, shorten
from troupe.waiters import polls
from troupe.wallet.payers import Payer
from troupe.wallet.records import Owner
from troupe.waveforms.errors import NoWaveform

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.dictionaries.library import Dictionaries
    from troupe.jobs.service import JobService
    from troupe.speech.engine import WordTiming
    from troupe.speech.text.marks import ReadingWarning
    from troupe.translation.service import TranslationService

TITLE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """None selects all. `search`: the beginning of a word of the title."""

    status: JobStatus | None = None
    language: str | None = None
    character_id: str | None = None
    favourite: bool = False
    search: str = ""

    def where(self) -> list[tuple[str, str, Any]]:
        equal = {
            "status": self.status,
            "language": self.language,
            "characterId": self.character_id,
            "favourite": self.favourite or None,
        }
        where = [(name, "==", value) for name, value in equal.items() if value is not None]
        if self.search:
            where.append(("starts", "array_contains", search_key(self.search)))
        return where


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a generation as it was sent, with how it was to be read."""

    text: str
    text_type: TextType
    pauses: Mapping[Border, int]


@dataclass(frozen=True, slots=True)
class GenerationWithJob:
    """A generation and the job that makes it. `repeated`: a request under the same key made it
    before."""

    generation: Generation
    job: Job
    warnings: tuple[ReadingWarning, ...] = ()
    repeated: bool = False


class Generations:
    """`files`, `jobs`, `dictionaries` and `translation` are called only when they are needed: most
    requests need none, and the storage client and the queue are slow to load."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        jobs: Callable[[], JobService],
        cast: Cast,
        dictionaries: Callable[[], Dictionaries],
        translation: Callable[[], TranslationService],
        settings: Settings,
        moderation: Moderation,
    ) -> None:
        self._db = db
        self._files = files
        self._jobs = jobs
        translations = Translations(None if settings.translator == "off" else translation)
        self._choices = Choices(cast, dictionaries, translations, settings)
        self._settings = settings
        self._moderation = moderation

    def generate(
        self,
        uid: str,
        request: GenerationRequest,
        key: str | None,
        max_tokens: int | None = None,
        *,
        payer: Payer | None = None,
        run_here: bool = False,
        retried: bool = False,
        ended_within: timedelta | None = None,
    ) -> GenerationWithJob:
        """Commits the generation, its job and the hold, and enqueues the work, unless the caller
        does it (`run_here`). `payer`: None for the user. A repeat under the same idempotency
        `key` returns the first generation in its current state; so does one that may be `retried`,
        without a key (`ended_within`: see JobService.repeated).

        Raises the errors of Choices.of, ContentRefused, ModerationUnavailable, NotEnoughTokens,
        CostAboveMax, KeyReused, TooManyJobs. With `run_here`, the text that is spoken must be one
        part of a job.
        """
        generation_id = keyed_id(uid, key)
        fingerprint = request_hash("generateVoice", hashed(request))

        def earlier() -> GenerationWithJob | None:
            if key and self._jobs().earlier(generation_id, uid, payer, fingerprint):
                return replace(self.get(uid, generation_id), repeated=True)
            return None

        # A second translation could differ, and cost something.
        if request.target_language is not None and (found := earlier()):
            return found
        if retried and key is None:
            found = self._retried(uid, payer, fingerprint, ended_within)
            if found is not None:
                return found
        try:
            chosen = self._chosen(uid, request, run_here=run_here)
        except TroupeError:  # the character or the dictionary may have been deleted since
            if found := earlier():
                return found
            raise
        at = now()
        generation = Generation(
            id=generation_id,
            uid=uid,
            title=shorten(request.text, TITLE_CHARACTERS),
            characters=len(chosen.words.text),
            language=chosen.voice.language,
            voice_id=chosen.voice.voice_id or request.voice_id,
            voice_type=chosen.voice.type,
            voice_style=request.voice_style,
            speed=chosen.speed,
            format=request.format,
            engine=chosen.voice.engine,
            character_id=request.character_id,
            dictionary=DictionaryUse.of_ref(chosen.dictionary),
            voice_cloned=chosen.cloned,
            translation=chosen.words.translation,
            created_at=at,
            updated_at=at,
            expires_at=at + timedelta(days=self._settings.retention_days),
        )
        job = VOICE.job(
            id=generation_id,
            uid=uid,
            subject=writes.generation_path(generation_id),
            given=_spoken_text(request, generation, chosen),
            request_hash=fingerprint,
            at=at,
            payer=payer,
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
        job = self._jobs().submit(
            job,
            chosen.quote,
            batch,
            keyed=key is not None,
            max_tokens=max_tokens,
            run_here=run_here,
            key=payer.key if payer else None,
        )
        if job.created_at != at:
            found = self.get(uid, generation_id)  # in its current state
            return replace(found, warnings=chosen.warnings, repeated=True)
        return GenerationWithJob(generation, job, chosen.warnings)

    def _chosen(self, uid: str, request: GenerationRequest, *, run_here: bool) -> Chosen:
        """Raises the errors of Choices.of, TextTooLong, ContentRefused, ModerationUnavailable."""
        if run_here:
            self._check_at_once(request.text)
        chosen = self._choices.of(uid, request)
        if run_here:
            self._check_at_once(chosen.words.text)
        self._moderation.check(uid, chosen.words.text, chosen.spoken)
        return chosen

    def _retried(
        self, uid: str, payer: Payer | None, fingerprint: str, ended_within: timedelta | None
    ) -> GenerationWithJob | None:
        """What the same request started a moment ago."""
        job = self._jobs().repeated(uid, payer, fingerprint, ended_within)
        if job is None:
            return None
        try:
            return replace(self.get(uid, job.id), repeated=True)
        except GenerationNotFound:  # deleted since
            return None

    def _check_at_once(self, text: str) -> None:
        """Raises TextTooLong."""
        TextTooLong.check(
            text,
            self._settings.part_characters,
            "The text is too long to speak at once",
            "Use `POST /api/voice/generate`.",
        )

    def quote(self, uid: str, request: GenerationRequest, payer: Payer | None = None) -> Price:
        """What the generation would cost now. Raises the errors of `Choices.of`, and the
        PAYER_ERRORS."""
        quote = self._choices.of(uid, request).quote
        return self._jobs().price(uid, payer or Payer(Owner.user(uid)), quote)

    def wait(self, started: GenerationWithJob, seconds: int) -> GenerationWithJob:
        """Polls until the work has ended, for at most `seconds`."""
        generation, waiting = started.generation, polls(seconds)
        while not generation.status.ended:
            document = next(
                (self._db.get(writes.generation_path(generation.id)) for _ in waiting), None
            )
            if document is None or not document.exists:
                return started
            generation = Generation.of(document)
        return self.get(generation.uid, generation.id)

    def get(self, uid: str, generation_id: str) -> GenerationWithJob:
        """A generation of this user, with its job. Raises GenerationNotFound."""
        generation, job = writes.read(self._db, generation_id)
        owned(generation, uid, GenerationNotFound)
        return GenerationWithJob(Generation.of(generation), Job.of(job))

    def text(self, uid: str, generation_id: str) -> Written:
        """Raises GenerationNotFound."""
        paths = [writes.generation_path(generation_id), job_path(generation_id)]
        document, job, given_in = self._db.get_all([*paths, input_path(generation_id)])
        generation = Generation.of(owned(document, uid, GenerationNotFound))
        given = VOICE.input_of(Job.of(whole(job, given_in)))
        sent = generation.translation.text if generation.translation else given.text
        return Written(sent, given.text_type, given.pauses)

    def update(
        self,
        uid: str,
        generation_id: str,
        *,
        title: str | None = None,
        favourite: bool | None = None,
    ) -> GenerationWithJob:
        """Changes what is given. Raises GenerationNotFound, ContentRefused and
        ModerationUnavailable."""
        found = self.get(uid, generation_id)
        fields: dict[str, Any] = {}
        if title is not None:
            self._moderation.check(uid, title)
            fields |= {"title": title, "starts": prefixes(title)}
        if favourite is not None:
            fields["favourite"] = favourite
        try:
            self._db.commit(Update(writes.generation_path(generation_id), fields))
        except Missing:  # deleted since
            raise GenerationNotFound from None
        changes = {name: value for name, value in fields.items() if name != "starts"}
        return replace(found, generation=found.generation.model_copy(update=changes))

    def cancel(self, uid: str, generation_id: str) -> GenerationWithJob:
        """Cancels the work unless it has ended. Raises GenerationNotFound."""
        self.get(uid, generation_id)
        self._jobs().cancel(generation_id)
        return self.get(uid, generation_id)

    def delete(self, uid: str, generation_id: str) -> None:
        """Cancels the work if it has not ended, then deletes files, text and documents. The job
        stays as an empty shell that records the charge and the idempotency key.

        Raises GenerationNotFound.
        """
        found = self.get(uid, generation_id)
        job = self._jobs().cancel(generation_id)
        self.erase(found.generation, job)

    def delete_all(self, uid: str, ids: Sequence[str]) -> tuple[list[str], list[str]]:
        """Deletes generations of this user, one after another; returns the ids of those that are
        deleted, and of those that the user does not have."""
        deleted, missing = list[str](), list[str]()
        for generation_id in dict.fromkeys(ids):
            try:
                self.delete(uid, generation_id)
                deleted.append(generation_id)
            except GenerationNotFound:
                missing.append(generation_id)
        return deleted, missing

    def erase(self, generation: Generation, job: Job) -> None:
        """Deletes the files, the text and the documents of a generation whose job has ended."""
        done = self._jobs().parts(job)
        prefix = writes.files_prefix(generation.uid, generation.id)
        part_files = [path for part in done for path in VOICE.payload_of(part).files]
        # Files first: if this stops half-way, the documents still lead to the remaining files.
        self._files().delete([*self._files().list(prefix), *part_files])
        self._db.commit(Delete(writes.generation_path(generation.id)), *erase_writes(job, done))

    def expire(self, limit: int) -> int:
        """Deletes up to `limit` generations that are past their retention; returns how many."""
        old = self._db.due(writes.COLLECTION, limit, field="expiresAt")
        erased = 0
        for document in old:
            try:
                job = self._jobs().cancel(document.id)
                self.erase(Generation.of(document), job)
                erased += 1
            except Exception as error:  # one failure must not block the others
                log.error("generation_not_expired", error, generationId=document.id)
        return erased

    def history(
        self, uid: str, page: PageRequest, chosen: HistoryFilter
    ) -> tuple[list[Generation], PageOf]:
        """A page of the user's generations, newest first. Raises BadCursor, PageTooDeep."""
        where = [("uid", "==", uid), *chosen.where()]
        found = newest_first(self._db, writes.COLLECTION, page, field="createdAt", where=where)
        return [Generation.of(document) for document in found.documents], found

    def audio(self, uid: str, generation_id: str) -> tuple[Generation, AudioFile]:
        """A generation and its finished audio. Raises GenerationNotFound, AudioNotReady."""
        document = self._db.get(writes.generation_path(generation_id))
        generation = Generation.of(owned(document, uid, GenerationNotFound))
        if generation.audio is None:
            raise AudioNotReady(
                f"The audio is not available: the generation is {generation.status}.",
                details={"status": generation.status},
            )
        return generation, generation.audio

    def waveform(self, uid: str, generation_id: str) -> tuple[Waveform, float]:
        """With the length of the audio in seconds. Raises GenerationNotFound, AudioNotReady,
        NoWaveform."""
        _, audio = self.audio(uid, generation_id)
        if audio.peaks_path is None:
            raise NoWaveform
        try:
            return Waveform.unpacked(self._files().read(audio.peaks_path)), audio.seconds
        except FileMissing as error:
            raise AudioNotReady from error

    def captions(self, uid: str, generation_id: str, form: CaptionFormat) -> str:
        """The captions. Raises GenerationNotFound, AudioNotReady."""
        _, audio = self.audio(uid, generation_id)
        return formatted(self._cues(audio), form)

    def words(self, uid: str, generation_id: str) -> tuple[list[WordTiming], float]:
        """The words, and the length of the audio in seconds. Raises GenerationNotFound and
        AudioNotReady."""
        _, audio = self.audio(uid, generation_id)
        return [word for cue in self._cues(audio) for word in cue.words], audio.seconds

    def _cues(self, audio: AudioFile) -> list[Cue]:
        """Raises AudioNotReady."""
        try:
            if audio.cues_path:
                return cues_from_json(self._files().read(audio.cues_path))
            from troupe.media.captions.cues import cues  # noqa: PLC0415 (for old audio only)

            return cues(words_from_json(self._files().read(audio.words_path or "")))
        except FileMissing as error:
            raise AudioNotReady from error


def _spoken_text(request: GenerationRequest, generation: Generation, chosen: Chosen) -> SpokenText:
    """The input of the job."""
    voice = (
        voice_snapshot(chosen.character, chosen.voice, generation.uid)
        if chosen.character and chosen.cloned
        else VoiceSnapshot(
            engine=chosen.voice.engine,
            voice_id=chosen.voice.voice_id,
            language=chosen.voice.language,
            voice_type=chosen.voice.type,
        )
    )
    choices = {
        "text": chosen.words.text,
        "text_type": request.text_type,
        "pauses": dict(request.pauses),
        "voice_style": generation.voice_style,
        "speed": generation.speed,
        "format": generation.format,
        **dictionary_fields(chosen.dictionary),
    }
    return SpokenText.model_validate(voice.model_dump() | choices)
