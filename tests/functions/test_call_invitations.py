"""People are invited to calls: each message is sent once, and its state is true."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.messengers import TOKEN, USER, FakeMessenger, http_service, smtp_service
from tests.support.calls import Desk, a_call, license_of
from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.factories import HeldQueue, test_settings
from tests.support.rooms import ask
from tests.support.wiring import deliver, rewired, services
from troupe.adapters.firestore import Create, Database, Document, Update, now
from troupe.calls.after_calls import after_call_writes
from troupe.calls.invitation_lifecycle import erase_of_call
from troupe.calls.invitation_records import AFTER_CALLS, INVITATIONS, CallInvitation
from troupe.calls.invitations import invitation_path, mark_joined
from troupe.calls.records import Access, Call, Invitee
from troupe.calls.writes import access_path, call_path
from troupe.companies.writes import company_path
from troupe.jobs.errors import TryAgain
from troupe.messengers.engines import gateway
from troupe.messengers.messenger import Message, MessageError, unavailable

APP = "https://app.example.com"


@pytest.fixture
def queue() -> HeldQueue:
    return HeldQueue()


@pytest.fixture
def phones(emulators: object, queue: HeldQueue) -> Iterator[FakeMessenger]:
    """The gateway that sends text messages."""
    with http_service("http") as fake, rewired(settings=configured(fake), queue=queue):
        yield fake


def configured(fake: FakeMessenger, **more: Any) -> Any:
    return test_settings(SMS="http", SMS_URL=fake.url, SMS_TOKEN=TOKEN, APP_URL=APP, **more)


AFTER_BY_TEXT = {"enabled": True, "channel": "sms", "text": "Thanks! {review link}"}


def a_number() -> str:
    return f"+4790{secrets.randbelow(10**6):06}"


@dataclass(frozen=True)
class Meeting:
    """A call of a company; its owner hosts it."""

    db: Database
    firm: Firm
    id: str

    @property
    def host(self) -> Person:
        return self.firm.owner

    @property
    def record(self) -> Call:
        return Call.of(self.db.get(call_path(self.id)))

    def ask(self, person: Person | None, method: str = "POST", **given: Any) -> Any:
        path = f"/api/videocalls/{self.id}/invitations"
        return ask(person, method, path, function="calls", **given)

    def invite(self, **body: Any) -> Any:
        """The `data` of the answer."""
        answer = self.ask(self.host, json=body)
        assert answer.status_code == 202, answer.text
        return answer.json["data"]

    def refused(self, person: Person | None = None, **body: Any) -> tuple[int, str, Any]:
        answer = self.ask(person or self.host, json=body)
        error = answer.json["error"]
        return answer.status_code, error["code"], error.get("details")

    def listed(self) -> list[Any]:
        answer = self.ask(self.host, "GET")
        assert answer.status_code == 200, answer.text
        return list(answer.json["data"]["invitations"])

    def states(self) -> list[tuple[str, str | None]]:
        return [(each["state"], each["error"]) for each in self.listed()]

    def end(self, status: str = "ended") -> None:
        self.db.commit(Update(call_path(self.id), {"status": status}))


def a_meeting(db: Database, firm: Firm | None = None, **fields: Any) -> Meeting:
    firm, at = firm or a_firm(db), now()
    call = Call(
        id=secrets.token_hex(16),
        company_id=firm.id,
        host_uid=firm.owner.uid,
        creator_uid=firm.owner.uid,
        number=1,
        code=secrets.token_hex(5).upper(),
        title="Your new router",
        room_id=secrets.token_hex(16),
        created_at=at,
        updated_at=at,
        **fields,
    )
    db.commit(Create(call_path(call.id), call.stored()))
    return Meeting(db, firm, call.id)


def token_in(link: str) -> str:
    found = re.search(r"invitation=([\w-]+)", link)
    assert found is not None
    return found[1]


def stored(db: Database, link: str) -> CallInvitation:
    return CallInvitation.of(db.get(invitation_path(token_in(link))))


def enters(meeting: Meeting, person: Person, role: Any = "participant") -> None:
    entry = Access(
        id=person.uid,
        uid=person.uid,
        call_id=meeting.id,
        company_id=meeting.firm.id,
        role=role,
        updated_at=now(),
    )
    meeting.db.commit(Create(access_path(meeting.id, person.uid), entry.stored()))


# Who may


def test_only_the_companys_people_invite(db: Database, phones: FakeMessenger) -> None:
    meeting, body = a_meeting(db), {"phone": a_number()}
    colleague, guest = meeting.firm.join(), a_person(db, guest=True)
    strangers = [a_person(db), a_firm(db).owner, a_person(db, "admin"), guest]
    for stranger in strangers:
        assert meeting.refused(stranger, **body)[:2] == (404, "call_not_found")
    assert meeting.refused(colleague, **body)[:2] == (403, "forbidden")
    assert meeting.ask(None, json=body).status_code == 401
    for person in (colleague, guest):
        enters(meeting, person, "guest" if person is guest else "participant")
    assert meeting.refused(guest, **body)[:2] == (403, "call_invites_not_allowed")
    assert meeting.ask(colleague, json=body).status_code == 202
    assert meeting.ask(meeting.firm.join("admin"), json=body).status_code == 202
    seen = [meeting.ask(each, "GET").status_code for each in (colleague, guest, strangers[1])]
    assert seen == [403, 404, 404]  # numbers and addresses are the company's
    assert meeting.ask(meeting.host, "GET").json["meta"]["total"] == 2


def test_a_call_that_is_over_takes_nobody(db: Database, phones: FakeMessenger) -> None:
    meeting = a_meeting(db)
    meeting.end("cancelled")
    refused = meeting.refused(phone=a_number())
    assert refused == (409, "call_ended", {"status": "cancelled"})


# What is sent


def test_a_customer_gets_one_message_with_a_link_of_their_own(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting, number = a_meeting(db), a_number()
    note = "We look at it together. 10.30 is fine."
    data = meeting.invite(phone=number, name="Kari", language="nb-NO", message=note)
    assert (data["invitation"]["state"], data["invitation"]["channel"]) == ("queued", "sms")
    assert queue.names == ["relay"]
    deliver(queue)
    (taken,) = phones.taken
    assert taken.to == number
    assert taken.text == (
        f"Fjord Telecom inviterer deg til en samtale: {APP}{data['joinUrl']}\n{note}"
    )
    (shown,) = meeting.listed()
    assert shown == data["invitation"] | {"state": "sent", "sentAt": shown["sentAt"]}
    assert (shown["phone"], shown["name"]) == (number, "Kari")
    assert meeting.record.invitees == [
        Invitee(id=shown["id"], name="Kari", phone=number, language="nb-NO", state="queued")
    ]
    call = ask(meeting.host, "GET", f"/api/videocalls/{meeting.id}", function="calls")
    assert [each["state"] for each in call.json["data"]["call"]["guests"]] == ["sent"]
    token = token_in(data["joinUrl"])
    kept = [each.data for each in db.find("jobs", where=[("uid", "==", meeting.host.uid)], limit=9)]
    kept += [db.get(invitation_path(token)).data, db.get(call_path(meeting.id)).data]
    assert token not in str(kept) and number not in str(kept[0])


def test_a_customer_without_a_number_gets_a_mail(db: Database, queue: HeldQueue) -> None:
    with smtp_service(None) as fake:
        url = fake.url.replace(f"{USER}:{TOKEN}@", "")
        settings = test_settings(MAIL="smtp", SMTP_URL=url, MAIL_SENDER="a@b.no", APP_URL=APP)
        with rewired(settings=settings, queue=queue):
            meeting = a_meeting(db)
            data = meeting.invite(phone=a_number(), email="Kari@Example.com")
            deliver(queue)
            assert meeting.states() == [("sent", None)]
    (taken,) = fake.taken
    subject = "Fjord Telecom invites you to a call"
    assert (taken.to, taken.subject) == ("kari@example.com", subject)
    assert taken.text == f"{subject}: {APP}{data['joinUrl']}"


def test_a_second_delivery_and_two_at_once_send_one_message(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting = a_meeting(db)
    data = meeting.invite(phone=a_number())
    task = queue.tasks[0][0]
    deliver(queue)
    services().runner.run(task["jobId"], None, task["uid"])
    assert len(phones.taken) == 1
    second = stored(db, meeting.invite(phone=a_number())["joinUrl"])
    together = threading.Barrier(2)

    def deliver_one(_: int) -> str:
        together.wait()
        try:
            return services().call_messages.send(second.id)
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(deliver_one, range(2)))
    assert len(phones.taken) == 2
    assert stored(db, data["joinUrl"]).delivery == "sent"
    assert db.get(f"{INVITATIONS}/{second.id}").data["delivery"] == "sent"


def test_a_worker_that_died_may_have_sent_it(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    """The fence is in the document, so neither the next delivery nor the sweep sends it again."""

    class Dies:
        name = "dies"

        def send(self, message: Message) -> str:
            raise RuntimeError("killed")

        def close(self) -> None: ...

    meeting = a_meeting(db)
    data = meeting.invite(phone=a_number())
    (task,) = queue.take()
    with rewired(text_messenger=Dies()), pytest.raises(TryAgain):
        services().runner.run(task["jobId"], None, task["uid"])
    assert stored(db, data["joinUrl"]).delivery == "sending"
    assert meeting.states() == [("queued", None)]
    services().runner.run(task["jobId"], None, task["uid"])
    assert meeting.states() == [("failed", "delivery_unknown")]
    assert phones.attempts == 0


@pytest.mark.parametrize(
    ("step", "code", "taken"),
    [
        ("nobody", "invalid_recipient", 0),
        ("no-access", "messenger_auth_failed", 0),
        ("cut", "delivery_unknown", 1),
    ],
)
def test_what_has_failed_says_why_and_is_not_tried_again(
    db: Database, phones: FakeMessenger, queue: HeldQueue, step: str, code: str, taken: int
) -> None:
    meeting = a_meeting(db)
    phones.script(step)
    data = meeting.invite(phone=a_number())
    deliver(queue)
    assert meeting.states() == [("failed", code)]
    assert services().call_messages.send(data["invitation"]["id"]) == ""
    assert (len(phones.taken), phones.attempts) == (taken, 1)
    assert stored(db, data["joinUrl"]).text is None


def test_a_service_that_is_busy_gets_it_later(
    db: Database, phones: FakeMessenger, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.messengers.engines.http._WAITS", ())
    meeting = a_meeting(db)
    meeting.invite(phone=a_number())
    phones.script("busy")
    (task,) = queue.take()
    with pytest.raises(TryAgain):
        services().runner.run(task["jobId"], None, task["uid"])
    assert meeting.states() == [("queued", None)]
    services().runner.run(task["jobId"], None, task["uid"])
    assert meeting.states() == [("sent", None)]
    assert len(phones.taken) == 1


def test_a_message_that_was_given_up_is_not_sent_later(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    """Its text is gone by then."""

    class GivesUp:
        name = "gives up"

        def send(self, message: Message) -> str:
            old = now() - timedelta(hours=2)
            path = f"{INVITATIONS}/{message.id}"
            db.commit(Update(path, {"createdAt": old, "dueAt": old}))
            services().chores["call_messages"](100)
            raise unavailable()

        def close(self) -> None: ...

    meeting = a_meeting(db)
    data = meeting.invite(phone=a_number())
    (task,) = queue.take()
    with rewired(text_messenger=GivesUp()), pytest.raises(TryAgain):
        services().runner.run(task["jobId"], None, task["uid"])
    assert meeting.states() == [("failed", "delivery_unknown")]
    path = f"{INVITATIONS}/{data['invitation']['id']}"
    db.commit(Update(path, {"delivery": "queued"}))  # whatever else may do this
    with pytest.raises(MessageError):
        services().call_messages.send(data["invitation"]["id"])
    assert meeting.states() == [("failed", "not_sent")]
    assert phones.attempts == 0


def test_a_lost_job_is_started_by_the_sweep(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    """A crash between the commit of the invitation and that of its job."""
    meeting, at = a_meeting(db), now()
    plan = services().call_invitations.plan(
        meeting.host.caller, meeting.firm.record, [Invitee(id="", phone=a_number())]
    )
    db.commit(*plan.writes(meeting.record, at))
    sweep = services().chores["call_messages"]
    sweep(100)
    assert queue.tasks == []  # not yet due
    (invited,) = plan.invited(meeting.record, at)
    path = f"{INVITATIONS}/{invited.invitation.id}"
    db.commit(Update(path, {"dueAt": at - timedelta(minutes=1)}))
    sweep(100)
    deliver(queue)
    assert len(phones.taken) == 1 and APP + invited.link in phones.taken[0].text
    sweep(100)
    deliver(queue)
    assert len(phones.taken) == 1
    assert db.get(path).data["dueAt"] is None


def test_an_invitation_to_a_cancelled_call_stays_here(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting = a_meeting(db)
    meeting.invite(phone=a_number())
    meeting.end("cancelled")
    deliver(queue)
    assert meeting.states() == [("failed", "call_over")]
    assert phones.attempts == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "suspended"}, "company_suspended"),
        ({"status": "closed"}, "company_suspended"),
        ({"deletedAt": now()}, "company_not_found"),
    ],
)
def test_a_suspended_company_sends_nothing(
    db: Database, phones: FakeMessenger, queue: HeldQueue, fields: Any, code: str
) -> None:
    meeting = a_meeting(db)
    meeting.invite(phone=a_number())
    db.commit(Update(company_path(meeting.firm.id), fields))
    assert meeting.refused(phone=a_number())[1] == code
    deliver(queue)
    assert meeting.states() == [("failed", code)]
    assert phones.attempts == 0


def test_a_repeated_request_invites_once(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting, headers = a_meeting(db), {"Idempotency-Key": secrets.token_hex(8)}
    body = {"phone": a_number()}
    first, second = (
        meeting.ask(meeting.host, json=body, headers=headers).json["data"] for _ in range(2)
    )
    assert first["joinUrl"] == second["joinUrl"]
    deliver(queue)
    assert len(phones.taken) == 1
    other = meeting.ask(meeting.host, json={"phone": a_number()}, headers=headers)
    assert (other.status_code, other.json["error"]["code"]) == (409, "idempotency_key_reused")
    assert len(meeting.listed()) == 1


# What is not sent


def test_without_a_service_the_link_is_answered(db: Database) -> None:
    meeting = a_meeting(db)
    details = {"joinUrl": f"/call.html#{meeting.record.code}"}
    assert meeting.refused(phone=a_number()) == (503, "sms_not_configured", details)
    assert meeting.refused(email="k@example.com") == (503, "mail_not_configured", details)
    assert meeting.listed() == [] and meeting.record.invitees == []
    plan = services().call_invitations.plan(
        meeting.host.caller, meeting.firm.record, [Invitee(id="", phone=a_number())]
    )
    (invited,) = plan.invited(meeting.record, now())
    assert (invited.invitation.state, invited.invitation.error) == ("failed", "sms_not_configured")
    assert token_in(invited.link) == invited.token


@pytest.mark.parametrize("number", ["+19005550123", "+4782012345", "+97912345678"])
def test_dear_numbers_get_nothing(db: Database, phones: FakeMessenger, number: str) -> None:
    assert a_meeting(db).refused(phone=number)[:2] == (422, "number_not_reachable")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": "90000001"},
        {"phone": "+47 900"},
        {"phone": "+4790000001", "userId": "u"},
        {"phone": "+4790000001", "message": "Look at https://evil.example"},
        {"phone": "+4790000001", "message": "evil.example is where you pay"},
        {"phone": "+4790000001", "message": "x" * 161},
        {"phone": "+4790000001", "name": "two\nlines"},
        {"email": "no address"},
    ],
)
def test_a_bad_request_is_refused(db: Database, phones: FakeMessenger, body: Any) -> None:
    assert a_meeting(db).refused(**body)[:2] == (422, "invalid_input")


def test_a_number_gets_three_messages_a_day(db: Database, phones: FakeMessenger) -> None:
    first, second, number = a_meeting(db), a_meeting(db), a_number()
    for meeting in (first, second, first):  # whoever sends them
        meeting.invite(phone=number)
    status, code, details = second.refused(phone=number)
    assert (status, code) == (429, "too_many_messages_to_one")
    assert details == {"joinUrl": f"/call.html#{second.record.code}"}
    second.invite(phone=a_number())


def test_members_and_companies_have_limits(db: Database, phones: FakeMessenger) -> None:
    limits = {"CALL_INVITE_LIMIT": "2/86400, 0", "CALL_MESSAGES_LIMIT": "3/86400, 0"}
    with rewired(settings=configured(phones, **limits)):
        meeting = a_meeting(db)
        for _ in range(2):
            came = meeting.invite(phone=a_number())["joinUrl"]
        assert meeting.refused(phone=a_number())[:2] == (429, "too_many_requests")
        other = meeting.firm.join("admin")
        for expected in (202, 429):
            answer = meeting.ask(other, json={"phone": a_number()})
            assert answer.status_code == expected
        path = invitation_path(token_in(came))
        db.commit(
            Update(company_path(meeting.firm.id), {"settings.afterCall": AFTER_BY_TEXT}),
            *mark_joined(db.get(path), meeting.id, now()),
        )
        after(meeting)
        made = db.find(INVITATIONS, where=[("callId", "==", meeting.id)], limit=9)
        assert {each.data["kind"] for each in made} == {"invitation"}


def test_a_call_has_at_most_twenty_invitees(db: Database, phones: FakeMessenger) -> None:
    number = a_number()
    many = [Invitee(id=str(n), phone=f"+47410000{n:02}") for n in range(19)]
    meeting = a_meeting(db, invitees=many)
    meeting.invite(phone=number)
    meeting.invite(phone=number)  # the same person again
    assert len(meeting.record.invitees) == 20
    assert meeting.refused(phone=a_number())[:2] == (409, "too_many_invitees")


# STOP


def replied(number: str, text: str, token: str = TOKEN) -> int:
    body = json.dumps({"from": number, "text": text}).encode()
    at = int(time.time())
    signature = f"t={at},v1={gateway.signed(token, at, body)}"
    headers = {"X-Troupe-Signature": signature, "Content-Type": "application/json"}
    return int(client("calls").post("/api/calls/sms", data=body, headers=headers).status_code)


def test_stop_ends_all_messages_to_a_number(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting, number = a_meeting(db), a_number()
    meeting.invite(phone=number)
    assert replied(number, "STOP", token="x" * 32) == 400
    assert replied(number, "Hello?") == 200
    assert replied(number, " Stop. ") == 200
    deliver(queue)  # between the request and its message
    assert meeting.states() == [("failed", "recipient_opted_out")]
    details = {"joinUrl": f"/call.html#{meeting.record.code}"}
    assert meeting.refused(phone=number) == (409, "recipient_opted_out", details)
    other = a_meeting(db)
    assert other.refused(phone=number)[:2] == (409, "recipient_opted_out")
    assert phones.attempts == 0
    assert replied(number, "START") == 200
    other.invite(phone=number)
    deliver(queue)
    assert [each.to for each in phones.taken] == [number]


def test_without_a_service_there_are_no_replies(db: Database) -> None:
    assert replied(a_number(), "STOP") == 400


# Colleagues


def test_a_colleague_is_notified(db: Database, phones: FakeMessenger) -> None:
    meeting = a_meeting(db)
    colleague = meeting.firm.join()
    data = meeting.invite(userId=colleague.uid)
    assert (data["invitation"]["channel"], data["invitation"]["state"]) == ("notification", "sent")
    (told,) = colleague.data("GET", "/api/notifications")["notifications"]
    assert (told["type"], told["link"]) == ("call_invited", f"/api/videocalls/{meeting.id}")
    assert told["body"] == "Ada of Fjord Telecom invites you to the call Your new router."
    assert phones.attempts == 0
    for stranger in (a_person(db).uid, a_firm(db).owner.uid, "nobody"):
        assert meeting.refused(userId=stranger)[:2] == (422, "invitee_not_found")
    quiet = {"preferences": {"call_invited": {"inApp": False}}}
    colleague.data("PUT", "/api/notifications/preferences", json=quiet)
    again = meeting.invite(userId=colleague.uid)["invitation"]
    assert (again["state"], again["error"]) == ("failed", "notifications_muted")
    assert len(meeting.record.invitees) == 1


# Opened, joined, and after the call


def test_an_invitation_says_whether_it_was_opened_and_used(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting, other = a_meeting(db), a_meeting(db)
    link = meeting.invite(phone=a_number(), name="Kari")["joinUrl"]
    token, service = token_in(link), services().call_invitations
    assert service.opened(other.id, token) is None
    assert service.opened(meeting.id, "wrong") is service.opened(meeting.id, None) is None
    assert meeting.states() == [("queued", None)]
    found = service.opened(meeting.id, token)
    assert found is not None and found.name == "Kari"
    assert meeting.states() == [("opened", None)]
    deliver(queue)  # a phone can be faster than our record of it
    assert meeting.states() == [("opened", None)]
    document = db.get(invitation_path(token))
    assert mark_joined(document, other.id, now()) == []
    assert mark_joined(db.get(invitation_path("wrong")), meeting.id, now()) == []
    call = Desk(db, meeting.id, meeting.record.code, meeting.firm, meeting.host)
    license_of(meeting.firm, meeting.host)
    host = call.enter(meeting.host)
    call.data(meeting.host, "PUT", json={"lobby": True})
    guest = call.guest(invitation=token)
    assert meeting.states() == [("opened", None)]  # they wait in the lobby
    host.moderate(guest, "admit")
    assert meeting.states() == [("joined", None)]
    assert mark_joined(db.get(invitation_path(token)), meeting.id, now()) == []


def after(meeting: Meeting) -> None:
    meeting.end()
    db = meeting.db
    db.commit(*after_call_writes(meeting.record, meeting.firm.record, now()))
    for _ in range(2):
        services().chores["after_calls"](100)


def test_guests_who_came_get_one_message_after_the_call(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting, number = a_meeting(db), a_number()
    came = meeting.invite(phone=number)["joinUrl"]
    meeting.invite(phone=a_number())  # did not come
    deliver(queue)
    # Invited with the call itself, with a link to pass on in another way.
    plan = services().call_invitations.plan(
        meeting.host.caller, meeting.firm.record, [Invitee(id="", phone="+4782012345")]
    )
    db.commit(*plan.writes(meeting.record, now()))
    (dear,) = plan.invited(meeting.record, now())
    for token in (token_in(came), dear.token):
        db.commit(*mark_joined(db.get(invitation_path(token)), meeting.id, now()))
    after(meeting)
    assert queue.tasks == []  # it is off
    path = f"{meeting.firm.path}/settings"
    linked = {**AFTER_BY_TEXT, "text": "Pay at evil.example {reviewLink}"}
    refused = meeting.host.ask("PUT", path, json={"settings": {"afterCall": linked}})
    assert refused.status_code == 422
    meeting.host.data("PUT", path, json={"settings": {"afterCall": AFTER_BY_TEXT}})
    after(meeting)
    deliver(queue)
    assert phones.attempts == len(phones.taken) == 3
    assert phones.taken[2].to == number
    assert phones.taken[2].text == f"Thanks! {APP}/call.html?review=1#{meeting.record.code}"
    after(meeting)
    deliver(queue)
    assert len(phones.taken) == 3
    assert len(meeting.listed()) == 3
    assert not db.get(f"{AFTER_CALLS}/{meeting.id}").exists


# With the calls themselves


def test_people_are_invited_with_a_new_call_come_and_are_told_afterwards(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    firm, number, key = a_firm(db), a_number(), {"Idempotency-Key": secrets.token_hex(8)}
    license_of(firm, firm.owner)
    firm.owner.data(
        "PUT",
        f"{firm.path}/settings",
        json={"settings": {"afterCall": {"enabled": True, "channel": "sms"}}},
    )
    people = [
        {"name": "Kari", "phone": number},
        {"name": "Ola", "email": "ola@example.com"},  # and mails are off
        {"name": "Nils"},
        {"userId": firm.join().uid},
    ]
    body = {"companyId": firm.id, "invitees": people}
    first, second = (
        ask(firm.owner, "POST", "/api/videocalls", "calls", json=body, headers=key).json["data"]
        for _ in range(2)
    )
    assert first["invitations"] == second["invitations"]
    made = [(each["name"], each["state"], each["error"]) for each in first["invitations"]]
    assert made == [
        ("Kari", "queued", None),
        ("Ola", "failed", "mail_not_configured"),
        ("", "sent", None),
    ]
    call = Desk(db, first["call"]["id"], first["code"], firm, firm.owner)
    deliver(queue)
    assert [each.to for each in phones.taken] == [number]
    assert phones.taken[0].text.endswith(APP + first["invitations"][0]["joinUrl"])
    token = token_in(first["invitations"][0]["joinUrl"])
    looked = ask(None, "GET", f"/api/calls/join/{call.code}?invitation={token}", "calls")
    assert looked.json["data"]["guestName"] == "Kari"
    assert number not in looked.text
    host = call.enter(firm.owner)
    guest = call.guest(invitation=token)
    call.guest(invitation="made-up")  # keeps nobody out
    states = [each["state"] for each in call.data(firm.owner, "GET")["call"]["guests"]]
    assert states == ["joined", "failed", "new", "sent"]
    for tab in (host, guest):
        tab.beat(connection="connected")
    assert call.end().status_code == 200
    services().chores["after_calls"](100)
    deliver(queue)
    assert [each.to for each in phones.taken] == [number, number]
    assert phones.taken[1].text.startswith("Thank you for your call with Fjord Telecom.")
    services().call_endings.erase(call.id)
    where = [("callId", "==", call.id)]
    assert db.find(INVITATIONS, where=where, limit=9) == []


def test_who_was_expected_in_a_call_that_nobody_came_to_is_told(
    db: Database, phones: FakeMessenger
) -> None:
    firm, stranger = a_firm(db), a_person(db)
    colleague = firm.join()
    invitees = [{"userId": each.uid} for each in (colleague, stranger)]
    call = a_call(db, firm, invitees=invitees)
    call.data(firm.owner, "PUT", "/start")
    call.due()
    for person, expected in ((firm.owner, 1), (colleague, 2)):
        told = person.data("GET", "/api/notifications")["notifications"]
        assert told[0]["type"] == "call_missed" and len(told) == expected
    assert stranger.uid in {each.uid for each in call.record.invitees}
    assert stranger.data("GET", "/api/notifications")["notifications"] == []


# What is left


def test_numbers_and_addresses_go_with_the_call_and_the_account(
    db: Database, phones: FakeMessenger, queue: HeldQueue
) -> None:
    meeting, number = a_meeting(db), a_number()
    colleague = meeting.firm.join()
    meeting.invite(phone=number)
    deliver(queue)
    meeting.invite(userId=colleague.uid)
    (exported,) = services().exporters["call_invitations"](colleague.uid)
    assert isinstance(exported, Document) and exported.data["uid"] == colleague.uid
    eraser = services().erasers["call_invitations"]
    assert (eraser(colleague.uid, 10), eraser(colleague.uid, 10)) == (1, 0)
    assert (eraser(meeting.host.uid, 10), eraser(meeting.host.uid, 10)) == (1, 0)
    (left,) = meeting.listed()
    assert (left["phone"], left["invitedBy"]) == (number, None)
    assert erase_of_call(db, meeting.id) == 1
    where = [("callId", "==", meeting.id)]
    assert db.find(INVITATIONS, where=where, limit=9) == []
