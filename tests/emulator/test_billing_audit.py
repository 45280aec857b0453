"""The audit finds what is wrong with payments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.billing import Till, open_till
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.commands.ledger_audit import audit, audit_owner
from troupe.payments.records import EventRecord, EventStatus
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

# What is changed, and what the audit says.
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("billing/{uid}/periods/1", {"gave.tokens": 99}, "period 1 gave 99 tokens"),
    ("billing/{uid}/periods/1", {"paid": 1}, "period 1 was paid with 1"),
    (
        "billing/{uid}/periods/1",
        {"expired.voiceSeconds": 60},
        "60 voiceSeconds of period 1 expired",
    ),
    ("billing/{uid}/periods/1", {"payments": []}, "period 1 was not paid for"),
    ("billing/{uid}/periods/1", {"reversedOf.tokens": 1}, "1 tokens were taken back"),
    ("billing/{uid}/periods/1", {"reversed": 500}, "nothing are owed, the payments say"),
    ("billing/{uid}", {"owed": {"tokens": 3}}, "are owed"),
    ("billing/{uid}", {"stripeStatus": "canceled"}, "Stripe says canceled"),
    ("billing/{uid}", {"stripeCustomerId": "cus_other"}, "does not lead back"),
    ("subscriptions/{uid}", {"status": "expired"}, "the subscription has ended"),
    ("payments/{topup}", {"gave.tokens": 51}, "gave 51 tokens, the ledger has 50"),
]


@pytest.fixture
def bought(till: Till) -> str:
    uid, _ = till.subscriber()
    till.buy(uid, addon_id=till.pack().id)
    till.sync(uid)
    till.clean(uid)
    return uid


@pytest.mark.parametrize(("path", "fields", "told"), FAULTS, ids=[each[2] for each in FAULTS])
def test_a_fault_is_found(
    till: Till, bought: str, path: str, fields: dict[str, Any], told: str
) -> None:
    topup = next(each.id for each in till.payments(bought) if each.kind == "topup")
    till.db.commit(Update(path.format(uid=bought, topup=topup), fields))
    found = audit_owner(till.db, Owner.user(bought))
    assert any(told in problem for problem in found), found


def test_tokens_that_nobody_paid_for_are_found(till: Till, bought: str) -> None:
    owner, at = Owner.user(bought), now()
    till.db.commit(*grant_writes(owner, "topup-pi_none-tokens", Meter.TOKENS, 9, "gift", at))
    assert "granted for payment pi_none, which does not exist" in audit_owner(till.db, owner)
    other = Owner.user(till.user())
    till.db.commit(*grant_writes(other, "topup-pi_none-tokens", Meter.TOKENS, 9, "gift", at))
    assert "there is no billing" in audit_owner(till.db, other)[0]


def test_revenue_and_events_are_audited_as_a_whole(own_db: Database) -> None:
    with open_till(own_db) as till:
        uid, _ = till.subscriber()
        (payment,) = till.payments(uid)
        till.server.refund(payment.payment_intents[0], 300)
        till.sync(uid)
        assert audit(own_db).findings == []
        day = f"revenueDays/{payment.day}"
        assert own_db.get(day).data["refunded"] == 300
        own_db.commit(Update(day, {"gross": 1}))
        late = now() - timedelta(hours=2)
        event = EventRecord(
            id="evt_1",
            type="invoice.paid",
            object_id=None,
            customer_id=None,
            created=late,
            received_at=late,
            status=EventStatus.FAILED,
            expires_at=late,
        )
        own_db.commit(Create("stripeEvents/evt_1", event.stored()))
        assert [each.problem for each in audit(own_db).findings] == [
            "evt_1 (invoice.paid) is failed",
            f"{payment.day}: gross is 1, the payments add up to 1000",
        ]
        own_db.commit(Delete("stripeEvents/evt_1"))
