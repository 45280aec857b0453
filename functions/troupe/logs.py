"""Logs: one JSON object per line on stdout, in the format of Cloud Logging.

An entry is a constant event name with identifiers and numbers:
`log.info("job_completed", jobId=job.id, ms=41)`. Never log bodies, texts, addresses or tokens.

The fields of `begin` and `bind` are on every line of a request or task, so that Cloud Logging
groups its lines by trace, and a search for the request id finds them all.

`firebase_functions.logger` writes no stack traces, and writes a line and its line break separately,
which mixes the lines of different threads. structlog adds 16 ms to a cold start.
https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar, copy_context
from types import MappingProxyType
from typing import Any, ParamSpec, Protocol, TypeVar


class Headers(Protocol):
    """Request headers of any framework."""

    def get(self, name: str, default: str) -> str: ...


P = ParamSpec("P")
T = TypeVar("T")

# Takes the severity, the event and the fields of a line; must be quick.
Tee = Callable[[str, str, Mapping[str, Any]], None]

_fields: ContextVar[Mapping[str, Any]] = ContextVar("log_fields", default=MappingProxyType({}))
_tees: list[Tee] = []
_MOST_PLACES, _LONGEST_PLACE = 10, 64
# https://www.w3.org/TR/trace-context/#traceparent-header, and the header of Google's front end.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/\d{1,20})?(?:;o=\d)?")


def begin(**fields: Any) -> None:
    """Sets the fields of all further lines in this context, replacing earlier ones."""
    _fields.set(fields)


def bind(**fields: Any) -> None:
    """Adds fields to all further lines in this context."""
    _fields.set({**_fields.get(), **fields})


def tee(take: Tee) -> None:
    """Gives all further lines of this process to `take`, too."""
    _tees.append(take)


def in_context(function: Callable[P, T]) -> Callable[P, T]:
    """Wraps `function` to run in another thread with the log fields of this context."""
    context = copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.copy().run(function, *args, **kwargs)

    return run


def trace_fields(headers: Headers, project: Callable[[], str]) -> dict[str, str]:
    """The log fields of a request's trace for Cloud Logging; empty without one. `headers` come from
    the client, so only well-formed traces are accepted."""
    if found := _TRACEPARENT.fullmatch(headers.get("traceparent", "")):
        span = {"logging.googleapis.com/spanId": found[2]}
    elif found := _CLOUD_TRACE.fullmatch(headers.get("X-Cloud-Trace-Context", "")):
        span = {}
    else:
        return {}
    return {"logging.googleapis.com/trace": f"projects/{project()}/traces/{found[1]}", **span}


class Log:
    def info(self, event: str, **fields: Any) -> None:
        _write("INFO", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        _write("WARNING", event, fields)

    def error(self, event: str, error: BaseException | None = None, **fields: Any) -> None:
        """With `error`, adds its stack trace, in the field that Error Reporting reads."""
        if error is not None:
            fields["stack_trace"] = "".join(traceback.format_exception(error))
        _write("ERROR", event, fields, error)


def _write(
    severity: str, event: str, fields: dict[str, Any], error: BaseException | None = None
) -> None:
    known = {k: v for k, v in {**_fields.get(), **fields}.items() if v is not None}
    line = json.dumps({"severity": severity, "message": event, **known}, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()  # an instance can be frozen as soon as it has responded
    for take in _tees:
        with suppress(Exception):  # nothing fails because it is logged
            take(severity, event, known | _places(error))


def _places(error: BaseException | None) -> dict[str, Any]:
    """The type of an exception, and where it was raised, innermost last: nothing of its message,
    which may quote a text."""
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_PLACES:]
    named = [("/".join(f.filename.split("/")[-2:]), f.lineno, f.name) for f in frames]
    return {
        "raised": type(error).__qualname__,
        "stack": [":".join(map(str, place))[:_LONGEST_PLACE] for place in named],
    }


log = Log()
