"""Task queues: listing, pausing, resuming and purging."""

from __future__ import annotations

import argparse
import sys

from troupe.adapters.queue_control import QueueControl, QueueRefused, emulator_stats
from troupe.app.container import Container
from troupe.jobs.specs import DEFAULT_QUEUE

TASKS_SHOWN = 20


def queue(options: argparse.Namespace, services: Container) -> int:
    """`list`, `pause`, `resume` or `purge`."""
    if services.settings.emulated:
        return _emulated(options.action)
    if options.action == "purge" and not options.yes:
        print(
            "purge deletes all waiting tasks; the sweep enqueues their jobs again. Add --yes",
            file=sys.stderr,
        )
        return 2
    try:
        return _act(services.queue_control(options.queue or DEFAULT_QUEUE), options.action)
    except QueueRefused as error:
        print(f"Cloud Tasks: {error}", file=sys.stderr)
        return 1


def _act(control: QueueControl, action: str) -> int:
    if action == "list":
        tasks = control.tasks(TASKS_SHOWN + 1)
        print(f"{control.name}: {control.state()}")
        for task in tasks[:TASKS_SHOWN]:
            print(f"  {task.name} due {task.due_at:%Y-%m-%dT%H:%M:%SZ}, tried {task.tries} times")
        more = " and more" if len(tasks) > TASKS_SHOWN else ""
        print(f"{min(len(tasks), TASKS_SHOWN)} tasks{more}")
        return 0
    change = {"pause": control.pause, "resume": control.resume, "purge": control.purge}[action]
    print(f"{control.name}: {change()}")
    return 0


def _emulated(action: str) -> int:
    if action != "list":
        print(
            f"{action}: not possible here. Queues of the Cloud Tasks emulator cannot be paused, "
            "resumed or purged.",
            file=sys.stderr,
        )
        return 3
    try:
        stats = emulator_stats()
    except QueueRefused as error:
        print(f"Cloud Tasks emulator: {error}", file=sys.stderr)
        return 1
    for name, numbers in sorted(stats.items()):
        waiting, running = numbers["numberOfTasks"], numbers["runningTasks"]
        print(f"{name}: {waiting} tasks waiting, {running} running")
    print("The emulator reports only task counts.")
    return 0
