"""API keys of a person; those of a company are the same list."""

from __future__ import annotations

import secrets

from playwright.sync_api import Route

from tests.studio.visits import Case, Then, Visit


def _without_keys(visit: Visit) -> None:
    """The server says that it has none."""

    def answer(route: Route) -> None:
        told = route.fetch()
        config = told.json()
        config["data"]["features"]["apiKeys"] = False
        route.fulfill(response=told, json=config)

    visit.page.route("**/api/config", answer)


def _made(visit: Visit) -> None:
    """A key with limits, whose secret has been seen."""
    name = f"Reader {secrets.token_hex(3)}"
    visit.page.locator(".page-actions .button-primary").click()
    dialog = visit.page.get_by_role("dialog")
    dialog.locator("[name=name]").fill(name)
    dialog.locator("[name=tokens]").fill("500")
    dialog.locator("[name=networks]").fill("203.0.113.0/24")
    dialog.locator("[type=submit]").click()
    dialog.locator("[name=secret]").wait_for()
    dialog.locator(".dialog-actions .button-plain").click()
    dialog.get_by_role("alert").wait_for()
    dialog.locator(".dialog-actions .button-plain").click()
    visit.page.locator(".row", has_text=name).wait_for()


def _refused(visit: Visit) -> None:
    visit.page.locator(".page-actions .button-primary").click()
    visit.page.locator("dialog [name=networks]").fill("everywhere")
    visit.page.locator("dialog [type=submit]").click()
    visit.page.locator("dialog .field-error").first.wait_for()


CASES = [
    Case("/account/keys", "some", show=_made, title="keys", then=(Then("refused", _refused),)),
    Case("/account/keys", "switched off", who="newcomer", prepare=_without_keys),
]
