"""Scripts and their jobs on the emulators, without HTTP, for tests of the workers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.support.factories import ScriptedEngine, Troupe
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.adapters.storage import Files
from troupe.idempotency import request_hash
from troupe.jobs.charges import Quote
from troupe.jobs.specs import JobSpec
from troupe.recording.records import Recorded
from troupe.scripts.records import Line, Performance, Performer, Script
from troupe.scripts.specs import VIDEO
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

ADA, BEN = "ada", "ben"
CAST = {ADA: ("Ada", "en-us", "female"), BEN: ("Ben", "en-gb", "male")}
SCENE = [
    (ADA, "Did you hear the bell?"),
    (BEN, "Which bell? There is no bell in this town."),
    (ADA, "There is now."),
]


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
        spec: JobSpec[Performance, Recorded],
        pictures: Mapping[str, str] | None = None,
        samples: Mapping[str, Mapping[str, str]] | None = None,
        **choices: Any,
    ) -> str:
        """Submits a job. By speaker: `pictures` holds a storage path, `samples` the Performer
        fields of a recording."""
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
        video = {"resolution": "1280x720", "background": "#203040"} if spec is VIDEO else {}
        performance = Performance(
            script_id=script_id,
            revision=script.revision,
            title=script.title,
            lines=script.dialogue,
            performers=performers,
            **{"format": "wav", **video, **choices},
        )
        job = spec.job(
            id=secrets.token_hex(16),
            uid=script.uid,
            subject=script_path(script_id),
            given=performance,
            request_hash=request_hash(spec.kind, {}),
            at=at,
        )
        busy = Update(script_path(script_id), {"activeJobId": job.id}, seen=document)
        self.jobs.submit(job, Quote(tokens=1), [busy], keyed=False, watched=[document])
        return job.id

    def edit(self, script_id: str, number: int, text: str) -> None:
        """Edits like the service: drops the audio of the line and of the whole dialogue."""
        script = self.read(script_id)
        lines = list(script.dialogue)
        lines[number] = Line(speaker=lines[number].speaker, text=text)
        fields = {
            "dialogue": [line.stored() for line in lines],
            "audio": None,
            "revision": script.revision + 1,
        }
        self.db.commit(Update(script_path(script_id), fields))

    def stored_files(self, script_id: str) -> set[str]:
        return set(self.files.list(files_prefix(script_id)))

    def wanted_files(self, script_id: str) -> set[str]:
        return referenced_files(self.read(script_id))


class CloningEngine(ScriptedEngine):
    """The embedded engine posing as a cloning one; records the references it receives."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[Reference | None] = []

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.engine.capabilities, cloning=True)

    def synthesize(self, request: SpeechRequest) -> Speech:
        self.references.append(request.voice.reference)
        return super().synthesize(request)
