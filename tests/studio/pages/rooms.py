"""Rooms: the list, making one, joining, and the room itself."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.studio.visits import Case, Then, Visit

SAID = "Good morning! Who is coming to Lisbon?"


def make_room(visit: Visit, name: str = "Travellers") -> None:
    """From the form, in the language of the page, until the room is open."""
    visit.page.locator("[name=name]").fill(name)
    visit.page.locator("form button[type=submit]").click()
    in_room(visit)


def in_room(visit: Visit) -> None:
    visit.page.locator(".composer").wait_for()
    visit.settle()


def say(visit: Visit, text: str = SAID) -> None:
    """Until it has arrived."""
    visit.page.locator(".composer textarea").fill(text)
    visit.page.locator(".composer textarea").press("Enter")
    visit.page.locator(".talk-log time").last.wait_for()
    visit.page.locator(".talk-text", has_text=text).wait_for()


def act_on(said: Locator, act: str) -> None:
    """One of the things that can be done with a message."""
    said.locator(".said-more").click()
    said.get_by_role("button", name=act, exact=True).click()


def manage(visit: Visit) -> Page:
    """The page on which the room that is open is managed."""
    visit.page.locator('.page-actions a[href$="/manage"]').click()
    visit.page.locator(".rooms-manage").wait_for()
    visit.settle()
    return visit.page


def _talk(visit: Visit) -> None:
    """An answer, and what can be done with it."""
    make_room(visit)
    say(visit)
    said = visit.page.locator(".said-by").first
    said.locator(".said-more").click()
    said.locator(".said-actions button").first.click()
    say(visit, "I am.")
    visit.page.locator(".said-by .said-more").last.click()


def _managed(visit: Visit) -> None:
    page = manage(visit)
    page.locator(".rooms-terms .button").first.click()
    page.locator(".rooms-term").wait_for()


def _invite(visit: Visit) -> None:
    make_room(visit)
    visit.page.locator(".page-actions button.button").click()
    visit.page.get_by_role("dialog").locator("input").wait_for()


def _refused(visit: Visit) -> None:
    visit.fails("**/api/rooms/*/messages", 403, "muted")
    visit.page.locator(".composer textarea").fill(SAID)
    visit.page.locator(".composer textarea").press("Enter")
    visit.page.locator(".said-by .problem").wait_for()


def _listed(visit: Visit) -> None:
    visit.page.locator(".page-actions .button-primary").click()
    make_room(visit)
    visit.page.locator('.rail-nav a[href="/rooms"]').click()
    visit.page.locator(".rooms-row").first.wait_for()


def _nothing_entered(visit: Visit) -> None:
    visit.page.locator("form button[type=submit]").click()
    visit.page.locator(".field-error").wait_for()


def _wrong_code(visit: Visit) -> None:
    visit.page.locator("[name=code]").fill("AAAA-AAAA")
    visit.page.locator("form button[type=submit]").click()
    visit.page.locator(".problem").wait_for()


CASES = [
    Case("/rooms", show=_listed, title="rooms"),
    Case("/rooms", "empty", who="newcomer"),
    Case(
        "/rooms/new",
        "nothing entered",
        show=_nothing_entered,
        then=(
            Then("a room with a message", _talk, title="room"),
            Then("a message is refused", _refused),
            Then("it is managed", _managed, title="room-managed"),
        ),
    ),
    Case("/rooms/new", "an invitation", show=_invite),
    Case("/rooms/join", "no such code", show=_wrong_code),
    Case("/join", "no invitation", who="nobody"),
]
