"""Calls: the list, planning one, and what became of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from local.client import Client
from tests.studio.pages.scripts import client_of
from tests.studio.visits import Case, Then, Visit


def plan_call(visit: Visit, title: str = "The router in the attic") -> None:
    """Until its page is open."""
    visit.page.locator("[name=title]").fill(title)
    visit.page.locator(".calls-guest input").first.fill("Grace")
    visit.page.locator(".calls-guest input").last.fill("grace@example.com")
    visit.page.locator("form button[type=submit]").click()
    visit.page.locator(".call-code").wait_for()
    visit.settle()


def _listed(visit: Visit) -> None:
    visit.page.locator(".page-actions .button-primary").click()
    plan_call(visit)
    visit.page.locator('.rail-nav a[href="/calls"]').click()
    visit.page.locator(".calls-row").first.wait_for()


def _chosen(visit: Visit) -> None:
    """Several calls, for something to be done with them."""
    visit.page.locator(".calls-bulk .button").first.click()
    visit.page.locator(".calls-choose input").first.check()


def _live(visit: Visit) -> None:
    """Somebody waits in the lobby of a call that goes on."""
    plan_call(visit)
    path = f"/api/videocalls/{visit.page.url.rsplit('/', 1)[1]}"
    call = client_of(visit, urlsplit(visit.page.url).path).data("GET", path)["call"]
    visit.page.locator(f'a[href="/calls/{call["id"]}/live"]').click()
    visit.page.locator(".live-door .button-primary").click()
    visit.page.locator(".live").wait_for()
    guest = {"name": "Grace", "code": call["code"]}
    Client(visit.base).data("POST", f"/api/calls/{call['id']}/guest", json=guest)
    visit.page.locator(".live-lobby, .live-people").first.wait_for()


def _in_the_past(visit: Visit) -> None:
    visit.page.locator("[type=radio][value=later]").check()
    visit.page.locator("[name=at]").fill("2020-01-01T10:00")
    visit.page.locator("form button[type=submit]").click()
    visit.page.locator(".field-error").wait_for()


def _cancelled(visit: Visit) -> None:
    visit.page.locator(".button-danger").click()
    visit.page.get_by_role("dialog").locator(".button-danger").click()
    visit.page.locator(".tag[data-status=cancelled]").wait_for()


CASES = [
    Case(
        "/calls",
        who="host",
        show=_listed,
        title="calls",
        then=(Then("several are chosen", _chosen),),
    ),
    Case("/calls", "no company"),
    Case("/calls/new", "a time in the past", who="host", show=_in_the_past),
    Case(
        "/calls/new",
        "one is planned",
        who="host",
        show=plan_call,
        title="call",
        then=(Then("one is cancelled", _cancelled),),
    ),
    Case("/calls/new", "the call goes on", who="host", show=_live, title="call-live"),
]
