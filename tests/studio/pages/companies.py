"""Companies: the list, and the pages of one."""

from __future__ import annotations

from collections.abc import Callable

from tests.studio.visits import Case, Then, Visit

Show = Callable[[Visit], None]


def open_first(visit: Visit) -> None:
    visit.page.locator(".rows a.row-name").first.click()
    visit.page.locator(".manage-nav").wait_for()
    visit.settle()


def _section(name: str, then: Show | None = None) -> Show:
    def show(visit: Visit) -> None:
        open_first(visit)
        visit.page.locator(f'.manage-nav a[href$="/{name}"]').click()
        visit.page.locator(f'.manage-nav a[aria-current][href$="/{name}"]').wait_for()
        visit.settle()
        if then:
            then(visit)

    return show


def _found(visit: Visit) -> None:
    visit.page.locator(".page-actions .button-primary").click()
    visit.page.locator("dialog [type=submit]").click()
    visit.page.locator("dialog .field-error").wait_for()


def _link(visit: Visit) -> None:
    """The address is invited, and its link is shown."""
    visit.page.locator(".page-actions .button-primary").click()
    visit.page.locator("dialog [name=email]").fill("a.very.long.name.of.somebody@example.com")
    visit.page.locator("dialog [type=submit]").click()
    visit.page.locator("dialog .button-primary").wait_for()
    visit.page.locator("dialog input[dir=ltr]").wait_for()


def _change(visit: Visit) -> None:
    visit.page.locator(".row-buttons .button").first.click()
    visit.page.locator("dialog form").wait_for()


def _calls(visit: Visit) -> None:
    visit.page.locator(".filters select").first.select_option("calls")
    visit.page.locator(".figures").first.wait_for()


def _own_dates(visit: Visit) -> None:
    visit.page.locator(".filters select").nth(1).select_option("own")
    visit.page.locator("[type=date]").first.fill("2020-01-01")
    visit.page.locator(".field-error").wait_for()


CASES = [
    Case("/companies", who="host", title="companies"),
    Case("/companies", "nobody's, and one without a name", show=_found),
    Case(
        "/companies",
        "failed",
        prepare=lambda visit: visit.fails("**/api/companies?*", 500, "internal_error"),
    ),
    Case("/companies", "one of them", who="host", show=open_first, title="company"),
    Case("/companies", "people, and a link", who="host", show=_section("people", _link)),
    Case("/companies", "a person", who="host", show=_section("people", _change)),
    Case("/companies", "licenses", who="host", show=_section("licenses"), title="licenses"),
    Case("/companies", "money", who="host", show=_section("money"), title="company-money"),
    Case(
        "/companies",
        "dashboard",
        who="host",
        show=_section("dashboard", _calls),
        title="dashboard",
        then=(Then("wrong dates", _own_dates),),
    ),
    Case("/companies", "settings", who="host", show=_section("settings")),
    Case("/companies/nobodys/people", "not a member", who="host"),
    Case("/invitation#nothing", "not valid", who="nobody"),
]
