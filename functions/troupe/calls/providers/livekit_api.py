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
from typing import Any, Literal

import requests

from troupe.adapters.firestore import now
from troupe.calls.providers.livekit_tokens import LiveKitKey
from troupe.calls.providers.provider import ProviderFailed
from troupe.deadlines import charged, seconds_left
from troupe.outbound import bounded, retry

_SECONDS = 4.0  # for all attempts of one request
_CONNECT_SECONDS = 2.0
_WAITS = (0.3,)  # between attempts of what may be repeated
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


EgressState = Literal["starting", "active", "ending", "ended"]
_STATES: dict[object, EgressState] = {
    None: "starting",  # the first value of the enum need not be sent
    "EGRESS_STARTING": "starting",
    "EGRESS_ACTIVE": "active",
    "EGRESS_ENDING": "ending",
    0: "starting",
    1: "active",
    2: "ending",
}
# What is joined afterwards has this size, and an hour of it fits into the job: 160 MB.
_ENCODING = {
    "width": 640,
    "height": 360,
    "framerate": 15,
    "video_codec": "H264_MAIN",
    "video_bitrate": 300,
    "audio_codec": "AAC",
    "audio_bitrate": 64,
    "audio_frequency": 48_000,
    "key_frame_interval": 4.0,
}


@dataclass(frozen=True, slots=True)
class Egress:
    """A recording by LiveKit. `path`: of its file. `ended_at`: 0, or seconds since 1970."""

    id: str
    path: str
    state: EgressState
    ended_at: float = 0.0


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

    def record(self, room: str, *, path: str, bucket: str, credentials: str, sound: bool) -> str:
        """Records a room into a file of a bucket, as `Egress`; returns its id. Not idempotent: it
        may have begun when this raises ProviderFailed."""
        to = {"credentials": credentials, "bucket": bucket}
        output = {"file_type": "MP4", "filepath": path, "disable_manifest": True, "gcp": to}
        body = {
            "room_name": room,
            "layout": "grid",
            "audio_only": sound,
            "file_outputs": [output],
            "advanced": _ENCODING,
        }
        return _text(self._egress("StartRoomCompositeEgress", body, ()), "egress_id")

    def stop_recording(self, egress_id: str) -> None:
        """Raises ProviderFailed."""
        self._egress("StopEgress", {"egress_id": egress_id})

    def recordings(self, *, room: str = "", egress_id: str = "") -> list[Egress]:
        """Those of a room, or one. Raises ProviderFailed."""
        wanted = {"egress_id": egress_id} if egress_id else {"room_name": room}
        return [_recorded(each) for each in _list(self._egress("ListEgress", wanted), "items")]

    def _egress(
        self, method: str, body: Mapping[str, Any], waits: tuple[float, ...] = _WAITS
    ) -> Any:
        return self._ask("Egress", method, {"roomRecord": True}, body, waits)

    def _of_room(self, method: str, room: str, **body: Any) -> Any:
        grants = {"roomAdmin": True, "room": room}
        return self._ask("RoomService", method, grants, {"room": room, **body})

    def _ask(
        self,
        service: str,
        method: str,
        grants: dict[str, Any],
        body: Mapping[str, Any],
        waits: tuple[float, ...] = _WAITS,
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

        return retry(attempt, again, waits, deadline=deadline)


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


def _recorded(info: Any) -> Egress:
    """An EgressInfo. Whatever is neither beginning nor going on has ended, however it did."""
    outputs = _list(_field(info, "room_composite"), "file_outputs")
    paths = [_text(each, "filepath") for each in outputs]
    paths += [_text(each, "filename") for each in _list(info, "file_results")]
    state = _STATES.get(_field(info, "status"), "ended")
    ended_at = _field(info, "ended_at")  # nanoseconds, as text
    seconds = int(ended_at) / 1e9 if str(ended_at or "").isdecimal() else 0.0
    return Egress(_text(info, "egress_id"), next(iter(paths), ""), state, seconds)


def _is(message: Any, name: str, first: str) -> bool:
    """Whether an enum has its first value, which need not be sent."""
    return _field(message, name) in (None, 0, first)
