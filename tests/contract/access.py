"""The access matrix: callers, the objects of one of them, and each caller's expected response."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from tests.contract.contract import policies
from tests.contract.examples import names_in, request_of
from tests.contract.operations import Operation, served
from tests.support.call_recordings import a_recorded_firm, a_tape
from tests.support.calls import a_call
from tests.support.companies import Firm, Person, a_firm
from tests.support.factories import HeldQueue, new_character, test_settings
from tests.support.media_files import sent, silent_video
from tests.support.plans import Shop
from tests.support.reviews import Held, a_past_call
from tests.support.rooms import a_room
from tests.support.scenes import Scene
from tests.support.sounds import recording
from tests.support.speeches import silence, wav
from tests.support.uploads import send
from tests.support.wiring import app_for, deliver, services
from troupe import tokens
from troupe.accounts.records import UserRecord
from troupe.accounts.sessions import open_session
from troupe.adapters.firestore import Create, Database, Update, Write, now
from troupe.adapters.storage import Files
from troupe.audit.records import Actor
from troupe.bulk.records import Action, BulkInput, Target
from troupe.call_recordings.records import RecordingFile
from troupe.call_recordings.writes import recording_prefix
from troupe.caller import Device
from troupe.calls.writes import recording_path
from troupe.dubbing.records import Dubbed, File
from troupe.dubbing.service import DubbingRequest
from troupe.generations.request_schemas import GenerateVoice
from troupe.idempotency import Asked
from troupe.notifications.records import NotificationType
from troupe.notifications.writes import notice_writes
from troupe.reports.records import SubjectKind
from troupe.scripts.backgrounds import Background, background_path, create_write
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Owner
from troupe.webhook_events import EventType
from troupe.webhooks.records import DeliveryStatus, delivery_path

SIGNED_IN = ("guest", "other", "user", "admin")
CALLERS = ("nobody", "expired", "suspended", *SIGNED_IN)
Ids = dict[str, str]


@dataclass(frozen=True)
class Caller:
    uid: str
    session_id: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """An expected response: one of `statuses` or, if empty, any status not in `never`."""

    statuses: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    code: str | None = None

    def fits(self, status: int, code: str | None) -> bool:
        if self.code is not None and code != self.code:
            return False
        return status in self.statuses if self.statuses else status not in self.never


# Past the policy. Other tests check the response to an empty body.
ADMITTED = Outcome(never=frozenset({401, 403, 500}))
FOUND = Outcome(never=frozenset({401, 403, 404, 500}))
DONE = Outcome(statuses=frozenset({200, 201, 202}))
UNKNOWN = Outcome(statuses=frozenset({401, 404}))  # may own the object, but is not signed in
HIDDEN = Outcome(statuses=frozenset({404}))
FORBIDDEN = Outcome(statuses=frozenset({403}), code="forbidden")
NOT_OWNER = Outcome(statuses=frozenset({403}), code="not_owner")
NO_KEY = Outcome(statuses=frozenset({401}), code="api_key_required")
_REFUSED = {
    "nobody": Outcome(statuses=frozenset({401}), code="unauthorized"),
    "expired": Outcome(statuses=frozenset({401}), code="token_expired"),
    "suspended": Outcome(statuses=frozenset({403}), code="account_suspended"),
}


_OF_OPERATIONS = {
    # Its invoice is at Stripe, which is switched off here.
    ("paymentInvoice", "user"): FOUND,
    # Administrators of Troupe do not hear what a company says.
    ("recordingFile", "admin"): FORBIDDEN,
    # They are signed in, but have no key.
    **{("thisKey", caller): NO_KEY for caller in ("user", "guest", "other", "admin")},
}


def expected(operation: Operation, policy: str, caller: str) -> Outcome:
    """According to the policy of the contract. Raises KeyError for a policy without a rule."""
    if policy == "public":
        return FOUND
    if policy == "optional" and caller == "nobody":
        return UNKNOWN
    if caller in _REFUSED:
        return _REFUSED[caller]
    own = _OF_OPERATIONS.get((operation.id, caller))
    if own is not None:
        return own
    if policy == "owner" and "characterId" in operation.names:
        # Characters are public, so it is no secret that one exists. Administrators can take them
        # down.
        return {"user": DONE, "admin": DONE}.get(caller, NOT_OWNER)
    mine = FOUND if operation.wants_input else DONE
    rules: dict[str, dict[str, Outcome]] = {
        "user": {"user": mine, "guest": ADMITTED, "other": ADMITTED, "admin": ADMITTED},
        "optional": {"user": mine, "guest": HIDDEN, "other": HIDDEN, "admin": HIDDEN},
        "owner": {"user": DONE, "guest": HIDDEN, "other": HIDDEN, "admin": HIDDEN},
        "self": {"user": mine, "guest": FORBIDDEN, "other": FORBIDDEN, "admin": mine},
        "admin": {"user": FORBIDDEN, "guest": FORBIDDEN, "other": FORBIDDEN, "admin": mine},
        # Administrators name the company, unless its id is in the path.
        "company": {"user": ADMITTED, "guest": HIDDEN, "other": HIDDEN, "admin": ADMITTED},
        "member": {"user": ADMITTED, "guest": HIDDEN, "other": HIDDEN, "admin": HIDDEN},
    }
    if operation.id == "getReview":  # administrators see those of a company as its managers do
        rules["member"]["admin"] = DONE
    return rules[policy][caller]


def in_order(operation: Operation, policy: str) -> list[str]:
    """The callers, with admitted ones last, because they may change or delete the object."""
    outcomes = {caller: expected(operation, policy, caller) for caller in CALLERS}
    return sorted(CALLERS, key=lambda caller: (outcomes[caller] is DONE, CALLERS.index(caller)))


class World:
    """Creates callers and objects on the emulators, new ones for each operation, because some
    operations delete their object."""

    def __init__(self, db: Database, files: Files, queue: HeldQueue) -> None:
        self._db = db
        self._files = files
        self._queue = queue
        self.makers: dict[str, Callable[[Caller], Ids]] = {
            "userId": lambda owner: {"userId": owner.uid},
            "scope": lambda owner: {"scope": f"user:{owner.uid}"},
            "sessionId": lambda owner: {"sessionId": owner.session_id},
            "generationId": self._generation,
            "characterId": lambda owner: {"characterId": new_character(db, owner.uid, "Ada")},
            "ID_OF_ANNA": self._cast,
            "ID_OF_BEN": self._cast,
            "ID_OF_A_GENERATION": self._generation,
            "scriptId": self._script,
            "jobId": self._video_job,
            "exportId": self._export,
            "bulkId": self._bulk,
            "videos/name": self._script,
            "backgrounds/name": self._background,
            "number": lambda owner: {"number": "0"},
            "fileId": self._file,
            "uploadId": self._upload,
            "transcriptionId": self._transcription,
            "dubbingId": self._dubbing,
            "static/kind/name": self._media,
            "assets/name": lambda owner: {"name": "swagger-ui.css"},
            "voiceId": lambda owner: {"voiceId": "espeak-en-us-female"},
            "view": lambda owner: {"view": "overview"},
            "model": lambda owner: {"model": "troupe"},
            "planId": lambda owner: {"planId": Shop(db).plan().id},
            "subscriptionId": self._subscription,
            "faqId": self._faq,
            "contactId": self._contact,
            "notificationId": self._notification,
            "webhookId": self._webhook,
            "deliveryId": self._webhook,
            "reportId": self._report,
            "paymentId": self._payment,
            "addonId": self._addon,
            "roomId": self._room,
            "ID_OF_A_ROOM": self._room,
            "ID_OF_A_MESSAGE": self._room,
            "ID_OF_AN_ATTENDED_CALL": self._attended_call,
            "reviewId": self._review,
            "commentId": self._comment,
            "callId": self._call,
            "ID_OF_A_CALL": self._call,
            "ID_OF_A_PARTICIPANT": self._call,
            "recordingId": self._recording,
            "ID_OF_A_RECORDING": self._recording,
        }

    def callers(self) -> dict[str, Caller]:
        """All callers with an account, in one commit. `expired` is `user` with an old token."""
        made: dict[str, Caller] = {}
        writes: list[Write] = []
        for name in (*SIGNED_IN, "suspended"):
            uid, at = secrets.token_hex(10), now()
            opened = open_session(uid, Device("pytest"), test_settings(), at)
            user = UserRecord(
                id=uid,
                name=name,
                email=f"{uid}@example.com",
                role="admin" if name == "admin" else "user",
                guest=name == "guest",
                suspended=name == "suspended",
                tokens=20,
                sessions={opened.session_id: opened.session},
                created_at=at,
                updated_at=at,
            )
            writes += [
                Create(f"users/{uid}", user.stored()),
                *opening_writes(Owner.user(uid), 20, at),
            ]
            made[name] = Caller(uid, opened.session_id, _bearer(opened.pair.access_token))
        self._db.commit(*writes)
        user_ = made["user"]
        old = tokens.encode(
            purpose="access", subject=user_.uid, ttl=-60, session_id=user_.session_id
        )
        made["expired"] = Caller(user_.uid, user_.session_id, _bearer(old))
        made["nobody"] = Caller("", "", {})
        return made

    def objects(self, operation: Operation, owner: Caller, *, of_body: bool) -> Ids:
        """Real objects of `owner` for the names in the path and, with `of_body`, in the example of
        the body. Raises KeyError for a name in the path without a maker."""
        ids: Ids = {}
        of_call = operation.function == "calls" and not operation.names & {"reviewId", "commentId"}
        if of_call or "callId" in operation.names:
            ids |= self._call(owner)
        elif operation.function in ("rooms", "captions", "live"):
            named = operation.names | {*names_in(operation.route, self.makers)}
            if named & {"roomId", "ID_OF_A_ROOM"}:
                ids |= self._room(owner)
            if operation.id == "setMember":  # what is in the example, members set for themselves
                ids["userId"] = owner.uid
        elif policies()[operation.place] in ("company", "member"):
            ids |= self._company(owner)
        for name in operation.names - ids.keys():
            ids |= self.makers[name](owner) if name in self.makers else self._created(name, owner)
        for name in names_in(operation.route, self.makers) if of_body else ():
            if name not in ids:
                ids |= self.makers[name](owner)
        return ids

    def _created(self, name: str, owner: Caller) -> Ids:
        """For `noteId`: the id of a `note` created by its own operation with its example."""
        kind = name.removesuffix("Id")
        for operation in served():
            if operation.method == "POST" and kind in operation.route.data.model_fields:
                client = app_for(operation.function).test_client()
                body = request_of(operation.route, {})
                answer = client.post(operation.path, headers=owner.headers, **body)
                return {name: answer.json["data"][kind]["id"]}
        raise KeyError(f"nothing makes a {kind}: add a maker of {name}")

    def _company(self, owner: Caller) -> Ids:
        """A company of `owner` with a member, a free license and an invitation."""
        user = UserRecord.of(self._db.get(f"users/{owner.uid}"))
        person = Person(self._db, owner.uid, owner.headers)
        firm = a_firm(self._db, owner=person) if not user.companies else None
        firm = firm or Firm(self._db, next(iter(user.companies)), person)
        member = firm.join()
        (license_id,) = firm.licenses(1)
        invitation = services().invitations.invite(person.caller, firm.id, member.uid + "@x.no")
        return {
            "companyId": firm.id,
            "userId": member.uid,
            "ID_OF_A_MEMBER": member.uid,
            "licenseId": license_id,
            "ID_OF_A_LICENSE": license_id,
            "invitationId": invitation.invitation.id,
        }

    def _generation(self, owner: Caller) -> Ids:
        request = GenerateVoice.model_validate({"text": "Good evening.", "language": "en-US"})
        made = services().generations.generate(owner.uid, request.command(), None)
        deliver(self._queue)
        return dict.fromkeys(("generationId", "ID_OF_A_GENERATION"), made.generation.id)

    def _cast(self, owner: Caller) -> Ids:
        """The two characters of the examples."""
        return {
            f"ID_OF_{name.upper()}": new_character(self._db, owner.uid, name)
            for name in ("Anna", "Ben")
        }

    def _script(self, owner: Caller) -> Ids:
        client = app_for("scripts").test_client()
        cast = self._cast(owner)
        scene = Scene(client, self._db, owner.uid, owner.headers, [*cast.values()], {})
        made = scene.post("/api/scripts", selectedCharacters=scene.cast, dialogue=scene.dialogue())
        scene.script = made.json["data"]["script"]
        scene.performed(self._files)
        video = scene.record().video
        assert video is not None
        return {"scriptId": scene.id, "name": video.name, **cast}

    def _background(self, owner: Caller) -> Ids:
        # A real one: other tests make films in front of the first clip that there is.
        film = silent_video()
        clip = {"title": "Rain", "seconds": 2, "width": 64, "height": 64, "size": len(film)}
        made = Background(id=f"zz-{secrets.token_hex(8)}.mp4", created_at=now(), **clip)
        self._files.upload(background_path(made.id), film, "video/mp4")
        self._db.commit(create_write(made))
        return {"name": made.id}

    def _video_job(self, owner: Caller) -> Ids:
        script = self._script(owner)["scriptId"]
        answer = (
            app_for("scripts")
            .test_client()
            .post(f"/api/scripts/{script}/generate-video", json={}, headers=owner.headers)
        )
        return {"jobId": answer.json["data"]["job"]["jobId"]}

    def _export(self, owner: Caller) -> Ids:
        job = services().exports.start(owner.uid).job
        deliver(self._queue)
        return {"exportId": job.id}

    def _bulk(self, owner: Caller) -> Ids:
        ids = self._company(owner)
        given = BulkInput(
            target=Target.USERS,
            action=Action.SUSPEND,
            company_id=ids["companyId"],
            ids=[ids["userId"]],
        )
        person = Person(self._db, owner.uid, owner.headers)
        return {"bulkId": services().bulk.of_company(person.caller, given, {}, None).job.id}

    def _webhook(self, owner: Caller) -> Ids:
        """With an event that was delivered."""
        caller = Person(self._db, owner.uid, owner.headers).caller
        url, events = "https://example.com/hook", [EventType.GENERATION_COMPLETED]
        webhook = services().webhooks.create(caller, None, url, events)
        delivery = services().webhooks.test(caller, webhook.id)
        path = delivery_path(webhook.id, delivery.id)
        self._db.commit(Update(path, {"status": DeliveryStatus.DELIVERED}))
        return {"webhookId": webhook.id, "deliveryId": delivery.id}

    def _file(self, owner: Caller) -> Ids:
        file = services().user_files.add(owner.uid, "a.wav", sent(recording()))
        return {"fileId": file.id}

    def _upload(self, owner: Caller) -> Ids:
        """That has arrived."""
        sound, asked = recording(), Asked(secrets.token_hex(16))
        upload = services().uploads.begin(owner.uid, "a.wav", len(sound), asked)
        send(upload.url, sound)
        return {"uploadId": upload.id}

    def _transcription(self, owner: Caller) -> Ids:
        """Of silence, which no model needs to hear."""
        made = services().transcriptions.start(owner.uid, sent(wav(silence(1))))
        deliver(self._queue)
        return {"transcriptionId": made.transcription.id}

    def _dubbing(self, owner: Caller) -> Ids:
        """Of silence, which no model needs to hear, with the result of another recording."""
        request = DubbingRequest("pt", media=sent(wav(silence(1))).stream)
        made = services().dubbings.start(owner.uid, request).dubbing
        deliver(self._queue)
        path = f"dubbings/{owner.uid}/{made.id}/1.mp3"
        result = Dubbed(
            audio=File(path=path, size=self._files.upload(path, recording(), "audio/mpeg")),
            cues_path=path,
            seconds=1,
            source_language="en",
            lines=1,
            characters=10,
            heard=1,
            spoken=1,
        )
        self._db.commit(Update(f"dubbings/{made.id}", {"result": result.stored()}))
        return {"dubbingId": made.id}

    def _media(self, owner: Caller) -> Ids:
        """A voice sample."""
        name = f"{new_character(self._db, owner.uid, 'Ada')}-0123abcd.wav"
        self._files.upload(f"static/audio_files/{name}", recording(), "audio/wav")
        return {"kind": "audio_files", "name": name}

    def _faq(self, owner: Caller) -> Ids:
        fields = {"category": "General", "question": "Why?", "answer": "Because."}
        return {"faqId": services().faqs.create(fields).id}

    def _report(self, owner: Caller) -> Ids:
        character = new_character(self._db, owner.uid, "Ada")
        made = services().reports.add(owner.uid, SubjectKind.CHARACTER, character, "Loud.")
        return {"reportId": made.id}

    def _notification(self, owner: Caller) -> Ids:
        type, params = NotificationType.PLAN_ENDED, {"plan": "Plus"}
        cause = secrets.token_hex(8)
        self._db.commit(*notice_writes(owner.uid, type, cause, now(), muted=[], params=params))
        return {"notificationId": cause}

    def _payment(self, owner: Caller) -> Ids:
        actor = Actor(owner.uid, None)
        made = services().manual_payments.add(actor, owner.uid, {"amount": 100}, None)
        return {"paymentId": made.id}

    def _subscription(self, owner: Caller) -> Ids:
        services().subscriptions.create(owner.uid, Shop(self._db).plan().id)
        return {"subscriptionId": owner.uid}

    def _addon(self, owner: Caller) -> Ids:
        fields = {"name": "Pack", "kind": "topup"}
        return {"addonId": services().offers.add(fields).id}

    def _room(self, owner: Caller) -> Ids:
        """A private room of `owner` with a member, a message and an invitation."""
        person = Person(self._db, owner.uid, owner.headers)
        room = a_room(self._db, person, isPrivate=True)
        member = room.join()
        invited = room.data(person, "POST", "/invitations")["invitation"]
        message = room.say(person)["id"]
        return {
            "roomId": room.id,
            "ID_OF_A_ROOM": room.id,
            "messageId": message,
            "ID_OF_A_MESSAGE": message,
            "userId": member.uid,
            "invitationId": invited["id"],
        }

    def _attended_call(self, owner: Caller) -> Ids:
        """Of another company."""
        call = a_past_call(self._db)
        call.admit(Person(self._db, owner.uid, owner.headers))
        return {"ID_OF_AN_ATTENDED_CALL": call.id}

    def _call_of_mine(self, owner: Caller) -> tuple[Held, Person]:
        """One of the company of `owner`, who took part."""
        person = Person(self._db, owner.uid, owner.headers)
        firms = [Firm(self._db, each, person) for each in person.user.companies]
        call = a_past_call(self._db, firms[0] if firms else a_firm(self._db, owner=person))
        call.admit(person)
        return call, person

    def _review(self, owner: Caller) -> Ids:
        call, person = self._call_of_mine(owner)
        return {"reviewId": call.review(person)["id"]}

    def _comment(self, owner: Caller) -> Ids:
        call, person = self._call_of_mine(owner)
        return {"commentId": call.comment(person)["id"]}

    def _call(self, owner: Caller) -> Ids:
        """A call that `owner` hosts, with both `owner` and a guest in it."""
        person = Person(self._db, owner.uid, owner.headers)
        call = a_call(self._db, a_firm(self._db, owner=person))
        mine = call.enter(person)
        guest = call.guest()
        return {
            "callId": call.id,
            "ID_OF_A_CALL": call.id,
            "code": call.code,
            "participantId": guest.tab,
            "ID_OF_A_PARTICIPANT": mine.tab,
        }

    def _recording(self, owner: Caller) -> Ids:
        """A recording of a call that `owner` hosts, which takes parts and has a film."""
        person = Person(self._db, owner.uid, owner.headers)
        tape = a_tape(self._db, a_recorded_firm(self._db, owner=person))
        path = f"{recording_prefix(tape.call.firm.id, tape.call.id, tape.id)}film.mp4"
        size = self._files.upload(path, b"film", "video/mp4")
        file = RecordingFile(path=path, size=size, seconds=1.0, width=2, height=2)
        self._db.commit(Update(recording_path(tape.id), {"file": file.stored()}))
        return {
            "callId": tape.call.id,
            "recordingId": tape.id,
            "ID_OF_A_RECORDING": tape.id,
        }

    def _contact(self, owner: Caller) -> Ids:
        made = services().contacts.add(
            name="Ada", email="ada@example.com", subject="Hello", message="Good day."
        )
        return {"contactId": made.id}


def ask(client: FlaskClient, operation: Operation, ids: Ids, headers: dict[str, str]) -> Any:
    body: dict[str, Any] = {}
    if needs_a_good_body(operation):
        body = request_of(operation.route, ids)
    elif operation.has_body:
        # Malformed, so that an admitted caller gets an error and changes nothing.
        body = {"data": b"{", "content_type": "application/json"}
    path = operation.filled(ids)
    return client.open(path, method=operation.method, headers=headers, **body)


def needs_a_good_body(operation: Operation) -> bool:
    """Whether access is checked only after the body is read, or a `self` route takes one."""
    return policies()[operation.place] in ("owner", "company", "member", "self")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
