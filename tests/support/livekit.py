"""Calls by a fake LiveKit server, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.livekit_server import KEY, SECRET, FakeLiveKit, livekit_server
from tests.support.calls import Desk, Tab, a_call
from tests.support.companies import Firm
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database, now
from troupe.app.container import Container
from troupe.settings import Settings, settings
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

BUCKET_KEY = json.dumps(
    {"type": "service_account", "client_email": "livekit@example.com", "private_key": "a key"}
)


def configured(url: str, **more: Any) -> Settings:
    given = {"livekit_url": url, "livekit_api_key": KEY, "livekit_api_secret": SECRET}
    return settings().model_copy(update=given | more)


@pytest.fixture
def recording_livekit(emulators: object) -> Iterator[FakeLiveKit]:
    """One that records into the bucket."""

    def store(bucket: str, path: str, credentials: str, film: bytes) -> None:
        assert (bucket, credentials) == (settings().bucket, BUCKET_KEY)
        services().files.upload(path, film, "video/mp4")

    with livekit_server() as fake:
        given = {"livekit_egress": True, "livekit_egress_credentials": BUCKET_KEY}
        fake.store = store
        with rewired(livekit=Container(configured(fake.url, **given)).livekit):
            yield fake


@pytest.fixture
def livekit(emulators: object) -> Iterator[FakeLiveKit]:
    with livekit_server() as fake, rewired(livekit=Container(configured(fake.url)).livekit):
        yield fake


def livekit_call(db: Database, firm: Firm | None = None, tokens: int = 20, **body: Any) -> Desk:
    """`tokens`: with which its company can pay for minutes."""
    call = a_call(db, firm, provider="livekit", **body)
    payer, at = Owner.company(call.firm.id), now()
    db.commit(*grant_writes(payer, f"gift-{at}", Meter.TOKENS, tokens, "test", at))
    return call


def room_of(call: Desk) -> str:
    return f"{settings().project_id}.{call.id}"


def connect(fake: FakeLiveKit, tab: Tab) -> Tab:
    """Connects with what entering the call has answered."""
    assert fake.connect(tab.entered["livekit"]["token"]) == tab.tab
    return tab


def connected(fake: FakeLiveKit, call: Desk) -> set[str]:
    return set(fake.rooms.get(room_of(call), {}))


def sent(body: bytes, token: str) -> Any:
    """Sends a webhook as LiveKit does."""
    headers = {"Authorization": token, "Content-Type": "application/webhook+json"}
    client = app_for("calls").test_client()
    return client.post("/api/calls/livekit", data=body, headers=headers)
