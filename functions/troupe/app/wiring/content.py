"""Characters, speech, scripts, recordings, translation, dubbing, exports, reviews, comments, and
support."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from troupe.app.wiring.people import People

if TYPE_CHECKING:
    from troupe.characters.clones import Clones
    from troupe.characters.library import CharacterLibrary
    from troupe.characters.records import Character
    from troupe.characters.service import Characters
    from troupe.characters.withdrawal import Withdrawals
    from troupe.comments.endings import SubjectEndings
    from troupe.comments.service import Comments
    from troupe.dictionaries.service import DictionaryService
    from troupe.dubbing.service import Dubbings
    from troupe.exports.service import Exports
    from troupe.files.service import UserFiles
    from troupe.files.uploads import Uploads
    from troupe.generations.service import Generations
    from troupe.generations.streaming import Streams
    from troupe.openai_api.service import OpenAIAudio
    from troupe.reports.decisions import Decisions
    from troupe.reports.service import Reports
    from troupe.reviews.service import Reviews
    from troupe.scripts.jobs import ScriptJobs
    from troupe.scripts.library import ScriptLibrary
    from troupe.scripts.service import ScriptService
    from troupe.scripts.translations import ScriptTranslations
    from troupe.support.content import Contacts, Faqs
    from troupe.support.health import Health, HealthChecks
    from troupe.transcriptions.service import Transcriptions
    from troupe.translation.service import TranslationService
    from troupe.translation.translator import Languages
    from troupe.voices.previews import Previews


class Content(People):
    @cached_property
    def characters(self) -> Characters:
        from troupe.characters.intake import Prepare
        from troupe.characters.service import Characters

        prepare = Prepare(self._prepare_sample, self._prepare_image)
        return Characters(
            self.database,
            self._files,
            self.settings,
            prepare,
            self.moderation,
            lambda: self.dictionaries,
            self._jobs,
        )

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
        """Only from the current engines: clones in a previous one cannot be deleted."""
        from troupe.speech.catalogue import capabilities
        from troupe.speech.engine import KeepsClones

        for name in self.settings.speech_engines:
            if capabilities(name).keeps_clones:
                engine = self.engines(name)
                if isinstance(engine, KeepsClones):
                    engine.forget(sha256)

    def _cast(self, uid: str, ids: Sequence[str]) -> list[Character]:
        """The characters with these ids, cast by `uid`. A function, because most requests name none
        and the service is slow to load."""
        return self.character_library.cast(uid, ids)

    @cached_property
    def generations(self) -> Generations:
        from troupe.generations.service import Generations

        return Generations(
            self.database,
            self._files,
            self._jobs,
            self._cast,
            lambda: self.dictionaries,
            lambda: self.translation_service,
            self.settings,
            self.moderation,
        )

    @cached_property
    def streams(self) -> Streams:
        from troupe.generations.streaming import Streams

        return Streams(self.generations, self.runner, self.sender, self._voice_worker, self._files)

    @cached_property
    def openai_audio(self) -> OpenAIAudio:
        from troupe.openai_api.service import OpenAIAudio

        return OpenAIAudio(self.streams, self.transcriptions)

    @cached_property
    def previews(self) -> Previews:
        from troupe.voices.previews import Previews

        return Previews(self.files, self.engines, self.settings.speech_engines)

    @cached_property
    def dictionary_service(self) -> DictionaryService:
        from troupe.dictionaries.service import DictionaryService

        return DictionaryService(self.database, self.orphans, self.settings, self.moderation)

    @cached_property
    def scripts(self) -> ScriptService:
        from troupe.scripts.service import ScriptService
        from troupe.scripts.writer import ScriptWriter

        writer = ScriptWriter(self.language_model)
        return ScriptService(
            self.database,
            self._files,
            self._jobs,
            self._cast,
            writer,
            self.settings,
            self.moderation,
        )

    @cached_property
    def script_translations(self) -> ScriptTranslations:
        from troupe.scripts.translations import ScriptTranslations

        return ScriptTranslations(
            self.database,
            self.script_library,
            self._cast,
            lambda: self.translation_service,
            self.settings,
            self.moderation,
        )

    @cached_property
    def script_library(self) -> ScriptLibrary:
        from troupe.scripts.library import ScriptLibrary

        return ScriptLibrary(self.database, self._files)

    @cached_property
    def script_jobs(self) -> ScriptJobs:
        from troupe.scripts.jobs import ScriptJobs

        return ScriptJobs(
            self.database,
            self.jobs,
            self._cast,
            lambda: self.dictionaries,
            self.settings,
            self.moderation,
        )

    @cached_property
    def user_files(self) -> UserFiles:
        from troupe.files.service import UserFiles

        return UserFiles(
            self.database, self._files, self.orphans, self._prove_recording, self.settings
        )

    @cached_property
    def uploads(self) -> Uploads:
        from troupe.files.uploads import Uploads

        return Uploads(self.database, self._files, lambda: self.user_files)

    @cached_property
    def transcriptions(self) -> Transcriptions:
        from troupe.transcriptions.service import Transcriptions

        return Transcriptions(
            self.database,
            self._files,
            self._jobs,
            lambda: self.user_files,
            self._prove_recording,
            self.settings,
        )

    @cached_property
    def dubbings(self) -> Dubbings:
        from troupe.dubbing.service import Dubbings

        return Dubbings(
            self.database,
            self._files,
            self._jobs,
            lambda: self.user_files,
            self._prove_film,
            self._languages,
            self.settings,
        )

    def _languages(self) -> Languages:
        return self.translation_service.languages()

    @cached_property
    def translation_service(self) -> TranslationService:
        from troupe.translation.service import TranslationService

        return TranslationService(lambda: self.translator, self.language_detector, self.moderation)

    @cached_property
    def reports(self) -> Reports:
        from troupe.reports.service import Reports

        return Reports(self.database)

    @cached_property
    def report_decisions(self) -> Decisions:
        from troupe.reports.decisions import Decisions

        return Decisions(self.database, self.withdrawals, self.administration, self.admission)

    @cached_property
    def reviews(self) -> Reviews:
        from troupe.reviews.service import Reviews

        return Reviews(self.database, self.moderation)

    @cached_property
    def comments(self) -> Comments:
        from troupe.comments.service import Comments

        return Comments(self.database, self.moderation)

    @cached_property
    def subject_endings(self) -> SubjectEndings:
        from troupe.comments.endings import SubjectEndings

        return SubjectEndings(self.database)

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
            queues=lambda: self._queues,
            settings=self.settings,
        )

    @property
    def _queues(self) -> set[str]:
        """Those that this server uses."""
        from troupe.webhooks.sender import QUEUE

        of_jobs = {spec.queue for spec in self.job_specs.values()}
        return of_jobs | {QUEUE} if self.settings.webhooks == "on" else of_jobs

    @cached_property
    def health(self) -> Health:
        from troupe.support.health import Health

        return Health(self.health_checks)

    @cached_property
    def exports(self) -> Exports:
        from troupe.exports.service import Exports

        return Exports(self.database, self._files, self.jobs, self.orphans)
