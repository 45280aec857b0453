"""What can go wrong with a stack; each message is for the person at the terminal."""

from __future__ import annotations


class StackError(Exception):
    """The stack could not start, or a part of it ended. The message says which, and why."""


class MissingToolError(StackError):
    """A program or package is not there; the message names the command that installs it."""
