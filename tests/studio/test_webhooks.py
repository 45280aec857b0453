"""Webhooks: a company's is made, tested, switched off and deleted."""

from __future__ import annotations

from playwright.sync_api import expect
from standardwebhooks import Webhook as Verifier

from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.fakes.webhook_receiver import webhook_receiver
from tests.studio.conftest import PASSWORD, Enter


def test_a_webhook_of_a_company_gets_a_test_event(stack: Running, enter: Enter) -> None:
    owner, _, _ = signed_up(stack)
    company = owner.data("POST", "/api/companies", json={"name": "Nordlys"})["company"]["id"]
    assert owner.data("GET", f"/api/webhooks?companyId={company}")["webhooks"] == []
    visit = enter()
    page = visit.page
    visit.sign_in(owner.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)
    visit.open(f"/companies/{company}/webhooks")
    expect(page.get_by_role("heading", name="There is no webhook yet")).to_be_visible()
    dialog = page.get_by_role("dialog")
    with webhook_receiver() as receiver:
        page.get_by_role("button", name="New webhook").click()
        dialog.get_by_label("Address").fill(receiver.url)
        dialog.get_by_role("button", name="New webhook").click()
        expect(dialog.get_by_text("Choose at least one event.")).to_be_visible()
        dialog.get_by_label("member.joined").check()
        dialog.get_by_role("button", name="New webhook").click()
        secret = dialog.get_by_label("Secret", exact=True).input_value()
        dialog.get_by_role("button", name="Done").click()
        (stored,) = owner.data("GET", f"/api/webhooks?companyId={company}")["webhooks"]
        assert stored["events"] == ["member.joined"]
        page.get_by_role("link", name=receiver.url).click()
        page.get_by_role("button", name="Send a test event").click()
        row = page.locator(".row", has_text="webhook.test")
        expect(row.get_by_text("Delivered", exact=True)).to_be_visible(timeout=60_000)
    (got,) = receiver.got
    assert Verifier(secret).verify(got.body, got.headers)["type"] == "webhook.test"
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("This webhook is off.")).to_be_visible()
    (stored,) = owner.data("GET", f"/api/webhooks?companyId={company}")["webhooks"]
    assert (stored["enabled"], stored["disabledReason"]) == (False, "owner")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="There is no webhook yet")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Dismiss").last.click()
    visit.open(f"/companies/{company}/webhooks")
    expect(page.get_by_role("heading", name="There is no webhook yet")).to_be_visible()
    assert visit.complaints == []
