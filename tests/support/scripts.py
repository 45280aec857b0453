"""Scripts and their jobs around real emulators, without the edge: what tests of the work need."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.support.factories import ScriptedEngine, Troupe
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.adapters.storage import Files
from troupe.idempotency import request_hash
from troupe.jobs.records import Charge, Job, JobKind
from troupe.jobs.service import Quote
from troupe.scripts.records import Line, Performance, Performer, Script
from troupe.scripts.writes import (
    files_prefix,
    referenced_files,
    script_path,
)
from troupe.speech.engine import (
    Capabilities,
    Reference,
    Speech,
    SpeechEngine,
    SpeechRequest,
)
from troupe.wallet.records import Meter

ADA, BEN = "ada", "ben"
CAST = {ADA: ("Ada", "en-us", "female"), BEN: ("Ben", "en-gb", "male")}
SCENE = [
    (ADA, "Did you hear the bell?"),
    (BEN, "Which bell? There is no bell in this town."),
    (ADA, "There is now."),
]


class Killed(BaseException):
    """Stops a worker without letting it say a word, as a kill does."""


class Stage(Troupe):
    """A Troupe with scripts."""

    def __init__(
        self, db: Database, files: Files, engine: SpeechEngine | None = None, **changes: Any
    ) -> None:
        super().__init__(db, files, engine, **changes)
        self.worker = self.services.script_worker

    def script(self, uid: str, lines: Sequence[tuple[str, str]] = SCENE) -> str:
        at = now()
        script = Script(
            id=secrets.token_hex(16),
            uid=uid,
            title="The Bell",
            selected_characters=[ADA, BEN],
            cast={name: CAST[name][0] for name in CAST},
            dialogue=[Line(speaker=speaker, text=text) for speaker, text in lines],
            created_at=at,
            updated_at=at,
        )
        self.db.commit(Create(script_path(script.id), script.stored()))
        return script.id

    def read(self, script_id: str) -> Script:
        return Script.of(self.db.get(script_path(script_id)))

    def start(
        self,
        script_id: str,
        kind: JobKind,
        pictures: Mapping[str, str] | None = None,
        samples: Mapping[str, Mapping[str, str]] | None = None,
        **choices: Any,
    ) -> str:
        """Submits a job. By speaker: `pictures`, a storage path; `samples`, the fields of a
        Performer that lead to a recording."""
        document = self.db.get(script_path(script_id))
        script, at = Script.of(document), now()
        performers = {
            name: Performer(
                id=name,
                name=CAST[name][0],
                language=CAST[name][1],
                voice_type=CAST[name][2],
                speed=1.0,
                nfe_steps=32,
                cross_fade_duration=0.15,
                remove_silences=False,
                images=[pictures[name]] if pictures and name in pictures else [],
                **((samples or {}).get(name, {})),
            )
            for name in CAST
        }
        video = {"resolution": "1280x720", "background": "#203040"} if kind == "video" else {}
        performance = Performance(
            script_id=script_id,
            revision=script.revision,
            title=script.title,
            lines=script.dialogue,
            performers=performers,
            **{"format": "wav", **video, **choices},
        )
        job = Job(
            id=secrets.token_hex(16),
            kind=kind,
            uid=script.uid,
            subject=script_path(script_id),
            input=performance.stored(),
            request_hash=request_hash(kind, {}),
            charge=Charge(meter=Meter.TOKENS, held=0, remaining_tokens=0),
            created_at=at,
            updated_at=at,
        )
        busy = Update(script_path(script_id), {"activeJobId": job.id}, seen=document)
        self.jobs.submit(job, Quote(tokens=1), [busy], keyed=False, watched=[document])
        return job.id

    def job(self, job_id: str) -> Job:
        return self.jobs.get(job_id)[0]

    def edit(self, script_id: str, number: int, text: str) -> None:
        """As the service does: the line loses its sound, the script its joined audio."""
        script = self.read(script_id)
        lines = list(script.dialogue)
        lines[number] = Line(speaker=lines[number].speaker, text=text)
        fields = {
            "dialogue": [line.stored() for line in lines],
            "audio": None,
            "revision": script.revision + 1,
        }
        self.db.commit(Update(script_path(script_id), fields))

    def deliver_through_kills(self, task: Mapping[str, Any]) -> None:
        """Delivers one task until it is done, as the queue does: a killed worker's lease is over
        by then."""
        for _ in range(50):
            try:
                done = self.deliver(task)
            except Killed:
                done = False
            if done:
                return
            job_path = f"jobs/{task['jobId']}"
            if self.db.get(job_path).data["leaseUntil"] is not None:
                self.db.commit(Update(job_path, {"leaseUntil": None, "tries": 0}))
        raise AssertionError("the task is never done")

    def stored_files(self, script_id: str) -> set[str]:
        return set(self.files.list(files_prefix(script_id)))

    def wanted_files(self, script_id: str) -> set[str]:
        return referenced_files(self.read(script_id))


class CloningEngine(ScriptedEngine):
    """The embedded engine, passed off as one that clones: it keeps what it was given to clone."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[Reference | None] = []

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.engine.capabilities, cloning=True)

    def synthesize(self, request: SpeechRequest) -> Speech:
        self.references.append(request.voice.reference)
        return super().synthesize(request)


class Saboteur:
    """Kills whoever makes call number `at` to any of the methods that it has taken over, just
    before or just after it; once."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at, self.after = at, after
        self.calls = 0

    def around(self, target: Any, name: str) -> None:
        original = getattr(target, name)

        def sabotaged(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            mine = self.calls == self.at
            if mine and not self.after:
                raise Killed
            answer = original(*args, **kwargs)
            if mine:
                raise Killed
            return answer

        setattr(target, name, sabotaged)
