"""Two browsers and a program in one room, through the whole stack, with the built-in translator. It
knows English and Portuguese."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Running
from tests.support.browser import browse, needs_browser
from tests.support.machine import slack

pytestmark = needs_browser
SOON = 3000  # ms from sending until all read it in their language


def test_everybody_reads_a_room_in_their_own_language(stack: Running) -> None:
    hosts = (stack.hosts["auth"], stack.hosts["firestore"])
    found = browse(Path(__file__).with_name("room.mjs"), stack.base_url, *hosts)
    print(found)
    assert found["errors"] == []
    assert max(found["fromProgram"], found["fromBrowser"], found["corrected"]) <= SOON * slack()
    spoken = found["spoken"]
    assert (spoken["state"], spoken["voice"]) == ("ready", "default")
    assert abs(found["heard"] - spoken["seconds"]) < 0.3
    before = [
        "Greta: Good morning!",
        "Greta: Good night!",
        "Greta: The train arrives after the meeting.",
        "Bruno: The house is close to the sea.",
    ]
    assert found["ada"] == [*before, "Greta: This is not for Bruno."]
    assert found["bruno"] == [
        "Greta: Bom dia!",
        "Greta: Boa noite!",
        "Greta: O trem chega após a reunião.",
        "Bruno: A casa fica perto do mar.",
    ]
    assert found["people"] == ["Greta"]
