"""Consents of fixed wording: what is accepted and recorded, and what revoking one ends."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.characters import CONSENT, OTHER_SOUND, SOUND, activities, caller
from tests.support.factories import HeldQueue, code, signed_in
from tests.support.scripts import CloningEngine
from tests.support.wiring import app_for, deliver, rewired
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.characters.records import Character
from troupe.characters.wording import STATEMENT, VERSION
from troupe.settings import settings

CREATE = "/api/characters/complete"
FULL = {
    "statement": STATEMENT,
    "version": VERSION,
    "speaker": "Grace Hopper",
    "relationship": "authorised",
    "purposes": ["own_use"],
}


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("characters").test_client()


def sent(
    client: FlaskClient, headers: dict[str, str], consent: Any, path: str = "", **fields: Any
) -> Any:
    form = {"displayName": "Ada", "audioFile": (io.BytesIO(SOUND), "a.wav"), **fields}
    if consent is not None:
        form["consent"] = consent if isinstance(consent, str) else json.dumps(consent)
    form = {name: value for name, value in form.items() if value is not None}
    address = {"REMOTE_ADDR": "203.0.113.9"}
    method = "PUT" if path else "POST"
    return client.open(
        path or CREATE, method=method, data=form, headers=headers, environ_base=address
    )


def made(
    client: FlaskClient, headers: dict[str, str], consent: Any = CONSENT, **fields: Any
) -> Any:
    answer = sent(client, headers, consent, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]["character"]


def stored(db: Database, character_id: str) -> Character:
    return Character.of(db.get(f"characters/{character_id}"))


def test_the_statement_alone_is_the_owners_own_consent(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    spaced = f"  {STATEMENT.replace(' ', chr(10), 3)} "
    for consent in (STATEMENT, spaced):
        character = made(client, headers, consent)
        found = character["consent"]
        record = stored(db, character["id"])
        assert record.consent is not None
        assert record.sample is not None
        assert found == {
            "statement": STATEMENT,
            "version": VERSION,
            "speaker": "Ada",
            "relationship": "self",
            "purposes": ["own_use", "use_by_others"],
            "at": found["at"],
            "sampleSha256": record.sample.sha256,
            "revokedAt": None,
        }
        assert character["allowUse"] is True


def test_a_full_consent_is_recorded_with_a_hash_of_the_address(
    client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    character = made(client, headers, FULL)
    assert {name: character["consent"][name] for name in FULL} == FULL
    assert character["allowUse"] is False
    consents = [stored(db, each["id"]).consent for each in (character, made(client, headers))]
    hashes = {each.address_hash for each in consents if each}
    (address,) = hashes  # the same address, the same hash
    assert address is not None
    assert len(address) == 40
    assert "203.0.113.9" not in str(db.get(f"characters/{character['id']}").data)
    other = settings().model_copy(update={"jwt_secret": "another secret" * 4})
    with rewired(settings=other):
        consent = stored(db, made(client, signed_in(db)[1])["id"]).consent
    assert consent is not None
    assert consent.address_hash not in hashes


@pytest.mark.parametrize(
    "consent",
    [
        None,
        " ",
        "x",
        STATEMENT + " Not.",
        FULL | {"statement": "Yes."},
        FULL | {"version": "0"},
    ],
    ids=["none", "blank", "x", "longer", "another text", "another version"],
)
def test_another_wording_is_refused_and_the_right_one_offered(
    client: FlaskClient, db: Database, consent: Any
) -> None:
    _, headers = signed_in(db)
    refused = sent(client, headers, consent)
    assert code(refused) == (422, "consent_required")
    offer = refused.json["error"]["details"]
    assert offer == {
        "field": "consent",
        "statement": STATEMENT,
        "version": VERSION,
        "relationships": ["self", "authorised", "guardian"],
        "purposes": ["own_use", "use_by_others"],
    }
    # What it offers is accepted.
    good = {name: offer[name] for name in ("statement", "version", "purposes")}
    good |= {"speaker": "Ada", "relationship": offer["relationships"][0]}
    assert sent(client, headers, good).status_code == 201


@pytest.mark.parametrize(
    ("consent", "field"),
    [
        ("{", "consent"),
        ("{" * 300, "consent"),
        ('{"statement": "\\ud800"}', "consent"),
        ({"statement": STATEMENT}, "consent.version"),
        (FULL | {"speaker": ""}, "consent.speaker"),
        (FULL | {"speaker": "x" * 121}, "consent.speaker"),
        (FULL | {"relationship": "friend"}, "consent.relationship"),
        (FULL | {"purposes": []}, "consent.purposes"),
        (FULL | {"purposes": ["use_by_others"]}, "consent.purposes"),
        (FULL | {"purposes": ["own_use"] * 11}, "consent.purposes"),
        (FULL | {"purposes": ["own_use", "war"]}, "consent.purposes.1"),
    ],
    ids=str,
)
def test_a_malformed_consent_names_the_field(
    client: FlaskClient, db: Database, consent: Any, field: str
) -> None:
    refused = sent(client, signed_in(db)[1], consent)
    assert code(refused) == (422, "invalid_input")
    assert refused.json["error"]["details"]["fields"][0]["field"] == field


def test_use_by_others_needs_a_consent_for_it(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    assert code(sent(client, headers, FULL, allowUse="true")) == (422, "consent_too_narrow")
    character = made(client, headers, FULL)
    path = f"/api/characters/{character['id']}"
    allow = {"allowUse": "true"}
    assert code(
        client.put(path, data=allow, headers=headers, content_type="multipart/form-data")
    ) == (422, "consent_too_narrow")
    # A wider consent for the same sample.
    wide = {"consent": json.dumps(FULL | {"purposes": ["own_use", "use_by_others"]})}
    after = client.put(
        path, data=wide | allow, headers=headers, content_type="multipart/form-data"
    ).json["data"]["character"]
    assert (after["allowUse"], len(after["consent"]["purposes"])) == (True, 2)
    # A narrower one ends the use by others.
    narrow = {"consent": json.dumps(FULL)}
    after = client.put(path, data=narrow, headers=headers, content_type="multipart/form-data").json[
        "data"
    ]["character"]
    assert after["allowUse"] is False


def revoke(client: FlaskClient, headers: dict[str, str], character_id: str) -> Any:
    return client.post(f"/api/characters/{character_id}/consent/revoke", headers=headers)


def test_revoking_deletes_the_sample_and_ends_all_use(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    character = made(client, headers)
    path = f"/api/characters/{character['id']}"
    sample = stored(db, character["id"]).sample
    assert sample is not None
    answer = revoke(client, headers, character["id"])
    assert (answer.status_code, answer.json["message"]) == (200, "Consent revoked successfully")
    after = answer.json["data"]["character"]
    gone = {"audioFile": "", "hasAudio": False, "sampleText": "", "sampleQuality": None}
    assert {name: after[name] for name in gone} == gone
    assert (after["allowUse"], after["voiceCloned"]) == (False, False)
    assert after["consent"]["revokedAt"] == after["updatedAt"]
    assert files.list(sample.path) == []
    assert client.get(character["audioFile"]).status_code == 404
    assert activities(db, caller(uid)) == ["character_created", "character_consent_revoked"]
    # A repeat changes nothing; using it again needs a sample and a consent.
    assert revoke(client, headers, character["id"]).json["data"]["character"] == after
    allow = client.put(
        path, data={"allowUse": "true"}, headers=headers, content_type="multipart/form-data"
    )
    assert code(allow) == (422, "consent_too_narrow")
    assert code(
        client.put(
            path, data={"consent": CONSENT}, headers=headers, content_type="multipart/form-data"
        )
    ) == (
        422,
        "sample_missing",
    )
    new = {"audioFile": (io.BytesIO(OTHER_SOUND), "b.wav"), "allowUse": "true"}
    again = sent(client, headers, CONSENT, path, **new).json["data"]["character"]
    assert (again["hasAudio"], again["allowUse"]) == (True, True)
    assert again["consent"]["revokedAt"] is None


@pytest.fixture
def cloning(queue: HeldQueue, client: FlaskClient) -> Any:
    config = settings().model_copy(update={"speech_engines": ("elevenlabs",)})
    engine = CloningEngine()
    with rewired(settings=config, engines=lambda _: engine):
        yield engine


def speak(headers: dict[str, str], character_id: str, text: str = "Good evening.") -> Any:
    body = {"text": text, "language": "en", "characterId": character_id}
    voice = app_for("voice").test_client()
    answer = voice.post("/api/voice/generate", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json["data"]["generation"]


def test_queued_jobs_of_a_revoked_voice_fail_and_cost_nothing(
    client: FlaskClient, db: Database, queue: HeldQueue, cloning: CloningEngine
) -> None:
    _, ada = signed_in(db)
    uid, ben = signed_in(db)
    character = made(client, ada)["id"]
    spoken = speak(ben, character, "This is spoken while it is allowed.")
    deliver(queue)  # and its recording is now cached in this process
    assert db.get(f"jobs/{spoken['id']}").data["status"] == "completed"
    waiting = [speak(headers, character, "Too late.") for headers in (ada, ben)]
    assert all(each["voiceCloned"] for each in waiting)
    calls = cloning.calls
    revoke(client, ada, character)
    deliver(queue)
    for generation in waiting:
        job = db.get(f"jobs/{generation['id']}").data
        assert (job["status"], job["error"]["code"]) == ("failed", "reference_missing")
        assert job["error"]["retryable"] is False
    assert cloning.calls == calls
    wallet = db.get(f"wallets/{uid}").data["tokens"]
    assert (wallet["used"], wallet["held"]) == (1, 0)
    # A stock voice speaks for its owner.
    assert speak(ada, character)["voiceCloned"] is False
