"""Reports of abuse: made by users, decided by administrators."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.admins import Admin
from tests.support.factories import HeldQueue, code, new_character, signed_in
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database, Delete, Update
from troupe.adapters.storage import Files
from troupe.allowances import RateLimit
from troupe.characters.records import Character
from troupe.generations.request_schemas import GenerateVoice
from troupe.settings import settings

REASON = "This is my voice, and nobody has asked me."


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("support").test_client()


def send(client: FlaskClient, headers: dict[str, str], subject: str, **body: Any) -> Any:
    given = {"subjectKind": "character", "subjectId": subject, "reason": REASON}
    return client.post("/api/reports", json=given | body, headers=headers)


def about(admin: Admin, subject: str, **query: str) -> list[dict[str, Any]]:
    listed = admin.data("GET", "/reports", query_string={"limit": "100", **query})["reports"]
    return [each for each in listed if each["subjectId"] == subject]


def decide(admin: Admin, report_id: str, **body: Any) -> Any:
    return admin.ask("PUT", f"/reports/{report_id}", json=body)


def reported(client: FlaskClient, db: Database, admin: Admin) -> tuple[str, str, str]:
    """The owner and the id of a reported character, and the id of the report."""
    owner = signed_in(db)[0]
    character = new_character(db, owner, "Ada")
    assert send(client, signed_in(db)[1], character).status_code == 201
    return owner, character, about(admin, character)[0]["id"]


def test_a_report_reaches_the_administrators(
    client: FlaskClient, db: Database, admin: Admin
) -> None:
    owner = signed_in(db)[0]
    uid, headers = signed_in(db)
    db.commit(Update(f"users/{uid}", {"guest": True}))  # guests report as well
    character = new_character(db, owner, "Ada")
    answer = send(client, headers, character)
    assert (answer.status_code, "data" in answer.json) == (201, True)
    (report,) = about(admin, character)
    assert report == {
        "id": report["id"],
        "reporterId": uid,
        "subjectKind": "character",
        "subjectId": character,
        "subjectOwnerId": owner,
        "subjectName": "Ada",
        "reason": REASON,
        "status": "open",
        "action": None,
        "deciderId": None,
        "decidedAt": None,
        "createdAt": report["createdAt"],
    }
    assert about(admin, character, status="open") == [report]
    assert about(admin, character, status="resolved") == []


def test_a_user_can_be_reported(client: FlaskClient, db: Database, admin: Admin) -> None:
    accused, _ = signed_in(db)
    assert send(client, signed_in(db)[1], accused, subjectKind="user").status_code == 201
    (report,) = about(admin, accused)
    assert (report["subjectOwnerId"], report["subjectName"]) == (accused, "Ada")


def test_one_open_report_per_user_and_subject(
    client: FlaskClient, db: Database, admin: Admin
) -> None:
    character = new_character(db, signed_in(db)[0], "Ada")
    _, ben = signed_in(db)
    assert send(client, ben, character).status_code == 201
    assert code(send(client, ben, character, reason="Again.")) == (409, "already_reported")
    assert send(client, signed_in(db)[1], character).status_code == 201
    first = about(admin, character)[-1]
    assert first["reason"] == REASON
    assert decide(admin, first["id"], status="dismissed").status_code == 200
    assert send(client, ben, character, reason="Again.").status_code == 201
    again = {each["id"]: each for each in about(admin, character)}
    assert len(again) == 2
    assert (again[first["id"]]["status"], again[first["id"]]["reason"]) == ("open", "Again.")


def test_an_unknown_user_cannot_be_reported(client: FlaskClient, db: Database) -> None:
    missing = send(client, signed_in(db)[1], secrets.token_hex(8), subjectKind="user")
    assert code(missing) == (404, "subject_not_found")


@pytest.mark.parametrize(
    "body",
    [{"subjectKind": "room"}, {"reason": ""}, {"reason": "x" * 2001}, {"subjectId": "../x"}],
    ids=str,
)
def test_malformed_reports_are_422(client: FlaskClient, db: Database, body: dict[str, Any]) -> None:
    assert code(send(client, signed_in(db)[1], "abc", **body)) == (422, "invalid_input")


def test_reports_are_limited(client: FlaskClient, db: Database) -> None:
    limits = {"report": RateLimit.parse("2/86400, 0")}
    _, headers = signed_in(db)
    with rewired(settings=settings().model_copy(update={"limits": limits})):
        answers = [send(client, headers, secrets.token_hex(8)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]


def test_hiding_makes_a_character_private_for_good(
    client: FlaskClient, db: Database, admin: Admin
) -> None:
    owner, mine = signed_in(db)
    character = new_character(db, owner, "Ada")
    send(client, signed_in(db)[1], character)
    report_id = about(admin, character)[0]["id"]
    answer = decide(admin, report_id, status="resolved", action="hide_character")
    report = answer.json["data"]["report"]
    assert (report["status"], report["action"]) == ("resolved", "hide_character")
    assert (report["deciderId"] is None, report["decidedAt"] is None) == (False, False)
    characters = app_for("characters").test_client()
    place = f"/api/characters/{character}"
    assert characters.get(place, headers=signed_in(db)[1]).status_code == 404
    seen = characters.get(place, headers=mine).json["data"]["character"]
    assert (seen["visibility"], seen["hidden"]) == ("private", True)
    for visibility in ("public", "unlisted"):
        refused = characters.put(
            place, data={"visibility": visibility}, headers=mine, content_type="multipart/form-data"
        )
        assert code(refused) == (403, "character_hidden")
    assert (
        characters.put(
            place, data={"displayName": "Eve"}, headers=mine, content_type="multipart/form-data"
        ).status_code
        == 200
    )
    # An administrator can show it again.
    shown = characters.put(
        place,
        data={"visibility": "public"},
        headers=admin.headers,
        content_type="multipart/form-data",
    )
    assert shown.status_code == 200
    seen = characters.get(place, headers=mine).json["data"]["character"]
    assert (seen["visibility"], seen["hidden"]) == ("public", False)


def test_an_administrator_revokes_a_consent(
    client: FlaskClient, db: Database, admin: Admin, files: Files
) -> None:
    _, character, report_id = reported(client, db, admin)
    path = Character.of(db.get(f"characters/{character}")).files[0]
    files.upload(path, b"RIFF", "audio/wav")
    answer = decide(admin, report_id, status="resolved", action="revoke_consent")
    assert answer.status_code == 200, answer.text
    after = Character.of(db.get(f"characters/{character}"))
    assert (after.clonable, after.shared, after.sample) == (False, False, None)
    assert files.list(path) == []


def test_an_administrator_suspends_the_owner_whose_jobs_end(
    client: FlaskClient, db: Database, admin: Admin, queue: HeldQueue
) -> None:
    owner, _, report_id = reported(client, db, admin)
    text = GenerateVoice.model_validate({"text": "Good evening.", "language": "en-us"})
    started = services().generations.generate(owner, text.command(), None).job
    answer = decide(admin, report_id, status="resolved", action="suspend_user")
    assert answer.status_code == 200, answer.text
    assert db.get(f"users/{owner}").data["suspended"] is True
    assert db.get(f"jobs/{started.id}").data["status"] == "cancelled"


@pytest.mark.parametrize(
    ("action", "audited"),
    [
        (None, {"reports": {"status"}}),
        (
            "hide_character",
            {"reports": {"status", "action"}, "characters": {"visibility", "hiddenAt"}},
        ),
        (
            "revoke_consent",
            {
                "reports": {"status", "action"},
                "characters": {"allowUse", "consentRevokedAt", "sampleSha256"},
            },
        ),
        ("suspend_user", {"reports": {"status", "action"}, "users": {"suspended"}}),
    ],
)
def test_a_decision_is_audited_and_a_repeat_changes_nothing(
    client: FlaskClient,
    db: Database,
    admin: Admin,
    action: str | None,
    audited: dict[str, set[str]],
) -> None:
    owner, character, report_id = reported(client, db, admin)

    def entries() -> dict[str, set[str]]:
        targets = [f"reports/{report_id}", f"characters/{character}", f"users/{owner}"]
        return {
            each.target.partition("/")[0]: {*each.before, *each.after}
            for target in targets
            for each in admin.log(target)
            if each.operation == "adminUpdateReport"
        }

    body = {"status": "resolved"} | ({"action": action} if action else {})
    first = decide(admin, report_id, **body)
    assert first.status_code == 200, first.text
    made = entries()
    assert made == audited
    again = decide(admin, report_id, **body)
    assert again.json == first.json
    assert entries() == made
    assert code(decide(admin, report_id, status="dismissed")) == (409, "report_closed")


def test_decisions_that_do_not_fit_change_nothing(
    client: FlaskClient, db: Database, admin: Admin
) -> None:
    accused, _ = signed_in(db)
    send(client, signed_in(db)[1], accused, subjectKind="user")
    report_id = about(admin, accused)[0]["id"]
    for body, refused in (
        ({"status": "resolved", "action": "hide_character"}, "action_not_applicable"),
        ({"status": "resolved", "action": "revoke_consent"}, "action_not_applicable"),
        ({"status": "dismissed", "action": "suspend_user"}, "invalid_input"),
        ({"status": "open"}, "invalid_input"),
        ({}, "invalid_input"),
    ):
        assert code(decide(admin, report_id, **body)) == (422, refused)
    assert code(decide(admin, secrets.token_hex(16), status="resolved")) == (
        404,
        "report_not_found",
    )
    assert about(admin, accused)[0]["status"] == "open"


def test_an_action_on_a_deleted_character_is_404_and_leaves_the_report_open(
    client: FlaskClient, db: Database, admin: Admin
) -> None:
    _, character, report_id = reported(client, db, admin)
    db.commit(Delete(f"characters/{character}"))
    refused = decide(admin, report_id, status="resolved", action="hide_character")
    assert code(refused) == (404, "character_not_found")
    assert about(admin, character)[0]["status"] == "open"
    assert decide(admin, report_id, status="resolved").status_code == 200


def test_reports_by_and_about_a_deleted_user_are_erased(
    client: FlaskClient, db: Database, admin: Admin
) -> None:
    owner, character, _ = reported(client, db, admin)
    ben, headers = signed_in(db)
    other = new_character(db, signed_in(db)[0], "Eve")
    send(client, headers, other)
    erase = services().erasers["reports"]
    assert (erase(owner, 10), erase(owner, 10)) == (1, 0)
    assert (erase(ben, 10), erase(ben, 10)) == (1, 0)
    assert about(admin, character) == about(admin, other) == []
