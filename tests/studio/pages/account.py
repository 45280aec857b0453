"""The account."""

from __future__ import annotations

from tests.studio.visits import Case, Visit


def _as_guest(visit: Visit) -> None:
    visit.open("/sign-in")
    visit.page.get_by_role("button", name="Go on as a guest").click()
    visit.page.wait_for_url("**/speak")
    visit.open("/account")


def _wrong_password(visit: Visit) -> None:
    visit.page.get_by_label("Current password").fill("wrong-123")
    visit.page.get_by_label("New password").fill("secret-456")
    visit.page.get_by_role("button", name="Change the password").click()
    visit.page.locator(".field-error").wait_for()


def _deleting(visit: Visit) -> None:
    """Over what else went wrong."""
    _wrong_password(visit)
    visit.page.get_by_role("button", name="Delete the account").click()
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete the account").click()
    dialog.locator(".field-error").wait_for()


CASES = [
    Case("/account", title="account"),
    Case("/account", "of a guest", who="nobody", show=_as_guest),
    Case("/account", "deleting", who="newcomer", show=_deleting),
]
