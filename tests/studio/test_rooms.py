"""A room in two languages, with two browsers, and the built-in translator."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.studio.conftest import Enter
from tests.studio.pages.rooms import SAID, in_room, make_room, say


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
    expect(said.locator(".talk-text")).to_have_attribute("lang", "pt", timeout=30_000)
    assert said.locator(".talk-text").inner_text() != SAID
    said.get_by_role("button", name="Show the original").click()
    expect(said.locator(".talk-text")).to_have_text(SAID)

    # The connection is lost before the answer: after a reload it is sent again, and said once.
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    path = "**/api/rooms/*/messages"
    bruno.page.route(path, lose, times=1)
    with bruno.page.expect_event("requestfailed"):
        bruno.page.locator(".composer textarea").fill("Eu vou a Lisboa com a minha irmã.")
        bruno.page.locator(".composer textarea").press("Enter")
    bruno.page.reload()
    in_room(bruno)
    expect(bruno.page.locator(".said-by")).to_have_count(2)
    expect(bruno.page.locator(".said-by", has_text="Sending")).to_have_count(0)
    answer = ada.page.locator(".said-by").last.locator(".talk-text")
    expect(answer).to_have_attribute("lang", "en", timeout=30_000)
    expect(ada.page.locator(".said-by")).to_have_count(2)

    ada.page.get_by_role("button", name="Delete “Good morning!").click()
    ada.page.get_by_role("button", name="Dismiss").last.click()
    expect(bruno.page.get_by_text("Deleted", exact=True)).to_be_visible()

    ada.page.get_by_role("button", name="Delete the room").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Delete the room").click()
    ada.page.wait_for_url("**/rooms")
    expect(bruno.page.get_by_text("You are no longer in this room")).to_be_visible()
    assert ada.complaints == []
    assert bruno.policy_reports() == []
