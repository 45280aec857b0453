"""A thousand deliveries to a slow receiver: none is lost or before its cause, and no job waits."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bench.http import row

if TYPE_CHECKING:
    from tests.support.factories import HeldQueue
    from troupe.app.container import Container

JOBS = 250
WEBHOOKS = 4
RECEIVER_SECONDS = 0.2
AT_ONCE = 40  # attempts of an instance


def measure() -> list[dict[str, Any]]:
    from google.cloud import firestore

    from tests.fakes.webhook_receiver import webhook_receiver
    from tests.support.factories import CountingDatabase, HeldQueue, QuickEngine, new_user
    from tests.support.factories import test_settings as settings
    from troupe.app.container import Container
    from troupe.caller import Caller
    from troupe.webhook_events import EventType

    counted = CountingDatabase(firestore.Client(project=os.environ["GCLOUD_PROJECT"]))
    engine, queue = QuickEngine(), HeldQueue()
    services = Container(settings(), database=counted, queue=queue, engines=lambda _: engine)
    alone, told = new_user(counted, 2 * JOBS), new_user(counted, 2 * JOBS)
    with webhook_receiver() as receiver:
        caller = Caller(uid=told, role="user", guest=False, email=None)
        for number in range(WEBHOOKS):
            url = f"{receiver.url}/{number}"
            services.webhooks.create(caller, None, url, [EventType.GENERATION_COMPLETED])
        costs: dict[str, list[tuple[float, int]]] = {alone: [], told: []}
        for _ in range(JOBS):  # in turn, because the emulator becomes slower
            for uid, cost in costs.items():
                calls, begun = counted.total, time.perf_counter()
                _work(services, queue, uid)
                cost.append((time.perf_counter() - begun, counted.total - calls))
        receiver.delay = RECEIVER_SECONDS
        spent = _deliver(services, queue)
    sent = {(each.path, each.headers["webhook-id"]) for each in receiver.got}
    early = 0
    for each in receiver.got:
        at = datetime.fromisoformat(json.loads(each.body)["timestamp"])
        job = counted.get(f"jobs/{each.headers['webhook-id'].partition('-')[0]}").data
        early += job["status"] != "completed" or job["completedAt"] != at
    slower = statistics.median(
        with_ / without for (without, _), (with_, _) in zip(*costs.values(), strict=True)
    )
    calls_of = {uid: statistics.median(calls for _, calls in cost) for uid, cost in costs.items()}
    every = WEBHOOKS * JOBS
    return [
        row("Firestore calls that webhooks add to a job", calls_of[told] - calls_of[alone], "", 0),
        row("a job with webhooks ÷ without", slower, "ratio", 1.15),
        row(f"deliveries lost, of {every}", every - len(sent), "deliveries", 0),
        row("deliveries sent twice", len(receiver.got) - len(sent), "deliveries", 0),
        row("deliveries that their cause does not explain", early, "deliveries", 0),
        row("deliveries to receivers that take 0.2 s", every / spent, "per second"),
    ]


def _work(services: Container, queue: HeldQueue, uid: str) -> None:
    """Submits a job and does it; the task of its event stays in the queue."""
    from troupe.generations.request_schemas import GenerateVoice

    request = GenerateVoice.model_validate({"text": "Good evening.", "language": "en-us"})
    services.generations.generate(uid, request.command(), None)
    services.runner.run(queue.tasks.pop()[0]["jobId"], None, uid)


def _deliver(services: Container, queue: HeldQueue) -> float:
    """Runs the tasks as one instance does, until none is left; returns how long it took."""
    from troupe.webhooks.errors import NotYet

    def run(task: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            if "eventId" in task:
                services.webhook_deliverer.fan_out(task["eventId"])
            else:
                services.webhook_deliverer.deliver(task["webhookId"], task["deliveryId"])
        except NotYet:
            return task
        return None

    waiting: list[Mapping[str, Any]] = [*queue.take()]
    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while waiting:
            again = [task for task in pool.map(run, waiting) if task is not None]
            waiting = [*queue.take(), *again]
    return time.perf_counter() - begun
