"""A room in two languages, with two browsers, the built-in translator, and speech."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Route, expect, sync_playwright

from tests.studio.conftest import Enter
from tests.studio.pages.rooms import SAID, act_on, in_room, make_room, manage, say
from tests.studio.visits import Visit
from tests.support.browser import BROWSER
from tests.support.speeches import spoken, wav


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone says the same sentence of three seconds again and again, from anywhere on."""
    voice = Path(tmp_path_factory.mktemp("microphone") / "voice.wav")
    voice.write_bytes(wav(spoken()))
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=BROWSER,
            args=[
                "--no-sandbox",
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={voice}",
            ],
        )
        yield made
        made.close()


def _both(enter: Enter, name: str) -> tuple[Visit, Visit]:
    """Ada, who owns the room and reads English, and Bruno, who reads Portuguese."""
    ada, bruno = enter("user"), enter("newcomer")
    ada.open("/rooms/new")
    make_room(ada, name)
    ada.page.get_by_role("button", name="Invite").click()
    link = ada.page.get_by_label("Link").input_value()
    ada.page.keyboard.press("Escape")
    bruno.open(link.removeprefix(bruno.base))
    bruno.page.get_by_label("The language you read").select_option("pt")
    bruno.page.get_by_role("button", name="Join", exact=True).click()
    in_room(bruno)
    expect(ada.page.locator(".room-people li")).to_have_count(1)
    return ada, bruno


def _text(visit: Visit, language: str) -> Locator:
    return visit.page.locator(f".talk-text[lang={language}]").last


def test_what_is_recorded_is_heard_and_read_in_the_other_language(enter: Enter) -> None:
    ada, bruno = _both(enter, "The weather")
    ada.page.get_by_role("button", name="Record a message").click()
    timer = ada.page.get_by_role("timer")
    expect(timer).to_have_text(re.compile("0:(0[5-9]|[1-9])"))
    expect(bruno.page.locator(".room-people")).to_contain_text("speaking")
    ada.page.get_by_role("button", name="Stop", exact=True).click()
    ada.page.get_by_role("button", name="Hear it").wait_for()
    ada.page.get_by_role("button", name="Send").click()

    # Its text is what was said, for each in their own language. The recording begins anywhere, and
    # a word that is cut makes the recogniser mistake others, too.
    expect(_text(ada, "en")).to_contain_text(re.compile("weather|mountain|good|today", re.I))
    expect(_text(bruno, "pt")).to_contain_text(re.compile("tempo|montanha|bom|boa|hoje", re.I))
    with bruno.plays():
        bruno.page.get_by_role("button", name="Play the message of").click()
    assert ada.complaints == []
    assert bruno.complaints == []
    assert ada.policy_reports() == []


def test_what_is_said_live_is_shown_while_it_is_said(enter: Enter) -> None:
    ada, bruno = _both(enter, "Live")
    ada.page.get_by_role("button", name="Speak live", exact=True).click()
    # The first piece may have no word that is whole, so she goes on until one is understood.
    caption = bruno.page.locator(".said-by[data-kind=caption]:has(.talk-text[lang=pt])").first
    caption.wait_for()
    ada.page.get_by_role("button", name="Stop speaking live").click()
    expect(caption).to_contain_text("Spoken live")
    assert ada.complaints == []


def test_messages_are_answered_changed_and_spoken(enter: Enter) -> None:
    ada, bruno = _both(enter, "Answers")
    say(ada)
    said = bruno.page.locator(".said-by").first
    act_on(said, "Reply")
    expect(bruno.page.locator(".composer-reply")).to_be_visible()
    say(bruno, "Eu vou.")
    quote = ada.page.locator(".talk-quote")
    expect(quote).to_contain_text(SAID)
    quote.click()
    expect(ada.page.locator(".said-by").first).to_be_focused()

    act_on(ada.page.locator(".said-by").first, "Edit")
    ada.page.get_by_label("Your message").fill("Who is coming to Porto?")
    ada.page.get_by_role("button", name="Save", exact=True).click()
    expect(said).to_contain_text("Edited")
    expect(said.locator(".talk-text")).to_contain_text("Porto")

    act_on(said, "Speak this message")
    with bruno.plays():
        said.get_by_role("button", name="Hear it in Portuguese").click()
    expect(ada.page.get_by_role("button", name="Hear it in Portuguese")).to_be_visible()
    # Nobody changes what others have said, and members do not delete it.
    said.locator(".said-more").click()
    expect(said.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
    expect(said.get_by_role("button", name="Delete", exact=True)).to_have_count(0)
    assert ada.complaints == []


def test_its_owner_decides_about_a_room_and_its_members(enter: Enter) -> None:
    ada, bruno = _both(enter, "Rules")
    page = manage(ada)
    page.get_by_label("Name").fill("House rules")
    page.get_by_label("Announcement").fill("Meeting at noon.")
    page.get_by_label("Days until messages are deleted").fill("30")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(bruno.page.get_by_role("region", name="Announcement")).to_have_text("Meeting at noon.")
    expect(bruno.page.get_by_role("heading", level=1)).to_have_text("House rules")
    page.reload()
    expect(page.get_by_label("Days until messages are deleted")).to_have_value("30")

    page.get_by_role("button", name="Add a term").click()
    page.get_by_label("Term").fill("Fjord")
    page.get_by_label("Never translate it").check()
    page.get_by_role("button", name="Save the glossary").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.locator(".rooms-details summary").click()
    page.get_by_role("button", name="Mute for an hour").click()
    expect(page.get_by_text("Muted until")).to_be_visible()
    bruno.page.locator(".composer textarea").fill("May I?")
    bruno.page.locator(".composer textarea").press("Enter")
    bruno.page.locator(".said-by .problem").wait_for()
    page.get_by_role("button", name="Let them write again").click()
    expect(page.get_by_text("Muted until")).to_have_count(0)
    bruno.page.get_by_role("button", name="Try again").click()
    expect(bruno.page.locator(".said-by time")).to_have_count(1)

    page.get_by_role("button", name="Close the room").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the room").click()
    expect(bruno.page.get_by_text("The room is closed.")).to_be_visible()
    page.get_by_role("button", name="Open the room again").click()
    bruno.page.locator(".composer").wait_for()

    page.get_by_role("button", name="Clear the history").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear the history").click()
    expect(bruno.page.locator(".said-by")).to_have_count(0)

    page.get_by_role("button", name="Ban", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Ban", exact=True).click()
    expect(bruno.page.get_by_text("You are no longer in this room")).to_be_visible()
    page.get_by_role("button", name="Lift the ban").click()
    expect(page.get_by_text("can join again.")).to_be_visible()
    assert ada.complaints == []
    # Whoever is not in it manages nothing.
    bruno.page.goto(ada.page.url)
    expect(bruno.page.get_by_role("alert")).to_be_visible()


def test_two_people_talk_each_in_their_own_language(enter: Enter) -> None:
    ada, bruno = enter("user"), enter("newcomer")
    ada.open("/rooms/new")
    make_room(ada, "Lisbon in May")
    ada.page.get_by_role("button", name="Invite").click()
    link = ada.page.get_by_label("Link").input_value()
    ada.page.keyboard.press("Escape")

    bruno.open(link.removeprefix(bruno.base))
    expect(bruno.page.get_by_role("heading", level=1)).to_have_text(
        "You are invited to “Lisbon in May”"
    )
    bruno.page.get_by_label("The language you read").select_option("pt")
    bruno.page.get_by_role("button", name="Join", exact=True).click()
    in_room(bruno)
    expect(ada.page.locator(".room-people li")).to_have_count(1)

    bruno.page.locator(".composer textarea").press_sequentially("Eu")
    expect(ada.page.locator(".talk-status")).to_contain_text("is writing…")

    say(ada)
    said = bruno.page.locator(".said-by")
    expect(said.locator(".talk-text")).to_have_attribute("lang", "pt")
    assert said.locator(".talk-text").inner_text() != SAID
    said.get_by_role("button", name="Show the original").click()
    expect(said.locator(".talk-text")).to_have_text(SAID)

    # The connection is lost before the answer: after a reload it is sent again, and said once.
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    path = "**/api/rooms/*/messages"
    bruno.page.route(path, lose, times=1)
    with bruno.page.expect_event("requestfailed", lambda each: each.url.endswith("/messages")):
        bruno.page.locator(".composer textarea").fill("Eu vou a Lisboa com a minha irmã.")
        bruno.page.locator(".composer textarea").press("Enter")
    bruno.page.reload()
    in_room(bruno)
    expect(bruno.page.locator(".said-by")).to_have_count(2)
    expect(bruno.page.locator(".said-by", has_text="Sending")).to_have_count(0)
    answer = ada.page.locator(".said-by").last.locator(".talk-text")
    expect(answer).to_have_attribute("lang", "en")
    expect(ada.page.locator(".said-by")).to_have_count(2)

    act_on(ada.page.locator(".said-by").first, "Delete")
    ada.page.get_by_role("button", name="Dismiss").last.click()
    expect(bruno.page.get_by_text("Deleted", exact=True)).to_be_visible()

    manage(ada).get_by_role("button", name="Delete the room").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Delete the room").click()
    ada.page.wait_for_url("**/rooms")
    expect(bruno.page.get_by_text("You are no longer in this room")).to_be_visible()
    assert ada.complaints == []
    assert bruno.policy_reports() == []
