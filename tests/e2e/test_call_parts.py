"""Parts of the browser's client of calls, in a real browser, without a server."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import browse, needs_browser

pytestmark = needs_browser


def test_a_lost_offer_is_repeated_and_captions_end_with_the_microphone() -> None:
    found = browse(Path(__file__).with_name("call_parts.mjs"))
    assert found == {
        "offers": {"connected": True, "count": 2},
        "captions": ["closed"],
        "errors": [],
    }
