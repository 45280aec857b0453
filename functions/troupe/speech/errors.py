"""How a speech engine fails."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from troupe.errors import Unprocessable, WorkError


class SpeechError(WorkError):
    """An engine failed. Retryable after a time-out, 429, 5xx or a lost connection; final after a
    rejected key, an unknown voice or a rejected text."""


class SpeechTooLongDetails(TypedDict):
    """The estimated duration of the text as speech, and the longest allowed, in seconds."""

    secondsAbout: int
    maximum: int


class SpeechTooLong(Unprocessable):
    code = "speech_too_long"
    details_type = SpeechTooLongDetails
    message = "The text would take too long to speak."

    @classmethod
    def check(cls, seconds: float, maximum: int) -> None:
        """Raises SpeechTooLong if speech of about so many seconds is not allowed."""
        if seconds > maximum:
            raise cls(
                f"The speech would last about {_hours(seconds)} (maximum {_hours(maximum)}). "
                "Send less text, or speak faster.",
                details={"secondsAbout": round(seconds), "maximum": maximum},
            )


def too_long(maximum: float) -> SpeechError:
    """Speech turned out longer than its job may be. It would be so again, so the error is final."""
    return SpeechError(
        "speech_too_long",
        f"The speech is longer than the {_hours(maximum)} that were allowed for this text.",
        retryable=False,
    )


def _hours(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 2:
        return f"{seconds:.0f} seconds"
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"


class NothingToSpeak(Unprocessable):
    code = "nothing_to_speak"
    message = "The text has no words to speak. Send some."


class UnreadableDetails(TypedDict):
    """`share` of the letters that the voice cannot read, from 0 to 1, and `languages` of this
    engine whose voices can read the text; empty if there is none."""

    share: float
    languages: list[str]
    field: NotRequired[str]


class UnreadableText(Unprocessable):
    code = "unreadable_text"
    details_type = UnreadableDetails
    message = "The voice cannot read this text."


class SSMLDetails(TypedDict):
    """Where the document is wrong; both count from 1. `expected`: what would be right there."""

    line: int
    column: int
    expected: str


class InvalidSSML(Unprocessable):
    code = "invalid_ssml"
    details_type = SSMLDetails
    message = "The text is not valid SSML."

    @classmethod
    def at(cls, source: str, offset: int, problem: str, expected: str) -> InvalidSSML:
        before = source[:offset].replace("\r\n", "\n").replace("\r", "\n")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return cls(
            f"Line {line}, column {column}: {problem}. {expected}",
            details={"line": line, "column": column, "expected": expected},
        )
