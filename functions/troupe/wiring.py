"""The one place that builds clients and services: each once per process, when first asked for.

Imports are inside the functions, so that a function loads what its own services need and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from troupe.settings import settings

if TYPE_CHECKING:
    from troupe.accounts.activities import Activities
    from troupe.accounts.service import Accounts
    from troupe.adapters.firestore import Database
    from troupe.adapters.identity import Identity
    from troupe.adapters.storage import Files
    from troupe.jobs.records import JobKind
    from troupe.jobs.runner import Runner
    from troupe.jobs.service import JobService, SubjectWrites, TaskSender
    from troupe.jobs.sweep import Sweeper
    from troupe.speech.engine import SpeechEngine
    from troupe.voice.service import VoiceService
    from troupe.wallet.service import WalletService

__all__ = [
    "accounts",
    "activities",
    "database",
    "engine",
    "files",
    "health_checks",
    "identity",
    "jobs",
    "runner",
    "settings",
    "sweeper",
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
def accounts() -> Accounts:
    from troupe.accounts.service import Accounts

    return Accounts(database(), identity(), settings())


@cache
def activities() -> Activities:
    from troupe.accounts.activities import Activities

    return Activities(database())


@cache
def files() -> Files:
    from troupe.adapters.storage import Files

    # The emulators cannot sign; they serve the bytes through the function instead.
    return Files.connect(settings().project_id, settings().bucket, can_sign=not settings().emulated)


@cache
def sender() -> TaskSender:
    from troupe.adapters.firebase import firebase_app
    from troupe.adapters.queue import CloudTasksQueue
    from troupe.jobs.service import TaskSender

    return TaskSender(CloudTasksQueue(firebase_app(settings().project_id), settings().region))


def subjects() -> Mapping[JobKind, SubjectWrites]:
    """How the documents that jobs are about follow the status of their jobs."""
    from troupe.jobs.records import JobKind
    from troupe.voice.repository import status_writes

    return {JobKind.VOICE: status_writes}


@cache
def wallet() -> WalletService:
    from troupe.wallet.service import WalletService

    return WalletService(database())


@cache
def jobs() -> JobService:
    from troupe.jobs.service import JobService

    return JobService(database(), sender(), subjects())


@cache
def voice() -> VoiceService:
    from troupe.voice.service import VoiceService

    return VoiceService(database(), files, jobs(), settings())


@cache
def engine() -> SpeechEngine:
    """The engine that SPEECH_ENGINE names. Raises ValueError for one that does not exist."""
    from troupe.speech.voices import ENGINES

    name = settings().speech_engine
    if name == "espeak":
        from troupe.speech.espeak import EspeakEngine

        return EspeakEngine()
    if name == "openai":
        from troupe.speech.openai import OpenAIEngine

        return OpenAIEngine(
            api_key=settings().openai_api_key,
            base_url=settings().openai_base_url,
            model=settings().openai_speech_model,
        )
    raise ValueError(f"SPEECH_ENGINE={name} does not exist; there are {', '.join(ENGINES)}")


@cache
def runner() -> Runner:
    from troupe.jobs.records import JobKind
    from troupe.jobs.runner import Runner
    from troupe.voice.worker import VoiceWorker

    worker = VoiceWorker(engine(), files(), part_characters=settings().part_characters)
    return Runner(
        database(),
        sender(),
        {JobKind.VOICE: worker},
        subjects(),
        lease_seconds=settings().lease_seconds,
        max_attempts=settings().max_attempts,
    )


@cache
def sweeper() -> Sweeper:
    from troupe.jobs.sweep import Sweeper

    return Sweeper(
        database(),
        files(),
        sender(),
        subjects(),
        hold_hours=settings().hold_hours,
        expire=voice().expire,
    )


def health_checks() -> Mapping[str, Callable[[], None]]:
    """What the service needs to live, each a call that raises when it does not answer."""

    def firestore() -> None:
        database().get("health/check")

    return {"firestore": firestore, "storage": lambda: files().check()}
