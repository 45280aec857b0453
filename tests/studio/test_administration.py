"""What an administrator does reaches people who are signed in elsewhere."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.studio.conftest import Enter
from tests.studio.pages.speech import write
from tests.studio.visits import Visit


def _email(visit: Visit) -> str:
    """Of who is signed in; the page is opened."""
    with visit.page.expect_response("**/api/auth/me") as answer:
        visit.open("/speak")
    email: str = answer.value.json()["data"]["user"]["email"]
    return email


def _find(admin: Visit, email: str) -> Locator:
    """The row of the user with that address."""
    admin.page.get_by_label("Name or email").fill(email)
    admin.page.get_by_role("button", name="Search").click()
    row = admin.page.locator(".row", has_text=email)
    row.wait_for()
    return row


def test_an_administrator_suspends_somebody_who_is_signed_in_elsewhere(enter: Enter) -> None:
    somebody = enter("newcomer")
    email = _email(somebody)
    write(somebody, "Written before the suspension.")
    somebody.page.locator(".cost strong").wait_for()

    admin = enter("admin")
    page = admin.page
    admin.open("/speak")
    page.get_by_role("link", name="Administration").first.click()
    page.get_by_role("link", name="Users", exact=True).click()
    _find(admin, email).get_by_role("link").click()
    page.get_by_role("button", name="Suspend", exact=True).click()
    dialog = page.get_by_role("dialog", name="Suspend this user?")
    dialog.get_by_role("button", name="Suspend", exact=True).click()
    expect(page.get_by_role("button", name="Lift the suspension")).to_be_visible()
    page.get_by_role("button", name="Undo").hover()  # stays as long

    somebody.page.locator(".speak button[type=submit]:enabled").click()
    expect(somebody.page.get_by_role("alert")).to_contain_text("This account is suspended")
    expect(somebody.page.locator("textarea")).to_have_value("Written before the suspension.")
    somebody.open("/history")
    # Every sign-in has ended.
    expect(somebody.page.get_by_role("heading", level=1)).to_have_text("Sign in to see this")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Suspend", exact=True)).to_be_visible()
    page.get_by_role("link", name="Audit log").last.click()
    expect(page.locator(".row-name", has_text="adminUpdateUser")).to_have_count(2)
    assert admin.complaints == []


def test_many_are_suspended_at_once_but_not_oneself(enter: Enter, stack: Running) -> None:
    client, _, _ = signed_up(stack)
    email = client.data("GET", "/api/auth/me")["user"]["email"]
    admin = enter("admin")
    own = _email(admin)
    page = admin.page
    admin.open("/admin/users")
    for each in (email, own):
        _find(admin, each).get_by_role("checkbox").check()
    expect(page.locator(".chosen [role=status]")).to_have_text("2 chosen")
    page.locator(".chosen").get_by_role("button", name="Suspend").click()
    dialog = page.get_by_role("dialog", name="Suspend 2 users?")
    dialog.get_by_role("button", name="Suspend", exact=True).click()
    refused = page.get_by_role("dialog", name="These were not changed")
    expect(refused.locator(".row")).to_have_count(1)
    expect(refused).to_contain_text(own)
    page.keyboard.press("Escape")
    expect(_find(admin, email)).to_contain_text("Suspended")


def test_a_plan_that_is_being_typed_survives_a_reload_and_is_made(enter: Enter) -> None:
    admin = enter("admin")
    page = admin.page
    admin.open("/admin/plans")
    page.get_by_role("button", name="New plan").click()
    page.get_by_label("Name", exact=True).fill("Rehearsal")
    page.reload()
    page.get_by_role("button", name="New plan").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Rehearsal")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Price", exact=True).fill("4.5")
    page.get_by_label("Offered to everybody").uncheck()
    page.get_by_role("button", name="Save").click()
    card = page.locator(".card", has_text="Rehearsal")
    expect(card).to_contain_text("4.50")
    card.get_by_role("button", name="Delete “Rehearsal”").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(card).to_have_count(0)


def test_a_gift_and_an_invoice_are_recorded_by_hand_and_taken_back(
    enter: Enter, stack: Running
) -> None:
    client, uid, _ = signed_up(stack)

    def has() -> tuple[int, float]:
        profile = client.data("GET", "/api/user/profile")
        return profile["tokensRemaining"], profile["minutesRemaining"]

    tokens, minutes = has()
    for path in ("/api/payments", "/api/tokens/ledger"):
        client.data("GET", path)  # its function has started
    admin = enter("admin")
    page = admin.page
    dialog = page.get_by_role("dialog")
    admin.open(f"/admin/users/{uid}")
    page.get_by_role("link", name="Payments, gifts and ledger").click()
    page.get_by_role("button", name="Give tokens or minutes").click()
    dialog.get_by_label("Reason").fill("The concert that was cut off")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Enter how many")
    dialog.get_by_label("Tokens").fill("500")
    dialog.get_by_label("Voice minutes").fill("3")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("500 tokens and 3 voice minutes are given at once")
    assert has() == (tokens, minutes)
    dialog.get_by_role("button", name="Give", exact=True).click()
    gift = page.locator(".row", has_text="The concert that was cut off")
    expect(gift).to_contain_text("Gift")
    expect(page.locator(".movement", has_text="+500")).to_have_count(1)
    assert has() == (tokens + 500, minutes + 3)

    page.get_by_role("button", name="Record a payment").click()
    dialog.get_by_label("Is it paid?").select_option("owed")
    dialog.get_by_label("Amount").fill("49.50")
    dialog.get_by_label("Tokens").fill("40")
    dialog.get_by_label("What for").fill("Forty tokens by bank")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("49.50 are owed")
    dialog.get_by_role("button", name="Record", exact=True).click()
    invoice = page.locator(".row", has_text="Forty tokens by bank")
    expect(invoice).to_contain_text("Open")
    assert has() == (tokens + 500, minutes + 3)
    invoice.get_by_role("button", name="Mark as paid").click()
    dialog.get_by_role("button", name="Go on").click()
    dialog.get_by_role("button", name="Mark as paid").click()
    expect(invoice).to_contain_text("Paid")
    assert has() == (tokens + 540, minutes + 3)

    gift.get_by_role("button", name="Take back").click()
    dialog.get_by_role("button", name="Take back").click()
    expect(gift).to_contain_text("Refunded")
    assert has() == (tokens + 40, minutes)
    assert admin.complaints == []
