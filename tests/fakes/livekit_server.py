"""LiveKit's server API on a real socket, checked by LiveKit's own package: its messages read the
requests, so an unknown field is refused, and its verifier the tokens. Who may do what with a token
is as in livekit-server's `pkg/service`.

It has no media but the films of its recordings. `connect` does with a token what a client's SDK
does, and `event` makes the webhook that LiveKit would send. `Egress.begin` and `Egress.end` are
what happens to a recording in its own time.

After `server.script("busy", "ok")` the next request is refused for now, and the one after it is
answered. The steps: `ok`; `busy`: 503; `cut`: the connection breaks; `refuse`: refused for ever;
`moved`: a redirect; `text`: 200, but no JSON; `large`: an answer without end.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import Message
from livekit.api import AccessToken, TokenVerifier
from livekit.api.access_token import Claims, VideoGrants
from livekit.protocol import egress, models, room
from livekit.protocol.webhook import WebhookEvent

KEY = "APIfakeLiveKit"
SECRET = "the-secret-of-a-fake-livekit-server"
Participants = dict[str, models.ParticipantInfo]


@dataclass
class Egress:
    """A recording. `film`: what is in it; `store`: takes bucket, path, credentials and film."""

    info: egress.EgressInfo
    request: egress.RoomCompositeEgressRequest
    store: Callable[[str, str, str, bytes], None]
    film: bytes = b""

    @property
    def status(self) -> str:
        return egress.EgressStatus.Name(self.info.status)

    @property
    def path(self) -> str:
        return self.request.file_outputs[0].filepath

    def begin(self) -> None:
        self.info.status = egress.EGRESS_ACTIVE

    def end(self, film: bytes = b"", status: str = "EGRESS_COMPLETE", at: float = 0.0) -> None:
        """Stores the film, if there is one."""
        output = self.request.file_outputs[0]
        if film:
            self.store(output.gcp.bucket, output.filepath, output.gcp.credentials, film)
        self.info.status = egress.EgressStatus.Value(status)  # type: ignore[assignment]
        self.info.ended_at = int(at * 1e9)


class Refused(Exception):
    """An error of Twirp."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(code)


@dataclass
class FakeLiveKit:
    """`rooms`: who is connected, by room and identity. `asked`: the requests that were answered.
    `before`: is called before a request is answered, with its method."""

    url: str = ""
    rooms: dict[str, Participants] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    before: Callable[[str], None] = lambda method: None
    camel_case: bool = False  # as other servers of Twirp answer
    egresses: list[Egress] = field(default_factory=list)
    store: Callable[[str, str, str, bytes], None] = lambda *given: None
    _script: deque[str] = field(default_factory=deque)

    def script(self, *steps: str) -> None:
        self._script.extend(steps)

    def next_step(self) -> str:
        return self._script.popleft() if self._script else "ok"

    # What clients do

    def connect(self, token: str, kind: str = "STANDARD") -> str:
        """Connects with a token; returns the identity. A room is made when it is missing. Raises
        what the verifier does, and Refused."""
        claims = _verified(token)
        grants = claims.video
        if grants is None or not grants.room_join or not claims.identity:
            raise Refused(401, "permission_denied")
        self.add(grants.room, claims.identity, kind)
        return claims.identity

    def add(self, name: str, identity: str, kind: str = "STANDARD") -> None:
        sources = {"MICROPHONE": "AUDIO", "CAMERA": "VIDEO", "SCREEN_SHARE_AUDIO": "AUDIO"}
        tracks = [
            models.TrackInfo(
                sid=f"TR_{secrets.token_hex(6)}",
                type=type_,
                source=source,
            )
            for source, type_ in sources.items()
        ]
        self.rooms.setdefault(name, {})[identity] = models.ParticipantInfo(
            sid=f"PA_{secrets.token_hex(6)}",
            identity=identity,
            kind=kind,
            tracks=tracks,
        )

    def muted(self, name: str, identity: str) -> set[str]:
        """The sources that are muted."""
        tracks = self.rooms[name][identity].tracks
        return {models.TrackSource.Name(each.source) for each in tracks if each.muted}

    def event(
        self, name: str, room_name: str, identity: str = "", kind: str = "STANDARD", **more: Any
    ) -> tuple[bytes, str]:
        """The body and the token of a webhook."""
        event = WebhookEvent(
            event=name,
            id=f"EV_{secrets.token_hex(6)}",
            room=models.Room(sid="RM_1", name=room_name, max_participants=3),
            **more,
        )
        if identity:
            event.participant.CopyFrom(models.ParticipantInfo(identity=identity, kind=kind))
        body = MessageToJson(event).encode()
        return body, signed(body)

    # What the API does

    def answer(self, method: str, request: Any, claims: Claims) -> Message:
        grants = claims.video
        assert grants is not None
        if method in _EGRESS:
            _require(grants.room_record)
            return self._record(method, request)
        return self._manage(method, request, grants)

    def _manage(self, method: str, request: Any, grants: VideoGrants) -> Message:
        if method == "ListRooms":
            _require(grants.room_list)
            names = set(request.names) or self.rooms.keys()
            found = [models.Room(name=each) for each in self.rooms if each in names]
            return room.ListRoomsResponse(rooms=found)
        if method == "DeleteRoom":
            _require(grants.room_create)
            if self.rooms.pop(request.room, None) is None:
                raise Refused(404, "not_found")
            for each in self.egresses:
                if each.info.room_name == request.room and each.info.status < egress.EGRESS_ENDING:
                    each.info.status = egress.EGRESS_ENDING
            return room.DeleteRoomResponse()
        _require(grants.room_admin and grants.room == request.room)
        people = self.rooms.get(request.room, {})
        if method == "ListParticipants":
            return room.ListParticipantsResponse(participants=people.values())
        if request.identity not in people:
            raise Refused(404, "not_found")
        if method == "GetParticipant":
            return people[request.identity]
        if method == "RemoveParticipant":
            del people[request.identity]
            return room.RemoveParticipantResponse()
        assert method == "MutePublishedTrack"
        for track in people[request.identity].tracks:
            if track.sid == request.track_sid:
                track.muted = request.muted
                return room.MuteRoomTrackResponse(track=track)
        raise Refused(404, "not_found")

    def _record(self, method: str, request: Any) -> Message:
        if method == "StartRoomCompositeEgress":
            if request.room_name not in self.rooms:
                raise Refused(404, "not_found")
            info = egress.EgressInfo(
                egress_id=f"EG_{secrets.token_hex(6)}",
                room_name=request.room_name,
                status=egress.EGRESS_STARTING,
                room_composite=request,
            )
            for each in info.room_composite.file_outputs:
                each.gcp.credentials = "{...}"  # as LiveKit tells it
            self.egresses.append(Egress(info, request, self.store))
            return info
        if method == "ListEgress":
            wanted = request.egress_id or request.room_name
            found = [each.info for each in self.egresses]
            names = [(each.egress_id if request.egress_id else each.room_name) for each in found]
            items = [each for each, name in zip(found, names, strict=True) if name == wanted]
            return egress.ListEgressResponse(items=items)
        found_one = [each for each in self.egresses if each.info.egress_id == request.egress_id]
        if not found_one:
            raise Refused(404, "not_found")
        info = found_one[0].info
        if info.status > egress.EGRESS_ACTIVE:
            raise Refused(412, "failed_precondition")
        info.status = egress.EGRESS_ENDING
        return info


_EGRESS: dict[str, type[Message]] = {
    "StartRoomCompositeEgress": egress.RoomCompositeEgressRequest,
    "StopEgress": egress.StopEgressRequest,
    "ListEgress": egress.ListEgressRequest,
}
_REQUESTS: dict[str, type[Message]] = {
    "ListRooms": room.ListRoomsRequest,
    "DeleteRoom": room.DeleteRoomRequest,
    "ListParticipants": room.ListParticipantsRequest,
    "GetParticipant": room.RoomParticipantIdentity,
    "RemoveParticipant": room.RoomParticipantIdentity,
    "MutePublishedTrack": room.MuteRoomTrackRequest,
}


def signed(body: bytes, secret: str = SECRET, key: str = KEY) -> str:
    """The token of a webhook, by LiveKit's package."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return AccessToken(key, secret).with_sha256(digest).to_jwt()


def _verified(token: str) -> Claims:
    return TokenVerifier(KEY, SECRET).verify(token)


def _require(granted: bool | None) -> None:
    if not granted:
        raise Refused(403, "permission_denied")


class _Handler(BaseHTTPRequestHandler):
    fake: FakeLiveKit

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        service, _, method = self.path.removeprefix("/twirp/livekit.").partition("/")
        if (service == "Egress") is not (method in _EGRESS):
            method = ""
        self.fake.before(method)
        step = self.fake.next_step()
        if step == "cut":
            self.close_connection = True
        elif step == "busy":
            self._error(Refused(503, "unavailable"))
        elif step == "refuse":
            self._error(Refused(403, "permission_denied"))
        elif step == "moved":
            self._send(307, b"", location=f"{self.fake.url}/elsewhere")
        elif step == "text":
            self._send(200, b"<html>")
        elif step == "large":
            self._flood()
        else:
            self._answer(method, body)

    def _answer(self, method: str, body: bytes) -> None:
        as_json = self.headers["content-type"] == "application/json"
        try:
            claims = _verified(self.headers["authorization"].removeprefix("Bearer "))
        except Exception:  # the verifier raises whatever PyJWT does
            self._send(401, b"invalid authorization token")
            return
        known = _REQUESTS | _EGRESS
        if method not in known:
            self._error(Refused(404, "bad_route"))
            return
        request = known[method]()
        try:
            Parse(body, request) if as_json else request.ParseFromString(body)
            answer = self.fake.answer(method, request, claims)
        except ParseError:
            self._error(Refused(400, "malformed"))
        except Refused as error:
            self._error(error)
        else:
            self.fake.asked.append((method, request))
            if not as_json:
                self._send(200, answer.SerializeToString())
                return
            names = not self.fake.camel_case
            text = MessageToJson(
                answer,
                preserving_proto_field_name=names,
                always_print_fields_with_no_presence=names,
            )
            self._send(200, text.encode())

    def _error(self, error: Refused) -> None:
        body = json.dumps({"code": error.code, "msg": "no", "meta": {}}).encode()
        self._send(error.status, body)

    def _send(self, status: int, body: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)

    def _flood(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):  # until nobody reads any more
            while True:
                self.wfile.write(b" " * (1 << 20))

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up."""


@contextmanager
def livekit_server() -> Iterator[FakeLiveKit]:
    fake = FakeLiveKit()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
