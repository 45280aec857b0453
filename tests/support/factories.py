"""Factories for tests: users with wallets, and the services around a real database."""

from __future__ import annotations

import collections
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tests.support.deliveries import Deliveries
from troupe.accounts.sessions import open_session
from troupe.accounts.writes import session_write
from troupe.adapters.firestore import Create, Database, now
from troupe.adapters.storage import Files
from troupe.app.container import Container
from troupe.caller import Device
from troupe.characters.records import Character, Config, Consent, Image, Quality, Sample
from troupe.generations.request_schemas import GenerateVoice
from troupe.jobs.records import Job
from troupe.settings import Settings
from troupe.speech.engine import (
    Capabilities,
    Speech,
    SpeechEngine,
    SpeechRequest,
    TimingSource,
    WordTiming,
)
from troupe.speech.engines.espeak import EspeakEngine
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Owner

PROJECT = "demo-troupe"


def test_settings(**changes: Any) -> Settings:
    """Every user's share of the queue is large, unless a test is about shares."""
    share = "20x50/100000"
    shares = {
        "TASKS_AT_ONCE": 2000,
        "JOB_SHARES": f"guest={share}, none={share}, paid={share}",
    }
    return Settings.model_validate(
        {
            "FUNCTIONS_EMULATOR": "true",
            "GCLOUD_PROJECT": PROJECT,
            "PAYMENTS": "off",
            "SPEECH_ENGINES": "espeak",
            **shares,
            **changes,
        }
    )


test_settings.__test__ = False  # type: ignore[attr-defined]


def new_user(db: Database, tokens: int = 20) -> str:
    """A user as sign-up creates one: document, wallet, grant."""
    uid = secrets.token_hex(10)
    at = now()
    user = {"name": "Ada", "role": "user", "tokens": tokens, "createdAt": at, "updatedAt": at}
    db.commit(Create(f"users/{uid}", user), *opening_writes(Owner.user(uid), tokens, at))
    return uid


def moment(text: str) -> datetime:
    """A time of an answer. As texts, times do not compare: whole seconds have no fraction."""
    return datetime.fromisoformat(text)


def code(answer: Any) -> tuple[int, str]:
    """The status and the error code of an answer, also in ElevenLabs' form."""
    body = answer.json
    told = body["detail"]["status"] if "detail" in body else body["error"]["code"]
    return answer.status_code, told


class CountingDatabase(Database):
    """Counts the client's calls to the server, at the generated API."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.calls: collections.Counter[str] = collections.Counter()
        api, calls = client._firestore_api, self.calls

        class Proxy:
            def __getattr__(self, name: str) -> Any:
                attribute = getattr(api, name)
                if not callable(attribute):
                    return attribute

                def counted(*args: Any, **kwargs: Any) -> Any:
                    calls[name] += 1
                    return attribute(*args, **kwargs)

                return counted

        client._firestore_api_internal = Proxy()

    @property
    def total(self) -> int:
        return sum(self.calls.values())


@dataclass
class HeldQueue:
    """Stands for all queues. The test delivers the tasks itself: when, how often and in any order.
    `names`: the queue of every task enqueued so far."""

    tasks: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)
    failure: Exception | None = None
    names: list[str] = field(default_factory=list)

    def enqueue(
        self,
        queue: str,
        payload: Mapping[str, Any],
        headers: Mapping[str, str],
        delay: timedelta | None = None,
    ) -> None:
        if self.failure is not None:
            raise self.failure
        self.names.append(queue)
        self.tasks.append((dict(payload), dict(headers)))

    def check(self, name: str) -> None: ...

    def take(self) -> list[dict[str, Any]]:
        taken, self.tasks = [payload for payload, _ in self.tasks], []
        return taken


@dataclass
class ScriptedEngine:
    """The real embedded engine; calls `before` with a number before each utterance."""

    before: Callable[[int], None] = lambda number: None
    engine: SpeechEngine = field(default_factory=EspeakEngine)
    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def version(self) -> str:
        return self.engine.version

    @property
    def capabilities(self) -> Capabilities:
        return self.engine.capabilities

    def synthesize(self, request: SpeechRequest) -> Speech:
        with self._lock:
            self.calls += 1
            number = self.calls
        self.before(number)
        return self.engine.synthesize(request)


class QuickEngine(EspeakEngine):
    """Returns a hundredth of a second of sound per character, for tests that hear nothing."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        words = request.text.split()
        each = len(request.text) / 100 / len(words)
        timings = (WordTiming(word, n * each, (n + 1) * each) for n, word in enumerate(words))
        samples = np.full(len(request.text) * 240, 1000, np.int16)
        return Speech(samples, 24_000, tuple(timings), TimingSource.ENGINE)


class Troupe(Deliveries):
    """The services around one database, with a queue and an engine the test controls."""

    def __init__(
        self, db: Database, files: Files, engine: SpeechEngine | None = None, **changes: Any
    ) -> None:
        self.db, self.files = db, files
        self.queue = HeldQueue()
        self.engine = engine or EspeakEngine()
        self.services = Container(
            test_settings(**changes),
            database=db,
            files=files,
            queue=self.queue,
            engines=lambda _: self.engine,
        )
        self.settings = self.services.settings
        # The other chores would sweep the data of other tests.
        self.services.chores = {"generations": self.services.generations.expire}
        self.jobs = self.services.jobs
        self.wallet = self.services.wallet
        self.generations = self.services.generations
        self.runner = self.services.runner
        self.sweeper = self.services.sweeper

    def speak(self, uid: str, text: str, key: str | None = None, **choices: Any) -> str:
        request = GenerateVoice.model_validate({"text": text, "language": "en-us", **choices})
        return self.generations.generate(uid, request.command(), key).generation.id

    def job(self, job_id: str) -> Job:
        return self.jobs.get(job_id)[0]


def signed_in(db: Database, tokens: int = 20) -> tuple[str, dict[str, str]]:
    """A user with a session: the uid, and the headers for the user's requests."""
    uid = new_user(db, tokens)
    opened = open_session(uid, Device("pytest"), test_settings(), now())
    db.commit(session_write(uid, opened.session_id, opened.session))
    return uid, {"Authorization": f"Bearer {opened.pair.access_token}"}


def new_character(db: Database, uid: str, name: str, *, images: int = 0, **changes: Any) -> str:
    """A character's document, without its files; returns its id."""
    character_id, at = secrets.token_hex(8), now()
    quality = Quality(
        seconds=3.0,
        level_db=-20.0,
        peak_db=-3.0,
        clipped_share=0.0,
        silence_share=0.1,
        verdict="good",
        advice=[],
    )
    file = f"{character_id}.wav"
    sample = Sample(
        name=file, path=f"static/audio_files/{file}", sha256="0" * 64, size=144_044, quality=quality
    )
    pictures = {
        str(key): Image(
            name=f"{character_id}-{key}.png",
            path=f"static/images/{character_id}-{key}.png",
            content_type="image/png",
            width=64,
            height=64,
            size=100,
        )
        for key in range(images)
    }
    fields: dict[str, Any] = {
        "id": character_id,
        "uid": uid,
        "display_name": name,
        "name_key": name.casefold(),
        "config": Config(),
        "language": "en-us",
        "voice_type": "female",
        "sample": sample,
        "consent": Consent(statement="I agree.", at=at, sample_sha256="0" * 64),
        "images": pictures,
        "next_image": images,
        "output_prefix": name.casefold(),
        "created_by_name": "Ada",
        "created_at": at,
        "updated_at": at,
    }
    character = Character.model_validate(fields | changes)
    db.commit(Create(f"characters/{character_id}", character.stored()))
    return character_id
