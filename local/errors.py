"""The stack's errors; each message is for the user at the terminal."""

from __future__ import annotations


class StackError(Exception):
    """The stack could not start, or a program of it ended. The message says which, and why."""


class MissingToolError(StackError):
    """A program or package is missing; the message names the command that installs it."""
