"""Live captions: what is heard and translated, what is refused, and what it costs."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.fakes.recognition import Ear
from tests.fakes.told_translator import ToldTranslator
from tests.support.audits import audit_room
from tests.support.companies import Person, a_firm, a_person
from tests.support.factories import CountingDatabase, code, test_settings
from tests.support.forms import multipart
from tests.support.media_files import picture
from tests.support.rooms import Place, a_room
from tests.support.speeches import noise, silence, spoken, wav
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.commands.ledger_audit import audit_owner
from troupe.recognition.transcriber import RATE
from troupe.rooms.captions import CaptionDraft
from troupe.rooms.records import Message
from troupe.tabs.records import Tab, TabAccount
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Balance, Meter, Owner, Wallet

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

SAID = "Good evening, all of you!"


def caption(room: Place, person: Person, sound: Samples | bytes | None = None, **given: Any) -> Any:
    """The answer to a caption of some sound, or of a `text`."""
    fields = {"stream": "s", "seq": 0, **given}
    if sound is not None:
        fields["audio"] = sound if isinstance(sound, bytes) else wav(sound)
    form = multipart(**fields)
    return room.ask(person, "POST", "/captions", function="captions", **form)


def shown(room: Place, person: Person, sound: Samples | bytes | None = None, **given: Any) -> Any:
    answer = caption(room, person, sound, **given)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]["caption"]


def enrich(db: Database, owner: Owner, tokens: int = 20) -> None:
    cause = f"gift-{now().timestamp()}"
    db.commit(*grant_writes(owner, cause, Meter.TOKENS, tokens, "test", now()))


def a_talk(db: Database, *languages: str, **body: Any) -> tuple[Place, list[Person]]:
    """A room whose owner has tokens and reads English, and members who read `languages`."""
    room = a_room(db, language="en", **body)
    enrich(db, Owner.user(room.owner.uid))
    return room, [room.join(language=each) for each in languages]


def tokens(db: Database, owner_id: str) -> Balance:
    return Wallet.of(db.get(f"wallets/{owner_id}")).tokens


def account(room: Place) -> TabAccount | None:
    """Of the room's owner."""
    document = room.db.get(f"rooms/{room.id}/tabs/owner-{room.owner.uid}")
    return TabAccount.of(document) if document.exists else None


def tab(room: Place) -> Tab:
    found = account(room)
    assert found is not None and found.tab is not None
    return Tab.of(room.db.get(f"tabs/{found.tab}"))


def captions_of(room: Place) -> list[Message]:
    found = room.db.find(f"rooms/{room.id}/messages", limit=100)
    return [Message.of(each) for each in found]


@pytest.fixture
def server(emulators: object) -> Iterator[FakeOpenAI]:
    """A transcriber that hears what it is told."""
    with openai_server() as fake:
        fake.ear.says = SAID
        settings = test_settings(
            TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=fake.base_url
        )
        with rewired(settings=settings, translator=ToldTranslator()):
            yield fake


def webm(samples: Samples) -> bytes:
    """As browsers record: Opus in clusters of half a second."""
    file = io.BytesIO()
    options = {"cluster_time_limit": "500", "live": "1"}
    with av.open(file, "w", format="webm", options=options) as output:
        stream = output.add_stream("libopus", 48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def hum(seconds: float) -> Samples:
    at = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * 50 * at) * 3000).astype(np.int16)


def test_what_is_said_is_read_in_the_languages_of_the_room(db: Database) -> None:
    """By Whisper and Firefox's models."""
    room, _ = a_talk(db, "pt")
    cursor = now().isoformat()
    sound = spoken()
    found = shown(room, room.owner, sound, seq=7, startMs=1500)
    assert "mountains" in found["text"]
    assert (found["kind"], found["language"], found["userId"]) == ("caption", "en", room.owner.uid)
    assert (found["targets"], found["translationState"]) == (["pt"], "done")
    assert "montanhas" in found["translations"]["pt"]["text"]
    end = 1500 + round(len(sound) / RATE * 1000)
    assert found["caption"] == {
        **{"stream": "s", "seq": 7, "startMs": 1500, "final": True},
        "endMs": pytest.approx(end, abs=20),
    }
    assert room.data(room.owner, "GET", "/messages")["messages"] == [found]
    assert 1000 < tab(room).used < len(sound) / RATE * 1000
    query = {"wait": 20, "after": cursor}
    events = room.ask(room.owner, "GET", "/events", function="live", query_string=query)
    assert events.status_code == 200, events.text
    (event,) = [each for each in events.json["events"] if each["message"]]
    assert (event["event"], event["message"]["text"]) == ("audio_transcription", found["text"])


def test_digits_are_heard(db: Database) -> None:
    room, _ = a_talk(db)
    said = shown(room, room.owner, webm(spoken("one, two, three, four, five")))["text"].lower()
    words = enumerate(("one", "two", "three", "four", "five"), 1)
    assert all(word in said or str(number) in said for number, word in words), said


@pytest.mark.parametrize(
    "sound",
    [silence(2), hum(3), noise(3, 10 ** (-44 / 20)), noise(1, 0.0005)],
    ids=["silence", "hum", "noise at -44 dBFS", "noise at -66 dBFS"],
)
def test_where_nobody_speaks_nothing_is_stored_or_charged(db: Database, sound: Samples) -> None:
    room, _ = a_talk(db, "pt")
    answer = caption(room, room.owner, sound)
    assert answer.json["data"] == {"caption": None, "noSpeech": True}
    assert captions_of(room) == []
    found = account(room)
    if found is not None:
        assert (tab(room).used, tab(room).left) == (0, tab(room).capacity)


WAV = wav(noise(2))


def slice_of(recorded: bytes) -> bytes:
    """What MediaRecorder sends after the first slice: a cluster without a header."""
    second = recorded.index(b"\x1f\x43\xb6\x75", recorded.index(b"\x1f\x43\xb6\x75") + 4)
    return recorded[second:]


REFUSED = {
    "0.2 s": (wav(noise(0.2)), 422, "caption_length"),
    "16 s": (wav(noise(16)), 422, "caption_length"),
    "3 MB": (wav(noise(100)), 413, "payload_too_large"),
    "no header": (slice_of(webm(noise(3))), 422, "audio_unreadable"),
    "only a header": (webm(noise(3))[:60], 422, "audio_unreadable"),
    "half a file": (WAV[: len(WAV) // 2], 422, "audio_unreadable"),
    "4 bytes": (b"\x1a\x45\xdf\xa3", 422, "audio_unreadable"),
    "text": (b"nothing that is known", 422, "audio_unreadable"),
    "picture": (picture(), 415, "unsupported_media_type"),
}


def test_sound_that_is_no_caption_is_refused(db: Database, server: FakeOpenAI) -> None:
    room, _ = a_talk(db)
    for name, (sound, *told) in REFUSED.items():
        assert (name, *code(caption(room, room.owner, sound))) == (name, *told)
    assert (server.ear.seconds, account(room)) == ([], None)


def test_wrong_fields_are_told(db: Database) -> None:
    room, _ = a_talk(db)
    wrong: list[dict[str, Any]] = [
        *({"stream": ""}, {"stream": "a b"}, {"stream": "x" * 65}, {"seq": -1}, {"seq": "one"}),
        *({"seq": 2**32}, {"startMs": -1}, {"text": ""}, {"text": "x" * 1001}, {"language": "?"}),
        {"audio": WAV},
    ]
    for fields in wrong:
        answer = caption(room, room.owner, **{"text": "Hello!", **fields})
        assert (fields, *code(answer)) == (fields, 422, "invalid_input")
    assert captions_of(room) == []


def test_what_the_client_has_recognised_is_free(db: Database) -> None:
    room = a_room(db)  # whose owner has no tokens
    bob = room.join(language="en")
    with rewired(settings=test_settings(TRANSCRIBER="off"), translator=ToldTranslator()):
        found = shown(room, bob, text="Good morning, all of you!", seq=3)
        assert code(caption(room, bob, noise(2))) == (503, "transcriber_not_configured")
    assert (found["text"], found["caption"]["seq"]) == ("Good morning, all of you!", 3)
    assert found["translations"]["de"]["text"].startswith("[de]")
    assert (found["caption"]["endMs"], account(room)) == (None, None)


def test_a_caption_is_stored_and_charged_once(db: Database, server: FakeOpenAI) -> None:
    room, (bob,) = a_talk(db, "de")
    ahead = threading.Barrier(4)

    def send(_: int) -> Any:
        ahead.wait()
        return shown(room, bob, noise(2))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(send, range(4)))
    again = shown(room, bob, noise(2))
    assert {each["id"] for each in found} == {again["id"]}
    assert len(captions_of(room)) == 1
    assert tab(room).used == pytest.approx(1900, abs=100)
    heard = len(server.ear.seconds)
    assert code(caption(room, bob, noise(3))) == (409, "idempotency_key_reused")
    assert code(caption(room, bob, text="Something else")) == (409, "idempotency_key_reused")
    assert len(server.ear.seconds) == heard <= 4
    assert shown(room, room.owner, noise(2))["id"] != again["id"]  # a stream is one's own
    assert audit_room(db, room.id) == []


def test_an_interim_caption_changes_until_it_is_final(db: Database, server: FakeOpenAI) -> None:
    room, (bob,) = a_talk(db, "de")
    server.ear.says = "Good"
    first = shown(room, bob, noise(1), final="false")
    assert (first["text"], first["targets"], first["caption"]["final"]) == ("Good", [], False)
    assert shown(room, bob, noise(1), final="false") == first  # sent again
    server.ear.says = "Good evening"
    second = shown(room, bob, noise(2), final="false")
    assert (second["id"], second["text"], second["revision"]) == (first["id"], "Good evening", 2)
    last = shown(room, bob, noise(2), final="true")
    assert (last["text"], last["caption"]["final"], last["targets"]) == (
        *("Good evening", True),
        ["en"],
    )
    assert last["translationState"] == "done"
    assert server.ear.seconds == [1, 2]  # the final one was known
    assert shown(room, bob, noise(1), final="false") == last  # it comes too late
    assert server.ear.seconds == [1, 2]
    assert tab(room).used == pytest.approx(2900, abs=150)
    assert audit_room(db, room.id) == []


def test_what_may_still_change_is_not_translated_spoken_or_edited(
    db: Database, server: FakeOpenAI
) -> None:
    """Each would take away the time at which it becomes final."""
    room, (bob,) = a_talk(db, "de")
    path = f"/messages/{shown(room, bob, noise(1), final='false')['id']}"
    stored = db.get(f"rooms/{room.id}{path}")
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{path}/translations", {"targetLanguage": "fr"}),
        ("POST", f"{path}/speech", {"language": "de"}),
        ("PUT", path, {"text": "Good morning, all of you!"}),
    ]
    for method, to, body in asked:
        answer = room.ask(bob, method, to, json=body)
        assert (to, *code(answer)) == (to, 409, "caption_not_final")
    assert db.get(f"rooms/{room.id}{path}").update_time == stored.update_time
    shown(room, bob, noise(1))
    method, to, body = asked[0]
    assert room.ask(bob, method, to, json=body).status_code == 200


def test_the_end_of_a_caption_in_which_nobody_speaks_makes_it_final(
    db: Database, server: FakeOpenAI
) -> None:
    room, (bob,) = a_talk(db, "de")
    first = shown(room, bob, noise(1), final="false")
    last = shown(room, bob, silence(1))
    assert (last["id"], last["text"], last["caption"]["final"]) == (first["id"], SAID, True)
    assert (last["targets"], last["translationState"]) == (["en"], "done")
    assert shown(room, bob, silence(1)) == last
    assert audit_room(db, room.id) == []


def test_the_sweep_makes_captions_final(db: Database, server: FakeOpenAI) -> None:
    """Those whose client is gone, or whose end nobody pays for."""
    room, (bob,) = a_talk(db, "de")
    interim = shown(room, bob, noise(1), final="false")
    path = f"rooms/{room.id}/messages/{interim['id']}"
    due = db.get(path).data["dueAt"]
    assert timedelta(0) < due - now() < timedelta(minutes=3)
    db.commit(Update(path, {"dueAt": now() - timedelta(seconds=1)}))
    services().message_translations.complete_due(100)
    after = Message.of(db.get(path))
    assert after.caption is not None and after.caption.final
    assert (after.text, after.targets, after.translation_state) == (SAID, ["en"], "done")
    assert after.due_at is None


def test_less_of_a_caption_comes_too_late(db: Database, server: FakeOpenAI) -> None:
    """Before and while it is recognised."""
    room, (bob,) = a_talk(db, "de")
    longer = shown(room, bob, noise(3), final="false")
    assert shown(room, bob, noise(2), final="false") == longer
    assert server.ear.seconds == [3]
    hear, begun, asked = server.ear.hear, list[bytes](), list[Any]()

    def overtaken(wav: bytes) -> list[tuple[str, float, float]]:
        begun.append(wav)
        if len(begun) == 1:
            asked.append(shown(room, bob, noise(5), final="false"))
        return hear(wav)

    server.ear.hear = overtaken  # type: ignore[method-assign]
    assert shown(room, bob, noise(4), final="false") == asked[0]
    assert audit_room(db, room.id) == []


def test_who_may_not_write_is_not_heard(db: Database, server: FakeOpenAI) -> None:
    room, (bob,) = a_talk(db, "de")
    sent = shown(room, bob, noise(2), seq=1)
    until = {"mutedUntil": (now() + timedelta(hours=1)).isoformat()}
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json=until)
    for given in ({"sound": noise(2)}, {"text": "Hello!"}):
        assert code(caption(room, bob, seq=2, **given)) == (403, "muted")
    assert shown(room, bob, noise(2), seq=1) == sent  # what was sent in time
    assert code(caption(room, a_person(db), noise(2))) == (404, "room_not_found")
    room.data(room.owner, "PUT", "", json={"status": "archived"})
    assert code(caption(room, room.owner, noise(2))) == (409, "room_archived")
    assert len(server.ear.seconds) == 1


def test_a_deleted_caption_stays_deleted(db: Database, server: FakeOpenAI) -> None:
    room, (bob,) = a_talk(db, "de")
    sent = shown(room, bob, noise(2), final="false")
    room.data(room.owner, "DELETE", f"/messages/{sent['id']}")
    again = shown(room, bob, noise(3))
    assert (again["text"], again["deletedBy"]) == ("", room.owner.uid)
    assert audit_room(db, room.id) == []


def test_without_tokens_sound_pauses_and_words_go_on(db: Database, server: FakeOpenAI) -> None:
    room = a_room(db)
    bob = room.join(language="en")
    for seq in range(3):
        answer = caption(room, bob, noise(2), seq=seq)
        assert code(answer) == (402, "captions_paused")
        assert answer.json["error"]["details"] == {"code": "payer_cannot_pay"}
    answer = caption(room, room.owner, noise(2))  # why is the payer's to know
    assert answer.json["error"]["details"] == {"code": "not_enough_tokens"}
    assert server.ear.seconds == []
    assert room.data(bob, "GET", "")["room"]["paused"] == "payer_cannot_pay"
    assert db.get(f"rooms/{room.id}").data["paused"]["code"] == "payer_cannot_pay"
    (notice,) = db.find(f"users/{room.owner.uid}/notifications", limit=10)
    assert (notice.data["type"], notice.data["params"]) == (
        *("room_paused",),
        {"room": "Travel plans"},
    )
    assert shown(room, bob, text="Hello!", seq=4)["text"] == "Hello!"
    room.say(bob, "Hello!")
    enrich(db, Owner.user(room.owner.uid), 1)
    assert shown(room, bob, noise(2), seq=5)["text"] == SAID
    assert room.data(bob, "GET", "")["room"]["paused"] == ""
    db.commit(Update(f"wallets/{room.owner.uid}", {"blocked": "dispute"}))
    services().tabs.close(tab(room).id)
    for seq in range(6, 9):
        assert caption(room, bob, noise(15), seq=seq).status_code in (200, 402)
    assert room.data(bob, "GET", "")["room"]["paused"] == "payer_cannot_pay"
    assert len(db.find(f"users/{room.owner.uid}/notifications", limit=10)) == 1


def test_another_payer_is_not_paused(db: Database, server: FakeOpenAI) -> None:
    room = a_room(db)
    bob = room.join()
    assert code(caption(room, bob, noise(2))) == (402, "captions_paused")
    room.data(room.owner, "PUT", "", json={"topic": "Money"})
    assert room.data(bob, "GET", "")["room"]["paused"] == "payer_cannot_pay"
    room.data(room.owner, "PUT", "", json={"settings": {"payer": "sender"}})
    assert room.data(bob, "GET", "")["room"]["paused"] == ""
    room.data(room.owner, "PUT", "", json={"settings": {"payer": "owner"}})
    assert code(caption(room, bob, noise(2))) == (402, "captions_paused")
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"role": "moderator"})
    services().erasers["rooms"](room.owner.uid, 10)
    assert (room.record.owner_uid, room.record.paused) == (bob.uid, None)


@pytest.mark.parametrize("payer", ["owner", "sender"])
def test_nothing_of_a_tab_is_left_of_a_deleted_user(
    db: Database, server: FakeOpenAI, payer: str
) -> None:
    room, (bob,) = a_talk(db, "de", settings={"payer": payer})
    enrich(db, Owner.user(bob.uid))
    payers = [room.owner] if payer == "owner" else [bob, room.owner]
    for person in payers:
        shown(room, person, noise(2))
    found = db.find(f"rooms/{room.id}/tabs", limit=5)
    assert {each.data["uid"] for each in found} == {each.uid for each in payers}
    for person in payers:
        for name in ("jobs", "rooms"):
            services().erasers[name](person.uid, 10)
    assert db.find(f"rooms/{room.id}/tabs", limit=5) == []


def test_the_payer_of_the_room_pays(db: Database, server: FakeOpenAI) -> None:
    firm = a_firm(db)
    enrich(db, Owner.company(firm.id))
    room = a_room(db, firm.owner, companyId=firm.id, settings={"payer": "company"})
    bob = room.join(language="en")
    guest = room.join(a_person(db, guest=True))
    shown(room, bob, noise(2))
    assert tokens(db, firm.id).held == 5
    shown(room, guest, noise(2))
    assert tokens(db, firm.id).held == 5
    room.data(room.owner, "PUT", "", json={"settings": {"payer": "sender"}})
    assert code(caption(room, bob, noise(2), seq=1)) == (402, "captions_paused")
    assert room.data(bob, "GET", "")["room"]["paused"] == ""
    for person in (bob, room.owner):
        enrich(db, Owner.user(person.uid))
    shown(room, bob, noise(2), seq=1)
    shown(room, guest, noise(2), seq=1)
    assert tokens(db, bob.uid).held == tokens(db, room.owner.uid).held == 5
    for owner in (Owner.company(firm.id), Owner.user(bob.uid), Owner.user(room.owner.uid)):
        assert audit_owner(db, owner) == []
    assert audit_room(db, room.id) == []


def test_what_could_not_be_recognised_is_free(db: Database, server: FakeOpenAI) -> None:
    room, (bob,) = a_talk(db, "de")
    server.script(*["500"] * 9)
    assert code(caption(room, bob, noise(2))) == (503, "recognition_failed")
    assert (tab(room).used, tab(room).left) == (0, tab(room).capacity)
    assert captions_of(room) == []


def test_what_is_refused_uses_up_no_limit(db: Database, server: FakeOpenAI) -> None:
    room = a_room(db)
    bob = room.join(language="en")
    settings = test_settings(
        TRANSCRIBER="openai",
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=services().settings.openai_base_url,
        ROOM_SOUND_LIMIT="5/86400, 0",
        ROOM_ALL_SOUND_LIMIT="5/86400, 0",
    )
    with rewired(settings=settings):
        for _ in range(2):
            assert code(caption(room, bob, noise(4))) == (402, "captions_paused")
        enrich(db, Owner.user(room.owner.uid))
        server.script(*["400"] * 2)
        for _ in range(2):
            assert code(caption(room, bob, noise(4))) == (503, "recognition_failed")
        assert shown(room, bob, noise(4))["text"] == SAID
        assert code(caption(room, bob, noise(4), seq=1)) == (429, "too_many_requests")


class Closing(Ear):
    """Closes the tab while it listens."""

    room: Place

    def hear(self, wav: bytes) -> list[tuple[str, float, float]]:
        services().tabs.close(tab(self.room).id)
        return super().hear(wav)


def test_a_tab_that_is_closed_while_one_listens_is_followed_by_another(
    db: Database, server: FakeOpenAI
) -> None:
    room, (bob,) = a_talk(db, "de")
    server.ear = Closing(says=SAID)
    server.ear.room = room
    for seq in range(3):
        assert shown(room, bob, noise(2), seq=seq)["text"] == SAID
    assert tokens(db, room.owner.uid) == Balance(granted=20, used=1, held=5)
    assert [*audit_room(db, room.id), *audit_owner(db, Owner.user(room.owner.uid))] == []


def test_nobody_floods_a_room(db: Database, server: FakeOpenAI) -> None:
    room, (bob,) = a_talk(db, "de", settings={"slowSeconds": 30})
    room.say(bob)
    assert code(caption(room, bob, text="And another one.")) == (429, "too_many_requests")
    shown(room, room.owner, text="The owner may.")
    other, (ada,) = a_talk(db, "de")
    limited = {"ROOM_SOUND_LIMIT": "5/86400, 0", "ROOM_CAPTION_LIMIT": "4/86400, 0"}
    made = services().settings.model_dump() | {"limits": {}}
    settings = test_settings(
        TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=made["openai_base_url"], **limited
    )
    with rewired(settings=settings):
        shown(other, ada, noise(4))
        assert code(caption(other, ada, noise(4), seq=1)) == (429, "too_many_requests")
        shown(other, ada, noise(1), seq=1)
        shown(other, ada, text="Hello!", seq=2)
        assert code(caption(other, ada, text="Hello!", seq=3)) == (429, "too_many_requests")
    assert len(server.ear.seconds) == 2


@pytest.mark.parametrize(
    "name",
    ["GUEST_ROOM_SOUND", "ROOM_SOUND_HOUR", "ROOM_GUEST_SOUND", "ROOM_ALL_SOUND"],
)
def test_nobody_uses_up_what_the_payer_has(db: Database, server: FakeOpenAI, name: str) -> None:
    """By themselves, or with many accounts."""
    room, (bob, eve) = a_talk(db, "de", "de")
    guests = [room.join(a_person(db, guest=True)) for _ in range(2)]
    talkers = {
        "GUEST_ROOM_SOUND": (guests[0], guests[0], guests[1]),
        "ROOM_SOUND_HOUR": (bob, bob, guests[0]),
        "ROOM_GUEST_SOUND": (guests[0], guests[1], bob),
        "ROOM_ALL_SOUND": (bob, eve, room.owner),
    }
    first, second, other = talkers[name]
    url = services().settings.openai_base_url
    given = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url, f"{name}_LIMIT": "5/86400, 0"}
    with rewired(settings=test_settings(TRANSCRIBER="openai", **given)):
        shown(room, first, noise(4), seq=0)
        assert code(caption(room, second, noise(3), seq=1)) == (429, "too_many_requests")
        shown(room, other, noise(3), seq=2)
        room.data(room.owner, "PUT", "", json={"settings": {"payer": "sender"}})
        if name == "ROOM_ALL_SOUND":
            enrich(db, Owner.user(eve.uid))
            shown(room, eve, noise(4), seq=3)  # who pays for it
    assert len(server.ear.seconds) == 2 + (name == "ROOM_ALL_SOUND")


def test_calls_to_the_database(db: Database, server: FakeOpenAI) -> None:
    room, (bob,) = a_talk(db, "de")
    shown(room, bob, noise(2))
    caller, counting = bob.account, CountingDatabase(db._client)
    with rewired(database=counting):
        draft = CaptionDraft("s", 1, audio=io.BytesIO(wav(noise(2))))
        assert services().captions.send(caller, room.id, draft).message is not None
    # Standing, tab and standing; the limit, the reservation, the caption and its translations.
    assert counting.calls == {"batch_get_documents": 3, "commit": 4}
