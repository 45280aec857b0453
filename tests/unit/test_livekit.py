"""LiveKit's tokens, webhooks and API, against LiveKit's own package."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from livekit.api import LiveKitAPI, TokenVerifier, WebhookReceiver
from livekit.protocol.room import ListRoomsRequest

from tests.fakes.livekit_server import KEY, SECRET, FakeLiveKit, livekit_server, signed
from tests.support.factories import PROJECT, test_settings
from troupe.app.container import Container
from troupe.calls.providers import livekit_api
from troupe.calls.providers.livekit import LiveKit
from troupe.calls.providers.livekit_api import LiveKitApi, NotThere
from troupe.calls.providers.livekit_tokens import LiveKitKey
from troupe.calls.providers.provider import ProviderFailed
from troupe.calls.records import Call, Participant
from troupe.settings import Settings

OURS = LiveKitKey(KEY, SECRET)
OFFICIAL = TokenVerifier(KEY, SECRET)
AT = datetime(2026, 5, 1, tzinfo=UTC)
CALL = Call(
    id="c" * 32,
    company_id="f",
    host_uid="u",
    creator_uid="u",
    number=1,
    code="7K3QX9M2PA",
    title="Router setup",
    provider="livekit",
    room_id="c" * 32,
    created_at=AT,
    updated_at=AT,
)
GRACE = Participant(
    id="a" * 32, uid="grace", call_id=CALL.id, name="Grace Håpær", guest=True, joined_at=AT
)
BODY = b'{"event": "room_started", "room": {"name": "\xc3\xa6"}}'


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def server() -> Iterator[FakeLiveKit]:
    with livekit_server() as fake:
        yield fake


@pytest.fixture
def api(server: FakeLiveKit) -> LiveKitApi:
    return LiveKitApi(server.url, OURS)


# Tokens


def test_the_official_verifier_accepts_what_participants_connect_with() -> None:
    claims = OFFICIAL.verify(OURS.join("demo.room", CALL, GRACE, now()))
    assert (claims.identity, claims.name) == (GRACE.id, "Grace Håpær")
    assert json.loads(claims.metadata) == {"userId": "grace", "role": "participant", "guest": True}
    grants = claims.video
    assert grants is not None
    assert grants.room == "demo.room"
    assert grants.room_join
    assert grants.can_publish
    assert grants.can_subscribe
    assert grants.can_publish_data
    assert grants.can_publish_sources == [
        *("camera", "microphone", "screen_share", "screen_share_audio"),
    ]
    for more in ("room_admin", "room_create", "room_list", "room_record", "hidden"):
        assert not getattr(grants, more), more
    assert not grants.can_update_own_metadata


def test_in_a_call_without_pictures_nobody_can_send_one() -> None:
    call = CALL.model_copy(update={"media": "audio"})
    grants = OFFICIAL.verify(OURS.join("demo.room", call, GRACE, now())).video
    assert grants is not None
    assert grants.can_publish_sources == ["microphone"]


def test_a_token_ends_after_ten_minutes_and_the_leeway() -> None:
    late = OURS.join("demo.room", CALL, GRACE, now() - timedelta(seconds=600 + 59))
    OFFICIAL.verify(late)
    too_late = OURS.join("demo.room", CALL, GRACE, now() - timedelta(seconds=600 + 62))
    with pytest.raises(jwt.ExpiredSignatureError):
        OFFICIAL.verify(too_late)


def test_a_secret_is_not_shown() -> None:
    assert SECRET not in repr(OURS)


# Webhooks


def test_the_official_receiver_accepts_the_fake_and_so_do_we(server: FakeLiveKit) -> None:
    body, token = server.event("participant_joined", "demo.room", "a" * 32)
    received = WebhookReceiver(OFFICIAL).receive(body.decode(), token)
    assert (received.event, received.participant.identity) == ("participant_joined", "a" * 32)
    assert OURS.has_signed(body, token)


def _claims(**changed: Any) -> dict[str, Any]:
    """What LiveKit signs; None removes a claim."""
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    at = int(now().timestamp())
    claims = {"iss": KEY, "nbf": at, "exp": at + 300, "sha256": digest} | changed
    return {name: value for name, value in claims.items() if value is not None}


def _token(secret: str = SECRET, **changed: Any) -> str:
    return jwt.encode(_claims(**changed), secret, algorithm="HS256")


def test_a_webhook_may_be_as_old_as_the_clocks_differ() -> None:
    assert OURS.has_signed(BODY, _token())
    assert OURS.has_signed(BODY, _token(exp=int(now().timestamp()) - 58))


@pytest.mark.parametrize(
    "made",
    [
        lambda: "",
        lambda: "nonsense",
        lambda: "a.b.c",
        lambda: "Bearer " + _token(),
        lambda: _token(secret="another-secret-that-is-long-enough"),
        lambda: jwt.encode(_claims(), "", algorithm="none"),
        lambda: _token(iss="another key"),
        lambda: _token(iss=None),
        lambda: _token(exp=None),
        lambda: _token(exp=int(now().timestamp()) - 62),
        lambda: _token(nbf=int(now().timestamp()) + 120),
        lambda: _token(sha256=None),
        lambda: _token(sha256=""),
        lambda: _token(sha256="%%%"),
        lambda: _token(sha256=7),
        lambda: _token(sha256=hashlib.sha256(BODY).hexdigest()),
        lambda: signed(BODY + b" "),
        lambda: signed(BODY, secret="another-secret-that-is-long-enough"),
        lambda: signed(BODY, key="another key"),
        lambda: OURS.join("demo.room", CALL, GRACE, now()),
        lambda: OURS.ask({"roomList": True}, now()),
    ],
)
def test_what_livekit_has_not_signed_is_no_webhook(made: Callable[[], str]) -> None:
    assert not OURS.has_signed(BODY, made())


def test_a_body_without_hash_is_not_signed_by_a_token_without_hash() -> None:
    assert not OURS.has_signed(b"", OURS.join("demo.room", CALL, GRACE, now()))


# The API


def test_the_fake_answers_the_official_client(server: FakeLiveKit) -> None:
    server.add("demo.room", "grace")

    async def names() -> list[str]:
        async with LiveKitAPI(server.url, KEY, SECRET) as official:
            found = await official.room.list_rooms(ListRoomsRequest())
            return [each.name for each in found.rooms]

    assert asyncio.run(names()) == ["demo.room"]


@pytest.mark.parametrize("camel_case", [False, True])
def test_the_api_is_read_in_either_spelling(
    server: FakeLiveKit, api: LiveKitApi, camel_case: bool
) -> None:
    server.camel_case = camel_case
    assert list(api.rooms()) == []
    server.add("demo.room", "grace")
    server.add("demo.room", "recorder", kind="EGRESS")
    assert list(api.rooms()) == ["demo.room"]
    assert list(api.people("demo.room")) == ["grace"]
    first, second = api.sounds("demo.room", "grace")
    api.mute("demo.room", "grace", first.sid)
    assert server.muted("demo.room", "grace") == {"MICROPHONE"}
    assert [each.muted for each in api.sounds("demo.room", "grace")] == [True, False]
    assert first.sid != second.sid
    api.remove("demo.room", "grace")
    assert list(api.people("demo.room")) == []
    api.delete("demo.room")
    assert server.rooms == {}


def test_what_is_not_there_is_told_from_a_server_that_is_something_else(
    server: FakeLiveKit, api: LiveKitApi
) -> None:
    server.add("demo.room", "grace")
    for ask in (
        lambda: api.remove("demo.room", "nobody"),
        lambda: api.delete("nothing"),
        lambda: list(api.sounds("demo.room", "nobody")),
    ):
        with pytest.raises(NotThere):
            ask()
    elsewhere = LiveKitApi(f"{server.url}/elsewhere", OURS)
    with pytest.raises(ProviderFailed) as failed:
        elsewhere.delete("demo.room")
    assert not isinstance(failed.value, NotThere)
    with pytest.raises(ProviderFailed, match="401"):
        list(LiveKitApi(server.url, replace(OURS, secret=SECRET[::-1])).rooms())
    assert set(server.rooms) == {"demo.room"}


@pytest.mark.parametrize("step", ["busy", "cut"])
def test_what_may_have_failed_for_a_moment_is_asked_once_more(
    server: FakeLiveKit, api: LiveKitApi, step: str
) -> None:
    server.add("demo.room", "grace")
    server.script(step)
    assert list(api.rooms()) == ["demo.room"]
    server.script(step, step)
    with pytest.raises(ProviderFailed):
        list(api.rooms())
    assert server.next_step() == "ok"  # and not for ever


@pytest.mark.parametrize("step", ["refuse", "moved", "text", "large"])
def test_other_failures_are_final(server: FakeLiveKit, api: LiveKitApi, step: str) -> None:
    methods: list[str] = []
    server.before = methods.append
    server.script(step)
    with pytest.raises(ProviderFailed):
        list(api.rooms())
    assert methods == ["ListRooms"]


def test_nobody_waits_long_for_a_server_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(livekit_api, "_WAITS", (0.01,))
    with livekit_server() as gone:
        url = gone.url
    with pytest.raises(ProviderFailed, match="reached"):
        list(LiveKitApi(url, OURS).rooms())


# Settings


def livekit_of(**given: str) -> LiveKit | None:
    return Container(test_settings(**given)).livekit


def test_a_server_is_known_by_one_address() -> None:
    keys = {"LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
    assert livekit_of() is None
    assert livekit_of(LIVEKIT_URL="wss://l.example.com", LIVEKIT_API_KEY=KEY) is None
    for url in ("wss://l.example.com:7880", "https://l.example.com:7880"):
        found = livekit_of(LIVEKIT_URL=url, **keys)
        assert found is not None
        access = found.connection(CALL, GRACE).livekit
        assert access is not None
        assert access.url == "wss://l.example.com:7880"


@pytest.mark.parametrize(
    "name",
    [
        *("", "c" * 32, f"other.{CALL.id}", f"{PROJECT}-2.{CALL.id}", f"{PROJECT}{CALL.id}"),
        *(f"{PROJECT}.", f"{PROJECT}.meeting", f"{PROJECT}.{CALL.id}0", f"{PROJECT}.../{CALL.id}"),
        f"{PROJECT}.{PROJECT}.{CALL.id}",
    ],
)
def test_rooms_of_others_are_not_ours(name: str) -> None:
    keys = {"LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
    found = livekit_of(LIVEKIT_URL="wss://l.example.com", **keys)
    assert found is not None
    assert found.call_of(f"{PROJECT}.{CALL.id}") == CALL.id
    assert found.call_of(name) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"LIVEKIT_URL": "livekit.example.com"},
        {"LIVEKIT_URL": "ws://livekit.example.com"},
        {"LIVEKIT_URL": "http://127.0.0.1.example.com"},
        {"LIVEKIT_URL": "wss://livekit.example.com/rtc"},
        {"LIVEKIT_API_KEY": ""},
        {"LIVEKIT_API_SECRET": "secret"},
    ],
)
def test_a_server_that_is_named_wrongly_stops_the_start(wrong: dict[str, str]) -> None:
    given = {
        "LIVEKIT_URL": "wss://livekit.example.com",
        "LIVEKIT_API_KEY": KEY,
        "LIVEKIT_API_SECRET": SECRET,
    }
    test_settings(**given).check_function("calls")
    with pytest.raises(ValueError, match="LIVEKIT") as refused:
        test_settings(**given | wrong)
    assert SECRET not in str(refused.value)


def test_only_the_function_calls_needs_the_secret() -> None:
    without = test_settings(LIVEKIT_URL="wss://l.example.com", LIVEKIT_API_KEY=KEY)
    without.check_function("rooms")
    with pytest.raises(ValueError, match="LIVEKIT_API_SECRET"):
        without.check_function("calls")


ACCOUNT = {"type": "service_account", "client_email": "a@example.com", "private_key": "a key"}


@pytest.mark.parametrize(
    "given",
    [
        {"LIVEKIT_URL": "", "LIVEKIT_API_KEY": ""},
        {"LIVEKIT_URL": "ws://127.0.0.1:7880"},
        {"LIVEKIT_EGRESS_CREDENTIALS": "a key"},
        {"LIVEKIT_EGRESS_CREDENTIALS": "[" * 100_000},
        {"LIVEKIT_EGRESS_CREDENTIALS": "[]"},
        {"LIVEKIT_EGRESS_CREDENTIALS": json.dumps(ACCOUNT | {"type": "authorized_user"})},
        {"LIVEKIT_EGRESS_CREDENTIALS": json.dumps(ACCOUNT | {"private_key": ""})},
    ],
)
def test_settings_of_egress_that_cannot_work_are_refused(given: dict[str, str]) -> None:
    good = {
        "FUNCTIONS_EMULATOR": "",
        "JWT_SECRET": "s" * 48,
        "PAYMENTS": "off",
        "LIVEKIT_URL": "wss://livekit.example.com",
        "LIVEKIT_API_KEY": KEY,
        "LIVEKIT_API_SECRET": SECRET,
        "LIVEKIT_EGRESS": "true",
        "LIVEKIT_EGRESS_CREDENTIALS": json.dumps(ACCOUNT),
    }
    Settings.from_env(good).check_function("calls")
    with pytest.raises(ValueError, match="LIVEKIT_") as refused:
        Settings.from_env(good | given)
    assert "a key" not in str(refused.value)
    without = Settings.from_env(good | {"LIVEKIT_EGRESS_CREDENTIALS": ""})
    without.check_function("sweep")
    with pytest.raises(ValueError, match="LIVEKIT_EGRESS_CREDENTIALS"):
        without.check_function("calls")
