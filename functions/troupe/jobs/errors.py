"""Errors of the job machinery. The work itself fails with a `troupe.errors.WorkError`."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from troupe.errors import NotFound, TooManyRequests


class JobNotFound(NotFound):
    code = "job_not_found"
    message = "You don't have a job with this id."


class TooManyJobsDetails(TypedDict):
    """How many jobs may wait or, with `per`, be started in that time. Without a maximum, all jobs
    that may run at once run already."""

    maximum: NotRequired[int]
    per: NotRequired[Literal["hour"]]


class TooManyJobs(TooManyRequests):
    code = "too_many_jobs"
    details_type = TooManyJobsDetails
    message = "Too many of your jobs are waiting, or were started in this hour."

    @classmethod
    def of(cls, maximum: int) -> TooManyJobs:
        return cls(
            f"{maximum} of your jobs are already waiting. Wait for some of them to end, or cancel "
            "them.",
            details={"maximum": maximum},
            retry_after=30,
        )

    @classmethod
    def at_once(cls) -> TooManyJobs:
        return cls(
            "Other jobs of yours are running, and this one cannot wait for them. Try again when "
            "one has ended.",
            details={},
            retry_after=5,
        )

    @classmethod
    def in_this_hour(cls, maximum: int, hour: datetime, at: datetime) -> TooManyJobs:
        """`hour`: its start."""
        return cls(
            f"You have started {maximum} jobs in this hour. Start more in the next one.",
            details={"maximum": maximum, "per": "hour"},
            retry_after=math.ceil((hour + timedelta(hours=1) - at).total_seconds()),
        )


class IllegalTransition(Exception):
    """A status change that is not allowed. Always a bug, never a user's mistake."""


class InputChanged(Exception):
    """A document the job was created from has changed since: create the job again."""


class Lost(Exception):
    """The job no longer belongs to this worker: it has ended, or another worker claimed it."""


class TryAgain(Exception):
    """The task should be delivered again later: another worker holds it, or the fault is
    temporary."""
