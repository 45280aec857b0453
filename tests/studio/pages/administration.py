"""The pages of administrators."""

from __future__ import annotations

from tests.studio.visits import Case, Then, Visit


def _chosen(visit: Visit) -> None:
    visit.page.locator(".row-check input").first.check()
    visit.page.locator(".chosen").wait_for()


def _one_user(visit: Visit) -> None:
    visit.page.locator("a.row-name").first.click()
    visit.page.locator(".facts").wait_for()


def _suspend(visit: Visit) -> None:
    _one_user(visit)
    visit.page.locator("section.form:last-child .button-plain").click()
    visit.page.get_by_role("dialog").wait_for()


def _form(visit: Visit) -> None:
    visit.page.locator(".page-actions .button").click()
    visit.page.get_by_role("dialog").wait_for()


def _wrong_form(visit: Visit) -> None:
    _form(visit)
    visit.page.locator("dialog [type=submit]").click()
    visit.page.locator("dialog .problem").wait_for()


def _message(visit: Visit) -> None:
    body = {
        "name": "Nora",
        "email": "nora@example.com",
        "subject": "Donaudampfschifffahrtsgesellschaftskapitän",
        "message": "How do I get an invoice for last year?\nI need one for each month.",
    }
    sent = visit.page.request.post(f"{visit.base}/api/contact/submit", data=body)
    assert sent.ok, sent.text()


def _requests(visit: Visit) -> None:
    visit.page.locator(".filters select").first.select_option("requests")
    visit.page.locator(".filters-search").wait_for()


def _numbers(visit: Visit) -> None:
    visit.page.locator(".chart-numbers summary").click()


def _gift(visit: Visit) -> None:
    """As it is asked about, before it is given."""
    visit.page.locator(".manage-head .buttons .button").first.click()
    dialog = visit.page.get_by_role("dialog")
    dialog.locator("[name=tokens]").fill("500")
    dialog.locator("[name=description]").fill("The concert that was cut off")
    dialog.locator("[type=submit]").click()
    dialog.locator(".dialog-actions button.button-primary:not([type=submit])").wait_for()


CASES = [
    Case("/admin", who="admin", show=_numbers, title="admin"),
    Case(
        "/admin/users",
        "chosen",
        who="admin",
        show=_chosen,
        title="admin-users",
        then=(Then("one of them, to be suspended", _suspend),),
    ),
    Case("/admin/users", "not an administrator"),
    Case(
        "/admin/users",
        "failed",
        who="admin",
        prepare=lambda visit: visit.fails("**/api/admin/users*", 500, "internal_error"),
    ),
    Case("/admin/plans", "a form that is wrong", who="admin", show=_wrong_form),
    Case(
        "/admin/payments?owner=nobody",
        "a gift to nobody",
        who="admin",
        show=_gift,
        title="admin-payments",
    ),
    Case("/admin/jobs", who="admin", title="admin-jobs"),
    Case("/admin/reports", who="admin", title="admin-reports"),
    Case("/admin/contacts", "with one", who="admin", prepare=_message, title="admin-contacts"),
    Case("/admin/faq", "form", who="admin", show=_form, title="admin-faq"),
    Case("/admin/audit", who="admin", title="admin-audit"),
    Case("/admin/metrics", "requests", who="admin", show=_requests, title="admin-metrics"),
]
