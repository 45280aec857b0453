"""Plans on the Firestore emulator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.factories import CountingDatabase, new_user
from tests.support.plans import Shop
from troupe.adapters.firestore import AlreadyExists, Create
from troupe.plans.errors import PlanAmbiguous, PlanInUse, PlanNotFound
from troupe.plans.records import Plan, PlanStatus
from troupe.plans.subscriptions import Setting


def test_a_price_is_stored_in_cents(shop: Shop) -> None:
    plan = shop.plan(price=499.99)
    assert plan.price_cents == 49_999
    assert shop.plans.get(plan.id) == plan
    assert shop.db.get(f"plans/{plan.id}").data["priceCents"] == 49_999


def test_ids_are_made_from_names_and_unique(shop: Shop) -> None:
    name = f"Größe {new_user(shop.db)}"
    first, second = shop.plan(name=name), shop.plan(name=name)
    assert first.id == name.lower().replace(" ", "-").replace("ö", "o").replace("ß", "ss")
    assert second.id.startswith(f"{first.id}-")
    assert shop.plan(name="計画").id.isalnum()


def test_a_requested_id_is_not_used_twice(shop: Shop) -> None:
    plan = shop.plan()
    with pytest.raises(AlreadyExists):
        shop.plans.create(plan.model_dump(), plan_id=plan.id)


def test_a_plan_is_found_by_id_and_by_name(shop: Shop) -> None:
    plan = shop.plan()
    assert shop.plans.named(plan.id) == plan
    assert shop.plans.named(f"  {plan.name.upper()} ") == plan
    with pytest.raises(PlanNotFound):
        shop.plans.named("no such plan at all")
    with pytest.raises(PlanNotFound):
        shop.plans.named("../plans/x")
    twin = shop.plan(name=plan.name)
    with pytest.raises(PlanAmbiguous) as failure:
        shop.plans.named(plan.name)
    assert failure.value.details is not None
    assert set(failure.value.details["planIds"]) == {plan.id, twin.id}


def test_an_inactive_plan_is_kept_but_not_offered(shop: Shop) -> None:
    uid, plan = new_user(shop.db), shop.plan(price=0.01)
    shop.subscriptions.subscribe(uid, plan.id)
    shop.plans.update(plan.id, {"status": PlanStatus.INACTIVE})
    assert plan.id not in {offered.id for offered in shop.plans.offered()}
    assert shop.subscriptions.subscribe(uid, plan.id).subscription is not None
    with pytest.raises(PlanNotFound):
        shop.subscriptions.subscribe(new_user(shop.db), plan.id)
    shop.pass_days(uid, 31)
    shop.renewals.advance(uid)
    assert shop.subscription(uid).period == 2


def test_offers_are_listed_by_price_in_one_query(counting: CountingDatabase) -> None:
    shop = Shop(counting)
    shop.plan(price=0.02), shop.plan(price=0.01)
    counting.calls.clear()
    prices = [plan.price_cents for plan in shop.plans.offered()]
    assert prices == sorted(prices)
    assert counting.calls == {"run_query": 1}


def test_an_update_changes_only_the_given_fields(shop: Shop) -> None:
    plan = shop.plan(features=["one"], description="old")
    after = shop.plans.update(plan.id, {"description": "new", "is_popular": True})
    assert after.updated_at > plan.updated_at
    expected = plan.model_copy(
        update={"description": "new", "is_popular": True, "updated_at": after.updated_at}
    )
    assert after == expected == shop.plans.get(plan.id)


def test_a_renamed_plan_is_found(shop: Shop) -> None:
    plan = shop.plan()
    shop.plans.update(plan.id, {"name": plan.name + " Two"})
    assert shop.plans.named(plan.name + " two").id == plan.id


def test_concurrent_updates_do_not_mix_and_have_two_witnesses(shop: Shop) -> None:
    plan = shop.plan()

    def update(number: int) -> None:
        shop.plans.update(
            plan.id,
            {"voice_minutes": number, "tokens": number},
            witness=lambda before, after: [
                Create(f"tests/{plan.id}/seen/{number}", {"tokens": _tokens(before)})
            ],
        )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(update, range(1, 7)))
    after = shop.plans.get(plan.id)
    assert after.voice_minutes == after.tokens
    seen = shop.db.find(f"tests/{plan.id}/seen", limit=10)
    before = {document.data["tokens"] for document in seen}
    assert before == ({1, 2, 3, 4, 5, 6, 200}) - {after.tokens}, "each saw what the one before left"


def _tokens(record: object) -> int:
    assert isinstance(record, Plan)
    return record.tokens


def test_a_plan_in_use_is_not_deleted(shop: Shop) -> None:
    plan = shop.plan()
    users = [new_user(shop.db) for _ in range(5)]
    for uid in users:
        shop.subscriptions.subscribe(uid, plan.id)
    with pytest.raises(PlanInUse) as failure:
        shop.plans.delete(plan.id)
    message = "Cannot delete plan. 5 users are currently subscribed to this plan"
    assert (failure.value.text, failure.value.status) == (message, 400)
    for uid in users[1:]:
        shop.subscriptions.set(uid, Setting(plan_id=shop.plan().id))
    with pytest.raises(PlanInUse, match="1 user is currently"):
        shop.plans.delete(plan.id)
    assert shop.plans.subscribers(plan.id) == 1


def test_a_scheduled_plan_is_in_use(shop: Shop) -> None:
    uid, high, low = new_user(shop.db), shop.plan(price=9), shop.plan(price=1)
    shop.subscriptions.subscribe(uid, high.id)
    shop.subscriptions.subscribe(uid, low.id)
    with pytest.raises(PlanInUse):
        shop.plans.delete(low.id)


def test_a_deleted_plan_is_gone(shop: Shop) -> None:
    plan = shop.plan()
    shop.plans.delete(plan.id)
    for act in (shop.plans.get, shop.plans.delete):
        with pytest.raises(PlanNotFound):
            act(plan.id)


def test_deleting_a_plan_during_a_subscription_leaves_none_without_a_plan(
    shop: Shop,
) -> None:
    def subscribe(uid: str, plan_id: str) -> None:
        try:
            shop.subscriptions.subscribe(uid, plan_id)
        except PlanNotFound:
            return

    def delete(plan_id: str) -> None:
        try:
            shop.plans.delete(plan_id)
        except PlanInUse:
            return

    for _ in range(10):
        uid, plan = new_user(shop.db), shop.plan()
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(subscribe, uid, plan.id), pool.submit(delete, plan.id)]
        for each in done:
            each.result()
        has = shop.db.get(f"subscriptions/{uid}").exists
        assert has == shop.db.get(f"plans/{plan.id}").exists
