"""A character from a microphone. Chromium's own fake one plays a file."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.studio.conftest import Enter
from tests.studio.pages.characters import add_pictures, finish
from tests.studio.visits import Visit
from tests.support.browser import BROWSER
from tests.support.media_files import sound

NAME = f"The Lamplighter {secrets.token_hex(2)}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    voice = Path(tmp_path_factory.mktemp("microphone") / "voice.wav")
    voice.write_bytes(sound("wav", 5))
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=BROWSER,
            args=[
                "--no-sandbox",
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={voice}",
            ],
        )
        yield made
        made.close()


def test_a_character_is_made_of_what_the_microphone_hears(enter: Enter) -> None:
    visit = enter("newcomer")
    _record(visit)
    page = visit.page
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Name", exact=True).fill(f"{NAME} II")
    page.get_by_label("Public", exact=True).check(force=True)
    page.reload()  # what was typed is kept
    expect(page.get_by_label("Name", exact=True)).to_have_value(f"{NAME} II")
    page.get_by_role("button", name="Remove picture 2").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name=f"{NAME} II", level=1).wait_for()
    expect(page.locator(".faces img")).to_have_count(1)
    _find_and_cast(visit, f"{NAME} II")

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Undo").hover()  # stays while the list is loaded
    expect(page.get_by_text("Nobody on the stage yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name=f"{NAME} II")).to_be_visible()
    assert visit.complaints == []


def _record(visit: Visit) -> None:
    page = visit.page
    visit.open("/characters/new")
    # Refused at first: the page says the way back, and sees that it was taken.
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("allow the microphone")
    visit.context.grant_permissions(["microphone"])
    page.get_by_role("button", name="Record", exact=True).click()
    stop = page.get_by_role("button", name="Stop")
    stop.wait_for()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".stage-note")).to_have_text("The level is good.")
    visit.until("document.querySelector('[role=timer]').textContent <= '0:28'")
    stop.click()

    page.get_by_role("button", name="Play the recording").click()
    page.get_by_role("button", name="Pause the recording").wait_for()
    # The page asks before it is left, and stays.
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("navigation").get_by_role("link", name="History").click()
    assert page.url.endswith("/characters/new")
    add_pictures(visit)
    finish(visit, NAME)

    expect(page.get_by_role("heading", name=NAME, level=1)).to_be_visible()
    expect(page.locator(".faces img")).to_have_count(2)
    visit.until("[...document.querySelectorAll('.faces img')].every((each) => each.naturalWidth)")
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.locator(".facts").first).to_contain_text("Private")
    expect(page.get_by_text("Given by Ada Lovelace")).to_be_visible()
    page.get_by_role("button", name="Play the sample").click()
    page.get_by_role("button", name="Pause the sample").wait_for()


def _find_and_cast(visit: Visit, name: str) -> None:
    page = visit.page
    star = page.get_by_role("button", name=f"Star {name}")
    with page.expect_response("**/star"):
        star.click()
    visit.open("/characters?show=everybody&sort=starred")
    card = page.get_by_role("link", name=name)
    expect(card).to_be_visible()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Search by name").fill("The Lam")
    page.wait_for_url("**search=The+Lam**")
    expect(card).to_be_visible()
    card.click()
    page.get_by_role("link", name="Speak with this voice").click()
    expect(page.locator(".speak-cast")).to_have_text(name)
    page.locator(".speak-cast a").click()
