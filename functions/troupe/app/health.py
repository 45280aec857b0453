"""Health checks of the services Troupe depends on; each raises if its service is down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from troupe.settings import Settings
from troupe.support.health import HealthChecks

if TYPE_CHECKING:
    from troupe.adapters.firestore import Database
    from troupe.adapters.queue import Queue
    from troupe.adapters.storage import Files


def health_checks(
    *,
    database: Callable[[], Database],
    files: Callable[[], Files],
    queue: Callable[[], Queue],
    queues: Callable[[], Iterable[str]],
    settings: Settings,
) -> HealthChecks:
    """Clients are built within their check: one that cannot be built fails its check, not the whole
    response."""

    def check_queues() -> None:
        for name in sorted(set(queues())):
            queue().check(name)

    def check_firestore() -> None:
        database().get("health/check")

    def check_storage() -> None:
        files().check()

    checks: HealthChecks = {
        "firestore": check_firestore,
        "storage": check_storage,
        "queue": check_queues,
        "engine": lambda: check_engine(settings),
    }
    if settings.transcriber == "off":
        return checks
    return {**checks, "transcriber": lambda: check_transcriber(settings)}


def check_engine(settings: Settings) -> None:
    """Checks that the speech engine is reachable, without loading it. Raises if it is not."""
    from troupe.adapters.probe import check_reachable, find_package

    addresses = {
        "openai": settings.openai_base_url or "https://api.openai.com/v1",
        "f5tts": settings.f5tts_url,
        "elevenlabs": settings.elevenlabs_base_url or "https://api.elevenlabs.io",
        "google": settings.google_tts_endpoint or "texttospeech.googleapis.com",
    }
    if settings.speech_engine == "espeak":
        find_package("espeakng_loader")
    else:
        check_reachable(addresses[settings.speech_engine])


def check_transcriber(settings: Settings) -> None:
    """Checks that the transcriber is installed with its model, or reachable. Raises if it is
    not."""
    from troupe.adapters.models.files import ModelFiles
    from troupe.adapters.models.table import WHISPER, whisper
    from troupe.adapters.probe import check_reachable, find_package

    addresses = {
        "openai": settings.openai_base_url or "https://api.openai.com/v1",
        "elevenlabs": settings.elevenlabs_base_url or "https://api.elevenlabs.io",
        "google": settings.google_stt_endpoint or "speech.googleapis.com",
    }
    if settings.transcriber == "whisper":
        find_package("faster_whisper")
        for file in WHISPER:
            ModelFiles.of(settings).path(whisper(file))
    else:
        check_reachable(addresses[settings.transcriber])
