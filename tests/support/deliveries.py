"""Delivers tasks as Cloud Tasks does, including to workers that get killed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import Database, Update
from troupe.jobs.errors import TryAgain
from troupe.jobs.runner import Runner

if TYPE_CHECKING:
    from tests.support.factories import HeldQueue


class Killed(BaseException):
    """Stops a worker at once, as a kill does."""


class Deliveries:
    """Delivers the tasks of a queue to a runner, as Cloud Tasks does."""

    db: Database
    queue: HeldQueue
    runner: Runner

    def deliver(self, payload: Mapping[str, Any]) -> bool:
        """Delivers once; False if the task should be redelivered."""
        try:
            self.runner.run(payload["jobId"], payload.get("part"), payload.get("uid"))
        except TryAgain:
            return False
        return True

    def deliver_all(self) -> None:
        """Delivers until the queue is empty, each task until it is done."""
        while tasks := self.queue.take():
            for task in tasks:
                for _ in range(50):
                    if self.deliver(task):
                        break

    def deliver_through_kills(self, task: Mapping[str, Any]) -> None:
        """Delivers one task until it is done, as the queue does. The lease of a killed worker has
        expired by then."""
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
        raise AssertionError("the task was not done after 50 deliveries")


class Saboteur:
    """Raises Killed at call number `at` to the wrapped methods, before or after the call itself;
    once."""

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
