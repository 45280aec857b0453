"""Services that are down for 15 s, workers that are ended, full disks and wrong clocks: nothing is
lost, and nothing is charged twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.fakes.valve import Valve, valve
from tests.support.audits import audit_user
from tests.support.factories import (
    PROJECT,
    HeldQueue,
    ScriptedEngine,
    Troupe,
    new_user,
    test_settings,
)
from tests.support.voice_jobs import LONG, SHORT, decoded_seconds, used_and_held
from troupe.adapters.firestore import Database, Stale, now
from troupe.adapters.queue import QueueUnavailable
from troupe.adapters.storage import Files
from troupe.errors import Unavailable
from troupe.jobs.errors import TryAgain
from troupe.jobs.records import Job, JobStatus

ROOT = Path(__file__).parents[2]
DOWN_SECONDS = 15.0  # longer than any call waits: see tests/unit/test_deadlines.py
LEASE_SECONDS = 20  # a worker that lives through it keeps its job
# The retry settings of functions/main.py, with pauses of a quarter.
FIRST_RETRY_SECONDS, DOUBLINGS, DELIVERIES = 0.5, 4, 12


@pytest.fixture(scope="module")
def file_db(deployed_db: Database) -> Database:
    """That of the workers in other processes."""
    return deployed_db


class CloudTasks:
    """Delivers every task until it is done, each in its own thread, with growing pauses."""

    def __init__(self, troupe: Troupe) -> None:
        self._troupe = troupe
        self._pool = ThreadPoolExecutor(8)
        self._stop = threading.Event()
        self._pump = threading.Thread(target=self._dispatch)
        self._pump.start()

    def _dispatch(self) -> None:
        while not self._stop.is_set():
            for task in self._troupe.queue.take():
                self._pool.submit(self._deliver, task)
            time.sleep(0.05)

    def _deliver(self, task: dict[str, Any]) -> None:
        for number in range(DELIVERIES):
            try:
                self._troupe.runner.run(task["jobId"], task.get("part"))
            except (TryAgain, Unavailable, QueueUnavailable):
                if self._stop.wait(FIRST_RETRY_SECONDS * 2 ** min(number, DOUBLINGS)):
                    return
            else:
                return

    def close(self) -> None:
        self._stop.set()
        self._pump.join()
        self._pool.shutdown()


@contextmanager
def delivering(troupe: Troupe) -> Iterator[None]:
    tasks = CloudTasks(troupe)
    try:
        yield
    finally:
        tasks.close()


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def submitted(troupe: Troupe, uid: str, text: str, key: str) -> str:
    """The id of a generation; repeats the request while it is refused for an outage, as clients
    do."""
    deadline = time.monotonic() + DOWN_SECONDS + 30
    while True:
        try:
            return troupe.speak(uid, text, key)
        except Unavailable:
            assert time.monotonic() < deadline
            time.sleep(1)


class Behind(NamedTuple):
    """Services whose connections to Firestore and to Storage can be cut. Their engine waits for
    `down` before it speaks, and says so with `speaking`."""

    troupe: Troupe
    documents: Valve
    objects: Valve
    speaking: threading.Event
    down: threading.Event


@contextmanager
def behind_valves(monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    down, speaking = threading.Event(), threading.Event()

    def wait_for_the_outage(number: int) -> None:
        speaking.set()
        down.wait(60)

    firestore = int(os.environ["FIRESTORE_EMULATOR_HOST"].rpartition(":")[2])
    storage = int(os.environ["STORAGE_EMULATOR_HOST"].rpartition(":")[2])
    with valve(firestore) as documents, valve(storage) as objects:
        with monkeypatch.context() as patch:
            patch.setenv("FIRESTORE_EMULATOR_HOST", documents.host)
            patch.setenv("STORAGE_EMULATOR_HOST", f"http://{objects.host}")
            database = Database.connect(PROJECT)
            files = Files.connect(PROJECT, test_settings().bucket, can_sign=False)
        engine = ScriptedEngine(wait_for_the_outage)
        troupe = Troupe(database, files, engine, PART_CHARACTERS=1200, LEASE_SECONDS=LEASE_SECONDS)
        yield Behind(troupe, documents, objects, speaking, down)


@pytest.mark.slow
def test_services_that_are_down_lose_nothing(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them, for users of its own and at the same time."""
    with ExitStack() as stacks, ThreadPoolExecutor(3) as pool:
        runs = []
        for service in ("firestore", "storage", "queue"):
            behind = stacks.enter_context(behind_valves(monkeypatch))
            runs.append(pool.submit(loses_nothing, service, behind, Troupe(db, files)))
        for run in runs:
            run.result()


def loses_nothing(service: str, behind: Behind, plain: Troupe) -> None:
    """The service goes down while one job is submitted, another is being spoken, and a third is
    about to be stored and settled."""
    troupe, uid = behind.troupe, new_user(plain.db, tokens=100)
    with delivering(troupe), ThreadPoolExecutor(2) as clients:
        ids = [troupe.speak(uid, SHORT, "settling"), troupe.speak(uid, LONG, "running")]
        assert behind.speaking.wait(30), service
        down_for: dict[str, Callable[[float], None]] = {
            "firestore": behind.documents.down_for,
            "storage": behind.objects.down_for,
            "queue": queue_down(troupe.queue),
        }
        outage = clients.submit(down_for[service], DOWN_SECONDS)
        time.sleep(0.5)
        behind.down.set()  # what was spoken must now be stored, recorded and settled
        late = clients.submit(submitted, troupe, uid, SHORT, "submitting")
        outage.result()
        ids.append(late.result())
        # The sweep itself would bring back the jobs of other tests too.
        until(lambda: all(ended_or_sent(troupe, each) for each in ids), 150)
    found = [plain.generations.get(uid, each).job.status for each in ids]
    assert found == [JobStatus.COMPLETED] * 3, service
    assert used_and_held(plain, uid) == (1 + 4 + 1, 0), service
    assert all(decoded_seconds(plain, uid, each) > 2 for each in ids), service
    assert audit_user(plain.db, uid) == [], service


def ended_or_sent(troupe: Troupe, generation_id: str) -> bool:
    """Whether the job has ended; sends its tasks again if it is past its due date, by the sweep's
    own code."""
    document = troupe.db.get(f"jobs/{generation_id}")
    job = Job.of(document)
    if not job.status.ended and job.due_at and job.due_at < now():
        with suppress(Stale):
            troupe.sweeper._bring_back(job, document)
    return job.status.ended


def queue_down(queue: HeldQueue) -> Callable[[float], None]:
    def down_for(seconds: float) -> None:
        queue.failure = QueueUnavailable("down")
        time.sleep(seconds)
        queue.failure = None

    return down_for


WORKER = """
import json, os, signal, sys, time
from datetime import timedelta

given = json.loads(sys.argv[1])
if given["ahead"]:
    from troupe.adapters import firestore
    right = firestore.now
    firestore.now = lambda: right() + timedelta(seconds=given["ahead"])
if given["file_bytes"]:
    import resource
    # Writes beyond it fail with an OSError, as on a full disk.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (given["file_bytes"], resource.RLIM_INFINITY))

from tests.support.factories import ScriptedEngine, Troupe, test_settings
from troupe.adapters.firestore import Database, Stale, now
from troupe.adapters.storage import Files
from troupe.jobs.errors import TryAgain

def before(number):
    print("speaking", flush=True)
    time.sleep(given["pause"])

settings = test_settings()
database = Database.connect(given["project"])
files = Files.connect(settings.project_id, settings.bucket, can_sign=False)
troupe = Troupe(database, files, ScriptedEngine(before), LEASE_SECONDS=given["lease"])
if given["sweep"]:
    troupe.sweeper.run()
    print(json.dumps([task for task in troupe.queue.take()]))
elif given["text"]:
    print(troupe.speak(given["uid"], given["text"]))
else:
    try:
        troupe.runner.run(given["job"])
        print("done")
    except TryAgain as reason:
        print("again", reason)
"""


def worker(**given: Any) -> subprocess.Popen[str]:
    """Another instance, which submits `text`, runs a `sweep`, or handles the task of `job`.
    `ahead`: by how many seconds its clock is; `pause`: seconds before it speaks; `lease`: seconds;
    `file_bytes`: the largest file it can write."""
    known = {
        "ahead": 0,
        "file_bytes": 0,
        "pause": 0,
        "lease": 30,
        "sweep": False,
        "text": "",
        "uid": "",
        "job": "",
        "project": PROJECT,
    }
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "functions")])}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, json.dumps(known | given)],
        env=env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def lines_of(**given: Any) -> list[str]:
    with worker(**given) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return [line for line in said.splitlines() if not line.startswith("{")]


def test_a_worker_that_gets_sigterm_loses_nothing(db: Database, files: Files) -> None:
    troupe, uid = Troupe(db, files), new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    with worker(job=generation_id, pause=30, lease=3) as process:
        assert process.stdout
        while process.stdout.readline() != "speaking\n":
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) != 0
    until(lambda: troupe.deliver(task), 60)
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert used_and_held(troupe, uid) == (1, 0)
    assert audit_user(db, uid) == []


def test_a_full_disk_fails_the_attempt_and_not_the_job(db: Database, files: Files) -> None:
    troupe, uid = Troupe(db, files), new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    assert lines_of(job=generation_id, file_bytes=4096)[-1].startswith("again")
    assert used_and_held(troupe, uid) == (0, 1)
    assert troupe.deliver(task)
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert used_and_held(troupe, uid) == (1, 0)
    assert audit_user(db, uid) == []


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [300, -300])
def test_clocks_five_minutes_apart_lose_nothing(own_db: Database, files: Files, ahead: int) -> None:
    """One instance submits, another works, the sweep runs on a third; only the second one's clock
    is right."""
    troupe, uid = Troupe(own_db, files), new_user(own_db)
    project = own_db._client.project
    generation_id = lines_of(uid=uid, text=SHORT, ahead=ahead, project=project)[-1]
    with worker(job=generation_id, pause=4, project=project) as working:
        assert working.stdout
        while working.stdout.readline() != "speaking\n":
            assert working.poll() is None
        (swept,) = lines_of(sweep=True, ahead=-ahead, project=project)
        # A second delivery to an instance that believes the lease has expired, or is far away.
        lines_of(job=generation_id, ahead=ahead, project=project)
        working.communicate(timeout=60)
    for task in json.loads(swept):
        troupe.deliver(task)
    until(lambda: troupe.deliver({"jobId": generation_id}), 60)
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert used_and_held(troupe, uid) == (1, 0)
    assert audit_user(own_db, uid) == []
