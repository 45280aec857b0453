"""Pronunciation dictionaries: create, read, change and delete."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import code, moment, signed_in, test_settings
from tests.support.wiring import app_for, rewired, services
from troupe.accounts.quotas import Quotas
from troupe.adapters.firestore import Database, Update, now
from troupe.dictionaries.service import KEPT, DictionaryService
from troupe.moderation.service import Moderation

PATH = "/api/voice/dictionaries"
ADA = {"term": "Ada", "alias": "Ayda", "ipa": "", "caseSensitive": False}
BEN = {"term": "Ben", "alias": "", "ipa": "bɛn", "caseSensitive": True}


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("voice").test_client()


@pytest.fixture
def headers(db: Database) -> dict[str, str]:
    return signed_in(db)[1]


def create(client: FlaskClient, headers: dict[str, str], **changes: Any) -> Any:
    body = {"name": "Names", "language": "en-us", "entries": [ADA], **changes}
    return client.post(PATH, json=body, headers=headers)


def made(client: FlaskClient, headers: dict[str, str], **changes: Any) -> Any:
    answer = create(client, headers, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]["dictionary"]


def versions(db: Database, dictionary_id: str) -> dict[str, Any]:
    found = db.find(f"dictionaries/{dictionary_id}/versions", limit=100)
    return {each.id: each.data for each in found}


def test_a_dictionary_is_created_read_listed_and_deleted(
    client: FlaskClient, headers: dict[str, str], db: Database
) -> None:
    answer = create(client, headers, entries=[ADA, BEN], language="EN-gb")
    one = answer.json["data"]["dictionary"]
    assert answer.headers["Location"] == f"{PATH}/{one['id']}"
    assert (one["version"], one["entryCount"], one["language"]) == (1, 2, "en-GB")
    assert one["entries"] == [ADA, BEN]
    assert client.get(f"{PATH}/{one['id']}", headers=headers).json["data"]["dictionary"] == one
    other = made(client, headers, name="Other", entries=[])
    listed = client.get(PATH, headers=headers).json
    summaries = [{k: v for k, v in each.items() if k != "entries"} for each in (other, one)]
    assert listed["data"]["dictionaries"] == summaries
    assert listed["meta"]["total"] == 2
    assert client.delete(f"{PATH}/{one['id']}", headers=headers).status_code == 200
    assert versions(db, one["id"]) == {}
    for method in (client.get, client.delete):
        answer = method(f"{PATH}/{one['id']}", headers=headers)
        assert code(answer) == (404, "dictionary_not_found")


def test_other_entries_are_a_new_version_and_the_old_one_expires(
    client: FlaskClient, headers: dict[str, str], db: Database
) -> None:
    first = made(client, headers)
    path = f"{PATH}/{first['id']}"

    def put(**body: Any) -> Any:
        answer = client.put(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]["dictionary"]

    # What is there already is no change, also when it is sent in another form.
    assert put(entries=[{"term": "Ada", "alias": "Ayda"}], name="Names") == first
    assert put() == first
    renamed = put(name="People")
    assert (renamed["name"], renamed["version"], renamed["entries"]) == ("People", 1, [ADA])
    assert moment(renamed["updatedAt"]) > moment(first["updatedAt"])
    second = put(entries=[BEN, ADA])
    assert (second["version"], second["entryCount"], second["name"]) == (2, 2, "People")
    assert client.get(path, headers=headers).json["data"]["dictionary"] == second
    kept = versions(db, first["id"])
    assert kept["2"].keys() == {"entries", "sha256", "createdAt"}
    assert kept["1"]["entries"] == [{"term": "Ada", "alias": "Ayda"}]
    assert now() < kept["1"]["expiresAt"] <= now() + KEPT
    old = {"expiresAt": now() - timedelta(seconds=1)}
    db.commit(Update(f"dictionaries/{first['id']}/versions/1", old))
    assert services().dictionary_service.expire(1000) >= 1
    assert versions(db, first["id"]).keys() == {"2"}


def test_a_change_of_an_old_version_is_refused_but_a_repeat_is_not(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    path = f"{PATH}/{made(client, headers)['id']}"
    change = {"entries": [BEN], "version": 1}
    answers = [client.put(path, json=change, headers=headers) for _ in range(2)]
    assert [each.json["data"]["dictionary"]["version"] for each in answers] == [2, 2]
    late = client.put(path, json={"entries": [ADA], "version": 1}, headers=headers)
    assert code(late) == (409, "dictionary_changed")
    assert late.json["error"]["details"] == {"version": 2}


def test_of_two_changes_at_once_one_wins_and_none_is_lost(
    client: FlaskClient, headers: dict[str, str], db: Database
) -> None:
    one = made(client, headers, entries=[])
    path = f"{PATH}/{one['id']}"

    def put(body: dict[str, Any]) -> Any:
        return app_for("voice").test_client().put(path, json=body, headers=headers)

    based = [{"entries": [a_term(n)], "version": 1} for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(put, based))
    assert sorted(each.status_code for each in answers) == [200, *[409] * 5]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(put, [{"entries": [a_term(n)]} for n in range(10, 16)]))
    numbers = sorted(each.json["data"]["dictionary"]["version"] for each in answers)
    assert numbers == [3, 4, 5, 6, 7, 8]
    kept = versions(db, one["id"])
    assert kept.keys() == set(map(str, range(1, 9)))
    assert [number for number, each in kept.items() if "expiresAt" not in each] == ["8"]


def a_term(number: int) -> dict[str, Any]:
    return {"term": f"w{number}", "alias": "x"}


def test_a_change_and_a_deletion_at_once_leave_nothing_behind(
    client: FlaskClient, headers: dict[str, str], db: Database
) -> None:
    for number in range(4):
        one = made(client, headers)
        path = f"{PATH}/{one['id']}"
        asks: list[Callable[[], Any]] = [
            lambda: app_for("voice").test_client().delete(path, headers=headers),  # noqa: B023
            lambda: (
                app_for("voice")
                .test_client()
                .put(
                    path,  # noqa: B023
                    json={"entries": [a_term(number)]},  # noqa: B023
                    headers=headers,
                )
            ),
        ]
        with ThreadPoolExecutor(2) as pool:
            deleted, changed = pool.map(lambda ask: ask(), asks)
        assert deleted.status_code == 200
        assert changed.status_code in (200, 404)
        assert not db.get(f"dictionaries/{one['id']}").exists
        assert versions(db, one["id"]) == {}


def test_a_stranger_finds_nothing(
    client: FlaskClient, headers: dict[str, str], db: Database
) -> None:
    path = f"{PATH}/{made(client, headers)['id']}"
    _, stranger = signed_in(db)
    assert client.get(PATH, headers=stranger).json["data"]["dictionaries"] == []
    for answer in (
        client.get(path, headers=stranger),
        client.put(path, json={"name": "Mine"}, headers=stranger),
        client.put(path, json={"entries": [a_term(1)] * 2}, headers=stranger),
        client.delete(path, headers=stranger),
    ):
        assert code(answer) == (404, "dictionary_not_found")
    assert client.get(path, headers=headers).json["data"]["dictionary"]["name"] == "Names"


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"entries": [a_term(1), {"term": "b"}]}, "entries.1", "invalid_input"),
        ({"entries": [a_term(1), a_term(1)]}, "entries.1.term", "invalid_input"),
        ({"entries": [a_term(n) for n in range(1001)]}, "entries", "invalid_input"),
        ({"entries": [{"term": "b", "ipa": "4"}]}, "entries.0.ipa", "invalid_input"),
        ({"entries": [{"term": "b", "alias": "b"}]}, "entries.0.alias", "invalid_input"),
        ({"entries": None}, "entries", "invalid_input"),
        ({"name": " "}, "name", "invalid_input"),
        ({"language": "tlh"}, "language", "unknown_choice"),
    ],
)
def test_bad_input_names_the_field(
    client: FlaskClient, headers: dict[str, str], changes: dict[str, Any], field: str, error: str
) -> None:
    answer = create(client, headers, **changes)
    assert code(answer) == (422, error)
    assert answer.json["error"]["details"]["fields"][0]["field"] == field
    assert answer.json["message"].startswith(f"{field}: ")
    assert client.get(PATH, headers=headers).json["data"]["dictionaries"] == []


def test_the_language_cannot_be_changed_and_the_answer_says_so(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    one = made(client, headers)
    body = {"language": "de", "name": "Namen"}
    answer = client.put(f"{PATH}/{one['id']}", json=body, headers=headers).json
    assert answer["data"]["dictionary"]["language"] == "en-US"
    assert [each["field"] for each in answer["warnings"]] == ["language"]


def test_the_largest_dictionary_is_taken_escaped_or_not(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    entries = [{"term": f"{n:03}" + "é" * 33, "alias": "é" * 39} for n in range(1000)]
    one = made(client, headers, entries=entries)
    assert one["entryCount"] == 1000
    found = client.get(f"{PATH}/{one['id']}", headers=headers).json["data"]["dictionary"]
    assert [each["term"] for each in found["entries"]] == [each["term"] for each in entries]


def test_a_plan_limits_how_many(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    db.commit(Update(f"users/{uid}", {"guest": True}))
    settings = test_settings(QUOTAS="guest=1/1/1/1/2")
    with rewired(quotas=Quotas(db, settings)):
        answers = [create(client, headers) for _ in range(3)]
        used = app_for("auth").test_client().get("/api/user/profile", headers=headers)
    assert [each.status_code for each in answers] == [201, 201, 409]
    assert answers[2].json["error"] == {
        "code": "quota_exceeded",
        "details": {"quota": "dictionaries", "maximum": 2},
    }
    assert used.json["data"]["quotas"]["dictionaries"] == {"used": 2, "maximum": 2}


def test_quotas_from_before_there_were_dictionaries_keep_their_default() -> None:
    settings = test_settings(QUOTAS="guest=1/2/3/4, pro=5/6/7/8, max=1/2/3/4/5")
    names = ("guest", "pro", "max", "none")
    assert [settings.quota(name).dictionaries for name in names] == [3, 200, 5, 20]
    assert settings.quota("pro").megabytes == 8


def test_what_is_said_for_a_term_is_moderated(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    base = services()
    moderation = Moderation(lambda: lambda texts: {"hate"} if "vile" in str(texts) else set())
    service = DictionaryService(base.database, base.orphans, base.settings, moderation)
    with rewired(dictionary_service=service):
        one = made(client, headers)
        path = f"{PATH}/{one['id']}"
        vile = [{"term": "nice", "alias": "vile"}]
        assert code(create(client, headers, entries=vile)) == (422, "content_refused")
        refused = client.put(path, json={"entries": vile}, headers=headers)
        assert code(refused) == (422, "content_refused")


def test_a_user_takes_their_dictionaries_along_and_leaves_none(
    client: FlaskClient, db: Database
) -> None:
    uid, headers = signed_in(db)
    one = made(client, headers)
    client.put(f"{PATH}/{one['id']}", json={"entries": [BEN]}, headers=headers)
    made(client, headers)
    exported = list(services().exporters["dictionaries"](uid))
    paths = [each.path for each in exported if not isinstance(each, str)]
    assert sum(path.startswith(f"dictionaries/{one['id']}") for path in paths) == 3
    assert len(paths) == 5
    assert services().erasers["dictionaries"](uid, 10) == 2
    assert services().erasers["dictionaries"](uid, 10) == 0
    assert versions(db, one["id"]) == {}
