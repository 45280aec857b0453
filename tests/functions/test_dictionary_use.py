"""Which version of a dictionary a job uses: that of the request, or of the character."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.characters import CONSENT, SOUND
from tests.support.factories import HeldQueue, code, new_character, signed_in
from tests.support.forms import multipart
from tests.support.jobs import given_to
from tests.support.wiring import app_for, services
from troupe.adapters.firestore import Database
from troupe.characters.records import Config
from troupe.dictionaries.records import DictionaryRef
from troupe.speech.errors import SpeechError
from troupe.speech.text.entry import Entry


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("voice").test_client()


def a_dictionary(uid: str, language: str = "en-us", alias: str = "Ayda") -> DictionaryRef:
    entries = [Entry("Ada", alias)]
    made = services().dictionary_service.create(uid, "Names", language, entries).dictionary
    return DictionaryRef(made.id, made.version, made.sha256)


def ask(client: FlaskClient, headers: dict[str, str], path: str = "generate", **more: Any) -> Any:
    body = {"text": "Good evening, Ada.", "language": "en-gb", **more}
    return client.post(f"/api/voice/{path}", json=body, headers=headers)


def snapshot(db: Database, answer: Any) -> tuple[Any, ...]:
    assert answer.status_code == 202, answer.text
    given = given_to(db, answer.json["data"]["job"]["jobId"])
    return tuple(given[f"dictionary{name}"] for name in ("Id", "Version", "Sha256"))


def used(answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    return answer.json["data"]["generation"]["dictionary"]


def test_the_request_names_a_dictionary_and_learns_its_version(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    assert used(ask(client, headers)) is None
    ref = a_dictionary(uid)
    answer = ask(client, headers, dictionaryId=ref.id)
    assert used(answer) == {"id": ref.id, "version": 1}
    assert snapshot(db, answer) == ref
    # An edit does not change work in progress.
    services().dictionary_service.update(uid, ref.id, entries=[Entry("Ada", "Adah")])
    assert services().dictionaries.load(ref).alias(Entry("Ada", "Ayda"))[0] == "Ayda"
    later = ask(client, headers, dictionaryId=ref.id)
    assert used(later)["version"] == 2
    assert snapshot(db, later)[2] != ref.sha256


@pytest.mark.parametrize("path", ["generate", "quote"])
def test_a_wrong_dictionary_is_refused_and_nothing_is_held(
    client: FlaskClient, queue: HeldQueue, db: Database, path: str
) -> None:
    uid, headers = signed_in(db)
    german, strangers = a_dictionary(uid, "de"), a_dictionary(signed_in(db)[0])
    for other in (strangers.id, "0" * 32):
        refused = ask(client, headers, path, dictionaryId=other)
        assert code(refused) == (404, "dictionary_not_found")
    refused = ask(client, headers, path, dictionaryId=german.id)
    assert code(refused) == (422, "dictionary_language")
    details = {"dictionaryLanguage": "de", "language": "en-GB"}
    assert refused.json["error"]["details"] == details
    assert ask(client, headers, path, dictionaryId="a/b").status_code == 422
    assert queue.take() == []


def test_the_dictionary_is_part_of_what_a_key_stands_for(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    keyed = headers | {"Idempotency-Key": "one"}
    ref = a_dictionary(uid)
    first = ask(client, keyed, dictionaryId=ref.id)
    services().dictionary_service.update(uid, ref.id, entries=[])
    again = ask(client, keyed, dictionaryId=ref.id)
    assert used(again) == used(first)
    assert code(ask(client, keyed)) == (409, "idempotency_key_reused")


def test_a_characters_dictionary_applies_whoever_casts_it(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    owner, _ = signed_in(db)
    mine = a_dictionary(owner)
    ada = new_character(db, owner, "Ada", config=Config(dictionary_id=mine.id))
    uid, headers = signed_in(db)
    answer = ask(client, headers, characterId=ada)
    assert used(answer) == {"id": mine.id, "version": 1}
    assert snapshot(db, answer) == mine
    # The request wins, and another language has another dictionary.
    own = a_dictionary(uid)
    assert used(ask(client, headers, characterId=ada, dictionaryId=own.id))["id"] == own.id
    assert used(ask(client, headers, characterId=ada, language="de")) is None
    services().dictionary_service.delete(owner, mine.id)
    assert used(ask(client, headers, characterId=ada)) is None


def test_the_lines_of_a_script_have_their_characters_dictionaries(
    queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    mine, gone = a_dictionary(uid), a_dictionary(uid)
    cast = [
        new_character(db, uid, name, config=Config(dictionary_id=dictionary))
        for name, dictionary in (("Ada", mine.id), ("Ben", gone.id), ("Eve", None))
    ]
    services().dictionary_service.delete(uid, gone.id)
    scripts = app_for("scripts").test_client()
    body = {
        "selectedCharacters": cast,
        "dialogue": [{"speaker": each, "text": "Ada?"} for each in cast],
    }
    made = scripts.post("/api/scripts", json=body, headers=headers).json["data"]["script"]
    path = f"/api/scripts/{made['id']}/generate-audio"
    job = scripts.post(path, json={}, headers=headers)
    assert job.status_code == 202, job.text
    performers = given_to(db, job.json["data"]["job"]["jobId"])["performers"]
    assert [performers[each]["dictionarySha256"] for each in cast] == [mine.sha256, None, None]


def test_characters_get_and_lose_a_dictionary(emulators: object, db: Database) -> None:
    client = app_for("characters").test_client()
    uid, headers = signed_in(db)
    ref, german = a_dictionary(uid), a_dictionary(uid, "de")
    strangers = a_dictionary(signed_in(db)[0])

    def create(**fields: Any) -> Any:
        form = multipart(displayName="Ada", consent=CONSENT, audioFile=SOUND, **fields)
        return client.post("/api/characters/complete", headers=headers, **form)

    assert code(create(dictionaryId=strangers.id)) == (404, "dictionary_not_found")
    assert code(create(dictionaryId=german.id)) == (422, "dictionary_language")
    made = create(dictionaryId=ref.id).json["data"]["character"]
    assert made["config"]["dictionaryId"] == ref.id
    path = f"/api/characters/{made['id']}"

    def update(**fields: Any) -> Any:
        return client.put(path, headers=headers, **multipart(**fields))

    assert code(update(dictionaryId=strangers.id)) == (404, "dictionary_not_found")
    assert code(update(dictionaryId=german.id)) == (422, "dictionary_language")
    kept = update(speed="1.5", dictionaryId="").json["data"]["character"]["config"]
    assert (kept["speed"], kept["dictionaryId"]) == (1.5, ref.id)
    moved = update(language="de", dictionaryId=german.id).json["data"]["character"]
    assert moved["config"]["dictionaryId"] == german.id
    # Others do not learn it.
    update(visibility="unlisted")
    seen = client.get(path, headers=signed_in(db)[1]).json["data"]["character"]
    assert seen["config"]["dictionaryId"] is None
    assert update(dictionaryId="none").json["data"]["character"]["config"]["dictionaryId"] is None


def test_a_deleted_dictionary_ends_the_work_that_needs_it(emulators: object, db: Database) -> None:
    uid, _ = signed_in(db)
    ref = a_dictionary(uid)
    loaded = services().dictionaries.load(ref)
    assert services().dictionaries.load(ref) is loaded
    services().dictionary_service.delete(uid, ref.id)
    with pytest.raises(SpeechError) as error:
        services().dictionaries.load(ref)
    assert (error.value.code, error.value.retryable) == ("dictionary_missing", False)


def test_few_dictionaries_are_kept_in_memory(emulators: object, db: Database) -> None:
    uid, _ = signed_in(db)
    refs = [a_dictionary(uid, alias=f"a{number}") for number in range(9)]
    first = services().dictionaries.load(refs[0])
    for ref in refs:
        assert services().dictionaries.load(ref).sha256 == ref.sha256
    assert services().dictionaries.load(refs[0]) is not first
