"""The one place that builds clients and services: each once per process, when first asked for.

Imports are inside the functions, so that a function loads what its own services need and no more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from troupe.settings import settings

if TYPE_CHECKING:
    from troupe.accounts.deletion import Deletions, Eraser
    from troupe.accounts.directory import Directory
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.accounts.service import Accounts
    from troupe.activities.service import Activities
    from troupe.adapters.firestore import Database
    from troupe.adapters.identity import Identity
    from troupe.adapters.model import Model
    from troupe.adapters.queue import CloudTasksQueue
    from troupe.adapters.queue_control import QueueControl
    from troupe.adapters.storage import Files
    from troupe.admin.stats import Statistics
    from troupe.admin.users import AdminUsers
    from troupe.audit.service import AuditLog
    from troupe.characters.clones import Clones
    from troupe.characters.records import Character
    from troupe.characters.service import Characters
    from troupe.files.service import UserFiles
    from troupe.generations.service import VoiceService
    from troupe.generations.worker import VoiceWorker
    from troupe.jobs.records import Job, Part
    from troupe.jobs.runner import Runner
    from troupe.jobs.service import JobService, TaskSender
    from troupe.jobs.specs import JobSpecs
    from troupe.jobs.sweep import Sweeper
    from troupe.media.uploads.checks import PreparedImage, PreparedSample
    from troupe.media.uploads.proofs import Recording
    from troupe.orphans import OrphanedFiles
    from troupe.plans.renewals import Renewals
    from troupe.plans.service import Plans
    from troupe.plans.subscriptions import Subscriptions
    from troupe.rate_limits import Limiter
    from troupe.scripts.jobs import ScriptJobs
    from troupe.scripts.service import ScriptService
    from troupe.scripts.worker import ScriptWorker
    from troupe.speech.engine import SpeechEngine
    from troupe.support.content import Contacts, Faqs
    from troupe.wallet.service import WalletService

__all__ = [
    "accounts",
    "activities",
    "admin_users",
    "audit_log",
    "characters",
    "clones",
    "contacts",
    "database",
    "deletions",
    "directory",
    "engine",
    "erasers",
    "faqs",
    "files",
    "health_checks",
    "identity",
    "job_specs",
    "jobs",
    "limiter",
    "orphans",
    "passwords",
    "plans",
    "profiles",
    "queue_control",
    "renewals",
    "runner",
    "script_jobs",
    "scripts",
    "settings",
    "statistics",
    "subscriptions",
    "sweeper",
    "user_files",
    "voice",
    "wallet",
]


@cache
def database() -> Database:
    from troupe.adapters.firestore import Database

    return Database.connect(settings().project_id)


@cache
def identity() -> Identity:
    from troupe.adapters.firebase import firebase_app
    from troupe.adapters.identity import Identity

    app = firebase_app(settings().project_id)
    return Identity(app, settings().web_api_key, emulated=settings().emulated)


@cache
def limiter() -> Limiter:
    from troupe.rate_limits import Limiter

    return Limiter(database(), settings().limits, settings().jwt_secret)


@cache
def accounts() -> Accounts:
    from troupe.accounts.service import Accounts

    return Accounts(database(), identity(), settings())


@cache
def passwords() -> Passwords:
    from troupe.accounts.passwords import Passwords

    return Passwords(database(), identity(), limiter())


@cache
def profiles() -> Profiles:
    from troupe.accounts.profile import Profiles

    return Profiles(database(), orphans(), prepare_image)


@cache
def deletions() -> Deletions:
    from troupe.accounts.deletion import Deletions

    return Deletions(database(), identity(), orphans(), erasers)


def erasers() -> Mapping[str, Eraser]:
    """What each domain erases of a user who leaves. Jobs end before the wallet is closed, which
    they hold something of; activities are last, for others write some."""
    from troupe.characters import lifecycle as of_characters
    from troupe.files import lifecycle as of_files
    from troupe.generations import lifecycle as of_voice
    from troupe.jobs import lifecycle as of_jobs
    from troupe.plans import lifecycle as of_plans
    from troupe.scripts import lifecycle as of_scripts
    from troupe.wallet import lifecycle as of_wallet

    db = database()
    return {
        "generations": lambda uid, n: of_voice.erase(db, files, voice(), uid, n),
        "scripts": lambda uid, n: of_scripts.erase(db, scripts(), uid, n),
        "jobs": lambda uid, n: of_jobs.erase(db, jobs(), forget_part, uid, n),
        "characters": lambda uid, n: of_characters.erase(
            db, orphans(), settings().speech_engine, uid, n
        ),
        "stars": lambda uid, n: of_characters.erase_stars(db, uid, n),
        "files": lambda uid, n: of_files.erase(db, files, uid, n),
        "subscription": lambda uid, n: of_plans.erase(db, uid, n),
        "wallet": lambda uid, n: of_wallet.erase(db, uid, n),
        "activities": lambda uid, n: activities().clear(uid),
    }


@cache
def activities() -> Activities:
    from troupe.activities.service import Activities

    return Activities(database())


@cache
def files() -> Files:
    from troupe.adapters.storage import Files

    # The emulators cannot sign; they serve the bytes through the function instead.
    return Files.connect(settings().project_id, settings().bucket, can_sign=not settings().emulated)


@cache
def orphans() -> OrphanedFiles:
    from troupe.orphans import OrphanedFiles

    return OrphanedFiles(database(), files)


@cache
def characters() -> Characters:
    from troupe.characters.intake import Prepare
    from troupe.characters.service import Characters

    return Characters(database(), files, settings(), Prepare(prepare_sample, prepare_image))


def prepare_sample(data: bytes) -> PreparedSample:
    """Loads a decoder of sound, when there is one to decode."""
    from troupe.media.uploads import samples

    return samples.prepare_sample(data)


def prepare_image(data: bytes) -> PreparedImage:
    """Loads a decoder of pictures, when there is one to decode."""
    from troupe.media.uploads import images

    return images.prepare_image(data)


@cache
def queue() -> CloudTasksQueue:
    from troupe.adapters.firebase import firebase_app
    from troupe.adapters.queue import CloudTasksQueue

    return CloudTasksQueue(firebase_app(settings().project_id), settings().region)


def queue_control(name: str) -> QueueControl:
    from troupe.adapters.queue_control import QueueControl

    return QueueControl.connect(settings().project_id, settings().region, name)


@cache
def sender() -> TaskSender:
    from troupe.jobs.service import TaskSender

    return TaskSender(queue(), job_specs())


@cache
def job_specs() -> JobSpecs:
    """Every kind of job that there is."""
    from troupe.generations.specs import VOICE
    from troupe.jobs.specs import registry
    from troupe.scripts.specs import AUDIO, VIDEO

    return registry(VOICE, AUDIO, VIDEO)


@cache
def wallet() -> WalletService:
    from troupe.wallet.service import WalletService

    return WalletService(database())


@cache
def plans() -> Plans:
    from troupe.plans.service import Plans

    return Plans(database())


@cache
def renewals() -> Renewals:
    from troupe.plans.renewals import Renewals

    return Renewals(database(), paid=settings().payments != "off")


@cache
def subscriptions() -> Subscriptions:
    from troupe.plans.subscriptions import Subscriptions

    paid = settings().payments != "off"
    return Subscriptions(database(), renewals(), wallet(), paid=paid)


@cache
def directory() -> Directory:
    from troupe.accounts.directory import Directory

    return Directory(database())


@cache
def admin_users() -> AdminUsers:
    from troupe.accounts.administration import Administration
    from troupe.admin.users import AdminUsers

    administration = Administration(database(), identity())
    return AdminUsers(
        *(database(), directory(), administration),
        *(subscriptions(), plans(), deletions()),
    )


@cache
def statistics() -> Statistics:
    from troupe.admin.stats import Statistics

    return Statistics(plans(), directory(), activities())


@cache
def audit_log() -> AuditLog:
    from troupe.audit.service import AuditLog

    return AuditLog(database())


@cache
def user_files() -> UserFiles:
    from troupe.files.service import UserFiles

    def prove(data: bytes) -> Recording:
        from troupe.media.uploads.recordings import prove_recording

        return prove_recording(data)

    return UserFiles(database(), files, orphans(), prove, settings())


@cache
def faqs() -> Faqs:
    from troupe.support.content import Faqs

    return Faqs(database())


@cache
def contacts() -> Contacts:
    from troupe.support.content import Contacts

    return Contacts(database())


@cache
def jobs() -> JobService:
    from troupe.jobs.service import JobService

    return JobService(database(), sender(), job_specs())


@cache
def voice() -> VoiceService:
    from troupe.generations.service import VoiceService

    return VoiceService(database(), files, jobs(), cast, settings())


def cast(ids: Sequence[str]) -> list[Character]:
    """The characters of those ids; most requests name none, and their service is slow to load."""
    return characters().cast(ids)


def language_model() -> Callable[[], Model] | None:
    """What writes scripts: a server of one's own may want no key."""
    key, url = settings().openai_api_key, settings().openai_base_url
    if not key and not url:
        return None

    @cache
    def model() -> Model:
        from troupe.adapters.llm import LanguageModel

        return LanguageModel(key, url, settings().openai_script_model)

    return model


@cache
def scripts() -> ScriptService:
    from troupe.scripts.service import ScriptService
    from troupe.scripts.writer import ScriptWriter

    writer = ScriptWriter(language_model())
    return ScriptService(database(), files, jobs(), cast, writer, settings())


@cache
def script_jobs() -> ScriptJobs:
    from troupe.scripts.jobs import ScriptJobs

    return ScriptJobs(database(), jobs(), cast, settings())


@cache
def engine() -> SpeechEngine:
    """The engine that SPEECH_ENGINE names. Raises ValueError for one that does not exist or lacks a
    setting, RuntimeError for one whose package is not installed."""
    from troupe.speech.catalogue import ENGINES

    name = settings().speech_engine
    if name == "espeak":
        from troupe.speech.engines.espeak import EspeakEngine

        return EspeakEngine()
    if name == "openai":
        from troupe.speech.engines.openai import OpenAIEngine

        return OpenAIEngine(
            api_key=settings().openai_api_key,
            base_url=settings().openai_base_url,
            model=settings().openai_speech_model,
        )
    if name == "f5tts":
        from troupe.speech.engines.f5tts import F5TTSEngine

        return F5TTSEngine(settings().f5tts_url)
    if name == "elevenlabs":
        from troupe.speech.engines.elevenlabs import ElevenLabsEngine

        return ElevenLabsEngine(
            api_key=settings().elevenlabs_api_key,
            base_url=settings().elevenlabs_base_url,
            model=settings().elevenlabs_model,
            voices=settings().elevenlabs_voices,
        )
    if name == "google":
        from troupe.speech.engines.google import GoogleEngine

        return GoogleEngine(settings().google_tts_endpoint)
    raise ValueError(f"SPEECH_ENGINE={name} does not exist; there are {', '.join(ENGINES)}")


@cache
def clones() -> Clones:
    from troupe.characters.clones import Clones

    return Clones(database(), forget_clone)


def forget_clone(sha256: str) -> None:
    """Of an engine that was used before this one nothing can be deleted."""
    from troupe.speech.engine import KeepsClones

    speaker = engine()
    if isinstance(speaker, KeepsClones):
        speaker.forget(sha256)


@cache
def voice_worker() -> VoiceWorker:
    from troupe.generations.worker import VoiceWorker

    return VoiceWorker(engine(), files(), part_characters=settings().part_characters)


@cache
def script_worker() -> ScriptWorker:
    from troupe.scripts.worker import ScriptWorker

    return ScriptWorker(engine(), files(), part_characters=settings().part_characters)


@cache
def runner() -> Runner:
    from troupe.jobs.runner import Runner

    return Runner(
        database(),
        sender(),
        job_specs(),
        sys.modules[__name__],
        lease_seconds=settings().lease_seconds,
        max_attempts=settings().max_attempts,
    )


def forget_part(job: Job, part: Part) -> None:
    """Deletes the files that a part alone leads to."""
    if cleanup := job_specs()[job.kind].cleanup:
        cleanup(sys.modules[__name__]).forget(job, part)


@cache
def sweeper() -> Sweeper:
    from troupe.jobs.sweep import Sweeper

    return Sweeper(
        database(),
        sender(),
        job_specs(),
        hold_hours=settings().hold_hours,
        forget=forget_part,
        chores={
            "generations": voice().expire,
            "discards": orphans().sweep,
            "files": user_files().expire,
            "subscriptions": renewals().renew_due,
            "deletions": deletions().sweep,
            "limits": limiter().sweep,
            "clones": clones().sweep,
        },
    )


def health_checks() -> Mapping[str, Callable[[], None]]:
    """What the service needs to live, each a call that raises when it does not answer."""

    def firestore() -> None:
        database().get("health/check")

    return {
        "firestore": firestore,
        "storage": lambda: files().check(),
        "queue": check_queues,
        "engine": check_engine,
    }


def check_queues() -> None:
    """Raises when a queue that some kind of job uses is not there."""
    for name in sorted({spec.queue for spec in job_specs().values()}):
        queue().check(name)


def check_engine() -> None:
    """Whether the engine could be asked, without loading it. Raises when it could not."""
    from troupe.adapters.probe import check_reachable, find_package

    addresses = {
        "openai": settings().openai_base_url or "https://api.openai.com/v1",
        "f5tts": settings().f5tts_url,
        "elevenlabs": settings().elevenlabs_base_url or "https://api.elevenlabs.io",
        "google": settings().google_tts_endpoint or "texttospeech.googleapis.com",
    }
    if settings().speech_engine == "espeak":
        find_package("espeakng_loader")
    else:
        check_reachable(addresses[settings().speech_engine])
