"""Server-sent events (WHATWG HTML standard, section 9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from itertools import chain, islice

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json

from troupe.counters import COUNTERS
from troupe.errors import Unavailable
from troupe.waiters import WAITERS, Waiters

EVENT_STREAM = "text/event-stream"
RETRY_AFTER = 5  # seconds, if too many streams are open


def too_many_streams() -> Unavailable:
    return Unavailable("Too many streams are open. Please try again.", retry_after=RETRY_AFTER)


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


class KeepAlive:
    """A comment, which shows that the stream is open, and finds out whether the client is."""

    def encoded(self) -> bytes:
        return b":\n\n"


def event_stream(
    events: Iterable[Event | KeepAlive], user: str, places: Waiters = WAITERS
) -> Response:
    """Streams events. The work up to the first event is done here, so that an error before it
    gets an ordinary error response.

    A stream holds a thread, so `user` (anything that identifies the client) can have only a few
    `places`. Raises Unavailable.
    """
    if not places.enter(user):
        raise too_many_streams()
    COUNTERS.add("streams")
    place = ExitStack()  # left once, at the end of the stream or when the client goes away
    place.callback(places.leave, user)
    try:
        rest = iter(events)
        begun = list(islice(rest, 1))
    except BaseException:
        place.close()
        raise

    def sent() -> Iterator[bytes]:
        with place:
            for event in chain(begun, rest):
                yield event.encoded()

    response = Response(_in_this_context(sent()), mimetype=EVENT_STREAM)
    response.call_on_close(place.close)
    response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers the events
    return response


def _in_this_context(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Makes each chunk in the context of the current request, which ends before.

    `flask.stream_with_context` leaves that context in place between two chunks. Functions run in a
    request of functions-framework, which then ends with "Popped wrong app context" and status 500.
    """
    context = copy_context()

    def made() -> Iterator[bytes]:
        while (chunk := context.run(next, chunks, None)) is not None:
            yield chunk

    return made()
