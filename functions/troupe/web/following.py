"""Operations that follow something: server-sent events, in streams or batches, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Protocol, TypeVar

from flask import Response
from pydantic import BaseModel, Field, StringConstraints
from pydantic_core import to_json

from troupe.waiters import STREAMS
from troupe.web.events import Event, KeepAlive, event_stream, too_many_streams
from troupe.web.schema import Headers, Schema

STREAM_SECONDS = 280.0  # the function ends at 300
BATCH_SECONDS = 25.0
Cursor = Annotated[str, StringConstraints(max_length=6000, pattern=r"^[\x21-\x7e]+$")]
E_co = TypeVar("E_co", covariant=True)
E = TypeVar("E", bound="Named")
V = TypeVar("V", bound=BaseModel)


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Batch(Protocol[E_co]):
    """Events that were found together. `cursor`: where to go on after them."""

    @property
    def events(self) -> Sequence[E_co]: ...

    @property
    def cursor(self) -> str: ...


class LastEvent(Headers):
    last_event_id: Cursor | None = Field(
        None, description="The id of the last event that you have got."
    )


class EventsQuery(Schema):
    after: Cursor | None = Field(
        None,
        description="The same as `Last-Event-ID`, or a time: the `updatedAt` of the newest message "
        "that you have. Without it, what happens now.",
    )
    stream: bool = Field(False, description="Go on after the first events.")
    wait: int | None = Field(
        None, ge=1, le=25, description="Answer with JSON, after so many seconds at most."
    )


class EventsData(Schema):
    """A subclass has `events`, too."""

    last_event_id: str = Field(description="To be sent with the next request; may be empty.")


class Follow(Protocol[E_co]):
    """Begins to follow at a cursor: batches, and None when nothing has happened for long."""

    def __call__(
        self, cursor: str | None, *, seconds: float, once: bool
    ) -> Iterator[Batch[E_co] | None]: ...


def followed(
    follow: Follow[E],
    header: LastEvent,
    query: EventsQuery,
    uid: str,
    view: Callable[[E], V],
    data: Callable[..., EventsData],
) -> Response:
    """Answers with what `follow` finds, in the form that the query asks for. Raises Unavailable."""
    cursor = header.last_event_id or query.after
    if query.wait is not None:
        with STREAMS.place(uid) as placed:
            if not placed:
                raise too_many_streams()
            batches = follow(cursor, seconds=query.wait, once=True)
            found = next((each for each in batches if each is not None), None)
        views = [view(each) for each in found.events] if found else []
        answer = data(events=views, last_event_id=found.cursor if found else cursor or "")
        return Response(to_json(answer, by_alias=True), mimetype="application/json")
    seconds = STREAM_SECONDS if query.stream else BATCH_SECONDS
    batches = follow(cursor, seconds=seconds, once=not query.stream)
    return event_stream(_events(batches, view, begun=query.stream), uid, STREAMS)


def _events(
    batches: Iterator[Batch[E] | None], view: Callable[[E], V], *, begun: bool
) -> Iterator[Event | KeepAlive]:
    """`begun`: sends the head of the response at once. Only the last event of a batch has an id:
    whoever loses the connection before it gets the whole batch again."""
    if begun:
        yield KeepAlive()
    for batch in batches:
        if batch is None:
            yield KeepAlive()
            continue
        *rest, last = batch.events
        for each in rest:
            yield Event(view(each), name=each.name)
        yield Event(view(last), id=batch.cursor, name=last.name)
