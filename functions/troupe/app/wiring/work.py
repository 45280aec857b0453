"""Jobs, their workers, and the sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property, partial
from operator import attrgetter
from typing import TYPE_CHECKING

from troupe.app.wiring.infrastructure import Infrastructure

if TYPE_CHECKING:
    from troupe.accounts.deletion import Eraser
    from troupe.characters.sample_text_worker import SampleTextWorker
    from troupe.dictionaries.library import Dictionaries
    from troupe.dubbing.worker import DubbingWorker
    from troupe.exported import Exporter
    from troupe.exports.worker import ExportWorker
    from troupe.generations.worker import VoiceWorker
    from troupe.jobs.admission import Admission
    from troupe.jobs.leftovers import Leftovers
    from troupe.jobs.records import Job, Part
    from troupe.jobs.runner import Runner
    from troupe.jobs.sender import TaskSender
    from troupe.jobs.service import JobService
    from troupe.jobs.specs import JobSpecs
    from troupe.jobs.sweep import Sweeper
    from troupe.migrations.service import Migrator
    from troupe.recording.recorder import Listener
    from troupe.scripts.worker import ScriptWorker
    from troupe.tabs.service import Tabs
    from troupe.transcriptions.worker import TranscriptionWorker


class Work(Infrastructure):
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
            tidy=self.leftovers.tidy,
        )

    @cached_property
    def leftovers(self) -> Leftovers:
        from troupe.jobs.leftovers import Leftovers

        return Leftovers(self.database, self.job_specs, self)

    @cached_property
    def jobs(self) -> JobService:
        from troupe.jobs.service import JobService

        return JobService(self.database, self.sender, self.admission)

    def _jobs(self) -> JobService:
        """For services whose lists need no queue."""
        return self.jobs

    @cached_property
    def tabs(self) -> Tabs:
        from troupe.tabs.service import Tabs

        return Tabs(self.database, self.settings.prices)

    @cached_property
    def job_specs(self) -> JobSpecs:
        """All kinds of job, by name."""
        from troupe.app.domains import job_specs

        return job_specs()

    @cached_property
    def dictionaries(self) -> Dictionaries:
        from troupe.dictionaries.library import Dictionaries

        return Dictionaries(self.database)

    @cached_property
    def voice_worker(self) -> VoiceWorker:
        return self._voice_worker()

    def _voice_worker(self, listener: Listener | None = None) -> VoiceWorker:
        from troupe.generations.worker import VoiceWorker

        return VoiceWorker(
            self.engines,
            self.files,
            part_characters=self.settings.part_characters,
            max_seconds=self.settings.max_audio_seconds,
            pauses=self.settings.pauses,
            dictionary=self.dictionaries.load,
            listener=listener,
        )

    @cached_property
    def script_worker(self) -> ScriptWorker:
        from troupe.scripts.worker import ScriptWorker

        return ScriptWorker(
            self.engines,
            self.files,
            part_characters=self.settings.part_characters,
            max_audio_seconds=self.settings.max_audio_seconds,
            max_video_seconds=self.settings.max_video_seconds,
            pauses=self.settings.pauses,
            dictionary=self.dictionaries.load,
        )

    @cached_property
    def transcription_worker(self) -> TranscriptionWorker:
        from troupe.recognition.catalogue import capabilities
        from troupe.transcriptions.worker import TranscriptionWorker

        return TranscriptionWorker(
            lambda: self.transcriber,
            capabilities(self.settings.transcriber).longest_seconds,
            self.files,
            self.decoders.stretch,
            self.settings.prices,
        )

    @cached_property
    def sample_text_worker(self) -> SampleTextWorker:
        from troupe.characters.sample_text_worker import SampleTextWorker

        return SampleTextWorker(self.database, self.transcription_worker)

    @cached_property
    def dubbing_worker(self) -> DubbingWorker:
        from troupe.dubbing.lines import LineTranslation
        from troupe.dubbing.worker import DubbingWorker

        return DubbingWorker(
            self.transcription_worker,
            LineTranslation(lambda: self.translator, self.moderation),
            self.engines,
            self.files,
            self.decoders.with_sound,
            self.settings.pauses,
            self.settings.prices,
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
    def migrator(self) -> Migrator:
        from troupe.migrations.registry import MIGRATIONS
        from troupe.migrations.service import Migrator

        return Migrator(self.database, MIGRATIONS)

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
            tidy=self.leftovers.tidy,
            chores=self.chores,
        )

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
