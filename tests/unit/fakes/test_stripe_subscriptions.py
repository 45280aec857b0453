"""The life of a subscription at the fake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from stripe import CardError, InvalidRequestError

from tests.fakes.stripe.amounts import next_end
from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe.world import DAY, HOUR
from tests.fakes.stripe_server import StripeServer
from tests.unit.fakes.shop import Shop

FAILS_LATER = "4000000000000341"
DECLINED = "4000000000000002"


def invoices(shop: Shop) -> list[Any]:
    """Oldest first."""
    found: Any = shop.api.invoices.list({"customer": shop.customer, "limit": 100}).data
    return list(reversed(found))


def test_a_purchase(shop: Shop, stripe: StripeServer) -> None:
    session = shop.session(
        quantity=2,
        client_reference_id="owner",
        subscription_data={"metadata": {"owner": "u1"}, "billing_mode": {"type": "flexible"}},
    )
    assert session.status == "open"
    assert session.url == f"{stripe.url}/c/pay/{session.id}"
    assert stripe.pay(session.id) == f"https://app.example.com/paid?session={session.id}"
    paid = shop.api.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    found = shop.subscription(paid.subscription)
    assert (found.status, found.metadata["owner"]) == ("active", "u1")
    item = found["items"].data[0]
    assert (item.quantity, item.current_period_start) == (2, stripe.now)
    assert not hasattr(found, "current_period_end")
    invoice = found.latest_invoice
    assert (invoice.billing_reason, invoice.status, invoice.amount_paid) == (
        "subscription_create",
        "paid",
        2000,
    )
    assert invoice.parent.subscription_details.subscription == found.id
    (line,) = invoice.lines.data
    assert (line.amount, line.quantity, line.period.end) == (2000, 2, item.current_period_end)
    assert line.pricing.price_details.price == shop.basic
    assert not line.parent.subscription_item_details.proration
    intent: Any = shop.api.payment_intents.retrieve(
        shop.intent(invoice.id), {"expand": ["latest_charge"]}
    )
    card = intent.latest_charge.payment_method_details.card
    assert card.fingerprint == found.default_payment_method.card.fingerprint
    with pytest.raises(StripeFailure):
        stripe.pay(session.id)


def test_a_declined_card_leaves_the_session_open(shop: Shop, stripe: StripeServer) -> None:
    session = shop.session()
    with pytest.raises(StripeFailure, match="declined"):
        stripe.pay(session.id, DECLINED)
    assert shop.api.checkout.sessions.retrieve(session.id).status == "open"
    assert not shop.api.subscriptions.list({"customer": shop.customer, "status": "all"}).data
    stripe.pay(session.id)


def test_a_thing_bought_once(shop: Shop, stripe: StripeServer) -> None:
    session = shop.session(shop.minutes, 3, mode="payment", customer_email=None)
    with pytest.raises(StripeFailure):
        stripe.pay(session.id, DECLINED)
    stripe.pay(session.id)
    found: Any = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.payment_status, found.invoice, found.subscription) == ("paid", None, None)
    assert (found.payment_intent.amount_received, found.payment_intent.customer) == (
        1500,
        shop.customer,
    )
    assert [c.status for c in shop.api.charges.list({"payment_intent": found.payment_intent.id})]


@pytest.mark.parametrize("fails", [False, True])
def test_a_bank_takes_its_time(shop: Shop, stripe: StripeServer, fails: bool) -> None:
    session = shop.session(shop.minutes, mode="payment")
    stripe.pay_by_bank(session.id, fails=fails)
    found = shop.api.checkout.sessions.retrieve(session.id)
    assert (found.status, found.payment_status) == ("complete", "unpaid")
    intent = shop.api.payment_intents.retrieve(str(found.payment_intent))
    assert intent.status == "processing"
    stripe.settle_bank(session.id)
    found = shop.api.checkout.sessions.retrieve(session.id)
    intent = shop.api.payment_intents.retrieve(intent.id)
    outcome = ("unpaid", "requires_payment_method") if fails else ("paid", "succeeded")
    assert (found.payment_status, intent.status) == outcome
    assert (
        shop.kinds()[-1] == f"checkout.session.async_payment_{'failed' if fails else 'succeeded'}"
    )


def test_a_card_that_is_disputed(shop: Shop) -> None:
    shop.subscribe(card="4000000000000259", subscription_data={"trial_period_days": 7})
    assert not shop.api.disputes.list().data
    intent = shop.intent(shop.subscribe(card="4000000000000259").latest_invoice.id)
    (found,) = shop.api.disputes.list().data
    assert found.payment_intent == intent


def test_sessions_expire(shop: Shop, stripe: StripeServer) -> None:
    first, second = shop.session(expires_at=stripe.now + 31 * 60), shop.session()
    shop.api.checkout.sessions.expire(second.id)
    with pytest.raises(InvalidRequestError, match="expired"):
        shop.api.checkout.sessions.expire(second.id)
    stripe.advance(seconds=31 * 60 - 1)
    assert shop.api.checkout.sessions.retrieve(first.id).status == "open"
    stripe.advance(seconds=1)
    assert shop.api.checkout.sessions.retrieve(first.id).status == "expired"
    assert shop.kinds().count("checkout.session.expired") == 2
    with pytest.raises(StripeFailure):
        stripe.pay(first.id)


def test_a_renewal_is_a_draft_for_an_hour(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe()
    ends = found["items"].data[0].current_period_end
    stripe.advance(ends - 1)
    assert len(invoices(shop)) == 1
    stripe.advance(ends)
    renewal = invoices(shop)[1]
    assert (renewal.status, renewal.billing_reason) == ("draft", "subscription_cycle")
    assert renewal.automatically_finalizes_at == ends + HOUR
    assert renewal.lines.data[0].period.start == ends
    renewed = shop.subscription(found.id)
    assert renewed.status == "active"
    assert renewed["items"].data[0].current_period_start == ends
    stripe.advance(ends + HOUR)
    renewal = invoices(shop)[1]
    assert (renewal.status, renewal.status_transitions.paid_at) == ("paid", ends + HOUR)
    stripe.advance(days=100)
    assert [i.status for i in invoices(shop)] == ["paid"] * 5


@pytest.mark.parametrize(
    ("anchor", "start", "interval", "end"),
    [
        ("2026-01-31", "2026-01-31", "month", "2026-02-28"),
        ("2026-01-31", "2026-02-28", "month", "2026-03-31"),
        ("2024-02-29", "2024-02-29", "year", "2025-02-28"),
        ("2024-02-29", "2027-02-28", "year", "2028-02-29"),
        ("2026-01-31", "2026-02-07", "week", "2026-02-14"),
    ],
)
def test_periods_keep_to_the_day_of_the_anchor(
    anchor: str, start: str, interval: str, end: str
) -> None:
    def moment(day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    recurring = {"interval": interval, "interval_count": 1}
    assert next_end(moment(anchor), moment(start), recurring) == moment(end)


def test_an_upgrade_is_paid_by_the_second(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe()
    item = found["items"].data[0]
    whole = item.current_period_end - item.current_period_start
    stripe.advance(item.current_period_start + whole // 3)
    left = item.current_period_end - stripe.now
    details: Any = {
        "subscription": found.id,
        "subscription_details": {
            "items": [{"id": item.id, "price": shop.pro, "quantity": 2}],
            "proration_behavior": "always_invoice",
        },
    }
    preview = shop.api.invoices.create_preview(details)
    changed = shop.change(found, price=shop.pro, quantity=2)
    paid = shop.api.invoices.retrieve(changed.latest_invoice)
    assert (paid.status, paid.billing_reason) == ("paid", "subscription_update")
    credit, debit = paid.lines.data
    assert credit.amount == -round(1000 * left / whole)
    assert debit.amount == round(6000 * left / whole)
    assert paid.amount_paid == credit.amount + debit.amount == preview.amount_due
    assert [line.amount for line in preview.lines.data] == [credit.amount, debit.amount]
    for line, price, quantity in ((credit, shop.basic, 1), (debit, shop.pro, 2)):
        parent: Any = line.parent
        assert parent.subscription_item_details.proration
        assert (line.period.start, line.period.end) == (stripe.now, item.current_period_end)
        assert line.quantity == quantity
        assert line.pricing is not None
        assert line.pricing.price_details is not None
        assert line.pricing.price_details.price == price
    after = shop.subscription(found.id)["items"].data[0]
    assert (after.id, after.current_period_end) == (item.id, item.current_period_end)
    with pytest.raises(InvalidRequestError):
        shop.api.invoices.retrieve(str(preview.id))


def test_a_refused_change_changes_nothing(shop: Shop, stripe: StripeServer) -> None:
    found, begun = shop.subscribe(), len(stripe.events)
    change: Any = {"metadata": {"a": "1"}, "items": [{"id": "si_x", "quantity": 2}]}
    with pytest.raises(InvalidRequestError):
        shop.api.subscriptions.update(found.id, change)
    assert shop.subscription(found.id).metadata.to_dict() == {}
    assert len(stripe.events) == begun


def test_a_downgrade_is_a_credit_for_the_next_invoice(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(shop.pro)
    changed = shop.change(found, price=shop.basic)
    invoice = shop.api.invoices.retrieve(changed.latest_invoice)
    assert (invoice.total, invoice.amount_due, invoice.status) == (-2000, 0, "paid")
    assert shop.api.customers.retrieve(shop.customer).balance == -2000
    stripe.advance(days=32)
    renewal = invoices(shop)[-1]
    assert (renewal.total, renewal.amount_due, renewal.ending_balance) == (1000, 0, -1000)
    stripe.advance(days=62)
    assert [i.amount_due for i in invoices(shop)[-2:]] == [0, 1000]


def test_prorations_that_wait_for_the_renewal(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe()
    stripe.advance(days=10)
    item = found["items"].data[0].id
    wanted: Any = {"items": [{"id": item, "quantity": 3}]}
    shop.api.subscriptions.update(found.id, wanted)
    assert len(invoices(shop)) == 1
    shop.api.subscriptions.update(
        found.id, {"items": [{"id": item, "quantity": 4}], "proration_behavior": "none"}
    )
    coming = shop.api.invoices.create_preview({"subscription": found.id})
    stripe.advance(days=22)
    renewal = invoices(shop)[1]
    assert [x.parent.subscription_item_details.proration for x in renewal.lines.data] == [
        True,
        True,
        False,
    ]
    assert renewal.total == coming.total
    assert renewal.lines.data[2].amount == 4000


def test_another_interval_begins_a_new_period(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe()
    stripe.advance(days=15)
    yearly = shop.price("Yearly", 10_000, recurring={"interval": "year"})
    changed = shop.change(found, price=yearly)
    invoice = shop.api.invoices.retrieve(changed.latest_invoice)
    credit, full = invoice.lines.data
    assert (-500 <= credit.amount < -450, full.amount) == (True, 10_000)
    assert full.period.start == stripe.now
    assert changed["items"].data[0].current_period_start == stripe.now


def test_many_lines(shop: Shop) -> None:
    prices = [shop.price(f"P{n}", 100 + n, recurring={"interval": "month"}) for n in range(12)]
    found = shop.subscribe(line_items=[{"price": p, "quantity": 1} for p in prices])
    lines = found.latest_invoice.lines
    assert (len(lines.data), lines.has_more) == (10, True)
    rest = shop.api.invoices.line_items.list(
        found.latest_invoice.id, {"starting_after": lines.data[-1].id}
    )
    assert [line.amount for line in rest.data] == [110, 111]


def test_cancel_at_the_end_and_take_it_back(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe()
    ends = found["items"].data[0].current_period_end
    changed = shop.api.subscriptions.update(found.id, {"cancel_at_period_end": True})
    assert (changed.status, changed.cancel_at) == ("active", ends)
    changed = shop.api.subscriptions.update(found.id, {"cancel_at_period_end": False})
    assert (changed.cancel_at, changed.canceled_at) == (None, None)
    shop.api.subscriptions.update(found.id, {"cancel_at_period_end": True})
    stripe.advance(ends)
    ended = shop.subscription(found.id)
    assert (ended.status, ended.ended_at) == ("canceled", ends)
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert len(invoices(shop)) == 1
    assert not shop.api.subscriptions.list({"customer": shop.customer}).data
    for change in ({"cancel_at_period_end": False}, {"items": [{"price": shop.pro}]}):
        wanted: Any = change
        with pytest.raises(InvalidRequestError, match="canceled"):
            shop.api.subscriptions.update(found.id, wanted)
    with pytest.raises(InvalidRequestError, match="No such subscription"):
        shop.api.subscriptions.cancel(found.id)


def test_cancel_now_with_the_unused_time(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe()
    stripe.advance(days=15)
    shop.api.subscriptions.cancel(found.id, {"prorate": True, "invoice_now": True})
    assert -550 < invoices(shop)[-1].total < -450
    assert shop.subscription(found.id).status == "canceled"


def test_a_trial(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(subscription_data={"trial_period_days": 14})
    ends = stripe.now + 14 * DAY
    assert (found.status, found.trial_end, found.latest_invoice.total) == ("trialing", ends, 0)
    assert found.latest_invoice.payments.data == []
    assert found.default_payment_method.card.fingerprint
    stripe.advance(days=11)
    assert "customer.subscription.trial_will_end" in shop.kinds()
    stripe.advance(ends)
    assert shop.subscription(found.id).status == "active"
    assert invoices(shop)[1].status == "draft"
    stripe.advance(hours=1)
    assert (invoices(shop)[1].status, invoices(shop)[1].total) == ("paid", 1000)


def test_a_trial_that_is_ended_at_once(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(subscription_data={"trial_period_days": 14})
    changed = shop.api.subscriptions.update(found.id, {"trial_end": "now"})
    assert (changed.status, changed.trial_end) == ("active", stripe.now)
    assert shop.kinds().count("customer.subscription.trial_will_end") == 1
    invoice = shop.api.invoices.retrieve(str(changed.latest_invoice))
    assert (invoice.status, invoice.total) == ("paid", 1000)
    stripe.advance(days=14)
    assert len(invoices(shop)) == 2


@pytest.mark.parametrize(("behavior", "status"), [("cancel", "canceled"), ("pause", "paused")])
def test_a_trial_without_a_card(
    shop: Shop, stripe: StripeServer, behavior: str, status: str
) -> None:
    end = {"missing_payment_method": behavior}
    session = shop.session(
        payment_method_collection="if_required",
        subscription_data={"trial_period_days": 14, "trial_settings": {"end_behavior": end}},
    )
    stripe.pay(session.id, None)
    found = shop.api.checkout.sessions.retrieve(session.id)
    assert found.payment_status == "no_payment_required"
    stripe.advance(days=15)
    assert shop.subscription(found.subscription).status == status
    if status == "paused":
        stripe.change_card(shop.customer, "4242424242424242")
        resumed = shop.api.subscriptions.resume(str(found.subscription))
        assert (resumed.status, invoices(shop)[-1].total) == ("active", 1000)


def test_dunning_ends_the_subscription(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(card=FAILS_LATER)
    assert found.status == "active"
    failed = found["items"].data[0].current_period_end + HOUR
    stripe.advance(failed)
    late = shop.subscription(found.id)
    assert (late.status, late.latest_invoice.status) == ("past_due", "open")
    assert late.latest_invoice.next_payment_attempt == failed + 3 * DAY
    assert shop.api.customers.retrieve(shop.customer).delinquent
    stripe.advance(days=3)
    assert shop.subscription(found.id).latest_invoice.attempt_count == 2
    stripe.advance(failed + 15 * DAY)
    ended = shop.subscription(found.id)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    assert (ended.latest_invoice.status, ended.latest_invoice.attempt_count) == ("open", 4)
    assert shop.kinds().count("invoice.payment_failed") == 4
    stripe.advance(days=60)
    assert shop.kinds().count("invoice.payment_failed") == 4


def test_dunning_ends_with_a_new_card(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(card=FAILS_LATER)
    stripe.advance(found["items"].data[0].current_period_end + HOUR)
    stripe.change_card(shop.customer, "4242424242424242")
    assert shop.subscription(found.id).status == "past_due"
    stripe.advance(days=3)
    after = shop.subscription(found.id)
    assert (after.status, after.latest_invoice.status) == ("active", "paid")
    assert not shop.api.customers.retrieve(shop.customer).delinquent


def test_a_customer_pays_the_open_invoice(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(card=FAILS_LATER)
    stripe.advance(days=32)
    late = shop.subscription(found.id)
    with pytest.raises(CardError) as caught:
        shop.api.invoices.pay(late.latest_invoice.id)
    assert caught.value.code == "card_declined"
    assert stripe.pay_invoice(late.latest_invoice.id, "5555555555554444")
    assert shop.subscription(found.id).status == "active"


def test_an_upgrade_that_cannot_be_paid(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(card=FAILS_LATER)
    item = found["items"].data[0].id
    change: Any = {"items": [{"id": item, "price": shop.pro}]}
    change |= {"proration_behavior": "always_invoice"}
    with pytest.raises(CardError):
        refused: Any = change | {"payment_behavior": "error_if_incomplete"}
        shop.api.subscriptions.update(found.id, refused)
    assert shop.subscription(found.id)["items"].data[0].price.id == shop.basic
    changed = shop.api.subscriptions.update(found.id, change)
    assert (changed.status, changed["items"].data[0].price.id) == ("past_due", shop.pro)


def test_a_subscription_of_the_api_that_is_never_paid(shop: Shop, stripe: StripeServer) -> None:
    attached = shop.api.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": shop.customer}
    )
    found = shop.api.subscriptions.create(
        {
            "customer": shop.customer,
            "items": [{"price": shop.basic}],
            "default_payment_method": attached.id,
        }
    )
    assert found.status == "incomplete"
    stripe.advance(hours=23)
    assert shop.subscription(found.id).status == "incomplete_expired"
    assert invoices(shop)[0].status == "void"


def test_unpaid_if_the_account_says_so(shop: Shop, stripe: StripeServer) -> None:
    stripe.settings.after_retries = "unpaid"
    found = shop.subscribe(card=FAILS_LATER)
    stripe.advance(days=60)
    assert shop.subscription(found.id).status == "unpaid"


def test_usage_is_billed_after_the_period(shop: Shop, stripe: StripeServer) -> None:
    meter = shop.api.billing.meters.create(
        {
            "display_name": "Overage",
            "event_name": "overage",
            "default_aggregation": {"formula": "sum"},
        }
    )
    overage = shop.price(
        "Overage", 25, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id}
    )
    found = shop.subscribe(line_items=[{"price": shop.basic, "quantity": 1}, {"price": overage}])
    assert found.latest_invoice.total == 1000

    def use(value: str, identifier: str, *, days_ago: int = 0) -> None:
        payload = {"stripe_customer_id": shop.customer, "value": value}
        at = stripe.now - days_ago * DAY
        shop.api.billing.meter_events.create(
            {
                "event_name": "overage",
                "payload": payload,
                "identifier": identifier,
                "timestamp": at,
            }
        )

    use("3", "job-1")
    use("4", "job-2")
    for value, identifier, days in (
        ("4", "job-2", 0),
        ("x", "job-3", 0),
        ("1", "job-4", 36),
        ("1", "job-5", -1),
    ):
        with pytest.raises(InvalidRequestError):
            use(value, identifier, days_ago=days)
    start = stripe.now - stripe.now % DAY
    (sum_of_all,) = shop.api.billing.meters.event_summaries.list(
        meter.id, {"customer": shop.customer, "start_time": start, "end_time": start + DAY}
    ).data
    assert sum_of_all.aggregated_value == 7
    stripe.advance(days=32)
    lines = invoices(shop)[1].lines.data
    assert [(line.quantity, line.amount) for line in lines] == [(7, 175), (1, 1000)]
    use("2", "job-6")
    shop.api.subscriptions.update(found.id, {"cancel_at_period_end": True})
    stripe.advance(days=40)
    assert [(i.status, i.total) for i in invoices(shop)[2:]] == [("paid", 50)]


def test_refunds(shop: Shop, stripe: StripeServer) -> None:
    intent = shop.intent(shop.subscribe().latest_invoice.id)
    first = shop.api.refunds.create({"payment_intent": intent, "amount": 300})
    assert (first.status, first.amount, first.payment_intent) == ("succeeded", 300, intent)
    with pytest.raises(InvalidRequestError):
        shop.api.refunds.create({"payment_intent": intent, "amount": 701})
    stripe.refund(intent)
    with pytest.raises(InvalidRequestError) as caught:
        shop.api.refunds.create({"payment_intent": intent})
    assert caught.value.code == "charge_already_refunded"
    found: Any = shop.api.payment_intents.retrieve(intent, {"expand": ["latest_charge.refunds"]})
    charge = found.latest_charge
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    assert sorted(r.amount for r in charge.refunds.data) == [300, 700]
    assert shop.kinds().count("charge.refunded") == 2


def test_disputes(shop: Shop, stripe: StripeServer) -> None:
    intent = shop.intent(shop.subscribe().latest_invoice.id)
    opened = stripe.dispute(intent)
    (found,) = shop.api.disputes.list({"payment_intent": intent}).data
    assert (found.id, found.status, found.amount) == (opened["id"], "needs_response", 1000)
    with pytest.raises(InvalidRequestError) as caught:
        shop.api.refunds.create({"payment_intent": intent})
    assert caught.value.code == "charge_disputed"
    shop.api.disputes.update(found.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert shop.api.disputes.retrieve(found.id).status == "won"
    shop.api.refunds.create({"payment_intent": intent})
    other = stripe.dispute(shop.intent(shop.subscribe().latest_invoice.id))
    stripe.close_dispute(other["id"], won=False)
    assert shop.api.disputes.retrieve(other["id"]).status == "lost"
    assert shop.kinds().count("charge.dispute.closed") == 2
    assert shop.kinds().count("charge.dispute.funds_reinstated") == 1


def test_tax(shop: Shop, stripe: StripeServer) -> None:
    stripe.settings.tax_percent = 20
    more: Any = {"automatic_tax": {"enabled": True}}
    with pytest.raises(InvalidRequestError) as caught:
        shop.session(**more)
    assert caught.value.code == "customer_tax_location_invalid"
    asked: Any = more | {"tax_id_collection": {"enabled": True}}
    with pytest.raises(InvalidRequestError, match="Tax ID"):
        shop.session(**asked, customer_update={"address": "auto"})
    found = shop.subscribe(**asked, customer_update={"address": "auto", "name": "auto"})
    invoice = found.latest_invoice
    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (1000, 1200, 1000)
    assert [tax.amount for tax in invoice.total_taxes] == [200]
    assert shop.api.customers.retrieve(shop.customer).name == "Test Buyer"
    shop.session(**more)  # the address is known now


def test_a_promotion_code(shop: Shop, stripe: StripeServer) -> None:
    coupon = shop.api.coupons.create({"percent_off": 25, "duration": "forever"})
    shop.api.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "QUARTER"}
    )
    with pytest.raises(StripeFailure):
        stripe.pay(shop.session().id, code="QUARTER")
    session = shop.session(quantity=2, allow_promotion_codes=True)
    with pytest.raises(StripeFailure, match="invalid"):
        stripe.pay(session.id, code="HALF")
    stripe.pay(session.id, code="quarter")
    paid = shop.api.checkout.sessions.retrieve(session.id)
    assert (paid.amount_subtotal, paid.amount_total) == (2000, 1500)
    found: Any = shop.api.subscriptions.retrieve(
        str(paid.subscription), {"expand": ["discounts.source.coupon", "latest_invoice"]}
    )
    assert found.discounts[0].source.coupon.percent_off == 25
    (line,) = found.latest_invoice.lines.data
    assert (line.amount, line.discount_amounts[0].amount) == (2000, 500)
    invoice = found.latest_invoice
    assert (invoice.subtotal, invoice.total, invoice.amount_paid) == (2000, 1500, 1500)
    item = found["items"].data[0]
    whole = item.current_period_end - item.current_period_start
    stripe.advance(item.current_period_start + whole // 2)
    changed = shop.change(found, price=shop.pro, quantity=2)
    left = item.current_period_end - stripe.now
    credit, debit = shop.api.invoices.retrieve(changed.latest_invoice).lines.data
    assert (credit.amount, debit.amount) == (
        -round(1500 * left / whole),
        round(4500 * left / whole),
    )
    again = shop.change(changed, price=shop.basic, quantity=2)
    assert shop.api.invoices.retrieve(again.latest_invoice).total == -(credit.amount + debit.amount)


def test_a_coupon_for_once(shop: Shop, stripe: StripeServer) -> None:
    coupon = shop.api.coupons.create({"amount_off": 300, "currency": "usd"}).id
    found = shop.subscribe(discounts=[{"coupon": coupon}])
    assert (found.latest_invoice.total, found.discounts) == (700, [])
    stripe.advance(days=32)
    assert invoices(shop)[1].total == 1000
    assert shop.api.coupons.retrieve(coupon).times_redeemed == 1


def test_a_deleted_customer_has_no_subscription(shop: Shop) -> None:
    found = shop.subscribe()
    assert shop.api.customers.delete(shop.customer).deleted
    assert shop.api.subscriptions.retrieve(found.id).status == "canceled"
    assert shop.api.customers.retrieve(shop.customer).deleted
    with pytest.raises(InvalidRequestError):
        shop.session()
