"""Notifications over HTTP: listed, read, deleted; preferences and devices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import CountingDatabase, code, signed_in
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database, Update, now
from troupe.notifications.records import MOST_DEVICES, Inbox, NotificationType, inbox_path
from troupe.notifications.service import Notifications
from troupe.notifications.writes import notice_writes

TOKEN = "fcm-registration-token-{}:APA91b"


class Reader:
    """A user with an inbox, and the API as this user sees it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.uid, self.headers = signed_in(db)
        self.client: FlaskClient = app_for("companies").test_client()

    def notify(self, cause: str, type: NotificationType = NotificationType.PLAN_ENDED) -> datetime:
        at, params = now(), {"plan": "Plus", "kind": "video"}
        self.db.commit(*notice_writes(self.uid, type, cause, at, muted=[], params=params))
        return at

    def ask(self, method: str, path: str = "", **more: Any) -> Any:
        url = f"/api/notifications{path}"
        return self.client.open(url, method=method, headers=self.headers, **more)

    def data(self, method: str, path: str = "", **more: Any) -> Any:
        answer = self.ask(method, path, **more)
        assert answer.status_code in (200, 201), answer.text
        return answer.json.get("data")

    def ids(self, **query: Any) -> list[str]:
        listed = self.data("GET", query_string=query)["notifications"]
        return [each["id"] for each in listed]

    def unread(self) -> int:
        """The count, after checking that it is right."""
        told = int(self.data("GET", "/unread")["unread"])
        assert told == len(self.ids(unread="true", limit=100))
        return told


@pytest.fixture
def reader(db: Database) -> Reader:
    return Reader(db)


def test_nobody_is_told_anything_yet(reader: Reader) -> None:
    assert (reader.ids(), reader.unread()) == ([], 0)
    assert reader.data("PUT", "/read-all", json={}) == {"marked": 0}


def test_notifications_are_listed_in_the_readers_language(reader: Reader) -> None:
    reader.notify("a")
    reader.notify("b", NotificationType.WORK_READY)
    reader.db.commit(Update(f"users/{reader.uid}", {"language": "de"}))
    newest, oldest = reader.data("GET")["notifications"]
    assert (newest["id"], newest["title"]) == ("b", "Dein Video ist fertig")
    assert (oldest["body"], oldest["readAt"]) == ("Der Tarif Plus ist nicht mehr aktiv.", None)
    assert oldest["params"]["plan"] == "Plus"
    assert reader.ids(type="work_ready") == ["b"]
    assert reader.ids(type="plan_ended", unread="true") == ["a"]
    assert code(reader.ask("GET", query_string={"type": "nonsense"}))[0] == 422


def test_reading_counts_once(reader: Reader) -> None:
    for cause in "abc":
        reader.notify(cause)
    first = reader.data("PUT", "/b/read")["notification"]
    assert reader.data("PUT", "/b/read")["notification"] == first
    assert (reader.unread(), reader.ids(unread="true")) == (2, ["c", "a"])
    for cause in "ab":
        reader.data("DELETE", f"/{cause}")
    assert (reader.unread(), reader.ids()) == (1, ["c"])
    assert code(reader.ask("PUT", "/b/read")) == (404, "notification_not_found")


def test_what_came_after_before_stays_unread(reader: Reader) -> None:
    reader.notify("a")
    before = reader.notify("b")
    reader.notify("c")
    marked = reader.data("PUT", "/read-all", json={"before": before.isoformat()})
    assert (marked, reader.unread()) == ({"marked": 2}, 1)
    later = (now() + timedelta(days=1)).isoformat()
    assert reader.data("PUT", "/read-all", json={"before": later}) == {"marked": 1}
    assert reader.unread() == 0


def test_many_readers_at_once_count_right(reader: Reader) -> None:
    for cause in range(6):
        reader.notify(str(cause))
    asked: list[tuple[str, str, Any]]
    asked = [("PUT", "/3/read", None), ("DELETE", "/3", None), ("PUT", "/read-all", {})] * 3
    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(lambda each: reader.ask(each[0], each[1], json=each[2]), asked))
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert reader.unread() == 0
    assert len(reader.ids()) == 5


def test_somebody_elses_notification_and_device_do_not_exist(reader: Reader, db: Database) -> None:
    other = Reader(db)
    other.notify("a")
    device = other.data("POST", "/devices", json={"token": TOKEN.format("other")})["device"]
    for method, path in [
        ("PUT", "/a/read"),
        ("DELETE", "/a"),
        ("DELETE", f"/devices/{device['id']}"),
    ]:
        theirs, nonsense = (
            reader.ask(method, path.replace(x, y)) for x, y in [("", ""), ("a", "z")]
        )
        assert theirs.status_code == 404
        assert nonsense.status_code == 404
    assert other.unread() == 1


def test_muted_types_are_not_told(reader: Reader) -> None:
    ended = NotificationType.PLAN_ENDED
    default = reader.data("GET", "/preferences")["preferences"]
    assert set(default) == {str(type) for type in NotificationType}
    assert default[ended] == {"inApp": True, "push": True}
    chosen = {"preferences": {ended: {"inApp": False}}}
    after = reader.data("PUT", "/preferences", json=chosen)["preferences"]
    assert after == default | {ended: {"inApp": False, "push": True}}
    assert notice_writes(reader.uid, ended, "x", now(), muted=[ended]) == []
    wrong = reader.ask("PUT", "/preferences", json={"preferences": {"nonsense": {}}})
    assert code(wrong)[0] == 422


def test_a_device_belongs_to_who_registered_it_last(reader: Reader, db: Database) -> None:
    body = {"token": TOKEN.format(reader.uid), "platform": "android", "language": "nb"}
    device = reader.data("POST", "/devices", json=body)["device"]
    assert "token" not in device
    other = Reader(db)
    assert other.data("POST", "/devices", json=body)["device"]["id"] == device["id"]
    gone = reader.ask("DELETE", f"/devices/{device['id']}")
    assert code(gone) == (404, "device_not_found")
    other.data("DELETE", f"/devices/{device['id']}")


def test_the_oldest_devices_are_forgotten(db: Database) -> None:
    uid, notifications = signed_in(db)[0], Notifications(db)
    made = [
        notifications.add_device(uid, TOKEN.format(f"{uid}{n}"), "ios", None).id
        for n in range(MOST_DEVICES + 2)
    ]
    kept = db.find("devices", where=[("uid", "==", uid)], limit=100, select=[])
    assert {device.id for device in kept} == set(made[2:])


@pytest.mark.parametrize("token", ["short", "with space in the middle", "x" * 5000, ""])
def test_a_token_that_cannot_be_one_is_refused(reader: Reader, token: str) -> None:
    assert code(reader.ask("POST", "/devices", json={"token": token}))[0] == 422


def test_old_notifications_are_deleted_with_their_count(own_db: Database) -> None:
    uid, at = "ada", now() - timedelta(days=91)
    ended, service = NotificationType.PLAN_ENDED, Notifications(own_db)
    own_db.commit(*notice_writes(uid, ended, "old", at, muted=[]))
    own_db.commit(*notice_writes(uid, ended, "new", now(), muted=[]))
    assert service.expire(10) == 1
    assert Inbox.of(own_db.get(inbox_path(uid))).unread == 1
    assert service.expire(10) == 0


def test_the_count_is_one_read(counting: CountingDatabase) -> None:
    Notifications(counting).unread("nobody")
    assert dict(counting.calls) == {"batch_get_documents": 1}
