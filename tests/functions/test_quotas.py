"""Quotas: what a user may keep, by plan."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.characters import CONSENT, SOUND
from tests.support.factories import new_character, signed_in, test_settings
from tests.support.forms import multipart
from tests.support.plans import Shop
from tests.support.sounds import recording
from tests.support.wiring import app_for, rewired, services
from troupe.accounts.errors import QuotaExceeded
from troupe.accounts.quotas import Quotas
from troupe.accounts.records import UserRecord
from troupe.accounts.tiers import Kept
from troupe.adapters.firestore import Database, Update

QUOTAS = "guest=1/2/1/1, none=2/3/2/1"


@pytest.fixture(autouse=True)
def small(db: Database) -> Iterator[None]:
    with rewired(quotas=Quotas(db, test_settings(QUOTAS=QUOTAS))):
        yield


def guest(db: Database) -> tuple[str, dict[str, str]]:
    uid, headers = signed_in(db)
    db.commit(Update(f"users/{uid}", {"guest": True}))
    return uid, headers


def refused(answer: Any, quota: str, maximum: int) -> bool:
    body = answer.json
    return (answer.status_code, body["error"]) == (
        409,
        {"code": "quota_exceeded", "details": {"quota": quota, "maximum": maximum}},
    )


def profile(headers: dict[str, str]) -> Any:
    answer = app_for("auth").test_client().get("/api/user/profile", headers=headers)
    return answer.json["data"]["quotas"]


def write_script(headers: dict[str, str], character_id: str) -> Any:
    body = {
        "selectedCharacters": [character_id],
        "dialogue": [{"speaker": character_id, "text": "Who is there?"}],
    }
    return app_for("scripts").test_client().post("/api/scripts", json=body, headers=headers)


def upload(headers: dict[str, str], data: bytes) -> Any:
    client = app_for("files").test_client()
    return client.post("/api/files/upload", headers=headers, **multipart(file=data))


def test_scripts_are_kept_up_to_the_quota_and_room_comes_back(db: Database) -> None:
    uid, headers = signed_in(db)
    ada = new_character(db, uid, "Ada")
    made = [write_script(headers, ada) for _ in range(4)]
    assert [each.status_code for each in made] == [201, 201, 201, 409]
    assert refused(made[-1], "scripts", 3)
    assert profile(headers)["scripts"] == {"used": 3, "maximum": 3}
    first = made[0].json["data"]["script"]["id"]
    client = app_for("scripts").test_client()
    assert client.delete(f"/api/scripts/{first}", headers=headers).status_code == 200
    assert write_script(headers, ada).status_code == 201


def test_characters_are_kept_up_to_the_quota(db: Database) -> None:
    _, headers = guest(db)
    client = app_for("characters").test_client()

    def create() -> Any:
        form = multipart(displayName="Ada", consent=CONSENT, audioFile=SOUND)
        return client.post("/api/characters/complete", headers=headers, **form)

    assert create().status_code == 201
    assert refused(create(), "characters", 1)


def test_files_are_limited_by_number_and_by_size(db: Database) -> None:
    _, headers = signed_in(db)
    data = recording(seconds=4)  # 0.4 MB
    assert [upload(headers, data).status_code for _ in range(2)] == [201, 201]
    assert refused(upload(headers, data), "files", 2)
    used = profile(headers)
    assert used["files"] == {"used": 2, "maximum": 2}
    assert used["fileBytes"] == {"used": 2 * len(data), "maximum": 1024 * 1024}
    _, other = signed_in(db)
    long = recording(seconds=8)  # 0.8 MB
    assert upload(other, long).status_code == 201
    assert refused(upload(other, long), "fileBytes", 1024 * 1024)
    assert profile(other)["files"]["used"] == 1


@pytest.mark.parametrize("kind", ["scripts", "files"])
def test_many_requests_at_once_leave_no_more_than_the_quota(db: Database, kind: str) -> None:
    uid, headers = guest(db)
    ada, data = new_character(db, uid, "Ada"), recording(seconds=1)

    def add(_: int) -> int:
        while True:
            answer = write_script(headers, ada) if kind == "scripts" else upload(headers, data)
            if answer.status_code != 503:  # the decoders are busy
                return int(answer.status_code)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(add, range(24)))
    assert set(answers) <= {201, 409}
    used = profile(headers)[kind]
    assert used["used"] == answers.count(201) <= used["maximum"]
    assert len(services().files.list(f"files/{uid}/")) == (used["used"] if kind == "files" else 0)


def test_a_paid_plan_has_a_larger_quota(db: Database) -> None:
    uid, headers = signed_in(db)
    shop = Shop(db)
    shop.subscriptions.subscribe(uid, shop.plan(price=9.99).id)
    assert profile(headers)["scripts"] == {"used": 0, "maximum": 5000}


def test_far_from_the_quota_not_every_addition_is_counted(db: Database) -> None:
    quotas = Quotas(db, test_settings(QUOTAS="none=2/1000/2/1"))
    uid, _ = signed_in(db)
    user = UserRecord.of(db.get(f"users/{uid}"))
    counted = []
    original = quotas._count
    quotas._count = lambda *args: counted.append(1) or original(*args)  # type: ignore[method-assign, func-returns-value]
    for _ in range(50):
        quotas.add(user, Kept.SCRIPTS, lambda: None, lambda made: None)
    assert len(counted) == 2  # after one count, 999 // 40 more are free


def test_what_one_plan_allowed_uncounted_is_void_with_another(db: Database) -> None:
    quotas = Quotas(db, test_settings(QUOTAS="none=2/1000/2/1, guest=1/0/1/1"))
    uid, _ = signed_in(db)
    user = UserRecord.of(db.get(f"users/{uid}"))
    quotas.add(user, Kept.SCRIPTS, lambda: None, lambda made: None)
    smaller = user.model_copy(update={"guest": True})
    with pytest.raises(QuotaExceeded):
        quotas.add(smaller, Kept.SCRIPTS, lambda: None, lambda made: None)


@pytest.mark.parametrize("wrong", ["guest=1/2/3", "guest=1/2/3/x", "guest=1/2/3/-4", "pro"])
def test_an_invalid_quota_prevents_startup(wrong: str) -> None:
    with pytest.raises(ValueError, match="QUOTAS"):
        test_settings(QUOTAS=wrong)


def test_an_entry_for_a_plan_comes_first() -> None:
    settings = test_settings(QUOTAS="pro=1/2/3/4")
    assert settings.quota("pro", "paid").scripts == 2
    assert settings.quota("other", "paid").scripts == 5000
