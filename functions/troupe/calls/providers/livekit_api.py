"""LiveKit's server API: Twirp, as JSON over HTTPS.
https://docs.livekit.io/reference/other/roomservice-api/

LiveKit's own package would bring aiohttp and the messages of all its services into every function
that knows calls.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from troupe.adapters.firestore import now
from troupe.calls.providers.livekit_tokens import LiveKitKey
from troupe.calls.providers.provider import ProviderFailed
from troupe.deadlines import charged, seconds_left
from troupe.outbound import bounded, retry

_SECONDS = 4.0  # for all attempts of one request
_CONNECT_SECONDS = 2.0
_WAITS = (0.3,)  # all that we ask for may be repeated
_MAX_BYTES = 16 << 20  # a list of all rooms
_UPPER = re.compile(r"_([a-z])")


class NotThere(ProviderFailed):
    """LiveKit has no such room or participant."""


class _Transient(ProviderFailed):
    """May succeed at once."""


@dataclass(frozen=True, slots=True)
class Track:
    sid: str
    muted: bool


class LiveKitApi:
    def __init__(self, url: str, key: LiveKitKey, clock: Callable[[], datetime] = now) -> None:
        """`url`: http or https."""
        self._url = url
        self._key = key
        self._clock = clock

    def rooms(self) -> Iterator[str]:
        """The names of all rooms. Raises ProviderFailed."""
        answer = self._ask("RoomService", "ListRooms", {"roomList": True}, {})
        return (_text(each, "name") for each in _list(answer, "rooms"))

    def people(self, room: str) -> Iterator[str]:
        """The identities of the people in a room; not those of recorders and agents. Raises
        ProviderFailed."""
        answer = self._of_room("ListParticipants", room)
        people = (each for each in _list(answer, "participants") if is_person(each))
        return (_text(each, "identity") for each in people)

    def sounds(self, room: str, identity: str) -> Iterator[Track]:
        """What somebody sends of sound. Raises ProviderFailed."""
        answer = self._of_room("GetParticipant", room, identity=identity)
        found = (each for each in _list(answer, "tracks") if _is(each, "type", "AUDIO"))
        return (Track(_text(each, "sid"), _field(each, "muted") is True) for each in found)

    def mute(self, room: str, identity: str, track: str) -> None:
        """Raises ProviderFailed."""
        self._of_room("MutePublishedTrack", room, identity=identity, track_sid=track, muted=True)

    def remove(self, room: str, identity: str) -> None:
        """Disconnects somebody. Newer servers then also refuse the tokens that the identity has.
        Raises ProviderFailed."""
        self._of_room("RemoveParticipant", room, identity=identity)

    def delete(self, room: str) -> None:
        """Disconnects everybody. Raises ProviderFailed."""
        self._ask("RoomService", "DeleteRoom", {"roomCreate": True}, {"room": room})

    def _of_room(self, method: str, room: str, **body: Any) -> Any:
        grants = {"roomAdmin": True, "room": room}
        return self._ask("RoomService", method, grants, {"room": room, **body})

    def _ask(
        self, service: str, method: str, grants: dict[str, Any], body: Mapping[str, Any]
    ) -> Any:
        deadline = time.monotonic() + seconds_left(_SECONDS)
        url = f"{self._url}/twirp/livekit.{service}/{method}"

        def attempt() -> Any:
            read = max(0.1, deadline - time.monotonic())
            headers = {"Authorization": f"Bearer {self._key.ask(grants, self._clock())}"}
            try:
                with (
                    charged(ProviderFailed, requests.RequestException),
                    requests.post(
                        url,
                        json=body,
                        headers=headers,
                        timeout=(min(_CONNECT_SECONDS, read), read),
                        allow_redirects=False,
                        stream=True,
                    ) as response,
                ):
                    return _answer(response, deadline)
            except requests.RequestException as error:
                raise _Transient("LiveKit cannot be reached") from error

        def again(error: Exception, planned: float) -> float | None:
            return planned if isinstance(error, _Transient) else None

        return retry(attempt, again, _WAITS, deadline=deadline)


def is_person(participant: Any) -> bool:
    """Whether a ParticipantInfo is somebody who came with one of our tokens."""
    return _is(participant, "kind", "STANDARD")


def _answer(response: requests.Response, deadline: float) -> Any:
    chunks = bounded(
        response.iter_content(1 << 16),
        deadline=deadline,
        limit=_MAX_BYTES,
        late=lambda: _Transient("LiveKit is too slow"),
        large=lambda: ProviderFailed("LiveKit's answer is too large"),
    )
    raw, status = b"".join(chunks), response.status_code
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if status == 200 and isinstance(answer, dict):
        return answer
    code = _text(answer, "code")
    if status == 404 and code == "not_found":  # not a wrong path, which is bad_route
        raise NotThere(code)
    error = _Transient if status >= 500 else ProviderFailed
    raise error(f"LiveKit answered {status} {code}".rstrip())


def _field(message: Any, name: str) -> Any:
    """A field of a protobuf message in JSON, which may have either name."""
    if not isinstance(message, dict):
        return None
    camel = _UPPER.sub(lambda found: found[1].upper(), name)
    return message.get(name, message.get(camel))


def _text(message: Any, name: str) -> str:
    found = _field(message, name)
    return found if isinstance(found, str) else ""


def _list(message: Any, name: str) -> list[Any]:
    found = _field(message, name)
    return found if isinstance(found, list) else []


def _is(message: Any, name: str, first: str) -> bool:
    """Whether an enum has its first value, which need not be sent."""
    return _field(message, name) in (None, 0, first)
