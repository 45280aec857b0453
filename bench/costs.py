"""What a minute of speech, a video, a message in a room and a call take of the platform: documents
and requests, counted, and seconds and sizes, measured: `python -m bench.costs` writes
bench/costs.json, from which `make costs` computes docs/costs.md.

The counts are the same on every machine, and a test compares them with the file. Seconds are those
of the machine named in the file.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

FUNCTIONS = Path(__file__).parents[1] / "functions"
FILE = Path(__file__).with_name("costs.json")
RUNS = 5
PEOPLE, LANGUAGES = 10, ("de", "en", "fr", "pt")
CHARACTERS = 900  # about a minute, at the speed of the default voices
MESSAGE = "The train from Lisbon arrives an hour before the meeting on Thursday morning."
LINES = 8
SIGNALS = 4  # of a connection between two: an offer, an answer, and the candidates of each

# What is counted for a step.
COUNTED = ("requests", "tasks", "reads", "writes", "deletes", "stores", "fetches", "listened")


class Meter:
    """Counts what is done in a step: documents of Firestore, and requests for files."""

    def __init__(self) -> None:
        from bench.operations import Counter
        from tests.support.wiring import services

        self.steps: dict[str, dict[str, float]] = {}
        self._documents = Counter(services().database._client)
        self._files: list[tuple[str, str]] = []
        bucket: Any = services().files._bucket
        self._session = bucket.client._http

    @contextmanager
    def counting(self) -> Iterator[None]:
        request = self._session.request

        def counted(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            self._files.append((method, url))
            return request(method, url, *args, **kwargs)

        with mock.patch.object(self._session, "request", counted):
            yield

    def _stored_and_fetched(self) -> tuple[int, int]:
        """Operations of class A and of class B. Deletions are free, and what the library asks about
        the bucket once in a process does not count. Lists are of class A."""
        files = [(method, url) for method, url in self._files if "/o?" in url or "/o/" in url]
        lists = sum(method == "GET" and "prefix=" in url for method, url in files)
        stored = sum(method == "POST" for method, _ in files)
        return stored + lists, sum(method == "GET" for method, _ in files) - lists

    @contextmanager
    def step(self, name: str, *, tasks: int = 0, listened: str = "") -> Iterator[None]:
        """`tasks`: how many are delivered, otherwise it is one request. `listened`: the folder of
        documents that clients listen to."""
        self._documents.clear()
        self._files.clear()
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        changed = self._documents.changed
        stored, fetched = self._stored_and_fetched()
        self.steps[name] = {
            "requests": 0 if tasks else 1,
            "tasks": tasks,
            "reads": self._documents.read,
            "writes": len(changed),
            "deletes": len(self._documents.deleted),
            "stores": stored,
            "fetches": fetched,
            "listened": sum(bool(listened) and path.startswith(listened) for path in changed),
            "seconds": seconds,
        }


def counted() -> dict[str, dict[str, dict[str, float]]]:
    """The steps of every scenario, with their counts and how long they took once."""
    scenarios = {"visit": _visit, "speech": _speech, "video": _video, "room": _room, "call": _call}
    return {name: _steps(run) for name, run in scenarios.items()}


def _steps(run: Callable[[Meter], None]) -> dict[str, dict[str, float]]:
    from tests.fakes.told_translator import ToldTranslator
    from tests.support.wiring import rewired
    from troupe.jobs import lease

    # What is translated is not translated by a model here, which is measured alone. How often a job
    # reports its progress depends on the machine, so that is computed.
    with (
        rewired(translator=ToldTranslator()),
        mock.patch.object(lease, "REPORT_EVERY", timedelta(hours=1)),
    ):
        meter = Meter()
        with meter.counting():
            run(meter)
    return meter.steps


def _deliver(queue: Any, meter: Meter, name: str) -> None:
    from tests.support.wiring import services

    tasks = queue.take()
    done = 0
    with meter.step(name, tasks=1):
        while tasks:
            for task in tasks:
                services().runner.run(task["jobId"], task.get("part"), task.get("uid"))
            done, tasks = done + len(tasks), queue.take()
    meter.steps[name]["tasks"] = done


def _visit(meter: Meter) -> None:
    """Somebody opens the studio, and looks at what they have made."""
    from tests.support.factories import signed_in
    from tests.support.wiring import app_for, services

    _, headers = signed_in(services().database)
    for function, path in (
        ("support", "/api/config"),
        ("auth", "/api/auth/me"),
        ("voice", "/api/user/voice-history?limit=10"),
        ("plans", "/api/tokens/ledger?limit=10"),
    ):
        with meter.step(f"GET {path.partition('?')[0]}"):
            _data(app_for(function).test_client().get(path, headers=headers))


def _speech(meter: Meter) -> None:
    """A minute of speech: asked for, made, looked at once, and loaded."""
    from bench.speech import prose
    from tests.support.factories import signed_in
    from tests.support.wiring import app_for, held_queue, services

    _, headers = signed_in(services().database)
    client: Any = app_for("voice").test_client()
    body = {"text": prose(CHARACTERS), "language": "en-us"}
    with held_queue() as queue:
        with meter.step("POST /api/voice/generate"):
            answer = client.post("/api/voice/generate", json=body, headers=headers)
        made = f"/api/voice/generations/{_data(answer)['generation']['id']}"
        _deliver(queue, meter, "the tasks of its job")
        with meter.step("GET its progress, once"):
            _data(client.get(made, headers=headers))
        with meter.step("GET its audio"), client.get(f"{made}/audio", headers=headers) as answer:
            assert answer.status_code in (200, 302), answer.text


def _video(meter: Meter) -> None:
    """A script of eight lines: written, rendered as a video, looked at once, and loaded. The lines
    are short, because what is counted depends only on their number."""
    from tests.support.factories import new_character, signed_in
    from tests.support.wiring import app_for, held_queue, services

    db = services().database
    uid, headers = signed_in(db)
    cast = [new_character(db, uid, name) for name in ("Ada", "Ben")]
    lines = [{"speaker": cast[n % 2], "text": f"Number {n}."} for n in range(LINES)]
    client: Any = app_for("scripts").test_client()
    with held_queue() as queue:
        with meter.step("POST /api/scripts"):
            body = {"selectedCharacters": cast, "dialogue": lines}
            answer = client.post("/api/scripts", json=body, headers=headers)
        script = f"/api/scripts/{_data(answer)['script']['id']}"
        with meter.step("POST …/generate-video"):
            given = {"backgroundVideo": "#203040"}
            _data(client.post(f"{script}/generate-video", json=given, headers=headers))
        _deliver(queue, meter, "the tasks of its job")
        with meter.step("GET its progress, once"):
            _data(client.get(f"{script}/video-status", headers=headers))
        with meter.step("GET its script, with the link to the video"):
            link = _data(client.get(script, headers=headers))["script"]["finalVideoPath"]
        with meter.step("GET the video"), client.get(link[link.index("/api/") :]) as answer:
            assert answer.status_code in (200, 302), answer.text


def _room(meter: Meter) -> None:
    """A message in a room of ten people with four languages. All listen to its messages."""
    from tests.support.companies import a_person
    from tests.support.rooms import a_room
    from tests.support.wiring import services

    room = a_room(services().database, a_person(services().database), language=LANGUAGES[0])
    people = [room.join(language=LANGUAGES[n % len(LANGUAGES)]) for n in range(1, PEOPLE)]
    room.say(people[0])  # the first message also notes that somebody is there
    messages = f"rooms/{room.id}/messages/"
    with meter.step("POST …/messages, translated into three languages", listened=messages):
        sent = room.say(people[0], MESSAGE)
    assert len(sent["translations"]) == len(LANGUAGES) - 1, sent


def _call(meter: Meter) -> None:
    """Two people in a call: it is made, both join, connect, beat and leave. `…/signal` is one of
    SIGNALS."""
    from tests.support.calls import Desk, a_call
    from tests.support.companies import a_firm
    from tests.support.rooms import data
    from tests.support.wiring import services
    from troupe.adapters.firestore import now
    from troupe.calls import attendance

    db = services().database
    firm = a_firm(db)
    a_call(db, firm)  # the first call gives the host a license
    with meter.step("POST /api/videocalls"):
        given = {"title": "Router setup", "companyId": firm.id}
        made = data(firm.owner, "POST", "/api/videocalls", function="calls", json=given)
    call = Desk(db, made["call"]["id"], made["code"], firm, firm.owner)
    with meter.step("POST …/join by the host"):
        host = call.enter(firm.owner)
    with meter.step("POST …/guest by a guest"):
        guest = call.guest()
    signals = f"calls/{call.id}/signals/"
    with meter.step("POST …/signal", listened=signals):
        given = {"from": host.tab, "to": guest.tab, "type": "offer", "payload": "v=0"}
        answer = host.ask("POST", "/signal", **given, id="1")
    assert answer.status_code < 300, answer.text
    for beats, what in ((1, "not stored"), (2, "stored")):  # every second one is
        later = now() + beats * timedelta(seconds=attendance.BEAT_SECONDS)
        with (
            mock.patch.object(attendance, "now", return_value=later),
            meter.step(f"POST …/beat, {what}"),
        ):
            answer = host.beat()
        assert answer.status_code == 200, answer.text
    with meter.step("POST …/leave"):
        guest.leave()
    with meter.step("PUT …/end"):
        call.end()


def _data(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json["data"]


def measured() -> dict[str, float]:
    """Seconds of CPU and bytes, each without the start of what it uses."""
    from bench.video import _child
    from troupe.adapters.models.files import ModelFiles
    from troupe.speech.engines.espeak import EspeakEngine
    from troupe.speech.engines.kokoro import KokoroEngine
    from troupe.speech.voices_kokoro import RATE

    files = ModelFiles()
    with closing(EspeakEngine()) as espeak, closing(KokoroEngine(files, threads=1)) as kokoro:
        found = {"espeak": _spoken(espeak, 22_050), "kokoro": _spoken(kokoro, RATE)}
    video = _child("ours", 60)
    return {
        "seconds of a minute with espeak": found["espeak"]["seconds"],
        "seconds of a minute with kokoro": found["kokoro"]["seconds"],
        "characters of a minute with kokoro": found["kokoro"]["characters"],
        "bytes of a minute of mp3": found["kokoro"]["bytes"],
        "seconds of a minute of video": video["cpu"],
        "bytes of a minute of video": video["size"],
        "seconds of three translations": _translated(),
    }


def _spoken(engine: Any, rate: int) -> dict[str, float]:
    """Of a minute, of the fastest run, because other load on the machine only adds. `seconds`: of
    CPU, but for espeak, which works in a child process."""
    from bench.speech import prose, to_mp3

    text = prose(CHARACTERS)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        to_mp3(engine, "One moment.", folder, rate)
        clock = time.perf_counter if engine.name == "espeak" else time.process_time
        times = []
        for _ in range(2):
            begun = clock()
            sound = to_mp3(engine, text, folder, rate)
            times.append(clock() - begun)
        size = (folder / "all.mp3").stat().st_size
    each = 60 / sound
    return {"seconds": min(times) * each, "characters": len(text) * each, "bytes": size * each}


def _translated() -> float:
    from troupe.adapters.models.files import ModelFiles
    from troupe.translation.engines.firefox import FirefoxTranslator
    from troupe.translation.texts import translate

    times = []
    with closing(FirefoxTranslator(ModelFiles())) as translator:
        for number in range(12):
            text = MESSAGE.replace("Thursday", f"Thursday the {number + 1}th")
            begun = time.perf_counter()
            translate(translator, [text], "en", "pt", deadline=time.monotonic() + 60)
            times.append(time.perf_counter() - begun)
    return (len(LANGUAGES) - 1) * min(times[2:])  # the first ones load the model


def main() -> None:
    from local.stack import Stack

    sys.path.insert(0, str(FUNCTIONS))
    with Stack.start(ports="auto", components={"firestore", "auth", "storage"}) as stack:
        os.environ.update(stack.env)
        os.environ["SPEECH_ENGINES"] = "espeak"
        runs = [counted() for _ in range(RUNS)]
    last = runs[-1]
    for name, steps in last.items():
        for step, counts in steps.items():
            counts["seconds"] = round(min(run[name][step]["seconds"] for run in runs), 3)
    found: dict[str, Any] = {
        "date": date.today().isoformat(),  # noqa: DTZ011 - the machine's own date
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "people": PEOPLE,
        "languages": len(LANGUAGES),
        "signals": SIGNALS,
        "measured": {name: round(value, 3) for name, value in measured().items()},
        "counted": last,
    }
    FILE.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
