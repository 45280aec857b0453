"""Subscriptions on the Firestore emulator: what a plan grants, once, and renewals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.support.audits import audit_user
from tests.support.factories import CountingDatabase, new_user
from tests.support.plans import Shop
from troupe.adapters.firestore import Database, Update, now
from troupe.errors import PaymentRequired
from troupe.idempotency import KeyReused
from troupe.plans.errors import AlreadySubscribed, BadDates, BalanceHeld, PlanNotFound
from troupe.plans.records import SubscriptionStatus
from troupe.plans.subscriptions import Setting
from troupe.wallet.errors import WalletNotFound


def test_a_plan_grants_tokens_and_minutes(shop: Shop) -> None:
    uid = new_user(shop.db, tokens=20)
    plan = shop.plan(tokens=200, voiceMinutes=30)
    standing = shop.subscriptions.subscribe(uid, plan.id)
    assert (standing.wallet.tokens.granted, standing.wallet.voice_seconds.granted) == (220, 1800)
    assert standing == shop.subscriptions.of(uid)
    user = shop.db.get(f"users/{uid}").data
    assert (user["tokens"], user["plan"]) == (220, plan.id)
    assert user["subscription"]["name"] == plan.name
    assert audit_user(shop.db, uid) == []


def test_subscribing_again_within_a_period_grants_nothing_more(shop: Shop) -> None:
    uid, plan = new_user(shop.db), shop.plan()
    with ThreadPoolExecutor(8) as pool:
        standings = list(pool.map(lambda _: shop.subscriptions.subscribe(uid, plan.id), range(8)))
    assert {standing.wallet.voice_seconds.granted for standing in standings} == {1800}
    assert shop.tokens(uid).granted == 220
    assert shop.subscription(uid).period == 1
    assert audit_user(shop.db, uid) == []


def test_subscribing_takes_one_read_and_one_commit(counting: CountingDatabase) -> None:
    shop = Shop(counting)
    uid, plan = new_user(counting), shop.plan()
    counting.calls.clear()
    shop.subscriptions.subscribe(uid, plan.id)
    assert counting.calls == {"batch_get_documents": 1, "commit": 1}


def test_a_better_plan_starts_at_once_and_minutes_stay(shop: Shop) -> None:
    uid = new_user(shop.db)
    free = shop.plan(price=0, voiceMinutes=2, tokens=0)
    better = shop.plan(price=99.9, billingPeriod="yearly", voiceMinutes=50, tokens=5)
    shop.subscriptions.subscribe(uid, free.id)
    standing = shop.subscriptions.subscribe(uid, better.id)
    assert standing.wallet.voice_seconds.available == 52 * 60
    has = shop.subscription(uid)
    assert (has.plan.id, has.period, has.minutes.seconds) == (better.id, 2, 52 * 60)
    assert has.period_end - has.period_start > timedelta(days=364)
    assert audit_user(shop.db, uid) == []


def test_carried_over_minutes_expire_with_the_new_period(shop: Shop) -> None:
    uid = new_user(shop.db)
    low, high = shop.plan(price=5, voiceMinutes=10), shop.plan(price=10, voiceMinutes=20)
    shop.subscriptions.subscribe(uid, low.id)
    shop.spend(uid, 4 * 60)
    shop.subscriptions.subscribe(uid, high.id)
    shop.pass_days(uid, 32)
    shop.renewals.advance(uid)
    assert shop.seconds(uid).available == 20 * 60
    assert audit_user(shop.db, uid) == []


def test_a_cheaper_plan_waits_for_the_end_of_the_period(shop: Shop) -> None:
    uid = new_user(shop.db)
    high, low = shop.plan(price=20, voiceMinutes=20), shop.plan(price=5, voiceMinutes=3)
    shop.subscriptions.subscribe(uid, high.id)
    waiting = shop.subscriptions.subscribe(uid, low.id).subscription
    assert waiting is not None
    assert (waiting.plan.id, waiting.next_plan and waiting.next_plan.id) == (high.id, low.id)
    assert shop.seconds(uid).granted == 20 * 60
    shop.pass_days(uid, 32)
    shop.renewals.advance(uid)
    has = shop.subscription(uid)
    assert (has.plan.id, has.next_plan, has.period) == (low.id, None, 2)
    assert shop.seconds(uid).available == 3 * 60
    assert shop.db.get(f"users/{uid}").data["plan"] == low.id
    assert audit_user(shop.db, uid) == []


def test_switching_back_and_forth_grants_each_plan_once(shop: Shop) -> None:
    uid = new_user(shop.db, tokens=0)
    low, high = shop.plan(price=5, tokens=10), shop.plan(price=20, tokens=100)
    for plan in (low, high, low, high, low, high):
        shop.subscriptions.subscribe(uid, plan.id)
    assert shop.tokens(uid).granted == 110
    assert shop.subscription(uid).next_plan is None
    assert audit_user(shop.db, uid) == []


def test_concurrent_subscriptions_leave_one_plan_and_a_clean_ledger(shop: Shop) -> None:
    uid = new_user(shop.db, tokens=0)
    plans = [shop.plan(price=price, tokens=price) for price in (1, 2, 3, 4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda plan: shop.subscriptions.subscribe(uid, plan.id), plans * 2))
    has = shop.subscription(uid)
    assert has.plan.id == plans[-1].id
    assert 4 <= shop.tokens(uid).granted <= 10
    assert audit_user(shop.db, uid) == []


def test_renewal_expires_unused_minutes_and_grants_new_ones(shop: Shop) -> None:
    uid = new_user(shop.db, tokens=0)
    plan = shop.plan(tokens=7, voiceMinutes=10)
    shop.subscriptions.subscribe(uid, plan.id)
    shop.spend(uid, 90)
    shop.pass_days(uid, 31)
    with ThreadPoolExecutor(6) as pool:  # two sweeps and a user's request concurrently
        list(pool.map(lambda _: _turn(shop, uid), range(6)))
    assert shop.subscription(uid).period == 2
    assert shop.tokens(uid).granted == 14  # tokens do not expire
    assert shop.seconds(uid).available == 600
    assert shop.seconds(uid).used == 90
    assert audit_user(shop.db, uid) == []


def _turn(shop: Shop, uid: str) -> None:
    shop.subscriptions.subscribe(uid, shop.subscription(uid).plan.id)


def test_added_minutes_do_not_expire(shop: Shop) -> None:
    uid = new_user(shop.db)
    shop.subscriptions.subscribe(uid, shop.plan(voiceMinutes=10).id)
    shop.subscriptions.add_minutes(uid, 5, None)
    shop.spend(uid, 60)
    shop.pass_days(uid, 31)
    shop.renewals.advance(uid)
    assert shop.seconds(uid).available == 15 * 60


def test_minutes_held_by_a_job_do_not_expire(shop: Shop) -> None:
    uid = new_user(shop.db)
    shop.subscriptions.subscribe(uid, shop.plan(voiceMinutes=10).id)
    with shop.holding(uid, 400) as job_id:
        shop.pass_days(uid, 31)
        shop.renewals.advance(uid)
        assert shop.seconds(uid).held == 400
        assert shop.seconds(uid).available == 600
        shop.release(uid, job_id, 400)
    assert shop.seconds(uid).available == 1000
    shop.pass_days(uid, 31)
    shop.renewals.advance(uid)
    assert shop.seconds(uid).available == 600, "nothing is carried on for ever"
    assert audit_user(shop.db, uid) == []


def test_minutes_held_at_the_end_expire_after_the_job(shop: Shop) -> None:
    uid, plan = new_user(shop.db), shop.plan(voiceMinutes=10)
    shop.subscriptions.create(uid, plan.id, expires_at=now() + timedelta(days=3))
    with shop.holding(uid, 400) as job_id:
        shop.pass_days(uid, 4)
        shop.renewals.advance(uid)
        assert (shop.seconds(uid).available, shop.seconds(uid).held) == (0, 400)
        assert shop.subscription(uid).status is SubscriptionStatus.EXPIRED
        assert shop.db.get(f"users/{uid}").data["plan"] is None
        shop.release(uid, job_id, 400)
    shop.pass_days(uid, 1)
    shop.renewals.advance(uid)
    assert shop.seconds(uid).available == 0
    assert shop.subscription(uid).due_at is None
    assert audit_user(shop.db, uid) == []


def test_missed_periods_are_not_granted_later(shop: Shop) -> None:
    uid = new_user(shop.db, tokens=0)
    shop.subscriptions.subscribe(uid, shop.plan(tokens=10).id)
    shop.pass_days(uid, 200)
    shop.renewals.advance(uid)
    has = shop.subscription(uid)
    assert shop.tokens(uid).granted == 20
    assert has.period == 2
    assert has.period_start <= now() < has.period_end


def test_a_renewal_uses_the_current_terms_of_the_plan(shop: Shop) -> None:
    uid, plan = new_user(shop.db), shop.plan(voiceMinutes=10)
    shop.subscriptions.subscribe(uid, plan.id)
    shop.plans.update(plan.id, {"voice_minutes": 12})
    assert shop.seconds(uid).granted == 600
    shop.pass_days(uid, 31)
    shop.renewals.advance(uid)
    assert shop.seconds(uid).available == 720


def test_the_sweep_renews_only_due_subscriptions(own_db: Database) -> None:
    shop = Shop(own_db)
    due, not_due = new_user(shop.db), new_user(shop.db)
    plan = shop.plan()
    for uid in (due, not_due):
        shop.subscriptions.subscribe(uid, plan.id)
    shop.pass_days(due, 31)
    assert shop.renewals.renew_due(1000) == 1
    assert shop.subscription(due).period == 2
    assert shop.subscription(not_due).period == 1


def test_a_failed_renewal_does_not_block_others(
    own_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(own_db)
    broken, fine = new_user(shop.db), new_user(shop.db)
    for uid in (broken, fine):
        shop.subscriptions.subscribe(uid, shop.plan().id)
        shop.pass_days(uid, 31)
    shop.db.commit(Update(f"subscriptions/{broken}", {"period": "rubbish"}))
    shop.renewals.renew_due(1000)
    assert shop.subscription(fine).period == 2
    assert "subscription_stumbled" in capsys.readouterr().out
    assert shop.db.get(f"subscriptions/{broken}").data["dueAt"] > now()


def test_a_deleted_users_subscription_is_no_longer_due(shop: Shop) -> None:
    from troupe.adapters.firestore import Delete

    uid = new_user(shop.db)
    shop.subscriptions.subscribe(uid, shop.plan().id)
    shop.pass_days(uid, 31)
    shop.db.commit(Delete(f"wallets/{uid}"))
    shop.renewals.advance(uid)
    assert shop.subscription(uid).due_at is None


class TestPaid:
    """With PAYMENTS=stripe."""

    def test_a_plan_with_a_price_requires_payment(self, db: Database) -> None:
        shop = Shop(db, paid=True)
        uid = new_user(db)
        with pytest.raises(PaymentRequired) as failure:
            shop.subscriptions.subscribe(uid, shop.plan(price=9.99).id)
        assert failure.value.details is not None
        assert failure.value.details["price"] == 9.99
        with pytest.raises(PaymentRequired):
            shop.subscriptions.add_minutes(uid, 10, None)
        assert shop.seconds(uid).granted == 0
        assert not db.get(f"subscriptions/{uid}").exists

    def test_a_free_plan_works_and_renews(self, db: Database) -> None:
        shop = Shop(db, paid=True)
        uid = new_user(db)
        shop.subscriptions.subscribe(uid, shop.plan(price=0).id)
        shop.pass_days(uid, 31)
        shop.renewals.advance(uid)
        assert shop.subscription(uid).period == 2

    def test_an_unpaid_plan_ends_with_its_period(self, db: Database) -> None:
        uid = new_user(db)
        Shop(db).subscriptions.subscribe(uid, Shop(db).plan(price=9.99).id)
        shop = Shop(db, paid=True)
        shop.pass_days(uid, 31)
        shop.renewals.advance(uid)
        assert shop.subscription(uid).status is SubscriptionStatus.EXPIRED
        assert shop.seconds(uid).available == 0
        assert audit_user(db, uid) == []

    def test_a_plan_granted_by_an_administrator_renews(self, db: Database) -> None:
        shop = Shop(db, paid=True)
        uid = new_user(db)
        shop.subscriptions.create(uid, shop.plan(price=9.99).id, tokens=3)
        shop.pass_days(uid, 31)
        shop.renewals.advance(uid)
        assert (shop.subscription(uid).period, shop.tokens(uid).granted) == (2, 26)


class TestMinutes:
    def test_a_key_adds_once_and_returns_the_same(self, shop: Shop) -> None:
        uid = new_user(shop.db)
        with ThreadPoolExecutor(6) as pool:
            answers = set(
                pool.map(lambda _: shop.subscriptions.add_minutes(uid, 10, "k"), range(6))
            )
        shop.subscriptions.add_minutes(uid, 1, None)
        answers.add(shop.subscriptions.add_minutes(uid, 10, "k"))
        assert {(answer.total, answer.available) for answer in answers} == {(600, 600)}
        assert shop.seconds(uid).granted == 660
        with pytest.raises(KeyReused):
            shop.subscriptions.add_minutes(uid, 11, "k")
        assert audit_user(shop.db, uid) == []

    def test_an_unknown_user_gets_none(self, shop: Shop) -> None:
        with pytest.raises(WalletNotFound):
            shop.subscriptions.add_minutes("nobody-at-all", 1, None)


class TestAdministration:
    def test_creating_a_subscription_replaces_any_other_once(self, shop: Shop) -> None:
        uid = new_user(shop.db, tokens=0)
        high, low = shop.plan(price=50, tokens=5), shop.plan(price=1, tokens=2)
        shop.subscriptions.subscribe(uid, high.id)
        expires = now() + timedelta(days=90)
        shop.subscriptions.create(uid, low.id, tokens=9, expires_at=expires)
        with pytest.raises(AlreadySubscribed):
            shop.subscriptions.create(uid, low.id, tokens=9)
        has = shop.subscription(uid)
        assert (has.plan.id, has.expires_at, has.tokens) == (low.id, expires, 9)
        assert shop.tokens(uid).granted == 14
        assert audit_user(shop.db, uid) == []

    @pytest.mark.parametrize("days", [-1, 0])
    def test_an_end_in_the_past_is_rejected(self, shop: Shop, days: int) -> None:
        uid, plan = new_user(shop.db), shop.plan()
        with pytest.raises(BadDates):
            shop.subscriptions.create(uid, plan.id, expires_at=now() + timedelta(days=days))
        assert not shop.db.get(f"subscriptions/{uid}").exists

    def test_a_start_in_the_future_is_rejected(self, shop: Shop) -> None:
        with pytest.raises(BadDates):
            shop.subscriptions.create(
                new_user(shop.db), shop.plan().id, started_at=now() + timedelta(days=2)
            )

    def test_periods_are_counted_from_a_start_in_the_past(self, shop: Shop) -> None:
        uid = new_user(shop.db, tokens=0)
        began = now() - timedelta(days=45)
        shop.subscriptions.create(uid, shop.plan(tokens=4).id, started_at=began)
        has = shop.subscription(uid)
        assert has.started_at == began
        assert has.period_start <= now() < has.period_end
        assert shop.tokens(uid).granted == 4

    def test_all_settings_apply_in_one_commit(self, shop: Shop) -> None:
        uid, plan = new_user(shop.db), shop.plan(tokens=5)
        expires = now() + timedelta(days=10)
        standing = shop.subscriptions.set(
            uid, Setting(plan_id=plan.id, expires_at=expires, tokens=77, voice_minutes=3)
        )
        assert standing.wallet.tokens.available == 77
        assert standing.wallet.voice_seconds.available == 180
        assert standing == shop.subscriptions.of(uid)
        assert shop.db.get(f"users/{uid}").data["tokens"] == 77
        assert audit_user(shop.db, uid) == []

    def test_setting_the_same_plan_only_moves_the_dates(self, shop: Shop) -> None:
        uid, plan = new_user(shop.db, tokens=0), shop.plan(tokens=5)
        shop.subscriptions.subscribe(uid, plan.id)
        expires = now() + timedelta(days=10)
        shop.subscriptions.set(uid, Setting(plan_id=plan.id, expires_at=expires))
        assert (shop.tokens(uid).granted, shop.subscription(uid).due_at) == (5, expires)
        shop.subscriptions.set(uid, Setting(never_expires=True))
        assert shop.subscription(uid).expires_at is None

    def test_concurrent_settings_do_not_mix(self, shop: Shop) -> None:
        uid = new_user(shop.db)
        settings = [
            Setting(plan_id=shop.plan().id, tokens=number, voice_minutes=number)
            for number in range(1, 7)
        ]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda setting: shop.subscriptions.set(uid, setting), settings))
        standing = shop.subscriptions.of(uid)
        assert standing.subscription is not None
        tokens = standing.wallet.tokens.available
        assert standing.wallet.voice_seconds.available == tokens * 60
        assert standing.subscription.plan.id == settings[tokens - 1].plan_id
        assert audit_user(shop.db, uid) == []

    @pytest.mark.parametrize("status", [SubscriptionStatus.EXPIRED, SubscriptionStatus.CANCELLED])
    def test_ending_expires_the_plans_minutes_and_can_be_undone(
        self, shop: Shop, status: SubscriptionStatus
    ) -> None:
        uid = new_user(shop.db)
        shop.subscriptions.subscribe(uid, shop.plan(voiceMinutes=10).id)
        shop.subscriptions.add_minutes(uid, 1, None)
        shop.subscriptions.set(uid, Setting(status=status))
        assert (shop.subscription(uid).status, shop.seconds(uid).available) == (status, 60)
        shop.subscriptions.set(uid, Setting(status=SubscriptionStatus.ACTIVE))
        assert (shop.subscription(uid).live, shop.seconds(uid).available) == (True, 660)
        assert audit_user(shop.db, uid) == []

    def test_an_end_in_the_past_ends_the_subscription_now(self, shop: Shop) -> None:
        uid = new_user(shop.db)
        shop.subscriptions.subscribe(uid, shop.plan().id)
        shop.subscriptions.set(uid, Setting(expires_at=now() - timedelta(days=1)))
        assert shop.subscription(uid).status is SubscriptionStatus.EXPIRED
        assert shop.seconds(uid).available == 0

    def test_a_balance_below_the_held_amount_is_rejected(self, shop: Shop) -> None:
        uid = new_user(shop.db)
        shop.subscriptions.add_minutes(uid, 10, None)
        with shop.holding(uid, 300):
            with pytest.raises(BalanceHeld) as failure:
                shop.subscriptions.set(uid, Setting(voice_minutes=4))
            assert failure.value.details == {"meter": "voiceSeconds", "held": 300}
            shop.subscriptions.set(uid, Setting(voice_minutes=5))
        assert shop.seconds(uid).available == 0

    def test_minutes_removed_by_an_administrator_do_not_expire_again(self, shop: Shop) -> None:
        uid = new_user(shop.db)
        shop.subscriptions.subscribe(uid, shop.plan(voiceMinutes=30).id)
        shop.subscriptions.set(uid, Setting(voice_minutes=0))
        shop.subscriptions.add_minutes(uid, 10, None)
        shop.subscriptions.set(uid, Setting(status=SubscriptionStatus.CANCELLED))
        assert shop.seconds(uid).available == 600

    def test_an_unknown_plan_is_not_found(self, shop: Shop) -> None:
        with pytest.raises(PlanNotFound):
            shop.subscriptions.set(new_user(shop.db), Setting(plan_id="no-such-plan"))


def test_the_witness_is_committed_with_the_change(shop: Shop) -> None:
    from troupe.adapters.firestore import Create

    uid, plan = new_user(shop.db), shop.plan()
    place = f"tests/{uid}"
    shop.subscriptions.create(
        uid, plan.id, witness=lambda before, after: [Create(place, {"first": before is None})]
    )
    assert shop.db.get(place).data == {"first": True}


@pytest.mark.parametrize("granted", [-1, 1])
def test_the_audit_finds_a_missing_plan_grant(shop: Shop, granted: int) -> None:
    uid = new_user(shop.db)
    shop.subscriptions.subscribe(uid, shop.plan(tokens=5).id)
    shop.db.commit(Update(f"subscriptions/{uid}", {"gave.tokens": 5 + granted}))
    assert any("of the plan granted" in problem for problem in audit_user(shop.db, uid))


def test_the_audit_finds_an_entry_with_changes_its_kind_does_not_allow(shop: Shop) -> None:
    from troupe.adapters.firestore import Increment

    uid = new_user(shop.db, tokens=20)
    shop.db.commit(
        Update(f"wallets/{uid}/ledger/signup-grant", {"granted": -5}),
        Update(f"wallets/{uid}", {"tokens.granted": Increment(-25)}),
    )
    assert any("an entry of kind grant" in problem for problem in audit_user(shop.db, uid))
