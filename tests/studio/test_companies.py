"""A company from its founding on: people come and go, and its figures are those of the API."""

from __future__ import annotations

import csv
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.client import Client
from tests.conftest import Running
from tests.e2e.users import administrator, operator, signed_up
from tests.studio.conftest import PASSWORD, Enter
from tests.studio.visits import Visit
from tests.support.companies import Firm, Person
from tests.support.factories import PROJECT
from tests.support.firebase_client import mailed_codes
from troupe.adapters.firestore import Database


def _plan_by_seat(stack: Running) -> str:
    """The name of a new plan that companies buy for each license."""
    admin = Client(stack.base_url)
    admin.sign_in(administrator(stack), PASSWORD)
    name = f"Ensemble {secrets.token_hex(3)}"
    plan = {
        "name": name,
        "price": 49,
        "billingPeriod": "monthly",
        "tokens": 100,
        "voiceMinutes": 0,
        "perSeat": True,
    }
    admin.data("POST", "/api/admin/plans", json=plan)
    priced = operator(stack, "stripe", "setup")
    assert priced.returncode == 0, priced.stderr
    return name


def _go_to(page: Page, section: str) -> None:
    page.locator(".manage-nav").get_by_role("link", name=section, exact=True).click()
    expect(page.get_by_role("heading", name=section, level=1)).to_be_visible()


def _buy(visit: Visit, plan: str, seats: int) -> None:
    page = visit.page
    _go_to(page, "Plan and spending")
    page.get_by_role("button", name=f"Choose {plan}").click()  # functions start
    page.get_by_label("Number of licenses").fill(str(seats))
    expect(page.get_by_role("dialog")).to_contain_text(f"${49 * seats} every month")
    page.get_by_role("button", name="Go to the payment").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("the payment has arrived")).to_be_visible()
    expect(page.locator(".current")).to_contain_text(plan)


def _invite(page: Page, address: str) -> str:
    """The link."""
    _go_to(page, "People")
    page.get_by_role("button", name="Invite people").click()
    page.get_by_label("Email").fill(address)
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.get_by_role("textbox", name="Link").input_value()
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".row", has_text=address)).to_contain_text("Waits for an answer")
    return link


def _give_a_license(page: Page, address: str) -> None:
    """To the member of that address, the first to have one."""
    _go_to(page, "Licenses")
    page.get_by_role("button", name="Give a license").first.click()
    dialog = page.get_by_role("dialog")
    member = dialog.locator("option", has_text=address).get_attribute("value")
    dialog.get_by_role("combobox").select_option(member)  # sorted by name: it may not be the first
    dialog.get_by_role("button", name="Give", exact=True).click()
    expect(page.locator(".manage-rows")).to_contain_text("since")
    expect(page.locator(".figures")).to_contain_text("Given to somebody 1")


def _sign_up_and_confirm(visit: Visit, stack: Running, address: str) -> None:
    """From the page of the invitation, until it can be accepted."""
    page = visit.page
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    page.get_by_role("button", name="Mail the link").click()
    expect(page.get_by_text(f"mailed to {address}")).to_be_visible()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIREBASE_AUTH_EMULATOR_HOST", stack.hosts["auth"])
        code = mailed_codes(address, "VERIFY_EMAIL")[-1]
    visit.open(f"/auth/action?mode=verifyEmail&oobCode={code}")
    page.locator("main").get_by_role("button").click()
    page.locator("main").get_by_role("link").click()
    page.wait_for_url("**/invitation")


def test_somebody_is_invited_works_with_a_license_and_is_removed(
    stack: Running, enter: Enter, address: str
) -> None:
    plan = _plan_by_seat(stack)
    client, _, _ = signed_up(stack)
    owner = enter()
    page = owner.page
    owner.sign_in(client.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)
    client.data("GET", "/api/companies")  # its function has started
    owner.open("/companies")
    page.get_by_role("button", name="Found a company").click()
    page.get_by_label("Name", exact=True).fill("Fjord Telecom")
    page.get_by_role("button", name="Found it").click()
    expect(page.get_by_role("heading", name="Fjord Telecom", level=1)).to_be_visible()
    _buy(owner, plan, 2)

    link = _invite(page, address)

    # Signed out, without an account, and with an address that nobody has confirmed.
    guest = enter()
    there = guest.page
    guest.open(link.removeprefix(stack.base_url))
    expect(there.get_by_role("heading", name="Fjord Telecom invites you")).to_be_visible()
    _sign_up_and_confirm(guest, stack, address)
    there.get_by_role("button", name="Accept").click()
    expect(there.get_by_role("heading", name="Fjord Telecom", level=1)).to_be_visible()
    expect(there.locator(".manage-nav a")).to_have_text(["Fjord Telecom", "Reviews"])
    expect(there.locator(".facts")).to_contain_text("No license")
    company = there.url.removeprefix(stack.base_url)
    guest.open(f"{company}/people")
    expect(there.get_by_role("heading", name="There is no such page")).to_be_visible()
    guest.open(link.removeprefix(stack.base_url))  # works once
    expect(there.get_by_role("heading", name="This is not a valid invitation")).to_be_visible()

    _give_a_license(page, address)
    guest.open(company)
    expect(there.locator(".facts")).to_contain_text("Standard license")

    _go_to(page, "People")
    person = page.locator(".row", has_text=address).filter(has_text="Standard license")
    expect(person).to_have_count(1)
    person.get_by_role("button", name="Change").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(person).to_have_count(0)
    guest.open(company)
    expect(there.get_by_role("heading", name="There is no such page")).to_be_visible()
    guest.open("/companies")
    expect(there.get_by_role("heading", name="You are in no company yet")).to_be_visible()
    # The owner stays, whatever they click.
    page.locator(".row", has_text="Owner").get_by_role("button", name="Change").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Remove")).to_have_count(0)
    assert owner.complaints == []
    assert guest.complaints == []


def test_ones_own_invitations_wait_on_the_page_and_are_answered_there(
    stack: Running, enter: Enter
) -> None:
    owner, _, _ = signed_up(stack)
    invited, _, _ = signed_up(stack)
    address = invited.data("GET", "/api/auth/me")["user"]["email"]
    companies = {}
    for name in ("Nordlys", "Havbris"):
        made = owner.data("POST", "/api/companies", json={"name": name})["company"]
        owner.data("POST", f"/api/companies/{made['id']}/invitations", json={"email": address})
        companies[name] = made["id"]
    _confirm(stack, invited, address)
    visit = enter()
    page = visit.page
    visit.sign_in(address, PASSWORD)
    visit.open("/companies")
    expect(page.get_by_role("heading", name="Invitations for you")).to_be_visible()
    _look_over(visit)
    page.get_by_role("button", name="Decline the invitation of Havbris").click()
    expect(page.get_by_role("button", name="Accept the invitation of Havbris")).to_have_count(0)
    with page.expect_response("**/api/invitations/decline") as declined:
        page.get_by_role("button", name="Dismiss").click()  # or it would be done a moment later
    assert declined.value.ok
    page.get_by_role("button", name="Accept the invitation of Nordlys").click()
    page.wait_for_url(f"**/companies/{companies['Nordlys']}")
    expect(page.get_by_role("heading", name="Nordlys", level=1)).to_be_visible()
    visit.open("/companies")
    expect(page.get_by_role("heading", name="Invitations for you")).to_have_count(0)
    expect(page.locator(".row")).to_have_count(1)
    (listed,) = owner.data("GET", f"/api/companies/{companies['Havbris']}/invitations")[
        "invitations"
    ]
    assert listed["status"] == "declined"
    assert visit.complaints == []


def _confirm(stack: Running, client: Client, address: str) -> None:
    """Shows that an address is somebody's own, by the mailed code."""
    client.data("POST", "/api/auth/verify-email", json={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIREBASE_AUTH_EMULATOR_HOST", stack.hosts["auth"])
        code = mailed_codes(address, "VERIFY_EMAIL")[-1]
    client.data("POST", "/api/auth/verify-email", json={"code": code})


def _look_over(visit: Visit) -> None:
    """What the matrix looks at, of a state that a journey has made."""
    for theme, language, width in (("light", "en", 320), ("dark", "ar", 1280)):
        visit.choose_language(language)
        visit.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        visit.page.set_viewport_size({"width": width, "height": 800})
        visit.settle()
        assert visit.violations() == []
        assert visit.overflow() == 0
    visit.choose_language("en")


def _company(stack: Running, client: Client, uid: str) -> str:
    """Whose owner has a license."""
    company: str = client.data("POST", "/api/companies", json={"name": "Nordlys"})["company"]["id"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", stack.hosts["firestore"])
        db = Database.connect(PROJECT)
        (license_id,) = Firm(db, company, Person(db, uid, {})).licenses(1)
    client.data("PUT", f"/api/licenses/{license_id}/assign", json={"userId": uid})
    return company


def _held(host: Client, guest: Client, company: str, solved: bool) -> str:
    """A call in which the two have met."""
    body = {"companyId": company, "title": "The router in the attic"}
    made = host.data("POST", "/api/videocalls", json=body)
    call: str = made["call"]["id"]
    host.data("POST", f"/api/calls/{call}/join", json={})
    guest.data("POST", f"/api/calls/{call}/join", json={"code": made["code"]})
    host.data("PUT", f"/api/videocalls/{call}/end", json={"outcome": {"solved": solved}})
    return call


def _table(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["date"]: row for row in csv.DictReader(file)}


def _is(written: str, value: Any) -> bool:
    return written == "" if value is None else float(written) == value


def test_a_dashboard_shows_and_saves_the_figures_of_the_api(
    stack: Running, enter: Enter, tmp_path: Path
) -> None:
    host, uid, _ = signed_up(stack)
    guest, _, _ = signed_up(stack)
    company = _company(stack, host, uid)
    calls = [_held(host, guest, company, solved) for solved in (True, True, False)]
    review = {"subjectKind": "call", "subjectId": calls[0], "ratings": {"service": 5, "host": 4}}
    said = {"text": "It took a minute.", "tags": ["router"], "solved": True}
    guest.data("POST", "/api/reviews", json={**review, **said})
    # Days of their own: midnight may pass in Tokyo before the page asks.
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    days = f"from={tomorrow - timedelta(days=30)}&to={tomorrow}"
    asked = f"/api/dashboard/calls/{company}?timezone=Asia/Tokyo&granularity=day&{days}"
    told = host.data("GET", asked)
    assert told["totals"]["calls"] == 3

    visit = enter()
    page = visit.page
    visit.sign_in(host.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)
    visit.open(f"/companies/{company}/dashboard?view=calls&zone=Asia/Tokyo&days=own&{days}")
    figures = page.locator(".figures").first
    expect(figures.locator("div", has_text=re.compile("^Calls")).locator("dd")).to_have_text("3")
    expect(figures.locator("div", has_text=re.compile("^Solved")).locator("dd")).to_have_text("2")
    expect(figures).to_contain_text("67%" if told["totals"]["solvedRate"] == 0.67 else "66.7%")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    saved.value.save_as(tmp_path / "calls.csv")
    rows = _table(tmp_path / "calls.csv")
    assert len(rows) == len(told["series"]) + 2
    for name, value in told["totals"].items():
        assert _is(rows["total"][name], value), name
    for name, value in told["previous"].items():
        assert _is(rows["before"][name], value), name
    for step in told["series"]:
        for name, value in step["values"].items():
            assert _is(rows[step["date"]][name], value), name

    # All calls as a table, which a job makes.
    page.get_by_role("button", name="Make the file").click()
    expect(page.get_by_text("The file is there: 3 rows.")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download", exact=True).click()
    saved.value.save_as(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().count("The router in the attic") == 3

    _reviewed(visit, company)
    assert visit.complaints == []


def _reviewed(visit: Visit, company: str) -> None:
    """The review is there, is answered, and the outcome of its call is changed."""
    page = visit.page
    visit.open(f"/companies/{company}/reviews")
    row = page.locator(".row", has_text="It took a minute.")
    expect(row).to_contain_text("This way of help: 5 of 5")
    expect(row).to_contain_text("The host: 4 of 5")
    expect(row).to_contain_text("router")
    row.get_by_role("button", name="Answer").click()
    page.get_by_label("What you say").fill("Call us again any time.")
    page.get_by_role("button", name="Save the answer").click()
    expect(row).to_contain_text("Call us again any time.")
    row.get_by_role("button", name="Set the outcome").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Solved", exact=True)).to_be_checked()
    dialog.get_by_label("Not solved").check()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    visit.open(f"/companies/{company}/dashboard?view=calls")
    figures = page.locator(".figures").first
    expect(figures.locator("div", has_text=re.compile("^Solved")).locator("dd")).to_have_text("1")
    visit.open(f"/companies/{company}/reviews")
    _look_over(visit)
