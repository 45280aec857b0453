"""Administrators list and cancel anybody's jobs; a suspension ends those of its user."""

from __future__ import annotations

import pytest

from tests.support.admins import Admin, a_user
from tests.support.audits import audit_user
from tests.support.factories import HeldQueue
from tests.support.wiring import deliver, services
from troupe.adapters.firestore import Update
from troupe.generations.request_schemas import GenerateVoice

SECRET = "The password of the vault is swordfish."


def speak(uid: str, text: str = SECRET) -> str:
    request = GenerateVoice.model_validate({"text": text, "language": "en-US"})
    return services().generations.generate(uid, request.command(), None).generation.id


def listed(admin: Admin, **query: str) -> list[str]:
    return [job["jobId"] for job in admin.data("GET", "/jobs", query_string=query)["jobs"]]


def test_jobs_are_listed_with_their_owners(admin: Admin, queue: HeldQueue) -> None:
    uid = a_user(admin.db)
    first, second = speak(uid), speak(uid)
    answer = admin.ask("GET", "/jobs", query_string={"userId": uid})
    assert "swordfish" not in answer.text
    assert answer.json["meta"]["total"] == 2
    waiting, queued = answer.json["data"]["jobs"]
    assert (queued["jobId"], queued["waiting"]) == (first, False)
    assert (waiting["jobId"], waiting["waiting"]) == (second, True)
    assert waiting == {
        "jobId": second,
        "kind": "voice",
        "status": "queued",
        "waiting": True,
        "subject": f"generations/{second}",
        "userId": uid,
        "userEmail": f"{uid}@example.com",
        "progress": 0,
        "currentStep": "",
        "attempt": 0,
        "charge": {"meter": "tokens", "held": 1, "charged": None},
        "createdAt": waiting["createdAt"],
        "startedAt": None,
        "completedAt": None,
        "updatedAt": waiting["updatedAt"],
        "error": None,
    }
    deliver(queue)
    done = admin.data("GET", "/jobs", query_string={"userId": uid})["jobs"][1]
    assert (done["status"], done["progress"], done["currentStep"]) == (
        *("completed", 100, "completed"),
    )
    assert done["charge"]["charged"] == 1


def test_jobs_are_filtered_and_paged(admin: Admin, queue: HeldQueue) -> None:
    uid = a_user(admin.db)
    ids = [speak(uid) for _ in range(3)]
    services().jobs.cancel(ids[0])
    assert listed(admin, userId=uid, status="cancelled") == [ids[0]]
    assert listed(admin, userId=uid, status="queued", kind="voice") == [ids[2], ids[1]]
    assert listed(admin, userId=uid, kind="video") == []
    assert ids[2] in listed(admin, status="queued")
    assert ids[2] in listed(admin, kind="voice")
    assert ids[2] in listed(admin)
    page = admin.ask("GET", "/jobs", query_string={"userId": uid, "limit": 2}).json
    assert [job["jobId"] for job in page["data"]["jobs"]] == [ids[2], ids[1]]
    assert listed(admin, userId=uid, limit="2", cursor=page["meta"]["nextCursor"]) == [ids[0]]
    assert admin.ask("GET", "/jobs", query_string={"status": "resting"}).status_code == 422


def test_a_job_of_a_kind_that_no_longer_exists_is_listed(admin: Admin, queue: HeldQueue) -> None:
    uid = a_user(admin.db)
    job_id = speak(uid)
    admin.db.commit(Update(f"jobs/{job_id}", {"kind": "opera"}))
    (job,) = admin.data("GET", "/jobs", query_string={"userId": uid})["jobs"]
    assert (job["kind"], job["progress"], job["currentStep"]) == ("opera", 0, "")
    admin.db.commit(Update(f"jobs/{job_id}", {"kind": "voice"}))


def test_an_administrator_cancels_anybodys_job_once(admin: Admin, queue: HeldQueue) -> None:
    uid = a_user(admin.db)
    first, second = speak(uid), speak(uid)
    for _ in range(2):
        answer = admin.ask("POST", f"/jobs/{first}/cancel")
        assert (answer.status_code, answer.json["message"]) == (200, "The job is cancelled")
        job = answer.json["data"]["job"]
        assert (job["status"], job["userEmail"]) == ("cancelled", f"{uid}@example.com")
    (entry,) = admin.log(f"jobs/{first}")
    assert (entry.operation, entry.uid) == ("adminCancelJob", admin.uid)
    assert (entry.before, entry.after) == ({"status": "queued"}, {"status": "cancelled"})
    assert queue.take()[-1]["jobId"] == second, "the next job has its place"
    assert audit_user(admin.db, uid) == []


def test_an_unknown_job_is_not_found(admin: Admin) -> None:
    answer = admin.ask("POST", "/jobs/unknown/cancel")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "job_not_found")


@pytest.mark.parametrize("by", ["toggle", "update"])
def test_a_suspension_ends_the_users_jobs(admin: Admin, queue: HeldQueue, by: str) -> None:
    uid = a_user(admin.db)
    ids = [speak(uid) for _ in range(4)]
    if by == "toggle":
        admin.data("PUT", f"/users/suspension/{uid}")
    else:
        admin.data("PUT", f"/users/{uid}", json={"status": "suspended"})
    jobs = admin.data("GET", "/jobs", query_string={"userId": uid})["jobs"]
    assert {job["status"] for job in jobs} == {"cancelled"}
    assert len(jobs) == len(ids)
    assert services().wallet.balance(uid).tokens.held == 0
    deliver(queue)
    assert all(
        services().generations.get(uid, each).generation.status == "cancelled" for each in ids
    )
    assert audit_user(admin.db, uid) == []
    admin.data("PUT", f"/users/suspension/{uid}")
    again = speak(uid)
    deliver(queue)
    assert services().generations.get(uid, again).generation.status == "completed"
