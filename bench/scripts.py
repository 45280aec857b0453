"""The audio of a script of 200 lines, with a speech server that takes 0.3 s a line: what four tasks
at once make of it. Everything but the queue is real: Firestore, Storage, leases, parts, joins."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

FUNCTIONS = Path(__file__).parents[1] / "functions"
LINES = 200
SECONDS_A_LINE = 0.3
AT_ONCE = 4
LIMIT = 0.35


def _run(tasks_at_once: int) -> None:
    """Prints the seconds from the request to the finished audio. The emulators' addresses are in
    the environment."""
    sys.path.insert(0, str(FUNCTIONS))
    from google.cloud import firestore

    from tests.factories import PROJECT, new_user, test_settings
    from tests.fakes.openai_server import KEY, openai_server
    from tests.stage import ADA, BEN, Stage
    from troupe.adapters.firestore import Database
    from troupe.adapters.storage import Files
    from troupe.jobs.records import JobKind, JobStatus
    from troupe.speech.openai import OpenAIEngine

    db = Database(firestore.Client(project=PROJECT))
    files = Files.connect(PROJECT, test_settings().bucket, can_sign=False)
    lines = [(ADA if n % 2 else BEN, f"This is line {n} of the scene.") for n in range(LINES)]
    with openai_server() as server:
        server.delay = SECONDS_A_LINE
        engine = OpenAIEngine(KEY, server.base_url, "tts-1")
        stage = Stage(db, files, engine)
        script_id = stage.script(new_user(db), lines)
        started = time.perf_counter()
        job_id = stage.start(script_id, JobKind.SCRIPT_AUDIO)
        _deliver(stage, tasks_at_once, lambda: stage.job(job_id).status.ended)
        seconds = time.perf_counter() - started
        assert stage.job(job_id).status is JobStatus.COMPLETED
        assert len(server.requests) == LINES
    print(json.dumps({"seconds": seconds}))


def _deliver(stage: Any, tasks_at_once: int, ended: Any) -> None:
    """As Cloud Tasks does it, which starts another task as soon as one is done."""
    waiting: queue.Queue[dict[str, Any]] = queue.Queue()
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                for task in stage.queue.take():
                    waiting.put(task)
            try:
                task = waiting.get(timeout=0.05)
            except queue.Empty:
                if ended():
                    return
                continue
            if not stage.deliver(task):
                waiting.put(task)

    threads = [threading.Thread(target=work) for _ in range(tasks_at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _child(tasks_at_once: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "bench.scripts", str(tasks_at_once)],
        cwd=FUNCTIONS.parent,
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def measure() -> list[dict[str, Any]]:
    one, four = _child(1), _child(AT_ONCE)
    ratio = four / one
    return [
        {
            "name": f"script of {LINES} lines: four tasks at once ÷ one at a time",
            **{"value": round(ratio, 3), "unit": "x", "limit": LIMIT},
            "ok": ratio <= LIMIT,
        },
        {
            "name": f"script of {LINES} lines at {SECONDS_A_LINE} s each, four tasks at once",
            **{"value": round(four, 1), "unit": "s", "limit": None},
            "ok": True,
        },
    ]


if __name__ == "__main__":
    _run(int(sys.argv[1]))
