"""What is made of a script: the jobs of its audio and its video, from the start to the progress."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Database, Missing, Stale, Update, now
from troupe.characters.errors import CharacterNotFound
from troupe.errors import UnknownChoice
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.jobs.records import Charge, Job, JobKind, JobStatus, job_path
from troupe.jobs.service import QUEUED_PATIENCE, InputChanged, JobService, Quote
from troupe.scripts import writes
from troupe.scripts.backgrounds import Background, chosen_background, list_backgrounds
from troupe.scripts.errors import CharacterGone, JobNotFound, ScriptEmpty
from troupe.scripts.lookup import ScriptWithJobs, check_free, owned, read_jobs
from troupe.scripts.records import FinalVideo, Performance, Performer, Script
from troupe.scripts.service import CastOf
from troupe.settings import Settings
from troupe.speech.catalogue import capabilities, language_named
from troupe.wallet.records import Meter

if TYPE_CHECKING:
    from troupe.characters.records import Character
    from troupe.scripts.schemas import GenerateAudio, GenerateVideo

_TRIES = 5  # against somebody who edits the script all the while

_KINDS = {
    JobKind.SCRIPT_AUDIO: ("script_audio_started", "Audio of script '{}' started", "audioJobId"),
    JobKind.VIDEO: (
        "video_generation_started",
        "Video generation started for script '{}'",
        "videoJobId",
    ),
}


@dataclass(frozen=True, slots=True)
class ScriptJob:
    """A job about a script (perhaps without its input), and the video when it has made one."""

    job: Job
    video: FinalVideo | None = None

    @property
    def script_id(self) -> str:
        return self.job.subject.rpartition("/")[2]


class ScriptJobs:
    def __init__(self, db: Database, jobs: JobService, cast: CastOf, settings: Settings) -> None:
        self._db = db
        self._jobs = jobs
        self._cast = cast
        self._settings = settings

    def start_audio(
        self, uid: str, script_id: str, request: GenerateAudio, key: str | None
    ) -> ScriptJob:
        """Commits the job and its hold, and enqueues the work.

        Raises ScriptNotFound, ScriptBusy, ScriptEmpty, CharacterGone, UnknownChoice,
        NotEnoughTokens and KeyReused.
        """
        body = request.model_dump(mode="json")
        return self._start(uid, script_id, JobKind.SCRIPT_AUDIO, body, key)

    def start_video(
        self, uid: str, script_id: str, request: GenerateVideo, key: str | None
    ) -> ScriptJob:
        """As `start_audio`; raises UnknownBackground besides."""
        body = request.model_dump(mode="json")
        return self._start(uid, script_id, JobKind.VIDEO, body, key)

    def status(self, uid: str, script_id: str) -> ScriptWithJobs:
        """The script with its last video job, if it ever had one."""
        script = owned(self._db.get(writes.script_path(script_id)), uid)
        found = read_jobs(self._db, [script.video_job_id] if script.video_job_id else [])
        return ScriptWithJobs(script, video_job=found.get(script.video_job_id or ""))

    def job(self, uid: str, job_id: str) -> ScriptJob:
        """Raises JobNotFound, also for jobs that are not about a script."""
        job = read_jobs(self._db, [job_id]).get(job_id)
        if job is None or job.uid != uid or job.kind not in _KINDS:
            raise JobNotFound
        return self._filming(job)

    def cancel(self, uid: str, job_id: str) -> ScriptJob:
        """Stops a job; one that has ended stays as it is."""
        self.job(uid, job_id)
        return self._filming(self._jobs.cancel(job_id))

    def backgrounds(self) -> list[Background]:
        return list_backgrounds(self._db)

    def _filming(self, job: Job) -> ScriptJob:
        if job.kind is not JobKind.VIDEO or job.status is not JobStatus.COMPLETED:
            return ScriptJob(job)
        document = self._db.get(job.subject)
        video = Script.of(document).video if document.exists else None
        # An older job's video has given way to a later one.
        return ScriptJob(job, video if video and video.job_id == job.id else None)

    def _start(
        self, uid: str, script_id: str, kind: JobKind, body: Mapping[str, Any], key: str | None
    ) -> ScriptJob:
        for _ in range(_TRIES):
            try:
                return self._filming(self._submit(uid, script_id, kind, body, key))
            except (InputChanged, Missing):  # edited or deleted meanwhile
                continue
        raise Stale

    def _submit(
        self, uid: str, script_id: str, kind: JobKind, body: Mapping[str, Any], key: str | None
    ) -> Job:
        job_id = keyed_id(uid, key)
        fingerprint = request_hash(f"{kind}:{script_id}", body)
        paths = [writes.script_path(script_id)] + ([job_path(job_id)] if key else [])
        document, *earlier = self._db.get_all(paths)
        script = owned(document, uid)
        if earlier and earlier[0].exists:
            # A repeat: answered as before, also while the script is busy with that very job.
            job = Job.of(earlier[0])
            if job.uid != uid or job.request_hash != fingerprint:
                raise KeyReused
            return job
        check_free(self._db, script)
        performance = self._performance(script, body)
        at = now()
        job = Job(
            id=job_id,
            kind=kind,
            uid=uid,
            subject=document.path,
            input=performance.stored(),
            request_hash=fingerprint,
            charge=Charge(meter=Meter.TOKENS, held=0, remaining_tokens=0),
            due_at=at + QUEUED_PATIENCE,
            created_at=at,
            updated_at=at,
        )
        activity, message, field = _KINDS[kind]
        batch = [
            Update(
                document.path,
                {"activeJobId": job_id, field: job_id, "updatedAt": at},
                seen=document,
            ),
            activity_write(
                *(uid, activity, message.format(script.title)),
                at=at,
                scriptId=script_id,
                jobId=job_id,
            ),
        ]
        quote = self._quote(kind, script, performance)
        return self._jobs.submit(job, quote, batch, keyed=key is not None, watched=[document])

    def _quote(self, kind: JobKind, script: Script, performance: Performance) -> Quote:
        prices = self._settings.prices
        if kind is JobKind.VIDEO:
            return Quote(tokens=prices.tokens_per_video)
        slowest = min(performer.speed for performer in performance.performers.values())
        return Quote(
            tokens=-(-script.characters // prices.characters_per_token),
            voice_seconds=math.ceil(
                script.characters * prices.held_seconds_per_character / slowest
            ),
        )

    def _performance(self, script: Script, body: Mapping[str, Any]) -> Performance:
        """All that the job needs, as it is now."""
        if not script.dialogue:
            raise ScriptEmpty
        choices = dict(body)
        if "background_video" in choices:
            choices["background"] = chosen_background(self._db, choices.pop("background_video"))
        return Performance(
            script_id=script.id,
            revision=script.revision,
            title=script.title,
            lines=script.dialogue,
            performers=self._performers(script),
            **choices,
        )

    def _performers(self, script: Script) -> dict[str, Performer]:
        """Those who speak; who was chosen and says nothing need not exist any more."""
        speaking = list(dict.fromkeys(line.speaker for line in script.dialogue))
        try:
            characters = self._cast(speaking)
        except CharacterNotFound as error:
            gone = [{"id": i, "name": script.cast.get(i, i)} for i in _missing(error, speaking)]
            names = ", ".join(each["name"] for each in gone)
            raise CharacterGone(
                f"These characters do not exist any more: {names}.", details={"characters": gone}
            ) from error
        engine = self._settings.speech_engine
        silent = [
            one.display_name for one in characters if not language_named(one.language, engine)
        ]
        if silent:
            allowed = [language.code for language in capabilities(engine).languages]
            raise UnknownChoice(
                f"The speech engine does not speak the language of {', '.join(silent)}.",
                details={"fields": [UnknownChoice.field("language", allowed)]},
            )
        return {one.id: _performer(one, script.cast, engine) for one in characters}


def _performer(character: Character, cast: Mapping[str, str], engine: str) -> Performer:
    language = language_named(character.language, engine)
    sample, config = character.sample, character.config
    # No consent, no cloning: the voice is then chosen by language and type.
    cloned = character.consent is not None
    return Performer(
        id=character.id,
        name=cast.get(character.id, character.display_name),
        language=language.code if language else character.language,
        voice_type=character.voice_type,
        speed=config.speed,
        nfe_steps=config.nfe_steps,
        cross_fade_duration=config.cross_fade_duration,
        remove_silences=config.remove_silences,
        sample_path=sample.path if cloned else None,
        sample_sha256=sample.sha256 if cloned else None,
        sample_text=sample.text if cloned else "",
        images=[image.path for _, image in sorted(character.images.items(), key=_image_number)],
    )


def _image_number(entry: tuple[str, Any]) -> int:
    return int(entry[0])


def _missing(error: CharacterNotFound, asked: list[str]) -> list[str]:
    named = (error.details or {}).get("missing", asked)
    return [speaker for speaker in asked if speaker in named]
