"""What one person made is never there for the next one at the same browser."""

from __future__ import annotations

from playwright.sync_api import Dialog, Route, expect

from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.studio.conftest import PASSWORD, Enter
from tests.studio.pages.speech import speak, write
from tests.studio.visits import Visit


def _account(stack: Running) -> str:
    client, _, _ = signed_up(stack)
    email: str = client.data("GET", "/api/auth/me")["user"]["email"]
    return email


def _sign_out(visit: Visit) -> None:
    visit.page.locator(".menu summary").click()
    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.get_by_role("link", name="Start speaking").wait_for()


def test_nothing_of_one_person_is_there_for_the_next(enter: Enter, stack: Running) -> None:
    visit = enter()
    page = visit.page
    visit.sign_in(_account(stack), PASSWORD)
    speak(visit, "A secret of the first person.")
    page.locator(".result-done .button-lit").click()
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    write(visit, "Another secret, not yet spoken.")
    other_tab = visit.context.new_page()
    other_tab.goto(f"{visit.base}/speak")
    expect(other_tab.locator("textarea")).to_have_value("Another secret, not yet spoken.")
    _sign_out(visit)
    # The other tab follows.
    other_tab.get_by_role("link", name="Start speaking").wait_for()

    visit.sign_in(_account(stack), PASSWORD)
    for each in (page, other_tab):
        each.goto(f"{visit.base}/speak")
        expect(each.locator("textarea")).to_have_value("")
        expect(each.locator(".result")).to_have_count(0)
        expect(each.get_by_role("region", name="Player")).to_have_count(0)
    assert "secret" not in page.evaluate("JSON.stringify(localStorage)")


def test_who_signs_in_again_as_somebody_else_begins_anew(enter: Enter, stack: Running) -> None:
    visit = enter()
    page = visit.page
    visit.sign_in(_account(stack), PASSWORD)
    write(visit, "What the first person wrote.")
    page.locator(".cost strong").wait_for()
    sent: list[str] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.url)
        error = {"code": "unauthorized"}
        body = {"success": False, "statusCode": 401, "message": "no", "error": error}
        route.fulfill(status=401, json=body)

    page.route("**/api/voice/generate", refuse)
    page.locator(".speak button[type=submit]:enabled").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_label("Email").fill(_account(stack))
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Start speaking").wait_for()
    visit.open("/speak")
    expect(page.locator("textarea")).to_have_value("")
    assert len(sent) == 1  # not again in the name of the second person


def test_a_guest_is_asked_before_everything_is_out_of_reach(enter: Enter, stack: Running) -> None:
    visit = enter()
    page = visit.page
    visit.open("/sign-in")
    page.get_by_role("button", name="Go on as a guest").click()
    page.wait_for_url("**/speak")
    write(visit, "Kept by a guest.")
    asked: list[str] = []

    def decline(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", decline)
    page.locator(".menu summary").click()
    with page.expect_event("dialog"):
        page.get_by_role("button", name="Sign out").click()
    visit.open("/sign-in")
    page.get_by_label("Email").fill(_account(stack))
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_event("dialog"):
        page.locator("form").get_by_role("button", name="Sign in").click()
    assert all("cannot be reached again" in each for each in asked)
    visit.open("/speak")
    expect(page.locator("textarea")).to_have_value("Kept by a guest.")
    expect(page.locator(".menu-name")).to_have_text("Guest")

    page.remove_listener("dialog", decline)
    page.once("dialog", lambda dialog: dialog.accept())
    _sign_out(visit)
    visit.open("/speak")
    expect(page.locator("textarea")).to_have_value("")
