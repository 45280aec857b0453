"""Refunds by administrators: each is made once, whatever crashes, and is what was asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.billing import GIFT, Till
from tests.support.deliveries import Killed
from troupe.adapters.firestore import Database, Stale, Update, now
from troupe.adapters.stripe_records import PaymentsUnavailable, StripeRefused
from troupe.audit.records import Actor
from troupe.idempotency import KeyReused
from troupe.payments.errors import NothingToRefund, RefundRefused, RefundTooLarge
from troupe.payments.records import Payment, PaymentStatus, payment_path

ADMIN = Actor("admin", None)


def refund(till: Till, payment: Payment, amount: int | None, key: str | None = None) -> Payment:
    return till.services.refunds.refund(ADMIN, payment.id, amount, "Sorry.", key).payment


def paid_back(till: Till) -> list[int]:
    """The refunds at Stripe, oldest first."""
    return [each["amount"] for each in reversed(till.server.world.all("refund"))]


@pytest.fixture
def payment(till: Till) -> Payment:
    uid, _ = till.subscriber()
    (found,) = till.payments(uid)
    return found


def test_a_key_belongs_to_its_amount_and_reason(till: Till, payment: Payment) -> None:
    assert refund(till, payment, 250, "k").refunded == 250
    assert refund(till, payment, 250, "k").refunded == 250
    for amount, reason in ((251, "Sorry."), (None, "Sorry."), (250, "Other."), (250, None)):
        with pytest.raises(KeyReused):
            till.services.refunds.refund(ADMIN, payment.id, amount, reason, "k")
    assert paid_back(till) == [250]
    other = Actor("other", None)  # whose keys are their own
    till.services.refunds.refund(other, payment.id, 100, None, "k")
    assert paid_back(till) == [250, 100]


def test_an_invoice_that_was_paid_in_parts_is_refunded_from_each(till: Till) -> None:
    till.server.settings.payments_per_invoice = 3
    uid, _ = till.subscriber()
    (payment,) = till.payments(uid)
    assert len(payment.payment_intents) == 3
    refund(till, payment, 400, "a")
    assert paid_back(till) == [334, 66]
    with pytest.raises(RefundTooLarge):
        refund(till, payment, 601)
    found = refund(till, payment, None, "b")
    assert (found.status, found.refunded) == (PaymentStatus.REFUNDED, 1000)
    assert paid_back(till) == [334, 66, 267, 333]
    with pytest.raises(NothingToRefund):
        refund(till, payment, None)
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT, 0)
    till.clean(uid)


class Crash(Database):
    """Kills whoever commits for the `at`-th time from now."""

    at = 0

    def commit(self, *writes: Any) -> Any:
        Crash.at -= 1
        if Crash.at == 0:
            raise Killed
        return super().commit(*writes)


@pytest.fixture
def fragile(till: Till) -> Till:
    db = Crash(till.db._client)
    Crash.at = 0
    return Till(db, till.server)


@pytest.mark.parametrize("forgotten", [False, True], ids=["at once", "a day later"])
@pytest.mark.parametrize("key", ["k", None], ids=["key", "no key"])
def test_a_crash_after_stripe_has_refunded_does_not_refund_again(
    fragile: Till, payment: Payment, key: str | None, forgotten: bool
) -> None:
    Crash.at = 2  # the request is recorded; that it is done is not
    with pytest.raises(Killed):
        refund(fragile, payment, 250, key)
    assert paid_back(fragile) == [250]
    if forgotten:
        fragile.server.forget_keys()
    assert refund(fragile, payment, 250, key).refunded == 250
    assert paid_back(fragile) == [250]
    assert fragile.tokens(payment.owner_id or "") == GIFT + 75
    fragile.clean(payment.owner_id or "")


def test_a_crash_between_the_parts_of_a_refund_makes_the_others(
    fragile: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    fragile.server.settings.payments_per_invoice = 2
    uid, _ = fragile.subscriber()
    (payment,) = fragile.payments(uid)
    real = type(fragile.services.stripe).refund
    made: list[str] = []

    def once(self: Any, intent: str, *args: Any) -> None:
        if made:
            raise Killed
        made.append(intent)
        real(self, intent, *args)

    with monkeypatch.context() as patched:
        patched.setattr(type(fragile.services.stripe), "refund", once)
        with pytest.raises(Killed):
            refund(fragile, payment, 800, "k")
    fragile.server.forget_keys()
    assert paid_back(fragile) == [500]
    assert refund(fragile, payment, 800, "k").refunded == 800
    assert paid_back(fragile) == [500, 300]
    fragile.clean(uid)


def test_a_crash_before_stripe_was_told_leaves_the_request_to_its_repeat(
    till: Till, payment: Payment
) -> None:
    till.server.fail("POST /v1/refunds", 500, times=4)
    with pytest.raises(PaymentsUnavailable):
        refund(till, payment, 250, "k")
    assert paid_back(till) == []
    till.server.fail("POST /v1/refunds", 500, times=0)
    till.server._front.failures.clear()
    assert refund(till, payment, 250, "k").refunded == 250
    assert paid_back(till) == [250]


def test_an_answer_that_is_lost_is_no_second_refund(till: Till, payment: Payment) -> None:
    till.server.fail("POST /v1/refunds", "cut", times=2, done=True)
    with pytest.raises(PaymentsUnavailable):
        refund(till, payment, 250, "k")
    till.server.forget_keys()
    assert refund(till, payment, 250, "k").refunded == 250
    assert paid_back(till) == [250]


def test_another_refund_waits_for_one_that_may_still_be_made(
    till: Till, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = {"on": None, "seconds": 0.5}
    monkeypatch.setattr("troupe.adapters.firestore.contend.__kwdefaults__", soon)
    till.server.fail("POST /v1/refunds", 500, times=4)
    with pytest.raises(PaymentsUnavailable):
        refund(till, payment, 250, "k")
    with pytest.raises(Stale):
        refund(till, payment, 100, "other")
    till.server._front.failures.clear()
    (asked,) = Payment.of(till.db.get(payment_path(payment.id))).refunds
    old = asked.model_copy(update={"asked_at": now() - timedelta(minutes=11)})
    fields = {"refunds": [old.model_dump(by_alias=True)]}
    till.db.commit(Update(payment_path(payment.id), fields))
    found = refund(till, payment, 100, "other")
    assert (found.refunded, [each.amount for each in found.refunds]) == (100, [100])
    assert paid_back(till) == [100]


def test_a_payment_that_changes_while_it_is_refunded_is_read_again(
    till: Till, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody refunds most of it in the dashboard, and a sync has written that, after we read the
    payment: what is left is computed again."""
    stripe = till.services.stripe
    real = type(stripe).charges_of
    asked: list[str] = []

    def charges_of(self: Any, intent: str) -> Any:
        seen = real(self, intent)
        if not asked:
            asked.append(intent)
            till.server.refund(intent, 900)
            till.sync(payment.owner_id or "")
        return seen

    monkeypatch.setattr(type(stripe), "charges_of", charges_of)
    with pytest.raises(RefundTooLarge):
        refund(till, payment, 250, "k")
    assert paid_back(till) == [900]
    assert Payment.of(till.db.get(payment_path(payment.id))).refunds == []


def test_what_stripe_refuses_is_not_kept(till: Till, payment: Payment) -> None:
    till.server.dispute(payment.payment_intents[0], 300)
    with pytest.raises(NothingToRefund):
        refund(till, payment, 100, "k")
    found = Payment.of(till.db.get(payment_path(payment.id)))
    assert found.refunds == []
    assert paid_back(till) == []


def refuse(
    monkeypatch: pytest.MonkeyPatch, till: Till, code: str, param: str | None = None, *, at: int = 1
) -> None:
    """Stripe refuses the `at`-th refund from now."""
    real, asked = type(till.services.stripe).refund, list[str]()

    def refund(self: Any, intent: str, *args: Any) -> None:
        asked.append(intent)
        if len(asked) == at:
            raise StripeRefused(code, param, "No.")
        real(self, intent, *args)

    monkeypatch.setattr(type(till.services.stripe), "refund", refund)


def entries(till: Till, payment: Payment) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What the audit log says of the payment's refunds, oldest first."""
    where = [("target", "==", payment_path(payment.id))]
    found = sorted(till.db.find("audit", where=where, limit=10), key=lambda e: e.data["at"])
    return [(each.data["before"], each.data["after"]) for each in found]


@pytest.mark.parametrize(
    ("code", "param", "raises"),
    [
        ("insufficient_funds", None, RefundRefused),
        ("resource_missing", "payment_intent", RefundRefused),
        ("invalid", "amount", RefundTooLarge),
        ("charge_disputed", None, NothingToRefund),
    ],
)
def test_a_refusal_says_what_stripe_says(
    till: Till,
    payment: Payment,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    param: str | None,
    raises: type[Exception],
) -> None:
    refuse(monkeypatch, till, code, param)
    with pytest.raises(raises) as refused:
        refund(till, payment, 400, "k")
    if isinstance(refused.value, RefundRefused):
        assert refused.value.details == {"stripeCode": code}
    assert Payment.of(till.db.get(payment_path(payment.id))).refunds == []
    asked, corrected = entries(till, payment)
    assert asked == ({"refunded": 0}, {"refunded": 400, "reason": "Sorry."})
    assert corrected == ({"amount": 400, "stripeCode": None}, {"amount": 0, "stripeCode": code})


def test_what_stripe_makes_of_a_refund_in_parts_is_returned(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.server.settings.payments_per_invoice = 3
    uid, _ = till.subscriber()
    (payment,) = till.payments(uid)
    refuse(monkeypatch, till, "charge_disputed", at=2)
    for _ in range(2):  # a repeat says the same
        made = till.services.refunds.refund(ADMIN, payment.id, None, None, "k")
        assert (made.refused, made.applied) == (333, True)
        assert (made.payment.status, made.payment.refunded) == (PaymentStatus.PARTLY_REFUNDED, 667)
    assert paid_back(till) == [334, 333]
    assert entries(till, payment)[1][1] == {"amount": 667, "stripeCode": "charge_disputed"}
    till.clean(uid)


@pytest.mark.parametrize("key", ["k", None], ids=["key", "no key"])
def test_a_sync_that_fails_after_the_refund_is_no_error(
    till: Till, payment: Payment, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    """Whoever gets one asks again, and a request without a key would be another refund."""
    uid = payment.owner_id or ""

    def picture(*_: Any, **__: Any) -> None:
        raise PaymentsUnavailable(retry_after=5)

    with monkeypatch.context() as broken:
        broken.setattr(type(till.services.stripe), "picture", picture)
        made = till.services.refunds.refund(ADMIN, payment.id, 400, None, key)
    assert (made.payment.id, made.refused, made.applied) == (payment.id, 0, False)
    assert paid_back(till) == [400]
    due = till.billing(uid).due_at
    assert due is not None and due <= now()
    till.services.billing_sync.sync_due(500)
    assert till.payments(uid)[0].refunded == 400
    assert till.tokens(uid) == GIFT + 60
    till.clean(uid)
