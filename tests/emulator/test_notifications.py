"""What notifies users, and what is pushed to their devices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.fakes.fcm_server import FakeFcm, fcm_server
from tests.support.companies import a_firm, a_person, token_of
from tests.support.factories import HeldQueue, new_user
from tests.support.jobs import Counting, CountWorker
from tests.support.plans import Shop
from troupe.adapters.firestore import AlreadyExists, Database, Document, Update, now
from troupe.adapters.push import FcmPush
from troupe.errors import WorkError
from troupe.notifications.lifecycle import erase, export
from troupe.notifications.push import Pushes
from troupe.notifications.records import (
    Inbox,
    Notification,
    NotificationType,
    Preference,
    inbox_path,
    notifications_path,
)
from troupe.notifications.service import Notifications
from troupe.notifications.writes import notice_writes
from troupe.plans.subscriptions import Setting

ENDED = NotificationType.PLAN_ENDED


def told(db: Database, uid: str) -> list[Notification]:
    """A user's notifications, oldest first; the count is checked."""
    found = db.find(notifications_path(uid), order=[("createdAt", False)], limit=100)
    unread = Inbox.of(db.get(inbox_path(uid))).unread
    assert unread == sum(document.data["readAt"] is None for document in found)
    return [Notification.of(document) for document in found]


def test_a_cause_notifies_once(db: Database) -> None:
    uid = new_user(db)
    writes = notice_writes(uid, ENDED, "cause", now(), muted=[])
    db.commit(*writes)
    with pytest.raises(AlreadyExists):
        db.commit(*writes)
    assert len(told(db, uid)) == 1


class Refusing(CountWorker):
    def run_part(self, *args: object) -> object:  # type: ignore[override]
        raise WorkError("count_failed", "cannot count", retryable=False)


@pytest.mark.parametrize("seconds", [0, 61])
@pytest.mark.parametrize("numbers", [[1, 2], list(range(10))], ids=["one part", "parts"])
def test_long_work_tells_its_user_that_it_is_done(
    db: Database, seconds: int, numbers: list[int]
) -> None:
    counting, uid = Counting(db, HeldQueue()), new_user(db)
    job_id = counting.start(uid, numbers)
    db.commit(Update(f"jobs/{job_id}", {"createdAt": now() - timedelta(seconds=seconds)}))
    counting.deliver_all()
    found = told(db, uid)
    assert len(found) == bool(seconds)
    for each in found:
        assert (each.id, each.type) == (f"{job_id}-completed", "work_ready")
        assert (each.params, each.link) == ({"kind": "count"}, f"/api/counts/{job_id}")


def test_failed_work_tells_its_user_and_cancelled_work_does_not(db: Database) -> None:
    counting, uid = Counting(db, HeldQueue(), Refusing()), new_user(db)
    failed, cancelled = counting.start(uid, [1]), counting.start(uid, [2])
    for job_id in (failed, cancelled):
        db.commit(Update(f"jobs/{job_id}", {"createdAt": now() - timedelta(minutes=2)}))
    counting.jobs.cancel(cancelled)
    counting.deliver_all()
    assert [(each.id, each.type) for each in told(db, uid)] == [(f"{failed}-failed", "work_failed")]


def test_work_goes_by_what_its_user_wanted_when_it_began(db: Database) -> None:
    counting, uid = Counting(db, HeldQueue()), new_user(db)
    ready = NotificationType.WORK_READY
    Notifications(db).set_preferences(uid, {ready: Preference(in_app=False)})
    job_id = counting.start(uid, [1])
    db.commit(Update(f"jobs/{job_id}", {"createdAt": now() - timedelta(minutes=2)}))
    Notifications(db).set_preferences(uid, {ready: Preference()})
    counting.deliver_all()
    assert told(db, uid) == []


def test_plans_that_administrators_give_and_that_end_are_told(shop: Shop) -> None:
    uid, plan = new_user(shop.db), shop.plan(name="Plus")
    shop.subscriptions.create(uid, plan.id, expires_at=now() + timedelta(days=3))
    shop.pass_days(uid, 4)
    shop.renewals.advance(uid)
    shop.subscriptions.set(uid, Setting(plan_id=plan.id, expires_at=now() + timedelta(days=3)))
    shop.pass_days(uid, 4)
    shop.renewals.advance(uid)
    found = told(shop.db, uid)
    assert [each.type for each in found] == ["plan_changed", "plan_ended"] * 2
    assert {each.params["plan"] for each in found} == {"Plus"}


def test_what_users_do_themselves_is_not_told(shop: Shop) -> None:
    uid, low = new_user(shop.db), shop.plan(tokens=1)
    shop.subscriptions.subscribe(uid, low.id)
    shop.pass_days(uid, 40)
    shop.renewals.advance(uid)
    assert told(shop.db, uid) == []


def test_people_are_told_what_a_company_changes_of_them(db: Database) -> None:
    firm = a_firm(db)
    ben, (license_id, *_) = firm.join(), firm.licenses(2)
    boss, member = firm.owner, f"{firm.path}/members/{ben.uid}"
    boss.data("PUT", f"/api/licenses/{license_id}/assign", json={"userId": ben.uid})
    boss.data("PUT", member, json={"role": "admin"})
    ben.data("PUT", f"/api/licenses/{license_id}/unassign", json={})  # Ben knows
    boss.data("DELETE", member)
    found = told(db, ben.uid)
    assert [each.type for each in found] == [
        "license_assigned",
        "company_role_changed",
        "company_removed",
    ]
    assert {(each.company_id, each.actor) for each in found} == {(firm.id, boss.uid)}
    assert told(db, boss.uid) == []


def test_who_invited_is_told_who_has_joined(db: Database) -> None:
    firm, cleo = a_firm(db), a_person(db, name="Cleo")
    invited = firm.owner.data("POST", f"{firm.path}/invitations", json={"email": cleo.email})
    cleo.data("POST", "/api/invitations/accept", json={"token": token_of(invited)})
    (joined,) = told(db, firm.owner.uid)
    assert (joined.type, joined.params) == (
        "company_joined",
        {"company": firm.record.name, "name": "Cleo"},
    )


class TestPush:
    @pytest.fixture
    def fcm(self) -> Iterator[FakeFcm]:
        with fcm_server() as fake:
            yield fake

    @pytest.fixture
    def pushes(self, own_db: Database, fcm: FakeFcm) -> Pushes:
        return Pushes(own_db, FcmPush(fcm.app))

    @pytest.fixture
    def uid(self, own_db: Database) -> str:
        uid = new_user(own_db)
        for name, language in (("phone", "de"), ("web", None)):
            Notifications(own_db).add_device(uid, f"a-token-of-the-{name}", "web", language)
        return uid

    def notify(self, db: Database, uid: str, cause: str) -> None:
        db.commit(*notice_writes(uid, ENDED, cause, now(), muted=[], params={"plan": "Plus"}))

    def test_every_device_gets_its_language_once(
        self, own_db: Database, fcm: FakeFcm, pushes: Pushes, uid: str
    ) -> None:
        self.notify(own_db, uid, "a")
        assert pushes.send_due(10) == 1
        assert pushes.send_due(10) == 0
        titles = {each["token"]: each["notification"]["title"] for each in fcm.messages}
        assert titles == {
            "a-token-of-the-phone": "Dein Tarif ist beendet",
            "a-token-of-the-web": "Your plan has ended",
        }
        assert fcm.messages[0]["data"] == {"id": "a", "type": "plan_ended"}
        self.notify(own_db, uid, "b")
        pushes.send_due(10)
        assert [each["data"]["id"] for each in fcm.messages] == ["a", "a", "b", "b"]

    def test_one_that_is_committed_late_is_sent_too(
        self, own_db: Database, fcm: FakeFcm, pushes: Pushes, uid: str
    ) -> None:
        late = notice_writes(uid, ENDED, "late", now(), muted=[], params={"plan": "Plus"})
        self.notify(own_db, uid, "a")
        pushes.send_due(10)
        own_db.commit(*late)
        pushes.send_due(10)
        assert [each["data"]["id"] for each in fcm.messages] == ["a", "a", "late", "late"]

    def test_what_is_read_muted_or_old_is_not_sent(
        self, own_db: Database, fcm: FakeFcm, pushes: Pushes, uid: str
    ) -> None:
        notifications = Notifications(own_db)
        self.notify(own_db, uid, "read")
        notifications.read(uid, "read")
        old = notice_writes(uid, ENDED, "old", now() - timedelta(days=2), muted=[])
        own_db.commit(*old)
        pushes.send_due(10)
        notifications.set_preferences(uid, {ENDED: Preference(push=False)})
        self.notify(own_db, uid, "muted")
        pushes.send_due(10)
        assert fcm.messages == []

    def test_uninstalled_apps_are_forgotten(
        self, own_db: Database, fcm: FakeFcm, pushes: Pushes, uid: str
    ) -> None:
        fcm.gone = {"a-token-of-the-phone"}
        self.notify(own_db, uid, "a")
        pushes.send_due(10)
        left = own_db.find("devices", where=[("uid", "==", uid)], limit=9)
        assert [each.data["token"] for each in left] == ["a-token-of-the-web"]

    def test_an_outage_delays_one_inbox_and_loses_nothing(
        self, own_db: Database, fcm: FakeFcm, pushes: Pushes, uid: str
    ) -> None:
        self.notify(own_db, uid, "a")
        fcm.status = 503
        pushes.send_due(10)
        due = Inbox.of(own_db.get(inbox_path(uid))).due_at
        assert due is not None and due > now()
        fcm.status = 200
        own_db.commit(Update(inbox_path(uid), {"dueAt": now()}))
        pushes.send_due(10)
        assert {each["data"]["id"] for each in fcm.messages} == {"a"}

    def test_without_fcm_devices_are_kept_and_nothing_is_sent(
        self, own_db: Database, uid: str
    ) -> None:
        self.notify(own_db, uid, "a")
        assert Pushes(own_db, None).send_due(10) == 0
        assert len(own_db.find("devices", where=[("uid", "==", uid)], limit=9)) == 2


def test_everything_is_exported_and_erased(db: Database) -> None:
    uid = new_user(db)
    db.commit(*notice_writes(uid, ENDED, "a", now(), muted=[]))
    Notifications(db).add_device(uid, f"token-of-{uid}", "ios", None)
    exported = list(export(uid, database=db))
    assert [each.path.split("/")[0] for each in exported if isinstance(each, Document)] == [
        "users",
        "devices",
    ]
    assert not any("token-of" in str(each) for each in exported)
    while erase(uid, 1, database=db):
        pass
    assert list(export(uid, database=db)) == []
    assert not db.get(inbox_path(uid)).exists
