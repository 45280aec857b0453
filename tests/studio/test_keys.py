"""API keys: made on the page of a company, used by a program, given a new secret, revoked."""

from __future__ import annotations

import requests
from playwright.sync_api import Page, expect

from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.studio.conftest import PASSWORD, Enter


def _secret(page: Page) -> str:
    """As it is shown this once."""
    shown = page.get_by_role("textbox", name="Key", exact=True)
    secret = shown.input_value()
    done = page.get_by_role("button", name="Done")
    done.click()
    expect(page.get_by_text("You have not copied it")).to_be_visible()
    done.click()
    expect(shown).to_have_count(0)
    return secret


def test_a_key_of_a_company_works_until_it_is_replaced_or_revoked(
    stack: Running, enter: Enter
) -> None:
    owner, _, _ = signed_up(stack)
    company = owner.data("POST", "/api/companies", json={"name": "Nordlys"})["company"]["id"]

    def answer(key: str) -> tuple[int, str]:
        """The status, and the name of the key or the code of the failure."""
        headers = {"Authorization": f"Bearer {key}"}
        told = requests.get(f"{stack.base_url}/api/keys/me", headers=headers, timeout=60)
        body = told.json()
        return told.status_code, body["data"]["key"]["name"] if told.ok else body["error"]["code"]

    visit = enter()
    page = visit.page
    visit.sign_in(owner.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)
    visit.open(f"/companies/{company}/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Reader")
    dialog.get_by_label("See what was spent").check()
    dialog.get_by_label("Tokens a month").fill("500")
    dialog.get_by_role("button", name="New key").click()
    expect(page.get_by_role("heading", name="The key of Reader")).to_be_visible()
    assert visit.violations() == []
    first = _secret(page)
    assert answer(first) == (200, "Reader")
    (stored,) = owner.data("GET", f"/api/keys?companyId={company}")["keys"]
    assert stored["scopes"] == ["speech", "usage:read"]
    assert stored["cap"] == {"tokens": 500, "voiceSeconds": None}

    page.get_by_role("button", name="Change Reader").click()
    dialog.get_by_label("Name").fill("Newsreader")
    dialog.get_by_label("Tokens a month").fill("")
    dialog.get_by_role("button", name="Save").click()
    row = page.locator(".row", has_text="Newsreader")
    expect(row).not_to_contain_text("of 500")
    page.get_by_role("button", name="New secret for Newsreader").click()
    dialog.get_by_label("How long").select_option("0")
    dialog.get_by_role("button", name="New secret").click()
    second = _secret(page)
    assert answer(first) == (401, "api_key_invalid")
    assert answer(second) == (200, "Newsreader")

    page.get_by_role("button", name="Revoke Newsreader").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", name="There is no key yet")).to_be_visible()
    assert answer(second) == (401, "api_key_invalid")
    assert visit.complaints == []
