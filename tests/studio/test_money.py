"""A plan is bought at the fake Stripe, a recording arrives once, and a change is announced."""

from __future__ import annotations

import re
import secrets
from typing import Any

from playwright.sync_api import Route, expect

from local.client import Client
from tests.conftest import Running
from tests.e2e.users import administrator, operator, signed_up
from tests.studio.conftest import PASSWORD, Enter
from tests.studio.pages.files import upload


def _administrator(stack: Running) -> Client:
    login = {"email": administrator(stack), "password": PASSWORD}
    client = Client(stack.base_url)
    return Client(stack.base_url, client.data("POST", "/api/auth/login", json=login)["accessToken"])


def _new_plan(admin: Client) -> dict[str, Any]:
    plan = {
        "name": f"Matinee {secrets.token_hex(3)}",
        "price": 4.5,
        "billingPeriod": "monthly",
        "tokens": 70,
        "voiceMinutes": 12,
    }
    made: dict[str, Any] = admin.data("POST", "/api/admin/plans", json=plan)["plan"]
    return made


def test_a_plan_is_bought_cancelled_and_kept(stack: Running, enter: Enter) -> None:
    name = _new_plan(_administrator(stack))["name"]
    priced = operator(stack, "stripe", "setup")
    assert priced.returncode == 0, priced.stderr
    client, _, _ = signed_up(stack)
    visit = enter()
    page = visit.page
    visit.sign_in(client.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)
    before = visit.tokens()

    visit.open("/plans")
    page.get_by_role("button", name=f"Choose {name}").click()
    expect(page.get_by_role("dialog")).to_contain_text("$4.50 per month")
    page.get_by_role("button", name="Go to the payment").click()
    page.get_by_label("Card number").wait_for()
    # Whoever turns back has bought nothing.
    visit.open("/checkout/cancelled")
    page.get_by_role("link", name="See the plans").click()
    page.get_by_role("button", name=f"Choose {name}").click()
    page.get_by_role("button", name="Go to the payment").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Subscribe").click()

    expect(page.get_by_role("heading", name="Thank you", level=1)).to_be_visible()
    expect(page.locator(".bought")).to_contain_text(name)
    expect(page.locator(".rail-tokens")).to_have_text(f"{before + 70} tokens")
    page.reload()  # asks again, and buys nothing again
    expect(page.get_by_role("heading", name="Thank you", level=1)).to_be_visible()

    page.get_by_role("link", name="Open the wallet").click()
    figures = page.locator(".figure strong")
    expect(figures.first).to_have_text(str(before + 70))
    expect(page.locator(".balance .facts")).to_contain_text(name)
    expect(page.locator(".movement-amount", has_text="+70 tokens")).to_have_count(1)
    expect(page.locator(".movement-amount", has_text="$4.50")).to_have_count(1)

    page.get_by_role("link", name="See the plans").click()
    current = page.locator(".current")
    expect(current).to_contain_text(re.compile("Renews on"))
    current.get_by_role("button", name="Cancel the plan").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the plan").click()
    expect(current).to_contain_text("does not renew")
    current.get_by_role("button", name="Keep the plan").click()
    expect(current).to_contain_text("Renews on")
    assert visit.complaints == []


def test_an_upload_whose_answer_is_lost_is_sent_again_and_stored_once(
    stack: Running, enter: Enter
) -> None:
    client, _, _ = signed_up(stack)
    visit = enter()
    page = visit.page
    visit.sign_in(client.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)
    visit.open("/files")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/files/upload", lose, times=1)
    upload(visit, "take.wav")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".file-name")).to_have_text(["take.wav"])
    expect(page.locator(".sending")).to_have_count(0)
    page.reload()
    expect(page.locator(".file-name")).to_have_text(["take.wav"])

    page.get_by_role("button", name="Delete “take.wav”").click()
    expect(page.locator(".file-name")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".file-name")).to_have_text(["take.wav"])


def test_somebody_reads_that_an_administrator_gave_them_a_plan(
    stack: Running, enter: Enter
) -> None:
    client, _, _ = signed_up(stack)
    email = client.data("GET", "/api/auth/me")["user"]["email"]
    admin = _administrator(stack)
    plan = _new_plan(admin)
    given = {"email": email, "planType": plan["id"]}
    admin.data("POST", "/api/subscriptions/create", json=given)
    visit = enter()
    page = visit.page
    visit.sign_in(email, PASSWORD)
    place = page.get_by_role("navigation").get_by_role("link", name="Notifications")
    expect(place).to_contain_text("1 new")
    place.click()
    page.get_by_role("link", name="Your plan has changed").click()
    expect(page.locator(".current")).to_contain_text(plan["name"])
    expect(place).not_to_contain_text("new")
    place.click()
    expect(page.locator(".news")).to_have_count(1)
    expect(page.locator(".news[data-unread]")).to_have_count(0)
