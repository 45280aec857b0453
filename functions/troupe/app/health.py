"""Health checks of the services Troupe depends on; each raises if its service is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.settings import Settings
from troupe.support.service import HealthChecks

if TYPE_CHECKING:
    from troupe.app.container import Container


def health_checks(services: Container) -> HealthChecks:
    # Functions, so that a client that cannot be built fails its check, not the whole response.
    def firestore() -> None:
        services.database.get("health/check")

    def storage() -> None:
        services.files.check()

    def queue() -> None:
        for name in sorted({spec.queue for spec in services.job_specs.values()}):
            services.queue.check(name)

    def engine() -> None:
        check_engine(services.settings)

    return {"firestore": firestore, "storage": storage, "queue": queue, "engine": engine}


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
