"""Audio and video jobs of scripts: starting, following and cancelling them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe.access import owned
from troupe.adapters.firestore import Database, Missing, Stale, now
from troupe.characters.errors import CharacterNotFound
from troupe.characters.voices import attachment, character_voice, voice_snapshot
from troupe.errors import UnknownChoice
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.jobs.charges import Price, Quote
from troupe.jobs.errors import InputChanged, JobNotFound
from troupe.jobs.records import SHOWN_FIELDS, Job, JobStatus, job_path
from troupe.jobs.service import JobService
from troupe.jobs.specs import JobSpec
from troupe.media.formats import AudioFormat
from troupe.moderation.service import Moderation
from troupe.recording.records import Recorded
from troupe.scripts import writes
from troupe.scripts.backgrounds import (
    Background,
    background_path,
    choose_background,
    find_background,
    list_backgrounds,
    poster_path,
)
from troupe.scripts.errors import (
    BackgroundNotFound,
    CharacterGone,
    LineNotFound,
    LineSpoken,
    ScriptEmpty,
    ScriptNotFound,
)
from troupe.scripts.length import dialogue_seconds
from troupe.scripts.pricing import new_characters, quote
from troupe.scripts.records import (
    MOST_TAKES,
    ChosenLine,
    FinalVideo,
    Line,
    Performance,
    Performer,
    Script,
    ScriptWithJobs,
    StoredFile,
    VideoOptions,
)
from troupe.scripts.service import CastOf
from troupe.scripts.specs import AUDIO, LINE, SPECS, VIDEO
from troupe.settings import Settings
from troupe.speech.choice import VoiceChoice, known_language, offered_languages
from troupe.speech.errors import SpeechTooLong
from troupe.speech.readable import check_readable
from troupe.text import shorten
from troupe.translation.languages import same
from troupe.wallet.payers import Payer
from troupe.wallet.records import Owner

if TYPE_CHECKING:
    from troupe.characters.records import Character
    from troupe.dictionaries.library import Dictionaries
    from troupe.dictionaries.records import DictionaryRef

Spec = JobSpec[Performance, Recorded]
_LONGEST_NAMES = 200  # characters of a message
_ATTEMPTS = 5  # in case the script is edited between reading it and committing the job


@dataclass(frozen=True, slots=True)
class ScriptJob:
    """A script's job (its input may not be loaded), with the video if the job made one."""

    job: Job
    video: FinalVideo | None = None

    @property
    def script_id(self) -> str:
        return self.job.subject.rpartition("/")[2]


class ScriptJobs:
    """`dictionaries` is called only when a character has one."""

    def __init__(
        self,
        db: Database,
        jobs: JobService,
        cast: CastOf,
        dictionaries: Callable[[], Dictionaries],
        settings: Settings,
        moderation: Moderation,
    ) -> None:
        self._db = db
        self._jobs = jobs
        self._cast = cast
        self._dictionaries = dictionaries
        self._settings = settings
        self._moderation = moderation

    def start_audio(
        self,
        uid: str,
        script_id: str,
        audio_format: AudioFormat,
        key: str | None,
        max_tokens: int | None = None,
        payer: Payer | None = None,
    ) -> ScriptJob:
        """Commits the job with its hold, and enqueues the work. `payer`: None for the user.

        Raises ScriptNotFound, ScriptBusy, ScriptEmpty, CharacterGone, VoiceNotShared,
        UnknownChoice, SpeechTooLong, ContentRefused, ModerationUnavailable, NotEnoughTokens,
        CostAboveMax, KeyReused, and the PAYER_ERRORS.
        """
        return self._start(uid, script_id, AUDIO, {"format": audio_format}, key, max_tokens, payer)

    def start_video(
        self,
        uid: str,
        script_id: str,
        options: VideoOptions,
        key: str | None,
        max_tokens: int | None = None,
        payer: Payer | None = None,
    ) -> ScriptJob:
        """Like `start_audio`; can also raise UnknownBackground."""
        # The names and values are part of the request hash: renaming one breaks pending repeats.
        choices = {
            "background_video": options.background,
            "resolution": options.resolution,
            "captions": options.captions,
        }
        return self._start(uid, script_id, VIDEO, choices, key, max_tokens, payer)

    def start_line(
        self,
        uid: str,
        script_id: str,
        line: ChosenLine,
        key: str | None,
        max_tokens: int | None = None,
        payer: Payer | None = None,
    ) -> ScriptJob:
        """Like `start_audio`, for one line; can also raise LineNotFound and LineSpoken."""
        return self._start(uid, script_id, LINE, line._asdict(), key, max_tokens, payer)

    def quote(
        self,
        uid: str,
        script_id: str,
        spec: Spec,
        payer: Payer | None = None,
        line: ChosenLine | None = None,
    ) -> Price:
        """What the audio, the video or a line would cost now. Raises ScriptNotFound, ScriptBusy,
        the errors of `_performance` and `_quote`, and the PAYER_ERRORS."""
        document = self._db.get(writes.script_path(script_id))
        script = Script.of(owned(document, uid, ScriptNotFound))
        writes.check_free(self._db, script)
        quote = self._quote(spec, self._performance(script, line._asdict() if line else {}))
        return self._jobs.price(uid, payer or Payer(Owner.user(uid)), quote)

    def status(self, uid: str, script_id: str) -> ScriptWithJobs:
        """The script with its latest video job, if there is one. Raises ScriptNotFound."""
        document = self._db.get(writes.script_path(script_id))
        script = Script.of(owned(document, uid, ScriptNotFound))
        jobs = writes.read_jobs(self._db, [script.video_job_id] if script.video_job_id else [])
        return ScriptWithJobs(script, video_job=jobs.get(script.video_job_id or ""))

    def job(self, uid: str, job_id: str) -> ScriptJob:
        """Raises JobNotFound, also if the job does not belong to a script."""
        document = self._db.get_all([job_path(job_id)], select=SHOWN_FIELDS)[0]
        job = Job.of(owned(document, uid, JobNotFound))
        if job.kind not in SPECS:
            raise JobNotFound
        return self._script_job(job)

    def cancel(self, uid: str, job_id: str) -> ScriptJob:
        """Cancels a job; one that has ended does not change. Raises JobNotFound."""
        self.job(uid, job_id)
        return self._script_job(self._jobs.cancel(job_id))

    def backgrounds(self) -> list[Background]:
        return list_backgrounds(self._db)

    def background_file(self, name: str) -> StoredFile:
        """The clip with this name, or its picture. Raises BackgroundNotFound."""
        found = find_background(self._db, f"{name.rpartition('.')[0]}.mp4")
        if name == found.id:
            return StoredFile(background_path(name), found.size, "video/mp4", name)
        if found.poster_size is None:
            raise BackgroundNotFound
        return StoredFile(poster_path(found.id), found.poster_size, "image/jpeg", name)

    def _script_job(self, job: Job) -> ScriptJob:
        if job.kind != VIDEO.kind or job.status is not JobStatus.COMPLETED:
            return ScriptJob(job)
        document = self._db.get(job.subject)
        video = Script.of(document).video if document.exists else None
        # A later job's video replaces that of an earlier one.
        return ScriptJob(job, video if video and video.job_id == job.id else None)

    def _start(
        self,
        uid: str,
        script_id: str,
        spec: Spec,
        choices: Mapping[str, Any],
        key: str | None,
        max_tokens: int | None,
        payer: Payer | None,
    ) -> ScriptJob:
        for _ in range(_ATTEMPTS):
            try:
                job = self._submit(uid, script_id, spec, choices, key, max_tokens, payer)
                return self._script_job(job)
            except (InputChanged, Missing):  # edited or deleted in the meantime
                continue
        raise Stale

    def _submit(
        self,
        uid: str,
        script_id: str,
        spec: Spec,
        choices: Mapping[str, Any],
        key: str | None,
        max_tokens: int | None,
        payer: Payer | None,
    ) -> Job:
        job_id = keyed_id(uid, key)
        fingerprint = request_hash(f"{spec.kind}:{script_id}", choices)
        paths = [writes.script_path(script_id)] + ([job_path(job_id)] if key else [])
        document, *previous = self._db.get_all(paths)
        if previous and previous[0].exists:
            # A repeated request gets the same answer, even while that job keeps the script busy,
            # and after the script has been deleted.
            job = Job.of(owned(previous[0], uid, ScriptNotFound))
            if not job.repeats(uid, payer.company_id if payer else None, fingerprint):
                raise KeyReused
            return job
        script = Script.of(owned(document, uid, ScriptNotFound))
        writes.check_free(self._db, script)
        performance = self._performance(script, choices)
        # Again: it may have been stored before this was not allowed.
        self._moderation.check(uid, *(line.text for line in _said(performance)))
        job = spec.job(
            id=job_id,
            uid=uid,
            subject=document.path,
            given=performance,
            request_hash=fingerprint,
            at=now(),
            payer=payer,
        )
        batch = writes.started_writes(job, document, script.title)
        return self._jobs.submit(
            job,
            self._quote(spec, performance),
            batch,
            keyed=key is not None,
            watched=[document],
            max_tokens=max_tokens,
            key=payer.key if payer else None,
        )

    def _quote(self, spec: Spec, performance: Performance) -> Quote:
        """Raises SpeechTooLong."""
        settings, lines = self._settings, _said(performance)
        longest = settings.max_video_seconds if spec is VIDEO else settings.max_audio_seconds
        SpeechTooLong.check(dialogue_seconds(lines, performance.performers), longest)
        return quote(
            spec.kind,
            performance.lines,
            performance.new_characters,
            performance.performers,
            settings,
        )

    def _performance(self, script: Script, choices: Mapping[str, Any]) -> Performance:
        """A snapshot of everything the job needs. Raises ScriptEmpty, UnknownBackground,
        LineNotFound, LineSpoken, UnreadableText and the errors of `_performers`."""
        chosen = dict(choices)
        if "only" in chosen:
            return self._one_line(script, chosen["only"], chosen["take"])
        if not script.dialogue:
            raise ScriptEmpty
        if "background_video" in chosen:
            chosen["background"] = choose_background(self._db, chosen.pop("background_video"))
        performers = self._performers(script, script.dialogue)
        _check_readable(script.dialogue, performers)
        return Performance(
            script_id=script.id,
            revision=script.revision,
            title=script.title,
            lines=script.dialogue,
            performers=performers,
            new_characters=new_characters(script.dialogue, performers),
            **chosen,
        )

    def _one_line(self, script: Script, number: int, take: int | None) -> Performance:
        """`take`: None for the one that the line has."""
        if number >= len(script.dialogue):
            raise LineNotFound(details={"lines": len(script.dialogue)})
        line = script.dialogue[number]
        performers = self._performers(script, [line])
        _check_readable([line], performers)
        wanted = line.take if take is None else take
        if wanted == line.take and new_characters([line], performers) == [0]:
            raise LineSpoken(details={"take": (line.take + 1) % (MOST_TAKES + 1)})
        new = [0] * len(script.dialogue)
        new[number] = len(line.text)
        return Performance(
            script_id=script.id,
            revision=script.revision,
            title=script.title,
            lines=script.dialogue,
            performers=performers,
            new_characters=new,
            only=number,
            take=wanted,
        )

    def _performers(self, script: Script, lines: Sequence[Line]) -> dict[str, Performer]:
        """The characters who speak these lines; another member of the cast may have been deleted.

        Raises CharacterGone, VoiceNotShared and UnknownChoice.
        """
        speaking = list(dict.fromkeys(line.speaker for line in lines))
        try:
            characters = self._cast(script.uid, speaking)
        except CharacterNotFound as error:
            gone = [{"id": i, "name": script.cast.get(i, i)} for i in _missing(error, speaking)]
            names = shorten(", ".join(each["name"] for each in gone), _LONGEST_NAMES)
            raise CharacterGone(
                f"These characters no longer exist: {names}.", details={"characters": gone}
            ) from error
        engines = self._settings.speech_engines
        languages = {one.id: _language(script, one) for one in characters}
        unsupported = [
            one.display_name for one in characters if not known_language(languages[one.id], engines)
        ]
        if unsupported:
            allowed = [language.code for language in offered_languages(engines)]
            names = shorten(", ".join(unsupported), _LONGEST_NAMES)
            raise UnknownChoice(
                f"No speech engine supports the language of {names}.",
                details={"fields": [UnknownChoice.field("language", allowed)]},
            )
        dictionaries = self._attached(characters, languages)
        return {
            one.id: _performer(
                one, script, character_voice(engines, one, languages[one.id]), dictionary
            )
            for one, dictionary in zip(characters, dictionaries, strict=True)
        }

    def _attached(
        self, characters: Sequence[Character], languages: Mapping[str, str]
    ) -> Sequence[DictionaryRef | None]:
        """The dictionary of each character for the language that it speaks; one call, or none."""
        if not any(one.config.dictionary_id for one in characters):
            return [None] * len(characters)
        return self._dictionaries().attached(
            [attachment(one, languages[one.id]) for one in characters]
        )


def _language(script: Script, character: Character) -> str:
    """The language that a character speaks: that of a translated script, in the character's own
    variant of it if it has one; otherwise the character's own."""
    if not script.source_script_id or not script.language:
        return character.language
    return character.language if same(character.language, script.language) else script.language


def _performer(
    character: Character, script: Script, voice: VoiceChoice, dictionary: DictionaryRef | None
) -> Performer:
    return Performer(
        **voice_snapshot(character, voice, script.uid, dictionary).model_dump(),
        id=character.id,
        name=script.cast.get(character.id, character.display_name),
        images=[image.path for _, image in sorted(character.images.items(), key=_image_number)],
    )


def _said(performance: Performance) -> list[Line]:
    """The lines that the job is about."""
    only = performance.only
    return performance.lines if only is None else [performance.lines[only]]


def _check_readable(lines: Sequence[Line], performers: Mapping[str, Performer]) -> None:
    """Raises UnreadableText if a voice cannot read what it is to say."""
    texts: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        texts[line.speaker].append(line.text)
    for speaker, said in texts.items():
        performer = performers[speaker]
        subject = f"What {shorten(performer.name, _LONGEST_NAMES)} says"
        check_readable("\n".join(said), performer.language, performer.engine, subject)


def _image_number(entry: tuple[str, Any]) -> int:
    return int(entry[0])


def _missing(error: CharacterNotFound, requested: list[str]) -> list[str]:
    missing = (error.details or {}).get("missing", requested)
    return [speaker for speaker in requested if speaker in missing]
