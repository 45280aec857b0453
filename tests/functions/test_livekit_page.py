"""The browser's client of calls, in a call by LiveKit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.livekit_server import FakeLiveKit
from tests.support.browser import browse, needs_browser
from tests.support.livekit import livekit, livekit_call
from tests.support.peers import served_calls
from troupe.adapters.firestore import Database
from troupe.calls.records import Participant
from troupe.calls.writes import participants_path

__all__ = ["livekit"]
pytestmark = [needs_browser, pytest.mark.slow]
SCRIPT = Path(__file__).parents[1] / "e2e" / "livekit_page.mjs"


def test_an_app_connects_with_a_module_of_its_own(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    token = call.host.headers["Authorization"].removeprefix("Bearer ")
    with served_calls() as base:
        found = browse(SCRIPT, base, token, call.id, call.code)
    url = livekit.url.replace("http://", "ws://")
    assert found == {
        "refused": ["closed", "This call is held by LiveKit, which this app does not support."],
        "playing": True,
        "mutes": [True, False],
        "connects": [["host", url], ["guest", url], ["guest", url]],
        "errors": [],
    }
    people = [Participant.of(each) for each in db.find(participants_path(call.id), limit=10)]
    assert sorted((each.name, each.state) for each in people if each.guest) == [
        ("Grace", "left"),
        ("Linus", "left"),
    ]
