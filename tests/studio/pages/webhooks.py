"""Webhooks of a person, and one of them; those of a company are the same pages."""

from __future__ import annotations

from playwright.sync_api import Route

from tests.studio.visits import Case, Visit


def _without_webhooks(visit: Visit) -> None:
    """The server says that it has none."""

    def answer(route: Route) -> None:
        told = route.fetch()
        config = told.json()
        config["data"]["features"]["webhooks"] = False
        route.fulfill(response=told, json=config)

    visit.page.route("**/api/config", answer)


def _make(visit: Visit, url: str) -> None:
    visit.page.locator(".page-actions .button-primary").click()
    dialog = visit.page.get_by_role("dialog")
    dialog.locator("[name=url]").fill(url)
    dialog.get_by_label("payment.paid").check()
    dialog.locator("[type=submit]").click()


def _unreachable(visit: Visit) -> None:
    """One whose server does not answer: what was sent to it has failed."""
    _make(visit, "http://127.0.0.1:9/hook")
    dialog = visit.page.get_by_role("dialog")
    dialog.locator("[name=secret]").wait_for()
    dialog.locator(".dialog-actions .button-plain").click()
    visit.page.locator(".rows a").first.click()
    visit.page.locator(".buttons .button-primary").click()
    visit.page.locator(".row .tag[data-status=failed]").wait_for()
    visit.page.locator(".row summary").click()


def _refused(visit: Visit) -> None:
    _make(visit, "https://127.0.0.1/")
    visit.page.locator("dialog .field-error").first.wait_for()


CASES = [
    Case("/account/webhooks", "unreachable", show=_unreachable, title="webhook"),
    Case("/account/webhooks", "refused", show=_refused),
    Case("/account/webhooks", "switched off", who="newcomer", prepare=_without_webhooks),
]
