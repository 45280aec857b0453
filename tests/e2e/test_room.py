"""Two browsers and a program in one room, through the whole stack, with the built-in translator. It
knows English and Portuguese."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Running
from tests.support.browser import browse, needs_browser
from tests.support.f5tts import logged
from tests.support.machine import slack
from troupe.characters.wording import STATEMENT

pytestmark = needs_browser
PITCH = 330  # Hz: the recording of a voice is a tone
SOON = 3000  # ms from sending until all read it in their language


def test_everybody_reads_a_room_in_their_own_language(stack: Running) -> None:
    hosts = (stack.hosts["auth"], stack.hosts["firestore"])
    script = Path(__file__).with_name("room.mjs")
    found = browse(script, stack.base_url, *hosts, STATEMENT, str(PITCH))
    print(found)
    assert found["errors"] == []
    assert max(found["fromProgram"], found["fromBrowser"], found["corrected"]) <= SOON * slack()
    spoken = found["spoken"]
    assert (spoken["state"], spoken["voice"]) == ("ready", "default")
    assert abs(found["heard"]["seconds"] - spoken["seconds"]) < 0.3
    assert (found["own"]["state"], found["own"]["voice"]) == ("ready", "sender")
    assert abs(found["voice"]["pitch"] - PITCH) < 10
    asked = [each for each in logged(Path(stack.spoken)) if abs(each["pitch"] - PITCH) < 5]
    assert [each["gen_text"] for each in asked] == ["The house is close to the sea."]
    assert asked[0]["ref_text"] == ""  # which Greta could read, who pays
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
