"""An account from its first to its last day."""

from __future__ import annotations

import zipfile

import pytest
from playwright.sync_api import expect

from local.client import Client
from local.errors import StackError
from tests.conftest import Running
from tests.studio.conftest import PASSWORD, Enter
from tests.studio.visits import Visit

NEW_PASSWORD = "secret-456"


def _made(visit: Visit, address: str) -> None:
    visit.open("/sign-up?to=/account")
    visit.page.get_by_label("Email").fill(address)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.locator("form").get_by_role("button", name="Make an account").click()
    visit.page.wait_for_url("**/account")
    visit.settle()


def test_an_account_is_kept_in_order_taken_along_and_deleted(
    enter: Enter, stack: Running, address: str
) -> None:
    visit = enter()
    page = visit.page
    _made(visit, address)
    login = {"email": address, "password": PASSWORD}
    session = Client(stack.base_url).data("POST", "/api/auth/login", json=login)
    elsewhere = Client(stack.base_url, session["accessToken"])
    elsewhere.call("GET", "/api/auth/me")

    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_label("Time zone").select_option("Europe/Oslo")
    page.reload()  # what was typed is kept
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").get_by_text("Saved.")).to_be_visible()
    expect(page.locator(".menu-name")).to_have_text("Ada Lovelace")

    expect(page.locator(".session")).to_have_count(2)
    page.get_by_role("button", name="Sign out there").click()
    with page.expect_response("**/api/auth/sessions/*"):
        page.get_by_role("dialog").get_by_role("button", name="Sign out there").click()
    expect(page.locator(".session")).to_have_count(1)
    with pytest.raises(StackError, match="answered 401"):
        elsewhere.call("GET", "/api/auth/me")

    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed.")).to_be_visible()

    page.get_by_role("button", name="Make the archive").click()
    with page.expect_download() as archive:
        page.get_by_role("button", name="Download the archive").click()
    assert zipfile.is_zipfile(archive.value.path())

    page.get_by_role("button", name="Delete the account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Current password").fill(PASSWORD)  # the old one
    dialog.get_by_role("button", name="Delete the account").click()
    expect(dialog.get_by_text("The password is wrong.")).to_be_visible()
    dialog.get_by_label("Current password").fill(NEW_PASSWORD)
    dialog.get_by_role("button", name="Delete the account").click()
    page.get_by_role("link", name="Start speaking").wait_for()
    visit.open("/account")
    expect(page.get_by_role("heading", name="Sign in to see this")).to_be_visible()
    assert visit.complaints == []
