"""Answers that go on: server-sent events (the WHATWG HTML standard, section 9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from flask import Response, stream_with_context
from pydantic import BaseModel
from pydantic_core import to_json

EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `id` comes back as `Last-Event-ID` when a client connects again; `name` is the
    type that a client listens to, `message` unless given. Neither may hold a line end."""

    data: BaseModel
    id: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if any(end in f"{self.id}{self.name}" for end in "\r\n\0"):
            raise ValueError("the id and the name of an event are one line each")

    def encoded(self) -> bytes:
        lines = [f"{field}: {value}\n" for field, value in self._fields() if value is not None]
        # JSON has no bare line ends, so that one `data` field takes it whole.
        data = to_json(self.data, by_alias=True, inf_nan_mode="null")
        return "".join(lines).encode() + b"data: " + data + b"\n\n"

    def _fields(self) -> Iterable[tuple[str, str | None]]:
        return (("id", self.id), ("event", self.name))


def event_stream(events: Iterable[Event]) -> Response:
    """Sends events as they come. Work up to the first one is done here, so that what fails until
    then is answered as any failure is."""
    rest = iter(events)
    begun = list(islice(rest, 1))
    sent: Iterator[bytes] = (event.encoded() for event in chain(begun, rest))
    response = Response(stream_with_context(sent), mimetype=EVENT_STREAM)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect them
    return response
