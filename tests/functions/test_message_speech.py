"""Messages as speech, on the real emulators and with the embedded voice."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import av
import pytest
from av.container import InputContainer

from tests.fakes.told_translator import ToldTranslator
from tests.support.audits import audit_user
from tests.support.characters import SOUND
from tests.support.companies import Person, a_firm, a_person
from tests.support.factories import (
    CountingDatabase,
    HeldQueue,
    code,
    moment,
    new_character,
    test_settings,
)
from tests.support.jobs import given_to
from tests.support.rooms import Place, a_room, ask
from tests.support.scripts import CloningEngine
from tests.support.wiring import deliver, rewired, services
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.commands.ledger_audit import audit_owner
from troupe.generations.choices import GenerationRequest
from troupe.jobs import shares
from troupe.jobs.records import input_path
from troupe.rooms.messages import Draft
from troupe.rooms.speech_cleanup import files_prefix
from troupe.rooms.speeches import MessageSpeeches
from troupe.rooms.writes import member_path
from troupe.speech.engines.espeak import EspeakEngine
from troupe.translation.translator import unavailable
from troupe.wallet.ledger import grant_writes, wallet_path
from troupe.wallet.records import Meter, Owner, Wallet

SENTENCE = "Wann öffnet das Geschäft morgen früh?"


def given(person: Person, tokens: int = 20) -> Person:
    services().wallet.grant(person.uid, "test-grant", Meter.TOKENS, tokens, "test")
    return person


def used(db: Database, owner_id: str) -> tuple[int, int]:
    """Tokens that were charged, and those that are held."""
    tokens = Wallet.of(db.get(wallet_path(owner_id))).tokens
    return tokens.used, tokens.held


def speak(room: Place, person: Person, message: Any, language: str = "de", **body: Any) -> Any:
    path = f"/messages/{message['id']}/speech"
    return room.ask(person, "POST", path, json={"language": language, **body})


def path_of(room: Place, message: Any) -> str:
    return f"rooms/{room.id}/messages/{message['id']}"


def speech_of(room: Place, message: Any) -> dict[str, Any]:
    return dict(room.db.get(path_of(room, message)).data["speech"])


def heard(room: Place, person: Person, message: Any, language: str) -> Any:
    return room.ask(person, "GET", f"/messages/{message['id']}/audio?language={language}")


def files_of(room: Place) -> list[str]:
    return services().files.list(f"rooms/{room.id}/")


def seconds_of(path: str) -> float:
    with av.open(BytesIO(services().files.read(path))) as sound:
        assert sound.streams.audio[0].codec_context.name in ("mp3", "mp3float")
        assert isinstance(sound, InputContainer) and sound.duration
        return sound.duration / av.time_base


@pytest.fixture
def told() -> ToldTranslator:
    return ToldTranslator()


@pytest.fixture
def rewire(told: ToldTranslator, queue: HeldQueue) -> Any:
    with rewired(translator=told):
        yield


def test_a_message_is_spoken_once_for_everybody(
    db: Database, rewire: None, queue: HeldQueue, told: ToldTranslator
) -> None:
    owner = given(a_person(db))
    room = a_room(db, owner)
    bob, eve = room.join(), room.join(language="de")
    sent = room.say(owner, SENTENCE)
    with ThreadPoolExecutor(20) as pool:
        each = [bob, eve] * 10
        answers = list(pool.map(lambda person: speak(room, person, sent, "en"), each))
    assert {answer.status_code for answer in answers} == {202}
    jobs = {answer.json["data"]["job"]["jobId"] for answer in answers}
    assert len(jobs) == 1 and len(told.asked) == 1
    assert queue.names == ["relay"]
    pending = speech_of(room, sent)
    assert set(pending) == {"en"} and pending["en"]["state"] == "pending"
    assert code(heard(room, bob, sent, "en")) == (409, "audio_not_ready")
    deliver(queue)
    ready = speech_of(room, sent)["en"]
    assert (ready["state"], ready["jobId"]) == ("ready", *jobs)
    assert seconds_of(ready["path"]) == pytest.approx(ready["seconds"], abs=0.1)
    assert len(services().files.read(ready["path"])) == ready["size"]
    # It is there: nobody pays for it again, and everybody sees where it is.
    again = speak(room, bob, sent, "en")
    assert speak(room, bob, sent, "en-US").status_code == 200  # the same text in the same voice
    url = f"/api/rooms/{room.id}/messages/{sent['id']}/audio?language=en"
    assert (again.status_code, again.json["data"]["job"]) == (200, None)
    assert again.json["data"]["audioUrl"].startswith(f"{url}&token=")
    (shown,) = room.data(eve, "GET", "/messages")["messages"]
    assert shown["speech"]["en"]["audioUrl"].startswith(url)
    assert shown["speech"]["en"]["seconds"] == ready["seconds"]
    assert used(db, owner.uid) == (1, 0) and audit_user(db, owner.uid) == []
    assert files_of(room) == [ready["path"]]
    # The link works without a token, in parts, and for nobody but the members.
    link = again.json["data"]["audioUrl"]
    part = ask(None, "GET", link, headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.mimetype, len(part.data)) == (206, "audio/mpeg", 100)
    assert heard(room, eve, sent, "en").data == services().files.read(ready["path"])
    assert code(heard(room, eve, sent, "fr")) == (409, "audio_not_ready")
    assert code(heard(room, a_person(db), sent, "en")) == (404, "room_not_found")


def test_followers_learn_what_was_spoken(db: Database, rewire: None, queue: HeldQueue) -> None:
    room = a_room(db, given(a_person(db)))
    sent = room.say(room.owner, SENTENCE)

    def follow(after: str) -> Any:
        query = {"after": after, "wait": 20}
        path = f"{room.path}/events"
        return ask(room.owner, "GET", path, function="live", query_string=query).json

    known = follow(moment(sent["createdAt"]).isoformat())
    speak(room, room.owner, sent)
    deliver(queue)
    (event,) = follow(known["lastEventId"])["events"]
    assert event["event"] == "speech_result"
    assert "token=" in event["message"]["speech"]["de"]["audioUrl"]


def test_a_second_delivery_changes_nothing(db: Database, rewire: None, queue: HeldQueue) -> None:
    room = a_room(db, given(a_person(db)))
    sent = room.say(room.owner, SENTENCE)
    job_id = speak(room, room.owner, sent).json["data"]["job"]["jobId"]
    (task,) = queue.take()
    services().runner.run(job_id, None, task["uid"])
    ready = db.get(path_of(room, sent))
    services().runner.run(job_id, None, task["uid"])
    assert db.get(path_of(room, sent)).update_time == ready.update_time
    assert files_of(room) == [ready.data["speech"]["de"]["path"]]
    assert used(db, room.owner.uid) == (1, 0)


def test_what_a_worker_left_is_handed_over_later(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    """The worker died after the job's last commit: whoever asks next gets the sound."""
    room = a_room(db, given(a_person(db)))
    sent = room.say(room.owner, SENTENCE)
    job_id = speak(room, room.owner, sent).json["data"]["job"]["jobId"]
    before = speech_of(room, sent)
    deliver(queue)
    after = speech_of(room, sent)
    db.commit(Update(path_of(room, sent), {"speech": before}))
    assert speak(room, room.owner, sent).status_code == 200
    assert speech_of(room, sent) == after
    # The job is gone, with the account that paid.
    db.commit(Update(path_of(room, sent), {"speech": {"de": before["de"] | {"jobId": "0" * 32}}}))
    assert speak(room, room.owner, sent).status_code == 202
    assert speech_of(room, sent)["de"]["jobId"] not in (job_id, "0" * 32)


def test_the_sweep_hands_over_what_nobody_asks_for(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    """What was lost after the job's last commit, or with the account that paid."""
    room = a_room(db, given(a_person(db)))
    lost, gone, slow = (room.say(room.owner, f"{SENTENCE} {n}") for n in range(3))
    speak(room, room.owner, lost)
    speak(room, room.owner, gone)
    before = speech_of(room, lost)
    deliver(queue)
    after = speech_of(room, lost)
    speak(room, room.owner, slow)
    waiting = speech_of(room, slow)
    past = now() - timedelta(seconds=1)
    pending = {"de": before["de"] | {"jobId": "0" * 32}}
    db.commit(Update(path_of(room, lost), {"speech": before, "speechDueAt": past}))
    db.commit(Update(path_of(room, gone), {"speech": pending, "speechDueAt": past}))
    db.commit(Update(path_of(room, slow), {"speechDueAt": past}))
    services().speech_cleanup.sweep(100)
    assert speech_of(room, lost) == after
    assert speech_of(room, gone)["de"]["state"] == "failed"
    assert speech_of(room, slow) == waiting

    def due(message: Any) -> Any:
        return room.db.get(path_of(room, message)).data["speechDueAt"]

    assert due(lost) is due(gone) is None and due(slow) > now()
    deliver(queue)
    assert speech_of(room, slow)["de"]["state"] == "ready" and due(slow) is None


def test_no_text_stays_in_a_job_that_has_ended(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, given(a_person(db)))
    sent = room.say(room.owner, SENTENCE)
    spoken = speak(room, room.owner, sent).json["data"]["job"]["jobId"]
    before, text = speech_of(room, sent), given_to(db, spoken)
    assert SENTENCE in str(text)
    deliver(queue)
    assert given_to(db, spoken) == {}
    # The worker died before that.
    past = now() - timedelta(seconds=1)
    db.commit(
        Create(input_path(spoken), {"input": text}),
        Update(path_of(room, sent), {"speech": before, "speechDueAt": past}),
    )
    services().speech_cleanup.sweep(100)
    assert given_to(db, spoken) == {}
    assert speech_of(room, sent)["de"]["state"] == "ready"
    # The message is gone before its job ends.
    other = room.say(room.owner, f"{SENTENCE} 2")
    job_id = speak(room, room.owner, other).json["data"]["job"]["jobId"]
    delete(room, other)
    deliver(queue)
    assert given_to(db, job_id) == {}


def test_the_sweep_leaves_the_files_of_a_job_that_is_at_work(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, given(a_person(db)))
    sent = room.say(room.owner, SENTENCE)
    job_id = speak(room, room.owner, sent).json["data"]["job"]["jobId"]
    made = f"{files_prefix(path_of(room, sent), job_id)}0-x.mp3"
    services().files.upload(made, b"sound", "audio/mpeg")
    db.commit(Update(path_of(room, sent), {"speechDueAt": now() - timedelta(seconds=1)}))
    services().speech_cleanup.sweep(100)
    assert files_of(room) == [made]
    deliver(queue)
    assert files_of(room) == [speech_of(room, sent)["de"]["path"]]


class Slow(EspeakEngine):
    """Something happens while it speaks."""

    def __init__(self, do: Callable[[], object]) -> None:
        super().__init__()
        self.do = do

    def synthesize(self, request: Any) -> Any:
        self.do()
        return super().synthesize(request)


def edit(room: Place, sent: Any) -> None:
    body = {"text": "Guten Abend!"}
    room.data(room.owner, "PUT", f"/messages/{sent['id']}", json=body)


def delete(room: Place, sent: Any) -> None:
    room.ask(room.owner, "DELETE", f"/messages/{sent['id']}")


@pytest.mark.parametrize("change", [edit, delete])
def test_a_text_that_is_gone_is_not_heard(
    db: Database, rewire: None, queue: HeldQueue, change: Callable[[Place, Any], None]
) -> None:
    room = a_room(db, given(a_person(db)))
    first, second, third = (room.say(room.owner, f"{SENTENCE} {n}") for n in range(3))
    speak(room, room.owner, first)
    deliver(queue)
    assert len(files_of(room)) == 1
    change(room, first)  # after it was spoken
    assert files_of(room) == []
    speak(room, room.owner, second)
    change(room, second)  # before it is spoken: that costs nothing
    deliver(queue)
    assert used(db, room.owner.uid) == (1, 0)
    speak(room, room.owner, third)
    engine = Slow(lambda: change(room, third))
    with rewired(engines=lambda _: engine):
        deliver(queue)
    assert all(speech_of(room, sent) == {} for sent in (first, second, third))
    assert files_of(room) == []
    assert used(db, room.owner.uid) == (2, 0) and audit_user(db, room.owner.uid) == []


@pytest.mark.parametrize("end", ["retention", "room", "account"])
def test_the_sound_goes_with_the_message(
    own_db: Database, rewire: None, queue: HeldQueue, end: str
) -> None:
    with rewired(database=own_db):
        room = a_room(own_db, given(a_person(own_db)))
        bob = room.join()
        sent = room.say(bob, SENTENCE)
        speak(room, room.owner, sent)
        deliver(queue)
        assert len(files_of(room)) == 1
        if end == "retention":
            own_db.commit(Update(path_of(room, sent), {"expiresAt": now()}))
            services().messages.expire(100)
        elif end == "room":
            room.ask(room.owner, "DELETE")
        else:
            services().erasers["messages"](bob.uid, 10)
        assert files_of(room) == []


def own_voice(db: Database, room: Place, person: Person) -> str:
    """Gives a member a voice that may be cloned."""
    character = new_character(db, person.uid, "Ada")
    document = db.get(f"characters/{character}")
    services().files.upload(document.data["sample"]["path"], SOUND, "audio/wav")
    room.data(person, "PUT", f"/members/{person.uid}", json={"voiceCharacterId": character})
    return character


def test_the_sender_speaks_with_their_own_voice_while_they_consent(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, given(a_person(db)))
    bob = room.join()
    character = own_voice(db, room, bob)
    sent, later = (room.say(bob, text, language="en") for text in ("Good morning!", "Good night!"))
    engine = CloningEngine()
    settings = test_settings(SPEECH_ENGINES="f5tts,espeak", F5TTS_URL="http://127.0.0.1:9")
    with rewired(settings=settings, engines=lambda _: engine):
        assert speak(room, room.owner, sent, "en").status_code == 202
        deliver(queue)
        assert engine.references and all(engine.references)
        engine.references.clear()
        assert speak(room, room.owner, sent, "en", voice="default").status_code == 202
        deliver(queue)
        assert engine.references and not any(engine.references)
        speech = speech_of(room, sent)
        assert {key: each["voice"] for key, each in speech.items()} == {
            "en": "sender",
            "en-x-default": "default",
        }
        url = speak(room, room.owner, sent, "en", voice="default").json["data"]["audioUrl"]
        assert "language=en&voice=default&" in url
        both = [ask(None, "GET", url), heard(room, room.owner, sent, "en")]
        assert all(each.status_code == 200 for each in both) and both[0].data != both[1].data
        # The consent is revoked before it is spoken: asking again gives the default voice.
        speak(room, room.owner, later, "en")
        services().withdrawals.revoke_consent(bob.account, character)
        deliver(queue)
        assert speech_of(room, later)["en"]["error"] == "reference_missing"
        speak(room, room.owner, later, "en")
        deliver(queue)
        ready = speech_of(room, later)["en"]
        assert (ready["state"], ready["voice"]) == ("ready", "default")
    assert audit_user(db, room.owner.uid) == []


def test_without_consent_a_default_voice_speaks(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, given(a_person(db)))
    bob = room.join()
    own_voice(db, room, bob)
    theirs = new_character(db, room.owner.uid, "Eve")
    for character in (theirs, new_character(db, bob.uid, "Ada", consent=None), "unknown"):
        db.commit(Update(member_path(room.id, bob.uid), {"voiceCharacterId": character}))
        sent, engine = room.say(bob, "Good morning!", language="en"), CloningEngine()
        settings = test_settings(SPEECH_ENGINES="f5tts,espeak", F5TTS_URL="http://127.0.0.1:9")
        with rewired(settings=settings, engines=lambda _, engine=engine: engine):
            speak(room, room.owner, sent, "en")
            deliver(queue)
        assert speech_of(room, sent)["en"]["voice"] == "default"
        assert engine.references and not any(engine.references)


def test_who_may_have_a_message_spoken(db: Database, rewire: None, queue: HeldQueue) -> None:
    room = a_room(db, given(a_person(db)))
    bob, stranger = room.join(), given(a_person(db))
    sent = room.say(room.owner, SENTENCE)
    assert code(speak(room, stranger, sent)) == (404, "room_not_found")
    assert code(speak(room, bob, {"id": "0" * 32})) == (404, "message_not_found")
    refused = speak(room, bob, sent, "tlh")
    assert code(refused) == (422, "unknown_choice")
    (field,) = refused.json["error"]["details"]["fields"]
    assert field["field"] == "language" and {"de", "pt-BR"} <= set(field["allowed"])
    assert code(speak(room, bob, room.say(bob, "?!"))) == (422, "nothing_to_speak")
    assert not queue.tasks
    speak(room, room.owner, sent)
    deliver(queue)
    until = "2099-01-01T00:00:00Z"
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"mutedUntil": until})
    assert code(speak(room, bob, sent, "en")) == (403, "muted")
    assert speak(room, bob, sent).status_code == 200  # who may not write may listen
    room.data(room.owner, "PUT", json={"status": "archived"})
    assert code(speak(room, room.owner, sent, "en")) == (409, "room_archived")
    assert speak(room, room.owner, sent).status_code == 200
    room.ask(room.owner, "DELETE", f"/members/{bob.uid}")
    assert code(speak(room, bob, sent)) == (404, "room_not_found")


def paying(room: Place, payer: str) -> None:
    room.data(room.owner, "PUT", json={"settings": {"payer": payer}})


def test_the_owner_pays_for_guests_and_members_for_themselves_if_the_room_says_so(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    owner, bob = given(a_person(db), 2), given(a_person(db), 1)
    room = a_room(db, owner)
    guest = room.join(a_person(db, guest=True))
    room.join(bob)
    one, two, three = (room.say(owner, f"{SENTENCE} {n}") for n in range(3))
    assert speak(room, bob, one).status_code == 202
    paying(room, "sender")
    assert speak(room, bob, two).status_code == 202
    assert speak(room, guest, three).status_code == 202
    deliver(queue)
    assert used(db, owner.uid) == (2, 0) and used(db, bob.uid) == (1, 0)
    # Whoever pays learns what is missing; others learn only who that is.
    mine = speak(room, bob, one, "en")
    assert code(mine) == (402, "not_enough_tokens")
    assert mine.json["error"]["details"]["available"] == 0
    theirs = speak(room, guest, two, "en")
    assert code(theirs) == (402, "room_cannot_pay")
    assert theirs.json["error"]["details"] == {"payer": "owner"}
    assert set(speech_of(room, two)) == {"de"}
    given_more = services().wallet.grant(owner.uid, "more", Meter.TOKENS, 5, "test")
    db.commit(Update(f"users/{owner.uid}", {"suspended": True}))
    assert given_more and code(speak(room, guest, two, "en")) == (402, "room_cannot_pay")
    assert all(audit_user(db, each.uid) == [] for each in (owner, bob, guest))


def test_the_company_of_a_room_pays(db: Database, rewire: None, queue: HeldQueue) -> None:
    firm = a_firm(db)
    db.commit(*grant_writes(Owner.company(firm.id), "gift", Meter.TOKENS, 1, "test", now()))
    room = a_room(db, firm.owner, companyId=firm.id, settings={"payer": "company"})
    stranger = room.join()
    sent = room.say(firm.owner, SENTENCE)
    assert speak(room, stranger, sent).status_code == 202
    deliver(queue)
    assert used(db, firm.id) == (1, 0) and used(db, firm.owner.uid) == (0, 0)
    refused = speak(room, stranger, sent, "en")
    assert code(refused) == (402, "room_cannot_pay")
    assert refused.json["error"]["details"] == {"payer": "company"}
    own = speak(room, firm.owner, sent, "en")
    assert code(own) == (402, "not_enough_tokens")
    assert own.json["error"]["details"]["payer"] == {"kind": "company", "id": firm.id}
    assert audit_owner(db, Owner.company(firm.id)) == []


def test_nobody_makes_others_pay_without_bound(
    db: Database, rewire: None, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = given(a_person(db), 50)
    room = a_room(db, owner)
    guest, bob = room.join(a_person(db, guest=True)), room.join()
    for most in ("MOST_PROMPT", "MOST_CAUSED"):
        monkeypatch.setattr(shares, most, 10)
    sent = [room.say(owner, f"{SENTENCE} {n}") for n in range(11)]
    for message in sent[:10]:
        assert speak(room, guest, message).status_code == 202
    assert code(speak(room, guest, sent[10])) == (429, "too_many_requests")
    busy = speak(room, room.join(), sent[10])
    assert code(busy) == (429, "too_many_jobs") and "Retry-After" in busy.headers
    assert "room" in busy.json["message"]
    # It does not keep the owner from deleting what was said.
    other = a_room(db, owner)
    assert other.ask(owner, "DELETE", "/messages").status_code == 202
    deliver(queue)
    with rewired(settings=test_settings(ROOM_SPEECH_LIMIT="1/86400, 0")):
        first, second = (speak(room, bob, sent[10], each) for each in ("de", "en"))
    assert (first.status_code, code(second)) == (202, (429, "too_many_requests"))
    assert speak(room, guest, sent[0]).status_code == 200  # what is there is not counted
    full = {f"x{n}": {"state": "ready", "voice": "default", "path": ""} for n in range(40)}
    message = room.say(owner, SENTENCE)
    db.commit(Update(path_of(room, message), {"speech": full}))
    assert code(speak(room, owner, message)) == (409, "too_many_speeches")


def test_chats_do_not_wait_for_books(db: Database, rewire: None, queue: HeldQueue) -> None:
    """Two texts of the same owner have all of their share, and another waits."""
    owner = given(a_person(db))
    room = a_room(db, owner)
    with rewired(settings=test_settings(JOB_SHARES="none=2x1", TASKS_AT_ONCE=20)):
        for number in range(3):
            request = GenerationRequest(f"Chapter {number}.", "en")
            services().generations.generate(owner.uid, request, None)
        assert queue.names == ["generate"] * 2
        books = queue.take()
        sent = room.say(owner, SENTENCE)
        speak(room, owner, sent)
        assert queue.names == ["generate"] * 2 + ["relay"]
        deliver(queue)
        assert speech_of(room, sent)["de"]["state"] == "ready"
        # The end of the message lets no third book in.
        assert queue.names == ["generate"] * 2 + ["relay"]
        for book in books:
            services().runner.run(book["jobId"], None, book["uid"])
        deliver(queue)
    assert queue.names[3:] == ["generate"]
    assert used(db, owner.uid) == (4, 0) and audit_user(db, owner.uid) == []


def listening(room: Place, *people: Person) -> None:
    for person in people:
        room.data(person, "PUT", f"/members/{person.uid}", json={"autoSpeak": True})


def test_messages_are_spoken_for_those_who_want_to_hear_them(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    owner = given(a_person(db))
    room = a_room(db, owner)
    ann, bob, eve, _ = (room.join(language=each) for each in ("en", "fr", "de", "pt"))
    listening(room, ann, bob, owner)
    assert room.record.spoken == {"en": 1, "fr": 1, "de": 1}
    assert room.say(owner, SENTENCE)["speech"] == {}
    sent = room.say(owner, SENTENCE, speak=True)
    # Not in German, which only the sender would hear, nor in Portuguese.
    assert {key: each["state"] for key, each in sent["speech"].items()} == {
        "en": "pending",
        "fr": "pending",
    }
    deliver(queue)
    ready = speech_of(room, sent)
    assert {each["state"] for each in ready.values()} == {"ready"}
    assert used(db, owner.uid) == (1, 0)  # one job speaks both
    room.data(owner, "PUT", json={"settings": {"autoSpeak": True}})
    room.ask(bob, "POST", "/leave")
    room.join(language="en")  # whoever joins now hears messages, too
    assert room.record.spoken == {"en": 2, "de": 1}
    assert room.say(eve, "Guten Tag, zusammen!", speak=False)["speech"] == {}
    assert set(room.say(eve, "Guten Abend, zusammen!")["speech"]) == {"de", "en"}
    deliver(queue)
    edit = {"text": "Wann schließt das Geschäft heute Abend?"}
    edited = room.data(owner, "PUT", f"/messages/{sent['id']}", json=edit)["message"]
    assert {key: each["state"] for key, each in edited["speech"].items()} == {"en": "pending"}
    deliver(queue)
    assert used(db, owner.uid) == (3, 0) and audit_user(db, owner.uid) == []


def test_two_codes_of_one_language_are_spoken_once(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, given(a_person(db)))
    listening(room, room.join(language="en"), room.join(language="en-US"))
    sent = room.say(room.owner, SENTENCE, speak=True)
    deliver(queue)
    speech = speech_of(room, sent)
    assert set(speech) == {"en", "en-US"}
    assert files_of(room) == [speech["en"]["path"]] == [speech["en-US"]["path"]]
    delete(room, sent)
    assert files_of(room) == []


def test_what_is_translated_late_is_spoken_then(
    own_db: Database, rewire: None, queue: HeldQueue, told: ToldTranslator
) -> None:
    def down(request: Any) -> None:
        raise unavailable("the translator")

    with rewired(database=own_db):
        room = a_room(own_db, given(a_person(own_db)))
        listening(room, room.join(language="en"))
        told.do = down
        sent = room.say(room.owner, SENTENCE, speak=True)
        assert (sent["translationState"], sent["speech"]) == ("pending", {})
        told.do = lambda request: None
        own_db.commit(Update(path_of(room, sent), {"dueAt": now() - timedelta(seconds=1)}))
        services().message_translations.complete_due(100)
        deliver(queue)
        assert speech_of(room, sent)["en"]["state"] == "ready"


@pytest.mark.parametrize("how", ["sent", "edited"])
def test_what_was_not_spoken_with_its_request_is_spoken_by_the_sweep(
    db: Database, rewire: None, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    room = a_room(db, given(a_person(db)))
    listening(room, room.join(language="de"))
    if how == "edited":
        sent = room.say(room.owner, SENTENCE, speak=True)
        deliver(queue)
    with monkeypatch.context() as patch:  # it dies before
        patch.setattr(MessageSpeeches, "speak_sent", lambda self, room, message, *_: message)
        if how == "edited":
            edit(room, sent)
        else:
            sent = room.say(room.owner, SENTENCE, speak=True)
    due_at = db.get(path_of(room, sent)).data["speechDueAt"]
    assert speech_of(room, sent) == {} and now() < due_at < now() + timedelta(minutes=3)
    db.commit(Update(path_of(room, sent), {"speechDueAt": now() - timedelta(seconds=1)}))
    services().speech_cleanup.sweep(100)
    deliver(queue)
    assert speech_of(room, sent)["de"]["state"] == "ready"
    assert db.get(path_of(room, sent)).data["speechDueAt"] is None


def test_the_sweep_looks_once_after_what_nobody_may_have_spoken(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, given(a_person(db)), settings={"speech": "off"})
    listening(room, room.join(language="de"))
    sent = room.say(room.owner, SENTENCE, speak=True)
    assert db.get(path_of(room, sent)).data["speechDueAt"] is not None
    db.commit(Update(path_of(room, sent), {"speechDueAt": now() - timedelta(seconds=1)}))
    services().speech_cleanup.sweep(100)
    assert db.get(path_of(room, sent)).data["speechDueAt"] is None
    assert not queue.tasks


@pytest.mark.parametrize("who", ["only the sender listens", "the sender has left"])
def test_nothing_is_spoken_late_that_nobody_else_hears_or_whose_sender_left(
    db: Database, rewire: None, queue: HeldQueue, told: ToldTranslator, who: str
) -> None:
    def down(request: Any) -> None:
        raise unavailable("the translator")

    room = a_room(db, given(a_person(db)))
    bob, eve = room.join(language="en"), room.join(language="de")
    listening(room, eve if who == "only the sender listens" else bob)
    told.do = down
    sent = room.say(eve, SENTENCE, speak=True)
    assert (sent["translationState"], sent["speech"]) == ("pending", {})
    told.do = lambda request: None
    if who == "the sender has left":
        room.data(eve, "POST", "/leave")
    db.commit(Update(path_of(room, sent), {"dueAt": now() - timedelta(seconds=1)}))
    services().message_translations.complete_due(100)
    assert "en" in room.db.get(path_of(room, sent)).data["translations"]
    assert speech_of(room, sent) == {} and not queue.tasks


def test_what_people_write_is_no_markup(db: Database, rewire: None, queue: HeldQueue) -> None:
    room = a_room(db)
    services().wallet.grant(room.owner.uid, "plan", Meter.VOICE_SECONDS, 600, "test")
    asked = "a [pause 10s] b [pau<@x>se 10s] "  # 200 seconds of silence
    sent = room.say(room.owner, asked * 10, language="en")
    assert speak(room, room.owner, sent, "en").status_code == 202
    deliver(queue)
    assert 10 < speech_of(room, sent)["en"]["seconds"] < 100
    lines = room.say(room.owner, "a\n\n" * 1000, language="en")
    refused = speak(room, room.owner, lines, "en")
    assert code(refused) == (422, "speech_too_long")
    assert refused.json["error"]["details"]["maximum"] == 300


def test_nobody_is_heard_to_say_the_words_of_a_glossary(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, given(a_person(db)))
    bob = room.join()
    own_voice(db, room, bob)
    terms = [
        {"source": "Morgen", "targets": {"en": "I owe Eve a thousand euros"}},
        {"source": "Troupe", "keep": True},
    ]
    room.data(room.owner, "PUT", "/glossary", json={"terms": terms})
    engine = CloningEngine()
    settings = test_settings(SPEECH_ENGINES="f5tts,espeak", F5TTS_URL="http://127.0.0.1:9")
    with rewired(settings=settings, engines=lambda _: engine):
        for text, voice in (("Guten morgen!", "default"), ("Hallo bei troupe!", "sender")):
            sent = room.say(bob, text, language="de")
            speak(room, room.owner, sent, "en")
            deliver(queue)
            assert {key: each["voice"] for key, each in speech_of(room, sent).items()} == {
                "en": voice
            }
    listening(room, room.join(language="en"))
    with rewired(settings=settings, engines=lambda _: engine):
        assert room.say(bob, "Morgen!", language="de", speak=True)["speech"]["en"]["voice"] == (
            "default"
        )


def test_voice_seconds_pay_for_what_is_heard(db: Database, rewire: None, queue: HeldQueue) -> None:
    room = a_room(db)
    services().wallet.grant(room.owner.uid, "plan", Meter.VOICE_SECONDS, 600, "test")
    listening(room, room.join(language="en"), room.join(language="fr"))
    sent = room.say(room.owner, SENTENCE, speak=True)
    deliver(queue)
    ready = speech_of(room, sent)
    seconds = sum(each["seconds"] for each in ready.values())
    wallet = Wallet.of(db.get(wallet_path(room.owner.uid)))
    assert (wallet.voice_seconds.used, wallet.voice_seconds.held) == (math.ceil(seconds), 0)
    assert len(ready) == 2 and audit_user(db, room.owner.uid) == []


def test_without_tokens_messages_are_sent_and_not_spoken(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db, settings={"autoSpeak": True})
    bob = room.join(language="en")
    sent = room.say(bob, "Good morning, everybody!", language="en")
    speech = sent["speech"]["de"]
    assert (speech["state"], speech["error"]) == ("failed", "room_cannot_pay")
    assert list(sent["translations"]) == ["de"] and not queue.tasks
    given(room.owner)  # then anybody can ask for it
    assert speak(room, bob, sent).status_code == 202
    deliver(queue)
    assert speech_of(room, sent)["de"]["state"] == "ready"


def test_speaking_costs_few_calls(db: Database, rewire: None, queue: HeldQueue) -> None:
    room = a_room(db, given(a_person(db)))
    listening(room, room.join(language="en"), room.join(language="fr"))
    counting = CountingDatabase(db._client)
    with rewired(database=counting):
        caller = room.owner.account
        counting.calls.clear()
        draft = Draft(SENTENCE, speak=True)
        sent = services().messages.send(caller, room.id, draft)
    assert len(sent.message.speech) == 2
    # 1 and 2 without speech; then the limit, the message, and the job with its hold.
    assert counting.calls == {"batch_get_documents": 3, "commit": 4}
    other = room.say(room.owner, SENTENCE)
    with rewired(database=counting):
        counting.calls.clear()
        services().message_speeches.speak(caller, room.id, other["id"], "de", "sender")
    # The room with the message, the limit, and the job with its hold.
    assert counting.calls == {"batch_get_documents": 2, "commit": 2}
