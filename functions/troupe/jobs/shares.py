"""Shares of the task queue: how many jobs of a user run at once, and which; and how many were
started in this hour, since a job that is cancelled at once leaves documents too.

Cloud Tasks is first in, first out, so a job above its user's share is not enqueued: it waits in
Firestore.

`shares/{uid}` names the jobs that have a place. It is written in the commits that submit and end
jobs, so it costs no call of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from troupe.accounts.errors import AccountSuspended
from troupe.adapters.firestore import (
    ArrayRemove,
    Committed,
    Create,
    Document,
    Increment,
    Merge,
    Update,
    Write,
)
from troupe.allowances import JobShare
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.records import Job
from troupe.records import Record

COLLECTION = "shares"
# When the sweep checks a share with waiting jobs.
SHARE_PATIENCE = timedelta(seconds=60)
# When the sweep checks a waiting job itself, in case its share was lost.
WAITING_PATIENCE = timedelta(hours=1)
# Prompt jobs of a user at once, beside the others. More are refused: nobody would wait for them.
MOST_PROMPT = 30
# The same of those that others cause.
MOST_CAUSED = 50

# The share of a user, from the data of `users/{uid}`.
ShareOf = Callable[[Mapping[str, Any]], JobShare]


def share_path(uid: str) -> str:
    return f"{COLLECTION}/{uid}"


class Share(Record):
    """`shares/{uid}`: the ids of the user's jobs that may run, and how many more wait; `prompt`:
    the ids of those that are beside the share, and `caused` those that others cause (see JobSpec).
    `due_at`: when the sweep checks it; None if no job waits. `started`: the jobs submitted since
    `hour`, the start of an hour."""

    id: str
    running: list[str] = Field(default_factory=list)
    prompt: list[str] = Field(default_factory=list)
    caused: list[str] = Field(default_factory=list)
    waiting: int = 0
    due_at: datetime | None = None
    hour: datetime | None = None
    started: int = 0


def is_barred(user: Mapping[str, Any]) -> bool:
    """Whether a user's jobs must not run: the account is suspended or deleted."""
    return bool(user.get("suspended") or user.get("deletedAt"))


def join(
    job: Job,
    document: Document,
    user: Mapping[str, Any],
    most: JobShare,
    waiting_jobs: int,
    *,
    prompt: bool,
    caused: bool = False,
) -> tuple[Job, Write]:
    """The job, with `waiting` set if it has to wait, and the write that counts it, for the commit
    that submits it. That commit raises Stale, or AlreadyExists for a user's first job, if the share
    changed after `document` was read.

    Raises AccountSuspended, also for a deleted user whose request was under way, and TooManyJobs if
    `waiting_jobs` wait already or the jobs of this hour are used up, or, for one that is `prompt`
    or `caused`, if as many run as may.
    """
    if is_barred(user):
        raise AccountSuspended
    share, at = Share.of(document), job.created_at
    if caused:
        if len(share.caused) >= MOST_CAUSED:
            raise TooManyJobs.at_once()
        return job, _joined(document, share, {"caused": [*share.caused, job.id]})
    if prompt:
        if len(share.prompt) >= MOST_PROMPT:
            raise TooManyJobs.at_once()
        return job, _joined(document, share, {"prompt": [*share.prompt, job.id]})
    hour, started = at.replace(minute=0, second=0, microsecond=0), 0
    if share.hour and share.hour >= hour:  # later: by the clock of another instance
        hour, started = share.hour, share.started
    if started >= most.per_hour:
        raise TooManyJobs.in_this_hour(most.per_hour, hour, at)
    if share.waiting or len(share.running) >= most.jobs:
        if share.waiting >= waiting_jobs:
            raise TooManyJobs.of(waiting_jobs)
        job = job.model_copy(update={"waiting": True, "due_at": at + WAITING_PATIENCE})
        due_at = share.due_at or at + SHARE_PATIENCE
        changes: dict[str, Any] = {"waiting": share.waiting + 1, "dueAt": due_at}
    else:
        changes = {"running": [*share.running, job.id]}
    changes |= {"hour": hour, "started": started + 1}
    return job, _joined(document, share, changes)


def _joined(document: Document, share: Share, changes: dict[str, Any]) -> Write:
    if document.exists:
        return Update(document.path, changes, seen=document)
    return Create(document.path, share.stored() | changes)


def leave_write(job: Job) -> Write:
    """Gives up the job's place, for the commit that ends it. Must be its last write: see
    `still_waiting`."""
    changes = {
        "caused": ArrayRemove([job.id]),
        "prompt": ArrayRemove([job.id]),
        "running": ArrayRemove([job.id]),
        "waiting": Increment(-1 if job.waiting else 0),
    }
    return Merge(share_path(job.uid), changes)


def still_waiting(committed: Committed) -> bool:
    """Whether other jobs of the user wait, by the response to a commit with a `leave_write`."""
    return committed.transforms[-1][-1] > 0  # transforms are in the order of the field names


def unchanged_write(document: Document) -> Write:
    """Makes a commit fail, as `join` does, if the share has changed since it was read: when the
    user is suspended, for example. For jobs that take no place."""
    return _joined(document, Share.of(document), {"dueAt": document.data.get("dueAt")})


def check_write(uid: str, at: datetime) -> Write:
    """Makes the sweep check the share of a user, for the commit that suspends the user."""
    return Merge(share_path(uid), {"dueAt": at})


def frontier(done: set[int], total: int, window: int) -> list[int]:
    """The parts that should be in the queue. Part n enqueues part n + `window` when it is done, so
    that at most `window` parts are in the queue; 0: all parts at once."""
    step = window or total
    return [n for n in range(total) if n not in done and (n < step or n - step in done)]
