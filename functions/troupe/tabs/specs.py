"""The kind of job that holds what a tab may use. It has no task and no worker."""

from __future__ import annotations

from typing import Any, NoReturn

from troupe.jobs.specs import JobSpec, Step
from troupe.records import Record
from troupe.tabs.records import TabInput
from troupe.tabs.writes import unfinished


class _Nothing(Record):
    """A tab has no parts."""


def _no_worker(services: Any) -> NoReturn:
    raise TypeError("a tab is closed by the sweep, and has no worker")


TAB = JobSpec(
    kind="tab",
    steps=(Step("usage", 100, "Open"), Step("settlement", 0)),
    parts_step="usage",
    parts_message="Open",
    input=TabInput,
    payload=_Nothing,
    worker=_no_worker,
    unfinished=unfinished,
)
