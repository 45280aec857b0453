"""Clients of other services, and what all domains use."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from troupe.services import keyword_only, take
from troupe.settings import Settings

if TYPE_CHECKING:
    from troupe.adapters.app_check import AppChecks
    from troupe.adapters.firestore import Database
    from troupe.adapters.identity import Identity
    from troupe.adapters.model import Model
    from troupe.adapters.queue import Queue
    from troupe.adapters.queue_control import QueueControl
    from troupe.adapters.storage import Files
    from troupe.app.upkeep import Upkeep
    from troupe.debugging.capture import DebugCapture
    from troupe.debugging.service import DebugLogs
    from troupe.media.uploads.checks import PreparedImage, PreparedSample
    from troupe.media.uploads.decoders import Decoders
    from troupe.media.uploads.proofs import Recording
    from troupe.messengers.messenger import Messenger, TextMessenger
    from troupe.messengers.stops import Stops
    from troupe.metrics.flush import MetricsFlush
    from troupe.metrics.service import MetricsReport
    from troupe.moderation.service import Judge, Moderation
    from troupe.orphans import OrphanedFiles
    from troupe.rate_limits import Limiter
    from troupe.recognition.transcriber import Transcriber
    from troupe.speech.choice import Engines
    from troupe.translation.detection import LanguageDetector
    from troupe.translation.translator import Translator


class Infrastructure:
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

    @cached_property
    def database(self) -> Database:
        from troupe.adapters.firestore import Database

        return Database.connect(self.settings.project_id)

    @cached_property
    def upkeep(self) -> Upkeep:
        """What an instance does beside its requests."""
        from troupe.app.upkeep import Upkeep

        capture = self.debug_capture
        return Upkeep(self.metrics_flush.run, capture.run, begins=capture.begin)

    @cached_property
    def debug_capture(self) -> DebugCapture:
        from troupe.debugging.capture import DebugCapture

        return DebugCapture(lambda: self.database, os.environ.get("FUNCTION_TARGET", ""))

    @cached_property
    def debug_logs(self) -> DebugLogs:
        from troupe.debugging.service import DebugLogs

        return DebugLogs(self.database, self._function_names)

    @cached_property
    def _function_names(self) -> set[str]:
        from troupe.app.domains import COMPAT, TASK_FUNCTIONS, functions

        return {*functions(), *TASK_FUNCTIONS, COMPAT, "sweep"}

    @cached_property
    def metrics_flush(self) -> MetricsFlush:
        from troupe.counters import COUNTERS
        from troupe.metrics.flush import MetricsFlush
        from troupe.waiters import STREAMS

        gauges = {"streamsOpen": lambda: STREAMS.taken}
        return MetricsFlush(lambda: self.database, COUNTERS, gauges)

    @cached_property
    def metrics_report(self) -> MetricsReport:
        from troupe.app.domains import COMPAT, apis, functions
        from troupe.metrics.service import MetricsReport

        def operations(function: str) -> set[str]:
            """Loads the endpoints of the function."""
            if function not in functions():
                return set()
            routes = [route for api in apis(function) for route in api.routes]
            return {route.operation_id for route in routes if not route.alias_of}

        # Requests to `compat` are counted for the function that serves the operation.
        names = self._function_names - {"sweep", COMPAT}
        return MetricsReport(self.database, names, operations)

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
    def engines(self) -> Engines:
        """The speech engines, each built when it first speaks."""
        from troupe.speech.engines import engine_named

        build = cache(partial(engine_named, settings=self.settings))
        return lambda name: build(name or self.settings.speech_engines[0])

    @cached_property
    def transcriber(self) -> Transcriber:
        """The one named by TRANSCRIBER. Raises as `engine` does."""
        from troupe.recognition.engines import transcriber_named

        return transcriber_named(self.settings)

    @cached_property
    def translator(self) -> Translator | None:
        """The translator named by TRANSLATOR. Raises ValueError if it lacks a setting."""
        from troupe.translation.engines import translator_named

        return translator_named(self.settings)

    @cached_property
    def text_messenger(self) -> TextMessenger | None:
        """The one named by SMS. Raises ValueError if it lacks a setting."""
        from troupe.messengers.engines import text_messenger

        return text_messenger(self.settings)

    @cached_property
    def mail_messenger(self) -> Messenger | None:
        """The one named by MAIL. Raises ValueError if it lacks a setting."""
        from troupe.messengers.engines import mail_messenger

        return mail_messenger(self.settings)

    @cached_property
    def sms_stops(self) -> Stops:
        from troupe.messengers.stops import Stops

        return Stops(self.database)

    @cached_property
    def language_detector(self) -> LanguageDetector:
        from troupe.adapters.models.files import ModelFiles
        from troupe.adapters.models.table import LANGUAGE_DETECTOR
        from troupe.translation.detection import LanguageDetector

        files = ModelFiles.of(self.settings)
        return LanguageDetector(lambda: files.path(LANGUAGE_DETECTOR.name))

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
            from troupe.ai_settings import FUNCTIONS
            from troupe.moderation.blocklist import Blocklist

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

    # For services that decode only what is uploaded: other requests do not load the decoders.
    def _prepare_sample(self, file: BinaryIO, user: str) -> PreparedSample:
        return self.decoders.sample(file, user)

    def _prepare_image(self, file: BinaryIO, user: str) -> PreparedImage:
        return self.decoders.image(file, user)

    def _prove_recording(self, file: BinaryIO, user: str) -> Recording:
        return self.decoders.recording(file, user)

    def _prove_film(self, file: BinaryIO, user: str) -> Recording:
        return self.decoders.film(file, user)
