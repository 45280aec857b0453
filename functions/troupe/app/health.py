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

    checks: dict[str, Callable[[], None]] = {
        "firestore": check_firestore,
        "storage": check_storage,
        "queue": check_queues,
        "engine": lambda: check_engines(settings),
    }
    if settings.transcriber != "off":
        checks["transcriber"] = lambda: check_transcriber(settings)
    if settings.translator != "off":
        checks["translator"] = lambda: check_translator(settings)
    return checks


def check_engines(settings: Settings) -> None:
    """Checks that all speech engines are reachable, without loading them. Raises if one is not."""
    from troupe.adapters.probe import check_reachable, find_package

    addresses = {
        "openai": settings.openai_base_url or "https://api.openai.com/v1",
        "f5tts": settings.f5tts_url,
        "elevenlabs": settings.elevenlabs_base_url or "https://api.elevenlabs.io",
        "google": settings.google_tts_endpoint or "texttospeech.googleapis.com",
    }
    for name in settings.speech_engines:
        if name in addresses:
            check_reachable(addresses[name])
            continue
        find_package("espeakng_loader")
        if name == "kokoro":
            check_kokoro(settings)


def check_kokoro(settings: Settings) -> None:
    """Raises ModelMissing if its graph or one of its voices is missing or damaged."""
    from troupe.adapters.models.files import ModelFiles
    from troupe.adapters.models.table import KOKORO, KOKORO_VOICES, kokoro_voice

    files = ModelFiles.of(settings)
    for name in (KOKORO, *map(kokoro_voice, KOKORO_VOICES)):
        files.path(name)


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


def check_translator(settings: Settings) -> None:
    """Checks that the translator is reachable, or that its package and its models are there,
    without loading it. Raises if not."""
    from troupe.adapters.probe import check_reachable, find_package

    addresses = {
        "openai": settings.openai_base_url or "https://api.openai.com/v1",
        "deepl": settings.deepl_base_url or "https://api.deepl.com",
        "google": settings.google_translate_endpoint or "https://translation.googleapis.com",
        "libretranslate": settings.libretranslate_url,
    }
    if settings.translator != "firefox":
        check_reachable(addresses[settings.translator])
        return
    from troupe.adapters.models.files import ModelFiles
    from troupe.translation.engines.firefox_models import FirefoxModels

    find_package("fxtranslate")
    models = FirefoxModels(ModelFiles.of(settings))
    models.languages()
    for source, target in models.pairs():
        models.files(source + target)
