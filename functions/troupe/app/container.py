"""The container: one instance of every service, built from Settings on first use.

Imports are inside the properties, so that a function loads only what its own services need. Tests
replace a queue, engine or database by name: `Container(settings, queue=HeldQueue())`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, partial
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from troupe.services import keyword_only, take
from troupe.settings import Settings

if TYPE_CHECKING:
    from troupe.accounts.administration import Administration
    from troupe.accounts.deletion import Deletions, Eraser
    from troupe.accounts.directory import Directory
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.accounts.service import Accounts
    from troupe.activities.service import Activities
    from troupe.adapters.app_check import AppChecks
    from troupe.adapters.firestore import Database
    from troupe.adapters.identity import Identity
    from troupe.adapters.model import Model
    from troupe.adapters.queue import Queue
    from troupe.adapters.queue_control import QueueControl
    from troupe.adapters.storage import Files
    from troupe.admin.stats import Statistics
    from troupe.admin.users import AdminUsers
    from troupe.audit.service import AuditLog
    from troupe.characters.clones import Clones
    from troupe.characters.records import Character
    from troupe.characters.service import Characters
    from troupe.files.service import UserFiles
    from troupe.generations.service import Generations
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
    from troupe.support.service import HealthChecks
    from troupe.wallet.service import WalletService


class Container:
    """The properties are the services; handlers and erasers name them as parameters."""

    def __init__(self, settings: Settings, **services: Any) -> None:
        """`services` replace those of the same name. Raises TypeError for an unknown name."""
        for name in services:
            if not isinstance(getattr(type(self), name, None), cached_property):
                raise TypeError(f"there is no service named {name}")
        self.settings = settings
        self.__dict__.update(services)

    def call(self, function: str, *args: Any) -> Any:
        """Calls `module:function` with `args`, and services for its keyword-only parameters."""
        module, _, name = function.partition(":")
        target = getattr(import_module(module), name)
        return target(*args, **take(self, keyword_only(target)))

    # Infrastructure.

    @cached_property
    def database(self) -> Database:
        from troupe.adapters.firestore import Database

        return Database.connect(self.settings.project_id)

    @cached_property
    def files(self) -> Files:
        from troupe.adapters.storage import Files

        # The emulators cannot sign URLs; there the function streams the file.
        can_sign = not self.settings.emulated
        return Files.connect(self.settings.project_id, self.settings.bucket, can_sign=can_sign)

    @cached_property
    def identity(self) -> Identity:
        from troupe.adapters.firebase import firebase_app
        from troupe.adapters.identity import Identity

        app = firebase_app(self.settings.project_id)
        return Identity(app, self.settings.web_api_key, emulated=self.settings.emulated)

    @cached_property
    def app_checks(self) -> AppChecks | None:
        """Verifies App Check tokens; None if they are not required."""
        if self.settings.app_check == "off":
            return None
        from troupe.adapters.app_check import AppChecks

        return AppChecks(self.settings.project_id)

    @cached_property
    def queue(self) -> Queue:
        from troupe.adapters.firebase import firebase_app
        from troupe.adapters.queue import CloudTasksQueue

        return CloudTasksQueue(firebase_app(self.settings.project_id), self.settings.region)

    @cached_property
    def queue_control(self) -> Callable[[str], QueueControl]:
        """Connects to the queue with a given name."""
        from troupe.adapters.queue_control import QueueControl

        return partial(QueueControl.connect, self.settings.project_id, self.settings.region)

    @cached_property
    def engine(self) -> SpeechEngine:
        """The engine named by SPEECH_ENGINE. Raises ValueError if it does not exist or lacks a
        setting, RuntimeError if its package is not installed."""
        from troupe.speech.engines import engine_named

        return engine_named(self.settings)

    @cached_property
    def language_model(self) -> Callable[[], Model] | None:
        """The model that writes scripts, built on first use; None if none is configured. A
        self-hosted server may need no key."""
        settings = self.settings
        if not settings.openai_api_key and not settings.openai_base_url:
            return None

        @cache
        def model() -> Model:
            from troupe.adapters.llm import LanguageModel

            return LanguageModel(
                settings.openai_api_key, settings.openai_base_url, settings.openai_script_model
            )

        return model

    @cached_property
    def limiter(self) -> Limiter:
        from troupe.app.domains import rate_limits
        from troupe.rate_limits import Limiter

        return Limiter(self.database, rate_limits(self.settings), self.settings.jwt_secret)

    @cached_property
    def orphans(self) -> OrphanedFiles:
        from troupe.orphans import OrphanedFiles

        return OrphanedFiles(self.database, self._files)

    def _files(self) -> Files:
        """For services that rarely need files: the storage SDK is slow to load."""
        return self.files

    # Accounts, activities, administration.

    @cached_property
    def accounts(self) -> Accounts:
        from troupe.accounts.service import Accounts

        return Accounts(self.database, self.identity, self.settings)

    @cached_property
    def passwords(self) -> Passwords:
        from troupe.accounts.passwords import Passwords

        return Passwords(self.database, self.identity, self.limiter)

    @cached_property
    def profiles(self) -> Profiles:
        from troupe.accounts.profile import Profiles

        return Profiles(self.database, self.orphans, prepare_image)

    @cached_property
    def deletions(self) -> Deletions:
        from troupe.accounts.deletion import Deletions

        return Deletions(self.database, self.identity, self.orphans, lambda: self.erasers)

    @cached_property
    def erasers(self) -> Mapping[str, Eraser]:
        """The erasers of all domains for a deleted user, in the order of DOMAINS."""
        from troupe.app.domains import DOMAINS

        def eraser(function: str) -> Eraser:
            return lambda uid, limit: int(self.call(function, uid, limit))

        return {
            name: eraser(function)
            for domain in DOMAINS
            for name, function in domain.erasers.items()
        }

    @cached_property
    def directory(self) -> Directory:
        from troupe.accounts.directory import Directory

        return Directory(self.database)

    @cached_property
    def administration(self) -> Administration:
        from troupe.accounts.administration import Administration

        return Administration(self.database, self.identity)

    @cached_property
    def activities(self) -> Activities:
        from troupe.activities.service import Activities

        return Activities(self.database)

    @cached_property
    def admin_users(self) -> AdminUsers:
        from troupe.admin.users import AdminUsers

        return AdminUsers(
            db=self.database,
            directory=self.directory,
            administration=self.administration,
            subscriptions=self.subscriptions,
            plans=self.plans,
            deletions=self.deletions,
        )

    @cached_property
    def statistics(self) -> Statistics:
        from troupe.admin.stats import Statistics

        return Statistics(self.plans, self.directory, self.activities)

    @cached_property
    def audit_log(self) -> AuditLog:
        from troupe.audit.service import AuditLog

        return AuditLog(self.database)

    # Plans and the wallet.

    @cached_property
    def wallet(self) -> WalletService:
        from troupe.wallet.service import WalletService

        return WalletService(self.database)

    @cached_property
    def plans(self) -> Plans:
        from troupe.plans.service import Plans

        return Plans(self.database)

    @cached_property
    def renewals(self) -> Renewals:
        from troupe.plans.renewals import Renewals

        return Renewals(self.database, paid=self.settings.payments != "off")

    @cached_property
    def subscriptions(self) -> Subscriptions:
        from troupe.plans.subscriptions import Subscriptions

        paid = self.settings.payments != "off"
        return Subscriptions(self.database, self.renewals, self.wallet, paid=paid)

    # Characters, generations, scripts, files, support.

    @cached_property
    def characters(self) -> Characters:
        from troupe.characters.intake import Prepare
        from troupe.characters.service import Characters

        prepare = Prepare(prepare_sample, prepare_image)
        return Characters(self.database, self._files, self.settings, prepare)

    @cached_property
    def clones(self) -> Clones:
        from troupe.characters.clones import Clones

        return Clones(self.database, self._forget_clone)

    def _forget_clone(self, sha256: str) -> None:
        """Only from the current engine: clones in a previous one cannot be deleted."""
        from troupe.speech.engine import KeepsClones

        if isinstance(self.engine, KeepsClones):
            self.engine.forget(sha256)

    def _cast(self, ids: Sequence[str]) -> list[Character]:
        """The characters with these ids. A function, because most requests name none and the
        service is slow to load."""
        return self.characters.cast(ids)

    @cached_property
    def generations(self) -> Generations:
        from troupe.generations.service import Generations

        return Generations(self.database, self._files, self.jobs, self._cast, self.settings)

    @cached_property
    def scripts(self) -> ScriptService:
        from troupe.scripts.service import ScriptService
        from troupe.scripts.writer import ScriptWriter

        writer = ScriptWriter(self.language_model)
        return ScriptService(
            self.database, self._files, self.jobs, self._cast, writer, self.settings
        )

    @cached_property
    def script_jobs(self) -> ScriptJobs:
        from troupe.scripts.jobs import ScriptJobs

        return ScriptJobs(self.database, self.jobs, self._cast, self.settings)

    @cached_property
    def user_files(self) -> UserFiles:
        from troupe.files.service import UserFiles

        return UserFiles(self.database, self._files, self.orphans, prove_recording, self.settings)

    @cached_property
    def faqs(self) -> Faqs:
        from troupe.support.content import Faqs

        return Faqs(self.database)

    @cached_property
    def contacts(self) -> Contacts:
        from troupe.support.content import Contacts

        return Contacts(self.database)

    @cached_property
    def health_checks(self) -> HealthChecks:
        from troupe.app.health import health_checks

        return health_checks(
            database=lambda: self.database,
            files=lambda: self.files,
            queue=lambda: self.queue,
            queues=lambda: (spec.queue for spec in self.job_specs.values()),
            settings=self.settings,
        )

    # Jobs and workers.

    @cached_property
    def sender(self) -> TaskSender:
        from troupe.jobs.service import TaskSender

        return TaskSender(self.queue, self.job_specs)

    @cached_property
    def jobs(self) -> JobService:
        from troupe.jobs.service import JobService

        return JobService(self.database, self.sender, self.job_specs)

    @cached_property
    def job_specs(self) -> JobSpecs:
        """All kinds of job, by name."""
        from troupe.app.domains import job_specs

        return job_specs()

    @cached_property
    def voice_worker(self) -> VoiceWorker:
        from troupe.generations.worker import VoiceWorker

        return VoiceWorker(
            self.engine,
            self.files,
            part_characters=self.settings.part_characters,
            max_seconds=self.settings.max_audio_seconds,
        )

    @cached_property
    def script_worker(self) -> ScriptWorker:
        from troupe.scripts.worker import ScriptWorker

        return ScriptWorker(
            self.engine,
            self.files,
            part_characters=self.settings.part_characters,
            max_audio_seconds=self.settings.max_audio_seconds,
            max_video_seconds=self.settings.max_video_seconds,
        )

    @cached_property
    def runner(self) -> Runner:
        from troupe.jobs.runner import Runner

        return Runner(
            self.database,
            self.sender,
            self.job_specs,
            self,
            lease_seconds=self.settings.lease_seconds,
            max_attempts=self.settings.max_attempts,
        )

    @cached_property
    def forget_part(self) -> Callable[[Job, Part], None]:
        """Deletes the files that only a part of a job references."""

        def forget(job: Job, part: Part) -> None:
            self.job_specs[job.kind].cleanup(self).forget(job, part)

        return forget

    @cached_property
    def chores(self) -> Mapping[str, Callable[[int], int]]:
        """The chores of all domains for the sweep, by name."""
        from troupe.app.domains import DOMAINS

        return {
            name: attrgetter(method)(self)
            for domain in DOMAINS
            for name, method in domain.chores.items()
        } | {"orphans": self.orphans.sweep, "limits": self.limiter.sweep}

    @cached_property
    def sweeper(self) -> Sweeper:
        from troupe.jobs.sweep import Sweeper

        return Sweeper(
            self.database,
            self.sender,
            self.job_specs,
            hold_hours=self.settings.hold_hours,
            forget=self.forget_part,
            chores=self.chores,
        )


# Decoders are imported when there is something to decode.


def prepare_sample(data: bytes) -> PreparedSample:
    from troupe.media.uploads import samples

    return samples.prepare_sample(data)


def prepare_image(data: bytes) -> PreparedImage:
    from troupe.media.uploads import images

    return images.prepare_image(data)


def prove_recording(data: bytes) -> Recording:
    from troupe.media.uploads import recordings

    return recordings.prove_recording(data)
