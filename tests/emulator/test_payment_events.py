"""Webhooks are told of payments in the commit of the books, once for each change."""

from __future__ import annotations

from tests.support.billing import Till
from troupe.adapters.firestore import Document, Update
from troupe.audit.records import Actor
from troupe.payments.subscriptions import When
from troupe.wallet.records import Owner

ADMIN = Actor("admin", None)


def told(till: Till, uid: str) -> list[tuple[str, str, int]]:
    """The type, the payment and what was paid back, of each event of a payment, in order."""
    found: list[Document] = till.db.find("webhookEvents", where=[("ownerId", "==", uid)], limit=20)
    events = sorted(found, key=lambda each: each.data["createdAt"])
    of = [
        (each.data["type"], each.data["data"]) for each in events if "payment" in each.data["type"]
    ]
    return [(type, data["id"], data["refunded"]) for type, data in of]


def listening(till: Till) -> str:
    uid = till.user()
    till.db.commit(Update(f"users/{uid}", {"webhooks": 1}))
    return uid


def test_a_purchase_and_its_refund(till: Till) -> None:
    uid = listening(till)
    plan, _ = till.plan()
    till.buy(uid, plan_id=plan.id)
    till.sync(uid)
    (payment,) = till.payments(uid)
    assert told(till, uid) == [("payment.paid", payment.id, 0)]
    till.sync(uid)
    till.services.refunds.refund(ADMIN, payment.id, 250, "Sorry.", None)
    till.sync(uid)
    assert told(till, uid)[1:] == [("payment.reversed", payment.id, 250)]


def test_a_subscription_at_stripe(till: Till) -> None:
    """Each change is told once, however often Stripe is asked."""
    uid = listening(till)
    plan, _ = till.plan()
    till.buy(uid, plan_id=plan.id)
    subscriptions = till.services.paid_subscriptions
    for change in (
        lambda: None,
        lambda: subscriptions.cancel(Owner.user(uid), When.PERIOD_END),
        lambda: subscriptions.resume(Owner.user(uid)),
    ):
        change()
        till.sync(uid)
        till.sync(uid)
    found = till.db.find("webhookEvents", where=[("ownerId", "==", uid)], limit=20)
    events = sorted(found, key=lambda each: each.data["createdAt"])
    changed = [e.data["data"] for e in events if e.data["type"] == "subscription.changed"]
    end = till.subscription(uid).period_end.isoformat()
    assert [each["endsAt"] for each in changed] == [None, end, None]
    assert {(each["planId"], each["status"], each["periodEnd"]) for each in changed} == {
        (plan.id, "active", end)
    }


def test_a_manual_payment_is_told_when_it_is_paid(till: Till) -> None:
    uid = listening(till)
    manual = till.services.manual_payments
    fields = {"amount": 900, "currency": "usd", "tokens": 10}
    payment = manual.add(ADMIN, uid, fields, None)
    assert told(till, uid) == []
    manual.mark_paid(ADMIN, payment.id)
    manual.mark_paid(ADMIN, payment.id)
    manual.reverse(ADMIN, payment.id)
    assert told(till, uid) == [
        ("payment.paid", payment.id, 0),
        ("payment.reversed", payment.id, 900),
    ]


def test_nobody_listens(till: Till) -> None:
    uid, _ = till.subscriber()
    assert told(till, uid) == []
