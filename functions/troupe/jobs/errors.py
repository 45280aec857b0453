"""What can go wrong with a job itself. Its work fails with a `troupe.errors.WorkError`."""

from __future__ import annotations


class IllegalTransition(Exception):
    """A state that cannot follow; always a mistake in the code, never of a user."""


class InputChanged(Exception):
    """A document that the job was made from has changed since: make the job anew."""


class Lost(Exception):
    """The job is no longer this worker's: cancelled, ended, or claimed by another one."""


class TryAgain(Exception):
    """The task should be delivered again later: another worker is at it, or a fault may pass."""
