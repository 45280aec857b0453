"""Signing in with Google: a page in place of Google's, and the Auth emulator."""

from __future__ import annotations

import html
import json
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.studio.conftest import Enter
from tests.studio.pages.speech import speak
from tests.studio.visits import Visit


@pytest.fixture
def person() -> dict[str, object]:
    """What Google knows of somebody."""
    name = secrets.token_hex(6)
    return {"sub": name, "email": f"{name}@example.com", "email_verified": True, "name": "Grace"}


def _offer(visit: Visit, person: dict[str, object]) -> None:
    """The project has Google, and `person` is signed in there."""

    def configure(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"]["features"]["googleClientId"] = "client.apps.googleusercontent.com"
        route.fulfill(response=answer, json=body)

    def ask(route: Route) -> None:
        sent = dict(parse_qsl(urlsplit(route.request.url).query))
        assert sent["redirect_uri"] == f"{visit.base}/auth/google"
        assert sent["response_type"] == "token"
        links = {}
        for word, more in (("Agree", {"access_token": json.dumps(person)}), ("Refuse", {})):
            fragment = urlencode({"state": sent["state"], **more})
            links[word] = html.escape(f"{sent['redirect_uri']}#{fragment}")
        page = "".join(f'<p><a href="{link}">{word}</a></p>' for word, link in links.items())
        route.fulfill(content_type="text/html", body=f"<title>Google</title>{page}")

    visit.context.route("**/api/config", configure)
    visit.context.route("https://accounts.google.com/**", ask)


def _google(visit: Visit) -> Page:
    """The window that a click opens."""
    with visit.page.expect_popup() as opened:
        visit.page.get_by_role("button", name="Continue with Google").click()
    return opened.value


def test_it_is_offered_only_where_the_project_has_it(enter: Enter) -> None:
    visit = enter()
    with visit.page.expect_response("**/api/config"):
        visit.open("/sign-in")
    visit.page.get_by_role("button", name="Go on as a guest").wait_for()
    expect(visit.page.get_by_role("button", name="Continue with Google")).to_have_count(0)


def test_a_window_signs_in_and_closes(enter: Enter, person: dict[str, object]) -> None:
    visit = enter()
    _offer(visit, person)
    visit.open("/sign-in")
    refused = _google(visit)
    with refused.expect_event("close"):
        refused.get_by_role("link", name="Refuse").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    google = _google(visit)
    with google.expect_event("close"):
        google.get_by_role("link", name="Agree").click()
    visit.page.wait_for_url("**/speak")
    assert visit.tokens() > 2
    visit.open("/account")
    expect(visit.page.get_by_text(str(person["email"])).first).to_be_visible()
    assert visit.complaints == []
    assert visit.policy_reports() == []


def test_a_guest_keeps_everything(enter: Enter, person: dict[str, object]) -> None:
    visit = enter()
    _offer(visit, person)
    visit.open("/sign-in")
    visit.page.get_by_role("button", name="Go on as a guest").click()
    visit.page.wait_for_url("**/speak")
    visit.open("/speak")
    speak(visit, "Said by a guest.")
    visit.open("/sign-up")
    google = _google(visit)
    with google.expect_event("close"):
        google.get_by_role("link", name="Agree").click()
    visit.page.wait_for_url("**/speak")
    expect(visit.page.locator(".rail-tokens")).not_to_have_text("1 token")
    visit.page.get_by_role("navigation").get_by_role("link", name="History").click()
    expect(visit.page.get_by_role("link", name="Said by a guest.")).to_be_visible()


def test_where_no_window_opens_the_page_goes_there_and_back(
    enter: Enter, person: dict[str, object]
) -> None:
    visit = enter()
    page = visit.page
    _offer(visit, person)
    visit.context.add_init_script("window.open = () => null")
    visit.open("/sign-in?to=/wallet")
    page.get_by_role("button", name="Continue with Google").click()
    page.get_by_role("link", name="Agree").click()
    page.wait_for_url("**/wallet")
    page.locator(".rail-tokens").wait_for()
    # What somebody else has sent signs nobody in: a link with a token of their own.
    stranger = enter()
    fragment = urlencode({"state": "page.1", "access_token": json.dumps(person)})
    stranger.open(f"/auth/google#{fragment}")
    expect(stranger.page.get_by_text("was not begun here")).to_be_visible()
    assert "access_token" not in stranger.page.url
    stranger.open("/speak")
    expect(stranger.page.locator(".rail-tokens")).to_have_count(0)
