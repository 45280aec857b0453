"""Logs: one JSON object a line on stdout, in the form that Cloud Logging reads.

The first word is a constant event name, the rest are identifiers and numbers:
`log.info("job_completed", jobId=job.id, ms=41)`. Never bodies, texts, addresses or tokens.

What is being served (`begin`, `bind`) is on every line of it, so that Cloud Logging groups the
lines of one request by its trace, and a search for a request id finds them all.

`firebase_functions.logger` is not used: it writes no stack trace and prints the line and its end
separately, which mixes lines of two threads. Nor is structlog, which costs a cold start 16 ms.
https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar, copy_context
from types import MappingProxyType
from typing import Any, ParamSpec, Protocol, TypeVar


class Headers(Protocol):
    """Headers of a request, of whatever framework."""

    def get(self, name: str, default: str) -> str: ...


P = ParamSpec("P")
T = TypeVar("T")

_fields: ContextVar[Mapping[str, Any]] = ContextVar("log_fields", default=MappingProxyType({}))
# https://www.w3.org/TR/trace-context/#traceparent-header, and the header of Google's front end.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/\d{1,20})?(?:;o=\d)?")


def begin(**fields: Any) -> None:
    """From now on, lines of this thread carry these fields, and none of what came before."""
    _fields.set(fields)


def bind(**fields: Any) -> None:
    """From now on, lines of this thread carry these fields as well."""
    _fields.set({**_fields.get(), **fields})


def in_context(function: Callable[P, T]) -> Callable[P, T]:
    """For another thread: `function`, whose lines carry the fields of this one."""
    context = copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.copy().run(function, *args, **kwargs)

    return run


def trace_fields(headers: Headers, project: Callable[[], str]) -> dict[str, str]:
    """The trace that a request belongs to, as Cloud Logging wants it; nothing without one.
    `headers` are a client's: only what has the form of a trace is taken."""
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
        """With `error`, its stack trace goes along, where Error Reporting looks for it."""
        if error is not None:
            fields["stack_trace"] = "".join(traceback.format_exception(error))
        _write("ERROR", event, fields)


def _write(severity: str, event: str, fields: dict[str, Any]) -> None:
    known = {k: v for k, v in {**_fields.get(), **fields}.items() if v is not None}
    line = json.dumps({"severity": severity, "message": event, **known}, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()  # a function instance can be frozen as soon as it has answered


log = Log()
