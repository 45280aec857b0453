"""Messages in rooms are translated after they are sent."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes.told_translator import ToldTranslator
from tests.support.companies import Person, a_person
from tests.support.factories import CountingDatabase, code, moment, test_settings
from tests.support.machine import slack
from tests.support.rooms import Place, a_room
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Merge, Update, now
from troupe.adapters.models.errors import ModelMissing
from troupe.rooms.messages import Draft
from troupe.rooms.presence import MOST_SHOWN
from troupe.rooms.targets import targets_of
from troupe.rooms.writes import presence_path
from troupe.translation.translator import TranslationRequest, timed_out, unavailable

SENTENCE = "Wann öffnet das Geschäft morgen früh?"


def a_german_room(db: Database, *languages: str) -> tuple[Place, list[Person]]:
    """A room of a German owner, and members who read `languages`."""
    room = a_room(db)
    return room, [room.join(language=code) for code in languages]


def shown(room: Place, message: Any) -> Any:
    """The message as it is stored now, for everybody."""
    found = room.data(room.owner, "GET", "/messages?limit=100")["messages"]
    return next(each for each in found if each["id"] == message["id"])


def texts(message: Any) -> dict[str, str]:
    return {code: each["text"] for code, each in message["translations"].items()}


def stored(room: Place, message: Any) -> dict[str, Any]:
    return room.db.get(f"rooms/{room.id}/messages/{message['id']}").data


def make_due(room: Place, message: Any) -> None:
    path = f"rooms/{room.id}/messages/{message['id']}"
    room.db.commit(Update(path, {"dueAt": now() - timedelta(seconds=1)}))


def test_a_message_is_read_in_the_languages_of_the_room(db: Database) -> None:
    room, _ = a_german_room(db, "en", "pt-BR", "de-AT")
    with rewired(translator=ToldTranslator()):
        sent = room.say(room.owner, SENTENCE)
    assert (sent["language"], sent["translationState"]) == ("de", "done")
    assert sent["targets"] == ["en", "pt-BR"]
    assert sent["translations"] == {
        "en": {"text": f"[en] {SENTENCE}", "by": "told", "partly": False},
        "pt-BR": {"text": f"[pt] {SENTENCE}", "by": "told", "partly": False},
    }
    assert shown(room, sent) == sent
    assert stored(room, sent)["dueAt"] is None


def test_messages_are_translated_for_those_who_are_there(db: Database) -> None:
    """Those who come later ask for what they miss."""
    room, (anna, bob, rosa) = a_german_room(db, "en", "pt", "fr")
    told = ToldTranslator()

    def beats(person: Person, state: str = "active") -> None:
        room.data(person, "POST", "/presence", json={"state": state})

    def said() -> list[str]:
        sent: list[str] = room.say(room.owner, SENTENCE)["targets"]
        return sent

    with rewired(translator=told):
        assert said() == ["en", "fr", "pt"]  # of nobody it is known
        beats(anna)
        assert said() == ["en", "fr", "pt"]  # the sender does not beat, so others may not either
        beats(room.owner)
        first = room.say(room.owner, SENTENCE)
        assert (first["targets"], first["translationState"]) == (["en"], "done")
        assert room.say(anna, "Where is the shop?", language="en")["targets"] == ["de"]
        asked = {"targetLanguage": "pt"}
        made = room.data(bob, "POST", f"/messages/{first['id']}/translations", json=asked)
        assert made["text"] == f"[pt] {SENTENCE}"
        assert texts(shown(room, first)).keys() == {"en", "pt"}
        # An edit forgets nobody who has read it.
        edited = room.data(
            room.owner, "PUT", f"/messages/{first['id']}", json={"text": "Wann öffnet der Laden?"}
        )["message"]
        assert set(edited["targets"]) == set(texts(edited)) == {"en", "pt"}
        beats(rosa)
        assert said() == ["en", "fr"]
        room.data(rosa, "PUT", f"/members/{rosa.uid}", json={"language": "pt"})
        beats(rosa)
        assert said() == ["en", "pt"]
        beats(anna, "gone")
        assert said() == ["pt"]
        beats(rosa, "gone")
        assert said() == ["pt", "en"]  # nobody else is there: they will read it later


def test_with_as_many_as_are_shown_others_may_be_there_too(db: Database) -> None:
    room, (anna, _) = a_german_room(db, "en", "fr")
    entry = {"name": "A", "reads": ["en"], "since": now(), "state": "active"}
    others = [f"u{number}" for number in range(MOST_SHOWN - 3)]
    online = dict.fromkeys([room.owner.uid, anna.uid, *others], entry)
    db.commit(Merge(presence_path(room.id), {"online": online}))
    with rewired(translator=ToldTranslator()):
        assert room.say(room.owner, SENTENCE)["targets"] == ["en"]
        db.commit(Merge(presence_path(room.id), {"online": {"one-more": entry}}))
        assert room.say(room.owner, SENTENCE)["targets"] == ["en", "fr"]


def test_the_embedded_translator_translates_messages(db: Database) -> None:
    room = a_room(db, language="en")
    bob = room.join(language="pt")
    text = f"Good morning, <@{bob.uid}>! See https://example.com/a?b=c 😀"
    sent = room.say(room.owner, text)
    assert texts(sent) == {"pt": f"Bom dia, <@{bob.uid}>! Ver https://example.com/a?b=c 😀"}
    back = room.say(bob, "A casa fica perto do mar.")
    assert back["language"] == "pt" and "sea" in texts(back)["en"]


def test_the_message_is_seen_before_it_is_translated(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    seen: list[Any] = []

    def look(request: TranslationRequest) -> None:
        seen.extend(room.data(room.owner, "GET", "/messages")["messages"])

    with rewired(translator=ToldTranslator(do=look)):
        sent = room.say(room.owner, SENTENCE)
    (before,) = seen
    assert (before["text"], before["translationState"]) == (SENTENCE, "pending")
    assert (before["targets"], before["translations"]) == (["en"], {})
    assert before["createdAt"] == sent["createdAt"]
    assert moment(sent["updatedAt"]) > moment(before["updatedAt"])


def test_three_languages_cost_one_commit_more(db: Database) -> None:
    room, _ = a_german_room(db, "en", "fr", "pt")
    caller, counting = room.owner.account, CountingDatabase(db._client)
    with rewired(database=counting, translator=ToldTranslator()):
        sent = services().messages.send(caller, room.id, Draft(SENTENCE, "1"))
    assert len(sent.message.translations) == 3
    assert counting.calls == {"batch_get_documents": 1, "commit": 2}


def test_what_was_said_before_is_translated_once(db: Database) -> None:
    room, _ = a_german_room(db, "en", "fr")
    other, _ = a_german_room(db, "en")
    told = ToldTranslator()
    with rewired(translator=told):
        first = room.say(room.owner, "Vielen Dank!")
        room.join(language="pt")
        again = room.say(room.owner, "Vielen Dank!")
        assert (again["translationState"], again["targets"]) == ("done", ["en", "fr", "pt"])
        assert texts(again).items() > texts(first).items()
        assert sorted(told.asked) == [("Vielen Dank!", code) for code in ("en", "fr", "pt")]

        # Another room, another glossary and another letter case are other messages.
        other.say(other.owner, "Vielen Dank!")
        terms = [{"source": "Dank", "targets": {"en": "ta"}}]
        room.data(room.owner, "PUT", "/glossary", json={"terms": terms})
        assert "ta" in texts(room.say(room.owner, "Vielen Dank!"))["en"]
        room.say(room.owner, "vielen dank!")
        assert len(told.asked) == 10

        # A long one is not said again.
        long = f"{SENTENCE} " * 6
        for _ in range(2):
            room.say(room.owner, long)
        assert len(told.asked) == 16


def test_what_failed_or_was_translated_in_part_is_tried_again(db: Database) -> None:
    room, _ = a_german_room(db, "en")

    def fail(request: TranslationRequest) -> None:
        raise unavailable("down")

    told = ToldTranslator(do=fail)
    with rewired(translator=told):
        assert room.say(room.owner, "Danke!")["translationState"] == "pending"
        told.do = lambda request: None
        assert texts(room.say(room.owner, "Danke!")) == {"en": "[en] Danke!"}


@pytest.mark.parametrize(
    "text", ["123", "😀 👩‍👩‍👧", "https://example.com/the/house", "`let x`", "?!", "@anna"]
)
def test_what_has_no_words_is_not_translated(db: Database, text: str) -> None:
    room, _ = a_german_room(db, "en")
    told, caller, counting = ToldTranslator(), room.owner.account, CountingDatabase(db._client)
    with rewired(database=counting, translator=told):
        sent = services().messages.send(caller, room.id, Draft(text, language="de"))
    assert (sent.message.translation_state, told.asked) == ("none", [])
    assert counting.calls == {"batch_get_documents": 1, "commit": 1}


def test_nothing_is_translated_without_need(db: Database) -> None:
    told = ToldTranslator()
    room, _ = a_german_room(db, "de-AT")
    silent = a_room(db, settings={"translate": False})
    silent.join(language="en")
    other, _ = a_german_room(db, "en")
    with rewired(translator=told):
        states = [each.say(each.owner, SENTENCE)["translationState"] for each in (room, silent)]
    with rewired(translator=told, settings=test_settings(TRANSLATOR="off")):
        states.append(other.say(other.owner, SENTENCE)["translationState"])
    assert states == ["none"] * 3
    assert told.asked == []


def test_languages_that_the_translator_lacks_are_no_targets(db: Database) -> None:
    room, _ = a_german_room(db, "en", "tlh")
    with rewired(translator=ToldTranslator()):
        sent = [room.say(room.owner, SENTENCE) for _ in range(2)]
    assert [(each["targets"], each["translationState"]) for each in sent] == [(["en"], "done")] * 2
    with rewired(translator=ToldTranslator("en", "fr")):  # it does not read German
        sent = [room.say(room.owner, SENTENCE) for _ in range(2)]
    assert [(each["targets"], each["translationState"]) for each in sent] == [([], "none")] * 2


class Unreadable(ToldTranslator):
    """Returns nothing for texts with the word `Unsinn`."""

    def translate(self, request: TranslationRequest) -> list[str]:
        said = super().translate(request)
        return ["" if "Unsinn" in text else text for text in said]


def test_what_the_translator_cannot_translate_is_told(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    with rewired(translator=Unreadable()):
        some = room.say(room.owner, "Guten Morgen!\nUnsinn.", language="de")
        none = room.say(room.owner, "Unsinn.", language="de")
    assert some["translationState"] == "partial"
    assert some["translations"]["en"]["partly"]
    assert texts(some) == {"en": "[en] Guten Morgen!\nUnsinn."}
    assert (none["translationState"], none["translations"]) == ("failed", {})
    assert stored(room, none)["dueAt"] is None  # trying again does not help


class NoDetector:
    def detect(self, *given: Any) -> None:
        raise ModelMissing("lid/lid.176.ftz", "It is not there.")


def test_in_a_room_of_one_language_nothing_is_detected(db: Database) -> None:
    room, _ = a_german_room(db, "de-AT")
    told = ToldTranslator()
    detector = SimpleNamespace(detect=lambda *given: pytest.fail("was asked"))
    with rewired(language_detector=detector, translator=told):
        sent = room.say(room.owner, "When does the shop open tomorrow morning?")
    assert (sent["language"], told.asked) == ("de", [])


def test_without_the_model_of_languages_it_is_the_senders(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    with rewired(language_detector=NoDetector(), translator=ToldTranslator()):
        sent = room.say(room.owner, SENTENCE)
    assert (sent["language"], sent["translationState"]) == ("de", "done")
    assert stored(room, sent)["languageSource"] == "profile"


def test_an_edit_is_translated_anew(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    with rewired(translator=ToldTranslator()):
        sent = room.say(room.owner, SENTENCE)
        edited = room.data(
            room.owner, "PUT", f"/messages/{sent['id']}", json={"text": "Guten Abend!"}
        )["message"]
    assert texts(edited) == {"en": "[en] Guten Abend!"}
    assert (edited["revision"], edited["translationState"]) == (2, "done")
    assert shown(room, sent) == edited


def test_an_edit_costs_one_commit_more_and_counts(db: Database) -> None:
    room, _ = a_german_room(db, "en", "fr")
    with rewired(settings=test_settings(TRANSLATOR="off")):
        sent = room.say(room.owner, SENTENCE)
    caller, counting = room.owner.account, CountingDatabase(db._client)
    config = test_settings(ROOM_TRANSLATION_LIMIT="3/86400, 0")
    with rewired(database=counting, translator=ToldTranslator(), settings=config):
        edit = services().messages.edit
        first = edit(caller, room.id, sent["id"], "Guten Abend!", None)
        # The room and the member, then these and the message.
        assert counting.calls == {"batch_get_documents": 2, "commit": 2}
        second = edit(caller, room.id, sent["id"], "Gute Nacht!", None)
    assert (first.translation_state, second.translation_state) == ("done", "none")
    assert texts(shown(room, sent)) == {}


def test_of_many_languages_those_that_most_read(db: Database) -> None:
    codes = [f"{a}{b}" for a in "bcdfg" for b in "aeiou"]
    room = a_room(db).record.model_copy(update={"languages": {"xx": 1, "zz": 3, "de": 9}})
    many = room.model_copy(update={"languages": {**dict.fromkeys(codes, 1), **room.languages}})
    assert targets_of(room, "de-AT") == ["zz", "xx"]
    chosen = targets_of(many, "zz")
    assert (len(chosen), chosen[0]) == (20, "de")


def test_ten_senders_have_all_their_messages_translated(db: Database) -> None:
    room, people = a_german_room(db, *["en", "fr", "de"] * 3)
    with rewired(translator=ToldTranslator()), ThreadPoolExecutor(10) as pool:
        sending = [
            pool.submit(room.say, person, f"Das ist Nummer {n}.", language="de")
            for person in people
            for n in range(4)
        ]
        sent = [each.result() for each in sending]
    found = {
        each["id"]: each for each in room.data(room.owner, "GET", "/messages?limit=100")["messages"]
    }
    assert len(found) == 36
    for each in sent:
        assert found[each["id"]] == each
        assert texts(each) == {code: f"[{code}] {each['text']}" for code in ("en", "fr")}


def test_the_sweep_spends_a_limited_time_on_messages(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, _ = a_german_room(db, "en")

    def down(request: TranslationRequest) -> None:
        raise unavailable()

    told = ToldTranslator(do=down)
    with rewired(translator=told):
        sent = [room.say(room.owner, SENTENCE) for _ in range(3)]
        for each in sent:
            make_due(room, each)
        monkeypatch.setattr("troupe.rooms.translations._SWEEP_SECONDS", 0.0)
        assert services().message_translations.complete_due(100) <= 1
        monkeypatch.undo()
        services().message_translations.complete_due(100)
    assert [stored(room, each)["tries"] for each in sent] == [1, 1, 1]


@pytest.mark.parametrize("end", ["edit", "delete"])
def test_a_translation_of_an_earlier_text_never_shows(db: Database, end: str) -> None:
    """The translator sleeps while the message is edited, or deleted."""
    room, _ = a_german_room(db, "en")
    asleep, wake = threading.Event(), threading.Event()

    def sleep(request: TranslationRequest) -> None:
        if request.texts == [SENTENCE]:
            asleep.set()
            assert wake.wait(20)

    with rewired(translator=ToldTranslator(do=sleep)):
        sending = threading.Thread(target=room.say, args=(room.owner, SENTENCE))
        sending.start()
        assert asleep.wait(20)
        (message,) = room.data(room.owner, "GET", "/messages")["messages"]
        path = f"/messages/{message['id']}"
        if end == "edit":
            room.data(room.owner, "PUT", path, json={"text": "Guten Abend!"})
        else:
            room.data(room.owner, "DELETE", path)
        before = shown(room, message)
        wake.set()
        sending.join(30)
    after = shown(room, message)
    assert after == before
    assert texts(after) == ({"en": "[en] Guten Abend!"} if end == "edit" else {})
    assert "früh" not in str(stored(room, message))


def test_what_is_late_is_translated_by_the_sweep(db: Database) -> None:
    room, _ = a_german_room(db, "en", "fr")

    def late(request: TranslationRequest) -> None:
        if request.target == "fr":
            raise timed_out()

    with rewired(translator=ToldTranslator(do=late)):
        sent = room.say(room.owner, SENTENCE)
    assert (list(texts(sent)), sent["translationState"]) == (["en"], "pending")
    told = ToldTranslator()
    with rewired(translator=told):
        services().message_translations.complete_due(100)
        assert (SENTENCE, "fr") not in told.asked  # not due yet
        make_due(room, sent)
        services().message_translations.complete_due(100)
    after = shown(room, sent)
    assert (sorted(texts(after)), after["translationState"]) == (["en", "fr"], "done")
    assert [each for each in told.asked if each[0] == SENTENCE] == [(SENTENCE, "fr")]


def test_a_slow_translator_delays_nobody_for_long(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.rooms.translations._SECONDS", 0.5)

    def slow(request: TranslationRequest) -> None:
        time.sleep(max(0.0, request.deadline - time.monotonic()))
        raise timed_out()

    room, _ = a_german_room(db, "en", "fr", "pt")
    with rewired(translator=ToldTranslator(do=slow)):
        begun = time.monotonic()
        sent = room.say(room.owner, SENTENCE)
        assert time.monotonic() - begun < 3 * slack()
    assert (sent["translationState"], sent["targets"]) == ("pending", ["en", "fr", "pt"])
    make_due(room, sent)
    with rewired(translator=ToldTranslator()):
        services().message_translations.complete_due(100)
    assert sorted(texts(shown(room, sent))) == ["en", "fr", "pt"]


def test_a_crash_between_the_commits_is_found_by_the_sweep(db: Database) -> None:
    class Killed(BaseException):
        """As when the instance goes away."""

    def die(request: TranslationRequest) -> None:
        raise Killed

    room, _ = a_german_room(db, "en")
    with rewired(translator=ToldTranslator(do=die)), pytest.raises(Killed):
        services().messages.send(room.owner.account, room.id, Draft(SENTENCE, "1"))
    (message,) = room.data(room.owner, "GET", "/messages")["messages"]
    assert message["translationState"] == "pending"
    make_due(room, message)
    with rewired(translator=ToldTranslator()):
        again = room.say(room.owner, SENTENCE, clientId="1")  # by a client that had no answer
        assert again["id"] == message["id"]
        services().message_translations.complete_due(100)
    assert shown(room, message)["translationState"] == "done"


def test_while_the_translator_is_down_messages_are_sent_and_wait(db: Database) -> None:
    def down(request: TranslationRequest) -> None:
        raise unavailable()

    room, _ = a_german_room(db, "en", "fr")
    with rewired(translator=ToldTranslator(do=down)):
        sent = room.say(room.owner, SENTENCE)
        assert (sent["text"], sent["translationState"]) == (SENTENCE, "pending")
        for tries in range(1, 4):
            make_due(room, sent)
            services().message_translations.complete_due(100)
            found = stored(room, sent)
            assert (found["tries"], found["translationState"]) == (tries, "pending")
            assert found["dueAt"] > now()
    make_due(room, sent)
    with rewired(translator=ToldTranslator()):
        services().message_translations.complete_due(100)
    assert shown(room, sent)["translationState"] == "done"


def test_after_some_tries_a_message_stays_untranslated(db: Database) -> None:
    def down(request: TranslationRequest) -> None:
        raise unavailable()

    room, _ = a_german_room(db, "en")
    with rewired(translator=ToldTranslator(do=down)):
        sent = room.say(room.owner, SENTENCE)
        for _ in range(6):
            make_due(room, sent)
            services().message_translations.complete_due(100)
    after = shown(room, sent)
    assert (after["translationState"], after["targets"]) == ("failed", ["en"])
    assert stored(room, sent)["dueAt"] is None


def test_a_message_whose_sender_has_used_up_translations_is_sent_without(db: Database) -> None:
    room, _ = a_german_room(db, "en", "fr", "pt")
    told = ToldTranslator()
    config = test_settings(ROOM_TRANSLATION_LIMIT="5/86400, 0")
    with rewired(translator=told, settings=config):
        sent = [room.say(room.owner, SENTENCE) for _ in range(3)]
    assert [each["translationState"] for each in sent] == ["done", "none", "none"]
    assert (sent[2]["targets"], sent[2]["text"]) == ([], SENTENCE)
    assert shown(room, sent[2]) == sent[2]
    # What was not translated was not counted: two of five are left.
    small, _ = a_german_room(db, "en")
    ada = room.owner
    small.join(ada)
    with rewired(translator=told, settings=config):
        states = [small.say(ada, SENTENCE)["translationState"] for _ in range(3)]
    assert states == ["done", "done", "none"]


def test_the_owner_of_the_room_can_switch_translation_off_meanwhile(db: Database) -> None:
    def down(request: TranslationRequest) -> None:
        raise unavailable()

    room, _ = a_german_room(db, "en")
    told = ToldTranslator(do=down)
    with rewired(translator=told):
        sent = room.say(room.owner, SENTENCE)
        room.data(room.owner, "PUT", json={"settings": {"translate": False}})
        make_due(room, sent)
        services().message_translations.complete_due(100)
    after = shown(room, sent)
    assert (after["translationState"], after["targets"]) == ("none", [])


def test_the_text_is_checked_once_and_not_for_each_language(db: Database) -> None:
    room, _ = a_german_room(db, "en", "fr")
    checked: list[str] = []

    def judge(given: Any) -> set[str]:
        checked.extend(given)
        return set()

    from troupe.moderation.service import Moderation

    moderation = Moderation(lambda: judge)
    with rewired(translator=ToldTranslator(), moderation=moderation):
        assert room.say(room.owner, SENTENCE)["translationState"] == "done"
    assert checked == [SENTENCE]


@pytest.mark.parametrize(
    ("text", "language", "source"),
    [
        ("When does the shop open tomorrow morning?", "en", "detected"),
        (SENTENCE, "de", "detected"),
        ("ok", "de", "detected"),  # the sender's own is likely
        ("Привет", "ru", "detected"),  # a script of only one of them
        ("😀", "de", "profile"),
    ],
)
def test_the_language_is_told_among_those_of_the_room(
    db: Database, text: str, language: str, source: str
) -> None:
    room, _ = a_german_room(db, "en", "ru")
    with rewired(translator=ToldTranslator("de", "en", "ru")):
        sent = room.say(room.owner, text)
    assert (sent["language"], stored(room, sent)["languageSource"]) == (language, source)


def test_a_language_that_is_given_is_believed(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    with rewired(translator=ToldTranslator()):
        sent = room.say(room.owner, "Gift", language="en")
        assert (sent["targets"], stored(room, sent)["languageSource"]) == (["de"], "given")
        path = f"/messages/{sent['id']}"
        edited = room.data(room.owner, "PUT", path, json={"text": "Rat"})["message"]
    assert texts(edited) == {"de": "[de] Rat"}


def test_a_text_in_a_script_of_none_of_them_is_told_among_all(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    with rewired(translator=ToldTranslator("de", "en", "ru")):
        sent = room.say(room.owner, "Где завтра утром будет магазин?")
    assert (sent["language"], sorted(texts(sent))) == ("ru", ["de", "en"])


def test_a_guest_who_writes_in_a_third_language_is_read(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    guest = room.join(a_person(db, guest=True), language="fr")
    with rewired(translator=ToldTranslator()):
        sent = room.say(guest, "À quelle heure ouvre le magasin demain matin ?")
    assert sorted(texts(sent)) == ["de", "en"]


def translated(room: Place, person: Person, message: Any, target: str, **fields: Any) -> Any:
    path = f"/messages/{message['id']}/translations"
    return room.ask(person, "POST", path, json={"targetLanguage": target, **fields})


def test_a_translation_that_a_member_asks_for_is_made_once_for_all(db: Database) -> None:
    room, (bob,) = a_german_room(db, "en")
    told = ToldTranslator()
    with rewired(translator=told):
        sent = room.say(room.owner, SENTENCE)
        first = translated(room, bob, sent, "pt-BR")
        again = translated(room, room.owner, sent, "pt-BR")
        other = translated(room, bob, sent, "pt_PT")  # the same to this translator
        known = translated(room, bob, sent, "en")
        own = translated(room, bob, sent, "de-AT")
    assert first.json["data"] == {"text": f"[pt] {SENTENCE}", "translationState": "done"}
    assert again.json["data"] == other.json["data"] == first.json["data"]
    assert known.json["data"]["text"] == f"[en] {SENTENCE}"
    assert own.json["data"] == {"text": SENTENCE, "translationState": "none"}
    assert told.asked == [(SENTENCE, "en"), (SENTENCE, "pt")]
    after = shown(room, sent)
    assert (after["targets"], after["translationState"]) == (["en", "pt-BR"], "done")
    assert texts(after) == {"en": f"[en] {SENTENCE}", "pt-BR": f"[pt] {SENTENCE}"}


def test_two_readers_ask_for_two_languages_at_once(db: Database) -> None:
    room, (bob,) = a_german_room(db, "de")
    meeting = threading.Barrier(2, timeout=20)
    with rewired(translator=ToldTranslator(do=lambda request: meeting.wait())):
        sent = room.say(room.owner, SENTENCE)
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(translated, room, bob, sent, code) for code in ("en", "fr")]
            assert [each.result().status_code for each in asked] == [200, 200]
    assert sorted(texts(shown(room, sent))) == ["en", "fr"]


def test_a_translation_asked_for_is_kept_beside_those_under_way(db: Database) -> None:
    """Somebody asks while the message is translated into the languages of the room."""
    room, (bob,) = a_german_room(db, "en")

    def in_french() -> Any:
        (message,) = room.data(bob, "GET", "/messages")["messages"]
        return translated(room, bob, message, "fr")

    def ask(request: TranslationRequest) -> None:
        if request.target == "en":
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(in_french).result().status_code == 200

    with rewired(translator=ToldTranslator(do=ask)):
        sent = room.say(room.owner, SENTENCE)
    assert (sorted(texts(sent)), sent["translationState"]) == (["en", "fr"], "done")
    assert shown(room, sent) == sent


def test_an_edit_during_a_request_is_told(db: Database) -> None:
    room, (bob,) = a_german_room(db, "de")

    def edit(request: TranslationRequest) -> None:
        room.data(room.owner, "PUT", f"/messages/{sent['id']}", json={"text": "Guten Abend!"})

    with rewired(translator=ToldTranslator(do=edit)):
        sent = room.say(room.owner, SENTENCE)
        refused = translated(room, bob, sent, "en")
    assert code(refused) == (409, "changed_since")
    assert refused.json["error"]["details"] == {"revision": 2}
    assert texts(shown(room, sent)) == {}


def test_what_cannot_be_asked_for(db: Database) -> None:
    room, (bob,) = a_german_room(db, "de")
    sent, gone = room.say(room.owner, SENTENCE), room.say(room.owner, SENTENCE)
    room.data(room.owner, "DELETE", f"/messages/{gone['id']}")
    with rewired(translator=ToldTranslator()):
        answers = [
            translated(room, bob, sent, "tlh"),
            translated(room, bob, gone, "en"),
            translated(room, bob, {"id": "0" * 32}, "en"),
            translated(room, bob, sent, "en", style="formal"),
        ]
    with rewired(translator=ToldTranslator("en", "fr")):  # it does not read German
        answers.append(translated(room, bob, sent, "en"))
    with rewired(settings=test_settings(TRANSLATOR="off")):
        answers.append(translated(room, bob, sent, "en"))
    assert [code(each) for each in answers] == [
        (422, "unknown_choice"),
        (404, "message_not_found"),
        (404, "message_not_found"),
        (422, "style_not_offered"),
        (422, "translation_failed"),
        (503, "translator_not_configured"),
    ]


def test_a_style_is_for_the_one_who_asks_and_needs_the_room_and_the_translator(
    db: Database,
) -> None:
    room, (bob,) = a_german_room(db, "de")
    sent = room.say(room.owner, SENTENCE)
    with rewired(translator=ToldTranslator(styles=True)):
        assert code(translated(room, bob, sent, "en", style="formal"))[1] == "style_not_offered"
        room.data(room.owner, "PUT", json={"settings": {"allowStyles": True}})
        styled = translated(room, bob, sent, "en", style="formal")
    assert styled.json["data"]["text"] == f"[en/formal] {SENTENCE}"
    assert texts(shown(room, sent)) == {}
    with rewired(translator=ToldTranslator()):
        assert code(translated(room, bob, sent, "en", style="formal"))[1] == "style_not_offered"
    config = test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST="weasel")
    with rewired(translator=ToldTranslator(styles=True), settings=config):
        refused = translated(room, bob, sent, "en", style="like a weasel")
    assert code(refused) == (422, "content_refused")


def test_what_a_member_asks_for_counts_unless_it_is_there(db: Database) -> None:
    room, (bob,) = a_german_room(db, "de")
    long = "Guten Morgen. " * 40  # 560 characters count as two
    sent = room.say(room.owner, long)
    config = test_settings(ROOM_TRANSLATION_LIMIT="3/86400, 0")
    with rewired(translator=ToldTranslator(), settings=config):
        statuses = [
            translated(room, bob, sent, target).status_code
            for target in ("en", "en", "en", "fr", "en")
        ]
        refused = translated(room, bob, sent, "fr")
    assert statuses == [200, 200, 200, 429, 200]
    assert int(refused.headers["Retry-After"]) >= 1


TERMS: list[dict[str, Any]] = [
    {"source": "Rakete", "targets": {"en": "Rocket Board", "pt": "Prancha"}},
    {"source": "Troupe", "keep": True, "caseSensitive": True},
]


def test_the_glossary_of_a_room_is_followed(db: Database) -> None:
    room, (bob, _) = a_german_room(db, "en-GB", "fr")
    assert room.data(bob, "GET", "/glossary") == {"terms": []}
    saved = room.data(room.owner, "PUT", "/glossary", json={"terms": TERMS})
    assert saved == room.data(bob, "GET", "/glossary")
    assert saved["terms"][0] == TERMS[0] | {"keep": False, "caseSensitive": False}

    class Lower(ToldTranslator):
        def translate(self, request: TranslationRequest) -> list[str]:
            return [text.lower() for text in super().translate(request)]

    with rewired(translator=Lower()):
        sent = room.say(room.owner, "Die RAKETE der Troupe, einer troupe.", language="de")
    assert texts(sent) == {
        "en-GB": "[en] die Rocket Board der Troupe, einer troupe.",
        "fr": "[fr] die rakete der Troupe, einer troupe.",
    }


def test_a_changed_glossary_counts_for_the_next_message_everywhere(db: Database) -> None:
    room, _ = a_german_room(db, "en")

    def put(*terms: Any) -> None:
        room.data(room.owner, "PUT", "/glossary", json={"terms": list(terms)})

    said = []
    with rewired(translator=ToldTranslator()):
        for word in ("Rocket", "Board"):
            put({"source": "Rakete", "targets": {"en": word}})
            said.append(texts(room.say(room.owner, "Die Rakete"))["en"])
        put()
        said.append(texts(room.say(room.owner, "Die Rakete"))["en"])
    assert said == ["[en] Die Rocket", "[en] Die Board", "[en] Die Rakete"]
    assert not db.get(f"rooms/{room.id}/glossary/main").exists


def test_a_glossary_is_read_once_by_an_instance(db: Database) -> None:
    room, _ = a_german_room(db, "en")
    room.data(room.owner, "PUT", "/glossary", json={"terms": TERMS})
    caller, counting = room.owner.account, CountingDatabase(db._client)
    with rewired(database=counting, translator=ToldTranslator()):
        for _ in range(3):
            services().messages.send(caller, room.id, Draft(SENTENCE))
    assert counting.calls == {"batch_get_documents": 4, "commit": 6}


@pytest.mark.parametrize(
    "terms",
    [
        [{"source": "a"}],
        [{"source": "a", "keep": True, "targets": {"en": "b"}}],
        [{"source": "a", "targets": {"en": ""}}],
        [{"source": "a", "targets": {"!": "b"}}],
        [{"source": "x" * 61, "keep": True}],
        [{"source": "Rakete", "keep": True}, {"source": "rakete", "keep": True}],
        [{"source": f"{n} {'x' * 50}", "keep": True} for n in range(150)],
        [
            {"source": f"{n}", "targets": {f"a{c}": "x" * 60 for c in "abcdefghij"}}
            for n in range(70)
        ],
        [{"source": f"{n}", "keep": True} for n in range(201)],
    ],
    ids=lambda terms: str(terms)[:40],
)
def test_glossaries_that_are_refused(db: Database, terms: Any) -> None:
    room = a_room(db)
    refused = room.ask(room.owner, "PUT", "/glossary", json={"terms": terms})
    assert code(refused) == (422, "invalid_input")
    assert room.data(room.owner, "GET", "/glossary") == {"terms": []}


def test_the_glossary_is_for_moderators_and_goes_with_the_room(db: Database) -> None:
    room, (bob,) = a_german_room(db, "en")
    refused = room.ask(bob, "PUT", "/glossary", json={"terms": TERMS})
    assert code(refused) == (403, "room_role_required")
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"role": "moderator"})
    room.data(bob, "PUT", "/glossary", json={"terms": TERMS})
    config = test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST="weasel")
    with rewired(settings=config):
        bad = [{"source": "Rakete", "targets": {"en": "weasel"}}]
        refused = room.ask(bob, "PUT", "/glossary", json={"terms": bad})
    assert code(refused) == (422, "content_refused")
    assert db.get(f"rooms/{room.id}/glossary/main").exists
    room.data(room.owner, "DELETE")
    assert not db.get(f"rooms/{room.id}/glossary/main").exists
