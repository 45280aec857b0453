"""The kind of job that dubs a recording or a film."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.dubbing.cleanup import DubbingCleanup
from troupe.dubbing.records import Original
from troupe.dubbing.writes import status_writes
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.specs import JobSpec, Step
from troupe.transcriptions.records import Heard

# A function of its own: it needs what `listen` and `generate` have, and must not delay either.
QUEUE = "dub"


def _cleanup(services: Any) -> Cleanup:
    return DubbingCleanup(services.files)


DUBBING = JobSpec(
    kind="dubbing",
    steps=(
        Step("recognition", 25),
        Step("translation", 5, "Translating what is said"),
        Step("speech", 60, "Speaking the translation"),
        Step("assembly", 10, "Joining the sound and the captions"),
    ),
    parts_step="recognition",
    parts_message="Listening ({done}/{total} parts completed)",
    input=Original,
    payload=Heard,
    worker=attrgetter("dubbing_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    link="/api/dubbing/{id}",
    event="dubbing",
    queue=QUEUE,
)
