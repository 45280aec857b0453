"""A scene from the first line to the film, and edits that must not be lost."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.studio.conftest import Enter
from tests.studio.pages.scripts import cast, client_of, script


def test_a_scene_is_edited_line_by_line_and_filmed(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    cast(client_of(visit))
    visit.open("/scripts")
    page.get_by_role("link", name=re.compile("^(New script|Begin one)$")).first.click()
    page.get_by_label("Title").fill("Harbour")
    for name in ("Anna", "Ben"):
        # Other people's Annas come after one's own.
        page.locator(".cast-choice", has_text=name).first.locator("input").check()
    page.get_by_role("button", name="Create the script").click()
    page.wait_for_url(re.compile(r"/scripts/(?!new)[^/]+$"))

    _write_by_keyboard(page)
    expect(page.locator(".script-price .cost strong")).to_have_text("1 token")
    with visit.sees("document.querySelector('.line-text').readOnly"):
        page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Play all").wait_for()
    expect(page.locator(".script-count")).to_contain_text("3 of 3 lines spoken")

    # One line is changed, and it alone is spoken again.
    page.get_by_label("Line 3", exact=True).fill("At dawn, before anybody else.")
    expect(page.get_by_text("Changed since it was spoken")).to_be_visible()
    page.get_by_role("button", name="More of line 3").click()
    page.get_by_role("button", name="Speak this line").click()
    expect(page.get_by_role("button", name="Play line 3")).to_be_visible()
    page.get_by_role("button", name="More of line 1").click()
    expect(page.get_by_role("button", name="Record take 2")).to_be_enabled()
    expect(page.locator(".line-speak .cost strong")).to_have_text("1 token")

    page.get_by_role("button", name="More of line 2").click()
    page.get_by_role("button", name="Delete line").click()
    expect(page.locator(".line")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Line 2", exact=True)).to_have_value("I did.")

    page.get_by_role("link", name="Make a film").click()
    page.get_by_label("Plum").check()
    with visit.sees("document.querySelectorAll('.job-steps li').length === 5"):
        page.get_by_role("button", name="Film it").click()
    video = page.locator("video")
    video.wait_for()
    video.evaluate("(video) => { video.muted = true; return video.play(); }")
    visit.until("document.querySelector('video').currentTime > 0.2")
    with page.expect_download() as film:
        page.get_by_role("button", name="Download the film").click()
    assert film.value.path().stat().st_size > 10_000
    assert visit.complaints == []


def _write_by_keyboard(page: Page) -> None:
    """Two lines by two people, the second of which is cut in two."""
    page.get_by_role("button", name="Add a line").press("Enter")
    expect(page.get_by_label("Line 1", exact=True)).to_be_focused()
    page.keyboard.type("Did you see it?")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Line 2", exact=True)).to_be_focused()
    page.keyboard.type("I did.")
    page.keyboard.type(" At dawn.")
    for _ in " At dawn.":
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Line 3", exact=True)).to_have_value("At dawn.")
    speakers = page.locator(".line-speaker option:checked")
    expect(speakers).to_have_text(["Anna", "Ben", "Ben"])
    expect(page.locator(".script-saved")).to_have_text("Saved")


def test_two_tabs_that_edit_one_script_lose_nothing(enter: Enter) -> None:
    one, other = enter("user"), enter("user")
    found = script(client_of(one), "Two tabs")
    for visit in (one, other):
        visit.open(f"/scripts/{found['id']}")
    first = one.page.get_by_label("Line 1", exact=True)
    first.fill("From the first tab.")
    expect(one.page.locator(".script-saved")).to_have_text("Saved")
    other.page.get_by_label("Line 2", exact=True).fill("From the second tab.")
    conflict = other.page.locator(".script-head .notice")
    expect(conflict).to_contain_text("changed elsewhere")

    # The question survives a reload, and the answer is what is stored.
    other.page.reload()
    expect(conflict).to_be_visible()
    expect(other.page.get_by_label("Line 2", exact=True)).to_have_value("From the second tab.")
    other.page.get_by_role("button", name="Keep what is here").click()
    expect(other.page.locator(".script-saved")).to_have_text("Saved")
    first.fill("Again from the first.")
    one.page.get_by_role("button", name="Take the other version").click()
    expect(one.page.get_by_label("Line 2", exact=True)).to_have_value("From the second tab.")
    expect(first).not_to_have_value("Again from the first.")


def test_what_was_typed_without_an_answer_is_there_after_a_reload(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    found = script(client_of(visit), "No answer")

    def refuse(route: Route) -> None:
        if route.request.method == "PUT":
            route.abort()
        else:
            route.fallback()

    page.route(f"**/api/scripts/{found['id']}", refuse)
    visit.open(f"/scripts/{found['id']}")
    line = page.get_by_label("Line 1", exact=True)
    line.fill("Written while nobody answers.")
    page.get_by_role("button", name="Save again").wait_for()
    page.reload()
    expect(line).to_have_value("Written while nobody answers.")
    page.get_by_role("button", name="Save again").wait_for()
    page.unroute(f"**/api/scripts/{found['id']}")
    page.get_by_role("button", name="Save again").click()
    expect(page.locator(".script-saved")).to_have_text("Saved")
    page.reload()
    expect(line).to_have_value("Written while nobody answers.")
