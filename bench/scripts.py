"""The audio of a 200-line script with a speech server that takes 0.3 s per line, with four
concurrent tasks and with one. Everything but the queue is real: Firestore, Storage, leases, parts,
joins."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FUNCTIONS = Path(__file__).parents[1] / "functions"
LINES = 200
SECONDS_A_LINE = 0.3
AT_ONCE = 4
LIMIT = 0.35


def _run(tasks_at_once: int) -> None:
    """Prints the seconds from the request to the finished audio. Takes the emulators' addresses
    from the environment."""
    sys.path.insert(0, str(FUNCTIONS))
    from tests.fakes.openai_server import openai_server
    from tests.support.factories import new_user
    from tests.support.scripts import ADA, BEN
    from troupe.jobs.records import JobStatus
    from troupe.scripts.specs import AUDIO

    lines = [(ADA if n % 2 else BEN, f"This is line {n} of the scene.") for n in range(LINES)]
    # Processes, because each task has its own instance when deployed.
    context = multiprocessing.get_context("spawn")
    tasks: Any = context.Queue()
    ready = context.Barrier(tasks_at_once + 1)
    with openai_server() as server:
        server.delay = SECONDS_A_LINE
        workers = [
            context.Process(target=_work, args=(tasks, ready, server.base_url), daemon=True)
            for _ in range(tasks_at_once)
        ]
        for worker in workers:
            worker.start()
        stage = _stage(server.base_url)
        script_id = stage.script(new_user(stage.db), lines)
        ready.wait()
        started = time.perf_counter()
        job_id = stage.start(script_id, AUDIO)
        for task in stage.queue.take():
            tasks.put(task)
        while not stage.job(job_id).status.ended:
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        for worker in workers:
            worker.terminate()
            worker.join()
        assert stage.job(job_id).status is JobStatus.COMPLETED
        assert len(server.requests) == LINES
    print(json.dumps({"seconds": seconds}))


def _stage(base_url: str) -> Any:
    from google.cloud import firestore

    from tests.fakes.openai_server import KEY
    from tests.support.factories import PROJECT, test_settings
    from tests.support.scripts import Stage
    from troupe.adapters.firestore import Database
    from troupe.adapters.storage import Files
    from troupe.speech.engines.openai import OpenAIEngine

    db = Database(firestore.Client(project=PROJECT))
    files = Files.connect(PROJECT, test_settings().bucket, can_sign=False)
    return Stage(db, files, OpenAIEngine(KEY, base_url, "tts-1"))


def _work(tasks: Any, ready: Any, base_url: str) -> None:
    """Runs one task after the other, like Cloud Tasks with one instance."""
    sys.path.insert(0, str(FUNCTIONS))
    stage = _stage(base_url)
    stage.db.get("health/check")  # connects
    ready.wait()
    while True:
        task = tasks.get()
        if not stage.deliver(task):
            tasks.put(task)
        for following in stage.queue.take():
            tasks.put(following)


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
