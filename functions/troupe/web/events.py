"""Server-sent events (WHATWG HTML standard, section 9.2)."""

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
    """One event. Clients send the last `id` back as `Last-Event-ID` when they reconnect. `name`
    is the event type, `message` by default. Neither may contain line breaks."""

    data: BaseModel
    id: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if any(end in f"{self.id}{self.name}" for end in "\r\n\0"):
            raise ValueError("the id and the name of an event must be one line each")

    def encoded(self) -> bytes:
        lines = [f"{field}: {value}\n" for field, value in self._fields() if value is not None]
        # JSON has no raw line breaks, so one `data` field holds it.
        data = to_json(self.data, by_alias=True, inf_nan_mode="null")
        return "".join(lines).encode() + b"data: " + data + b"\n\n"

    def _fields(self) -> Iterable[tuple[str, str | None]]:
        return (("id", self.id), ("event", self.name))


def event_stream(events: Iterable[Event]) -> Response:
    """Streams events. The work up to the first event is done here, so that an error before it
    gets an ordinary error response."""
    rest = iter(events)
    begun = list(islice(rest, 1))
    sent: Iterator[bytes] = (event.encoded() for event in chain(begun, rest))
    response = Response(stream_with_context(sent), mimetype=EVENT_STREAM)
    response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers the events
    return response
