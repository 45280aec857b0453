"""The container: one instance of every service, built from Settings on first use.

Imports are inside the properties, so that a function loads only what its own services need. Tests
replace a queue, engine or database by name: `Container(settings, queue=HeldQueue())`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
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
    from troupe.accounts.guests import GuestCleanup
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.service import Accounts
    from troupe.activities.service import Activities
    from troupe.adapters.app_check import AppChecks
    from troupe.adapters.firestore import Database
    from troupe.adapters.identity import Identity
    from troupe.adapters.model import Model
    from troupe.adapters.queue import Queue
    from troupe.adapters.queue_control import QueueControl
    from troupe.adapters.storage import Files
    from troupe.admin.jobs import AdminJobs
    from troupe.admin.stats import Statistics
    from troupe.admin.users import AdminUsers
    from troupe.audit.service import AuditLog
    from troupe.characters.clones import Clones
    from troupe.characters.library import CharacterLibrary
    from troupe.characters.records import Character
    from troupe.characters.service import Characters
    from troupe.characters.withdrawal import Withdrawals
    from troupe.exported import Exporter
    from troupe.exports.service import Exports
    from troupe.exports.worker import ExportWorker
    from troupe.files.service import UserFiles
    from troupe.generations.service import Generations
    from troupe.generations.worker import VoiceWorker
    from troupe.jobs.admission import Admission
    from troupe.jobs.records import Job, Part
    from troupe.jobs.runner import Runner
    from troupe.jobs.sender import TaskSender
    from troupe.jobs.service import JobService
    from troupe.jobs.specs import JobSpecs
    from troupe.jobs.sweep import Sweeper
    from troupe.media.uploads.decoders import Decoders
    from troupe.migrations.service import Migrator
    from troupe.moderation.service import Judge, Moderation
    from troupe.orphans import OrphanedFiles
    from troupe.plans.renewals import Renewals
    from troupe.plans.service import Plans
    from troupe.plans.subscriptions import Subscriptions
    from troupe.rate_limits import Limiter
    from troupe.reports.service import Reports
    from troupe.scripts.jobs import ScriptJobs
    from troupe.scripts.service import ScriptService
    from troupe.scripts.worker import ScriptWorker
    from troupe.speech.engine import SpeechEngine
    from troupe.support.content import Contacts, Faqs
    from troupe.support.health import Health, HealthChecks
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
    def moderation(self) -> Moderation:
        from troupe.moderation.service import Moderation

        return Moderation(None if self.settings.moderation == "off" else lambda: self._judge)

    @cached_property
    def _judge(self) -> Judge:
        from troupe.moderation.forms import written_and_spoken

        settings = self.settings
        judge: Judge
        if settings.moderation == "blocklist":
            from troupe.moderation.blocklist import Blocklist
            from troupe.settings import FUNCTIONS

            judge = Blocklist.of(settings.moderation_blocklist, FUNCTIONS)
        else:
            from troupe.adapters.moderation import ModerationServer

            base_url = settings.moderation_base_url or settings.openai_base_url
            model = settings.moderation_model
            judge = ModerationServer(settings.openai_api_key, base_url, model)
        return lambda texts: judge(written_and_spoken(texts))

    @cached_property
    def limiter(self) -> Limiter:
        from troupe.app.domains import rate_limits
        from troupe.rate_limits import INTRODUCES, Limiter

        settings = self.settings
        # Registering an address proves nothing where it does not fail for a taken one.
        hidden = settings.email_enumeration == "hidden"
        introduces = INTRODUCES - {"register"} if hidden else INTRODUCES
        return Limiter(self.database, rate_limits(settings), settings.jwt_secret, introduces)

    @cached_property
    def orphans(self) -> OrphanedFiles:
        from troupe.orphans import OrphanedFiles

        return OrphanedFiles(self.database, self._files)

    def _files(self) -> Files:
        """For services that rarely need files: the storage SDK is slow to load."""
        return self.files

    @cached_property
    def decoders(self) -> Decoders:
        from troupe.media.uploads.decoders import Decoders

        return Decoders()

    # Accounts, activities, administration.

    @cached_property
    def accounts(self) -> Accounts:
        from troupe.accounts.service import Accounts

        return Accounts(self.database, self.identity, self.limiter, self.settings)

    @cached_property
    def passwords(self) -> Passwords:
        from troupe.accounts.passwords import Passwords

        return Passwords(self.database, self.identity, self.limiter)

    @cached_property
    def profiles(self) -> Profiles:
        from troupe.accounts.profile import Profiles

        return Profiles(self.database, self.orphans, self.decoders.image)

    @cached_property
    def quotas(self) -> Quotas:
        from troupe.accounts.quotas import Quotas

        return Quotas(self.database, self.settings)

    @cached_property
    def deletions(self) -> Deletions:
        from troupe.accounts.deletion import Deletions

        return Deletions(self.database, self.identity, self.orphans, lambda: self.erasers)

    @cached_property
    def guest_cleanup(self) -> GuestCleanup:
        from troupe.accounts.guests import GuestCleanup

        keep = timedelta(days=self.settings.guest_days)
        return GuestCleanup(self.database, self.identity, self.deletions, keep)

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
    def exporters(self) -> Mapping[str, Exporter]:
        """The exporters of all domains, by name."""
        from troupe.app.domains import DOMAINS

        return {
            name: partial(self.call, function)
            for domain in DOMAINS
            for name, function in domain.exporters.items()
        }

    @cached_property
    def exports(self) -> Exports:
        from troupe.exports.service import Exports

        return Exports(self.database, self._files, self.jobs, self.orphans)

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
            admission=self.admission,
        )

    @cached_property
    def admin_jobs(self) -> AdminJobs:
        from troupe.admin.jobs import AdminJobs

        return AdminJobs(self.database, self.directory, self.admission)

    @cached_property
    def statistics(self) -> Statistics:
        from troupe.admin.stats import Statistics

        return Statistics(self.plans, self.directory, self.activities)

    @cached_property
    def audit_log(self) -> AuditLog:
        from troupe.audit.service import AuditLog

        return AuditLog(self.database)

    @cached_property
    def migrator(self) -> Migrator:
        from troupe.migrations.registry import MIGRATIONS
        from troupe.migrations.service import Migrator

        return Migrator(self.database, MIGRATIONS)

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

        prepare = Prepare(self.decoders.sample, self.decoders.image)
        return Characters(self.database, self._files, self.settings, prepare, self.moderation)

    @cached_property
    def character_library(self) -> CharacterLibrary:
        from troupe.characters.library import CharacterLibrary

        return CharacterLibrary(self.database, self._files)

    @cached_property
    def withdrawals(self) -> Withdrawals:
        from troupe.characters.withdrawal import Withdrawals

        return Withdrawals(self.database, self.orphans, self.settings)

    @cached_property
    def clones(self) -> Clones:
        from troupe.characters.clones import Clones

        return Clones(self.database, self._forget_clone)

    def _forget_clone(self, sha256: str) -> None:
        """Only from the current engine: clones in a previous one cannot be deleted."""
        from troupe.speech.engine import KeepsClones

        if isinstance(self.engine, KeepsClones):
            self.engine.forget(sha256)

    def _cast(self, uid: str, ids: Sequence[str]) -> list[Character]:
        """The characters with these ids, cast by `uid`. A function, because most requests name none
        and the service is slow to load."""
        return self.character_library.cast(uid, ids)

    @cached_property
    def generations(self) -> Generations:
        from troupe.generations.service import Generations

        return Generations(
            self.database, self._files, self.jobs, self._cast, self.settings, self.moderation
        )

    @cached_property
    def scripts(self) -> ScriptService:
        from troupe.scripts.service import ScriptService
        from troupe.scripts.writer import ScriptWriter

        writer = ScriptWriter(self.language_model)
        return ScriptService(
            self.database,
            self._files,
            self.jobs,
            self._cast,
            writer,
            self.settings,
            self.moderation,
        )

    @cached_property
    def script_jobs(self) -> ScriptJobs:
        from troupe.scripts.jobs import ScriptJobs

        return ScriptJobs(self.database, self.jobs, self._cast, self.settings, self.moderation)

    @cached_property
    def user_files(self) -> UserFiles:
        from troupe.files.service import UserFiles

        prove = self.decoders.recording
        return UserFiles(self.database, self._files, self.orphans, prove, self.settings)

    @cached_property
    def reports(self) -> Reports:
        from troupe.reports.service import Reports

        return Reports(self.database, self.withdrawals, self.administration, self.admission)

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

    @cached_property
    def health(self) -> Health:
        from troupe.support.health import Health

        return Health(self.health_checks)

    # Jobs and workers.

    @cached_property
    def sender(self) -> TaskSender:
        from troupe.jobs.sender import TaskSender

        return TaskSender(self.queue, self.job_specs)

    @cached_property
    def admission(self) -> Admission:
        from troupe.accounts.tiers import tier_names
        from troupe.jobs.admission import Admission

        return Admission(
            self.database,
            self.sender,
            self.job_specs,
            lambda user: self.settings.share(*tier_names(user)),
            waiting_jobs=self.settings.waiting_jobs,
        )

    @cached_property
    def jobs(self) -> JobService:
        from troupe.jobs.service import JobService

        return JobService(self.database, self.sender, self.admission)

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
    def export_worker(self) -> ExportWorker:
        from troupe.exports.worker import ExportWorker

        keep = timedelta(days=self.settings.export_days)
        return ExportWorker(lambda: self.exporters, self.files, keep)

    @cached_property
    def runner(self) -> Runner:
        from troupe.jobs.runner import Runner

        return Runner(
            self.database,
            self.sender,
            self.job_specs,
            self.admission,
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
        } | {
            "orphans": self.orphans.sweep,
            "limits": self.limiter.sweep,
            "migrations_pending": self.migrator.remind,
        }

    @cached_property
    def sweeper(self) -> Sweeper:
        from troupe.jobs.sweep import Sweeper

        return Sweeper(
            self.database,
            self.sender,
            self.job_specs,
            self.admission,
            hold_hours=self.settings.hold_hours,
            forget=self.forget_part,
            chores=self.chores,
        )
